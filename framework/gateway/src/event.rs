//! Events: one file per shape, and here what the shapes share.
//!
//! An event is written straight from borrowed parts of the request by serde's derive; nothing is built as a JSON value first.

pub(crate) mod authorizer;
pub(crate) mod rest;
pub(crate) mod v1;
pub(crate) mod v2;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use crate::{
    config::ApiIdentity,
    http::{Arrival, HttpRequest, trace_id},
    text::{decode_query, find_header},
};

/// The largest event that Lambda accepts, in bytes. `[U]` gateway-truth §4.1
pub(super) const EVENT_LIMIT: usize = 6_291_456;

/// Names with values. A name may occur several times; its meaning depends on the format.
type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The request's place in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trace {
    /// The `x-amzn-trace-id` header that the event shows.
    pub(super) header: String,
    /// The same with parent and sampling decision, for the function and for REST's answers.
    pub(super) full: String,
}

impl Trace {
    /// Continues the client's trace, or starts one.
    ///
    /// A header with root and parent is kept; one with only a root gets a new parent. `[R]` for
    /// REST APIs, gateway-truth §2.3; for the other front doors unverified. Its sampling decision
    /// is respected; without one the function's own decision applies: `[D]` the Lambda API's
    /// `TracingConfig`.
    pub(super) fn new(request: &HttpRequest, arrival: &Arrival) -> Self {
        let sent = request
            .header("x-amzn-trace-id")
            .filter(|sent| sent.bytes().all(|byte| byte.is_ascii_graphic()))
            .filter(|sent| field(sent, "Root").is_some());
        let header = sent.map_or_else(|| format!("Root={}", arrival.trace_root), str::to_owned);
        let sampled = field(&header, "Sampled");
        let full = if field(&header, "Parent").is_none() {
            let root = field(&header, "Root").unwrap_or(&arrival.trace_root);
            let sampled = sampled.unwrap_or(arrival.decision());
            trace_id(root, &arrival.span_id, sampled)
        } else if sampled.is_none() && arrival.sampled {
            format!("{header};Sampled=1")
        } else {
            header.clone()
        };
        Self { header, full }
    }
}

/// One field of a trace header, such as `Root=…;Parent=…`.
fn field<'t>(trace: &'t str, name: &str) -> Option<&'t str> {
    trace
        .split(';')
        .filter_map(|field| field.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The headers for the function, in order, with repeats, named as the client did or in lower case:
/// those of the client except those of the connection, and those that the gateway adds. `[R]`
/// gateway-truth §1.2
fn forwarded_headers<'a>(
    request: &'a HttpRequest,
    identity: &'a ApiIdentity,
    trace: &'a Trace,
) -> Vec<(&'a str, Cow<'a, str>)> {
    // Headers that the gateway sets itself, or that belong to one connection (RFC 9110 §7.6.1; that
    // AWS removes them is recorded for REST and unverified for the others).
    const REPLACED: [&str; 10] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    ];
    let kept = |name: &str| {
        !REPLACED
            .iter()
            .any(|replaced| name.eq_ignore_ascii_case(replaced))
    };
    let mut headers: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(request.headers.len() + 6);
    headers.extend(
        request
            .headers
            .iter()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| (name.as_str(), Cow::Borrowed(value.as_str()))),
    );
    if request.header("host").is_none() {
        headers.push(("host", identity.domain_name.as_str().into()));
    }
    if request.header("content-length").is_none() && !request.body.is_empty() {
        headers.push(("content-length", request.body.len().to_string().into()));
    }
    headers.push(("x-amzn-trace-id", trace.header.as_str().into()));
    // Proxies on the way append; that AWS joins with a space is unverified.
    let forwarded_for = match find_header(&request.headers, "x-forwarded-for") {
        Some(before) => format!("{before}, {}", request.source_ip),
        None => request.source_ip.to_string(),
    };
    headers.push(("x-forwarded-for", forwarded_for.into()));
    headers.push(("x-forwarded-port", "443".into()));
    headers.push(("x-forwarded-proto", "https".into()));
    headers
}

/// The query's parameters in order, decoded. A key without `=` has the value `""`.
pub(super) fn query_pairs<'a>(query: &'a str, separators: &'static [char]) -> Pairs<'a> {
    query
        .split(separators)
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode_query(name), decode_query(value)))
        .collect()
}

/// The last value of a query's parameter, decoded as a REST API does.
pub(super) fn query_value<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    query_pairs(query, &['&', ';'])
        .into_iter()
        .rev()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// Groups equal names, with each one's values in their order.
fn sort_by_name(pairs: &mut Pairs<'_>) {
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
}

/// One pair for each name, with its values joined. `[R]` gateway-truth §1.2: a comma, no space
fn join_by_name(mut pairs: Pairs<'_>) -> Object<'_> {
    sort_by_name(&mut pairs);
    pairs.dedup_by(|(name, value), (kept_name, kept)| {
        let same = name == kept_name;
        if same {
            let kept = kept.to_mut();
            // Cookies are joined as RFC 9113 §8.2.3 requires; a comma could not be undone.
            // Unverified.
            kept.push_str(if name == "cookie" { "; " } else { "," });
            kept.push_str(value);
        }
        same
    });
    Object(pairs)
}

/// A JSON object of texts; its names are distinct.
#[derive(Debug)]
struct Object<'a>(Pairs<'a>);

impl Object<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A JSON object of each name's last value. The pairs are sorted by name.
struct LastValues<'e, 'a>(&'e Pairs<'a>);

impl Serialize for LastValues<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let runs = self.0.chunk_by(|(a, _), (b, _)| a == b);
        serializer.collect_map(
            runs.filter_map(<[_]>::last)
                .map(|(name, value)| (name, value)),
        )
    }
}

/// A JSON object of each name's values as a list. The pairs are sorted by name.
struct ValueLists<'e, 'a>(&'e Pairs<'a>);

impl Serialize for ValueLists<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct List<'e, 'a>(&'e [(Cow<'a, str>, Cow<'a, str>)]);
        impl Serialize for List<'_, '_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.iter().map(|(_, value)| value))
            }
        }
        let runs = self.0.chunk_by(|(a, _), (b, _)| a == b);
        serializer
            .collect_map(runs.filter_map(|run| run.first().map(|(name, _)| (name, List(run)))))
    }
}

/// The pairs, or nothing where a 1.0 event has `null`. `[R]` gateway-truth §0 row 5
fn filled<'e, 'a>(pairs: &'e Pairs<'a>) -> Option<&'e Pairs<'a>> {
    Some(pairs).filter(|pairs| !pairs.is_empty())
}

/// The event's body, and whether it is base64. An empty body counts as none.
///
/// Bytes that are not UTF-8 cannot be text in JSON. What AWS does with them under a text type is unverified; base64
/// loses nothing.
fn body(request: &HttpRequest, is_text: bool) -> (Option<Cow<'_, str>>, bool) {
    if request.body.is_empty() {
        return (None, false);
    }
    match std::str::from_utf8(&request.body) {
        Ok(text) if is_text => (Some(text.into()), false),
        _ => (Some(STANDARD.encode(&request.body).into()), true),
    }
}

/// True if an HTTP API or a function URL delivers a body of the request's type as text. `[U]`
/// gateway-truth §1.3: forms, `+json` types and bodies without a type are not text. For function
/// URLs `[R]` only for `text/*`, JSON and multipart, §3.
fn has_text_type(request: &HttpRequest) -> bool {
    let Some(content_type) = request.header("content-type") else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let starts_with = |prefix: &str| {
        essence
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    starts_with("text/")
        || [
            "application/json",
            "application/xml",
            "application/javascript",
        ]
        .iter()
        .any(|text| essence.eq_ignore_ascii_case(text))
}

/// The event as JSON. It consists of texts, numbers and maps of them, so this does not fail; if it
/// did, the empty event would make the function answer that it has no request.
fn to_json(event: &impl Serialize, request: &HttpRequest) -> Vec<u8> {
    let mut json = Vec::with_capacity(2048 + request.body.len() * 2);
    match serde_json::to_writer(&mut json, event) {
        Ok(()) => json,
        Err(_) => b"{}".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> HttpRequest {
        let mut request = HttpRequest::new("GET", "/");
        request.headers.extend(
            headers
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        );
        request
    }

    #[test]
    fn continues_a_trace_or_starts_one() {
        let quiet = Arrival::new(1_700_000_000_000, [0xab; Arrival::ENTROPY]);
        let active = Arrival {
            sampled: true,
            ..quiet.clone()
        };
        let new = "Root=1-6553f100-abababababababababababab";
        let own = "Root=1-3152b799-8954dae64eda91bc9a23a7e8";
        let span = "Parent=abababababababab";
        let parent = "Parent=7fa8c0f79203be72";
        // The client's header, the event's, and the function's without and with X-Ray sampling.
        let table = [
            (
                None,
                new.to_owned(),
                [
                    format!("{new};{span};Sampled=0"),
                    format!("{new};{span};Sampled=1"),
                ],
            ),
            (
                Some("nonsense".to_owned()),
                new.to_owned(),
                [
                    format!("{new};{span};Sampled=0"),
                    format!("{new};{span};Sampled=1"),
                ],
            ),
            (
                Some(own.to_owned()),
                own.to_owned(),
                [
                    format!("{own};{span};Sampled=0"),
                    format!("{own};{span};Sampled=1"),
                ],
            ),
            (
                Some(format!("{own};{parent}")),
                format!("{own};{parent}"),
                [
                    format!("{own};{parent}"),
                    format!("{own};{parent};Sampled=1"),
                ],
            ),
            (
                Some(format!("{own};Sampled=0")),
                format!("{own};Sampled=0"),
                [
                    format!("{own};{span};Sampled=0"),
                    format!("{own};{span};Sampled=0"),
                ],
            ),
            (
                Some(format!("{own};Sampled=1")),
                format!("{own};Sampled=1"),
                [
                    format!("{own};{span};Sampled=1"),
                    format!("{own};{span};Sampled=1"),
                ],
            ),
            (
                Some(format!("{own};{parent};Sampled=1")),
                format!("{own};{parent};Sampled=1"),
                [
                    format!("{own};{parent};Sampled=1"),
                    format!("{own};{parent};Sampled=1"),
                ],
            ),
        ];
        for (sent, header, told) in table {
            let request = match &sent {
                Some(sent) => request(&[("X-Amzn-Trace-Id", sent)]),
                None => request(&[]),
            };
            for (arrival, full) in [&quiet, &active].into_iter().zip(told) {
                let header = header.clone();
                assert_eq!(
                    Trace::new(&request, arrival),
                    Trace { header, full },
                    "{sent:?}"
                );
            }
        }
    }

    #[test]
    fn forwards_what_is_not_the_connections_own() {
        let mut request = request(&[
            ("Host", "localhost"),
            ("Connection", "close"),
            ("Keep-Alive", "1"),
            ("Proxy-Connection", "close"),
            ("TE", "trailers"),
            ("Transfer-Encoding", "chunked"),
            ("Upgrade", "h2c"),
            ("X-Amzn-Trace-Id", "nonsense"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Port", "80"),
            ("X-Forwarded-Proto", "http"),
            ("x-b", "1"),
            ("X-B", "2"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
        ]);
        request.body = "hi".into();
        let identity = ApiIdentity::new("a1b2c3d4e5", "$default");
        let trace = Trace {
            header: "Root=1".into(),
            full: String::new(),
        };
        let headers = forwarded_headers(&request, &identity, &trace);
        let expected = [
            ("Host", "localhost"),
            ("x-b", "1"),
            ("X-B", "2"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("content-length", "2"),
            ("x-amzn-trace-id", "Root=1"),
            ("x-forwarded-for", "192.0.2.1, 127.0.0.1"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-proto", "https"),
        ];
        assert!(
            headers
                .iter()
                .map(|(name, value)| (*name, &**value))
                .eq(expected),
            "{headers:?}"
        );
    }

    #[test]
    fn joins_what_has_one_name() {
        let pairs = [
            ("b", "1"),
            ("cookie", "x=1"),
            ("a", ""),
            ("b", "2,3"),
            ("cookie", "y=2"),
            ("a", ""),
        ];
        let joined = join_by_name(
            pairs
                .iter()
                .map(|&(name, value)| (name.into(), value.into()))
                .collect(),
        );
        let expected = [("a", ","), ("b", "1,2,3"), ("cookie", "x=1; y=2")];
        assert!(
            joined
                .0
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .eq(expected),
            "{joined:?}"
        );
    }

    #[test]
    fn knows_text_bodies_by_their_type() {
        let table = [
            (None, false),
            (Some("text/csv"), true),
            (Some("TEXT/HTML; charset=utf-8"), true),
            (Some("application/json;charset=utf-8"), true),
            (Some("Application/XML"), true),
            (Some("application/javascript"), true),
            (Some("application/x-www-form-urlencoded"), false),
            (Some("application/problem+json"), false),
            (Some("application/jsonlines"), false),
            (Some("multipart/form-data; boundary=x"), false),
            (Some("image/svg+xml"), false),
            (Some("té"), false),
        ];
        for (content_type, is_text) in table {
            let headers: Vec<_> = content_type
                .iter()
                .map(|&value| ("content-type", value))
                .collect();
            assert_eq!(
                has_text_type(&request(&headers)),
                is_text,
                "{content_type:?}"
            );
        }
    }

    #[test]
    fn a_text_body_that_is_not_utf8_is_base64() {
        let mut request = request(&[]);
        assert_eq!(body(&request, true), (None, false));
        request.body = "é".into();
        assert_eq!(body(&request, true), (Some("é".into()), false));
        request.body = vec![0xe9].into();
        assert_eq!(body(&request, true), (Some("6Q==".into()), true));
    }

    #[test]
    fn reads_queries() {
        let pairs = query_pairs("b=1&a=x+y&&b=2&c&=d&e=f=g&%61=%26", &['&']);
        let expected = [
            ("b", "1"),
            ("a", "x y"),
            ("b", "2"),
            ("c", ""),
            ("", "d"),
            ("e", "f=g"),
            ("a", "&"),
        ];
        assert!(
            pairs
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .eq(expected),
            "{pairs:?}"
        );
        let joined = join_by_name(pairs);
        let expected = [
            ("", "d"),
            ("a", "x y,&"),
            ("b", "1,2"),
            ("c", ""),
            ("e", "f=g"),
        ];
        assert!(
            joined
                .0
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .eq(expected),
            "{joined:?}"
        );
    }
}
