//! Asynchronous invocation: retries, the age of events, records for destinations, and dead letters.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use serde_json::{Value, json};

use super::config::InvokeConfig;
use super::{FunctionName, Lambda};
use crate::clock;
use crate::deliveries::{Delivery, DeliveryOutcome};
use crate::events::Source;
use crate::functions::Outcome;
use crate::ids;
use crate::sqs::{AttributeMap, AttributeValue};
use crate::targets::Parcel;

/// The first retry comes after a minute, the second after two more.
const RETRY_MS: u64 = 60_000;
/// Throttled events back off from a second to five minutes.
const FIRST_BACK_OFF_MS: u64 = 1000;
const LONGEST_BACK_OFF_MS: u64 = 300_000;
/// How often, and how long, events are retried unless the function's settings say otherwise.
const RETRIES: u32 = 2;
const AGE_S: u64 = 21_600;

/// An event that waits for its function, or was given up.
struct Event {
    function: FunctionName,
    payload: Bytes,
    request_id: String,
    /// What queued it: an ARN, or the operation.
    source: String,
    queued_ms: u64,
    /// How often the function ran.
    attempts: u32,
}

/// How an event ended.
struct End {
    condition: &'static str,
    response: Option<Bytes>,
}

impl Lambda {
    /// Queues an event for a function.
    pub(crate) fn enqueue(
        self: &Arc<Self>,
        function: FunctionName,
        payload: Bytes,
        request_id: String,
        source: &str,
    ) {
        let event = Event {
            function,
            payload,
            request_id,
            source: source.to_owned(),
            queued_ms: self.now(),
            attempts: 0,
        };
        tokio::spawn(run(Arc::downgrade(self), event));
    }

    /// Queues an event for the function of an ARN. Returns false if the function is not there.
    pub(crate) fn enqueue_for(self: &Arc<Self>, source: &str, arn: &str, payload: Bytes) -> bool {
        let function = FunctionName::parse(arn);
        if self.facts(&function.name).is_none() {
            return false;
        }
        self.enqueue(function, payload, ids::uuid(), source);
        true
    }

    /// Whether that function exists.
    pub(crate) fn has(&self, arn: &str) -> bool {
        self.facts(&FunctionName::parse(arn).name).is_some()
    }

    /// Sends the record of an event to its destination, and a failed event to its dead letters.
    fn conclude(&self, event: &Event, end: &End) {
        let Some(targets) = self.targets.get().and_then(Weak::upgrade) else {
            return;
        };
        let source = self.arn(&event.function);
        let succeeded = end.condition == "Success";
        let config = self.config_of(&event.function);
        let mut kept_by = None;
        if let Some(destination) = config.destination(succeeded) {
            let result = if succeeded { "Success" } else { "Failure" };
            let parcel = Parcel {
                body: self.record(event, end).to_string(),
                event: Some(Source::New {
                    source: "lambda".into(),
                    detail_type: format!("Lambda Function Invocation Result - {result}"),
                    resources: vec![destination.to_owned(), self.config_arn(&event.function)],
                }),
                ..Parcel::default()
            };
            if targets.send(&source, destination, parcel).is_ok() {
                kept_by = Some(destination.to_owned());
            }
        }
        if succeeded {
            return;
        }
        let facts = self.facts(&event.function.name);
        if let Some(target) = facts.and_then(|facts| facts.dead_letter) {
            let text = |kind: &str, value: String| AttributeValue {
                data_type: kind.into(),
                string_value: Some(value),
                binary_value: None,
            };
            let message = error_message(end.response.as_deref());
            let attributes = AttributeMap::from([
                ("RequestID".into(), text("String", event.request_id.clone())),
                ("ErrorCode".into(), text("Number", "200".into())),
                ("ErrorMessage".into(), text("String", message)),
            ]);
            let parcel = Parcel {
                body: String::from_utf8_lossy(&event.payload).into_owned(),
                attributes,
                ..Parcel::default()
            };
            if targets.send(&source, &target, parcel).is_ok() {
                kept_by = Some(target);
            }
        }
        let outcome = match kept_by {
            Some(queue) => DeliveryOutcome::DeadLettered { queue },
            None => DeliveryOutcome::Dropped {
                reason: end.condition.to_owned(),
            },
        };
        self.log(event, outcome);
    }

    fn log(&self, event: &Event, outcome: DeliveryOutcome) {
        self.place.deliveries.write(|| Delivery {
            at_ms: self.now(),
            source: event.source.clone(),
            target: self.arn(&event.function),
            attempt: event.attempts.max(1),
            outcome,
        });
    }

    fn record(&self, event: &Event, end: &End) -> Value {
        let mut record = json!({
            "version": "1.0",
            "timestamp": clock::timestamp(self.now()),
            "requestContext": {
                "requestId": event.request_id,
                "functionArn": self.config_arn(&event.function),
                "condition": end.condition,
                "approximateInvokeCount": event.attempts,
            },
            "requestPayload": document(&event.payload),
        });
        if let Some(response) = &end.response {
            let version = event.function.qualifier.as_deref().unwrap_or("$LATEST");
            record["responseContext"] = json!({"statusCode": 200, "executedVersion": version});
            if end.condition != "Success" {
                record["responseContext"]["functionError"] = "Unhandled".into();
            }
            record["responsePayload"] = document(response);
        }
        record
    }
}

/// JSON as a value. A payload that is not JSON is shown as text.
fn document(payload: &[u8]) -> Value {
    serde_json::from_slice(payload)
        .unwrap_or_else(|_| String::from_utf8_lossy(payload).into_owned().into())
}

/// The message of an error document, or a text for none: attributes cannot be empty.
pub(super) fn error_message(response: Option<&[u8]>) -> String {
    response
        .and_then(|response| serde_json::from_slice::<Value>(response).ok())
        .and_then(|error| Some(error.get("errorMessage")?.as_str()?.to_owned()))
        .filter(|message| !message.is_empty())
        .unwrap_or_else(|| "Unknown".into())
}

/// Runs an event to its end.
async fn run(lambda: Weak<Lambda>, mut event: Event) {
    let mut back_off_ms = FIRST_BACK_OFF_MS;
    let mut last = None;
    loop {
        let Some(lambda) = lambda.upgrade() else {
            return;
        };
        let end = |condition, response| End {
            condition,
            response,
        };
        if lambda.reserved(&event.function.name) == Some(0) {
            let end = end("ZeroReservedConcurrency", None);
            return lambda.conclude(&event, &end);
        }
        let payload = event.payload.clone();
        let outcome = lambda
            .call(&event.function, payload, &event.request_id)
            .await;
        let config = lambda.config_of(&event.function);
        let wait_ms = match outcome {
            Outcome::Returned(response) => {
                event.attempts += 1;
                lambda.log(&event, DeliveryOutcome::Delivered);
                let end = end("Success", Some(response));
                return lambda.conclude(&event, &end);
            }
            Outcome::Failed(response) => {
                event.attempts += 1;
                let reason = lambda.functions.reason(&event.request_id);
                let reason = reason.unwrap_or_else(|| error_message(Some(&response)));
                lambda.log(&event, DeliveryOutcome::Failed { reason });
                if event.attempts > config.maximum_retry_attempts.unwrap_or(RETRIES) {
                    let end = end("RetriesExhausted", Some(response));
                    return lambda.conclude(&event, &end);
                }
                last = Some(response);
                RETRY_MS * u64::from(event.attempts)
            }
            Outcome::Throttled => {
                let wait_ms = back_off_ms;
                back_off_ms = (back_off_ms * 2).min(LONGEST_BACK_OFF_MS);
                wait_ms
            }
        };
        let due = lambda.now() + wait_ms;
        // An event that would be too old when its retry is due is given up at once.
        if due >= event.queued_ms + age_ms(&config) {
            let end = end("EventAgeExceeded", last);
            return lambda.conclude(&event, &end);
        }
        let clock = lambda.place.clock.clone();
        drop(lambda);
        clock.sleep_until(due).await;
    }
}

fn age_ms(config: &InvokeConfig) -> u64 {
    config.maximum_event_age_in_seconds.unwrap_or(AGE_S) * 1000
}
