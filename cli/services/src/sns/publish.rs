//! `Publish` and `PublishBatch`.

use std::collections::HashSet;
use std::sync::Arc;

use super::message::Message;
use super::query::Output;
use super::{Call, Sns, SnsError, State, check_arn, envelope::Published};
use crate::clock;
use crate::form::Node;
use crate::ids;
use crate::sqs::{self, Sent};
use crate::targets::{Parcel, Refusal};

/// The most entries of a batch.
const MOST_ENTRIES: usize = 10;

impl Sns {
    pub(super) fn publish(
        self: &Arc<Self>,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        if parameters.text("PhoneNumber").is_some() {
            return Err(SnsError::not_implemented("SNS Publish to a phone number"));
        }
        let arn = match (parameters.text("TopicArn"), parameters.text("TargetArn")) {
            (Some(arn), _) => arn,
            (None, Some(arn)) if arn.contains(":endpoint/") => {
                return Err(SnsError::parameter(
                    "TargetArn Reason: No endpoint found for the target arn specified",
                ));
            }
            (None, Some(arn)) => arn,
            // The text is unverified.
            (None, None) => {
                return Err(SnsError::parameter(
                    "TopicArn or TargetArn Reason: no value for required parameter",
                ));
            }
        };
        check_arn("TopicArn", arn)?;
        self.admit(call, "Publish", arn)?;
        let message = Message::read(call, parameters)?;
        let mut state = self.state();
        message.check(state.topic(arn)?)?;
        let sent = self.send(&mut state, arn, &message, &call.host);
        let mut output = Output::default().with("MessageId", sent.id);
        if let Some(sequence) = sent.sequence {
            output = output.with("SequenceNumber", sequence);
        }
        Ok(output)
    }

    pub(super) fn publish_batch(
        self: &Arc<Self>,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let arn = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", arn)?;
        self.admit(call, "Publish", arn)?;
        let entries = parameters
            .child("PublishBatchRequestEntries")
            .map(Node::items)
            .unwrap_or_default();
        let mut state = self.state();
        state.topic(arn)?;
        let ids: Vec<_> = entries
            .iter()
            .map(|entry| entry.text("Id").unwrap_or_default())
            .collect();
        check_ids(&ids)?;
        let messages = entries
            .iter()
            .map(|entry| Message::read(call, entry))
            .collect::<Result<Vec<_>, _>>()?;
        let topic = state.topic(arn)?;
        let total: usize = messages.iter().map(|message| message.size).sum();
        if total > topic.largest() {
            // The text is unverified.
            return Err(SnsError::batch(
                "BatchRequestTooLong",
                "The length of all the messages put together is more than the limit.",
            ));
        }
        messages
            .iter()
            .try_for_each(|message| message.check(topic))?;
        let mut successful = Vec::new();
        for (id, message) in ids.into_iter().zip(&messages) {
            let sent = self.send(&mut state, arn, message, &call.host);
            let mut entry = Output::default().with("Id", id).with("MessageId", sent.id);
            if let Some(sequence) = sent.sequence {
                entry = entry.with("SequenceNumber", sequence);
            }
            successful.push(entry);
        }
        Ok(Output::default()
            .with_list("Failed", Vec::new())
            .with_list("Successful", successful))
    }

    /// Whether that topic exists.
    pub(crate) fn has_topic(&self, arn: &str) -> bool {
        self.state().topic(arn).is_ok()
    }

    /// Publishes a message of another service.
    ///
    /// # Errors
    /// Why the topic does not take it, or that it is not there.
    pub(crate) fn publish_from_service(
        self: &Arc<Self>,
        topic: &str,
        parcel: Parcel,
    ) -> Result<(), Refusal> {
        let message = Message::of_service(parcel);
        let mut state = self.state();
        let found = state
            .topic(topic)
            .map_err(|_| Refusal::Missing(format!("there is no topic {topic}")))?;
        message
            .check(found)
            .map_err(|error| Refusal::Invalid(error.message.into_owned()))?;
        let host = self.place.host.to_string();
        self.send(&mut state, topic, &message, &host);
        Ok(())
    }

    /// Sends a checked message to all subscriptions of a topic, unless it was sent before.
    fn send(self: &Arc<Self>, state: &mut State, arn: &str, message: &Message, host: &str) -> Sent {
        let now = self.now();
        let mut sent = Sent {
            id: ids::uuid(),
            sequence: None,
        };
        let Ok(topic) = state.topic(arn) else {
            return sent;
        };
        let mut deduplication_id = None;
        if topic.is_fifo {
            let id = message
                .deduplication_id
                .clone()
                .unwrap_or_else(|| sqs::content_id(&message.default));
            topic.deduplication.pass(now);
            let key = topic.deduplication.key(&id, message.group.as_deref());
            if let Some(before) = topic.deduplication.find(&key) {
                return before.clone();
            }
            topic.published += 1;
            // Twenty digits that grow, as AWS's do.
            let sequence = 10_000_000_000_000_000_000 + u128::from(topic.published);
            sent.sequence = Some(sequence.to_string());
            topic.deduplication.remember(key, sent.clone(), now);
            deduplication_id = Some(id);
        }
        let published = Published {
            id: sent.id.clone(),
            sequence: sent.sequence.clone(),
            timestamp: clock::timestamp(now),
            host: host.to_owned(),
            version: topic.get("SignatureVersion").unwrap_or_else(|| "1".into()),
        };
        let policy = topic.delivery_policy();
        let arns = topic.subscriptions.clone();
        let subscriptions = arns.iter().filter_map(|arn| state.subscriptions.get(arn));
        for subscription in subscriptions.filter(|subscription| !subscription.is_pending) {
            let text = message.text(&subscription.protocol);
            if subscription.accepts(text, &message.attributes) {
                let id = deduplication_id.as_deref();
                self.deliver(&published, subscription, message, id, &policy);
            }
        }
        sent
    }
}

/// Checks the ids of a batch.
fn check_ids(ids: &[&str]) -> Result<(), SnsError> {
    if ids.is_empty() {
        // The text is unverified.
        return Err(SnsError::batch(
            "EmptyBatchRequest",
            "The batch request doesn't contain any entries.",
        ));
    }
    if ids.len() > MOST_ENTRIES {
        return Err(SnsError::batch(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible.",
        ));
    }
    let mut seen = HashSet::new();
    for id in ids {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.len() > 80 {
            return Err(SnsError::batch(
                "InvalidBatchEntryId",
                format!("The Id of a batch entry in the batch request is too long: {id}"),
            ));
        }
        if id.is_empty() || !id.bytes().all(is_allowed) {
            return Err(SnsError::batch(
                "InvalidBatchEntryId",
                format!(
                    "The Id of a batch entry in the batch request contains an impermissible character: {id}"
                ),
            ));
        }
        if !seen.insert(id) {
            return Err(SnsError::batch(
                "BatchEntryIdsNotDistinct",
                "Two or more batch entries in the request have the same Id.",
            ));
        }
    }
    Ok(())
}
