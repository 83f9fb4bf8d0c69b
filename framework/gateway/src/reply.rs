//! Answers: one file per front door, and here what they share.

pub(crate) mod function_url;
pub(crate) mod http_api;
pub(crate) mod proxy;
pub(crate) mod rest;

use std::borrow::Cow;

use bytes::Bytes;

use crate::{
    cors::CorsConfig,
    http::HttpReply,
    reply::proxy::{Malformed, compact, string},
    text::http_date,
};
pub(super) use proxy::Proxy;

/// Header lines in order.
pub(super) type Lines<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The answer of a handler's result, or of the gateway, before it is completed.
#[derive(Debug)]
struct Draft<'a> {
    status: u16,
    /// The handler's headers, each of which HTTP allows.
    headers: Lines<'a>,
    body: Bytes,
}

impl<'a> Draft<'a> {
    /// A draft, unless HTTP has no such header: a name that is not a token, or a line break in a value, would let a
    /// handler's data write the rest of the response (RFC 9110 §5.1, §5.5). What AWS does then is unverified; to call
    /// the result malformed shows the mistake.
    fn new(status: u16, headers: Lines<'a>, body: Bytes) -> Result<Self, Malformed> {
        headers
            .iter()
            .all(|(name, value)| is_token(name) && is_field_value(value))
            .then_some(Self {
                status,
                headers,
                body,
            })
            .ok_or(Malformed::NO_HEADERS)
    }

    /// A result of format 2.0 with a status.
    fn v2(proxy: &Proxy<'a>) -> Result<Self, Malformed> {
        let headers = proxy.cookies_and_headers()?;
        Self::new(proxy.own_status()?, headers, proxy.bytes()?)
    }

    /// A result without a status is the body. A string is sent without quotes, everything else
    /// compactly. `[R]` gateway-truth §3 for function URLs; for HTTP APIs `[D]` §1.4 for the string
    /// and inferred for the rest; `null` and numbers are unverified.
    fn inferred(json: &str) -> Result<Self, Malformed> {
        let text = if json.starts_with('"') {
            string(json).ok_or(Malformed::NOT_JSON)?
        } else {
            compact(json)
        };
        Ok(Self {
            status: 200,
            headers: Vec::new(),
            body: text.into_owned().into(),
        })
    }

    /// Takes the content type out of the headers, and removes those that the gateway sets itself.
    fn take_content_type(&mut self, default: &'static str) -> Option<Cow<'a, str>> {
        // They belong to the connection, or describe the message as the gateway sends it (RFC 9110 §7.6.1, §8.6).
        // Length recorded (gateway-truth §1.4), the others unverified.
        const GATEWAYS_OWN: [&str; 9] = [
            "connection",
            "content-length",
            "date",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        let mut content_type = None;
        self.headers.retain_mut(|(name, value)| {
            if name.eq_ignore_ascii_case("content-type") {
                content_type.get_or_insert_with(|| std::mem::take(value));
                return false;
            }
            !GATEWAYS_OWN
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own))
        });
        // Whether AWS adds a type to an empty 204 is unverified; there is no content for a type.
        content_type.or_else(|| (self.status != 204).then_some(Cow::Borrowed(default)))
    }
}

/// The lines that start every answer, and the body. `[R]` gateway-truth §1.4, §2.3
fn open(status: u16, epoch_ms: u64, content_type: Option<&str>, body: Bytes) -> HttpReply {
    // HTTP has no content for these (RFC 9110 §15.3.5, §15.4.5), and for 204 no length either (§8.6).
    let bodiless = status == 204 || status == 304;
    let body = if bodiless { Bytes::new() } else { body };
    let mut headers = Vec::with_capacity(8);
    headers.push(("Date".to_owned(), http_date(epoch_ms)));
    headers.extend(
        content_type.map(|content_type| ("Content-Type".to_owned(), content_type.to_owned())),
    );
    if !bodiless {
        headers.push(("Content-Length".to_owned(), body.len().to_string()));
    }
    headers.push(("Connection".to_owned(), "keep-alive".to_owned()));
    HttpReply {
        status,
        headers,
        body,
        reason: None,
    }
}

/// What an answer of an HTTP API or a function URL needs from its request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'r> {
    /// The date of the answer.
    pub(super) epoch_ms: u64,
    /// The `apigw-requestid`; of a function URL, the invocation's id.
    pub(super) id: &'r str,
    /// The CORS headers of the front door.
    pub(super) cors: Option<&'r CorsConfig>,
    /// The request's `Origin`.
    pub(super) origin: Option<&'r str>,
}

impl Frame<'_> {
    /// The answer to a preflight: no content, and the configured headers.
    fn preflight(&self, status: u16, id_header: &str) -> HttpReply {
        let mut reply = open(status, self.epoch_ms, None, Bytes::new());
        if let (Some(cors), Some(origin)) = (self.cors, self.origin) {
            let headers = cors.preflight_headers(origin);
            let headers = headers.map(|(name, value)| (name.to_owned(), value));
            reply.headers.extend(headers);
        }
        reply.headers.push((id_header.to_owned(), self.id.into()));
        reply
    }

    /// The answer for a draft, with this spelling of its headers' names.
    fn dress(
        &self,
        mut draft: Draft<'_>,
        default_type: &'static str,
        id_header: &str,
        spelt: impl Fn(&str) -> String,
    ) -> HttpReply {
        let content_type = draft.take_content_type(default_type);
        let content_type = content_type.as_deref();
        let mut reply = open(draft.status, self.epoch_ms, content_type, draft.body);
        for (name, value) in draft.headers {
            // [D] gateway-truth §1.7, §3: configured CORS headers override the handler's.
            let ignored =
                self.cors.is_some() && is_cors(&name) || name.eq_ignore_ascii_case(id_header);
            if !ignored {
                reply.headers.push((spelt(&name), value.into_owned()));
            }
        }
        self.close(&mut reply, id_header);
        reply
    }

    /// Adds what every answer ends with. That errors carry CORS headers too is unverified.
    fn close(&self, reply: &mut HttpReply, id_header: &str) {
        if let (Some(cors), Some(origin)) = (self.cors, self.origin) {
            let headers = cors.response_headers(origin);
            let headers = headers.map(|(name, value)| (name.to_owned(), value));
            reply.headers.extend(headers);
        }
        reply.headers.push((id_header.to_owned(), self.id.into()));
    }
}

/// True if a header belongs to CORS.
fn is_cors(name: &str) -> bool {
    name.get(..15)
        .is_some_and(|start| start.eq_ignore_ascii_case("access-control-"))
}

/// A header's name (RFC 9110 §5.6.2).
pub(super) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A header's value: no control characters except the tab (RFC 9110 §5.5).
pub(super) fn is_field_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}
