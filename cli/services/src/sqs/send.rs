//! `SendMessage` and `SendMessageBatch`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::attributes::LARGEST_MESSAGE;
use super::batch::{self, BatchOutput};
use super::message::{self, AttributeMap, Draft};
use super::queue::{Sent, State};
use super::{Call, Sqs, SqsError};

/// The input of `SendMessage`, and an entry of a batch.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SendInput {
    id: Option<String>,
    queue_url: Option<String>,
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    message_attributes: Option<AttributeMap>,
    message_system_attributes: Option<AttributeMap>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SendBatchInput {
    queue_url: Option<String>,
    entries: Option<Vec<SendInput>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SendOutput {
    #[serde(rename = "Id", skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    #[serde(rename = "MD5OfMessageBody")]
    body_md5: String,
    #[serde(
        rename = "MD5OfMessageAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    attributes_md5: Option<String>,
    #[serde(
        rename = "MD5OfMessageSystemAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    system_md5: Option<String>,
    #[serde(rename = "MessageId")]
    id: String,
    #[serde(rename = "SequenceNumber", skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
}

/// The digests of a draft. They are of this request even if the message was sent before.
struct Digests {
    body: String,
    attributes: Option<String>,
    system: Option<String>,
}

impl Sqs {
    pub(super) fn send_message(
        &self,
        call: &Call,
        input: SendInput,
    ) -> Result<SendOutput, SqsError> {
        let queue = self.queue(call, "SendMessage", input.queue_url.as_deref())?;
        let draft = draft(call, input)?;
        let digests = digests(&draft);
        let now = self.now();
        let mut state = queue.at(now);
        state.check_size(&draft).map_err(|reason| {
            SqsError::parameter(format!(
                "One or more parameters are invalid. Reason: {reason}"
            ))
        })?;
        check_order(&state, &draft, SqsError::missing("MessageGroupId"))?;
        check_type(&state, &draft)?;
        let sent = state.send(draft, &self.place.account, now);
        drop(state);
        queue.changed.notify_waiters();
        Ok(output(None, digests, sent))
    }

    pub(super) fn send_message_batch(
        &self,
        call: &Call,
        input: SendBatchInput,
    ) -> Result<BatchOutput<SendOutput>, SqsError> {
        let queue = self.queue(call, "SendMessage", input.queue_url.as_deref())?;
        let mut entries = input.entries.unwrap_or_default();
        let ids = entries
            .iter_mut()
            .map(|entry| entry.id.take().unwrap_or_default())
            .collect::<Vec<_>>();
        batch::check(&ids, "SendMessageBatchRequestEntry")?;
        let drafts: Vec<_> = entries
            .into_iter()
            .map(|entry| draft(call, entry))
            .collect();
        let total: usize = drafts.iter().flatten().map(Draft::size).sum();
        if total as u64 > LARGEST_MESSAGE {
            return Err(SqsError::batch_too_long(total));
        }
        let now = self.now();
        let mut state = queue.at(now);
        for draft in drafts.iter().flatten() {
            // Here a missing group is a wrong value, and fails the whole request.
            let no_group =
                SqsError::parameter("The request must contain the parameter MessageGroupId.");
            check_order(&state, draft, no_group)?;
        }
        let mut results = BatchOutput::default();
        for (id, draft) in ids.into_iter().zip(drafts) {
            let checked = draft.and_then(|draft| {
                state.check_size(&draft).map_err(|reason| {
                    SqsError::parameter(format!(
                        "One or more parameters cannot be validated. Reason: {reason}"
                    ))
                })?;
                check_type(&state, &draft)?;
                Ok(draft)
            });
            match checked {
                Ok(draft) => {
                    let digests = digests(&draft);
                    let sent = state.send(draft, &self.place.account, now);
                    results.succeed(output(Some(id), digests, sent));
                }
                Err(error) => results.fail(id, error),
            }
        }
        drop(state);
        queue.changed.notify_waiters();
        Ok(results)
    }
}

fn output(entry: Option<String>, digests: Digests, sent: Sent) -> SendOutput {
    SendOutput {
        entry,
        body_md5: digests.body,
        attributes_md5: digests.attributes,
        system_md5: digests.system,
        id: sent.id,
        sequence: sent.sequence,
    }
}

fn digests(draft: &Draft) -> Digests {
    let trace = draft.trace.as_ref().filter(|_| draft.trace_is_attribute);
    Digests {
        body: message::md5_of(draft.body.as_bytes()),
        attributes: message::md5_of_attributes(
            draft
                .attributes
                .iter()
                .map(|(name, value)| (name.as_str(), value)),
        ),
        system: trace.and_then(|trace| message::md5_of_trace(trace)),
    }
}

/// Checks what does not depend on the queue.
fn draft(call: &Call, input: SendInput) -> Result<Draft, SqsError> {
    message::check_body(input.message_body.as_deref())?;
    let attributes = input.message_attributes.unwrap_or_default();
    message::check_attributes(&attributes)?;
    let trace = trace(input.message_system_attributes.unwrap_or_default())?;
    if let Some(group) = &input.message_group_id {
        check_id("MessageGroupId", group)?;
    }
    if let Some(id) = &input.message_deduplication_id {
        check_id("MessageDeduplicationId", id)?;
    }
    let delay_s = input
        .delay_seconds
        .map(|delay| {
            u64::try_from(delay)
                .ok()
                .filter(|delay| *delay <= 900)
                .ok_or_else(|| {
                    let reason = "DelaySeconds must be >= 0 and <= 900.";
                    SqsError::value(&delay.to_string(), "DelaySeconds", reason)
                })
        })
        .transpose()?;
    Ok(Draft {
        body: input.message_body.unwrap_or_default(),
        attributes,
        trace_is_attribute: trace.is_some(),
        trace: trace.or_else(|| call.trace.clone()),
        group: input.message_group_id,
        deduplication_id: input.message_deduplication_id,
        delay_s,
    })
}

/// The trace header of the system attributes, which is the only one that clients can send.
fn trace(attributes: AttributeMap) -> Result<Option<String>, SqsError> {
    let mut attributes: BTreeMap<_, _> = attributes;
    let trace = attributes.remove("AWSTraceHeader");
    if let Some(name) = attributes.keys().next() {
        return Err(SqsError::parameter(format!(
            "Message system attribute name '{name}' is invalid."
        )));
    }
    trace
        .map(|value| {
            value
                .string_value
                .filter(|text| value.data_type == "String" && !text.is_empty())
                .ok_or_else(|| {
                    SqsError::parameter(
                        "Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.",
                    )
                })
        })
        .transpose()
}

/// Checks a group or a deduplication id: 1 to 128 letters, digits and punctuation characters.
fn check_id(parameter: &str, id: &str) -> Result<(), SqsError> {
    if (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!(
        "{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
    );
    Err(SqsError::value(id, parameter, &reason))
}

/// Checks what a FIFO queue needs to order and deduplicate messages.
fn check_order(state: &State, draft: &Draft, no_group: SqsError) -> Result<(), SqsError> {
    let Some(fifo) = &state.attributes.fifo else {
        return Ok(());
    };
    if draft.group.is_none() {
        return Err(no_group);
    }
    if draft.deduplication_id.is_none() && !fifo.by_content {
        return Err(SqsError::parameter(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        ));
    }
    Ok(())
}

/// Checks that each parameter is one of the queue's type.
fn check_type(state: &State, draft: &Draft) -> Result<(), SqsError> {
    let reason = "The request include parameter that is not valid for this queue type.";
    match (state.is_fifo(), draft.delay_s, &draft.deduplication_id) {
        (true, Some(delay @ 1..), _) => {
            Err(SqsError::value(&delay.to_string(), "DelaySeconds", reason))
        }
        // Unverified: AWS documents that the id applies to FIFO queues only.
        (false, _, Some(id)) => Err(SqsError::value(id, "MessageDeduplicationId", reason)),
        _ => Ok(()),
    }
}
