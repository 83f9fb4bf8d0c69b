//! The routes of an older version, for a rollback: its manifest travels in its zip, which Lambda keeps.
//!
//! A route that the older version did not have is deleted, and one that it had is restored with its
//! guard. Nothing that would admit more callers is changed: a rollback is made in haste, and nobody
//! reads its plan. Routes that the older version guards are guarded before it gets the traffic.

pub(crate) mod guards;
mod rest;

use std::collections::BTreeMap;

use fw_manifest::Manifest;

use super::{
    access::{
        Access, Asked, Routes, Shift, exposed_by, named,
        precedence::{outranks, overlap},
        shift,
    },
    ids::{ApiId, AuthorizerId, Handle, IntegrationId},
    kind::http_api::{
        desired as http,
        found::{WholeApi, apis},
        step::HttpStep,
    },
    names::Names,
    phase::Phase,
    retry::RetryPolicy,
    step::{Plan, Step},
    traffic::{Flip, Release, flip},
};
use crate::{
    artifact,
    aws::{
        Aws,
        apigateway::{Guard, Route},
    },
    console::Console,
    error::{Failure, Result},
    settings::access::ApiKeySource,
    values::lambda::ALIAS,
};

/// What the deployment's API needs for a version that will get the traffic.
#[derive(Debug)]
struct Recall {
    /// Before the traffic moves: the guards that the version relies on.
    before: Plan,
    /// After it, or why the routes stay as they are.
    after: Result<Plan>,
    /// In words, what is left unchanged.
    left: Vec<String>,
}

impl Recall {
    /// If nothing must be done before the traffic moves.
    fn after(after: Result<Plan>) -> Self {
        Self {
            before: Plan::default(),
            after,
            left: Vec::new(),
        }
    }
}

/// Moves the traffic back, and restores the routes of the version that then has it, if there is an
/// API: an HTTP API route by route, a REST API with its earlier deployment. The guards that the
/// version relies on come first. Returns why routes stay unchanged, if they do.
///
/// # Errors
///
/// If the version would serve a route without the guard that it relies on, or a call fails.
pub(crate) async fn rollback<A: Aws>(
    aws: &A,
    names: &Names,
    release: &Release,
    flips: &[Flip],
    console: &Console,
    retry: RetryPolicy,
) -> Result<Option<Failure>> {
    let Some(version) = release.older(names, flips) else {
        flip(aws, release, flips, console, retry).await?;
        return Ok(None);
    };
    let again = format!("cargo fw rollback --to {version}");
    let rollback = prepare(aws, names, release, version).await?;
    super::apply::apply(aws, &rollback.before, console, retry, &again).await?;
    flip(aws, release, flips, console, retry).await?;
    for left in rollback.left {
        console.warning(left);
    }
    let routes = async {
        let plan = rollback.after?;
        super::apply::apply(aws, &plan, console, retry, &again).await
    };
    Ok(routes.await.err())
}

/// Moves all traffic to the canaries, once the guards that they rely on are in place. The deploy
/// that started them has put them there, unless somebody changed them since, or an older `cargo fw`
/// started them.
///
/// # Errors
///
/// As for [`rollback`].
pub(crate) async fn promote<A: Aws>(
    aws: &A,
    names: &Names,
    release: &Release,
    flips: &[Flip],
    console: &Console,
    retry: RetryPolicy,
) -> Result<()> {
    if let Some(version) = release.older(names, flips) {
        let rollback = prepare(aws, names, release, version).await?;
        let again = "cargo fw promote";
        super::apply::apply(aws, &rollback.before, console, retry, again).await?;
    }
    flip(aws, release, flips, console, retry).await
}

async fn prepare<A: Aws>(
    aws: &A,
    names: &Names,
    release: &Release,
    version: &str,
) -> Result<Recall> {
    let told = |error: crate::aws::Error| error.into_failure("cannot read what is deployed");
    let read = async { apis(aws, names).await };
    let code = async { Ok(aws.code(&names.function, version).await) };
    let ((apis, _), code) = tokio::try_join!(Box::pin(read), Box::pin(code)).map_err(told)?;
    let code = code.map_err(told);
    let Some(whole) = apis.first().filter(|whole| whole.is_open()) else {
        return rest::prepare(aws, names, release, (version, code)).await;
    };
    match code.and_then(|code| manifest(names, &code)) {
        Ok(manifest) => planned(names, &manifest, whole),
        // The guards that it relies on are not known.
        Err(failure) => Ok(Recall::after(Err(failure))),
    }
}

/// The routes of a manifest, with which callers they admit: authorizers by the names that they have at the API.
fn access(manifest: &Manifest) -> Routes {
    let all = manifest.routes.iter().map(|route| {
        let guard = http::guard(route);
        let is_jwt = matches!(guard, Guard::Jwt(..));
        let guard = guard.map(|name| Asked {
            name: match is_jwt {
                true => http::jwt_name(name),
                false => name.clone(),
            },
            checks: None,
        });
        // The source of the key is a setting, and settings are not part of a version.
        let api_key = route.api_key.then_some(ApiKeySource::Header);
        (route.key(), Access { guard, api_key })
    });
    all.collect()
}

/// The first route through which a version with the routes `app` would serve more callers than it admits.
fn exposed<'a>(api: &'a Routes, app: &'a Routes) -> Option<(&'a str, &'a str)> {
    // A route with a different guard stays so: a rollback is made in haste, and the route is not
    // open.
    exposed_by(api, app, |found, wanted| {
        shift(wanted, found) != Shift::Looser
    })
}

/// The manifest in the code of a version.
fn manifest(names: &Names, code: &[u8]) -> Result<Manifest> {
    let manifest = artifact::manifest_of(code)?;
    if manifest.app != names.app {
        return Err(Failure::new(format!(
            "the manifest in its code belongs to another app: {}",
            manifest.app
        )));
    }
    Ok(manifest)
}

/// The steps, and in words what is left unchanged.
///
/// # Errors
///
/// If a route would be served without its guard, and the guard is not possible.
fn planned(names: &Names, manifest: &Manifest, whole: &WholeApi) -> Result<Recall> {
    let (mut before, mut plan) = (Plan::default(), Plan::default());
    let mut left = Vec::new();
    let held = named(&whole.access());
    let app = access(manifest);
    let mut early = held.clone();
    let suffix = format!(":function:{}:{ALIAS}", names.function);
    let mut integrations = whole.integrations.iter();
    let Some(integration) = integrations.find(|one| one.uri.ends_with(&suffix)) else {
        left.push("the API does not lead to this app, so its routes stay as they are".to_owned());
        return Ok(Recall {
            left,
            ..Recall::after(Ok(plan))
        });
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
    before.enter(Phase::Tighten);
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
            (Some(route), Ok(guard)) if shift(&held[key], &app[key]) == Shift::Tighter => {
                let step = Step::Http(HttpStep::UpdateRoute {
                    api: api.clone(),
                    id: route.id.clone(),
                    key: key.clone(),
                    integration: Handle::Known(IntegrationId(integration.id.clone())),
                    guard: known(&guard, whole),
                });
                before.push(step, "the older version guards it");
                early.insert(key.clone(), app[key].clone());
            }
            (Some(_), _) => left.push(format!(
                "the route keeps its current guard, which the older version does not expect: `{key}`"
            )),
            (None, Ok(guard)) => {
                let others = whole.routes.iter();
                let mut others = others.filter(|now| now.guard != Guard::Open && now.guard != guard);
                let stays = |now: &Route| wanted_guards.get(&now.key) == Some(&now.guard);
                if others.any(|now| {
                    overlap(&now.key, key)
                        && !(stays(now) && outranks(&now.key, key))
                }) {
                    left.push(format!(
                        "the route is not restored, because its requests are guarded differently now: `{key}`"
                    ));
                    continue;
                }
                let step = Step::Http(HttpStep::CreateRoute {
                    api: Handle::Known(api.clone()),
                    key: key.clone(),
                    integration: Handle::Known(IntegrationId(integration.id.clone())),
                    guard: known(&guard, whole),
                });
                let reason = "in the older version but not in the API";
                if app[key].is_open() {
                    plan.push(step, reason);
                } else {
                    before.push(step, reason);
                    early.insert(key.clone(), app[key].clone());
                }
            }
            (None, Err(())) => left.push(format!(
                "the route is not restored, because the API no longer has its authorizer: `{key}`; `cargo fw deploy` with the older sources creates it"
            )),
        }
    }
    let mut goes = Vec::new();
    for route in &whole.routes {
        if !wanted.contains_key(&route.key) {
            let behind = |(key, guard): (&&String, &Guard<String>)| {
                *guard != route.guard && overlap(key, &route.key)
            };
            if route.guard != Guard::Open && wanted_guards.iter().any(behind) {
                left.push(format!(
                    "the route stays, because otherwise its requests would reach a route with a different guard: `{}`",
                    route.key
                ));
                continue;
            }
            goes.push(route);
        }
    }
    let delete = |plan: &mut Plan, route: &Route| {
        let step = Step::Http(HttpStep::DeleteRoute {
            api: api.clone(),
            id: route.id.clone(),
            key: route.key.clone(),
        });
        plan.push(step, "in the API but not in the older version");
    };
    // A route whose requests reach handlers that the older version guards is deleted first.
    while let Some((key, wanted)) = exposed(&early, &app) {
        let Some(at) = goes.iter().position(|route| route.key == key) else {
            return Err(Failure::new(format!(
                "the older version relies on a guard that the API does not have: `{wanted}`"
            ))
            .because_of("its authorizer no longer exists or has other settings now")
            .because_of("the traffic stays where it is")
            .hint("run `cargo fw deploy` with the older sources, which puts the guard in place before it moves the traffic"));
        };
        let route = goes.remove(at);
        delete(&mut before, route);
        early.remove(&route.key);
    }
    for route in goes {
        delete(&mut plan, route);
    }
    Ok(Recall {
        before,
        after: Ok(plan),
        left,
    })
}

/// The guard with the authorizer's data for a step.
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
