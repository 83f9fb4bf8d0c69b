//! The REST API: one document, its deployment, its stage; keys and usage plans.
//!
//! What stages serve is a deployment, whose description is the digest of the document that it was made of. So what is served
//! is known by two reads, whatever the document says, and a change by hand that was deployed shows as another digest.

use std::collections::BTreeSet;

use super::{
    access::{log_difference, throttle},
    domain,
};
use crate::{
    aws::{
        lambda::Grant,
        rest::{RestStage, StageChange},
    },
    deploy::{
        model::{Desired, REST_ASK_GRANT, REST_GRANT, openapi, rest::Rest},
        observe::{Actual, rest::WholeRest},
        step::{
            Plan, Step,
            domain::Led,
            rest::{Named, RestStep},
        },
        words::MISSING,
    },
    values::gateway::Gateway,
};

/// The API, before the traffic moves; gives how the API is called from then on.
pub(super) fn connect(plan: &mut Plan, desired: &Desired, actual: &Actual) -> Named {
    let found = actual.rests.apis.first();
    let name = desired.names.function.clone();
    let api = Named {
        name: name.clone(),
        id: found.map(|whole| whole.api.id.clone()),
    };
    if found.is_none() {
        let tags = desired.names.tags();
        push(plan, RestStep::CreateApi { name, tags }, MISSING);
    }
    api
}

/// The permissions of the API: to invoke the alias, and to ask the authorizers.
pub(super) fn permission(
    plan: &mut Plan,
    desired: &Desired,
    actual: &Actual,
    rest: &Rest,
    api: &Named,
) {
    let found = actual.rests.apis.first();
    let mut functions = vec![(desired.names.function.clone(), false)];
    functions.extend(rest.asked.iter().map(|name| (name.clone(), true)));
    for (function, asks) in functions {
        let id = if asks { REST_ASK_GRANT } else { REST_GRANT };
        let wanted = found.map(|whole| {
            let source = match asks {
                true => desired.place.asking(&whole.api.id),
                false => desired.place.api(&whole.api.id),
            };
            Grant::of_api(id, source)
        });
        let grants = &actual.function(&function).grants;
        if wanted.is_some_and(|wanted| grants.contains(&wanted)) {
            continue;
        }
        // A statement cannot be changed, and its id cannot be given twice.
        if grants.iter().any(|grant| grant.id == id) {
            let step = Step::RemovePermission {
                function: function.clone(),
                id: id.to_owned(),
            };
            plan.push(step, "it is another API's");
        }
        let step = RestStep::AddPermission {
            function,
            api: api.clone(),
            place: desired.place.clone(),
            asks,
        };
        push(plan, step, MISSING);
    }
}

/// The document and what is served of it, once the traffic has moved; then keys and plans.
pub(super) fn open(plan: &mut Plan, desired: &Desired, actual: &Actual, rest: &Rest, api: &Named) {
    let found = actual.rests.apis.first();
    let deployment = deployment(plan, rest, found, api);
    keys(plan, desired, actual, rest);
    stage(plan, desired, rest, found, api, deployment.as_ref());
    let led = Led::Rest(api.clone());
    domain::open(plan, desired, actual, led, &rest.stage.name);
    domain::close(plan, &desired.names, actual, desired.mapping());
    plans(plan, desired, actual, rest, api);
    dismiss(plan, actual, Some(rest));
    if let Some(whole) = found {
        spare(plan, desired, rest, whole, deployment.as_ref());
    }
}

/// What a stage is to serve: known, or made by an earlier step.
enum Served {
    Known(String),
    Made,
}

/// Imports the document and makes a deployment of it, where none is there that was made of it; gives what is to be
/// served, where that is not what the stage serves.
fn deployment(
    plan: &mut Plan,
    rest: &Rest,
    found: Option<&WholeRest>,
    api: &Named,
) -> Option<Served> {
    let digest = rest.digest();
    let wanted = openapi::keys(&rest.document);
    let old: BTreeSet<String> = found
        .map(|whole| whole.routes.iter().cloned().collect())
        .unwrap_or_default();
    let put = |plan: &mut Plan, reason: String| {
        let step = RestStep::PutApi {
            api: api.clone(),
            document: rest.document.clone(),
            removed: old.difference(&wanted).cloned().collect(),
        };
        push(plan, step, reason);
    };
    let made = found.and_then(|whole| {
        let mut all = whole.deployments.iter();
        all.find(|deployment| deployment.description == digest)
    });
    let stage = found.and_then(|whole| whole.stage(&rest.stage.name));
    let served = stage.and_then(|stage| stage.deployment.as_deref());
    match made {
        Some(made) => {
            if old != wanted {
                put(
                    plan,
                    "it was changed outside `cargo fw` and not deployed".to_owned(),
                );
            }
            (served != Some(&made.id)).then(|| Served::Known(made.id.clone()))
        }
        None => {
            put(plan, difference(&old, &wanted));
            let step = RestStep::CreateDeployment {
                api: api.clone(),
                digest: digest.clone(),
            };
            let short: String = digest.chars().take(8).collect();
            push(plan, step, format!("of the document {short}"));
            Some(Served::Made)
        }
    }
}

/// What another document means for the routes.
fn difference(old: &BTreeSet<String>, new: &BTreeSet<String>) -> String {
    let added = new.difference(old).map(|key| format!("+ {key}"));
    let removed = old.difference(new).map(|key| format!("- {key}"));
    let all: Vec<String> = added.chain(removed).collect();
    match all.is_empty() {
        true => "the document differs".to_owned(),
        false => all.join(", "),
    }
}

fn stage(
    plan: &mut Plan,
    desired: &Desired,
    rest: &Rest,
    found: Option<&WholeRest>,
    api: &Named,
    deployment: Option<&Served>,
) {
    let wanted = &rest.stage;
    let held = found.and_then(|whole| whole.stage(&wanted.name));
    let known = match deployment {
        Some(Served::Known(id)) => Some(id.clone()),
        Some(Served::Made) | None => None,
    };
    let deploys = matches!(deployment, Some(Served::Made));
    let Some(held) = held else {
        let reason = match found.and_then(|whole| whole.stages.first()) {
            None => MISSING.to_owned(),
            Some(before) => format!("it was called `{}`: the URL changes", before.name),
        };
        let step = RestStep::CreateStage {
            api: api.clone(),
            stage: wanted.clone(),
            deployment: known,
            tags: desired.names.tags(),
            place: desired.place.clone(),
        };
        push(plan, step, reason);
        // A stage is made without limits and logs.
        let bare = RestStage {
            throttle: None,
            methods: std::collections::BTreeMap::new(),
            log: None,
            ..wanted.clone()
        };
        let (change, reasons) = changes(&bare, wanted);
        if !reasons.is_empty() {
            let step = RestStep::UpdateStage {
                api: api.clone(),
                stage: wanted.name.clone(),
                change,
                deploys: false,
            };
            push(plan, step, reasons.join(", "));
        }
        return;
    };
    let (mut change, mut reasons) = changes(held, wanted);
    change.deployment = known;
    if deployment.is_some() {
        reasons.insert(0, "it serves another deployment".to_owned());
    }
    if !reasons.is_empty() {
        let step = RestStep::UpdateStage {
            api: api.clone(),
            stage: wanted.name.clone(),
            change,
            deploys,
        };
        push(plan, step, reasons.join(", "));
    }
}

/// What is to be changed of a stage besides what it serves, and in words.
fn changes(old: &RestStage, new: &RestStage) -> (StageChange, Vec<String>) {
    let mut change = StageChange::default();
    let mut list = Vec::new();
    let names: BTreeSet<&String> = old.variables.keys().chain(new.variables.keys()).collect();
    for name in names {
        let what = match (old.variables.get(name), new.variables.get(name)) {
            (None, Some(_)) => "added",
            (Some(_), None) => "removed",
            (one, other) if one != other => "changed",
            _ => continue,
        };
        list.push(format!("variable `{name}` {what}"));
        let value = new.variables.get(name).cloned();
        change.variables.insert(name.clone(), value);
    }
    if old.throttle != new.throttle {
        list.push(format!(
            "throttle: {} → {}",
            throttle(old.throttle),
            throttle(new.throttle)
        ));
        change.throttle = Some(new.throttle);
    }
    let keys: BTreeSet<&String> = old.methods.keys().chain(new.methods.keys()).collect();
    for key in keys {
        let (before, after) = (old.methods.get(key), new.methods.get(key));
        if before != after {
            list.push(format!(
                "throttle of `{key}`: {} → {}",
                throttle(before.copied()),
                throttle(after.copied())
            ));
            change.methods.insert(key.clone(), after.copied());
        }
    }
    if old.log != new.log {
        list.push(log_difference(old.log.as_ref(), new.log.as_ref()));
        change.log = Some(new.log.clone());
    }
    (change, list)
}

/// Makes the keys that are missing; one whose value is another is made anew, as a value cannot be changed.
fn keys(plan: &mut Plan, desired: &Desired, actual: &Actual, rest: &Rest) {
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
                push(plan, step, reason);
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
                push(plan, step, reason);
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
fn plans(plan: &mut Plan, desired: &Desired, actual: &Actual, rest: &Rest, api: &Named) {
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
                let step = RestStep::AddPlanKey {
                    plan: Named {
                        name: name.clone(),
                        id: id.clone(),
                    },
                    key: Named {
                        name: key.clone(),
                        id: known,
                    },
                };
                push(plan, step, format!("under `{name}` in the settings"));
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
pub(super) fn dismiss(plan: &mut Plan, actual: &Actual, rest: Option<&Rest>) {
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

/// Removes the stages of other names, and the deployments that no stage serves and nobody goes back to.
fn spare(
    plan: &mut Plan,
    desired: &Desired,
    rest: &Rest,
    whole: &WholeRest,
    deployment: Option<&Served>,
) {
    let api = whole.api.id.clone();
    for stage in &whole.stages {
        if stage.name != rest.stage.name {
            let step = RestStep::DeleteStage {
                api: api.clone(),
                stage: stage.name.clone(),
            };
            push(plan, step, format!("`{}` takes its place", rest.stage.name));
        }
    }
    let held = whole.stage(&rest.stage.name);
    let served = match deployment {
        Some(Served::Known(id)) => Some(id.as_str()),
        Some(Served::Made) => None,
        None => held.and_then(|stage| stage.deployment.as_deref()),
    };
    let new = usize::from(matches!(deployment, Some(Served::Made)));
    let kept = usize::try_from(desired.keep_versions).unwrap_or(usize::MAX);
    let spare = whole.deployments.iter().skip(kept.saturating_sub(new));
    for found in spare.filter(|found| Some(found.id.as_str()) != served) {
        let step = RestStep::DeleteDeployment {
            api: api.clone(),
            id: found.id.clone(),
        };
        let reason = format!("the newest {} are kept", desired.keep_versions);
        push(plan, step, reason);
    }
}

/// Removes the REST APIs of the deployment, but for so many, once the other gateway has taken their place.
pub(super) fn close(plan: &mut Plan, actual: &Actual, kept: usize, gateway: Gateway) {
    for whole in actual.rests.apis.iter().skip(kept) {
        let reason = match whole.is_open() {
            true => format!("the {gateway} takes its place"),
            false => "half-made: no stage opens it".to_owned(),
        };
        delete(plan, whole, reason);
    }
}

/// Removes all of them, when the deployment goes.
pub(super) fn remove(plan: &mut Plan, actual: &Actual) {
    for whole in &actual.rests.apis {
        let reason = whole
            .url
            .as_deref()
            .unwrap_or("half-made: no stage opens it");
        delete(plan, whole, reason.to_owned());
    }
}

fn delete(plan: &mut Plan, whole: &WholeRest, reason: String) {
    let step = RestStep::DeleteApi {
        name: whole.api.name.clone(),
        api: whole.api.id.clone(),
        open: whole.is_open(),
    };
    push(plan, step, reason);
}

fn push(plan: &mut Plan, step: RestStep, reason: impl Into<String>) {
    plan.push(Step::Rest(Box::new(step)), reason);
}
