//! Problem documents (RFC 9457) that the framework itself answers with.

use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::Serialize;

use crate::{context, response::Response};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'d> {
    title: &'d str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'d str>,
}

/// A problem that the client may know all about.
pub(crate) fn answer(status: StatusCode, detail: &str) -> Response {
    document(status, Some(detail), None)
}

/// 500 with the request id, by which the log tells the rest.
pub(crate) fn unexpected(_what: &str) -> Response {
    let id = context::current_request_id();
    document(StatusCode::INTERNAL_SERVER_ERROR, None, id.as_deref())
}

fn document(status: StatusCode, detail: Option<&str>, request_id: Option<&str>) -> Response {
    let problem = Problem {
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail,
        request_id: request_id.filter(|id| !id.is_empty()),
    };
    let mut response = Response::new(serde_json::to_vec(&problem).unwrap_or_default().into());
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}
