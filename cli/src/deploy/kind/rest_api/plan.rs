//! The REST API: one document, its deployment, its stage; keys and usage plans.
//!
//! A stage serves a deployment, whose description is the digest of its document. So two reads show
//! what is served, for any document, and a change by hand that was deployed appears as another
//! digest.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    desired::Rest,
    found::WholeRest,
    keys::{keys, plans},
    step::{Named, RestStep},
};
pub(crate) use crate::deploy::kind::rest_api::keys::dismiss;
use crate::{
    aws::{
        lambda::Grant,
        rest::{RestStage, StageChange},
    },
    deploy::{
        access::{self, Routes, Shift},
        change::MISSING,
        kind::{
            domain::{plan as domain, step::Led},
            function::step::FunctionStep,
            http_api::access::{log_difference, throttle},
        },
        model::{Desired, openapi},
        names::{REST_ASK_GRANT, REST_GRANT},
        observe::Actual,
        step::{Plan, Step},
    },
    values::gateway::Gateway,
};

/// The API, before the traffic moves; returns its reference for later steps.
pub(crate) fn connect(plan: &mut Plan, desired: &Desired, actual: &Actual) -> Named {
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
pub(crate) fn permission(
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
        // A statement cannot be changed, and its id cannot be used twice.
        if grants.iter().any(|grant| grant.id == id) {
            let step = Step::Function(FunctionStep::RemovePermission {
                function: function.clone(),
                id: id.to_owned(),
            });
            plan.push(step, "it belongs to another API");
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
pub(crate) fn open(plan: &mut Plan, desired: &Desired, actual: &Actual, rest: &Rest, api: &Named) {
    let found = actual.rests.apis.first();
    let deployment = served(plan, rest, found, api);
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

/// The prefix of the description of a deployment that is served while the traffic moves.
const BEFORE: &str = "before ";

/// Puts the guards of the new document in place at each stage with traffic, and removes none: with
/// the new document if it admits nobody else, otherwise with an intermediate one, which is removed
/// once the new one is served. Keys that are no longer admitted are refused.
pub(crate) fn tighten(
    plan: &mut Plan,
    desired: &Desired,
    actual: &Actual,
    rest: &Rest,
    api: &Named,
) {
    let Some(whole) = actual.rests.apis.first() else {
        return;
    };
    let wanted = openapi::guards(&rest.document);
    // A stage serves the desired document, where no other one was read.
    let now: Vec<Routes> = whole
        .stages
        .iter()
        .map(|stage| match whole.served.get(&stage.name) {
            Some(served) => openapi::guards(served),
            None => wanted.clone(),
        })
        .collect();
    let early: Vec<Routes> = now
        .iter()
        .map(|held| access::interim(held, &wanted))
        .collect();
    super::keys::tighten(plan, desired, actual, (rest, api), (&now, &early));
    for (stage, served) in &whole.served {
        let held = openapi::guards(served);
        let early = access::interim(&held, &wanted);
        if early == held {
            continue;
        }
        let (digest, document) = match early == wanted {
            true => (rest.digest(), rest.document.clone()),
            false => between(rest, served),
        };
        let deployment = deployment(plan, whole, api, (&digest, &document), &held);
        let change = StageChange {
            deployment: deployment.id,
            ..StageChange::default()
        };
        let step = RestStep::UpdateStage {
            api: api.clone(),
            stage: stage.clone(),
            deploys: change.deployment.is_none().then_some(digest),
            change,
        };
        push(
            plan,
            step,
            "its guards are in place before the traffic moves",
        );
    }
}

/// The document that is served while the traffic moves, and the identity of its deployment.
pub(crate) fn between(rest: &Rest, served: &Value) -> (String, Value) {
    let early = access::interim(&openapi::guards(served), &openapi::guards(&rest.document));
    let document = openapi::interim(&rest.document, served, &early);
    let digest = format!("{BEFORE}{}", openapi::digest(&document));
    (digest, document)
}

/// True if the guards of a REST API must change before the traffic moves.
pub(crate) fn tightens(actual: &Actual, rest: &Rest) -> bool {
    let wanted = openapi::guards(&rest.document);
    let served = actual
        .rests
        .apis
        .iter()
        .flat_map(|whole| whole.served.values());
    let mut held = served.map(openapi::guards);
    held.any(|held| access::interim(&held, &wanted) != held)
}

/// The deployment with this digest: an existing one, or one that this plan creates from the
/// document. `held` has the guards of the API's stage until then.
fn deployment(
    plan: &mut Plan,
    whole: &WholeRest,
    api: &Named,
    (digest, document): (&str, &Value),
    held: &Routes,
) -> Named {
    let mut all = whole.deployments.iter();
    let found = all.find(|deployment| deployment.description == digest);
    let named = Named {
        name: digest.to_owned(),
        id: found.map(|deployment| deployment.id.clone()),
    };
    if named.id.is_some() || makes(plan, digest) {
        return named;
    }
    let old: BTreeSet<String> = whole.routes.iter().cloned().collect();
    let routes = openapi::guards(document);
    put(plan, api, document, &old, difference(&old, held, &routes));
    let step = RestStep::CreateDeployment {
        api: api.clone(),
        digest: digest.to_owned(),
    };
    let short: String = digest.trim_start_matches(BEFORE).chars().take(8).collect();
    push(plan, step, format!("of the document {short}"));
    named
}

/// True if a step creates the deployment with this digest.
fn makes(plan: &Plan, digest: &str) -> bool {
    rest_steps(plan).any(|step| step.output() == Some(("deployment", digest)))
}

pub(crate) fn rest_steps(plan: &Plan) -> impl Iterator<Item = &RestStep> {
    plan.steps.iter().filter_map(|planned| match &planned.step {
        Step::Rest(step) => Some(&**step),
        _ => None,
    })
}

fn put(
    plan: &mut Plan,
    api: &Named,
    document: &Value,
    old: &BTreeSet<String>,
    (reason, opens): (String, bool),
) {
    let wanted = openapi::keys(document);
    let step = RestStep::PutApi {
        api: api.clone(),
        document: document.clone(),
        removed: old.difference(&wanted).cloned().collect(),
    };
    plan.push_opening(Step::Rest(Box::new(step)), reason, opens);
}

/// Imports the document and creates a deployment from it, if there is none. Returns the deployment
/// to serve, if the stage serves another one.
fn served(plan: &mut Plan, rest: &Rest, found: Option<&WholeRest>, api: &Named) -> Option<Named> {
    static NONE: WholeRest = WholeRest::NONE;
    let whole = found.unwrap_or(&NONE);
    let digest = rest.digest();
    let wanted = openapi::guards(&rest.document);
    // What is served by then, and the routes of the last imported document.
    let now = whole
        .served
        .get(&rest.stage.name)
        .or_else(|| whole.served.values().next());
    let now = now.map(|served| access::interim(&openapi::guards(served), &wanted));
    let put_early = rest_steps(plan).any(|step| matches!(step, RestStep::PutApi { .. }));
    let early = makes(plan, &digest);
    let stage = whole.stage(&rest.stage.name);
    let serves = stage.and_then(|stage| stage.deployment.as_deref());
    let deployment = deployment(
        plan,
        whole,
        api,
        (&digest, &rest.document),
        &now.unwrap_or_default(),
    );
    if let (Some(known), false) = (&deployment.id, early) {
        let old: BTreeSet<String> = whole.routes.iter().cloned().collect();
        if put_early || old.iter().ne(wanted.keys()) {
            let reason = match put_early {
                true => "its deployment already exists",
                false => "it was changed outside `cargo fw` but not deployed",
            };
            put(plan, api, &rest.document, &old, (reason.to_owned(), false));
        }
        if serves == Some(known) && !put_early {
            return None;
        }
    }
    let is_early = |step: &RestStep| {
        matches!(step, RestStep::UpdateStage { stage, change, deploys, .. }
            if *stage == rest.stage.name
                && (deploys.as_ref() == Some(&digest)
                    || change.deployment.is_some() && change.deployment == deployment.id))
    };
    let done = rest_steps(plan).any(is_early);
    (!done).then_some(deployment)
}

/// The meaning of another document for the routes, and whether it admits callers that the guards
/// `held` refuse.
fn difference(old: &BTreeSet<String>, held: &Routes, new: &Routes) -> (String, bool) {
    let added = new.keys().filter(|key| !old.contains(*key));
    let added = added.map(|key| format!("+ {key}"));
    let removed = old.iter().filter(|key| !new.contains_key(*key));
    let removed = removed.map(|key| format!("- {key}"));
    let mut all: Vec<String> = added.chain(removed).collect();
    let mut opens = false;
    for (key, access) in new {
        match held.get(key) {
            Some(before) => {
                let shift = access::shift(before, access);
                opens |= shift.admits_more();
                if shift != Shift::Same {
                    all.push(format!("who may call `{key}`: {before} → {access}"));
                }
            }
            None => opens |= access::opens(held, key, access),
        }
    }
    let reason = match all.is_empty() {
        true => "the document differs".to_owned(),
        false => all.join(", "),
    };
    (reason, opens)
}

fn stage(
    plan: &mut Plan,
    desired: &Desired,
    rest: &Rest,
    found: Option<&WholeRest>,
    api: &Named,
    deployment: Option<&Named>,
) {
    let wanted = &rest.stage;
    let held = found.and_then(|whole| whole.stage(&wanted.name));
    let Some(held) = held else {
        let reason = match found.and_then(|whole| whole.stages.first()) {
            None => MISSING.to_owned(),
            Some(before) => format!("its name was `{}`: the URL changes", before.name),
        };
        let made = || Named {
            name: rest.digest(),
            id: None,
        };
        let step = RestStep::CreateStage {
            api: api.clone(),
            stage: wanted.clone(),
            deployment: deployment.cloned().unwrap_or_else(made),
            tags: desired.names.tags(),
            place: desired.place.clone(),
        };
        push(plan, step, reason);
        // A new stage has neither limits nor logs.
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
                deploys: None,
            };
            push(plan, step, reasons.join(", "));
        }
        return;
    };
    let (mut change, mut reasons) = changes(held, wanted);
    if deployment.is_some() {
        reasons.insert(0, "it serves another deployment".to_owned());
    }
    if !reasons.is_empty() {
        change.deployment = deployment.and_then(|named| named.id.clone());
        let made = deployment.filter(|named| named.id.is_none());
        let step = RestStep::UpdateStage {
            api: api.clone(),
            stage: wanted.name.clone(),
            change,
            deploys: made.map(|named| named.name.clone()),
        };
        push(plan, step, reasons.join(", "));
    }
}

/// The changes of a stage other than its deployment, as data and in words.
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

/// Removes the stages with other names, and the deployments that no stage serves and no rollback
/// needs.
fn spare(
    plan: &mut Plan,
    desired: &Desired,
    rest: &Rest,
    whole: &WholeRest,
    deployment: Option<&Named>,
) {
    let api = whole.api.id.clone();
    for stage in &whole.stages {
        if stage.name != rest.stage.name {
            let step = RestStep::DeleteStage {
                api: api.clone(),
                stage: stage.name.clone(),
            };
            push(plan, step, format!("`{}` replaces it", rest.stage.name));
        }
    }
    let digest = rest.digest();
    let served = match deployment {
        Some(Named { id: Some(id), .. }) => Some(id.as_str()),
        _ if makes(plan, &digest) => None,
        _ => {
            let held = whole.stage(&rest.stage.name);
            held.and_then(|stage| stage.deployment.as_deref())
        }
    };
    let (between, all): (Vec<_>, Vec<_>) = whole
        .deployments
        .iter()
        .partition(|found| found.description.starts_with(BEFORE));
    let new = usize::from(makes(plan, &digest));
    let kept = usize::try_from(desired.keep_versions).unwrap_or(usize::MAX);
    let spare = all.into_iter().skip(kept.saturating_sub(new));
    let spare = spare.map(|found| {
        (
            found,
            format!("the newest {} are kept", desired.keep_versions),
        )
    });
    let between = between.into_iter();
    let between = between.map(|found| {
        (
            found,
            "it was needed only until the traffic moved".to_owned(),
        )
    });
    for (found, reason) in spare.chain(between) {
        if Some(found.id.as_str()) != served {
            let deployment = Named {
                name: found.description.clone(),
                id: Some(found.id.clone()),
            };
            let api = api.clone();
            push(plan, RestStep::DeleteDeployment { api, deployment }, reason);
        }
    }
    let made: Vec<String> = rest_steps(plan)
        .filter_map(RestStep::output)
        .filter(|(_, name)| name.starts_with(BEFORE))
        .map(|(_, name)| name.to_owned())
        .collect();
    for name in made {
        let deployment = Named { name, id: None };
        let api = api.clone();
        let reason = "it was needed only until the traffic moved";
        push(plan, RestStep::DeleteDeployment { api, deployment }, reason);
    }
}

/// Removes the REST APIs of the deployment, except this many, once the other gateway has replaced
/// them.
pub(crate) fn close(plan: &mut Plan, actual: &Actual, kept: usize, gateway: Gateway) {
    for whole in actual.rests.apis.iter().skip(kept) {
        let reason = match whole.is_open() {
            true => format!("the {gateway} replaces it"),
            false => "incomplete: it has no stage".to_owned(),
        };
        delete(plan, whole, reason);
    }
}

/// Removes all of them with the deployment.
pub(crate) fn remove(plan: &mut Plan, actual: &Actual) {
    for whole in &actual.rests.apis {
        let reason = whole
            .url
            .as_deref()
            .unwrap_or("incomplete: it has no stage");
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

pub(crate) fn push(plan: &mut Plan, step: RestStep, reason: impl Into<String>) {
    plan.push(Step::Rest(Box::new(step)), reason);
}
