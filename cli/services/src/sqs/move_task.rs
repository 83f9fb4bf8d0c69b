//! Message move tasks: dead letters go back to where they came from, or to a queue of choice.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::queue::Queue;
use super::receive::in_range;
use super::{Call, Sqs, SqsError};
use crate::ids;

/// A task, running or over.
#[derive(Debug)]
pub(crate) struct MoveTask {
    id: String,
    source: Arc<str>,
    destination: Option<String>,
    per_second: Option<u64>,
    started_ms: u64,
    to_move: u64,
    moved: AtomicU64,
    cancelled: AtomicBool,
    status: Mutex<(&'static str, Option<&'static str>)>,
}

impl MoveTask {
    fn status(&self) -> (&'static str, Option<&'static str>) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_status(&self, status: &'static str, failure: Option<&'static str>) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = (status, failure);
    }

    fn is_active(&self) -> bool {
        matches!(self.status().0, "RUNNING" | "CANCELLING")
    }

    fn handle(&self) -> String {
        BASE64_STANDARD.encode(json!({"taskId": self.id, "sourceArn": &*self.source}).to_string())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct MoveInput {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
    max_results: Option<i64>,
    task_handle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartOutput {
    task_handle: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelOutput {
    approximate_number_of_messages_moved: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    results: Vec<TaskOutput>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TaskOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<u64>,
    approximate_number_of_messages_moved: u64,
    approximate_number_of_messages_to_move: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'static str>,
    started_timestamp: u64,
}

impl Sqs {
    pub(super) fn start_move(
        self: &Arc<Self>,
        call: &Call,
        input: MoveInput,
    ) -> Result<StartOutput, SqsError> {
        let source = self.source(call, "StartMessageMoveTask", &input)?;
        if self.sources_of(&source.arn).is_empty() {
            return Err(SqsError::parameter(
                "Source queue must be configured as a Dead Letter Queue.",
            ));
        }
        let destination = input.destination_arn.filter(|arn| !arn.is_empty());
        if let Some(arn) = &destination
            && self.by_arn(arn).is_none()
        {
            return Err(SqsError::no_resource(
                "The resource that you specified for the DestinationArn parameter doesn't exist.",
            ));
        }
        let per_second = input
            .max_number_of_messages_per_second
            .map(|rate| {
                let reason = "Must be between 1 and 500, if provided.";
                in_range(rate, 1..=500, "MaxNumberOfMessagesPerSecond", reason)
            })
            .transpose()?;
        let now = self.now();
        let to_move = source.at(now).counts().visible as u64;
        let task = Arc::new(MoveTask {
            id: ids::uuid(),
            source: Arc::clone(&source.arn),
            destination,
            per_second,
            started_ms: now,
            to_move,
            moved: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            status: Mutex::new(("RUNNING", None)),
        });
        let mut moves = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        if moves
            .iter()
            .any(|other| other.source == task.source && other.is_active())
        {
            return Err(SqsError::parameter(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
            ));
        }
        moves.push(Arc::clone(&task));
        // The list shows ten tasks of a queue at most.
        if moves
            .iter()
            .filter(|other| other.source == task.source)
            .count()
            > 10
            && let Some(oldest) = moves.iter().position(|other| other.source == task.source)
        {
            moves.remove(oldest);
        }
        drop(moves);
        let task_handle = task.handle();
        tokio::spawn(run(Arc::downgrade(self), source, task));
        Ok(StartOutput { task_handle })
    }

    pub(super) fn cancel_move(
        &self,
        call: &Call,
        input: &MoveInput,
    ) -> Result<CancelOutput, SqsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Handle {
            task_id: String,
            source_arn: String,
        }
        let handle: Handle = input
            .task_handle
            .as_ref()
            .and_then(|handle| BASE64_STANDARD.decode(handle).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| SqsError::parameter("Value for parameter TaskHandle is invalid."))?;
        self.admit(call, "CancelMessageMoveTask", &handle.source_arn)?;
        let moves = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        let task = moves
            .iter()
            .find(|task| {
                task.id == handle.task_id && *task.source == *handle.source_arn && task.is_active()
            })
            .ok_or_else(|| SqsError::no_resource("Task does not exist."))?;
        task.set_status("CANCELLING", None);
        task.cancelled.store(true, Ordering::SeqCst);
        Ok(CancelOutput {
            approximate_number_of_messages_moved: task.moved.load(Ordering::SeqCst),
        })
    }

    pub(super) fn list_moves(
        &self,
        call: &Call,
        input: &MoveInput,
    ) -> Result<ListOutput, SqsError> {
        let source = self.source(call, "ListMessageMoveTasks", input)?;
        let most = in_range(
            input.max_results.unwrap_or(1),
            1..=10,
            "MaxResults",
            "Must be between 1 and 10, if provided.",
        )?;
        let moves = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        let results = moves
            .iter()
            .rev()
            .filter(|task| task.source == source.arn)
            .take(usize::try_from(most).unwrap_or(1))
            .map(|task| {
                let (status, failure_reason) = task.status();
                TaskOutput {
                    task_handle: (status == "RUNNING").then(|| task.handle()),
                    status,
                    source_arn: task.source.to_string(),
                    destination_arn: task.destination.clone(),
                    max_number_of_messages_per_second: task.per_second,
                    approximate_number_of_messages_moved: task.moved.load(Ordering::SeqCst),
                    approximate_number_of_messages_to_move: task.to_move,
                    failure_reason,
                    started_timestamp: task.started_ms,
                }
            })
            .collect();
        Ok(ListOutput { results })
    }

    fn source(
        &self,
        call: &Call,
        operation: &str,
        input: &MoveInput,
    ) -> Result<Arc<Queue>, SqsError> {
        let arn = input
            .source_arn
            .as_deref()
            .ok_or_else(|| SqsError::missing("SourceArn"))?;
        self.admit(call, operation, arn)?;
        self.by_arn(arn).ok_or_else(|| {
            SqsError::no_resource(
                "The resource that you specified for the SourceArn parameter doesn't exist.",
            )
        })
    }

    /// Moves the next message. Returns false when none is left.
    ///
    /// # Errors
    /// The reason of failure, if the message has nowhere to go. It stays.
    fn move_one(&self, source: &Queue, task: &MoveTask) -> Result<bool, &'static str> {
        let now = self.now();
        let Some(mut held) = source.at(now).take_visible(1).pop() else {
            return Ok(false);
        };
        let arn = match (&task.destination, &held.source) {
            (Some(arn), _) => Ok(arn.clone()),
            (None, Some(origin)) => Ok(origin.to_string()),
            // Unverified: the reason for a message that was sent to this queue in the first place.
            (None, None) => Err("CouldNotDetermineMessageSource"),
        };
        let target = arn.and_then(|arn| {
            self.by_arn(&arn)
                .ok_or("AWS.SimpleQueueService.NonExistentQueue")
        });
        self.touch();
        match target {
            Ok(target) => {
                // In its new queue the message is a new one.
                held.start_anew(now);
                target.adopt(vec![held], now);
                Ok(true)
            }
            Err(reason) => {
                source.adopt(vec![held], now);
                Err(reason)
            }
        }
    }
}

async fn run(sqs: std::sync::Weak<Sqs>, source: Arc<Queue>, task: Arc<MoveTask>) {
    let mut due = task.started_ms;
    loop {
        let Some(sqs) = sqs.upgrade() else { return };
        if task.cancelled.load(Ordering::SeqCst) {
            return task.set_status("CANCELLED", None);
        }
        match sqs.move_one(&source, &task) {
            Ok(true) => {
                task.moved.fetch_add(1, Ordering::SeqCst);
            }
            Ok(false) => return task.set_status("COMPLETED", None),
            Err(reason) => return task.set_status("FAILED", Some(reason)),
        }
        let clock = sqs.place.clock.clone();
        drop(sqs);
        match task.per_second {
            Some(rate) => {
                due += 1000 / rate.max(1);
                clock.sleep_until(due).await;
            }
            None => tokio::task::yield_now().await,
        }
    }
}
