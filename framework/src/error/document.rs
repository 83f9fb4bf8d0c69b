//! An error's response: the problem document of RFC 9457, and what only the log may know.
//!
//! An error is rendered where the handler's response is created, and the request's id is known
//! where it is dispatched. So an error's response carries its [`Failure`] in its extensions, and
//! dispatch calls [`finish`] once, at the end.

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde::Serialize;

use super::{BoxError, Inner, Problem, UNEXPECTED, chain};
use crate::response::Response;

/// The failure behind an error's response; middleware finds it in the response's extensions.
///
/// ```
/// use fw::{Error, IntoResponse, error::Failure};
///
/// let response = Error::internal("the table is gone").into_response();
/// let failure = response.extensions().get::<Failure>().unwrap();
/// assert_eq!(failure.to_string(), "the table is gone");
/// ```
#[derive(Clone, Debug)]
pub struct Failure {
    pub(super) detail: Cow<'static, str>,
    /// In an `Arc` because a response's extensions can be cloned, and boxed in it so that the error
    /// can be taken out again.
    pub(super) cause: Option<Arc<BoxError>>,
    /// The document as rendered, by which `finish` knows it again.
    pub(super) body: Bytes,
    /// True if the response could not be created as the handler said: then nothing is added to it,
    /// neither status nor header.
    pub(crate) broken: bool,
    /// True if it is the 500 for an unexpected error.
    pub(super) unforeseen: bool,
    /// What the developer may have expected instead: for the log.
    pub(super) hint: Option<String>,
}

impl Failure {
    /// The text that the client reads.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The cause, the cause's cause, and so on; nothing where no cause is known.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        chain(self.cause.as_ref().map(|cause| &***cause as _))
    }

    /// What to change in the program if another response was expected.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// The chain of causes, with a colon between each two; the detail where no cause is known.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut causes = self.causes();
        let Some(first) = causes.next() else {
            return f.write_str(&self.detail);
        };
        write!(f, "{first}")?;
        causes.try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// The members of a problem document, in the order in which they are written.
#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[Problem]>::is_empty")]
    errors: &'a [Problem],
}

pub(super) fn render(error: Inner) -> Response {
    let document = Document {
        r#type: "about:blank",
        title: title(error.status),
        status: error.status.as_u16(),
        detail: &error.detail,
        code: error.code.as_deref().unwrap_or_else(|| code(error.status)),
        errors: &error.problems,
    };
    // Texts and a number always serialise; an empty object would still be a valid problem document.
    let body = serde_json::to_vec(&document).map_or(Bytes::from_static(b"{}"), Bytes::from);
    let mut response = Response::new(body.clone());
    *response.status_mut() = error.status;
    *response.headers_mut() = error.headers;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    let unforeseen = error.status == StatusCode::INTERNAL_SERVER_ERROR
        && error.code.is_none()
        && error.cause.is_some()
        && error.detail == UNEXPECTED;
    let hint = error.own_answer.filter(|_| unforeseen).map(|name| {
        format!(
            "`{name}` implements `IntoResponse`, but `?` into `fw::Error` cannot use that: add `.errors::<{name}>()` to the app, or return `Result<T, {name}>` from the handler"
        )
    });
    response.extensions_mut().insert(Failure {
        detail: error.detail,
        cause: error.cause.map(Arc::new),
        body,
        broken: false,
        unforeseen,
        hint,
    });
    response
}

/// The last step before a response is sent: adds `requestId` to the document of a 5xx, and returns
/// what to log.
///
/// It returns the failure of every 5xx, and of a 4xx that has a cause; `None` for any other
/// response, and when it is called again. A document that middleware replaced is not changed, nor
/// is one for a request without an id.
pub(crate) fn finish(response: &mut Response, request_id: &str) -> Option<Failure> {
    let failure = response.extensions_mut().remove::<Failure>()?;
    if response.status().is_server_error() {
        if !request_id.is_empty() && *response.body() == failure.body {
            *response.body_mut() = with_request_id(&failure.body, request_id);
            // Middleware may have counted the body.
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        return Some(failure);
    }
    failure.cause.is_some().then_some(failure)
}

fn with_request_id(document: &Bytes, request_id: &str) -> Bytes {
    let (Some(open), Ok(id)) = (document.strip_suffix(b"}"), serde_json::to_vec(request_id)) else {
        return document.clone();
    };
    let comma: &[u8] = if open.ends_with(b"{") { b"" } else { b"," };
    [open, comma, b"\"requestId\":", &id, b"}"].concat().into()
}

/// The status's phrase, as RFC 9110 has it.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
        other => other.canonical_reason().unwrap_or("Error"),
    }
}

/// The code of an error without one.
pub(super) fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "bad_request",
        401 => "unauthorized",
        402 => "payment_required",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        406 => "not_acceptable",
        408 => "request_timeout",
        409 => "conflict",
        410 => "gone",
        412 => "precondition_failed",
        413 => "payload_too_large",
        415 => "unsupported_media_type",
        422 => "unprocessable",
        423 => "locked",
        428 => "precondition_required",
        429 => "too_many_requests",
        500 => "internal",
        501 => "not_implemented",
        502 => "bad_gateway",
        503 => "unavailable",
        504 => "gateway_timeout",
        _ if status.is_client_error() => "client_error",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;

    use super::{code, finish};
    use crate::{
        error::{Error, Problem},
        response::{IntoResponse, Response},
    };

    fn body(response: &Response) -> &str {
        std::str::from_utf8(response.body()).unwrap()
    }

    #[test]
    fn the_request_id_stands_in_a_5xx_and_the_failure_is_told_once() {
        let mut response = Error::internal("disk full").into_response();
        let failure = finish(&mut response, "id \"1\"").unwrap();
        assert_eq!(failure.to_string(), "disk full");
        assert_eq!(
            body(&response),
            concat!(
                r#"{"type":"about:blank","title":"Internal Server Error","status":500,"#,
                r#""detail":"an unexpected error occurred","code":"internal","requestId":"id \"1\""}"#
            )
        );
        assert!(finish(&mut response, "id-2").is_none());
        assert!(!body(&response).contains("id-2"));
    }

    #[test]
    fn a_5xx_is_told_without_a_cause_and_a_4xx_with_one() {
        for (error, told) in [
            (Error::unavailable("closed"), Some("closed")),
            (
                Error::unavailable("closed").with_cause("full"),
                Some("full"),
            ),
            (
                Error::conflict("stale").with_cause("version 3"),
                Some("version 3"),
            ),
            (Error::conflict("stale"), None),
        ] {
            let server = error.status().is_server_error();
            let mut response = error.into_response();
            let failure = finish(&mut response, "id-1").map(|failure| failure.to_string());
            assert_eq!(failure.as_deref(), told);
            assert_eq!(body(&response).contains("id-1"), server);
        }
    }

    #[test]
    fn what_is_no_document_of_ours_stays_as_it_is() {
        let mut plain = "hello".into_response();
        assert!(finish(&mut plain, "id-1").is_none());
        assert_eq!(body(&plain), "hello");

        let mut replaced = Error::internal("disk full").into_response();
        *replaced.body_mut() = Bytes::from_static(b"{}");
        assert!(finish(&mut replaced, "id-1").is_some());
        assert_eq!(body(&replaced), "{}");

        let mut copied = Error::internal("disk full")
            .with_header("content-length", 7)
            .into_response();
        *copied.body_mut() = Bytes::copy_from_slice(copied.body());
        assert!(finish(&mut copied, "id-1").is_some());
        assert!(body(&copied).contains("id-1"));
        assert_eq!(copied.headers().get("content-length"), None);

        let mut nameless = Error::internal("disk full").into_response();
        assert!(finish(&mut nameless, "").is_some());
        assert!(!body(&nameless).contains("requestId"));

        let mut recovered = Error::unavailable("closed").into_response();
        *recovered.status_mut() = StatusCode::OK;
        assert!(finish(&mut recovered, "id-1").is_none());
    }

    #[test]
    fn the_request_id_comes_after_the_problems() {
        let error = Error::new(StatusCode::BAD_GATEWAY, "d").with_problem(Problem::body("x"));
        let mut response = error.into_response();
        assert!(finish(&mut response, "1").is_some());
        assert!(body(&response).ends_with(
            r#""code":"bad_gateway","errors":[{"in":"body","detail":"x"}],"requestId":"1"}"#
        ));
    }

    #[test]
    fn every_status_has_a_code() {
        for status in 400..=599 {
            let code = code(StatusCode::from_u16(status).unwrap());
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
            assert!(!code.is_empty());
        }
    }
}
