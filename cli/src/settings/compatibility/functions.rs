//! The names of the app's functions, in the app and in the settings.

use fw_manifest::{Manifest, Part};

use super::unknown;
use crate::{
    error::{Failure, Result},
    settings::{APP, Settings, named::AUTHORIZERS},
    values::names::is_plain,
};

/// Checks that each function has a unique name, that the names in the settings are the app's, and
/// that keys for authorizers are set only for them.
///
/// # Errors
///
/// The first name that is not so; exit code 65.
pub(crate) fn check(manifest: &Manifest, settings: &Settings) -> Result<()> {
    let authorizers = || manifest.authorizers.iter().map(|one| one.name.as_str());
    let parts: Vec<Part> = manifest.parts().collect();
    let named = || parts.iter().filter_map(Part::name);
    parts.iter().try_for_each(name)?;
    let mut names: Vec<&str> = named().collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(
            Failure::input(format!("two functions have the same name: `{}`", twice[0]))
                .hint("rename one of them"),
        );
    }
    for (name, own) in &settings.functions {
        let said = format!("the settings have `[{}]`", own.place(name));
        if own.table == AUTHORIZERS && authorizers().all(|known| known != name) {
            return Err(unknown("authorizer", &said, name, authorizers()));
        }
        if named().all(|known| known != name) {
            return Err(unknown("function", &said, name, named()));
        }
        if settings.access.authorizers.contains_key(name)
            && authorizers().all(|known| known != name)
        {
            let table = own.place(name);
            return Err(Failure::input(format!(
                "only authorizers have `ttl` and `identity`, and `[{table}]` is for another function"
            ))
            .hint("remove them"));
        }
    }
    let said = settings.policy.iter();
    let said = said.filter_map(|one| one.functions.as_ref()).flatten();
    for name in said.filter(|name| *name != APP) {
        if named().all(|known| known != name) {
            let said = format!("a `[[policy]]` has `functions = [\"{name}\"]`");
            return Err(unknown("function", &said, name, named().chain([APP])));
        }
    }
    Ok(())
}

/// Refuses a name that no function in the account can have.
fn name(part: &Part) -> Result<()> {
    let kind = match part {
        Part::Api => return Ok(()),
        Part::Authorizer(_) => "an authorizer",
        Part::Source(_) => "a source",
    };
    let name = part.name().unwrap_or_default();
    if is_plain(name) {
        return Ok(());
    }
    Err(Failure::input(format!(
        "not a valid name for {kind}: `{}`",
        name.escape_debug()
    ))
    .because_of(
        "the function's name ends with it, so it may have letters, digits, hyphens and underscores",
    ))
}
