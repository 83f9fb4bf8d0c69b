//! What a REST API answers. `[R]` gateway-truth §2.3

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;

use super::proxy::{Malformed, Payload, decode};
use super::{Draft, Lines, open};
use crate::gateway::{CorsConfig, HttpReply};

/// What a REST API says by itself. `[R/U]` gateway-truth §0 rows 12, 13 and 17, §2.3, §2.6, §2.7
#[derive(Debug, Clone, Copy)]
pub(in crate::gateway) enum RestMessage {
    /// No method of that name on that resource.
    MissingAuthenticationToken,
    /// No stage of that name.
    Forbidden,
    /// The body, or the event, is too large.
    RequestTooLong,
    /// The URL is too long.
    UriTooLong,
    /// The headers are too large.
    HeadersTooLarge,
    /// The gateway could not use the integration.
    InternalServerError,
    /// The function failed, or its result is malformed.
    BadGateway,
    /// The integration took too long.
    GatewayTimeout,
}

/// What an answer needs to know of its request.
#[derive(Debug, Clone, Copy)]
pub(in crate::gateway) struct RestReply<'r> {
    /// When to date the answer.
    pub(in crate::gateway) epoch_ms: u64,
    /// The `x-amzn-RequestId`.
    pub(in crate::gateway) id: &'r str,
    /// The `x-amz-apigw-id`.
    pub(in crate::gateway) extended_id: &'r str,
}

impl RestReply<'_> {
    /// The gateway's own answer.
    pub(in crate::gateway) fn message(&self, message: RestMessage) -> HttpReply {
        const INTERNAL: &str = r#"{"message": "Internal server error"}"#;
        let (status, error, body) = match message {
            RestMessage::MissingAuthenticationToken => (
                403,
                "MissingAuthenticationTokenException",
                r#"{"message":"Missing Authentication Token"}"#,
            ),
            // Unverified for a stage that does not exist.
            RestMessage::Forbidden => (403, "ForbiddenException", r#"{"message":"Forbidden"}"#),
            // [E] gateway-truth §2.7 for the body; the error type is unverified.
            RestMessage::RequestTooLong => (
                413,
                "RequestTooLargeException",
                r#"{"message":"Request Too Long"}"#,
            ),
            // The limits of the next two are documented; status, type and text are unverified, after RFC 9110 §15.5.15
            // and RFC 6585 §5.
            RestMessage::UriTooLong => {
                (414, "BadRequestException", r#"{"message":"URI Too Long"}"#)
            }
            RestMessage::HeadersTooLarge => (
                431,
                "BadRequestException",
                r#"{"message":"Request Header Fields Too Large"}"#,
            ),
            RestMessage::InternalServerError => (500, "InternalServerErrorException", INTERNAL),
            RestMessage::BadGateway => (502, "InternalServerErrorException", INTERNAL),
            RestMessage::GatewayTimeout => (
                504,
                "InternalServerErrorException",
                r#"{"message": "Endpoint request timed out"}"#,
            ),
        };
        let body = Bytes::from_static(body.as_bytes());
        let mut reply = open(status, self.epoch_ms, Some("application/json"), body);
        self.close(&mut reply);
        reply
            .headers
            .push(("x-amzn-ErrorType".into(), error.into()));
        reply
    }

    /// The answer of the MOCK integration behind OPTIONS: 200 with the configured headers, no trace. `[R]` gateway-truth §2.7
    pub(in crate::gateway) fn preflight(&self, cors: &CorsConfig) -> HttpReply {
        let mut reply = open(200, self.epoch_ms, Some("application/json"), Bytes::new());
        self.close(&mut reply);
        reply.headers.extend(
            cors.all_headers()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        reply
    }

    /// The answer for a handler's result.
    pub(in crate::gateway) fn result(
        &self,
        payload: &[u8],
        trace: &str,
        accepts_binary: bool,
    ) -> HttpReply {
        let mut draft = match draft(payload, accepts_binary) {
            Ok(draft) => draft,
            Err(failure) => return self.message(failure),
        };
        for (name, _) in &mut draft.headers {
            if is_remapped(name) {
                *name = format!("x-amzn-Remapped-{name}").into();
            }
        }
        let content_type = draft.take_content_type("application/json");
        let mut reply = open(
            draft.status,
            self.epoch_ms,
            content_type.as_deref(),
            draft.body,
        );
        self.close(&mut reply);
        // [R] gateway-truth §2.3: the trace ends with a lineage, whose hash nobody can predict.
        let lineage = self.id.get(..8).unwrap_or("00000000");
        reply.headers.push((
            "X-Amzn-Trace-Id".into(),
            format!("{trace};Lineage=1:{lineage}:0"),
        ));
        let own = |name: &str| {
            ["x-amz-apigw-id", "x-amzn-trace-id"]
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own))
        };
        reply.headers.extend(
            draft
                .headers
                .into_iter()
                .filter(|(name, _)| !own(name))
                .map(|(name, value)| (name.into_owned(), value.into_owned())),
        );
        reply
    }

    fn close(&self, reply: &mut HttpReply) {
        reply
            .headers
            .push(("x-amzn-RequestId".into(), self.id.into()));
        reply
            .headers
            .push(("x-amz-apigw-id".into(), self.extended_id.into()));
    }
}

/// Whether a handler's header is sent as `x-amzn-Remapped-…`: the two reported for Lambda (`[U]` gateway-truth §2.3), and
/// those recorded for `HTTP_PROXY`, which are inferred here.
fn is_remapped(name: &str) -> bool {
    const REMAPPED: [&str; 7] = [
        "authorization",
        "connection",
        "content-length",
        "date",
        "server",
        "www-authenticate",
        "x-amzn-requestid",
    ];
    REMAPPED
        .iter()
        .any(|remapped| name.eq_ignore_ascii_case(remapped))
}

/// What a result means. `[R]` gateway-truth §0 row 10: an object of known keys only, all of them optional.
fn draft(payload: &[u8], accepts_binary: bool) -> Result<Draft<'_>, RestMessage> {
    let malformed = |_: Malformed| RestMessage::BadGateway;
    let Some(Payload::Object(proxy, _)) = Payload::read(payload) else {
        return Err(RestMessage::BadGateway);
    };
    if proxy.has_unknown_keys || proxy.has_cookies {
        return Err(RestMessage::BadGateway);
    }
    let status = proxy.status().map_err(malformed)?.unwrap_or(200);
    let headers = merge(
        proxy.multi_value_headers().map_err(malformed)?,
        proxy.headers().map_err(malformed)?,
    );
    let text = proxy.text().map_err(malformed)?;
    // [R] gateway-truth §0 row 9: the flag alone does nothing. §2.4: base64 that is none gives 500, not 502.
    let body = if proxy.is_base64_encoded().map_err(malformed)? && accepts_binary {
        decode(&text).map_err(|_| RestMessage::InternalServerError)?
    } else {
        text.into_owned().into()
    };
    Draft::new(status, headers, body).ok_or(RestMessage::BadGateway)
}

/// Multi values first, and their spelling of the name. `[R]` gateway-truth §0 row 11, §2.3
fn merge<'a>(multi: Lines<'a>, single: Lines<'a>) -> Lines<'a> {
    let spellings: HashMap<String, Cow<'a, str>> = multi
        .iter()
        .map(|(name, _)| (name.to_ascii_lowercase(), name.clone()))
        .collect();
    let single =
        single.into_iter().map(
            |(name, value)| match spellings.get(&name.to_ascii_lowercase()) {
                Some(spelling) => (spelling.clone(), value),
                None => (name, value),
            },
        );
    let mut lines = multi;
    lines.extend(single);
    lines
}
