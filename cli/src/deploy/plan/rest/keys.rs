//! The keys that callers of a REST API send, and the usage plans that they are under.

use std::collections::BTreeSet;

use super::push;
use crate::deploy::{
    model::{Desired, rest::Rest},
    observe::{Actual, rest::WholeRest},
    step::{
        Plan, Step,
        rest::{Named, RestStep},
    },
    words::MISSING,
};

/// Makes the keys that are missing; one whose value is another is made anew, as a value cannot be changed.
pub(super) fn keys(plan: &mut Plan, desired: &Desired, actual: &Actual, rest: &Rest) {
    let open = actual.rests.apis.first().is_some_and(WholeRest::is_open);
    for (name, key) in &rest.keys {
        match kept(actual, rest, name) {
            None => {
                let reason = match actual.rests.keys.iter().any(|found| found.name == *name) {
                    true => "its value is another",
                    false => MISSING,
                };
                let step = RestStep::CreateKey {
                    name: name.clone(),
                    value: key.value.clone(),
                    enabled: key.enabled,
                    tags: desired.names.tags(),
                };
                let opens = open && key.enabled;
                plan.push_opening(Step::Rest(Box::new(step)), reason, opens);
            }
            Some((id, enabled)) if enabled != key.enabled => {
                let step = RestStep::UpdateKey {
                    id: id.to_owned(),
                    name: name.clone(),
                    enabled: key.enabled,
                };
                let reason = match key.enabled {
                    true => "disabled → enabled",
                    false => "enabled → disabled",
                };
                plan.push_opening(Step::Rest(Box::new(step)), reason, open && key.enabled);
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

/// Makes the usage plans what the settings say.
pub(super) fn plans(plan: &mut Plan, desired: &Desired, actual: &Actual, rest: &Rest, api: &Named) {
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
                push(plan, step, MISSING);
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
                    push(plan, step, reasons.join(", "));
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
                // One that is made by now is asked about where it is made.
                let opens = open && known;
                let reason = format!("under `{name}` in the settings");
                plan.push_opening(Step::Rest(Box::new(step)), reason, opens);
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
            // A key that is about to go takes its place in the plan with it.
            let stays = named.is_none_or(|named| {
                kept(actual, rest, &named.name).is_some_and(|(id, _)| id == *key)
            });
            if let (true, Some(id)) = (stays, &id) {
                let step = RestStep::RemovePlanKey {
                    plan: id.clone(),
                    key: key.clone(),
                    name: named.map_or_else(|| key.clone(), |named| named.name.clone()),
                };
                push(plan, step, format!("not under `{name}` in the settings"));
            }
        }
    }
}

/// Removes the plans and the keys that are not in the settings; all of them, where there is no REST API any more.
pub(in crate::deploy::plan) fn dismiss(plan: &mut Plan, actual: &Actual, rest: Option<&Rest>) {
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
            push(plan, step, "it is about to go");
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
