//! The endpoint's own paths: health, reset and clock; what is there, redrives and schedules to be fired.

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redrive {
    queue: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fire {
    schedule: String,
}

/// The paths of the endpoint's own.
const PATHS: [&str; 7] = [
    "/_fw/health",
    "/_fw/reset",
    "/_fw/clock",
    "/_fw/resources",
    "/_fw/redrive",
    "/_fw/fire",
    "/_localstack/health",
];

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
            if shared.tables.is_some() {
                services["dynamodb"] = "running".into();
                services["dynamodbstreams"] = "running".into();
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
        (&Method::GET, "/_fw/resources") => match serde_json::to_value(shared.resources()) {
            Ok(resources) => reply::json(StatusCode::OK, &resources),
            Err(error) => problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "resources_not_shown",
                &error.to_string(),
            ),
        },
        (&Method::POST, "/_fw/redrive") => match serde_json::from_slice::<Redrive>(body) {
            Ok(Redrive { queue }) => match shared.redrive(&queue) {
                Some(redriven) => reply::json(
                    StatusCode::OK,
                    &json!({"moved": redriven.moved, "kept": redriven.kept}),
                ),
                None => missing("queue", &queue),
            },
            Err(error) => problem(
                StatusCode::BAD_REQUEST,
                "redrive_request_not_valid",
                &format!("The body must be {{\"queue\": name}}: {error}."),
            ),
        },
        (&Method::POST, "/_fw/fire") => match serde_json::from_slice::<Fire>(body) {
            Ok(Fire { schedule }) if shared.scheduler.fire_now(&schedule) => {
                reply::json(StatusCode::OK, &json!({}))
            }
            Ok(Fire { schedule }) => missing("schedule", &schedule),
            Err(error) => problem(
                StatusCode::BAD_REQUEST,
                "fire_request_not_valid",
                &format!("The body must be {{\"schedule\": name}}: {error}."),
            ),
        },
        _ if PATHS.contains(&path) => problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            &format!("{path} does not take {method}."),
        ),
        _ => problem(
            StatusCode::NOT_FOUND,
            "not_found",
            &format!("The endpoint has {}.", PATHS.join(", ")),
        ),
    }
}

fn now(shared: &Shared) -> Response<Body> {
    reply::json(StatusCode::OK, &json!({"now_ms": shared.clock.now_ms()}))
}

fn missing(kind: &str, name: &str) -> Response<Body> {
    problem(
        StatusCode::NOT_FOUND,
        "resource_not_found",
        &format!("There is no {kind} `{}`.", name.escape_debug()),
    )
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or_default();
    let document =
        json!({"title": title, "status": status.as_u16(), "detail": detail, "code": code});
    reply::json(status, &document)
}
