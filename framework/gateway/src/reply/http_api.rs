//! The answers of an HTTP API.

use bytes::Bytes;

use crate::{
    http::HttpReply,
    http_api::PayloadFormat,
    reply::proxy::{Malformed, Payload, Proxy},
    reply::{Draft, Frame, open},
    text::title_case,
};

/// The own answers of an HTTP API. `[R/D/U]` gateway-truth §1.8
#[derive(Debug, Clone, Copy)]
pub(crate) enum Message {
    /// The input is not a request.
    BadRequest,
    /// The caller is not known.
    Unauthorized,
    /// The caller is known, but not allowed.
    Forbidden,
    /// No route.
    NotFound,
    /// The body, or the event, is too large.
    EntityTooLarge,
    /// Request line and headers are too large.
    HeadersTooLarge,
    /// No capacity.
    TooManyRequests,
    /// The function failed, or its result is malformed.
    InternalServerError,
    /// The integration took too long.
    ServiceUnavailable,
}

/// The header that names the request.
const ID: &str = "Apigw-Requestid";

/// The answers to a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpApiReply<'r>(pub(crate) Frame<'r>);

impl HttpApiReply<'_> {
    /// The gateway's own answer.
    pub(crate) fn message(&self, message: Message) -> HttpReply {
        let (status, body) = match message {
            // Unverified.
            Message::BadRequest => (400, r#"{"message":"Bad Request"}"#),
            // [D/U] gateway-truth §1.9
            Message::Unauthorized => (401, r#"{"message":"Unauthorized"}"#),
            // [R/U] gateway-truth §1.8, §1.9
            Message::Forbidden => (403, r#"{"message":"Forbidden"}"#),
            Message::NotFound => (404, r#"{"message":"Not Found"}"#),
            Message::EntityTooLarge => (413, r#"{"message":"Request Entity Too Large"}"#),
            Message::TooManyRequests => (429, r#"{"message":"Too Many Requests"}"#),
            // The limit is documented; status and text are unverified, after RFC 6585 §5.
            Message::HeadersTooLarge => (431, r#"{"message":"Request Header Fields Too Large"}"#),
            Message::InternalServerError => (500, r#"{"message":"Internal Server Error"}"#),
            Message::ServiceUnavailable => (503, r#"{"message":"Service Unavailable"}"#),
        };
        let body = Bytes::from_static(body.as_bytes());
        let mut reply = open(status, self.0.epoch_ms, Some("application/json"), body);
        self.0.close(&mut reply, ID);
        reply
    }

    /// The gateway's own answer with a challenge (RFC 6750 §3).
    pub(crate) fn challenge(&self, message: Message, challenge: String) -> HttpReply {
        let mut reply = self.message(message);
        reply
            .headers
            .push(("Www-Authenticate".to_owned(), challenge));
        reply
    }

    /// The answer to a preflight: no content, and the configured headers. The status is an assumption of emulators.
    /// `[E]` gateway-truth §1.7
    pub(crate) fn preflight(&self) -> HttpReply {
        self.0.preflight(204, ID)
    }

    /// The answer for a handler's result.
    pub(crate) fn result(&self, payload: &[u8], format: PayloadFormat) -> HttpReply {
        match draft(payload, format) {
            Ok((draft, content_type)) => self.dress(draft, content_type),
            Err(malformed) => self
                .message(Message::InternalServerError)
                .because(malformed.reason()),
        }
    }

    fn dress(&self, draft: Draft<'_>, default_type: &'static str) -> HttpReply {
        // [R] gateway-truth §0 row 7
        self.0.dress(draft, default_type, ID, title_case)
    }
}

/// The meaning of a result, and the default content type.
fn draft(payload: &[u8], format: PayloadFormat) -> Result<(Draft<'_>, &'static str), Malformed> {
    // [R] gateway-truth §0 row 6
    const WITH_STATUS: &str = "text/plain; charset=utf-8";
    const INFERRED: &str = "application/json";
    match (Payload::read(payload).ok_or(Malformed::NOT_JSON)?, format) {
        (Payload::Object(proxy, _), PayloadFormat::V1) => Ok((v1(&proxy)?, WITH_STATUS)),
        (Payload::Object(proxy, _), PayloadFormat::V2) if proxy.has_status() => {
            Ok((Draft::v2(&proxy)?, WITH_STATUS))
        }
        // [D] gateway-truth §1.5: 1.0 infers nothing.
        (Payload::Other(_), PayloadFormat::V1) => Err(Malformed(
            "in format 1.0 it must be an object with a `statusCode`",
        )),
        (Payload::Object(_, json) | Payload::Other(json), PayloadFormat::V2) => {
            Ok((Draft::inferred(json)?, INFERRED))
        }
    }
}

fn v1<'a>(proxy: &Proxy<'a>) -> Result<Draft<'a>, Malformed> {
    // [R] gateway-truth §0 row 11: single values first.
    let headers = proxy
        .headers()?
        .into_iter()
        .chain(proxy.multi_value_headers()?)
        .collect();
    Draft::new(proxy.own_status()?, headers, proxy.bytes()?)
}
