//! Asynchronous invocations (`X-Amz-Invocation-Type: Event`): retries, the event's age, and what is said of the end.
//!
//! Counts, ids, conditions and documents as recorded, delays as documented: gateway-truth §4.3. The queue is this
//! process's memory, so what still waits when the server ends is lost, where AWS would keep it.

use std::{
    fmt,
    time::{Duration, Instant},
};

use bytes::Bytes;
use fw_gateway::Arrival;
use serde_json::{Value, json};

use super::{
    invoke_api::Functions,
    logs::Logs,
    pool::{Outcome, Pool},
    server::arrival,
};
use crate::process::environment::Function;

/// The waits before the second and the third attempt. `[D]`
const RETRY_AFTER: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];
/// The first wait of an event that is throttled; each further one is twice as long. `[D]`
const THROTTLED_FIRST: Duration = Duration::from_secs(1);
/// The longest wait of an event that is throttled. `[D]`
const THROTTLED_MOST: Duration = Duration::from_secs(300);

/// How a function handles asynchronous events; the values are those of
/// `PutFunctionEventInvokeConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Config {
    /// Attempts after the first one, 0 to 2.
    pub(super) retries: u32,
    /// The maximum age of an event, 60 s to 6 h.
    pub(super) max_age: Duration,
    /// The ARN of the destination for successes.
    pub(super) on_success: Option<String>,
    /// The ARN of the destination for failures.
    pub(super) on_failure: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            retries: 2,
            max_age: Duration::from_secs(6 * 60 * 60),
            on_success: None,
            on_failure: None,
        }
    }
}

impl Config {
    /// What the settings say of a function, or Lambda's defaults.
    pub(super) fn of(function: &Function) -> Self {
        let set = function.asynchronous.as_ref();
        set.map_or_else(Self::default, |set| Self {
            retries: set.retries,
            max_age: Duration::from_secs(set.max_event_age.into()),
            on_success: set.on_success.clone(),
            on_failure: set.on_failure.clone(),
        })
    }
}

/// A clock that can also wait.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// The machine's.
    Real,
    /// A test's: it does not wait, and remembers for how long it would have.
    #[cfg(test)]
    Skipping(std::sync::Arc<std::sync::Mutex<Vec<Duration>>>),
}

impl Clock {
    async fn sleep(&self, time: Duration) {
        match self {
            Self::Real => tokio::time::sleep(time).await,
            #[cfg(test)]
            Self::Skipping(slept) => slept.lock().expect("the waits").push(time),
        }
    }
}

/// Why there is no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
    ZeroReservedConcurrency,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An event that has been taken.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) function: String,
    pub(super) request_id: String,
    pub(super) trace_id: String,
    pub(super) payload: Bytes,
    pub(super) config: Config,
}

/// Invokes until it succeeds or no attempt is left, and informs the destination.
pub(super) async fn run(functions: impl Functions, event: Event, clock: Clock, logs: Logs) {
    let started = Instant::now();
    let mut waited = Duration::ZERO;
    let mut attempts = 0;
    let mut throttled = THROTTLED_FIRST;
    let mut last = None;
    let (condition, function) = loop {
        // A save may have replaced the processes since the last attempt.
        let Some(pool) = functions.find(&event.function).await else {
            logs.note(format_args!(
                "RequestId: {} the function is no longer served: {}",
                event.request_id, event.function
            ));
            return;
        };
        let function = pool.function().clone();
        if pool.reserved() == Some(0) {
            break (Condition::ZeroReservedConcurrency, function);
        }
        let outcome = attempt(&pool, &event).await;
        let wait = match &outcome {
            Outcome::Throttled => {
                let wait = throttled;
                throttled = THROTTLED_MOST.min(throttled * 2);
                wait
            }
            _ => {
                attempts += 1;
                let failed = matches!(outcome, Outcome::FunctionError(_));
                last = Some(outcome);
                if !failed {
                    break (Condition::Success, function);
                }
                let next = usize::try_from(attempts - 1).ok();
                match next.and_then(|next| RETRY_AFTER.get(next)) {
                    Some(wait) if attempts <= event.config.retries => *wait,
                    _ => break (Condition::RetriesExhausted, function),
                }
            }
        };
        if started.elapsed().max(waited) + wait >= event.config.max_age {
            break (Condition::EventAgeExceeded, function);
        }
        clock.sleep(wait).await;
        waited += wait;
    };
    conclude(&event, &function, condition, attempts, last.as_ref(), &logs);
}

async fn attempt(pool: &Pool, event: &Event) -> Outcome {
    let (id, trace) = (event.request_id.clone(), event.trace_id.clone());
    pool.invoke(id, trace, event.payload.clone()).await
}

/// Informs the destination, which is the log here. Without a destination it reports the lost event
/// to the developer.
fn conclude(
    event: &Event,
    function: &Function,
    condition: Condition,
    attempts: u32,
    last: Option<&Outcome>,
    logs: &Logs,
) {
    let success = condition == Condition::Success;
    let destination = if success {
        &event.config.on_success
    } else {
        &event.config.on_failure
    };
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ");
    let now = now.to_string();
    match destination {
        Some(arn) => {
            let record = record(event, function, condition, attempts, last, &now);
            let sent = if arn.contains(":event-bus/") {
                envelope(arn, function, success, &record, &now, &arrival())
            } else {
                record
            };
            logs.note(format_args!("DESTINATION {arn} {sent}"));
        }
        None if success => {}
        None => logs.note(format_args!(
            "RequestId: {} event discarded: {condition} after {attempts} attempts",
            event.request_id
        )),
    }
}

/// The record that a destination gets. `[R]` gateway-truth §4.3
///
/// Whether `responseContext` is missing if the function never ran is unverified.
fn record(
    event: &Event,
    function: &Function,
    condition: Condition,
    attempts: u32,
    last: Option<&Outcome>,
    now: &str,
) -> Value {
    let parse = |bytes: &Bytes| serde_json::from_slice::<Value>(bytes).unwrap_or(Value::Null);
    let mut record = json!({
        "version": "1.0",
        "timestamp": now,
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": format!("{}:{}", function.arn(), Function::VERSION),
            "condition": condition.to_string(),
            "approximateInvokeCount": attempts,
        },
        "requestPayload": parse(&event.payload),
    });
    let (context, payload) = match last {
        Some(Outcome::Payload(payload)) => (
            json!({ "statusCode": 200, "executedVersion": Function::VERSION }),
            payload,
        ),
        Some(Outcome::FunctionError(document)) => (
            json!({ "statusCode": 200, "executedVersion": Function::VERSION, "functionError": "Unhandled" }),
            document,
        ),
        _ => return record,
    };
    record["responseContext"] = context;
    record["responsePayload"] = parse(payload);
    record
}

/// The record as an event of `EventBridge`. `[R]` gateway-truth §4.3
fn envelope(
    bus: &str,
    function: &Function,
    success: bool,
    record: &Value,
    now: &str,
    arrival: &Arrival,
) -> Value {
    let how = if success { "Success" } else { "Failure" };
    json!({
        "version": "0",
        "id": arrival.request_id,
        "detail-type": format!("Lambda Function Invocation Result - {how}"),
        "source": "lambda",
        "account": function.account,
        "time": now,
        "region": function.region,
        "resources": [bus, format!("{}:{}", function.arn(), Function::VERSION)],
        "detail": record,
    })
}
