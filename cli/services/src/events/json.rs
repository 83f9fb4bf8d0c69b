//! The protocol of EventBridge: AWS JSON 1.1.

use std::sync::Arc;

use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Events, EventsError};
use crate::access::Caller;
use crate::ids;
use crate::reply::{self, Body};

const TYPE: &str = "application/x-amz-json-1.1";

/// Answers a call of an operation.
pub(crate) fn answer(
    events: &Arc<Events>,
    caller: &Caller,
    operation: &str,
    body: &[u8],
) -> Response<Body> {
    match run(events, caller, operation, body) {
        Ok(output) => with_id(reply::reply(StatusCode::OK, TYPE, output.to_string())),
        Err(failure) => error(&failure),
    }
}

/// The answer for an error.
pub(crate) fn error(error: &EventsError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let document = json!({"__type": error.code, "message": error.message});
    with_id(reply::reply(status, TYPE, document.to_string()))
}

fn with_id(mut response: Response<Body>) -> Response<Body> {
    if let Ok(id) = ids::uuid().parse() {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn run(
    events: &Arc<Events>,
    caller: &Caller,
    operation: &str,
    body: &[u8],
) -> Result<Value, EventsError> {
    let answer = match operation {
        "PutEvents" => events.put_events(caller, read(operation, body)?),
        "TestEventPattern" => events.test_pattern(caller, &read(operation, body)?),
        "CreateEventBus" => events.create_bus(caller, read(operation, body)?),
        "DeleteEventBus" => events.delete_bus(caller, &read(operation, body)?),
        "DescribeEventBus" => events.describe_bus(caller, &read(operation, body)?),
        "ListEventBuses" => events.list_buses(caller, &read(operation, body)?),
        "PutRule" => events.put_rule(caller, read(operation, body)?),
        "DeleteRule" => events.delete_rule(caller, &read(operation, body)?),
        "DescribeRule" => events.describe_rule(caller, &read(operation, body)?),
        "ListRules" => events.list_rules(caller, &read(operation, body)?),
        "EnableRule" => events.set_enabled(caller, &read(operation, body)?, true),
        "DisableRule" => events.set_enabled(caller, &read(operation, body)?, false),
        "PutTargets" => events.put_targets(caller, read(operation, body)?),
        "RemoveTargets" => events.remove_targets(caller, &read(operation, body)?),
        "ListTargetsByRule" => events.list_targets(caller, &read(operation, body)?),
        "ListRuleNamesByTarget" => events.list_rule_names(caller, &read(operation, body)?),
        "TagResource" => events.tag(caller, read(operation, body)?),
        "UntagResource" => events.untag(caller, &read(operation, body)?),
        "ListTagsForResource" => events.list_tags(caller, &read(operation, body)?),
        _ => Err(EventsError::not_implemented(&format!(
            "AWSEvents.{operation}"
        ))),
    }?;
    let only_reads = ["Describe", "List", "Test", "PutEvents"];
    if !only_reads
        .iter()
        .any(|prefix| operation.starts_with(prefix))
    {
        events.touch();
    }
    Ok(answer)
}

/// Reads an input. A member that the operation does not have here is refused by its name, as it would be ignored.
fn read<T: DeserializeOwned>(operation: &str, body: &[u8]) -> Result<T, EventsError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix("unknown field `") {
            Some(rest) => {
                let member = rest.split('`').next().unwrap_or_default();
                EventsError::not_implemented(&format!("AWSEvents.{operation} parameter {member}"))
            }
            None => EventsError::malformed(text),
        }
    })
}
