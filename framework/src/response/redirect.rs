//! Redirects.

use std::borrow::Cow;

use http::{StatusCode, header::LOCATION};

use super::{IntoResponse, Response};

/// Sends the client elsewhere (RFC 9110 §15.4).
///
/// The target is a URI or a path, percent-encoded; what no header may hold answers 500. It is sent as it is: to redirect
/// to a place that a client names is to let anyone send your users anywhere, so compare it with a list of your own first.
///
/// ```
/// use fw::{IntoResponse, response::Redirect};
///
/// let response = Redirect::see_other("/orders/7").into_response();
/// assert_eq!(response.status(), 303);
/// assert_eq!(response.headers()["location"], "/orders/7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    status: StatusCode,
    location: Cow<'static, str>,
}

impl Redirect {
    /// 302: found there for now. A client may turn a `POST` into a `GET`; to be sure of either, use
    /// [`see_other`](Self::see_other) or [`temporary`](Self::temporary).
    pub fn to(location: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FOUND, location)
    }

    /// 303: `GET` the answer there, whatever the method was. What to send after a form was handled.
    pub fn see_other(location: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SEE_OTHER, location)
    }

    /// 307: there for now, with the same method and body.
    pub fn temporary(location: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::TEMPORARY_REDIRECT, location)
    }

    /// 308: there for good, with the same method and body. Clients remember it.
    pub fn permanent(location: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PERMANENT_REDIRECT, location)
    }

    fn new(status: StatusCode, location: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            location: location.into(),
        }
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        self.status.with_header(LOCATION, &*self.location)
    }
}
