//! From what a deployment's topics should be and what they are to the steps between: a function for each time that topics have their
//! turn in a plan.

use super::{
    calls::{FoundSubscription, FoundTopic, changes, subscription_changes},
    desired::{self, Attributes, DesiredSubscription, DesiredTopic, SubscriptionAttributes},
    found::WholeTopic,
    step::TopicStep,
};
use crate::deploy::{
    change::MISSING,
    model::Desired,
    observe::Actual,
    step::{Plan, Step},
    tags::Retagged,
};

/// Creates the topics that are missing, and puts right what differs: the code that publishes to them comes later.
pub(crate) fn prepare(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in &desired.topics {
        let mut all = actual.topics.topics.iter();
        let whole = all.find(|whole| whole.name == one.name);
        match whole.and_then(|whole| whole.found.ours()) {
            None => {
                let (topic, tags) = (one.clone(), desired.names.tags());
                push(plan, TopicStep::Create { topic, tags }, MISSING);
            }
            Some(found) => update(plan, desired, one, found),
        }
    }
}

fn update(plan: &mut Plan, desired: &Desired, one: &DesiredTopic, found: &FoundTopic) {
    let reason = differences(&found.attributes, &one.attributes).join(", ");
    let (name, arn) = (&one.name, &found.arn);
    for setting in changes(&found.attributes, &one.attributes) {
        let (name, arn) = (name.clone(), arn.clone());
        push(plan, TopicStep::Set { name, arn, setting }, reason.clone());
    }
    let Retagged {
        removed,
        missing,
        why,
    } = Retagged::between(&found.tags, &desired.names.tags());
    if let Some((keys, reason)) = removed {
        let (name, arn) = (name.clone(), arn.clone());
        push(plan, TopicStep::Untag { name, arn, keys }, reason);
    }
    if !missing.is_empty() {
        let (name, arn, tags) = (name.clone(), arn.clone(), missing);
        push(plan, TopicStep::Tag { name, arn, tags }, why);
    }
}

/// Subscribes what is missing, and puts right what differs. The functions' new versions have their traffic by then.
pub(crate) fn open(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in &desired.subscriptions {
        let mut all = actual.topics.subscriptions.iter();
        match all.find(|found| is_of(found, one)) {
            None => {
                let subscription = one.clone();
                let step = TopicStep::Subscribe {
                    name: one.name(),
                    subscription,
                };
                push(plan, step, MISSING);
            }
            Some(found) => {
                let reason = subscription_differences(&found.attributes, &one.attributes);
                for setting in subscription_changes(&found.attributes, &one.attributes) {
                    let step = TopicStep::SetSubscription {
                        name: one.name(),
                        arn: found.arn.clone(),
                        setting,
                    };
                    push(plan, step, reason.join(", "));
                }
            }
        }
    }
}

/// Whether that is the subscription.
fn is_of(found: &FoundSubscription, one: &DesiredSubscription) -> bool {
    found.topic == one.topic && found.endpoint == one.endpoint
}

/// Ends the subscriptions that the app or the settings no longer have, before the functions go that they lead to.
pub(crate) fn close(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let wanted = |found: &&FoundSubscription| {
        let mut all = desired.subscriptions.iter();
        all.any(|one| is_of(found, one))
    };
    let all = actual.topics.subscriptions.iter();
    unsubscribe(
        plan,
        all.filter(|found| !wanted(found)),
        "neither the app nor the settings have it",
    );
}

/// Ends all subscriptions.
pub(crate) fn close_all(plan: &mut Plan, actual: &Actual) {
    let all = actual.topics.subscriptions.iter();
    unsubscribe(plan, all, "what it leads to goes");
}

fn unsubscribe<'a>(plan: &mut Plan, gone: impl Iterator<Item = &'a FoundSubscription>, why: &str) {
    for found in gone {
        let step = TopicStep::Unsubscribe {
            name: desired::name(&found.topic, &found.endpoint),
            arn: found.arn.clone(),
        };
        push(plan, step, why);
    }
}

/// Deletes the topics that the settings and the app no longer have. Nothing publishes to them by then.
pub(crate) fn remove(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let wanted = |whole: &&WholeTopic| desired.topics.iter().any(|one| one.name == whole.name);
    let gone = actual.topics.topics.iter().filter(|whole| !wanted(whole));
    delete(plan, gone, "neither the app nor the settings have it");
}

/// Deletes all of them.
pub(crate) fn delete_all(plan: &mut Plan, actual: &Actual) {
    delete(plan, actual.topics.topics.iter(), "nothing else uses it");
}

fn delete<'a>(plan: &mut Plan, gone: impl Iterator<Item = &'a WholeTopic>, why: &str) {
    let gone = gone.filter_map(|whole| Some((&whole.name, whole.found.ours()?)));
    for (name, found) in gone {
        let (name, arn) = (name.clone(), found.arn.clone());
        push(plan, TopicStep::Delete { name, arn }, why);
    }
}

/// What differs of a topic, each as old → new.
fn differences(found: &Attributes, wanted: &Attributes) -> Vec<String> {
    let key = |key: &Option<String>| key.clone().unwrap_or_else(|| "none".to_owned());
    told([
        (
            "content-based deduplication",
            found.deduplication.to_string(),
            wanted.deduplication.to_string(),
        ),
        ("encryption", key(&found.key), key(&wanted.key)),
    ])
}

/// What differs of a subscription, each as old → new.
fn subscription_differences(
    found: &SubscriptionAttributes,
    wanted: &SubscriptionAttributes,
) -> Vec<String> {
    let filter = |one: &SubscriptionAttributes| match (&one.filter, one.body) {
        (None, _) => "none".to_owned(),
        (Some(policy), false) => policy.to_string(),
        (Some(policy), true) => format!("{policy} of the body"),
    };
    let queue = |arn: &Option<String>| match arn {
        None => "none".to_owned(),
        Some(arn) => format!("`{}`", arn.rsplit(':').next().unwrap_or_default()),
    };
    told([
        ("filter", filter(found), filter(wanted)),
        (
            "raw delivery",
            found.raw.to_string(),
            wanted.raw.to_string(),
        ),
        (
            "dead letters",
            queue(&found.dead_letter),
            queue(&wanted.dead_letter),
        ),
    ])
}

fn told<const N: usize>(pairs: [(&str, String, String); N]) -> Vec<String> {
    let pairs = pairs.into_iter().filter(|(_, old, new)| old != new);
    pairs
        .map(|(what, old, new)| format!("{what}: {old} → {new}"))
        .collect()
}

fn push(plan: &mut Plan, step: TopicStep, reason: impl Into<String>) {
    plan.push(Step::Topic(Box::new(step)), reason);
}
