//! The errors of Lambda's API.

use http::header::HeaderValue;
use http::{Response, StatusCode};
use serde_json::json;

use crate::access::NotLetIn;
use crate::reply::{self, Body};

/// An error for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LambdaError {
    code: &'static str,
    status: StatusCode,
    pub(super) message: String,
    reason: Option<&'static str>,
}

impl LambdaError {
    fn new(code: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
            reason: None,
        }
    }

    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::new(
            "InvalidParameterValueException",
            StatusCode::BAD_REQUEST,
            message,
        )
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn no_function(arn: &str) -> Self {
        Self::not_found(format!("Function not found: {arn}"))
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("ResourceConflictException", StatusCode::CONFLICT, message)
    }

    pub(crate) fn content(message: &str) -> Self {
        Self::new(
            "InvalidRequestContentException",
            StatusCode::BAD_REQUEST,
            format!("Could not parse request body into json: {message}"),
        )
    }

    pub(crate) fn invocation_type(given: &str) -> Self {
        Self::new(
            "ValidationException",
            StatusCode::BAD_REQUEST,
            format!(
                "1 validation error detected: Value '{given}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
            ),
        )
    }

    /// What a synchronous caller gets from a function at its reserved concurrency.
    pub(crate) fn throttled() -> Self {
        Self {
            reason: Some("ReservedFunctionConcurrentInvocationLimitExceeded"),
            ..Self::new(
                "TooManyRequestsException",
                StatusCode::TOO_MANY_REQUESTS,
                "Rate Exceeded.",
            )
        }
    }

    pub(crate) fn not_implemented(what: &str) -> Self {
        Self::new(
            "NotImplemented",
            StatusCode::NOT_IMPLEMENTED,
            format!("{what} is not implemented by these services"),
        )
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

    pub(crate) fn response(&self) -> Response<Body> {
        let mut document =
            json!({"Type": "User", "Message": self.message, "message": self.message});
        if let Some(reason) = self.reason {
            document["Reason"] = reason.into();
        }
        let mut response = reply::json(self.status, &document);
        response
            .headers_mut()
            .insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        response
    }
}
