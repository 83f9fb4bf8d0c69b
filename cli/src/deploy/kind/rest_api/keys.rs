//! The keys that callers of a REST API send, and the usage plans that they are under.
//!
//! A key is admitted if it is enabled and under a usage plan for a stage of the API (API Gateway developer guide, "Usage plans and API
//! keys for REST APIs"). What refuses a key comes before the traffic moves, what admits another key comes after it: see [`tighten`].

use std::collections::BTreeSet;

use super::{
    desired::{Key, Rest},
    found::WholeRest,
    plan::{push, rest_steps},
    step::{Named, RestStep},
};
use crate::deploy::{
    access::Routes,
    change::MISSING,
    model::Desired,
    observe::Actual,
    step::{Plan, Step},
};

/// The ids of the keys that are under a usage plan for the API now, and so can be used where they are enabled.
fn planned(actual: &Actual) -> BTreeSet<&str> {
    let rests = &actual.rests;
    let is_ours = |id: &String| rests.apis.iter().any(|whole| whole.api.id == *id);
    let plans = rests.plans.iter();
    let plans = plans.filter(|(plan, _)| plan.stages.iter().any(|(api, _)| is_ours(api)));
    plans
        .flat_map(|(_, keys)| keys)
        .map(String::as_str)
        .collect()
}

/// Before the traffic moves: refuses each key that the settings no longer admit.
///
/// A removed key is disabled here and deleted after the traffic has moved, so a deploy of the older
/// settings can enable it again. A key with a new value replaces the old one here, because its
/// holders need one of the two. If no route requires a key yet (`now`) and a route will once the
/// traffic moves (`early`), all keys are created here, because callers need them from then on.
pub(crate) fn tighten(
    plan: &mut Plan,
    desired: &Desired,
    actual: &Actual,
    (rest, api): (&Rest, &Named),
    (now, early): (&[Routes], &[Routes]),
) {
    let ask = |all: &[Routes]| {
        all.iter()
            .any(|routes| routes.values().any(|access| access.api_key.is_some()))
    };
    let whole = actual.rests.apis.first();
    let stage = whole.and_then(|whole| whole.stage(&rest.stage.name));
    if stage.is_some() && !ask(now) && ask(early) {
        keys(plan, desired, actual, rest);
        plans(plan, desired, actual, rest, api);
    }
    for id in planned(actual) {
        let Some(found) = actual.rests.keys.iter().find(|found| found.id == id) else {
            // Somebody else's key in one of the deployment's usage plans: it must not be disabled.
            take(plan, actual, id, id);
            continue;
        };
        let name = found.name.as_str();
        let is_kept = kept(actual, rest, name).is_some_and(|(kept, _)| kept == id);
        let mut under = rest.plans.values().flat_map(|plan| &plan.keys);
        match rest.keys.get(name) {
            // A disabled one may be enabled later.
            Some(key) if is_kept && key.enabled => {
                if !under.any(|key| key == name) {
                    take(plan, actual, id, name);
                }
            }
            _ if !found.enabled => {}
            Some(_) if is_kept => disable(plan, id, name, DISABLED),
            Some(key) => {
                replace(plan, desired, actual, rest, (name, key));
                disable(plan, id, name, "its value is different");
            }
            None => disable(plan, id, name, "not in the settings"),
        }
    }
}

const DISABLED: &str = "enabled → disabled";

fn disable(plan: &mut Plan, id: &str, name: &str, reason: &str) {
    let step = RestStep::UpdateKey {
        id: id.to_owned(),
        name: name.to_owned(),
        enabled: false,
    };
    once(plan, step, reason, false);
}

/// Takes a key from all usage plans of the deployment.
fn take(plan: &mut Plan, actual: &Actual, id: &str, name: &str) {
    for (found, held) in &actual.rests.plans {
        if held.iter().any(|key| key == id) {
            let step = RestStep::RemovePlanKey {
                plan: found.id.clone(),
                key: id.to_owned(),
                name: name.to_owned(),
            };
            let reason = format!("not under `{}` in the settings", found.name);
            once(plan, step, reason, false);
        }
    }
}

/// Creates a key with another value, and adds it to the existing usage plans of the stage.
fn replace(
    plan: &mut Plan,
    desired: &Desired,
    actual: &Actual,
    rest: &Rest,
    (name, key): (&str, &Key),
) {
    let whole = actual.rests.apis.first();
    let ready = actual.rests.plans.iter().find(|(found, _)| {
        let wanted = rest.plans.get(&found.name);
        let is_under = wanted.is_some_and(|wanted| wanted.keys.iter().any(|key| key == name));
        let stages = &found.stages;
        is_under
            && whole.is_some_and(|whole| {
                let stage = (whole.api.id.clone(), rest.stage.name.clone());
                stages.contains(&stage)
            })
    });
    let (Some((found, _)), true) = (ready, key.enabled) else {
        return;
    };
    if kept(actual, rest, name).is_none() {
        let step = RestStep::CreateKey {
            name: name.to_owned(),
            value: key.value.clone(),
            enabled: true,
            tags: desired.names.tags(),
        };
        once(plan, step, "its value is different", true);
        let step = RestStep::AddPlanKey {
            plan: Named {
                name: found.name.clone(),
                id: Some(found.id.clone()),
            },
            key: Named {
                name: name.to_owned(),
                id: None,
            },
        };
        let reason = format!("under `{}` in the settings", found.name);
        once(plan, step, reason, false);
    }
}

/// Adds a step, unless it runs before the traffic moves already.
fn once(plan: &mut Plan, step: RestStep, reason: impl Into<String>, opens: bool) {
    if !rest_steps(plan).any(|planned| *planned == step) {
        plan.push_opening(Step::Rest(Box::new(step)), reason, opens);
    }
}

/// Creates missing keys. A key with another value is created anew, because a value cannot be
/// changed.
pub(crate) fn keys(plan: &mut Plan, desired: &Desired, actual: &Actual, rest: &Rest) {
    let open = actual.rests.apis.first().is_some_and(WholeRest::is_open);
    for (name, key) in &rest.keys {
        match kept(actual, rest, name) {
            None => {
                let reason = match actual.rests.keys.iter().any(|found| found.name == *name) {
                    true => "its value is different",
                    false => MISSING,
                };
                let step = RestStep::CreateKey {
                    name: name.clone(),
                    value: key.value.clone(),
                    enabled: key.enabled,
                    tags: desired.names.tags(),
                };
                let opens = open && key.enabled;
                once(plan, step, reason, opens);
            }
            Some((id, true)) if !key.enabled => disable(plan, id, name, DISABLED),
            Some((id, false)) if key.enabled => {
                let step = RestStep::UpdateKey {
                    id: id.to_owned(),
                    name: name.clone(),
                    enabled: true,
                };
                once(plan, step, "disabled → enabled", open);
            }
            Some(_) => {}
        }
    }
}

/// The one key of that name that is kept: its id, and whether it is taken.
fn kept<'a>(actual: &'a Actual, rest: &Rest, name: &str) -> Option<(&'a str, bool)> {
    let wanted = rest.keys.get(name)?;
    let mut all = actual.rests.keys.iter();
    let found = all.find(|found| {
        let value = wanted.value.as_ref();
        found.name == name && value.is_none_or(|value| *value == found.value)
    })?;
    Some((&found.id, found.enabled))
}

/// Brings the usage plans to the settings' state.
pub(crate) fn plans(plan: &mut Plan, desired: &Desired, actual: &Actual, rest: &Rest, api: &Named) {
    let open = actual.rests.apis.first().is_some_and(WholeRest::is_open);
    for (name, wanted) in &rest.plans {
        let mut all = actual.rests.plans.iter();
        let found = all.find(|(found, _)| found.name == *name);
        let stage = &rest.stage.name;
        match found {
            None => {
                let step = RestStep::CreatePlan {
                    name: name.clone(),
                    limits: wanted.limits.clone(),
                    api: api.clone(),
                    stage: stage.clone(),
                    tags: desired.names.tags(),
                };
                once(plan, step, MISSING, false);
            }
            Some((found, _)) => {
                let is_ours =
                    |held: &&(String, String)| Some(&held.0) == api.id.as_ref() && held.1 == *stage;
                let linked = found.stages.iter().any(|held| is_ours(&held));
                let removed: Vec<_> = found
                    .stages
                    .iter()
                    .filter(|held| !is_ours(held))
                    .cloned()
                    .collect();
                let mut reasons = Vec::new();
                if found.limits != wanted.limits {
                    reasons.push("its limits differ");
                }
                if !linked || !removed.is_empty() {
                    reasons.push("it is for another stage");
                }
                if !reasons.is_empty() {
                    let step = RestStep::UpdatePlan {
                        id: found.id.clone(),
                        name: name.clone(),
                        before: found.limits.clone(),
                        limits: wanted.limits.clone(),
                        added: (!linked).then(|| (api.clone(), stage.clone())),
                        removed,
                    };
                    once(plan, step, reasons.join(", "), false);
                }
            }
        }
        let held: &[String] = found.map(|(_, held)| held.as_slice()).unwrap_or_default();
        let id = found.map(|(found, _)| found.id.clone());
        for key in &wanted.keys {
            let known = kept(actual, rest, key).map(|(id, _)| id.to_owned());
            if known.as_ref().is_none_or(|known| !held.contains(known)) {
                let id_of = known;
                let known = id_of.is_some();
                let step = RestStep::AddPlanKey {
                    plan: Named {
                        name: name.clone(),
                        id: id.clone(),
                    },
                    key: Named {
                        name: key.clone(),
                        id: id_of,
                    },
                };
                // For a key that is created by this plan, the question is asked where it is
                // created.
                let opens = open && known;
                let reason = format!("under `{name}` in the settings");
                once(plan, step, reason, opens);
            }
        }
        let wanted: BTreeSet<&str> = wanted
            .keys
            .iter()
            .filter_map(|key| kept(actual, rest, key))
            .map(|(id, _)| id)
            .collect();
        for key in held.iter().filter(|key| !wanted.contains(key.as_str())) {
            let named = actual.rests.keys.iter().find(|found| found.id == *key);
            // A key that will be deleted takes its place in the plan with it.
            let stays = named.is_none_or(|named| {
                kept(actual, rest, &named.name).is_some_and(|(id, _)| id == *key)
            });
            if let (true, Some(id)) = (stays, &id) {
                let step = RestStep::RemovePlanKey {
                    plan: id.clone(),
                    key: key.clone(),
                    name: named.map_or_else(|| key.clone(), |named| named.name.clone()),
                };
                let reason = format!("not under `{name}` in the settings");
                once(plan, step, reason, false);
            }
        }
    }
}

/// Removes the plans and keys that are not in the settings; all of them if there is no REST API any
/// more.
pub(crate) fn dismiss(plan: &mut Plan, actual: &Actual, rest: Option<&Rest>) {
    for (found, _) in &actual.rests.plans {
        if rest.is_some_and(|rest| rest.plans.contains_key(&found.name)) {
            continue;
        }
        let (id, name) = (found.id.clone(), found.name.clone());
        // A plan that is for a stage cannot be removed.
        if !found.stages.is_empty() {
            let step = RestStep::UpdatePlan {
                id: id.clone(),
                name: name.clone(),
                before: found.limits.clone(),
                limits: found.limits.clone(),
                added: None,
                removed: found.stages.clone(),
            };
            push(plan, step, "it will be deleted");
        }
        push(
            plan,
            RestStep::DeletePlan { id, name },
            "not in the settings",
        );
    }
    for found in &actual.rests.keys {
        let held = rest.and_then(|rest| kept(actual, rest, &found.name));
        if held.is_none_or(|(id, _)| id != found.id) {
            let (id, name) = (found.id.clone(), found.name.clone());
            push(
                plan,
                RestStep::DeleteKey { id, name },
                "not in the settings",
            );
        }
    }
}
