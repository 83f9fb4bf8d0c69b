//! Compression of whole answers.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY,
    },
};

use super::{Body, Next};
use crate::response::{Response, stream};

/// Shorter bodies gain nothing: the head and a packet are as long.
const SHORTEST: usize = 1024;

/// Compresses answers with gzip for clients that accept it: a middleware for [`from_fn`](super::from_fn).
///
/// It compresses whole bodies of text from 1 KB on, JSON and XML included, and leaves alone what is compressed already: images, an answer with its
/// own `Content-Encoding`, and one whose `Cache-Control` has `no-transform`. A stream passes through as it is. Inside a `conditional` layer it
/// goes first, so that the tag is that of the bytes that are sent.
///
/// No gateway compresses unless it is set up to, and a compressed answer may be larger than Lambda's 6 MB before.
///
/// ```
/// use fw::{App, get, routes, service::{compressed, from_fn}, test::Client};
///
/// #[get("/report")]
/// async fn report() -> String {
///     "all is well\n".repeat(1000)
/// }
///
/// let app = App::stateless("reports").routes(routes![report]).layer(from_fn(compressed));
/// let client = Client::new(app, ());
/// let response = client.get("/report").header("accept-encoding", "gzip").send();
/// assert_eq!(response.headers()["content-encoding"], "gzip");
/// assert!(response.bytes().len() < 200);
/// assert_eq!(client.get("/report").send().text().len(), 12_000);
/// ```
pub async fn compressed(request: http::Request<Body>, next: Next) -> Response {
    let accepts = accepts_gzip(request.headers());
    let head = *request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    if head || stream::is_stream(&response) || !is_compressible(&response) {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    if !accepts {
        return response;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(response.body());
    // A vector takes what is written.
    let (Ok(()), Ok(body)) = (written, encoder.finish()) else {
        return response;
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(CONTENT_LENGTH);
    weaken(headers);
    *response.body_mut() = body.into();
    response
}

/// A strong tag names other bytes than those that are sent now.
fn weaken(headers: &mut HeaderMap) {
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    let weak = tag
        .filter(|tag| tag.starts_with('"'))
        .map(|tag| format!("W/{tag}"));
    if let Some(Ok(weak)) = weak.map(HeaderValue::try_from) {
        headers.insert(ETAG, weak);
    }
}

fn is_compressible(response: &Response) -> bool {
    let headers = response.headers();
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let kind = text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_text = kind.starts_with("text/")
        || ["json", "xml", "javascript", "wasm", "x-ndjson"]
            .iter()
            .any(|end| kind.ends_with(end));
    is_text
        && kind != "text/event-stream"
        && response.body().len() >= SHORTEST
        && response.status() != StatusCode::PARTIAL_CONTENT
        && !headers.contains_key(CONTENT_ENCODING)
        && !text(CACHE_CONTROL).is_some_and(|value| value.contains("no-transform"))
}

/// True if `Accept-Encoding` has gzip, or everything, and not with the weight 0 (RFC 9110 §12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter();
    let mut any = None;
    for one in lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
    {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let zero = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|weight| weight.parse().is_ok_and(|weight: f32| weight == 0.0));
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return !zero,
            "*" => any = Some(!zero),
            _ => {}
        }
    }
    any.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_accepted_by_name_or_by_star() {
        for (list, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, *", false),
            ("*", true),
            ("*;q=0", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(list));
            assert_eq!(accepts_gzip(&headers), expected, "{list}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn only_long_text_that_is_not_compressed_is_compressible() {
        let response = |kind: &'static str, length: usize| {
            let mut response = Response::new("x".repeat(length).into());
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        };
        for (kind, length, expected) in [
            ("text/plain; charset=utf-8", 1024, true),
            ("text/plain", 1023, false),
            ("application/json", 5000, true),
            ("application/problem+json", 5000, true),
            ("image/svg+xml", 5000, true),
            ("image/png", 5000, false),
            ("application/octet-stream", 5000, false),
            ("text/event-stream", 5000, false),
        ] {
            assert_eq!(
                is_compressible(&response(kind, length)),
                expected,
                "{kind} {length}"
            );
        }
        for (name, value) in [
            (CONTENT_ENCODING, "br"),
            (CACHE_CONTROL, "public, no-transform"),
        ] {
            let mut response = response("text/plain", 5000);
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
            assert!(!is_compressible(&response), "{value}");
        }
    }

    #[test]
    fn a_strong_tag_becomes_weak() {
        for (tag, expected) in [("\"a\"", "W/\"a\""), ("W/\"a\"", "W/\"a\"")] {
            let mut headers = HeaderMap::new();
            headers.insert(ETAG, HeaderValue::from_static(tag));
            weaken(&mut headers);
            assert_eq!(headers[ETAG], expected);
        }
    }
}
