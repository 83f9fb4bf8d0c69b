//! The Runtime API that a process polls, version 2018-06-01, over HTTP/1.1.
//!
//! Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes"; states and errors as in
//! gateway-truth §4.6. The state itself is [`Instance`]'s; this is the wire.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::instance::{Delivery, Instance};

/// The largest result: 6 MiB and 100 bytes. `[R]` gateway-truth §4.2
pub(super) const LARGEST_RESULT: usize = 6 * 1024 * 1024 + 100;

/// Why the Runtime API refuses a call. `[E]` gateway-truth §4.6
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The id is not that of the running invocation, or it has been answered.
    RequestId,
    /// The call does not fit what the process is doing.
    State,
}

/// Serves one connection of a process until either side closes it.
pub(super) async fn serve(stream: TcpStream, instance: Arc<Instance>) {
    // Without it each small answer may wait for the acknowledgement of the one before. The only failure is a connection
    // that has just been closed.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let instance = Arc::clone(&instance);
        async move { answer(&instance, request).await }
    });
    // The names' usual spelling, for bootstraps that are shell scripts.
    // An error is the process's: it went away, or does not speak HTTP. Its end, or the timeout, tells the rest.
    let _ = http1::Builder::new()
        .title_case_headers(true)
        // A process may answer and end: what it has sent counts, though it will not read the 202.
        .half_close(true)
        .max_buf_size(512 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// One call.
async fn answer(
    instance: &Arc<Instance>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().strip_prefix("/2018-06-01/runtime/");
    Ok(match (request.method(), path) {
        (&Method::GET, Some("invocation/next")) => match instance.next().await {
            Ok(delivery) => deliver(delivery, instance.arn()),
            Err(refused) => refuse(refused),
        },
        (&Method::POST, Some("init/error")) => {
            let (_, body) = request.into_parts();
            let document = read(body).await?;
            accept(instance.init_failed(document.unwrap_or_default()))
        }
        (&Method::POST, Some(rest)) => {
            let Some((id, kind)) = rest
                .strip_prefix("invocation/")
                .and_then(|rest| rest.split_once('/'))
            else {
                return Ok(not_found());
            };
            match kind {
                "response" => {
                    let id = id.to_owned();
                    result(instance, &id, request).await?
                }
                "error" => {
                    let id = id.to_owned();
                    let document = read(request.into_body()).await?;
                    match document {
                        Some(document) => accept(instance.failed(&id, document)),
                        None => too_large(instance.too_large(&id)),
                    }
                }
                _ => not_found(),
            }
        }
        _ => not_found(),
    })
}

/// `…/response`: the handler's result.
async fn result(
    instance: &Arc<Instance>,
    id: &str,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let Some(streamed) = streaming(&head.headers) else {
        return Ok(error(
            StatusCode::BAD_REQUEST,
            "Runtime.InvalidResponseModeHeader",
            "Invalid value for the response mode header",
        ));
    };
    // A process that ends within its answer gives an error here, and its invocation ends with its exit.
    let Some(payload) = read(body).await? else {
        return Ok(too_large(instance.too_large(id)));
    };
    if streamed {
        instance.warn(
            "the handler streamed its answer, which an HTTP API cannot pass on; \
             it gets the stream's bytes as one result",
        );
    }
    Ok(accept(instance.succeeded(id, payload)))
}

/// Whether the answer is streamed; nothing where the header has another value, which is refused (`[E]`
/// aws-lambda-runtime-interface-emulator, internal/lambda/rapi). What a buffered invocation makes of a stream is unverified: here,
/// its bytes.
fn streaming(headers: &HeaderMap) -> Option<bool> {
    match headers.get("lambda-runtime-function-response-mode") {
        None => Some(false),
        Some(mode) => (mode == "streaming").then_some(true),
    }
}

/// The body, or nothing when it is over [`LARGEST_RESULT`]. It is read to its end either way, so that the answer
/// reaches a process that writes first and reads then.
async fn read(mut body: Incoming) -> Result<Option<Bytes>, hyper::Error> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > LARGEST_RESULT {
            rest = BytesMut::new();
        } else if first.is_empty() {
            // Most results come in one piece, which need not be copied.
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if length > LARGEST_RESULT {
        None
    } else if rest.is_empty() {
        Some(first)
    } else {
        Some(rest.freeze())
    })
}

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// `/next` with an event. `[D]` gateway-truth §4.6
fn deliver(delivery: Delivery, arn: &HeaderValue) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(delivery.event));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    let mut insert = |name, value: String| {
        // The ids are made of printable characters; a trace that the client chose is what can fail here.
        if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
            headers.insert(name, value);
        }
    };
    insert(REQUEST_ID, delivery.request_id);
    insert(DEADLINE, delivery.deadline_ms.to_string());
    insert(TRACE_ID, delivery.trace_id);
    headers.insert(FUNCTION_ARN, arn.clone());
    response
}

/// 202, or why not.
fn accept(done: Result<(), Refused>) -> Response<Full<Bytes>> {
    match done {
        Ok(()) => json(
            StatusCode::ACCEPTED,
            Bytes::from_static(b"{\"status\":\"OK\"}\n"),
        ),
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: Refused) -> Response<Full<Bytes>> {
    match refused {
        Refused::RequestId => error(
            StatusCode::BAD_REQUEST,
            "InvalidRequestID",
            "Invalid request ID",
        ),
        Refused::State => error(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            "State transition is not allowed",
        ),
    }
}

/// 413, when the id was right. `[E]` conformance case lam-039
fn too_large(done: Result<(), Refused>) -> Response<Full<Bytes>> {
    match done {
        Ok(()) => error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            &format!("Exceeded maximum allowed payload size ({LARGEST_RESULT} bytes)."),
        ),
        Err(refused) => refuse(refused),
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let document = serde_json::json!({ "errorMessage": message, "errorType": kind });
    json(status, Bytes::from(document.to_string()))
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"404 page not found\n")));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn json(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}
