//! SQS: queues and the operations on them.

mod attributes;
mod batch;
mod declare;
mod deduplication;
mod error;
mod groups;
mod handle;
pub(crate) mod json;
mod manage;
mod message;
mod move_task;
mod permission;
pub(crate) mod query;
mod queue;
mod receive;
mod send;
mod visibility;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub(crate) use deduplication::{Deduplication, Remembered, content_id};
pub(crate) use error::SqsError;
pub(crate) use message::{AttributeMap, AttributeValue, Draft, md5_of_attributes};
use queue::Held;
pub(crate) use queue::{Queue, Sent, Taken, Want};
pub(crate) use receive::system_attributes;

use crate::access::Caller;
use crate::server::Place;
use crate::targets::Refusal;

/// The queues of the account.
pub(crate) struct Sqs {
    place: Place,
    queues: RwLock<BTreeMap<String, Arc<Queue>>>,
    /// When queues were deleted, by name: for a minute the name cannot be used again.
    deleted: Mutex<HashMap<String, u64>>,
    moves: Mutex<Vec<Arc<move_task::MoveTask>>>,
}

/// The queues on disk.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct SqsSnapshot {
    queues: Vec<queue::QueueSnapshot>,
}

/// What an operation knows of its request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    /// The host that the client asked, with its port: queue URLs lie on it.
    pub(crate) host: String,
    /// The header `X-Amzn-Trace-Id`.
    pub(crate) trace: Option<String>,
    /// The name of the queue whose URL was called.
    pub(crate) queue_of_path: Option<String>,
}

impl Sqs {
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            queues: RwLock::default(),
            deleted: Mutex::default(),
            moves: Mutex::default(),
        }
    }

    /// The queues as they are now.
    pub(crate) fn snapshot(&self) -> SqsSnapshot {
        let now = self.now();
        SqsSnapshot {
            queues: self.all().iter().map(|queue| queue.snapshot(now)).collect(),
        }
    }

    /// Adds queues as they were.
    pub(crate) fn restore(&self, snapshot: SqsSnapshot) {
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        for queue in snapshot.queues {
            let arn = self.arn(&queue.name).into();
            let queue = Arc::new(Queue::restore(queue, arn));
            queues.insert(queue.name.clone(), queue);
        }
    }

    /// Notes that the state is to be written.
    fn touch(&self) {
        self.place.changes.notify_one();
    }

    /// Removes all queues.
    pub(crate) fn reset(&self) {
        let queues =
            std::mem::take(&mut *self.queues.write().unwrap_or_else(PoisonError::into_inner));
        for queue in queues.into_values() {
            self.end(&queue);
        }
        self.deleted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.moves
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn now(&self) -> u64 {
        self.place.clock.now_ms()
    }

    /// Ends a queue that is no longer listed: calls that wait for its messages fail.
    fn end(&self, queue: &Queue) {
        let mut state = queue.at(self.now());
        state.deleted = true;
        state.purge(self.now());
        drop(state);
        queue.changed.notify_waiters();
    }

    fn arn(&self, name: &str) -> String {
        format!(
            "arn:aws:sqs:{}:{}:{name}",
            self.place.region, self.place.account
        )
    }

    fn url(&self, call: &Call, name: &str) -> String {
        format!("http://{}/{}/{name}", call.host, self.place.account)
    }

    fn find(&self, name: &str) -> Option<Arc<Queue>> {
        self.queues
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    fn all(&self) -> Vec<Arc<Queue>> {
        self.queues
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// The queue of an ARN, if it is in this account and region.
    pub(crate) fn by_arn(&self, arn: &str) -> Option<Arc<Queue>> {
        let queue = self.find(arn.rsplit(':').next()?)?;
        (*queue.arn == *arn).then_some(queue)
    }

    /// The queue of a call, by its URL or its name, once the caller may do that to it.
    fn queue(
        &self,
        call: &Call,
        operation: &str,
        url: Option<&str>,
    ) -> Result<Arc<Queue>, SqsError> {
        let name = url
            .filter(|url| !url.is_empty())
            .map(|url| url.rsplit('/').next().unwrap_or_default())
            .or(call.queue_of_path.as_deref())
            .ok_or_else(|| SqsError::missing("QueueUrl"))?;
        let queue = self.find(name);
        match &queue {
            Some(queue) => self.admit(call, operation, &queue.arn)?,
            None => self.admit(call, operation, &self.arn(name))?,
        }
        queue.ok_or_else(SqsError::no_queue)
    }

    fn admit(&self, call: &Call, operation: &str, resource: &str) -> Result<(), SqsError> {
        self.place
            .access
            .decide(&call.caller, &format!("sqs:{operation}"), resource)
            .map_err(SqsError::denied)
    }

    /// Puts a message of another service in.
    ///
    /// # Errors
    /// Why the queue does not take it, or that it is not there.
    pub(crate) fn deliver(&self, arn: &str, draft: Draft) -> Result<(), Refusal> {
        let missing = || Refusal::Missing(format!("there is no queue {arn}"));
        let queue = self.by_arn(arn).ok_or_else(missing)?;
        let now = self.now();
        let mut state = queue.at(now);
        if state.deleted {
            return Err(missing());
        }
        state.check_size(&draft).map_err(Refusal::Invalid)?;
        if let Some(fifo) = &state.attributes.fifo {
            let invalid = |reason: &str| Err(Refusal::Invalid(reason.to_owned()));
            if draft.group.is_none() {
                return invalid("The request must contain the parameter MessageGroupId.");
            }
            if draft.deduplication_id.is_none() && !fifo.by_content {
                return invalid(
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
                );
            }
        }
        state.send(draft, &self.place.account, now);
        drop(state);
        queue.changed.notify_waiters();
        self.touch();
        Ok(())
    }

    /// Deletes a message that was received in this process. If its visibility has ended, a FIFO queue keeps it.
    pub(crate) fn delete_taken(&self, queue: &Queue, taken: &Taken) {
        if let Ok(handle) = handle::Handle::decode(&taken.handle, queue.number) {
            let _ = queue.at(self.now()).delete(handle, &taken.handle);
        }
        queue.changed.notify_waiters();
        self.touch();
    }

    /// The queue for messages that were received too often, if there is one.
    fn dead_letter_queue(&self, queue: &Queue) -> Option<Arc<Queue>> {
        let state = queue.at(self.now());
        let target = state.attributes.redrive.as_ref()?.target.clone();
        drop(state);
        self.by_arn(&target)
    }

    /// Moves messages to the dead-letter queue.
    fn bury(&self, source: &Queue, target: &Queue, mut dead: Vec<Held>) {
        let now = self.now();
        let is_fifo = target.at(now).is_fifo();
        for held in &mut dead {
            held.source = Some(Arc::clone(&source.arn));
            if is_fifo {
                // A standard queue's dead letters keep their age.
                held.retained_ms = now;
            }
        }
        target.adopt(dead, now);
    }
}

/// The name of the queue whose URL this path is: `/123456789012/name`.
pub(crate) fn queue_of_path(path: &str) -> Option<&str> {
    let (account, name) = path.strip_prefix('/')?.split_once('/')?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && !name.is_empty() && !name.contains('/')).then_some(name)
}
