//! Answers: one file per front door, and here what they share.

mod function_url;
mod http_api;
mod proxy;
mod rest;

use std::borrow::Cow;

use bytes::Bytes;

pub(super) use function_url::{FunctionUrlReply, UrlMessage};
pub(super) use http_api::{HttpApiReply, Message};
pub(super) use proxy::Proxy;
use proxy::compact;
pub(super) use rest::{RestMessage, RestReply};

use super::HttpReply;
use super::text::http_date;

/// Header lines in order.
pub(super) type Lines<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// What a handler's result, or the gateway, wants to answer.
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
    fn new(status: u16, headers: Lines<'a>, body: Bytes) -> Option<Self> {
        headers
            .iter()
            .all(|(name, value)| is_token(name) && is_field_value(value))
            .then_some(Self {
                status,
                headers,
                body,
            })
    }

    /// Takes the content type out of the headers, and drops those that the gateway sets by itself.
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
        // Whether AWS types an empty 204 is unverified; there is nothing to type.
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

/// A header's name (RFC 9110 §5.6.2).
pub(super) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A header's value: no control characters but the tab (RFC 9110 §5.5).
pub(super) fn is_field_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}
