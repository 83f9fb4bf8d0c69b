//! The errors of SNS.

use std::borrow::Cow;

use crate::access::NotLetIn;

/// An error for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnsError {
    pub(super) code: &'static str,
    pub(super) status: u16,
    pub(super) message: Cow<'static, str>,
}

impl SnsError {
    fn new(code: &'static str, status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
        }
    }

    /// `InvalidParameter` with its prefix.
    pub(crate) fn parameter(reason: impl AsRef<str>) -> Self {
        Self::bare_parameter(format!("Invalid parameter: {}", reason.as_ref()))
    }

    /// `InvalidParameter` with that text alone.
    pub(crate) fn bare_parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("InvalidParameter", 400, message)
    }

    /// A refused message attribute.
    pub(crate) fn value(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("ParameterValueInvalid", 400, message)
    }

    pub(crate) fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("ValidationError", 400, message)
    }

    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("NotFound", 404, message)
    }

    pub(crate) fn denied(message: String) -> Self {
        Self::new("AuthorizationError", 403, message)
    }

    pub(crate) fn batch(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code, 400, message)
    }

    pub(crate) fn no_resource() -> Self {
        Self::new("ResourceNotFound", 404, "Resource does not exist")
    }

    pub(crate) fn not_implemented(what: &str) -> Self {
        Self::new(
            "NotImplemented",
            501,
            format!("{what} is not implemented by these services"),
        )
    }

    pub(crate) fn not_let_in(why: &NotLetIn) -> Self {
        match why {
            // The code for no signature at all is unverified.
            NotLetIn::Unsigned | NotLetIn::UnknownKey => Self::new(
                "InvalidClientTokenId",
                403,
                "The security token included in the request is invalid.",
            ),
            NotLetIn::Signature(error) => Self::new("SignatureDoesNotMatch", 403, error.message()),
        }
    }
}
