//! What the account holds of a deployment's topics and subscriptions, by read calls only.

use std::collections::BTreeSet;

use super::{
    KIND,
    calls::{self, FoundSubscription, FoundTopic},
    desired::{DesiredSubscription, DesiredTopic, Endpoint, SERVICE},
};
use crate::{
    aws::{Aws, error::Result},
    deploy::{
        found::Found,
        kind::{found::Left, queue::found::WholeQueue},
        names::Names,
        together::all,
    },
    values::names::Tags,
};

/// A topic of the deployment's, there or not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeTopic {
    /// AWS's name for it.
    pub(crate) name: String,
    /// What is there.
    pub(crate) found: Found<FoundTopic>,
}

/// What the account holds of topics.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Topics {
    /// Those of the settings, and those of the deployment's that the settings no longer have.
    pub(crate) topics: Vec<WholeTopic>,
    /// What leads from topics to the deployment's functions and queues.
    pub(crate) subscriptions: Vec<FoundSubscription>,
}

/// Reads the topics that the settings have, and those that a deploy before has left, with the subscriptions of what was found of
/// functions and queues; no call where there cannot be any.
pub(crate) async fn topics<A: Aws>(
    aws: &A,
    names: &Names,
    left: &Left,
    queues: &[WholeQueue],
) -> Result<Topics> {
    if !names.sought.topics && !left.has(KIND) {
        return Ok(Topics::default());
    }
    let prefix = names.prefix();
    let named = |arn: &String| arn.rsplit(':').next().unwrap_or_default().to_owned();
    let listed = Box::pin(calls::list(aws)).await?;
    let listed = listed
        .into_iter()
        .filter(|arn| named(arn).starts_with(&prefix));
    let found = all(listed.map(|arn| topic(aws, names, named(&arn), arn))).await?;
    let wanted = |name: &String| names.topics.contains(name);
    // What only begins with the same words is another stage's, or somebody else's.
    let mut topics: Vec<WholeTopic> = found
        .into_iter()
        .filter(|one| wanted(&one.name) || one.found.ours().is_some())
        .collect();
    for name in &names.topics {
        if !topics.iter().any(|one| one.name == *name) {
            let (name, found) = (name.clone(), Found::Absent);
            topics.push(WholeTopic { name, found });
        }
    }
    // SNS lists in no order, and two readings of one account make the same plan.
    topics.sort_by(|one, other| one.name.cmp(&other.name));
    let own = topics.iter().filter_map(|one| one.found.ours());
    let mut arns: BTreeSet<String> = own.map(|found| found.arn.clone()).collect();
    arns.extend(names.existing_topics.iter().cloned());
    arns.extend(left.topics.iter().cloned());
    arns.extend(senders(queues));
    let lists = all(arns.into_iter().map(|arn| subscribed(aws, arn))).await?;
    let ours = lists.into_iter().flatten();
    let ours = ours.filter(|(_, _, endpoint)| is_ours(names, (left, queues), endpoint));
    let found = all(ours.map(|(arn, topic, endpoint)| subscription(aws, arn, topic, endpoint)));
    let mut subscriptions: Vec<FoundSubscription> = found.await?.into_iter().flatten().collect();
    subscriptions.sort_by(|one, other| {
        let key = |one: &FoundSubscription| (one.topic.clone(), one.endpoint.clone());
        key(one).cmp(&key(other))
    });
    Ok(Topics {
        topics,
        subscriptions,
    })
}

/// The topics that are there already, and that the policies of queues name alone.
fn senders(queues: &[WholeQueue]) -> BTreeSet<String> {
    let queues = queues.iter().filter_map(|one| one.found.ours());
    let senders = queues.flat_map(|found| &found.attributes.senders);
    let senders = senders.filter(|one| one.service == SERVICE);
    let sources = senders.flat_map(|one| &one.sources);
    sources
        .filter(|source| !source.ends_with('*'))
        .cloned()
        .collect()
}

/// Whether a subscription leads to a function or queue of the deployment's. What has its name alone may be another stage's.
fn is_ours(names: &Names, (left, queues): (&Left, &[WholeQueue]), endpoint: &Endpoint) -> bool {
    let name = endpoint.name();
    match endpoint {
        Endpoint::Lambda(_) => {
            left.functions.contains(name) || names.functions().any(|own| own == name)
        }
        Endpoint::Sqs(_) => {
            let mut queues = queues.iter();
            let ours = queues.any(|one| one.name == name && one.found.ours().is_some());
            ours || names.queues.iter().any(|own| own == name)
        }
    }
}

async fn topic<A: Aws>(aws: &A, names: &Names, name: String, arn: String) -> Result<WholeTopic> {
    let found = Box::pin(calls::find(aws, &arn)).await?;
    let found = Found::sort(found, names, |topic| &topic.tags);
    Ok(WholeTopic { name, found })
}

async fn subscribed<A: Aws>(aws: &A, topic: String) -> Result<Vec<(String, String, Endpoint)>> {
    let found = Box::pin(calls::subscriptions(aws, &topic)).await?;
    let found = found.into_iter();
    Ok(found
        .map(|(arn, endpoint)| (arn, topic.clone(), endpoint))
        .collect())
}

async fn subscription<A: Aws>(
    aws: &A,
    arn: String,
    topic: String,
    endpoint: Endpoint,
) -> Result<Option<FoundSubscription>> {
    Box::pin(calls::find_subscription(aws, arn, &topic, endpoint)).await
}

/// The topics as a deploy of them would have left them, for a plan without an account.
pub(crate) fn after(
    topics: &[DesiredTopic],
    subscriptions: &[DesiredSubscription],
    tags: &Tags,
) -> Topics {
    let topic = |one: &DesiredTopic| WholeTopic {
        name: one.name.clone(),
        found: Found::Ours(FoundTopic {
            arn: one.arn.clone(),
            attributes: one.attributes.clone(),
            tags: tags.clone(),
        }),
    };
    let subscription = |one: &DesiredSubscription| FoundSubscription {
        arn: one.name(),
        topic: one.topic.clone(),
        endpoint: one.endpoint.clone(),
        attributes: one.attributes.clone(),
    };
    Topics {
        topics: topics.iter().map(topic).collect(),
        subscriptions: subscriptions.iter().map(subscription).collect(),
    }
}
