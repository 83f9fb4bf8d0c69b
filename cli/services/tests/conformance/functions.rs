//! Functions by the vocabulary of the cases. They record each call.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, OnceLock};

use fw_services::{Clock, FunctionFacts, Functions, Invocation, Outcome};
use serde_json::{Value, json};

use crate::case::Function;

/// A call of a function.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) started_ms: u64,
    pub(crate) ended_ms: u64,
    pub(crate) request_id: String,
    pub(crate) event: Value,
}

#[derive(Default)]
pub(crate) struct Recorder {
    functions: BTreeMap<String, Function>,
    dead_letters: Mutex<BTreeMap<String, String>>,
    calls: Mutex<BTreeMap<String, Vec<Call>>>,
    versions: Mutex<u64>,
    clock: OnceLock<Clock>,
}

impl Recorder {
    /// Functions by the names under which they are called.
    pub(crate) fn new(functions: BTreeMap<String, Function>) -> Self {
        Self {
            functions,
            ..Self::default()
        }
    }

    pub(crate) fn set_clock(&self, clock: Clock) {
        let _ = self.clock.set(clock);
    }

    pub(crate) fn set_dead_letter(&self, name: &str, arn: &str) {
        self.dead_letters
            .lock()
            .unwrap()
            .insert(name.into(), arn.into());
    }

    /// The calls of a function in the order of their start.
    pub(crate) fn calls(&self, name: &str) -> Vec<Call> {
        self.calls
            .lock()
            .unwrap()
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    fn now(&self) -> u64 {
        self.clock.get().map_or(0, Clock::now_ms)
    }

    async fn run(&self, function: &Function, event: &Value) -> Outcome {
        let (kind, argument) = function
            .handler
            .split_once(':')
            .unwrap_or((&function.handler, ""));
        let failed = |kind: &str, message: &str| {
            let document = json!({"errorType": kind, "errorMessage": message});
            Outcome::Failed(document.to_string().into())
        };
        match kind {
            "record-event" => Outcome::Returned("null".into()),
            "fail-times" => {
                let failures: usize = argument.parse().unwrap_or(0);
                let calls = self.calls.lock().unwrap();
                let so_far: usize = calls.values().map(Vec::len).sum();
                if so_far > failures {
                    return Outcome::Returned("null".into());
                }
                failed("Exception", "one of the first calls")
            }
            "batch-failures" | "return-raw" => Outcome::Returned(argument.to_owned().into()),
            "raise" => {
                let (kind, message) = argument.split_once(':').unwrap_or((argument, ""));
                failed(kind, message)
            }
            "sleep" => {
                let seconds: u64 = argument.parse().unwrap_or(0);
                let timeout = function.timeout_s.unwrap_or(3);
                let due = self.now() + seconds.min(timeout) * 1000;
                if let Some(clock) = self.clock.get() {
                    clock.sleep_until(due).await;
                }
                if seconds < timeout {
                    return Outcome::Returned("null".into());
                }
                failed(
                    "Sandbox.Timedout",
                    &format!("Task timed out after {timeout}.00 seconds"),
                )
            }
            "fail-by-body" if failing(event).is_empty() => Outcome::Returned("null".into()),
            "fail-by-body" => failed("Exception", "a record failed"),
            "batch-failures-by-body" => {
                let items: Vec<_> = failing(event)
                    .into_iter()
                    .map(|id| json!({"itemIdentifier": id}))
                    .collect();
                Outcome::Returned(json!({"batchItemFailures": items}).to_string().into())
            }
            other => failed("Harness", &format!("unknown handler {other}")),
        }
    }
}

/// The ids of the records that ask for a failure: their body is not JSON, or has as many attempts to fail as receives.
fn failing(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().cloned().unwrap_or_default();
    let fails = |record: &Value| {
        let body = record["body"].as_str().unwrap_or_default();
        let receives: u64 = record["attributes"]["ApproximateReceiveCount"]
            .as_str()
            .and_then(|count| count.parse().ok())
            .unwrap_or(0);
        match serde_json::from_str::<Value>(body) {
            Ok(body) => body["fail_attempts"].as_u64().unwrap_or(0) >= receives,
            Err(_) => true,
        }
    };
    records
        .iter()
        .filter(|record| fails(record))
        .filter_map(|record| record["messageId"].as_str().map(ToOwned::to_owned))
        .collect()
}

impl Functions for Recorder {
    fn find(&self, name: &str) -> Option<FunctionFacts> {
        self.functions.get(name).map(|function| FunctionFacts {
            timeout_s: function.timeout_s.unwrap_or(3),
            dead_letter: self.dead_letters.lock().unwrap().get(name).cloned(),
        })
    }

    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = Outcome> + Send + '_>> {
        Box::pin(async move {
            let Some(function) = self.functions.get(&invocation.function) else {
                return Outcome::Throttled;
            };
            let event: Value = serde_json::from_slice(&invocation.event).unwrap_or_default();
            let index = {
                let mut calls = self.calls.lock().unwrap();
                let calls = calls.entry(invocation.function.clone()).or_default();
                calls.push(Call {
                    started_ms: self.now(),
                    ended_ms: u64::MAX,
                    request_id: invocation.request_id,
                    event: event.clone(),
                });
                calls.len() - 1
            };
            let outcome = self.run(function, &event).await;
            let ended = self.now();
            let mut calls = self.calls.lock().unwrap();
            if let Some(call) = calls
                .get_mut(&invocation.function)
                .and_then(|calls| calls.get_mut(index))
            {
                call.ended_ms = ended;
            }
            outcome
        })
    }

    fn publish(&self, _name: &str) -> Option<u64> {
        let mut versions = self.versions.lock().unwrap();
        *versions += 1;
        Some(*versions)
    }
}
