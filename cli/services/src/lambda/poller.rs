//! Pollers: they receive batches for a mapping, call its function, and delete what is done.

use std::sync::{Arc, Weak};

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::asynchronous::error_message;
use super::mapping::{Mapping, Settings};
use super::{Lambda, batch, stream_poller};
use crate::deliveries::{Delivery, DeliveryOutcome};
use crate::functions::Outcome;
use crate::ids;
use crate::sqs::{Queue, Taken, Want};

/// How many batches a mapping starts with at a time, by how many it grows in a second, and how many it reaches.
const FIRST_CONCURRENCY: usize = 5;
const MOST_CONCURRENCY: usize = 1000;
/// The most messages of one receive.
const MOST_RECEIVED: usize = 10;
/// How long a receive waits for messages. It is renewed, so that it only bounds a mapping that nobody needs.
const WAIT_MS: u64 = 24 * 3600 * 1000;
/// How often a mapping looks for a queue that is gone.
const MISSING_MS: u64 = 10_000;
/// The most bytes of messages in a batch: the largest event is 6 MB.
const LARGEST_BATCH: usize = 6_000_000;

/// Starts the poller of a mapping, in place of an earlier one.
pub(super) fn start(lambda: &Arc<Lambda>, mapping: &Arc<Mapping>) {
    let settings = mapping.settings();
    if settings.enabled {
        let (weak, source) = (Arc::downgrade(lambda), Arc::downgrade(mapping));
        let task = match &settings.stream {
            Some(_) => tokio::spawn(stream_poller::poll(weak, source, settings)),
            None => tokio::spawn(poll(weak, settings)),
        };
        mapping.set_poller(task.abort_handle());
    }
}

/// Receives batch after batch, and runs each in a task of its own.
async fn poll(lambda: Weak<Lambda>, settings: Arc<Settings>) {
    let limit = settings.maximum_concurrency.map(|most| most as usize);
    let permits = Arc::new(Semaphore::new(limit.unwrap_or(FIRST_CONCURRENCY)));
    let mut concurrency = FIRST_CONCURRENCY;
    loop {
        let Some(lambda) = lambda.upgrade() else {
            return;
        };
        let Some(queue) = lambda.sqs.by_arn(&settings.queue) else {
            let due = lambda.now() + MISSING_MS;
            lambda.place.clock.sleep_until(due).await;
            continue;
        };
        let permit = permit(&lambda, &permits, limit, &mut concurrency).await;
        let batch = gather(&lambda, &queue, &settings).await;
        if let (Some(permit), false) = (permit, batch.is_empty()) {
            let settings = Arc::clone(&settings);
            tokio::spawn(async move { deliver(&lambda, &queue, &settings, batch, permit).await });
        }
    }
}

/// Waits until another batch may run. Without a limit the concurrency grows while batches wait.
async fn permit(
    lambda: &Lambda,
    permits: &Arc<Semaphore>,
    limit: Option<usize>,
    concurrency: &mut usize,
) -> Option<OwnedSemaphorePermit> {
    loop {
        let due = lambda.now() + 1000;
        tokio::select! {
            permit = Arc::clone(permits).acquire_owned() => return permit.ok(),
            () = lambda.place.clock.sleep_until(due), if limit.is_none() && *concurrency < MOST_CONCURRENCY => {
                *concurrency += FIRST_CONCURRENCY;
                permits.add_permits(FIRST_CONCURRENCY);
            }
        }
    }
}

/// Receives a batch: what one receive brings, or all that comes within the window. Messages that the filters reject are deleted.
async fn gather(lambda: &Lambda, queue: &Arc<Queue>, settings: &Settings) -> Vec<Taken> {
    let mut batch: Vec<Taken> = Vec::new();
    let mut bytes = 0;
    let mut ends = lambda.now() + WAIT_MS;
    loop {
        let want = Want {
            most: (settings.batch_size - batch.len()).min(MOST_RECEIVED),
            ..Want::default()
        };
        let Ok(taken) = lambda.sqs.wait_until(queue, &want, ends).await else {
            // The queue was deleted, or too much of it is in flight.
            let due = lambda.now() + 1000;
            lambda.place.clock.sleep_until(due).await;
            return batch;
        };
        if taken.is_empty() {
            return batch;
        }
        if batch.is_empty() {
            ends = lambda.now() + settings.window_s * 1000;
        }
        for message in taken {
            if settings.accepts(&message.held.content.body) {
                bytes += message.held.content.body.len();
                batch.push(message);
            } else {
                delete(lambda, queue, &message);
            }
        }
        let is_over = lambda.now() >= ends;
        if batch.len() >= settings.batch_size || bytes >= LARGEST_BATCH || is_over {
            return batch;
        }
    }
}

/// Calls the function with a batch, in several calls if it is too large for one.
async fn deliver(
    lambda: &Lambda,
    queue: &Queue,
    settings: &Settings,
    messages: Vec<Taken>,
    permit: OwnedSemaphorePermit,
) {
    let is_fifo = queue.name.ends_with(".fifo");
    for part in batch::parts(messages, LARGEST_BATCH) {
        let event = batch::event(
            &part,
            &queue.arn,
            &lambda.place.region,
            settings.window_s > 0,
        );
        let request_id = ids::uuid();
        let outcome = lambda.call(&settings.function, event, &request_id).await;
        let failed = failures(&outcome, settings.reports_failures, &part);
        let reason = match &outcome {
            Outcome::Returned(_) if failed.is_empty() => None,
            Outcome::Throttled => None,
            Outcome::Returned(_) | Outcome::Failed(_) => lambda.functions.reason(&request_id),
        };
        let outcome = what_became(&outcome, failed.len(), part.len(), reason);
        log(lambda, queue, settings, &part, outcome);
        for message in &part {
            if !failed.contains(&message.held.content.id.as_str()) {
                delete(lambda, queue, message);
            }
        }
        // What follows in the same group must not overtake what failed.
        if is_fifo && !failed.is_empty() {
            break;
        }
    }
    drop(permit);
}

/// Writes what became of a batch to the log.
fn log(
    lambda: &Lambda,
    queue: &Queue,
    settings: &Settings,
    part: &[Taken],
    outcome: DeliveryOutcome,
) {
    lambda.place.deliveries.write(|| Delivery {
        at_ms: lambda.now(),
        source: queue.arn.to_string(),
        target: settings.function_arn.clone(),
        attempt: part.iter().map(|one| one.held.receives).max().unwrap_or(1),
        outcome,
    });
}

/// What became of a batch of `all` messages of which `failed` come again.
fn what_became(
    outcome: &Outcome,
    failed: usize,
    all: usize,
    reason: Option<String>,
) -> DeliveryOutcome {
    let reason = match outcome {
        Outcome::Returned(_) if failed == 0 => return DeliveryOutcome::Delivered,
        Outcome::Throttled => "the function has no free instance".into(),
        Outcome::Failed(document) => reason.unwrap_or_else(|| error_message(Some(document))),
        Outcome::Returned(_) => match reason {
            Some(reason) if all == 1 => reason,
            Some(reason) => format!("{failed} of {all} messages: {reason}"),
            None => format!("{failed} of {all} messages were reported as failed"),
        },
    };
    DeliveryOutcome::Failed { reason }
}

/// The ids of the messages that stay in the queue.
fn failures<'a>(outcome: &Outcome, reports: bool, batch: &'a [Taken]) -> Vec<&'a str> {
    let all = || batch.iter().map(|message| message.held.content.id.as_str());
    let payload = match outcome {
        Outcome::Returned(_) if !reports => return Vec::new(),
        Outcome::Returned(payload) => payload,
        Outcome::Failed(_) | Outcome::Throttled => return all().collect(),
    };
    match reported(payload) {
        Some(reported) if reported.iter().all(|id| all().any(|one| one == id)) => all()
            .filter(|id| reported.iter().any(|one| one == id))
            .collect(),
        _ => all().collect(),
    }
}

/// The ids in a partial batch answer, or `None` if it is malformed.
pub(super) fn reported(payload: &[u8]) -> Option<Vec<String>> {
    if payload.is_empty() {
        return Some(Vec::new());
    }
    let list = match serde_json::from_slice(payload).ok()? {
        Value::Null => return Some(Vec::new()),
        Value::Object(mut answer) => answer.remove("batchItemFailures"),
        _ => return None,
    };
    match list {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| {
                let id = item.get("itemIdentifier")?.as_str()?;
                (!id.is_empty()).then(|| id.to_owned())
            })
            .collect(),
        Some(_) => None,
    }
}

/// Deletes a message. If its visibility ended meanwhile, a FIFO queue keeps it.
fn delete(lambda: &Lambda, queue: &Queue, message: &Taken) {
    lambda.sqs.delete_taken(queue, message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_reason_that_is_known() {
        let reason = |outcome: &Outcome, failed, all, known: Option<&str>| match what_became(
            outcome,
            failed,
            all,
            known.map(str::to_owned),
        ) {
            DeliveryOutcome::Failed { reason } => reason,
            other => panic!("{other:?}"),
        };
        let returned = Outcome::Returned("{}".into());
        assert_eq!(
            what_became(&returned, 0, 2, None),
            DeliveryOutcome::Delivered
        );
        assert_eq!(
            reason(&returned, 1, 2, None),
            "1 of 2 messages were reported as failed"
        );
        assert_eq!(
            reason(&returned, 1, 2, Some("sold out")),
            "1 of 2 messages: sold out"
        );
        assert_eq!(reason(&returned, 1, 1, Some("sold out")), "sold out");
        let failed = Outcome::Failed(r#"{"errorMessage":"a panic"}"#.into());
        assert_eq!(reason(&failed, 2, 2, None), "a panic");
        assert_eq!(reason(&failed, 2, 2, Some("thirteen")), "thirteen");
    }

    #[test]
    fn partial_batch_answers_are_read_as_lambda_reads_them() {
        let none = Some(Vec::new());
        for text in [
            "",
            "null",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
            r#"{"statusCode":200}"#,
        ] {
            assert_eq!(reported(text.as_bytes()), none, "{text}");
        }
        for text in [
            "\"x\"",
            "not json",
            r#"{"batchItemFailures":1}"#,
            r#"{"batchItemFailures":[{"foo":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
        ] {
            assert_eq!(reported(text.as_bytes()), None, "{text}");
        }
        let one = reported(br#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#);
        assert_eq!(one, Some(vec!["a".to_owned()]));
    }
}
