//! What a queue should be: from its table, or from defaults.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Failure, Result},
    settings::{Settings, resources::QueueSettings},
    values::resources::Arn,
};

/// Seconds that a message is hidden where nothing is set (SQS API reference, `CreateQueue`).
const VISIBILITY_TIMEOUT: u32 = 30;
/// Seconds that a message is kept where nothing is set: four days (SQS API reference, `CreateQueue`).
const RETENTION: u32 = 345_600;

/// A queue that the deployment creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredQueue {
    /// The app's name for it.
    pub(crate) key: String,
    /// AWS's name for it.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// How it is set.
    pub(crate) attributes: Attributes,
}

/// What is set of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    /// Whether it keeps the order of its messages; never changed.
    pub(crate) fifo: bool,
    /// Seconds that a received message is hidden from others.
    pub(crate) visibility_timeout: u32,
    /// Seconds before a new message can be received.
    pub(crate) delay: u32,
    /// Seconds that a message is kept.
    pub(crate) retention: u32,
    /// Where the messages go that nobody could handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dead_letter: Option<DeadLetter>,
    /// Whether the digest of a body tells a repeated message; of a FIFO queue alone.
    pub(crate) deduplication: bool,
    /// What encrypts the messages.
    pub(crate) encryption: Encryption,
    /// The services that may send to it for what the deployment has of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) senders: Vec<Sender>,
}

/// A service that may send to a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sender {
    /// The service: `sns.amazonaws.com`.
    pub(crate) service: String,
    /// The ARN patterns of what it may send for.
    pub(crate) sources: BTreeSet<String>,
}

/// What SQS takes where nothing is said.
impl Default for Attributes {
    fn default() -> Self {
        Self {
            fifo: false,
            visibility_timeout: VISIBILITY_TIMEOUT,
            delay: 0,
            retention: RETENTION,
            dead_letter: None,
            deduplication: false,
            encryption: Encryption::Sqs,
            senders: Vec::new(),
        }
    }
}

/// Where messages go that nobody could handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeadLetter {
    /// The queue's ARN.
    pub(crate) queue: String,
    /// After how many receives.
    pub(crate) receives: u32,
}

/// What encrypts a queue's messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encryption {
    /// SQS's own key.
    #[default]
    Sqs,
    /// A key of KMS, as the queue names it.
    Kms(String),
    /// Nothing: somebody switched it off.
    Off,
}

impl DesiredQueue {
    /// Its URL.
    pub(crate) fn url(&self) -> String {
        url(&self.arn)
    }
}

/// The URL of the queue of that ARN.
pub(crate) fn url(arn: &str) -> String {
    Arn::of(arn).map_or_else(String::new, |arn| arn.queue_url())
}

/// The queues that the deployment creates, each behind the one that its dead letters go to. `readers` has the timeout in seconds of
/// the function that reads a queue, by the app's name for the queue; `arn` gives the ARN of what the app calls so.
///
/// # Errors
///
/// When a name is too long, or AWS would refuse that a function reads a queue since it hides a message for less time than the function
/// may take; exit code 65.
pub(crate) fn queues(
    settings: &Settings,
    readers: &BTreeMap<&str, u32>,
    arn: impl Fn(&str) -> Result<String>,
) -> Result<Vec<DesiredQueue>> {
    let declared = &settings.resources.queues;
    let mut all = Vec::new();
    for (key, one) in declared.iter().filter(|(_, one)| one.existing.is_none()) {
        let timeout = readers.get(key.as_str()).copied();
        visible(key, one, timeout)?;
        let arn_of_it = arn(key)?;
        let name = arn_of_it.rsplit(':').next().unwrap_or_default();
        let defaults = Attributes::default();
        let hidden = timeout.map_or(defaults.visibility_timeout, QueueSettings::hidden_for);
        let dead_letter = match &one.dead_letter {
            None => None,
            Some(target) => Some(DeadLetter {
                queue: arn(target)?,
                receives: one.max_receives.unwrap_or(QueueSettings::MAX_RECEIVES),
            }),
        };
        all.push(DesiredQueue {
            key: key.clone(),
            name: name.to_owned(),
            attributes: Attributes {
                fifo: one.is_fifo(),
                visibility_timeout: one.visibility_timeout.unwrap_or(hidden),
                delay: one.delay.unwrap_or(defaults.delay),
                retention: one.retention.unwrap_or(defaults.retention),
                dead_letter,
                deduplication: one.content_based_deduplication.unwrap_or_default(),
                encryption: match &one.kms_key {
                    Some(key) => Encryption::Kms(key.clone()),
                    None => defaults.encryption,
                },
                senders: defaults.senders,
            },
            arn: arn_of_it,
        });
    }
    all.sort_by_key(|one| depth(&one.key, declared));
    Ok(all)
}

/// How many queues a message may still go on to.
fn depth(key: &str, declared: &BTreeMap<String, QueueSettings>) -> usize {
    let next = declared.get(key).and_then(|one| one.dead_letter.as_deref());
    // The settings have no circle.
    next.map_or(0, |next| 1 + depth(next, declared))
}

/// Refuses a queue that shows a message again while the function may still be at it (Lambda's own words for that: messaging-truth §5,
/// "Errors").
fn visible(key: &str, one: &QueueSettings, timeout: Option<u32>) -> Result<()> {
    let (Some(timeout), Some(hidden)) = (timeout, one.visibility_timeout) else {
        return Ok(());
    };
    if hidden >= timeout {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`queues.{key}.visibility_timeout` is shorter than the timeout of the function that reads it: {hidden} s"
    ))
    .because_of(format!(
        "the function may take {timeout} s, and AWS refuses a queue that shows a message again before that"
    ))
    .hint(format!(
        "write `visibility_timeout = {}`, six times the timeout, or leave it out",
        QueueSettings::hidden_for(timeout)
    )))
}
