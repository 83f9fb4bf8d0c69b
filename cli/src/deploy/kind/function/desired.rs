//! The functions of a deployment: one for each part of the app.
//!
//! All use the same artifact: a process reads its part from `_HANDLER`, as under `cargo fw local`.

use std::collections::BTreeSet;

use fw_manifest::{Manifest, Part};

use crate::{
    aws::lambda::{Configuration, Grant},
    deploy::{
        health::Health,
        kind::{
            invoke_config::desired::{invoke_config, statements},
            permission,
            role::desired::DesiredRole,
        },
        model::resources,
        names::{AwsLocation, LONGEST_NAME, Names},
    },
    error::{Failure, Result},
    settings::{Settings, function::FunctionSettings, mapping::reading, resources::reads},
    values::{asynchronous::Asynchronous, names::is_plain, statement::Statement},
};

/// The runtime that starts an executable named `bootstrap`.
const RUNTIME: &str = "provided.al2023";

/// A desired function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DesiredFunction {
    /// Which of the app's functions it is.
    pub(crate) part: Part,
    /// Its name.
    pub(crate) name: String,
    /// The log group that Lambda writes to.
    pub(crate) log_group: String,
    /// Its configuration.
    pub(crate) configuration: Configuration,
    /// The role that is created for it; `None` if the settings name an existing one.
    pub(crate) role: Option<DesiredRole>,
    /// How to try a new version before it gets traffic.
    pub(crate) health: Health,
    /// Its reserved concurrency.
    pub(crate) reserved: Option<u32>,
    /// The provisioned concurrency of its alias.
    pub(crate) provisioned: Option<u32>,
    /// How asynchronous invocations of its alias are handled, where that is set.
    pub(crate) asynchronous: Option<Asynchronous>,
    /// What lets the service invoke it that its source is of, where that one needs it.
    pub(crate) invoker: Option<Grant>,
}

/// The functions: the API's first, the others in the manifest's order.
///
/// # Errors
///
/// If a name is too long, has characters that AWS does not accept, or occurs twice; exit code 65.
pub(crate) fn functions(
    manifest: &Manifest,
    settings: &Settings,
    routes: &[String],
    names: &Names,
    place: &AwsLocation,
) -> Result<Vec<DesiredFunction>> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for part in manifest.parts() {
        check_name(&part, names)?;
        let name = names.of(&part);
        if !seen.insert(name.clone()) {
            return Err(Failure::input(format!(
                "two functions have the same name: {}",
                part.name().unwrap_or_default()
            ))
            .hint("rename one of them"));
        }
        let FunctionSettings {
            memory,
            timeout,
            mut environment,
            secrets: _,
            options,
            role,
            reserved,
            provisioned,
            keep_warm: _,
        } = settings.of(&part);
        let asynchronous = invoke_config(
            &part,
            settings,
            |kind, name| resources::arn(settings, kind, name, (names, place)),
            |name| place.alias(&format!("{}{name}", names.prefix())),
        )?;
        let reads = reads(manifest, &part).map(reading);
        let mut needs: Vec<Statement> = reads.into_iter().collect();
        needs.extend(statements(&part, settings, asynchronous.as_ref()));
        let own = match &role {
            Some(_) => None,
            None => Some(DesiredRole::new(
                &part,
                &options,
                needs,
                settings,
                (names, place),
            )?),
        };
        environment.extend(resources::variables(settings, (names, place))?);
        resources::fits(&environment)?;
        let health = match part {
            Part::Api => {
                environment.extend(settings.of_gateway(manifest));
                Health::new(settings, routes)?
            }
            // A route of the app's is nothing that another function answers.
            Part::Authorizer(_) | Part::Source(_) => Health::BuiltIn,
        };
        let event = manifest.sources.iter().find(|one| one.part() == part);
        let invoker = match event {
            Some(source) => {
                let at = resources::At {
                    settings,
                    names,
                    place,
                };
                permission::wanted(&source.event, settings, &at)?
            }
            None => None,
        };
        all.push(DesiredFunction {
            log_group: Names::log_group_of(&name),
            configuration: Configuration {
                role: role.unwrap_or_else(|| place.role(&names.role_of(&name))),
                runtime: RUNTIME.to_owned(),
                handler: part.entry(),
                memory,
                timeout,
                environment,
                options,
            },
            name,
            part,
            role: own,
            health,
            reserved,
            provisioned,
            asynchronous,
            invoker,
        });
    }
    Ok(all)
}

/// Refuses a name that a function in the account cannot have.
fn check_name(part: &Part, names: &Names) -> Result<()> {
    let Some(name) = part.name() else {
        return Ok(());
    };
    if !is_plain(name) {
        return Err(Failure::input(format!(
            "not a valid function name on AWS: `{}`",
            name.escape_debug()
        ))
        .because_of("the function's name contains it, so it may have letters, digits, hyphens and underscores"));
    }
    let function = names.of(part);
    if function.len() > LONGEST_NAME {
        return Err(Failure::input(format!("the name of {part} is too long"))
            .because_of(format!(
                "its function would have the name `{function}` with {} characters, but Lambda accepts {LONGEST_NAME}",
                function.len()
            ))
            .hint("shorten it, the app's name, or the stage's name"));
    }
    Ok(())
}
