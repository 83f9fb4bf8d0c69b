//! The loop: take an invocation, have it answered, post the answer.

use std::io::{Error, Result};

use serde::Serialize;

use super::{
    api::{Body, RuntimeApi},
    trace_variable,
};
use crate::{
    context::{self, LambdaContext},
    dispatch::{Answer, Dispatcher, FunctionError, caught},
    entry::Entry,
    log,
};

const INVOCATION: &str = "/runtime/invocation/";

/// What Lambda reads of a failed invocation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorDocument<'e> {
    error_type: &'e str,
    error_message: &'e str,
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
        let input = api.take_input();
        let event = std::str::from_utf8(input.get(next.body.clone()).unwrap_or_default());
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
        api.put_back(input);
        json.clear();
        json.shrink_to(1 << 18);
        post(
            api,
            &id,
            next.invocation_id.as_deref(),
            answer,
            dispatcher.streams,
            &mut json,
        )
        .await?;
    }
}

/// Posts an answer. If Lambda refuses it, there is nothing left to be done for this invocation.
async fn post(
    api: &mut RuntimeApi,
    id: &str,
    invocation_id: Option<&str>,
    answer: std::result::Result<Answer, FunctionError>,
    streams: bool,
    json: &mut Vec<u8>,
) -> Result<()> {
    let own = invocation_id.map(|id| ("Lambda-Runtime-Invocation-Id", id));
    let status = match answer {
        Ok(Answer::Http(payload)) if streams => {
            // A function URL with `RESPONSE_STREAM` would take a whole result for the body, whatever is in it. `[R]` gateway-truth §3
            let (prelude, body) = payload.into_stream();
            json.extend_from_slice(&prelude);
            // Eight of them end the prelude. `[E]` gateway-truth §3
            json.extend_from_slice(&[0; 8]);
            let body = Body::Stream(json, &body);
            respond(api, id, own, body).await?
        }
        Ok(answer) => match serde_json::to_writer(&mut *json, &answer) {
            Ok(()) => respond(api, id, own, Body::Json(json)).await?,
            Err(error) => fail(api, id, own, "fw.UnwritableAnswer", &error.to_string()).await?,
        },
        Err(FunctionError { kind, message }) => {
            // A source or an authorizer has logged the cause, of which these are the public words.
            if !context::was_logged() {
                tracing::error!("{kind}: {message}");
            }
            fail(api, id, own, &kind, &message).await?
        }
    };
    if !(200..300).contains(&status) {
        tracing::error!(status, "Lambda refused the answer to this invocation");
    }
    Ok(())
}

async fn respond(
    api: &mut RuntimeApi,
    id: &str,
    own: Option<(&str, &str)>,
    body: Body<'_>,
) -> Result<u16> {
    let head = api
        .exchange(&[INVOCATION, id, "/response"], own.as_slice(), body)
        .await?;
    Ok(head.status)
}

async fn fail(
    api: &mut RuntimeApi,
    id: &str,
    own: Option<(&str, &str)>,
    error_type: &str,
    error_message: &str,
) -> Result<u16> {
    let document = serde_json::to_vec(&ErrorDocument {
        error_type,
        error_message,
    })?;
    let unhandled = ("Lambda-Runtime-Function-Error-Type", "unhandled");
    let headers: Vec<_> = [unhandled].into_iter().chain(own).collect();
    let head = api
        .exchange(&[INVOCATION, id, "/error"], &headers, Body::Json(&document))
        .await?;
    Ok(head.status)
}
