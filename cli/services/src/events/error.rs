//! The errors of EventBridge.

use std::borrow::Cow;

use crate::access::NotLetIn;

/// An error for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventsError {
    pub(super) code: &'static str,
    pub(super) status: u16,
    pub(super) message: Cow<'static, str>,
}

impl EventsError {
    fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            status: 400,
            message: message.into(),
        }
    }

    pub(crate) fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("ValidationException", message)
    }

    /// A value that a model of the API refuses, in the words of its validator.
    pub(crate) fn constraint(value: &str, member: &str, constraint: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
        ))
    }

    pub(crate) fn no_bus(name: &str) -> Self {
        Self::new(
            "ResourceNotFoundException",
            format!("Event bus {name} does not exist."),
        )
    }

    pub(crate) fn no_rule(name: &str, bus: &str) -> Self {
        Self::new(
            "ResourceNotFoundException",
            format!("Rule {name} does not exist on EventBus {bus}."),
        )
    }

    pub(crate) fn bus_exists(name: &str) -> Self {
        Self::new(
            "ResourceAlreadyExistsException",
            format!("Event bus {name} already exists."),
        )
    }

    pub(crate) fn limit() -> Self {
        Self::new(
            "LimitExceededException",
            "The requested resource exceeds the maximum number allowed.",
        )
    }

    pub(crate) fn pattern(message: String) -> Self {
        Self::new("InvalidEventPatternException", message)
    }

    pub(crate) fn denied(message: String) -> Self {
        Self::new("AccessDeniedException", message)
    }

    pub(crate) fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("SerializationException", message)
    }

    pub(crate) fn not_let_in(why: &NotLetIn) -> Self {
        match why {
            NotLetIn::Unsigned => Self::new(
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            NotLetIn::UnknownKey => Self::new(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            NotLetIn::Signature(error) => Self::new("InvalidSignatureException", error.message()),
        }
    }

    pub(crate) fn not_implemented(what: &str) -> Self {
        Self {
            status: 501,
            ..Self::new(
                "NotImplemented",
                format!("{what} is not implemented by these services"),
            )
        }
    }
}
