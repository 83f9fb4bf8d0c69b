//! `ReceiveMessage`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::attributes::SETTINGS;
use super::message::{self, AttributeValue};
use super::queue::{Queue, Received, Taken, Want};
use super::{Call, Sqs, SqsError};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ReceiveInput {
    queue_url: Option<String>,
    attribute_names: Option<Vec<String>>,
    message_system_attribute_names: Option<Vec<String>>,
    message_attribute_names: Option<Vec<String>>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiveOutput {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<MessageOutput>,
}

#[derive(Debug, Serialize)]
struct MessageOutput {
    #[serde(rename = "MessageId")]
    id: String,
    #[serde(rename = "ReceiptHandle")]
    handle: String,
    #[serde(rename = "MD5OfBody")]
    body_md5: String,
    #[serde(rename = "Body")]
    body: String,
    #[serde(rename = "Attributes", skip_serializing_if = "BTreeMap::is_empty")]
    system: BTreeMap<&'static str, String>,
    #[serde(
        rename = "MD5OfMessageAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    attributes_md5: Option<String>,
    #[serde(
        rename = "MessageAttributes",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    attributes: BTreeMap<String, AttributeValue>,
}

/// The system attributes of messages.
const SYSTEM: [&str; 10] = [
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
    "All",
];

impl Sqs {
    pub(super) async fn receive_message(
        &self,
        call: &Call,
        input: ReceiveInput,
    ) -> Result<ReceiveOutput, SqsError> {
        let queue = self.queue(call, "ReceiveMessage", input.queue_url.as_deref())?;
        let most = in_range(
            input.max_number_of_messages.unwrap_or(1),
            1..=10,
            "MaxNumberOfMessages",
            "Must be between 1 and 10, if provided.",
        )?;
        let wait_s = input
            .wait_time_seconds
            .map(|wait| {
                let reason = "Must be >= 0 and <= 20, if provided.";
                in_range(wait, 0..=20, "WaitTimeSeconds", reason)
            })
            .transpose()?;
        let visibility_s = input
            .visibility_timeout
            .map(|timeout| {
                let reason = "Must be >= 0 and <= 43200, if provided.";
                in_range(timeout, 0..=43_200, "VisibilityTimeout", reason)
            })
            .transpose()?;
        let mut system = input.attribute_names.unwrap_or_default();
        system.extend(input.message_system_attribute_names.unwrap_or_default());
        if let Some(unknown) = system.iter().find(|name| !is_known(name)) {
            return Err(SqsError::unknown_attribute(unknown));
        }
        let want = Want {
            most: usize::try_from(most).unwrap_or(1),
            visibility_s,
            attempt: input.receive_request_attempt_id,
        };
        let start = self.now();
        let wait_s = wait_s.unwrap_or_else(|| queue.at(start).attributes.wait_s);
        let taken = self
            .wait_until(&queue, &want, start + wait_s * 1000)
            .await?;
        let names = input.message_attribute_names.unwrap_or_default();
        let messages = taken
            .into_iter()
            .map(|taken| show(taken, &system, &names))
            .collect();
        Ok(ReceiveOutput { messages })
    }

    /// Receives messages. If none is visible, it waits for the first until that time, in milliseconds.
    pub(crate) async fn wait_until(
        &self,
        queue: &Arc<Queue>,
        want: &Want,
        ends: u64,
    ) -> Result<Vec<Taken>, SqsError> {
        loop {
            let changed = queue.changed.notified();
            tokio::pin!(changed);
            // From here on a change is noticed, also one before the wait.
            changed.as_mut().enable();
            let now = self.now();
            let received = self.take(queue, want, now)?;
            if !received.taken.is_empty() || now >= ends {
                return Ok(received.taken);
            }
            let due = received.next_ms.map_or(ends, |next| next.min(ends));
            tokio::select! {
                () = changed => {}
                () = self.place.clock.sleep_until(due) => {}
            }
        }
    }

    /// Receives messages that are visible now, and moves those that were received too often.
    pub(crate) fn take(
        &self,
        queue: &Arc<Queue>,
        want: &Want,
        now_ms: u64,
    ) -> Result<Received, SqsError> {
        let dead_letters = self.dead_letter_queue(queue);
        let mut received =
            queue
                .at(now_ms)
                .receive(queue.number, want, dead_letters.is_some(), now_ms)?;
        if !received.taken.is_empty() || !received.dead.is_empty() {
            self.touch();
        }
        if let (Some(target), false) = (dead_letters, received.dead.is_empty()) {
            self.bury(queue, &target, std::mem::take(&mut received.dead));
        }
        Ok(received)
    }
}

/// Names of queue attributes are accepted here as well: the parameter once had their type.
fn is_known(name: &str) -> bool {
    SYSTEM.contains(&name) || SETTINGS.contains(&name) || super::manage::MEASURES.contains(&name)
}

pub(super) fn in_range(
    value: i64,
    range: std::ops::RangeInclusive<i64>,
    parameter: &str,
    reason: &str,
) -> Result<u64, SqsError> {
    if range.contains(&value) {
        u64::try_from(value).map_err(|_| SqsError::value(&value.to_string(), parameter, reason))
    } else {
        Err(SqsError::value(&value.to_string(), parameter, reason))
    }
}

fn show(taken: Taken, system: &[String], names: &[String]) -> MessageOutput {
    let content = &taken.held.content;
    let attributes: BTreeMap<_, _> = content
        .attributes
        .iter()
        .filter(|(name, _)| is_asked_for(name, names))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let attributes_md5 = message::md5_of_attributes(
        attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value)),
    );
    let mut system_attributes = system_attributes(&taken);
    if !system.iter().any(|name| name == "All") {
        system_attributes.retain(|name, _| system.iter().any(|asked| asked == name));
    }
    MessageOutput {
        id: content.id.clone(),
        body_md5: content.body_md5.clone(),
        body: content.body.clone(),
        system: system_attributes,
        attributes_md5,
        attributes,
        handle: taken.handle,
    }
}

/// The system attributes that the message has.
pub(crate) fn system_attributes(taken: &Taken) -> BTreeMap<&'static str, String> {
    let held = &taken.held;
    let content = &held.content;
    let mut attributes = BTreeMap::from([
        ("SenderId", content.sender.clone()),
        ("SentTimestamp", held.sent_ms.to_string()),
        ("ApproximateReceiveCount", held.receives.to_string()),
        (
            "ApproximateFirstReceiveTimestamp",
            held.first_received_ms.unwrap_or(held.sent_ms).to_string(),
        ),
    ]);
    let optional = [
        ("SequenceNumber", content.sequence.as_deref()),
        (
            "MessageDeduplicationId",
            content.deduplication_id.as_deref(),
        ),
        ("MessageGroupId", content.group.as_deref()),
        ("AWSTraceHeader", content.trace.as_deref()),
        ("DeadLetterQueueSourceArn", held.source.as_deref()),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            attributes.insert(name, value.to_owned());
        }
    }
    attributes
}

/// Whether a message attribute is asked for: by its name, by a prefix with `.*`, or with all others.
fn is_asked_for(name: &str, names: &[String]) -> bool {
    names.iter().any(|asked| match asked.as_str() {
        "All" | "*" => true,
        asked => asked
            .strip_suffix(".*")
            .map_or(asked == name, |prefix| name.starts_with(prefix)),
    })
}
