//! The endpoint's own paths: health, reset and clock.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::reply::{self, Body};
use crate::server::Shared;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

/// True for paths that [`answer`] takes.
pub(crate) fn owns(path: &str) -> bool {
    path.starts_with("/_fw/") || path.starts_with("/_localstack/")
}

/// Answers a request for one of the endpoint's own paths.
pub(crate) fn answer(shared: &Shared, method: &Method, path: &str, body: &Bytes) -> Response<Body> {
    match (method, path) {
        (&Method::GET | &Method::HEAD, "/_fw/health" | "/_localstack/health") => {
            // Health checks of other emulators' users wait for these words.
            let mut services = json!({
                "events": "running",
                "scheduler": "running",
                "sns": "running",
                "sqs": "running",
            });
            if shared.lambda.is_some() {
                services["lambda"] = "running".into();
            }
            reply::json(
                StatusCode::OK,
                &json!({"status": "ok", "services": services}),
            )
        }
        (&Method::POST, "/_fw/reset") => {
            shared.reset();
            reply::json(StatusCode::OK, &json!({}))
        }
        (&Method::GET, "/_fw/clock") => now(shared),
        (&Method::POST, "/_fw/clock") => match serde_json::from_slice::<Advance>(body) {
            Ok(advance) => {
                shared
                    .clock
                    .advance(Duration::from_millis(advance.advance_ms));
                now(shared)
            }
            Err(error) => problem(
                StatusCode::BAD_REQUEST,
                "clock_request_not_valid",
                &format!("The body must be {{\"advance_ms\": n}}: {error}."),
            ),
        },
        (_, "/_fw/health" | "/_localstack/health" | "/_fw/reset" | "/_fw/clock") => problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            &format!("{path} does not take {method}."),
        ),
        _ => problem(
            StatusCode::NOT_FOUND,
            "not_found",
            "The endpoint has /_fw/health, /_fw/reset and /_fw/clock.",
        ),
    }
}

fn now(shared: &Shared) -> Response<Body> {
    reply::json(StatusCode::OK, &json!({"now_ms": shared.clock.now_ms()}))
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or_default();
    let document =
        json!({"title": title, "status": status.as_u16(), "detail": detail, "code": code});
    reply::json(status, &document)
}
