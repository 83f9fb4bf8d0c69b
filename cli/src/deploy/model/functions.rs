//! The functions of a deployment: the one that answers requests, and one for each `#[authorizer]` of the app.
//!
//! All are made of the same artifact: `_HANDLER` tells a process which part it plays, as under `cargo fw local`.

use std::collections::BTreeSet;

use fw::manifest::Manifest;

use super::{HANDLER, LONGEST_NAME, Names, Place, RUNTIME};
use crate::{
    aws::lambda::Configuration,
    deploy::health::Health,
    error::{Failure, Result},
    settings::Settings,
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
    /// How a new version is tried before it takes traffic.
    pub(crate) health: Health,
}

/// The function that answers requests.
pub(super) fn main(
    settings: &Settings,
    routes: &[String],
    names: &Names,
    place: &Place,
) -> Result<DesiredFunction> {
    Ok(DesiredFunction {
        name: names.function.clone(),
        log_group: names.log_group.clone(),
        configuration: configuration(settings, names, place),
        health: Health::new(settings, routes)?,
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
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if authorizer.name.is_empty() || !authorizer.name.chars().all(plain) {
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
        let main = configuration(settings, names, place);
        all.push(DesiredFunction {
            log_group: Names::log_group_of(&name),
            name,
            configuration: Configuration {
                handler: authorizer.entry(),
                memory: own.and_then(|own| own.memory).unwrap_or(main.memory),
                timeout: own.and_then(|own| own.timeout).unwrap_or(main.timeout),
                options: own.map_or_else(
                    || main.options.clone(),
                    |own| own.function().over(&settings.function).options(),
                ),
                ..main
            },
            // A route of the app's is nothing that an authorizer answers.
            health: Health::BuiltIn,
        });
    }
    Ok(all)
}

fn configuration(settings: &Settings, names: &Names, place: &Place) -> Configuration {
    Configuration {
        role: place.role(&names.role),
        runtime: RUNTIME.to_owned(),
        handler: HANDLER.to_owned(),
        memory: settings.memory,
        timeout: settings.timeout,
        environment: settings.environment.clone(),
        options: settings.function.options(),
    }
}
