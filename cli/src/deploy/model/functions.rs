//! The functions of a deployment: the one that answers requests, and one for each `#[authorizer]` of the app.
//!
//! All are made of the same artifact: `_HANDLER` tells a process which part it plays, as under `cargo fw local`.

use std::collections::BTreeSet;

use fw_manifest::Manifest;

use super::{DesiredRole, HANDLER, LONGEST_NAME, Names, Place, RUNTIME};
use crate::{
    aws::lambda::Configuration,
    deploy::health::Health,
    error::{Failure, Result},
    settings::{APP, Settings, function::FunctionSettings},
    values::names::is_plain,
};

/// What a function should be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DesiredFunction {
    /// Its name.
    pub(crate) name: String,
    /// The log group that Lambda writes to.
    pub(crate) log_group: String,
    /// How it runs the code.
    pub(crate) configuration: Configuration,
    /// The role that is made for it; none where the settings name one that is there.
    pub(crate) role: Option<DesiredRole>,
    /// How a new version is tried before it takes traffic.
    pub(crate) health: Health,
    /// How many invocations are kept for it, and how many it may have at the most.
    pub(crate) reserved: Option<u32>,
    /// How many processes are kept awake for its alias.
    pub(crate) provisioned: Option<u32>,
}

/// The function that answers requests.
pub(super) fn main(
    settings: &Settings,
    routes: &[String],
    names: &Names,
    place: &Place,
) -> Result<DesiredFunction> {
    let mut configuration = configuration(
        settings,
        &settings.function,
        &names.function,
        (names, place),
    );
    configuration.environment.extend(settings.door.variable());
    Ok(DesiredFunction {
        name: names.function.clone(),
        log_group: names.log_group.clone(),
        role: own_role(
            &names.function,
            APP,
            &settings.function,
            settings,
            (names, place),
        )?,
        configuration,
        health: Health::new(settings, routes)?,
        reserved: settings.function.concurrency,
        provisioned: settings.function.provisioned_concurrency,
    })
}

/// The authorizers' functions, in the manifest's order. What the settings do not say of one is as the main function's.
///
/// # Errors
///
/// When a name is too long, is none for AWS, or is there twice; exit code 65.
pub(super) fn authorizers(
    manifest: &Manifest,
    settings: &Settings,
    names: &Names,
    place: &Place,
) -> Result<Vec<DesiredFunction>> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for authorizer in &manifest.authorizers {
        let name = names.authorizer(&authorizer.name);
        if !is_plain(&authorizer.name) {
            return Err(Failure::input(format!(
                "not a name for an authorizer on AWS: `{}`",
                authorizer.name.escape_debug()
            ))
            .because_of(
                "its function is named after it: letters, digits, hyphens and underscores",
            ));
        }
        if name.len() > LONGEST_NAME {
            return Err(Failure::input(format!(
                "the authorizer's name is too long: {}",
                authorizer.name
            ))
            .because_of(format!(
                "its function would be named `{name}`, {} characters, and Lambda takes {LONGEST_NAME}",
                name.len()
            ))
            .hint("shorten the authorizer's name, the app's, or the stage's"));
        }
        if !seen.insert(name.clone()) {
            return Err(Failure::input(format!(
                "two authorizers have one name: {}",
                authorizer.name
            ))
            .hint("rename one of them"));
        }
        let own = settings.access.authorizers.get(&authorizer.name);
        let set = own.map(|own| own.function().over(&settings.function));
        let set = set.unwrap_or_else(|| FunctionSettings::default().over(&settings.function));
        let seen = settings.seen_by(&authorizer.name);
        let as_main = configuration(&seen, &set, &name, (names, place));
        all.push(DesiredFunction {
            log_group: Names::log_group_of(&name),
            role: own_role(&name, &authorizer.name, &set, settings, (names, place))?,
            name,
            configuration: Configuration {
                handler: authorizer.entry(),
                memory: own.and_then(|own| own.memory).unwrap_or(as_main.memory),
                timeout: own.and_then(|own| own.timeout).unwrap_or(as_main.timeout),
                ..as_main
            },
            // A route of the app's is nothing that an authorizer answers.
            health: Health::BuiltIn,
            reserved: set.concurrency,
            provisioned: set.provisioned_concurrency,
        });
    }
    Ok(all)
}

/// The role that is made for a function, where the settings name none.
fn own_role(
    function: &str,
    part: &str,
    set: &FunctionSettings,
    settings: &Settings,
    at: (&Names, &Place),
) -> Result<Option<DesiredRole>> {
    match set.role {
        Some(_) => Ok(None),
        None => DesiredRole::new(function, part, &set.options(), settings, at).map(Some),
    }
}

fn configuration(
    settings: &Settings,
    set: &FunctionSettings,
    function: &str,
    (names, place): (&Names, &Place),
) -> Configuration {
    let own = || place.role(&names.role_of(function));
    Configuration {
        role: set.role.clone().unwrap_or_else(own),
        runtime: RUNTIME.to_owned(),
        handler: HANDLER.to_owned(),
        memory: settings.memory,
        timeout: settings.timeout,
        environment: settings.environment.clone(),
        options: set.options(),
    }
}
