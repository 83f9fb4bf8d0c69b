//! The handlers that cases name, and Lambda around them.

use serde_json::{Value, json};

/// What Lambda hands to the front door.
#[derive(Debug)]
pub(crate) enum Ended {
    Payload(Vec<u8>),
    FunctionError(Vec<u8>),
}

/// The largest result that Lambda takes from a handler: 6 MiB and 100 bytes.
const RESULT_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// Runs a handler on an event. A case whose handler is not known fails.
pub(crate) fn run(handler: &str, timeout_s: Option<f64>, event: &[u8]) -> Result<Ended, String> {
    let (name, argument) = handler.split_once(':').unwrap_or((handler, ""));
    let payload = match name {
        "echo-event" => {
            let event = String::from_utf8_lossy(event);
            proxy(
                json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": event}),
            )
        }
        "echo-body" => {
            let event: Value = serde_json::from_slice(event).map_err(|error| error.to_string())?;
            let (body, encoded) = (&event["body"], &event["isBase64Encoded"]);
            let headers = json!({"content-type": "application/octet-stream"});
            proxy(
                json!({"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": encoded}),
            )
        }
        "return-json" => proxy(
            json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": argument}),
        ),
        "return-raw" => argument.as_bytes().to_vec(),
        "return-string" => proxy(json!(argument)),
        "return-none" => b"null".to_vec(),
        "large-body" => {
            let length = argument
                .parse()
                .map_err(|_| format!("not a length: {argument}"))?;
            proxy(json!({"statusCode": 200, "body": "a".repeat(length)}))
        }
        // A streaming handler's chunks arrive as one body.
        "stream" => argument.replace('|', "").into_bytes(),
        "raise" => {
            let (kind, message) = argument.split_once(':').unwrap_or((argument, ""));
            return Ok(Ended::FunctionError(proxy(
                json!({"errorType": kind, "errorMessage": message}),
            )));
        }
        "sleep" => {
            let seconds: f64 = argument
                .parse()
                .map_err(|_| format!("not a time: {argument}"))?;
            if timeout_s.is_none_or(|timeout| timeout > seconds) {
                return Err("this handler would have to wait".into());
            }
            return Ok(Ended::FunctionError(proxy(
                json!({"errorType": "Sandbox.Timedout"}),
            )));
        }
        _ => return Err(format!("no such handler: {handler}")),
    };
    Ok(if payload.len() > RESULT_LIMIT {
        Ended::FunctionError(proxy(json!({"errorType": "Function.ResponseSizeTooLarge"})))
    } else {
        Ended::Payload(payload)
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the values are made in place"
)]
fn proxy(value: Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
