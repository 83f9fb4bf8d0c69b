//! Lambda's own answers to calls that it refuses.

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Answer, json_answer};
use crate::{local::pool::Pool, values::credentials};

/// Why a call is refused.
pub(super) struct Refused {
    status: StatusCode,
    code: &'static str,
    document: Value,
}

impl Refused {
    /// Most of Lambda's errors spell their message so; the SDKs read either.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let document = json!({ "Type": "User", "message": message.into() });
        Self {
            status,
            code,
            document,
        }
    }

    /// `[R]` gateway-truth §4.1
    pub(super) fn unknown(name: &str, qualifier: &str) -> Self {
        let (region, account) = (credentials::region(), credentials::ACCOUNT);
        let message = format!(
            "Function not found: arn:aws:lambda:{region}:{account}:function:{name}:{qualifier}"
        );
        Self {
            status: StatusCode::NOT_FOUND,
            code: "ResourceNotFoundException",
            document: json!({ "Type": "User", "Message": message }),
        }
    }

    /// `[R]` gateway-truth §4.1 for reserved concurrency; the other reason is the API reference's.
    pub(super) fn throttled(pool: &Pool) -> Self {
        let reason = if pool.reserved().is_some() {
            "ReservedFunctionConcurrentInvocationLimitExceeded"
        } else {
            "ConcurrentInvocationLimitExceeded"
        };
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "TooManyRequestsException",
            document: json!({ "Reason": reason, "Type": "User", "message": "Rate Exceeded." }),
        }
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            format!("Request must be smaller than {limit} bytes for the InvokeFunction operation"),
        )
    }

    pub(super) fn parameter(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            message,
        )
    }

    pub(super) fn answer(&self) -> Answer {
        let mut answer = json_answer(self.status, &self.document);
        answer
            .headers_mut()
            .insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        answer
    }
}
