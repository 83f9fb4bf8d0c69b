//! How asynchronous invocations are handled: whether the keys stand where they mean something, and what they name is there.

use fw_manifest::{Manifest, Part, SourceEvent};

use super::unknown;
use crate::{
    error::{Failure, Result},
    settings::{
        Settings,
        asynchronous::{Destination, fifo},
    },
    values::resources::Reference,
};

/// Checks the keys of each function against the source that it is, and what they name against the settings and the app.
///
/// # Errors
///
/// The first key of a function that nothing invokes asynchronously, and the first destination that is not there; exit code 65.
pub(crate) fn check(manifest: &Manifest, settings: &Settings) -> Result<()> {
    let mut declared = settings.resources.clone();
    declared.declare_used(manifest);
    for (name, keys) in &settings.asynchronous {
        let mut sources = manifest.sources.iter();
        let source = sources.find(|one| one.name == *name);
        let waits = source.is_none_or(|one| matches!(one.event, SourceEvent::Sqs { .. }));
        if waits {
            let key = keys.first().unwrap_or_default();
            return Err(Failure::input(format!(
                "`{key}` is for functions that events invoke, and `[functions.{name}]` is of another one"
            ))
            .because_of("its callers wait for the result: a gateway, or an event source mapping")
            .hint(format!("remove `{key}`")));
        }
        for (key, to) in keys.destinations() {
            let key = format!("functions.{name}.{key}");
            match Destination::of(to) {
                Some(Destination::Resource(Reference { kind, name })) => {
                    let known = || declared.all().filter(move |(held, ..)| *held == kind);
                    if !known().any(|(_, held, _)| held == name) {
                        let names: Vec<&str> = known().map(|(_, name, _)| name).collect();
                        let said = format!("`{key}` names the {} `{name}`", kind.word());
                        return Err(missing(&said, kind.table(), &name, &names));
                    }
                    fifo(&key, &format!("{name}{}", declared.suffix(kind, &name)))?;
                }
                Some(Destination::Function(other)) => {
                    let parts: Vec<Part> = manifest.parts().collect();
                    let names: Vec<&str> = parts.iter().filter_map(Part::name).collect();
                    if other == name {
                        // asy-018.
                        return Err(Failure::input(format!(
                            "`{key}` is the function itself: `{name}`"
                        ))
                        .hint("name another function, a queue, a topic or a bus"));
                    }
                    if !names.contains(&other) {
                        let said = format!("`{key}` is `function:{other}`");
                        return Err(unknown("function", &said, other, names.iter().copied()));
                    }
                }
                Some(Destination::Arn(_)) | None => {}
            }
        }
    }
    Ok(())
}

fn missing(said: &str, table: &str, name: &str, known: &[&str]) -> Failure {
    let failure = Failure::input(format!("{said}, but the settings do not declare it"));
    let distance = |known: &&&str| strsim::damerau_levenshtein(name, known);
    match known.iter().min_by_key(distance) {
        Some(near) if distance(&near) <= 1 + near.len() / 3 => {
            failure.hint(format!("did you mean `{near}`?"))
        }
        _ => failure.hint(format!("declare it: `[{table}.{name}]`")),
    }
}

#[cfg(test)]
mod tests {
    use fw_manifest::Manifest;
    use serde_json::json;

    use crate::settings::compatibility::{check, settings_of};

    #[test]
    fn a_functions_keys_mean_something_and_name_what_is_there() {
        let app: Manifest = serde_json::from_value(json!({
            "schema": 2, "app": "x",
            "sources": [
                { "name": "call", "event": { "type": "function" } },
                { "name": "mail", "event": { "type": "sns", "topic": "news" } },
                { "name": "ship", "event": { "type": "sqs", "queue": "orders" } },
            ],
        }))
        .unwrap();
        const FAILED: &str = "[queues.failed]\n[queues.steps]\nfifo = true\n";
        for (text, told) in [
            ("[functions.call]\nretries = 0", ""),
            ("[functions.mail]\non_failure = \"queue:failed\"", ""),
            ("[functions.mail]\non_failure = \"queue:orders\"", ""),
            ("[functions.mail]\non_success = \"function:call\"", ""),
            (
                "[functions.ship]\nretries = 0",
                "`retries` is for functions that events invoke, and `[functions.ship]`",
            ),
            (
                "[functions.mail]\non_failure = \"queue:failled\"",
                "names the queue `failled`, but the settings do not declare it",
            ),
            (
                "[functions.mail]\non_failure = \"queue:steps\"",
                "is a FIFO queue or topic",
            ),
            (
                "[functions.mail]\non_failure = \"function:mail\"",
                "is the function itself",
            ),
            (
                "[functions.mail]\non_failure = \"function:male\"",
                "no such function",
            ),
        ] {
            let checked = check(&app, &settings_of(&format!("{FAILED}{text}")));
            match told {
                "" => checked.unwrap(),
                told => {
                    let failure = checked.unwrap_err();
                    assert!(failure.message().contains(told), "{text}: {failure}");
                }
            }
        }
    }
}
