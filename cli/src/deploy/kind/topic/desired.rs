//! What a topic and its subscriptions should be: from its table, or from its use by a function.

use std::collections::{BTreeMap, BTreeSet};

use fw_manifest::{Manifest, SourceEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    deploy::kind::{
        naming::Naming,
        queue::desired::{DesiredQueue, Sender},
    },
    error::Result,
    settings::{
        Settings,
        resources::{FilterScope, Subscribed},
    },
    values::resources::ResourceKind,
};

/// The service that sends for a topic.
pub(crate) const SERVICE: &str = "sns.amazonaws.com";

/// A topic that the deployment creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredTopic {
    /// The app's name for it.
    pub(crate) key: String,
    /// AWS's name for it.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// How it is set.
    pub(crate) attributes: Attributes,
}

/// What is set of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    /// Whether it keeps the order of its messages; never changed.
    pub(crate) fifo: bool,
    /// Whether the digest of a message tells a repeated one; of a FIFO topic alone.
    pub(crate) deduplication: bool,
    /// The key that messages are encrypted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

/// A subscription that the deployment creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredSubscription {
    /// The topic's ARN.
    pub(crate) topic: String,
    /// Where it leads.
    pub(crate) endpoint: Endpoint,
    /// How it is set.
    pub(crate) attributes: SubscriptionAttributes,
}

/// Where a subscription leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Endpoint {
    /// A function's alias, by ARN.
    Lambda(String),
    /// A queue, by ARN.
    Sqs(String),
}

impl Endpoint {
    /// SNS's word for it, and the ARN.
    pub(crate) fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Lambda(arn) => ("lambda", arn),
            Self::Sqs(arn) => ("sqs", arn),
        }
    }

    /// The name of the function or queue.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Lambda(arn) => arn.split(':').nth(6).unwrap_or_default(),
            Self::Sqs(arn) => arn.rsplit(':').next().unwrap_or_default(),
        }
    }
}

/// What is set of a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SubscriptionAttributes {
    /// Which messages it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<Value>,
    /// Whether the filter looks at the message, and not at its attributes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) body: bool,
    /// Whether it gets the message alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) raw: bool,
    /// The ARN of the queue that gets what cannot be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dead_letter: Option<String>,
}

impl DesiredSubscription {
    /// What a plan calls it.
    pub(crate) fn name(&self) -> String {
        name(&self.topic, &self.endpoint)
    }
}

/// What a plan calls a subscription: the topic, and where it leads.
pub(crate) fn name(topic: &str, endpoint: &Endpoint) -> String {
    let topic = topic.rsplit(':').next().unwrap_or_default();
    format!("{topic} → {}", endpoint.name())
}

/// The topics that the deployment creates.
///
/// # Errors
///
/// When a name is too long; exit code 65.
pub(crate) fn topics(settings: &Settings, at: &impl Naming) -> Result<Vec<DesiredTopic>> {
    let declared = settings.resources.topics.iter();
    let own = declared.filter(|(_, one)| one.existing.is_none());
    own.map(|(key, one)| {
        let arn = at.arn(ResourceKind::Topic, key)?;
        Ok(DesiredTopic {
            key: key.clone(),
            name: arn.rsplit(':').next().unwrap_or_default().to_owned(),
            attributes: Attributes {
                fifo: one.is_fifo(),
                deduplication: one.content_based_deduplication.unwrap_or_default(),
                key: one.kms_key.clone(),
            },
            arn,
        })
    })
    .collect()
}

/// The subscriptions: of the functions that have a topic as their source, and of the queues that the settings name.
///
/// # Errors
///
/// When a name is too long; exit code 65.
pub(crate) fn subscriptions(
    manifest: &Manifest,
    settings: &Settings,
    at: &impl Naming,
) -> Result<Vec<DesiredSubscription>> {
    let arn = |kind, key: &str| at.arn(kind, key);
    let attributes = |one: Subscribed<'_>| {
        let dead_letter = one.dead_letter.map(|queue| arn(ResourceKind::Queue, queue));
        Ok(SubscriptionAttributes {
            // SNS takes an empty policy for none (messaging-truth §3.2).
            filter: one
                .filter
                .filter(|policy| **policy != Value::Object(serde_json::Map::new()))
                .cloned(),
            body: one.filter.is_some() && one.scope == FilterScope::Body,
            raw: one.raw,
            dead_letter: dead_letter.transpose()?,
        })
    };
    let mut all = Vec::new();
    for source in &manifest.sources {
        let SourceEvent::Sns { topic } = &source.event else {
            continue;
        };
        let declared = settings.resources.topics.get(topic);
        let written = declared.and_then(|one| one.functions.get(&source.name));
        let written = written.cloned().unwrap_or_default();
        all.push(DesiredSubscription {
            topic: arn(ResourceKind::Topic, topic)?,
            endpoint: Endpoint::Lambda(at.alias(&at.function(&source.part()))),
            attributes: attributes(written.subscribed())?,
        });
    }
    for (topic, one) in &settings.resources.topics {
        for (queue, written) in &one.queues {
            all.push(DesiredSubscription {
                topic: arn(ResourceKind::Topic, topic)?,
                endpoint: Endpoint::Sqs(arn(ResourceKind::Queue, queue)?),
                attributes: attributes(written.subscribed())?,
            });
        }
    }
    Ok(all)
}

/// The ARNs of the topics that are there already, and have subscriptions.
pub(crate) fn existing(
    topics: &[DesiredTopic],
    subscriptions: &[DesiredSubscription],
) -> BTreeSet<String> {
    let own: BTreeSet<&String> = topics.iter().map(|one| &one.arn).collect();
    let all = subscriptions.iter().map(|one| &one.topic);
    all.filter(|topic| !own.contains(topic)).cloned().collect()
}

/// Lets topics send to the queues that they lead to, and to those of their dead letters.
pub(crate) fn send_to(
    queues: &mut [DesiredQueue],
    topics: &[DesiredTopic],
    subscriptions: &[DesiredSubscription],
    at: &impl Naming,
) {
    let mut senders: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for one in subscriptions {
        let own = topics.iter().any(|topic| topic.arn == one.topic);
        let source = match own {
            true => at.topic(&format!("{}*", at.prefix())),
            false => one.topic.clone(),
        };
        let queue = match &one.endpoint {
            Endpoint::Sqs(arn) => Some(arn),
            Endpoint::Lambda(_) => None,
        };
        for queue in queue.into_iter().chain(&one.attributes.dead_letter) {
            senders.entry(queue).or_default().insert(source.clone());
        }
    }
    for queue in queues {
        if let Some(sources) = senders.remove(&queue.arn) {
            let service = SERVICE.to_owned();
            queue.attributes.senders.push(Sender { service, sources });
        }
    }
}
