//! `DeleteMessage`, `ChangeMessageVisibility`, and their batches.

use serde::{Deserialize, Serialize};

use super::batch::{self, BatchOutput, Success};
use super::handle::Handle;
use super::queue::Queue;
use super::receive::in_range;
use super::{Call, Sqs, SqsError};

/// The input of both operations, and an entry of their batches.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct HandleInput {
    id: Option<String>,
    queue_url: Option<String>,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct HandleBatchInput {
    queue_url: Option<String>,
    entries: Option<Vec<HandleInput>>,
}

/// An output without members.
#[derive(Debug, Serialize)]
pub(crate) struct Nothing {}

impl Sqs {
    pub(super) fn delete_message(
        &self,
        call: &Call,
        input: &HandleInput,
    ) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "DeleteMessage", input.queue_url.as_deref())?;
        self.delete_one(&queue, input)?;
        queue.changed.notify_waiters();
        Ok(Nothing {})
    }

    pub(super) fn delete_message_batch(
        &self,
        call: &Call,
        input: &HandleBatchInput,
    ) -> Result<BatchOutput<Success>, SqsError> {
        let queue = self.queue(call, "DeleteMessage", input.queue_url.as_deref())?;
        let entry = "DeleteMessageBatchRequestEntry";
        each(&queue, input, entry, |one| self.delete_one(&queue, one))
    }

    pub(super) fn change_visibility(
        &self,
        call: &Call,
        input: &HandleInput,
    ) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "ChangeMessageVisibility", input.queue_url.as_deref())?;
        self.change_one(&queue, input)?;
        queue.changed.notify_waiters();
        Ok(Nothing {})
    }

    pub(super) fn change_visibility_batch(
        &self,
        call: &Call,
        input: &HandleBatchInput,
    ) -> Result<BatchOutput<Success>, SqsError> {
        let queue = self.queue(call, "ChangeMessageVisibility", input.queue_url.as_deref())?;
        let entry = "ChangeMessageVisibilityBatchRequestEntry";
        each(&queue, input, entry, |one| self.change_one(&queue, one))
    }

    fn delete_one(&self, queue: &Queue, input: &HandleInput) -> Result<(), SqsError> {
        let (handle, text) = handle(queue, input)?;
        queue.at(self.now()).delete(handle, text)
    }

    fn change_one(&self, queue: &Queue, input: &HandleInput) -> Result<(), SqsError> {
        let (handle, text) = handle(queue, input)?;
        let seconds = in_range(
            input
                .visibility_timeout
                .ok_or_else(|| SqsError::missing("VisibilityTimeout"))?,
            0..=43_200,
            "VisibilityTimeout",
            "VisibilityTimeout must be an integer between 0 and 43200",
        )?;
        let now = self.now();
        queue.at(now).change_visibility(handle, text, seconds, now)
    }
}

fn handle<'a>(queue: &Queue, input: &'a HandleInput) -> Result<(Handle, &'a str), SqsError> {
    let text = input
        .receipt_handle
        .as_deref()
        .ok_or_else(|| SqsError::missing("ReceiptHandle"))?;
    Ok((Handle::decode(text, queue.number)?, text))
}

/// Runs an action for each entry of a batch.
fn each(
    queue: &Queue,
    input: &HandleBatchInput,
    entry: &str,
    action: impl Fn(&HandleInput) -> Result<(), SqsError>,
) -> Result<BatchOutput<Success>, SqsError> {
    let entries = input.entries.as_deref().unwrap_or_default();
    let ids: Vec<_> = entries
        .iter()
        .map(|entry| entry.id.clone().unwrap_or_default())
        .collect();
    batch::check(&ids, entry)?;
    let mut results = BatchOutput::default();
    for (id, entry) in ids.into_iter().zip(entries) {
        match action(entry) {
            Ok(()) => results.succeed(Success { id }),
            Err(error) => results.fail(id, error),
        }
    }
    queue.changed.notify_waiters();
    Ok(results)
}
