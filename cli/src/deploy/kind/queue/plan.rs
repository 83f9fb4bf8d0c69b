//! From what a deployment's queues should be and what they are to the steps between: a function for each time that queues have their
//! turn in a plan.

use super::{
    calls::changes,
    desired::{Attributes, DeadLetter, DesiredQueue, Encryption, Sender},
    found::{FoundQueue, WholeQueue},
    policy,
    step::QueueStep,
};
use crate::deploy::{
    change::MISSING,
    model::Desired,
    observe::Actual,
    step::{Plan, Step},
    tags::Retagged,
};

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
    if found.attributes.senders != one.attributes.senders {
        let policy = policy::setting(&one.arn, &one.attributes.senders, &found.others);
        let step = QueueStep::Set {
            name: one.name.clone(),
            url: found.url.clone(),
            attributes: [policy].into(),
        };
        let told = |all: &[Sender]| match all {
            [] => "none".to_owned(),
            all => all.iter().map(sender).collect::<Vec<_>>().join(" and "),
        };
        let (old, new) = (&found.attributes.senders, &one.attributes.senders);
        push(
            plan,
            step,
            format!("may send: {} → {}", told(old), told(new)),
        );
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

/// Who may send, in words.
fn sender(one: &Sender) -> String {
    let service = match one.service.as_str() {
        "" => "somebody",
        service => service,
    };
    let sources: Vec<&str> = one.sources.iter().map(String::as_str).collect();
    format!("{service} for {}", sources.join(", "))
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
