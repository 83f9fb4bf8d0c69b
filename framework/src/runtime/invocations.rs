//! The loop: take an invocation, have it answered, post the answer.

use std::io::{Error, Result};

use serde::Serialize;

use super::{
    api::{Body, RuntimeApi},
    trace_variable,
};
use crate::{
    after,
    context::{self, LambdaContext},
    dispatch::{Answer, Dispatcher, FunctionError, caught},
    entry::Entry,
    log,
    payload::StreamBody,
    response::stream::BodyStream,
};

const INVOCATION: &str = "/runtime/invocation/";

/// What Lambda reads of a failed invocation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorDocument<'e> {
    pub(super) error_type: &'e str,
    pub(super) error_message: &'e str,
}

/// Waits until a function with a snapshot is restored from it.
///
/// # Errors
///
/// When the Runtime API cannot be reached, or refuses.
pub(super) async fn restore(api: &mut RuntimeApi) -> Result<()> {
    let head = api
        .exchange(&["/runtime/restore/next"], &[], Body::None)
        .await?;
    api.disconnect();
    match head.status {
        200..=299 => Ok(()),
        status => Err(Error::other(format!(
            "`restore/next` was answered with {status}"
        ))),
    }
}

/// Answers what Lambda sends, until Lambda is gone: the error says why. `function` is the context of each invocation, as far as it is
/// always the same.
pub(super) async fn serve<S: Send + Sync + 'static>(
    api: &mut RuntimeApi,
    function: &LambdaContext,
    dispatcher: &Dispatcher<S>,
    entry: Option<&Entry<S>>,
) -> Result<std::convert::Infallible> {
    let mut json = Vec::new();
    loop {
        let mut next = api.exchange(&[INVOCATION, "next"], &[], Body::None).await?;
        let lambda = next.invocation(function)?;
        trace_variable::set(lambda.trace_id.as_deref());
        let id = lambda.request_id.clone();
        let event = std::str::from_utf8(&api.body);
        let answer = match event {
            // The dispatcher looks after its handlers' panics. This is for what is around them.
            Ok(event) => caught(dispatcher.answer(entry, event, lambda))
                .await
                .unwrap_or_else(|panic| {
                    Err(FunctionError {
                        kind: "fw.Panic".into(),
                        message: format!("panicked: {}", log::message(&*panic)),
                    })
                }),
            Err(error) => Err(FunctionError {
                kind: "fw.UnreadableEvent".into(),
                message: format!("the event is not UTF-8: {error}"),
            }),
        };
        json.clear();
        json.shrink_to(1 << 18);
        post(api, &id, next.invocation_id.as_deref(), answer, &mut json).await?;
        after::finish().await;
    }
}

/// Posts an answer. If Lambda refuses it, nothing more can be done for this invocation.
async fn post(
    api: &mut RuntimeApi,
    id: &str,
    invocation_id: Option<&str>,
    answer: std::result::Result<Answer, FunctionError>,
    json: &mut Vec<u8>,
) -> Result<()> {
    let mut headers = Vec::new();
    headers.extend(invocation_id.map(|id| ("Lambda-Runtime-Invocation-Id", id)));
    let mut body = None;
    let written = match answer {
        Ok(Answer::Http(payload)) if payload.is_in_stream() => {
            // A function URL with `RESPONSE_STREAM` would take a whole result for the body, whatever is in it. `[R]` gateway-truth §3
            let (prelude, stream) = payload.into_stream();
            json.extend_from_slice(&prelude);
            // Eight of them end the prelude. `[E]` gateway-truth §3
            json.extend_from_slice(&[0; 8]);
            match stream {
                StreamBody::Whole(whole) => body = Some(whole),
                StreamBody::Pieces(pieces) => {
                    stream_out(api, id, &headers, json, pieces).await;
                    return Ok(());
                }
            }
            Ok(())
        }
        Ok(answer) => serde_json::to_writer(&mut *json, &answer).map_err(|error| FunctionError {
            kind: "fw.UnwritableAnswer".into(),
            message: error.to_string(),
        }),
        Err(error) => Err(error),
    };
    let end = match written {
        Ok(()) => "/response",
        Err(FunctionError { kind, message }) => {
            // A source or an authorizer has logged the cause, of which these are the public words.
            if !context::was_logged() {
                tracing::error!("{kind}: {message}");
            }
            json.clear();
            let document = ErrorDocument {
                error_type: &kind,
                error_message: &message,
            };
            serde_json::to_writer(&mut *json, &document)?;
            headers.push(("Lambda-Runtime-Function-Error-Type", "unhandled"));
            "/error"
        }
    };
    let body = match &body {
        Some(stream) => Body::Stream(json, stream),
        None => Body::Json(json),
    };
    let path = [INVOCATION, id, end];
    let status = api.exchange(&path, &headers, body).await?.status;
    log_refusal(status);
    Ok(())
}

fn log_refusal(status: u16) {
    if !(200..300).contains(&status) {
        tracing::error!(status, "Lambda refused the answer to this invocation");
    }
}

/// Posts an answer in pieces. If it cannot be sent to its end it is lost, and the next invocation may come over another connection.
async fn stream_out(
    api: &mut RuntimeApi,
    id: &str,
    headers: &[(&str, &str)],
    prelude: &[u8],
    mut pieces: BodyStream,
) {
    let path = [INVOCATION, id, "/response"];
    match api.stream(&path, headers, prelude, &mut pieces).await {
        Ok((head, failure)) => {
            if let Some(failure) = failure {
                tracing::error!("the streamed answer is cut: {failure}");
            }
            log_refusal(head.status);
        }
        Err(error) => {
            api.disconnect();
            tracing::error!("the streamed answer could not be sent: {error}");
        }
    }
}
