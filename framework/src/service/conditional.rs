//! Conditional requests: `ETag` and 304 for whole answers.

use std::hash::{DefaultHasher, Hasher};

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};

use super::{Body, Next};
use crate::response::{Response, stream};

/// Answers a request with 304 and no body if the client has the current answer already: a middleware for
/// [`from_fn`](super::from_fn).
///
/// Each 200 to `GET` and `HEAD` gets an `ETag`, unless the handler sets one: a weak one, made of the body. If `If-None-Match` has it, the answer
/// is a 304 (RFC 9110 §13.1.2). The handler runs all the same; what is saved is the transfer. A stream has no tag.
///
/// ```
/// use fw::{App, get, routes, service::{conditional, from_fn}, test::Client};
///
/// #[get("/report")]
/// async fn report() -> String {
///     "all is well".repeat(100)
/// }
///
/// let app = App::stateless("reports").routes(routes![report].layer(from_fn(conditional)));
/// let client = Client::new(app, ());
/// let first = client.get("/report").send();
/// let tag = first.headers()["etag"].to_str().unwrap();
/// let second = client.get("/report").header("if-none-match", tag).send();
/// assert_eq!((second.status().as_u16(), second.text().len()), (304, 0));
/// ```
pub async fn conditional(request: http::Request<Body>, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known: Vec<HeaderValue> = request
        .headers()
        .get_all(IF_NONE_MATCH)
        .iter()
        .cloned()
        .collect();
    let mut response = next.run(request).await;
    if !reads || response.status() != StatusCode::OK || stream::is_stream(&response) {
        return response;
    }
    let tag = match response.headers().get(ETAG) {
        Some(own) => own.clone(),
        None => {
            let Ok(tag) = HeaderValue::try_from(weak_tag(response.body())) else {
                return response;
            };
            response.headers_mut().insert(ETAG, tag.clone());
            tag
        }
    };
    if known.iter().any(|list| has(list, &tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = bytes::Bytes::new();
        without_content(response.headers_mut());
    }
    response
}

/// What describes a body that is not sent (RFC 9110 §15.4.5).
fn without_content(headers: &mut HeaderMap) {
    headers.remove(CONTENT_TYPE);
    headers.remove(CONTENT_LENGTH);
}

/// It is weak: a gateway may compress the body on its way.
fn weak_tag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("W/\"{:x}-{:016x}\"", body.len(), hasher.finish())
}

/// True if a list of tags has this one, by the weak comparison (RFC 9110 §8.8.3.2).
fn has(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(list), Ok(tag)) = (list.to_str(), tag.to_str()) else {
        return false;
    };
    list.trim() == "*" || list.split(',').any(|one| plain(one) == plain(tag))
}
