//! Lambda's handling of asynchronous invocations in memory: of an alias that is there, with destinations that the role may send to.

use crate::{
    aws::{
        asynchronous::{DELETE, GET, InvokeConfigs, PUT},
        error::Result,
        fake::{Fake, State},
    },
    values::asynchronous::Asynchronous,
};

const GONE: &str = "ResourceNotFoundException";
const REFUSED: &str = "InvalidParameterValueException";

/// Refuses a destination that the function's role may not send to.
fn allowed(
    state: &State,
    name: &str,
    alias: &str,
    arn: &str,
) -> std::result::Result<(), (&'static str, String)> {
    let found = state.functions.get(name);
    let version = found.and_then(|found| found.aliases.get(alias)?.version.parse().ok());
    let version: Option<u32> = version;
    let revision = found
        .zip(version)
        .and_then(|(found, version)| found.versions.get(&version));
    let role = revision.map_or("", |revision| revision.configuration.role.as_str());
    let role = state.roles.get(role.rsplit('/').next().unwrap_or_default());
    let policies = role.into_iter().flat_map(|role| role.policies.values());
    let names = policies
        .into_iter()
        .any(|policy| policy.to_string().contains(arn));
    match names {
        true => Ok(()),
        false => {
            let told =
                "The function's execution role does not have permissions to call the destination";
            Err((REFUSED, format!("{told} {arn}")))
        }
    }
}

impl InvokeConfigs for Fake {
    async fn invoke_config(&self, name: &str, _alias: &str) -> Result<Option<Asynchronous>> {
        self.later().await.call(GET, |state| {
            let found = state.functions.get(name);
            Ok(found.and_then(|found| found.asynchronous.clone()))
        })
    }

    async fn put_invoke_config(
        &self,
        name: &str,
        alias: &str,
        config: &Asynchronous,
    ) -> Result<()> {
        self.later().await.call(PUT, |state| {
            let found = state.functions.get(name);
            if found.is_none_or(|found| !found.aliases.contains_key(alias)) {
                return Err((GONE, "The function doesn't exist.".to_owned()));
            }
            for arn in [&config.on_success, &config.on_failure]
                .into_iter()
                .flatten()
            {
                if arn.ends_with(&format!(":function:{name}:{alias}")) {
                    let told = "You can't specify the function as a destination for itself.";
                    return Err((REFUSED, told.to_owned()));
                }
                allowed(state, name, alias, arn)?;
            }
            if let Some(found) = state.functions.get_mut(name) {
                found.asynchronous = Some(config.clone());
            }
            Ok(())
        })
    }

    async fn delete_invoke_config(&self, name: &str, _alias: &str) -> Result<()> {
        self.later().await.call(DELETE, |state| {
            let found = state.functions.get_mut(name);
            let held = found.and_then(|found| found.asynchronous.take());
            held.map(drop).ok_or((
                GONE,
                "The function doesn't have an EventInvokeConfig".to_owned(),
            ))
        })
    }
}
