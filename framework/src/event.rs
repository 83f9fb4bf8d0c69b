//! Events: what Lambda delivers, read into a [`Request`] in one borrowed pass.
//!
//! Four front doors, two payload formats, and no two alike; `tests/events/` has one event of each:
//!
//! | | format | path | path parameters | query | cookies |
//! |---|---|---|---|---|---|
//! | HTTP API | 2.0 | decoded | decoded | raw | list |
//! | function URL | 2.0 | encoded | none | raw | list and header |
//! | HTTP API | 1.0 | encoded | decoded | decoded | header |
//! | REST API | 1.0, unnamed | encoded | encoded | decoded | header |
//!
//! `[R]` gateway-truth §0. With any event, a handler sees parameters decoded exactly once.

mod json;
mod unreadable;

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Extensions, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::json::{Event, Pairs, Text};
pub(crate) use self::unreadable::NotHttp;
use crate::{
    context::LambdaContext,
    escaped::Escaped,
    payload::Format,
    request::{Request, Seen, decode_query, own_pairs},
};
use fw_gateway::decode_path;

/// A request, and the facts next to it: the route that the gateway chose, and the expected form of
/// the response.
#[derive(Debug)]
pub(crate) struct Arrival<'e> {
    pub(crate) request: Request<'e>,
    pub(crate) format: Format,
    /// The path of the route that the gateway chose, `/objects/{key}`; `None` for its `$default`
    /// and from a function URL.
    pub(crate) route: Option<Cow<'e, str>>,
}

/// Why there is no [`Arrival`].
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The event is not an HTTP request. Lambda gets an error document, because nobody waits for an
    /// HTTP response.
    NotHttp(NotHttp),
    /// It is one, but its body is not base64, although the event says so.
    BadBody(Format),
}

/// Reads an event.
pub(crate) fn read<'e>(event: &'e str, lambda: Arc<LambdaContext>) -> Result<Arrival<'e>, Refusal> {
    let not_http = |reason: &dyn Fn() -> String| Refusal::NotHttp(NotHttp::new(event, reason));
    let mut parsed: Event<'e> =
        serde_json::from_str(event).map_err(|error| not_http(&|| error.to_string()))?;
    let (format, own) = match &*parsed.version.0 {
        "2.0" => (Format::V2, read_v2(&mut parsed)),
        "" | "1.0" => (Format::V1, read_v1(&mut parsed)),
        other => {
            let other = Escaped(other);
            return Err(not_http(&|| format!("unknown version: `{other}`")));
        }
    };
    let Some(own) = own else {
        let reason = "it has neither `requestContext.http` nor `httpMethod`";
        return Err(not_http(&|| reason.to_owned()));
    };
    let body = body(parsed.body.0, parsed.is_base64_encoded).ok_or(Refusal::BadBody(format))?;
    let cookies = match parsed.cookies {
        // An HTTP API moves the cookies into the list; a function URL sends both. [R] gateway-truth
        // §0 row 4
        Some(list) => list.into_iter().map(|cookie| cookie.0).collect(),
        None => split_cookies(&parsed.headers.0),
    };
    Ok(Arrival {
        format,
        route: own.route,
        request: Request {
            method: own.method,
            path: own.path.0,
            encoded_path: own.encoded_path,
            path_params: parsed.path_parameters.0,
            raw_query: parsed.raw_query_string.0,
            query: own.query,
            headers: parsed.headers.0,
            header_map: OnceLock::new(),
            cookies,
            body,
            stage: parsed.request_context.stage.0,
            stage_variables: parsed.stage_variables.0,
            source_ip: own.source_ip.0.parse().ok(),
            request_id: parsed.request_context.request_id.0,
            event: event.into(),
            lambda,
            extensions: Extensions::new(),
            route_seen: Seen::default(),
        },
    })
}

/// The parts that differ between the formats.
struct Own<'e> {
    method: Method,
    path: Text<'e>,
    encoded_path: Cow<'e, str>,
    query: Vec<(Cow<'e, str>, Cow<'e, str>)>,
    route: Option<Cow<'e, str>>,
    source_ip: Text<'e>,
}

/// Reads the parts of format 2.0 from an event; `None` if it is not an HTTP request.
fn read_v2<'e>(event: &mut Event<'e>) -> Option<Own<'e>> {
    let http = std::mem::take(&mut event.request_context.http);
    // An empty method counts as none.
    let method = Method::from_bytes(http.method.0.as_bytes()).ok()?;

    let path = std::mem::take(&mut event.raw_path);
    // An HTTP API decodes `rawPath` just as the context's path; a function URL leaves it encoded. So a path that is the same in both
    // either is decoded or has nothing to decode. [R] gateway-truth §0 rows 1 and 2
    let decoded = path.0 == http.path.0;
    // A named stage is a part of the path, even behind a custom domain. [U/R] gateway-truth §0 row 16
    let encoded_path = without_stage(&path.0, &event.request_context.stage.0);
    let encoded_path = if decoded && encoded_path.contains('%') {
        encoded_path.replace('%', "%25").into()
    } else {
        encoded_path
    };

    // `GET /objects/{key}`. The method is the request's own, or `ANY`.
    let route = match std::mem::take(&mut event.route_key).0 {
        Cow::Borrowed(key) => key.split_once(' ').map(|(_, path)| path.into()),
        Cow::Owned(key) => key.split_once(' ').map(|(_, path)| path.to_owned().into()),
    };
    let query = match &event.raw_query_string.0 {
        Cow::Borrowed(raw) => decode_query(raw),
        Cow::Owned(raw) => own_pairs(decode_query(raw)),
    };
    Some(Own {
        method,
        path,
        encoded_path,
        query,
        route,
        source_ip: http.source_ip,
    })
}

/// Reads the parts of format 1.0 from an event; `None` if it is not an HTTP request.
fn read_v1<'e>(event: &mut Event<'e>) -> Option<Own<'e>> {
    if event.request_context.elb.is_some() {
        return None;
    }
    let method = Method::from_bytes(event.http_method.0.as_bytes()).ok()?;

    // Only a REST API leaves the parameters encoded, and only it names no version. [R] gateway-truth §0 row 3, §2.2
    if event.version.0.is_empty() {
        for (_, value) in &mut event.path_parameters.0 {
            if let Cow::Owned(decoded) = decode_path(value) {
                *value = decoded.into();
            }
        }
    }
    // The single-value maps hold the last of repeated values only; they matter where a test event has nothing else.
    let query = prefer(
        std::mem::take(&mut event.multi_value_query_string_parameters),
        std::mem::take(&mut event.query_string_parameters),
    );
    event.raw_query_string = Text(encode_query(&query.0));
    event.headers = prefer(
        std::mem::take(&mut event.multi_value_headers),
        std::mem::take(&mut event.headers),
    );
    let path = std::mem::take(&mut event.path);
    // A REST API's path has no stage ([R] gateway-truth §2.2), an HTTP API's has a named one in this format too ([U]
    // dougmoscrop/serverless-http pull request 143).
    let encoded_path = if event.version.0.is_empty() {
        path.0.clone()
    } else {
        without_stage(&path.0, &event.request_context.stage.0)
    };
    Some(Own {
        method,
        encoded_path,
        path,
        query: query.0,
        route: Some(std::mem::take(&mut event.resource).0)
            .filter(|resource| resource.starts_with('/')),
        source_ip: std::mem::take(&mut event.request_context.identity.source_ip),
    })
}

fn prefer<'e>(multi: json::Lists<'e>, single: Pairs<'e>) -> Pairs<'e> {
    if multi.0.is_empty() {
        single
    } else {
        Pairs(multi.0)
    }
}

/// `/prod/hello` of stage `prod` as `/hello`; `/prod` as the empty text, which is `/`. The stage
/// `$default` is in no path.
fn without_stage<'e>(path: &Cow<'e, str>, stage: &str) -> Cow<'e, str> {
    let rest = |path: &str| {
        let rest = path.strip_prefix('/')?.strip_prefix(stage)?.len();
        (!matches!(stage, "" | "$default")
            && (rest == 0 || path.as_bytes().get(path.len() - rest) == Some(&b'/')))
        .then_some(path.len() - rest)
    };
    match (rest(path), path) {
        (None, _) => path.clone(),
        (Some(at), Cow::Borrowed(path)) => path.get(at..).unwrap_or_default().into(),
        (Some(at), Cow::Owned(path)) => path.get(at..).unwrap_or_default().to_owned().into(),
    }
}

/// The cookies of the `cookie` headers, each `name=value` (RFC 6265 §4.2.1).
pub(crate) fn split_cookies<'e>(headers: &[(Cow<'e, str>, Cow<'e, str>)]) -> Vec<Cow<'e, str>> {
    let mut cookies = Vec::new();
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("cookie") {
            match value {
                Cow::Borrowed(value) => cookies.extend(crumbs(value).map(Cow::Borrowed)),
                Cow::Owned(value) => {
                    cookies.extend(crumbs(value).map(|cookie| Cow::Owned(cookie.to_owned())));
                }
            }
        }
    }
    cookies
}

fn crumbs(header: &str) -> impl Iterator<Item = &str> {
    header
        .split(';')
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty())
}

/// The body's bytes; `None` if they are not base64 although the event says so.
fn body(text: Cow<'_, str>, is_base64: Option<bool>) -> Option<Cow<'_, [u8]>> {
    if is_base64 == Some(true) {
        return STANDARD.decode(text.as_bytes()).map(Cow::Owned).ok();
    }
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

/// Characters that need no escape in a query: the unreserved characters (RFC 3986 §2.3).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A query that decodes to these pairs: format 1.0 does not have the client's spelling.
fn encode_query<'e>(pairs: &[(Cow<'e, str>, Cow<'e, str>)]) -> Cow<'e, str> {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(utf8_percent_encode(name, QUERY));
        query.push('=');
        query.extend(utf8_percent_encode(value, QUERY));
    }
    query.into()
}

#[cfg(test)]
mod tests;
