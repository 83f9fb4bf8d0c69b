//! The API's authorizers and stages: guards, URL and throttles.

use std::collections::BTreeSet;

use super::{found::WholeApi, plan::Connection, step::HttpStep};
use crate::{
    aws::apigateway::{AccessLog, Checks, Guard, Stage},
    deploy::{
        self,
        change::MISSING,
        ids::{ApiId, AuthorizerId, Handle},
        model::Desired,
        step::{Plan, Step},
    },
    values::gateway::Rate,
};

/// Which part of the changes of an API: those before the traffic moves, those after it, or all of them where nothing reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
    All,
}

impl Side {
    /// True if a change belongs to this part: one that must be in place before the traffic moves,
    /// or another.
    pub(crate) fn takes(self, guard: bool) -> bool {
        match self {
            Self::Before => guard,
            Self::After => !guard,
            Self::All => true,
        }
    }
}

/// The authorizers that are missing or admit others. They guard nothing until a route asks for them.
pub(crate) fn authorizers(
    plan: &mut Plan,
    desired: &Desired,
    api: Option<&WholeApi>,
    connection: &Connection,
    side: Side,
) {
    for (name, checks) in &desired.http.authorizers {
        let found = api.and_then(|whole| kept(whole, name).map(|found| (whole, found)));
        match found {
            None if side != Side::After => {
                let step = Step::Http(HttpStep::CreateAuthorizer {
                    api: connection.api.clone(),
                    name: name.clone(),
                    checks: checks.clone(),
                });
                plan.push(step, MISSING);
            }
            Some((whole, (id, old))) if !same(old, checks) => {
                let shift = deploy::access::checks(old, checks);
                if !side.takes(shift.is_guard()) {
                    continue;
                }
                let step = Step::Http(HttpStep::UpdateAuthorizer {
                    api: ApiId(whole.api.id.clone()),
                    id: id.to_owned(),
                    name: name.clone(),
                    checks: checks.clone(),
                });
                plan.push_opening(step, difference(old, checks), shift.admits_more());
            }
            _ => {}
        }
    }
}

/// The authorizer with this name that an API keeps: its id, and what it checks.
fn kept<'a>(whole: &'a WholeApi, name: &str) -> Option<(&'a str, &'a Checks)> {
    let named = whole.authorizers.iter().find(|found| found.name == name);
    named.map(|found| (found.id.as_str(), &found.checks))
}

/// A list of texts counts as a set.
fn same(one: &Checks, other: &Checks) -> bool {
    fn set(list: &[String]) -> BTreeSet<&String> {
        list.iter().collect()
    }
    match (one, other) {
        (
            Checks::Jwt {
                issuer,
                audience,
                identity,
            },
            Checks::Jwt {
                issuer: other_issuer,
                audience: other_audience,
                identity: other_identity,
            },
        ) => {
            (issuer, identity) == (other_issuer, other_identity)
                && set(audience) == set(other_audience)
        }
        _ => one == other,
    }
}

fn difference(old: &Checks, new: &Checks) -> String {
    let mut list = Vec::new();
    let mut differ = |what: &str, old: String, new: String| {
        if old != new {
            list.push(format!("{what}: {old} → {new}"));
        }
    };
    match (old, new) {
        (
            Checks::Jwt {
                issuer: old_issuer,
                audience: old_audience,
                identity: old_identity,
            },
            Checks::Jwt {
                issuer,
                audience,
                identity,
            },
        ) => {
            differ("issuer", old_issuer.clone(), issuer.clone());
            differ("audience", old_audience.join(", "), audience.join(", "));
            differ("identity", old_identity.clone(), identity.clone());
        }
        (
            Checks::Function {
                function: old_function,
                identity: old_identity,
                ttl: old_ttl,
                ..
            },
            Checks::Function {
                function,
                identity,
                ttl,
                ..
            },
        ) => {
            differ("function", old_function.clone(), function.clone());
            differ("identity", old_identity.join(", "), identity.join(", "));
            differ("ttl", format!("{old_ttl} s"), format!("{ttl} s"));
        }
        _ => {}
    }
    match list.is_empty() {
        true => "it was changed outside `cargo fw`".to_owned(),
        false => list.join(", "),
    }
}

/// A route's guard with its authorizer's id, if it exists.
pub(crate) fn guard(desired: &Desired, api: Option<&WholeApi>, key: &str) -> Guard<AuthorizerId> {
    let named = |name: &String| {
        let id = api.and_then(|whole| kept(whole, name));
        Ok::<_, std::convert::Infallible>(AuthorizerId {
            name: name.clone(),
            id: id.map(|(id, _)| id.to_owned()),
        })
    };
    match desired.http.guard(key).try_map(named) {
        Ok(guard) => guard,
        Err(never) => match never {},
    }
}

/// True if a route has its desired guard.
pub(crate) fn guarded(found: &Guard<String>, wanted: &Guard<AuthorizerId>) -> bool {
    let known = wanted.try_map(|wanted| wanted.id.clone().ok_or(()));
    known.is_ok_and(|wanted| *found == wanted)
}

/// The meaning of a change of a route's guard.
pub(crate) fn guard_difference(found: &Guard<String>, wanted: &Guard<AuthorizerId>) -> String {
    let mut new = wanted.word().to_owned();
    if let Some(authorizer) = wanted.authorizer() {
        let name = authorizer.name.trim_start_matches("jwt-");
        new = format!("{new} {name}");
    }
    let (before, scopes) = (found.scopes(), wanted.scopes());
    if !scopes.is_empty() {
        new = format!("{new}: {}", scopes.join(" or "));
    }
    let mut old = found.word().to_owned();
    if !before.is_empty() {
        old = format!("{old}: {}", before.join(" or "));
    }
    format!("who may call it: {old} → {new}")
}

/// Removes the authorizers that no route uses any more.
pub(crate) fn dismiss(plan: &mut Plan, desired: &Desired, whole: &WholeApi) {
    for found in &whole.authorizers {
        let wanted = desired.http.authorizers.contains_key(&found.name);
        let held = kept(whole, &found.name).map(|(id, _)| id);
        if wanted && held == Some(found.id.as_str()) {
            continue;
        }
        let step = Step::Http(HttpStep::DeleteAuthorizer {
            api: ApiId(whole.api.id.clone()),
            id: found.id.clone(),
            name: found.name.clone(),
        });
        plan.push(step, "no route needs it");
    }
}

/// Removes superfluous settings of a stage that cannot be removed with the rest, before routes are
/// deleted: otherwise their throttles would stay and make every later change of the stage fail. The
/// throttles of deleted routes, `gone`, are deleted with them.
pub(crate) fn unthrottle(
    plan: &mut Plan,
    desired: &Desired,
    whole: &WholeApi,
    gone: &BTreeSet<String>,
) {
    let wanted = &desired.http.stage;
    let Some(found) = whole.stage(&wanted.name) else {
        return;
    };
    let api = || ApiId(whole.api.id.clone());
    for key in found.routes.keys() {
        if !wanted.routes.contains_key(key) && !gone.contains(key) {
            let step = Step::Http(HttpStep::DropThrottle {
                api: api(),
                stage: wanted.name.clone(),
                key: key.clone(),
            });
            plan.push(step, "not in the settings");
        }
    }
    if found.log.is_some() && wanted.log.is_none() {
        let stage = wanted.name.clone();
        let step = Step::Http(HttpStep::DropAccessLog { api: api(), stage });
        plan.push(step, "not in the settings");
    }
}

/// Opens the API, or sets its stage as the settings say.
pub(crate) fn stage(
    plan: &mut Plan,
    desired: &Desired,
    api: Option<&WholeApi>,
    handle: Handle<ApiId>,
) {
    let wanted = &desired.http.stage;
    match api.and_then(|whole| Some((whole, whole.stage(&wanted.name)?))) {
        None => {
            let reason = match api.and_then(|whole| whole.stages.first()) {
                None => MISSING.to_owned(),
                Some(before) => format!("its name was `{}`: the URL changes", before.name),
            };
            let step = Step::Http(HttpStep::CreateStage {
                api: handle,
                endpoint: api.map(|whole| whole.api.endpoint.clone()),
                stage: wanted.clone(),
                tags: desired.names.tags(),
            });
            plan.push(step, reason);
        }
        Some((whole, found)) => {
            let differences = differences(found, wanted);
            if !differences.is_empty() {
                let gone = found.variables.keys();
                let gone = gone.filter(|name| !wanted.variables.contains_key(*name));
                let step = Step::Http(HttpStep::UpdateStage {
                    api: ApiId(whole.api.id.clone()),
                    stage: wanted.clone(),
                    gone: gone.cloned().collect(),
                });
                plan.push(step, differences.join(", "));
            }
        }
    }
}

/// Closes what the API's stage was called before.
pub(crate) fn spare(plan: &mut Plan, desired: &Desired, api: Option<&WholeApi>) {
    let wanted = &desired.http.stage;
    let stages = api.into_iter().flat_map(|whole| {
        let api = ApiId(whole.api.id.clone());
        whole.stages.iter().map(move |stage| (api.clone(), stage))
    });
    for (api, spare) in stages.filter(|(_, stage)| stage.name != wanted.name) {
        let stage = spare.name.clone();
        let reason = format!("`{}` replaces it", wanted.name);
        plan.push(Step::Http(HttpStep::DeleteStage { api, stage }), reason);
    }
}

/// The changes of a stage, in words. Superfluous settings are removed by separate steps.
fn differences(old: &Stage, new: &Stage) -> Vec<String> {
    let mut list = Vec::new();
    if old.auto != new.auto {
        list.push("it does not deploy by itself".to_owned());
    }
    let names: BTreeSet<&String> = old.variables.keys().chain(new.variables.keys()).collect();
    for name in names {
        match (old.variables.get(name), new.variables.get(name)) {
            (None, Some(_)) => list.push(format!("variable `{name}` added")),
            (Some(_), None) => list.push(format!("variable `{name}` removed")),
            (one, other) if one != other => list.push(format!("variable `{name}` changed")),
            _ => {}
        }
    }
    if old.throttle != new.throttle {
        list.push(format!(
            "throttle: {} → {}",
            throttle(old.throttle),
            throttle(new.throttle)
        ));
    }
    for (key, rate) in &new.routes {
        let before = old.routes.get(key).copied();
        if before != Some(*rate) {
            list.push(format!(
                "throttle of `{key}`: {} → {}",
                throttle(before),
                throttle(Some(*rate))
            ));
        }
    }
    if new.log.is_some() && old.log != new.log {
        list.push(log_difference(old.log.as_ref(), new.log.as_ref()));
    }
    list
}

/// The meaning of a different access log.
pub(crate) fn log_difference(old: Option<&AccessLog>, new: Option<&AccessLog>) -> String {
    let name = |log: Option<&AccessLog>| {
        let group = log.and_then(|log| log.group.split(':').nth(6));
        group.unwrap_or("none").to_owned()
    };
    match (name(old), name(new)) {
        (old, new) if old == new => "its access log's format differs".to_owned(),
        (old, new) => format!("access log: {old} → {new}"),
    }
}

/// A bucket in words.
pub(crate) fn throttle(rate: Option<Rate>) -> String {
    rate.map_or_else(
        || "the account's".to_owned(),
        |Rate { rate, burst }| format!("{rate}/s, {burst} at once"),
    )
}
