//! From what a deployment's schedules should be and what they are to the steps between: a function for each time that they have their
//! turn in a plan.

use serde_json::{Value, json};

use super::{
    calls::FoundSchedule,
    desired::{DesiredSchedule, DesiredSchedules},
    step::ScheduleStep,
};
use crate::{
    aws::tags::TaggedKind,
    deploy::{
        change::{Action, MISSING},
        kind::{
            role::{plan::boundary, step::RoleStep},
            tag::step::TagStep,
        },
        model::Desired,
        names::Names,
        observe::Actual,
        step::{Plan, Step},
        tags::{Retagged, taggable},
    },
};

/// Creates the group and the role, and puts right what differs. What the role allows is only added to here.
pub(crate) fn prepare(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let Some(wanted) = &desired.schedules else {
        return;
    };
    let tags = desired.names.tags();
    match actual.schedules.group.ours() {
        None => {
            let (group, tags) = (wanted.group.clone(), tags.clone());
            push(plan, ScheduleStep::CreateGroup { group, tags }, MISSING);
        }
        Some(found) => {
            let Retagged {
                removed,
                missing,
                why,
            } = Retagged::between(&found.tags, &tags);
            let (group, arn) = (wanted.group.clone(), found.arn.clone());
            if let Some((keys, reason)) = removed {
                let (group, arn) = (group.clone(), arn.clone());
                push(plan, ScheduleStep::Untag { group, arn, keys }, reason);
            }
            if !missing.is_empty() {
                let tags = missing;
                push(plan, ScheduleStep::Tag { group, arn, tags }, why);
            }
        }
    }
    role(plan, desired, wanted, actual);
}

fn role(plan: &mut Plan, desired: &Desired, wanted: &DesiredSchedules, actual: &Actual) {
    let found = &actual.scheduler;
    let name = || wanted.role.clone();
    let trust = || wanted.trust.clone();
    let tags = desired.names.tags();
    match found.role.ours() {
        None => {
            let step = RoleStep::Create {
                role: name(),
                trust: trust(),
                boundary: desired.boundary.clone(),
                tags,
            };
            plan.push(Step::Role(step), MISSING);
        }
        Some(held) => {
            if held.trust != wanted.trust {
                let (role, trust) = (name(), trust());
                let step = RoleStep::UpdateTrust { role, trust };
                plan.push(Step::Role(step), "it was changed outside `cargo fw`");
            }
            let Retagged {
                removed,
                missing,
                why,
            } = Retagged::between(&held.tags, &tags);
            let resource = taggable(TaggedKind::Role, &wanted.role, &desired.place);
            if let Some((keys, reason)) = removed {
                let resource = resource.clone();
                plan.push(Step::Tag(TagStep::Untag { resource, keys }), reason);
            }
            if !missing.is_empty() {
                let tags = missing;
                plan.push(Step::Tag(TagStep::Tag { resource, tags }), why);
            }
        }
    }
    let document = with(&wanted.policy, found.policy.as_ref());
    if found.policy.as_ref() != Some(&document) {
        let (action, reason) = match found.policy {
            None => (Action::Create, MISSING),
            Some(_) => (Action::Update, "what schedules invoke is added"),
        };
        let role = name();
        let step = RoleStep::PutPolicy {
            role,
            document,
            action,
        };
        plan.push(Step::Role(step), reason);
    }
    if let Some((step, reason)) = boundary(&wanted.role, desired, found) {
        plan.push(step, reason);
    }
}

/// The wanted policy with the resources that the one of before has in the same statements: the schedules of before are still there.
fn with(wanted: &Value, held: Option<&Value>) -> Value {
    let mut all = wanted.clone();
    let held = held.and_then(|held| held["Statement"].as_array());
    let wanted = all["Statement"].as_array_mut().into_iter().flatten();
    for statement in wanted {
        let mut before = held.into_iter().flatten();
        let same = before
            .find(|one| one["Sid"] == statement["Sid"] && one["Action"] == statement["Action"]);
        let resources = same.and_then(|one| one["Resource"].as_array());
        let resources = resources.into_iter().flatten();
        if let Some(list) = statement["Resource"].as_array_mut() {
            for resource in resources {
                if !list.contains(resource) {
                    list.push(resource.clone());
                }
            }
            list.sort_by_key(Value::to_string);
        }
    }
    all
}

/// Creates the schedules that are missing, and puts right what differs. The functions' new versions have their traffic by then.
pub(crate) fn open(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let Some(wanted) = &desired.schedules else {
        return;
    };
    for one in &wanted.schedules {
        let (group, schedule) = (wanted.group.clone(), Box::new(one.clone()));
        let mut all = actual.schedules.schedules.iter();
        match all.find(|found| found.name == one.name) {
            None => push(plan, ScheduleStep::Create { group, schedule }, MISSING),
            Some(found) if found.document != one.document => {
                let reason = differences(found, one).join(", ");
                push(plan, ScheduleStep::Update { group, schedule }, reason);
            }
            Some(_) => {}
        }
    }
}

/// What differs, each as old → new.
fn differences(found: &FoundSchedule, one: &DesiredSchedule) -> Vec<String> {
    let told = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let paths = [
        ("expression", "/ScheduleExpression"),
        ("timezone", "/ScheduleExpressionTimezone"),
        ("window", "/FlexibleTimeWindow"),
        ("state", "/State"),
        ("function", "/Target/Arn"),
        ("role", "/Target/RoleArn"),
        ("input", "/Target/Input"),
        ("retry policy", "/Target/RetryPolicy"),
        ("dead letters", "/Target/DeadLetterConfig/Arn"),
    ];
    let paths = paths.into_iter().filter_map(|(what, path)| {
        let null = json!(null);
        let old = found.document.pointer(path).unwrap_or(&null);
        let new = one.document.pointer(path).unwrap_or(&null);
        (old != new).then(|| format!("{what}: {} → {}", told(old), told(new)))
    });
    paths.collect()
}

/// Deletes the schedules that the app no longer has, before the functions go that they invoke.
pub(crate) fn close(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let wanted = |found: &&FoundSchedule| {
        let mut all = desired.schedules.iter().flat_map(|all| &all.schedules);
        all.any(|one| one.name == found.name)
    };
    let all = actual.schedules.schedules.iter();
    let gone = all.filter(|found| !wanted(found));
    delete(plan, &desired.names, gone, "the app no longer has it");
}

/// Deletes all schedules.
pub(crate) fn close_all(plan: &mut Plan, names: &Names, actual: &Actual) {
    let all = actual.schedules.schedules.iter();
    delete(plan, names, all, "what it invokes goes");
}

fn delete<'a>(
    plan: &mut Plan,
    names: &Names,
    gone: impl Iterator<Item = &'a FoundSchedule>,
    why: &str,
) {
    for found in gone {
        let (group, name) = (names.function.clone(), found.name.clone());
        push(plan, ScheduleStep::Delete { group, name }, why);
    }
}

/// Narrows the role's policy once nothing of before invokes by it; deletes group and role where there are no schedules any more.
pub(crate) fn remove(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let Some(wanted) = &desired.schedules else {
        delete_all(plan, &desired.names, actual);
        return;
    };
    let held = actual.scheduler.policy.as_ref();
    if with(&wanted.policy, held) != wanted.policy {
        let step = RoleStep::PutPolicy {
            role: wanted.role.clone(),
            document: wanted.policy.clone(),
            action: Action::Update,
        };
        plan.push(Step::Role(step), "what no schedule invokes is taken away");
    }
    strip(
        plan,
        &desired.names,
        actual,
        "it was given to the role outside `cargo fw`",
    );
}

/// Takes from the role what somebody else has given it.
fn strip(plan: &mut Plan, names: &Names, actual: &Actual, why: &str) {
    let found = &actual.scheduler;
    if found.role.ours().is_none() {
        return;
    }
    let name = names.role_of(&names.scheduler());
    let role = || name.clone();
    let attached = found
        .attached
        .iter()
        .cloned()
        .map(|policy| RoleStep::Detach {
            role: role(),
            policy,
        });
    let inline = found
        .inline
        .iter()
        .cloned()
        .map(|policy| RoleStep::DropPolicy {
            role: role(),
            policy,
        });
    for step in attached.chain(inline) {
        plan.push(Step::Role(step), why);
    }
}

/// Deletes the group and the role.
pub(crate) fn delete_all(plan: &mut Plan, names: &Names, actual: &Actual) {
    const REASON: &str = "there are no schedules any more";
    let found = &actual.scheduler;
    if actual.schedules.group.ours().is_some() {
        let group = names.function.clone();
        push(plan, ScheduleStep::DeleteGroup { group }, REASON);
    }
    if found.role.ours().is_none() {
        return;
    }
    strip(plan, names, actual, REASON);
    let name = names.role_of(&names.scheduler());
    let role = || name.clone();
    let own = found.policy.iter();
    let own = own.map(|_| RoleStep::DeletePolicy { role: role() });
    let whole = RoleStep::Delete { role: role() };
    for step in own.chain([whole]) {
        plan.push(Step::Role(step), REASON);
    }
}

fn push(plan: &mut Plan, step: ScheduleStep, reason: impl Into<String>) {
    plan.push(Step::Schedule(Box::new(step)), reason);
}
