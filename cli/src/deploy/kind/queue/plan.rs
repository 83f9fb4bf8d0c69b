//! From what a deployment's queues should be and what they are to the steps between: a function for each time that queues have their
//! turn in a plan.

use super::{
    calls::changes,
    desired::{Attributes, DeadLetter, DesiredQueue, Encryption},
    found::{FoundQueue, WholeQueue, noted},
    step::QueueStep,
};
use crate::{
    aws::tags::TaggedKind,
    deploy::{
        model::{Desired, TAG_KINDS},
        observe::Actual,
        step::{LogStep, Plan, Step, TagStep},
        tags::{Retagged, taggable},
        words::MISSING,
    },
    values::names::Tags,
};

/// Notes at a function and at its log group that there are queues, before one is created: so that they are found again when the
/// settings have none. What is not there yet is created with the note.
pub(crate) fn note(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let (Some(one), Some(note)) = (desired.anchor(), desired.note()) else {
        return;
    };
    let found = actual.function(&one.name);
    if noted(found) {
        return;
    }
    let group = found.log_group.ours();
    if group.is_none() {
        let mut tags = desired.names.tags();
        tags.extend([note.clone()]);
        let group = one.log_group.clone();
        plan.push(Step::Logs(LogStep::Create { group, tags }), MISSING);
    }
    let group = group.map(|_| (TaggedKind::LogGroup, &one.log_group));
    let function = found.function.ours();
    let function = function.map(|_| (TaggedKind::Function, &one.name));
    // The function's note is the one that is read, so it comes last.
    for (kind, name) in group.into_iter().chain(function) {
        let resource = taggable(kind, name, &desired.place);
        let tags = Tags::from([note.clone()]);
        let reason = "so that its queues are found again";
        plan.push(Step::Tag(TagStep::Tag { resource, tags }), reason);
    }
}

/// Takes the note away, once the deployment has no queues.
pub(crate) fn forget(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    if !desired.queues.is_empty() {
        return;
    }
    for one in &desired.functions {
        let found = actual.function(&one.name);
        if found.function.ours().is_none() || !noted(found) {
            continue;
        }
        for (kind, name) in [
            (TaggedKind::LogGroup, &one.log_group),
            (TaggedKind::Function, &one.name),
        ] {
            let resource = taggable(kind, name, &desired.place);
            let keys = vec![TAG_KINDS.to_owned()];
            let reason = "it has no queues any more";
            plan.push(Step::Tag(TagStep::Untag { resource, keys }), reason);
        }
    }
}

/// Creates what is missing, and puts right what differs: each behind the queue that its dead letters go to.
pub(crate) fn prepare(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in &desired.queues {
        let mut all = actual.queues.iter();
        let whole = all.find(|whole| whole.name == one.name);
        match whole.and_then(|whole| whole.found.ours()) {
            None => {
                let (queue, tags) = (one.clone(), desired.names.tags());
                push(plan, QueueStep::Create { queue, tags }, MISSING);
            }
            Some(found) => update(plan, desired, one, found),
        }
    }
}

fn update(plan: &mut Plan, desired: &Desired, one: &DesiredQueue, found: &FoundQueue) {
    let reason = differences(&found.attributes, &one.attributes).join(", ");
    for attributes in changes(&found.attributes, &one.attributes) {
        let step = QueueStep::Set {
            name: one.name.clone(),
            url: found.url.clone(),
            attributes,
        };
        push(plan, step, reason.clone());
    }
    let (name, url) = (one.name.clone(), found.url.clone());
    let Retagged {
        removed,
        missing,
        why,
    } = Retagged::between(&found.tags, &desired.names.tags());
    if let Some((keys, reason)) = removed {
        let (name, url) = (name.clone(), url.clone());
        push(plan, QueueStep::Untag { name, url, keys }, reason);
    }
    if !missing.is_empty() {
        let tags = missing;
        push(plan, QueueStep::Tag { name, url, tags }, why);
    }
}

/// Deletes those that the settings no longer have. Nothing sends to them or reads them by then.
pub(crate) fn remove(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let wanted = |whole: &&WholeQueue| desired.queues.iter().any(|one| one.name == whole.name);
    let gone = actual.queues.iter().filter(|whole| !wanted(whole));
    delete(plan, gone, "not in the settings");
}

/// Deletes all of them.
pub(crate) fn delete_all(plan: &mut Plan, actual: &Actual) {
    delete(plan, actual.queues.iter(), "nothing else uses it");
}

fn delete<'a>(plan: &mut Plan, gone: impl Iterator<Item = &'a WholeQueue>, why: &str) {
    let gone = gone.filter_map(|whole| Some((&whole.name, whole.found.ours()?)));
    for (name, found) in gone {
        let full = found.messages > 0;
        let step = QueueStep::Delete {
            name: name.clone(),
            url: found.url.clone(),
            full,
        };
        let reason = match full {
            true => format!("{why}; the messages in it are lost"),
            false => why.to_owned(),
        };
        push(plan, step, reason);
    }
}

/// What differs, each as old → new.
fn differences(found: &Attributes, wanted: &Attributes) -> Vec<String> {
    let seconds = |value: u32| format!("{value} s");
    let led = |target: &Option<DeadLetter>| match target {
        None => "none".to_owned(),
        Some(DeadLetter { queue, receives }) => {
            let name = queue.rsplit(':').next().unwrap_or_default();
            format!("`{name}` after {receives}")
        }
    };
    let key = |encryption: &Encryption| match encryption {
        Encryption::Sqs => "SQS's own key".to_owned(),
        Encryption::Kms(key) => key.clone(),
        Encryption::Off => "none".to_owned(),
    };
    let pairs = [
        (
            "visibility timeout",
            seconds(found.visibility_timeout),
            seconds(wanted.visibility_timeout),
        ),
        ("delay", seconds(found.delay), seconds(wanted.delay)),
        (
            "retention",
            seconds(found.retention),
            seconds(wanted.retention),
        ),
        (
            "dead letters",
            led(&found.dead_letter),
            led(&wanted.dead_letter),
        ),
        (
            "content-based deduplication",
            found.deduplication.to_string(),
            wanted.deduplication.to_string(),
        ),
        (
            "encryption",
            key(&found.encryption),
            key(&wanted.encryption),
        ),
    ];
    let pairs = pairs.into_iter().filter(|(_, old, new)| old != new);
    pairs
        .map(|(what, old, new)| format!("{what}: {old} → {new}"))
        .collect()
}

fn push(plan: &mut Plan, step: QueueStep, reason: impl Into<String>) {
    plan.push(Step::Queue(Box::new(step)), reason);
}
