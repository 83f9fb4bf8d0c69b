//! The routes of an older version, for a rollback: its manifest travels in its zip, which Lambda keeps.
//!
//! A route that the older version did not have goes, and one that it had comes back, guarded as it was. What would let more
//! people in than now stays as it is: a rollback is made in haste, and nobody reads a plan of it.

mod guards;
mod rest;

use std::collections::BTreeMap;

use fw_manifest::Manifest;

use super::{
    model::{Names, http},
    observe::{self, WholeApi},
    patience::Patience,
    phase::Phase,
    release::Release,
    step::{ApiId, AuthorizerId, Handle, IntegrationId, Plan, Step},
};
use crate::{
    artifact,
    aws::{
        Aws,
        apigateway::{Guard, Route},
    },
    console::Console,
    error::{Failure, Result},
    values::lambda::ALIAS,
};

/// Gives the deployment's API the routes of that version, where it has one: an HTTP API route by route, a REST API by what it
/// served then.
///
/// # Errors
///
/// When the version's manifest cannot be had, or a call fails: the routes that are not made then stay as they are.
pub(crate) async fn routes<A: Aws>(
    aws: &A,
    names: &Names,
    release: &Release,
    version: &str,
    console: &Console,
    patience: Patience,
) -> Result<()> {
    let told = |error: crate::aws::Error| error.into_failure("cannot read what is deployed");
    let read = async { observe::apis(aws, names).await };
    let code = async { Ok(aws.code(&names.function, version).await) };
    let ((apis, _), code) = tokio::try_join!(Box::pin(read), Box::pin(code)).map_err(told)?;
    let Some(whole) = apis.first().filter(|whole| whole.is_open()) else {
        let code = code.map_err(told);
        return rest::stage(aws, names, release, (version, code), console, patience).await;
    };
    let manifest = manifest(names, &code.map_err(told)?)?;
    let (plan, left) = planned(names, &manifest, whole)?;
    for left in left {
        console.warning(left);
    }
    let again = format!("cargo fw rollback --to {version}");
    super::apply::apply(aws, &plan, console, patience, &again).await?;
    Ok(())
}

/// The manifest in the code of a version.
fn manifest(names: &Names, code: &[u8]) -> Result<Manifest> {
    let manifest = artifact::manifest_of(code)?;
    if manifest.app != names.app {
        return Err(Failure::new(format!(
            "the manifest in its code is another app's: {}",
            manifest.app
        )));
    }
    Ok(manifest)
}

/// The steps, and in words what is left as it is.
fn planned(names: &Names, manifest: &Manifest, whole: &WholeApi) -> Result<(Plan, Vec<String>)> {
    let mut plan = Plan::default();
    let mut left = Vec::new();
    let suffix = format!(":function:{}:{ALIAS}", names.function);
    let mut integrations = whole.integrations.iter();
    let Some(integration) = integrations.find(|one| one.uri.ends_with(&suffix)) else {
        left.push("the API does not lead to this app, and its routes stay as they are".to_owned());
        return Ok((plan, left));
    };
    let api = ApiId(whole.api.id.clone());
    let mut wanted = BTreeMap::new();
    for route in &manifest.routes {
        wanted.insert(route.key(), http::guard(route));
    }
    let id_of = |name: &String| {
        let mut all = whole.authorizers.iter();
        let found = all.find(|found| found.name == *name);
        found.map(|found| found.id.clone()).ok_or(())
    };
    plan.enter(Phase::Follow);
    // The settings' names are apart from the app's authorizers'.
    let known_guard = |guard: &Guard<String>| {
        guard.try_map(|name| match guard {
            Guard::Jwt(..) => id_of(&http::jwt_name(name)),
            _ => id_of(name),
        })
    };
    let wanted_guards: BTreeMap<&String, Guard<String>> = wanted
        .iter()
        .filter_map(|(key, guard)| Some((key, known_guard(guard).ok()?)))
        .collect();
    for (key, guard) in &wanted {
        let guard = known_guard(guard);
        let found = whole.routes.iter().find(|route| route.key == *key);
        match (found, guard) {
            (Some(route), Ok(guard)) if route.guard == guard => {}
            (Some(route), Ok(guard)) if route.guard == Guard::Open => {
                let step = Step::UpdateRoute {
                    api: api.clone(),
                    id: route.id.clone(),
                    key: key.clone(),
                    integration: Handle::Known(IntegrationId(integration.id.clone())),
                    guard: known(&guard, whole),
                };
                plan.push(step, "the older version guards it");
            }
            (Some(_), _) => left.push(format!(
                "the route stays guarded as it is, which the older version is not made for: `{key}`"
            )),
            (None, Ok(guard)) => {
                let before = whole.routes.iter();
                let mut before = before.filter(|now| now.guard != Guard::Open && now.guard != guard);
                let stays = |now: &Route| wanted_guards.get(&now.key) == Some(&now.guard);
                if before.any(|now| {
                    guards::overlap(&now.key, key)
                        && !(stays(now) && guards::outranks(&now.key, key))
                }) {
                    left.push(format!(
                        "the route is not made again, as requests for it are guarded otherwise now: `{key}`"
                    ));
                    continue;
                }
                let step = Step::CreateRoute {
                    api: Handle::Known(api.clone()),
                    key: key.clone(),
                    integration: Handle::Known(IntegrationId(integration.id.clone())),
                    guard: known(&guard, whole),
                };
                plan.push(step, "in the older version and not in the API");
            }
            (None, Err(())) => left.push(format!(
                "the route is not made again, as the API has no such authorizer any more: `{key}`; `cargo fw deploy` of the older sources makes it"
            )),
        }
    }
    for route in &whole.routes {
        if !wanted.contains_key(&route.key) {
            let behind = |(key, guard): (&&String, &Guard<String>)| {
                *guard != route.guard && guards::overlap(key, &route.key)
            };
            if route.guard != Guard::Open && wanted_guards.iter().any(behind) {
                left.push(format!(
                    "the route stays, as without it its requests would reach one that is guarded otherwise: `{}`",
                    route.key
                ));
                continue;
            }
            let step = Step::DeleteRoute {
                api: api.clone(),
                id: route.id.clone(),
                key: route.key.clone(),
            };
            plan.push(step, "in the API and not in the older version");
        }
    }
    Ok((plan, left))
}

/// The guard with what a step wants to know of its authorizer.
fn known(guard: &Guard<String>, whole: &WholeApi) -> Guard<AuthorizerId> {
    let named = |id: &String| {
        let mut all = whole.authorizers.iter();
        let name = all
            .find(|found| found.id == *id)
            .map(|found| found.name.clone());
        Ok::<_, std::convert::Infallible>(AuthorizerId {
            name: name.unwrap_or_default(),
            id: Some(id.clone()),
        })
    };
    match guard.try_map(named) {
        Ok(guard) => guard,
        Err(never) => match never {},
    }
}
