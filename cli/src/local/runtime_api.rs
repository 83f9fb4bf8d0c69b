//! The Runtime API that a process polls, version 2018-06-01, over HTTP/1.1.
//!
//! Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes"; states and errors as in
//! gateway-truth §4.6. The state itself is [`Instance`]'s, the bytes are `wire`'s; these are the calls.

#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fw_port_guard::{Pair, PortGuard};
use http::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Duration, timeout},
};

use self::wire::{Broken, Connection, Head, Method};
use super::{
    instance::{Delivery, Instance, Line},
    pool::ClientContext,
    stream::StreamWriter,
};

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

/// How long a refused process may continue to send.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves one connection of a process until either side closes it, if it is one that the guard admits.
pub(super) async fn serve(stream: TcpStream, instance: Arc<Instance>, guard: PortGuard) {
    let stream = match guard.receive(stream).await {
        Ok(stream) => stream,
        Err(stranger) => {
            return instance.warn(&format!("refused a call to its Runtime API: {stranger}"));
        }
    };
    // Without it each small answer may wait for the acknowledgement of the one before. The only failure is a connection
    // that has just been closed.
    let _ = stream.set_nodelay(true);
    let ends = stream.local_addr().ok().zip(stream.peer_addr().ok());
    let line = Line::new(ends.map(|(here, there)| Pair::new(here, there)));
    converse(stream, &instance, &guard, &line).await;
}

/// The same over any byte stream.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    instance: &Arc<Instance>,
    guard: &PortGuard,
    line: &Line,
) {
    let mut connection = Connection::new(stream, guard.clone());
    loop {
        match exchange(&mut connection, instance, line).await {
            Ok(()) if connection.keeps_open() => {}
            Ok(()) | Err(Broken::Closed) => break,
            Err(Broken::Refused(status)) => {
                connection.refuse(status).await;
                break;
            }
        }
    }
    let _ = timeout(FAREWELL, connection.close()).await;
}

/// The answer to a call.
struct Answer {
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
}

/// One call and its answer.
///
/// A process may answer and exit: its answer counts, even if nothing reads the 202.
async fn exchange(
    connection: &mut Connection<impl AsyncRead + AsyncWrite + Unpin>,
    instance: &Arc<Instance>,
    line: &Line,
) -> Result<(), Broken> {
    let head = connection.head().await?;
    let path = head.path.strip_prefix("/2018-06-01/runtime/");
    let answer = match (head.method, path) {
        (Method::Get, Some("invocation/next")) => {
            connection.discard().await?;
            match next(connection, instance, line).await {
                Ok(delivery) => return deliver(connection, delivery, instance).await,
                Err(refused) => refuse(refused),
            }
        }
        (Method::Post, Some("init/error")) => {
            let document = connection.whole(LARGEST_RESULT).await?;
            accept(instance.init_failed(document.unwrap_or_default()))
        }
        (Method::Post, Some(rest)) => {
            let call = rest.strip_prefix("invocation/");
            match call.and_then(|call| call.split_once('/')) {
                Some((id, "response" | "error")) if is_of_another(&head, id) => error(
                    StatusCode::BAD_REQUEST,
                    "InvalidInvocationID",
                    "Invalid invocation ID",
                ),
                Some((id, "response")) => result(instance, id, &head, connection).await?,
                Some((id, "error")) => match connection.whole(LARGEST_RESULT).await? {
                    Some(document) => accept(instance.failed(id, readable(document, &head))),
                    None => too_large(instance.too_large(id)),
                },
                _ => not_found(),
            }
        }
        _ => not_found(),
    };
    // Unused bytes of the call are read too: a process may write all of it before it reads.
    connection.discard().await?;
    let content_type = answer.content_type.as_bytes();
    let fields = [("Content-Type", content_type)];
    connection.send(answer.status, &fields, &answer.body).await
}

/// True if the process sends back the invocation id of another invocation. A runtime that sends none is older. What AWS answers is
/// unverified.
fn is_of_another(head: &Head, id: &str) -> bool {
    let sent = head.invocation_id.as_deref();
    sent.is_some_and(|sent| sent != id.as_bytes())
}

/// An error's document. One that cannot be read is made of the header with the error's type (developer guide, "Using the Lambda runtime API
/// for custom runtimes", invocation error).
fn readable(document: Bytes, head: &Head) -> Bytes {
    if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&document).is_ok() {
        return document;
    }
    let kind = head.error_type.as_deref().unwrap_or(b"Unhandled");
    let kind = String::from_utf8_lossy(kind);
    Bytes::from(serde_json::json!({ "errorType": kind }).to_string())
}

/// Waits for the next event, and watches the connection: a process that has given up its call polls
/// on another one.
async fn next(
    connection: &mut Connection<impl AsyncRead + AsyncWrite + Unpin>,
    instance: &Arc<Instance>,
    line: &Line,
) -> Result<Delivery, Refused> {
    let mut next = std::pin::pin!(instance.next(line));
    tokio::select! {
        biased;
        delivery = &mut next => return delivery,
        () = connection.hung_up() => {}
    }
    // It may have closed only its sending side, and still read.
    line.hang_up();
    instance.line_changed();
    next.await
}

/// `…/response`: the handler's result.
///
/// A streamed response is passed on immediately to a caller that takes it so.
async fn result(
    instance: &Arc<Instance>,
    id: &str,
    head: &Head,
    connection: &mut Connection<impl AsyncRead + AsyncWrite + Unpin>,
) -> Result<Answer, Broken> {
    let Some(streamed) = streaming(head) else {
        return Ok(error(
            StatusCode::BAD_REQUEST,
            "Runtime.InvalidResponseModeHeader",
            "Invalid value for the response mode header",
        ));
    };
    if streamed {
        match instance.stream(id, head.has_prelude) {
            Ok(Some(writer)) => return pass_on(instance, id, writer, connection).await,
            Ok(None) => {}
            Err(refused) => return Ok(refuse(refused)),
        }
    }
    // If a process exits during its response, this is an error, and its invocation ends with its
    // exit.
    let Some(payload) = connection.whole(LARGEST_RESULT).await? else {
        return Ok(too_large(instance.too_large(id)));
    };
    if streamed {
        instance.warn(
            "the handler streamed its response, which only a function URL with \
             `invoke_mode = \"response-stream\"` passes on; it is sent as one response",
        );
    }
    Ok(accept(instance.succeeded(id, payload)))
}

/// Passes a streamed answer on. A process that ends within it cuts the stream.
async fn pass_on(
    instance: &Instance,
    id: &str,
    writer: StreamWriter,
    connection: &mut Connection<impl AsyncRead + AsyncWrite + Unpin>,
) -> Result<Answer, Broken> {
    while let Some(piece) = connection.piece().await? {
        writer.send(piece).await;
    }
    let trailers = connection.trailers();
    let how = match &trailers.error_type {
        None => Ok(()),
        Some(kind) => {
            let document = trailers.error_body.as_deref().unwrap_or_default();
            // In base64 ([E] gateway-truth §3), or unchanged.
            let document = STANDARD
                .decode(document)
                .unwrap_or_else(|_| document.to_vec());
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Err(Some((text(kind), text(&document))))
        }
    };
    if how.is_err() {
        instance.warn(
            "the handler failed in the middle of its stream: the client's connection is closed",
        );
    }
    writer.end(how).await;
    Ok(accept(instance.streamed(id)))
}

/// True if the response is streamed; `None` if the header has another value, which is refused
/// (`[E]` aws-lambda-runtime-interface-emulator, internal/lambda/rapi). How a buffered invocation
/// handles a stream is unverified: here it gets the bytes.
fn streaming(head: &Head) -> Option<bool> {
    match &head.response_mode {
        None => Some(false),
        Some(mode) => (mode == b"streaming").then_some(true),
    }
}

/// `/next` with an event. `[D]` gateway-truth §4.6
async fn deliver(
    connection: &mut Connection<impl AsyncRead + AsyncWrite + Unpin>,
    delivery: Delivery,
    instance: &Instance,
) -> Result<(), Broken> {
    let deadline = delivery.deadline_ms.to_string();
    // The usual spelling of names, for bootstraps that are shell scripts. The ids have only
    // printable characters. A trace from the client may have others, and is then left out.
    let context = delivery.client_context.as_deref();
    let context = context.map(ClientContext::as_bytes);
    let fields = [
        ("Content-Type", "application/json".as_bytes()),
        (
            "Lambda-Runtime-Aws-Request-Id",
            delivery.request_id.as_bytes(),
        ),
        ("Lambda-Runtime-Deadline-Ms", deadline.as_bytes()),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            instance.arn().as_bytes(),
        ),
        ("Lambda-Runtime-Trace-Id", delivery.trace_id.as_bytes()),
        // Tells attempts of one request apart (lambda_runtime 1.4). Its form is unverified; here each attempt has its own process or turn.
        (
            "Lambda-Runtime-Invocation-Id",
            delivery.request_id.as_bytes(),
        ),
        ("Lambda-Runtime-Client-Context", context.unwrap_or_default()),
    ];
    let fields = match context {
        Some(_) => fields.as_slice(),
        None => fields.get(..fields.len() - 1).unwrap_or_default(),
    };
    connection
        .send(StatusCode::OK, fields, &delivery.event)
        .await
}

/// 202, or why not.
fn accept(done: Result<(), Refused>) -> Answer {
    match done {
        Ok(()) => json(
            StatusCode::ACCEPTED,
            Bytes::from_static(b"{\"status\":\"OK\"}\n"),
        ),
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: Refused) -> Answer {
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
fn too_large(done: Result<(), Refused>) -> Answer {
    match done {
        Ok(()) => error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            &format!("Exceeded maximum allowed payload size ({LARGEST_RESULT} bytes)."),
        ),
        Err(refused) => refuse(refused),
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Answer {
    let document = serde_json::json!({ "errorMessage": message, "errorType": kind });
    json(status, Bytes::from(document.to_string()))
}

fn not_found() -> Answer {
    Answer {
        status: StatusCode::NOT_FOUND,
        content_type: "text/plain; charset=utf-8",
        body: Bytes::from_static(b"404 page not found\n"),
    }
}

fn json(status: StatusCode, body: Bytes) -> Answer {
    Answer {
        status,
        content_type: "application/json",
        body,
    }
}
