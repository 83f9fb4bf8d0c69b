//! The input and output of a front door: a request with its arrival, an invocation or a reply.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;

use crate::{
    authorize::Pending,
    rest_api::response::ResponseFacts,
    text::{find_header, hex},
};

/// An HTTP request as the client sent it.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method, in the client's spelling; methods are case-sensitive (RFC 9110 §9.1).
    pub method: String,
    /// Path and query in origin form (RFC 9112 §3.2.1), byte for byte: `/a%20b?x=1`. An absolute-form target is also accepted.
    pub target: String,
    /// The protocol in the event. Every recording of AWS has `HTTP/1.1`, for any protocol of the
    /// client.
    pub protocol: &'static str,
    /// The header lines in order, with repeats, names spelt as sent. For values that are not text see [`HttpRequest::push_header`].
    pub headers: Vec<(String, String)>,
    /// The body, whole and without transfer coding.
    pub body: Bytes,
    /// The client's address.
    pub source_ip: IpAddr,
}

impl HttpRequest {
    /// A request without headers and body, from loopback over HTTP/1.1.
    #[must_use]
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            protocol: "HTTP/1.1",
            headers: Vec::new(),
            body: Bytes::new(),
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// Adds a header line.
    ///
    /// An event is JSON, so its header values are text. A value that is not UTF-8 is read as ISO-8859-1, which
    /// loses nothing and is what HTTP once said (RFC 9110 §5.5). What AWS does with such a value is unverified.
    pub fn push_header(&mut self, name: impl Into<String>, value: &[u8]) {
        let value = match std::str::from_utf8(value) {
            Ok(text) => text.to_owned(),
            Err(_) => value.iter().map(|&byte| char::from(byte)).collect(),
        };
        self.headers.push((name.into(), value));
    }

    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The length of request line and headers over HTTP/1.1, in bytes (RFC 9112 §3, §5).
    pub(super) fn head_len(&self) -> usize {
        let line = self.method.len() + self.target.len() + self.protocol.len() + "  \r\n".len();
        self.headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + ": \r\n".len())
            .sum::<usize>()
            + line
    }

    /// Path and query of the target. The query is without its `?`, and empty if there is none.
    pub(super) fn path_and_query(&self) -> (&str, &str) {
        let target = self.target.as_str();
        // A fragment is the client's own business (RFC 9110 §7.1); REST was recorded to drop it. [R] gateway-truth §2.2
        let target = target.split_once('#').map_or(target, |(before, _)| before);
        // Proxies send the absolute form (RFC 9112 §3.2.2).
        let target = if target.starts_with('/') {
            target
        } else {
            let authority = target.split_once("://").map_or(target, |(_, rest)| rest);
            authority
                .find(['/', '?'])
                .and_then(|at| authority.get(at..))
                .unwrap_or("")
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        (if path.is_empty() { "/" } else { path }, query)
    }
}

/// The response to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// The status code, 100 to 599.
    pub status: u16,
    /// The header lines in order, with repeats, spelt as the gateway does over HTTP/1.1. Over
    /// HTTP/2 the caller writes the names in lower case and leaves `Connection` out (RFC 9113
    /// §8.2). `Content-Length` is always present, also for HEAD. Every name is a token and every
    /// value free of line breaks, so the server that sends them can neither refuse nor split one.
    pub headers: Vec<(String, String)>,
    /// The body. For a HEAD request it is what GET would have sent; the server leaves it out.
    pub body: Bytes,
    /// Why the gateway refused the request or the handler's result, if status and body do not say
    /// it: only for the log, never for the client.
    pub reason: Option<String>,
}

impl HttpReply {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The same with a reason for the log.
    #[must_use]
    pub(super) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// The time of a request, and the identifiers that AWS would generate for it.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub epoch_ms: u64,
    /// A random UUID: Lambda's request id, and that of REST APIs and function URLs.
    pub request_id: String,
    /// API Gateway's other id, 15 base64url characters and `=`: `apigw-requestid`, and REST's `extendedRequestId`.
    pub extended_id: String,
    /// A new trace, `1-<8 hex>-<24 hex>`; a trace from the client has priority.
    pub trace_root: String,
    /// A new span of that trace, 16 hexadecimal digits.
    pub span_id: String,
    /// True if X-Ray samples the trace when the client does not decide: `Sampled` for the function.
    /// [`Arrival::new`] sets false, as for a function that follows its callers (`PassThrough`).
    pub sampled: bool,
}

impl Arrival {
    /// How many random bytes [`Arrival::new`] needs.
    pub const ENTROPY: usize = 47;

    /// Makes all identifiers from random bytes, in the forms that AWS uses.
    #[must_use]
    pub fn new(epoch_ms: u64, entropy: [u8; Self::ENTROPY]) -> Self {
        let (uuid, rest) = entropy.split_at(16);
        let (extended, rest) = rest.split_at(11);
        let (root, span) = rest.split_at(12);
        // The high half of byte 6 is the version, the top bits of byte 8 the variant (RFC 9562 §5.4).
        let mut random = [0; 16];
        random.copy_from_slice(uuid);
        random[6] = random[6] & 0x0f | 0x40;
        random[8] = random[8] & 0x3f | 0x80;
        let uuid = hex(&random);
        Self {
            epoch_ms,
            request_id: format!(
                "{}-{}-{}-{}-{}",
                &uuid[..8],
                &uuid[8..12],
                &uuid[12..16],
                &uuid[16..20],
                &uuid[20..]
            ),
            // [R] gateway-truth §1.2: as `JCJJxhz4PHcEJgQ=`
            extended_id: format!("{}=", URL_SAFE_NO_PAD.encode(extended)),
            trace_root: format!("1-{:08x}-{}", epoch_ms / 1000 % (1 << 32), hex(root)),
            span_id: hex(span),
            sampled: false,
        }
    }

    /// The trace for `Lambda-Runtime-Trace-Id` of an invocation that does not continue one:
    /// `Root=…;Parent=…;Sampled=…`.
    #[must_use]
    pub fn trace_id(&self) -> String {
        trace_id(&self.trace_root, &self.span_id, self.decision())
    }

    /// `Sampled` if the client does not send it.
    pub(super) fn decision(&self) -> &'static str {
        if self.sampled { "1" } else { "0" }
    }
}

/// A trace header with all values for a function.
pub(super) fn trace_id(root: &str, parent: &str, sampled: &str) -> String {
    format!("Root={root};Parent={parent};Sampled={sampled}")
}

/// Why a client's input is not a request that a front door could route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not HTTP, or is ambiguous.
    Malformed,
    /// Request line and headers are longer than anybody reads.
    HeadTooLarge,
}

/// The result of a front door for a request.
#[derive(Debug, Clone)]
pub enum Received {
    /// The gateway answers by itself; the function is not invoked.
    Answer(HttpReply),
    /// The function must be invoked with an event.
    Invoke(Invocation),
    /// The front door needs something before it can decide: see [`Pending::need`]. Then it resumes.
    Authorize(Box<Pending>),
}

/// An event for the function, and what is remembered of its request until the answer.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Which of the configured routes matched, by its index; 0 for a function URL.
    pub route: usize,
    /// The event, JSON.
    pub event: Bytes,
    /// Lambda's request id, a UUID, for `Lambda-Runtime-Aws-Request-Id`.
    pub request_id: String,
    /// The trace for `Lambda-Runtime-Trace-Id`: `Root=…;Parent=…;Sampled=…`.
    pub trace_id: String,
    /// The request's arrival, in milliseconds since the epoch; the reply has this date.
    pub(super) epoch_ms: u64,
    /// API Gateway's own id, see [`Arrival::extended_id`].
    pub(super) extended_id: String,
    /// The request's `Origin`, kept if CORS is configured.
    pub(super) origin: Option<String>,
    /// True if the client accepts the configured binary types (REST only).
    pub(super) accepts_binary: bool,
    /// What gateway responses may use of the request, kept if any is configured (REST only).
    pub(super) facts: Option<Arc<ResponseFacts>>,
}

/// The outcome of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The handler's result, JSON as posted to the Runtime API.
    Payload(&'a [u8]),
    /// Lambda's error document: the handler failed, the process ended, or the function's timeout passed.
    FunctionError(&'a [u8]),
    /// No environment was free: reserved concurrency, or the account's, is used up.
    Throttled,
    /// The gateway waited as long as it waits for any integration (30 s for HTTP API, 29 s for REST API).
    IntegrationTimeout,
    /// The event was over Lambda's 6 MiB. `receive` finds this by itself; the variant is for a
    /// Lambda with its own limit.
    EventTooLarge,
    /// The front door may not invoke the function.
    NotPermitted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_target_apart() {
        let table = [
            ("/a%20b?x=1&y=?", "/a%20b", "x=1&y=?"),
            ("/a", "/a", ""),
            ("/a?", "/a", ""),
            ("", "/", ""),
            ("?x", "/", "x"),
            ("*", "/", ""),
            ("/a#b?c", "/a", ""),
            ("http://host:80/a?x", "/a", "x"),
            ("http://host?x", "/", "x"),
            ("http://host", "/", ""),
            ("//a//b", "//a//b", ""),
        ];
        for (target, path, query) in table {
            assert_eq!(
                HttpRequest::new("GET", target).path_and_query(),
                (path, query),
                "{target}"
            );
        }
    }

    #[test]
    fn reads_header_values_that_are_no_text() {
        let mut request = HttpRequest::new("GET", "/");
        request.push_header("a", "é".as_bytes());
        request.push_header("b", &[b'x', 0xe9]);
        assert_eq!(
            (request.header("A"), request.header("B")),
            (Some("é"), Some("xé"))
        );
    }

    #[test]
    fn makes_identifiers_as_aws_does() {
        let arrival = Arrival::new(
            1_700_000_000_123,
            std::array::from_fn(|at| at.to_le_bytes()[0] | 0xe0),
        );
        assert_eq!(arrival.request_id, "e0e1e2e3-e4e5-46e7-a8e9-eaebecedeeef");
        assert_eq!(arrival.extended_id, "8PHy8_T19vf4-fo=");
        assert_eq!(arrival.trace_root, "1-6553f100-fbfcfdfeffe0e1e2e3e4e5e6");
        assert_eq!(arrival.span_id, "e7e8e9eaebecedee");
    }
}
