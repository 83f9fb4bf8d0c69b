//! The errors of Scheduler's API.

use http::header::HeaderValue;
use http::{Response, StatusCode};
use serde_json::json;

use crate::access::NotLetIn;
use crate::reply::{self, Body};

/// An error for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchedulerError {
    code: &'static str,
    status: StatusCode,
    pub(super) message: String,
}

impl SchedulerError {
    fn new(code: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", StatusCode::BAD_REQUEST, message)
    }

    /// A value that a model of the API refuses, in the words of its validator.
    pub(crate) fn constraint(value: &str, member: &str, constraint: &str) -> Self {
        let value = if value.is_empty() {
            "null".to_owned()
        } else {
            format!("'{value}'")
        };
        Self::validation(format!(
            "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: Member must {constraint}"
        ))
    }

    pub(crate) fn missing(member: &str) -> Self {
        Self::constraint("", member, "not be null")
    }

    /// `kind` is `Schedule` or `Schedule group`. The text is unverified.
    pub(crate) fn not_found(kind: &str, name: &str) -> Self {
        let text = format!("{kind} {name} does not exist.");
        Self::new("ResourceNotFoundException", StatusCode::NOT_FOUND, text)
    }

    /// The text is unverified.
    pub(crate) fn exists(kind: &str, name: &str) -> Self {
        let text = format!("{kind} {name} already exists.");
        Self::new("ConflictException", StatusCode::CONFLICT, text)
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new("SerializationException", StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn denied(message: String) -> Self {
        Self::new("AccessDeniedException", StatusCode::FORBIDDEN, message)
    }

    pub(crate) fn not_let_in(why: &NotLetIn) -> Self {
        let (code, text) = match why {
            NotLetIn::Unsigned => (
                "MissingAuthenticationTokenException",
                "Missing Authentication Token".to_owned(),
            ),
            NotLetIn::UnknownKey => (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.".to_owned(),
            ),
            NotLetIn::Signature(error) => ("InvalidSignatureException", error.message()),
        };
        Self::new(code, StatusCode::FORBIDDEN, text)
    }

    pub(crate) fn not_implemented(what: &str) -> Self {
        Self::new(
            "NotImplemented",
            StatusCode::NOT_IMPLEMENTED,
            format!("{what} is not implemented by these services"),
        )
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let document = json!({"Message": self.message, "message": self.message});
        let mut response = reply::json(self.status, &document);
        response
            .headers_mut()
            .insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        response
    }
}
