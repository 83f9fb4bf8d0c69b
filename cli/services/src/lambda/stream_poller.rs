//! Pollers of streams: they read records in their order, call the function, and note how far it is done.
//!
//! A batch that fails is tried again before anything that follows it, until it succeeds, its retries are used up or it is too old
//! (Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB"). With a factor above 1, records are shared out to so many lanes by
//! their keys, and a lane waits only for its own batch.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::asynchronous::error_message;
use super::mapping::{Mapping, Settings};
use super::stream::StreamSettings;
use super::{Lambda, poller};
use crate::deliveries::{Delivery, DeliveryOutcome};
use crate::functions::Outcome;
use crate::tables::{StreamPage, StreamRecord};
use crate::targets::Parcel;
use crate::{clock, ids};

/// How often a stream is read although nothing says that it has changed, and looked for if it is gone.
const WAIT_MS: u64 = 10_000;
/// The wait before the second attempt, and the longest. How long Lambda waits is unverified: it is not documented.
const FIRST_BACK_OFF_MS: u64 = 100;
const LONGEST_BACK_OFF_MS: u64 = 60_000;

/// Reads batch after batch.
pub(super) async fn poll(lambda: Weak<Lambda>, mapping: Weak<Mapping>, settings: Arc<Settings>) {
    let Some(mut changes) = lambda.upgrade().and_then(|lambda| {
        let tables = lambda.tables.as_ref()?;
        Some(tables.changes())
    }) else {
        return;
    };
    loop {
        let (Some(lambda), Some(mapping)) = (lambda.upgrade(), mapping.upgrade()) else {
            return;
        };
        let Some(stream) = settings.stream.clone() else {
            return;
        };
        let most = settings.batch_size * stream.factor as usize;
        let page = gather(&lambda, &mapping, &settings, most, &mut changes).await;
        let Some(page) = page.filter(|page| !page.records.is_empty()) else {
            wait(&lambda, &mut changes, lambda.now() + WAIT_MS).await;
            continue;
        };
        let last = page.last;
        deliver(&lambda, &settings, &stream, page).await;
        mapping.set_position(Some(last));
        lambda.touch();
    }
}

/// Waits for a change, or until then.
async fn wait(lambda: &Lambda, changes: &mut watch::Receiver<u64>, until_ms: u64) {
    tokio::select! {
        _ = changes.changed() => {}
        () = lambda.place.clock.sleep_until(until_ms) => {}
    }
}

/// Reads what follows the mapping's position: what is there, or all that comes within the window.
async fn gather(
    lambda: &Lambda,
    mapping: &Mapping,
    settings: &Settings,
    most: usize,
    changes: &mut watch::Receiver<u64>,
) -> Option<StreamPage> {
    let tables = lambda.tables.as_ref()?;
    let mut ends = None;
    loop {
        // Seen before the stream is read, so that no change is missed.
        changes.borrow_and_update();
        let after = match mapping.position() {
            Some(position) => position,
            None => lambda.position(settings)?,
        };
        let page = tables.read_stream(&settings.queue, after, most).await?;
        if page.records.is_empty() {
            // Writes that changed nothing.
            mapping.set_position(Some(page.last));
            return Some(page);
        }
        let ends_ms = *ends.get_or_insert_with(|| lambda.now() + settings.window_s * 1000);
        if page.records.len() >= most || lambda.now() >= ends_ms {
            return Some(page);
        }
        wait(lambda, changes, ends_ms).await;
    }
}

/// Calls the function with the records of a page, each lane in its order.
async fn deliver(
    lambda: &Arc<Lambda>,
    settings: &Arc<Settings>,
    stream: &StreamSettings,
    page: StreamPage,
) {
    let factor = u64::from(stream.factor.max(1));
    let mut lanes: Vec<Vec<StreamRecord>> = vec![Vec::new(); stream.factor.max(1) as usize];
    for record in page.records {
        // Filters are applied before batches are made.
        if settings.accepts_record(&record.document) {
            let lane = usize::try_from(record.key % factor).unwrap_or_default();
            lanes[lane].push(record);
        }
    }
    // Dropped with the poller, which ends its lanes.
    let mut running = JoinSet::new();
    for lane in lanes.into_iter().filter(|lane| !lane.is_empty()) {
        let work = Lane {
            lambda: Arc::downgrade(lambda),
            settings: Arc::clone(settings),
            stream: stream.clone(),
            shard: page.shard.clone(),
        };
        running.spawn(work.run(lane));
    }
    while running.join_next().await.is_some() {}
}

/// Batches that follow each other.
struct Lane {
    lambda: Weak<Lambda>,
    settings: Arc<Settings>,
    stream: StreamSettings,
    shard: String,
}

/// What became of an attempt.
enum Attempt {
    Done,
    /// The records from this one on failed. The flag says whether the function reported them, and did not fail itself.
    Failed(usize, bool),
    Throttled,
}

impl Lane {
    async fn run(self, records: Vec<StreamRecord>) {
        let size = self.settings.batch_size.max(1);
        // The last one is next: parts of a batch that is cut go before what follows it.
        let mut rest: Vec<(Vec<StreamRecord>, u32)> = records
            .chunks(size)
            .rev()
            .map(|batch| (batch.to_vec(), 0))
            .collect();
        let mut back_off_ms = FIRST_BACK_OFF_MS;
        while let Some((mut batch, attempts)) = rest.pop() {
            let Some(lambda) = self.lambda.upgrade() else {
                return;
            };
            self.give_up_old(&lambda, &mut batch, attempts);
            if batch.is_empty() {
                continue;
            }
            let request_id = ids::uuid();
            let attempt = self
                .attempt(&lambda, &batch, attempts + 1, &request_id)
                .await;
            let (failed, is_reported) = match attempt {
                Attempt::Done => {
                    back_off_ms = FIRST_BACK_OFF_MS;
                    continue;
                }
                Attempt::Throttled => {
                    rest.push((batch, attempts));
                    self.back_off(&lambda, &mut back_off_ms).await;
                    continue;
                }
                Attempt::Failed(failed, is_reported) => (failed, is_reported),
            };
            let attempts = attempts + 1;
            if self.stream.bisects && batch.len() > 1 {
                // Cut where the report says, or in two halves. Cuts are no retries.
                let at = if failed > 0 { failed } else { batch.len() / 2 };
                let second = batch.split_off(at);
                rest.push((second, 0));
                if failed == 0 {
                    rest.push((batch, 0));
                }
                continue;
            }
            let batch = batch.split_off(failed);
            if i64::from(attempts) > self.stream.maximum_retries && self.stream.maximum_retries >= 0
            {
                let error = (!is_reported).then_some("Unhandled");
                let response = json!({"statusCode": 200, "executedVersion": self.version(), "functionError": error});
                let condition = ("RetryAttemptsExhausted", Some(response));
                self.bury(&lambda, &batch, attempts, &request_id, condition);
                continue;
            }
            rest.push((batch, attempts));
            self.back_off(&lambda, &mut back_off_ms).await;
        }
    }

    fn version(&self) -> &str {
        self.settings
            .function
            .qualifier
            .as_deref()
            .unwrap_or("$LATEST")
    }

    async fn back_off(&self, lambda: &Arc<Lambda>, wait_ms: &mut u64) {
        let due = lambda.now() + *wait_ms;
        *wait_ms = (*wait_ms * 2).min(LONGEST_BACK_OFF_MS);
        lambda.place.clock.sleep_until(due).await;
    }

    /// Calls the function once.
    async fn attempt(
        &self,
        lambda: &Lambda,
        batch: &[StreamRecord],
        number: u32,
        request_id: &str,
    ) -> Attempt {
        let documents: Vec<&Value> = batch.iter().map(|record| &record.document).collect();
        let event = serde_json::to_vec(&json!({ "Records": documents }));
        let event = event.map_or_else(|_| Bytes::new(), Bytes::from);
        let outcome = lambda
            .call(&self.settings.function, event, request_id)
            .await;
        let (attempt, reason) = match &outcome {
            Outcome::Throttled => (
                Attempt::Throttled,
                Some("the function has no free instance".to_owned()),
            ),
            Outcome::Failed(document) => (
                Attempt::Failed(0, false),
                Some(error_message(Some(document))),
            ),
            Outcome::Returned(answer) => match self.first_failure(answer, batch) {
                None => (Attempt::Done, None),
                Some(first) => (
                    Attempt::Failed(first, true),
                    Some(format!(
                        "reported from record {} of {}",
                        first + 1,
                        batch.len()
                    )),
                ),
            },
        };
        let known = match attempt {
            Attempt::Failed(..) => lambda.functions.reason(request_id),
            Attempt::Done | Attempt::Throttled => None,
        };
        let outcome = match known.or(reason) {
            None => DeliveryOutcome::Delivered,
            Some(reason) => DeliveryOutcome::Failed { reason },
        };
        self.log(lambda, number, outcome);
        attempt
    }

    /// The first record that the function reported as failed: all before it are done. What is malformed fails the whole batch.
    fn first_failure(&self, answer: &[u8], batch: &[StreamRecord]) -> Option<usize> {
        if !self.settings.reports_failures {
            return None;
        }
        let Some(reported) = poller::reported(answer) else {
            return Some(0);
        };
        let of = |id: &String| batch.iter().position(|record| record.sequence == *id);
        let positions: Option<Vec<usize>> = reported.iter().map(of).collect();
        match positions {
            None => Some(0),
            Some(positions) => positions.into_iter().min(),
        }
    }

    /// Gives up the records that are too old to be tried.
    fn give_up_old(&self, lambda: &Lambda, batch: &mut Vec<StreamRecord>, attempts: u32) {
        let Ok(age_s) = u64::try_from(self.stream.maximum_age_s) else {
            return;
        };
        let now_s = lambda.now() / 1000;
        let is_old = |record: &StreamRecord| record.created_s + age_s < now_s;
        let count = batch.iter().take_while(|record| is_old(record)).count();
        if count > 0 {
            let fresh = batch.split_off(count);
            let old = std::mem::replace(batch, fresh);
            let condition = ("RecordAgeExceeded", None);
            self.bury(lambda, &old, attempts, &ids::uuid(), condition);
        }
    }

    /// Sends a record of the batch that is given up to its destination, if there is one.
    fn bury(
        &self,
        lambda: &Lambda,
        batch: &[StreamRecord],
        attempts: u32,
        request_id: &str,
        (condition, response): (&str, Option<Value>),
    ) {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return;
        };
        let arrival = |record: &StreamRecord| clock::timestamp_s(record.created_s * 1000);
        let function = &self.settings.function;
        let mut document = json!({
            "requestContext": {
                "requestId": request_id,
                "functionArn": lambda.unqualified(&function.name),
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "version": "1.0",
            "timestamp": clock::timestamp(lambda.now()),
            "DDBStreamBatchInfo": {
                "shardId": self.shard,
                "startSequenceNumber": first.sequence,
                "endSequenceNumber": last.sequence,
                "approximateArrivalOfFirstRecord": arrival(first),
                "approximateArrivalOfLastRecord": arrival(last),
                "batchSize": batch.len(),
                "streamArn": self.settings.queue,
            },
        });
        if let Some(response) = response {
            document["responseContext"] = response;
        }
        let parcel = Parcel {
            body: document.to_string(),
            ..Parcel::default()
        };
        let targets = lambda.targets.get().and_then(Weak::upgrade);
        let sent = match (&self.stream.on_failure, targets) {
            (Some(target), Some(targets)) => {
                let source = &self.settings.function_arn;
                targets
                    .send(source, target, parcel)
                    .is_ok()
                    .then(|| target.clone())
            }
            _ => None,
        };
        let outcome = match sent {
            Some(queue) => DeliveryOutcome::DeadLettered { queue },
            None => DeliveryOutcome::Dropped {
                reason: condition.to_owned(),
            },
        };
        self.log(lambda, attempts.max(1), outcome);
    }

    fn log(&self, lambda: &Lambda, attempt: u32, outcome: DeliveryOutcome) {
        lambda.place.deliveries.write(|| Delivery {
            at_ms: lambda.now(),
            source: self.settings.queue.clone(),
            target: self.settings.function_arn.clone(),
            attempt,
            outcome,
        });
    }
}
