//! Which service a request is for.

use std::sync::Arc;

use bytes::Bytes;
use fw_port_guard::{Refusal, guarded};
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::json;

use crate::access::{self, Caller};
use crate::events::{self, EventsError};
use crate::form::Form;
use crate::lambda::{self, Lambda};
use crate::reply::{self, Body};
use crate::scheduler::{self, SchedulerError};
use crate::server::Shared;
use crate::sns;
use crate::sqs::{self, Call, SqsError};
use crate::tables::{self, RefusedCaller, TableCall};
use crate::{admit, control, ids};

/// The most bytes of a request's body. A message has 1 MiB, and escapes in JSON take six bytes for one.
const MOST_BODY: usize = 8 * 1024 * 1024;

/// Answers a request.
pub(crate) async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    if let Err(refusal) = guarded(&shared.guard, &request) {
        return match (&refusal, &shared.fallback) {
            (Refusal::Origin(origin), Some(fallback))
                if !control::owns(request.uri().path())
                    && fallback.admits_page(origin, &request) =>
            {
                fallback.call(request).await
            }
            _ => admit::refused(&refusal),
        };
    }
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if control::owns(path) {
        return match read(body).await {
            Ok(body) => control::answer(shared, &parts.method, path, &body),
            Err(refusal) => *refusal,
        };
    }
    if let Some(target) = parts.headers.get("x-amz-target") {
        let target = target.to_str().unwrap_or_default().to_owned();
        let most = match tables::operation(&target) {
            Some(_) => tables::MOST_BODY,
            None => MOST_BODY,
        };
        let body = match read_up_to(body, most).await {
            Ok(body) => body,
            Err(refusal) => return *refusal,
        };
        return by_target(shared, &parts, &target, &body).await;
    }
    if let Some(protocol) = query_protocol(&parts) {
        let body = match read(body).await {
            Ok(body) => body,
            Err(refusal) => return *refusal,
        };
        return by_action(shared, &parts, protocol, &body).await;
    }
    if scheduler::owns(path, access::caller(&parts.headers, None).as_ref()) {
        let body = match read(body).await {
            Ok(body) => body,
            Err(refusal) => return *refusal,
        };
        return for_scheduler(shared, &parts, &body);
    }
    if let (Some(lambda), true) = (&shared.lambda, lambda::owns(path)) {
        let body = match read(body).await {
            Ok(body) => body,
            Err(refusal) => return *refusal,
        };
        return by_path(shared, lambda, &parts, &body).await;
    }
    match &shared.fallback {
        Some(fallback) => fallback.call(Request::from_parts(parts, body)).await,
        None => not_implemented(&format!("{} {path}", parts.method)),
    }
}

/// Where the parameters of a query protocol call stand.
#[derive(Clone, Copy, PartialEq)]
enum Protocol {
    Query,
    Form,
}

/// Whether the request speaks a query protocol: it has an action, or its path is that of a queue.
fn query_protocol(parts: &http::request::Parts) -> Option<Protocol> {
    let is_form = parts.headers.get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Method::POST && is_form {
        return Some(Protocol::Form);
    }
    let has_action = query.split('&').any(|pair| pair.starts_with("Action="));
    let on_queue = sqs::queue_of_path(parts.uri.path()).is_some();
    (matches!(parts.method, Method::GET | Method::POST) && (has_action || on_queue))
        .then_some(Protocol::Query)
}

async fn by_target(
    shared: &Shared,
    parts: &http::request::Parts,
    target: &str,
    body: &Bytes,
) -> Response<Body> {
    if let Some(operation) = target.strip_prefix("AWSEvents.") {
        return match shared.authenticate(parts, body) {
            Ok(caller) => events::json::answer(&shared.events, &caller, operation, body),
            Err(why) => events::json::error(&EventsError::not_let_in(&why)),
        };
    }
    if let (Some(database), Some((operation, of_streams))) =
        (&shared.tables, tables::operation(target))
    {
        let caller = shared.authenticate(parts, body);
        let call = TableCall {
            caller: caller.map_err(|why| RefusedCaller::of(&why)),
            operation: operation.to_owned(),
            of_streams,
            body: body.clone(),
        };
        return database.call(call).await;
    }
    let Some(operation) = target.strip_prefix("AmazonSQS.") else {
        return not_implemented(target);
    };
    let call = match call(shared, parts, body) {
        Ok(call) => call,
        Err(error) => return sqs::json::error(&error),
    };
    sqs::json::answer(&shared.sqs, &call, operation, body).await
}

async fn by_action(
    shared: &Shared,
    parts: &http::request::Parts,
    protocol: Protocol,
    body: &Bytes,
) -> Response<Body> {
    let text = match protocol {
        Protocol::Query => parts.uri.query().unwrap_or_default().into(),
        Protocol::Form => String::from_utf8_lossy(body),
    };
    let Some(form) = Form::parse(&text) else {
        return reply::json(
            StatusCode::BAD_REQUEST,
            &json!({"__type": "MalformedQueryString", "message": "The request has too many parameters."}),
        );
    };
    let action = form.get("Action").unwrap_or_default().to_owned();
    let signed_for = access::caller(&parts.headers, parts.uri.query())
        .map(|caller| caller.service)
        .unwrap_or_default();
    // The version says more than the signature, which some clients share.
    let is_sns = match form.get("Version") {
        Some("2010-03-31") => true,
        Some("2012-11-05") => false,
        _ => signed_for == "sns" || sns::is_open(&action),
    };
    let on_queue = sqs::queue_of_path(parts.uri.path()).is_some();
    let is_sqs = form.get("Version") == Some("2012-11-05") || signed_for == "sqs";
    if on_queue || (is_sqs && !is_sns) {
        if action.is_empty() {
            return sqs::query::without_action();
        }
        let as_json = parts
            .headers
            .get(http::header::ACCEPT)
            .is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
        return match call(shared, parts, body) {
            Ok(call) => sqs::query::answer(&shared.sqs, &call, &action, form, as_json).await,
            Err(error) => sqs::query::error(&error, as_json),
        };
    }
    if is_sns {
        let host = host(shared, parts);
        let trace = trace(parts);
        let of = |caller| sns::Call {
            caller,
            host: host.clone(),
            trace: trace.clone(),
        };
        let call = shared
            .authenticate(parts, body)
            .map(of)
            .map_err(|why| sns::SnsError::not_let_in(&why));
        return sns::answer(&shared.sns, call, of(Caller::default()), &action, form);
    }
    not_implemented(&format!("Action={action}"))
}

/// Answers a request for Scheduler.
fn for_scheduler(shared: &Shared, parts: &http::request::Parts, body: &[u8]) -> Response<Body> {
    match shared.authenticate(parts, body) {
        Ok(caller) => shared.scheduler.answer(&scheduler::Request {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            body,
            caller,
        }),
        Err(why) => SchedulerError::not_let_in(&why).response(),
    }
}

/// Answers a request for Lambda.
async fn by_path(
    shared: &Shared,
    lambda: &Arc<Lambda>,
    parts: &http::request::Parts,
    body: &Bytes,
) -> Response<Body> {
    let caller = match shared.authenticate(parts, body) {
        Ok(caller) => caller,
        Err(why) => return lambda::not_let_in(&why),
    };
    let request = lambda::Request {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        body,
        caller,
        invocation_type: parts
            .headers
            .get("x-amz-invocation-type")
            .and_then(|kind| kind.to_str().ok()),
    };
    match lambda.answer(request).await {
        Some(response) => response,
        None => not_implemented(&format!("Lambda {} {}", parts.method, parts.uri.path())),
    }
}

fn host(shared: &Shared, parts: &http::request::Parts) -> String {
    match parts.headers.get(HOST).and_then(|host| host.to_str().ok()) {
        Some(host) => host.to_owned(),
        None => shared.address.to_string(),
    }
}

fn trace(parts: &http::request::Parts) -> Option<String> {
    let trace = parts.headers.get("x-amzn-trace-id")?.to_str().ok()?;
    Some(trace.to_owned())
}

/// What the services of SQS need to know of a request.
fn call(shared: &Shared, parts: &http::request::Parts, body: &[u8]) -> Result<Call, SqsError> {
    let caller = shared.authenticate(parts, body);
    Ok(Call {
        caller: caller.map_err(|why| SqsError::not_let_in(&why))?,
        host: host(shared, parts),
        trace: trace(parts),
        queue_of_path: sqs::queue_of_path(parts.uri.path()).map(ToOwned::to_owned),
    })
}

async fn read(body: Incoming) -> Result<Bytes, Box<Response<Body>>> {
    read_up_to(body, MOST_BODY).await
}

async fn read_up_to(body: Incoming, most: usize) -> Result<Bytes, Box<Response<Body>>> {
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(Box::new(reply::json(
            StatusCode::PAYLOAD_TOO_LARGE,
            &json!({
                "__type": "RequestEntityTooLarge",
                "message": format!("The body is not complete or longer than {} MiB.", most >> 20),
            }),
        ))),
    }
}

/// Refuses an operation by its name. The form is that of the JSON protocols, whose clients show both members.
pub(crate) fn not_implemented(operation: &str) -> Response<Body> {
    let mut response = reply::json(
        StatusCode::NOT_IMPLEMENTED,
        &json!({
            "__type": "NotImplemented",
            "message": format!("{operation} is not implemented by these services"),
        }),
    );
    if let Ok(id) = ids::uuid().parse() {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
