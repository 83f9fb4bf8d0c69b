//! Errors for clients, in the form of each.

use dynoxide::DynoxideError;
use serde_json::{Map, Value, json};

/// The namespace of the service's own errors.
const OWN: &str = "com.amazonaws.dynamodb.v20120810";
/// The namespace of errors of the framework below the service.
const CORAL: &str = "com.amazon.coral.service";
/// The engine reads values by two sets of rules that AWS has in different regions. Requests of the newer one get this before a message;
/// `us-east-1` has the older one, without it.
const ENVELOPE: &str = "1 validation error detected: ";

/// An error for the client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) document: Value,
}

impl Failure {
    fn new(status: u16, kind: &str, message: &str) -> Self {
        let document = json!({"__type": kind, "message": message});
        Self { status, document }
    }

    /// An error of the service itself, such as `ResourceNotFoundException`.
    pub(crate) fn own(code: &str, message: &str) -> Self {
        Self::new(400, &format!("{OWN}#{code}"), message)
    }

    pub(crate) fn validation(message: &str) -> Self {
        let kind = "com.amazon.coral.validate#ValidationException";
        Self::new(400, kind, message)
    }

    pub(crate) fn no_table(name: &str) -> Self {
        let message = format!("Requested resource not found: Table: {name} not found");
        Self::own("ResourceNotFoundException", &message)
    }

    pub(crate) fn no_stream(arn: &str) -> Self {
        let message = format!("Requested resource not found: Stream: {arn} not found");
        Self::own("ResourceNotFoundException", &message)
    }

    /// An error of the framework below the service, such as `UnrecognizedClientException`.
    pub(crate) fn coral(code: &str, message: &str) -> Self {
        Self::new(400, &format!("{CORAL}#{code}"), message)
    }

    /// A value of a type that the input does not have there. Without a message if the body is no JSON.
    pub(crate) fn serialization(message: Option<&str>) -> Self {
        let mut document = json!({"__type": format!("{CORAL}#SerializationException")});
        if let Some(message) = message {
            // This error writes its member with a capital.
            document["Message"] = message.into();
        }
        let status = 400;
        Self { status, document }
    }

    pub(crate) fn unknown_operation() -> Self {
        let status = 400;
        let document = json!({"__type": format!("{CORAL}#UnknownOperationException")});
        Self { status, document }
    }

    pub(crate) fn not_implemented(operation: &str) -> Self {
        let message = format!("{operation} is not implemented by these services");
        Self {
            status: 501,
            document: json!({"__type": "NotImplemented", "message": message}),
        }
    }

    pub(crate) fn internal(message: &str) -> Self {
        Self::new(500, &format!("{OWN}#InternalServerError"), message)
    }

    /// Whether it is the error of that code.
    pub(crate) fn is(&self, code: &str) -> bool {
        let kind = self.document.get("__type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.ends_with(code))
    }

    /// The text for the client.
    pub(crate) fn message(&self) -> &str {
        let member = |name: &str| self.document.get(name).and_then(Value::as_str);
        member("message")
            .or_else(|| member("Message"))
            .unwrap_or_default()
    }

    /// A transaction stops at the first action that is not valid: those after it have no reasons.
    pub(crate) fn first_reason_alone(&mut self) {
        let reasons = self.document.get_mut("CancellationReasons");
        let mut reasons = reasons.and_then(Value::as_array_mut).into_iter().flatten();
        if reasons.any(|reason| reason["Code"] == "ValidationError") {
            for reason in reasons {
                *reason = json!({"Code": "None"});
            }
        }
    }

    /// Replaces the text.
    pub(crate) fn reword(&mut self, change: impl FnOnce(&str) -> Option<String>) {
        let Some(members) = self.document.as_object_mut() else {
            return;
        };
        for name in ["message", "Message"] {
            if let Some(Value::String(text)) = members.get_mut(name) {
                if let Some(changed) = change(text) {
                    *text = changed;
                }
                return;
            }
        }
    }
}

impl From<DynoxideError> for Failure {
    fn from(error: DynoxideError) -> Self {
        let document = serde_json::from_str(&error.to_json());
        let mut failure = Self {
            status: error.status_code(),
            document: document.unwrap_or_else(|_| Value::Object(Map::new())),
        };
        failure.reword(older);
        failure
    }
}

/// A message of the newer rules in the words of the older ones.
fn older(text: &str) -> Option<String> {
    let bare = text.strip_prefix(ENVELOPE)?;
    // Both have it where they name a member.
    (!bare.starts_with("Value ")).then(|| bare.to_owned())
}

/// What the engine marks its refusals with when it reads an input, and whether that is a validation error.
const MARKS: [(&str, bool); 5] = [
    ("SERIALIZATION_AS_READ:", false),
    ("VALIDATION_AS_READ:", true),
    ("SERIALIZATION:", false),
    ("VALIDATION_REQUEST:", true),
    ("VALIDATION:", true),
];

/// The error for an input that the engine does not read. The types of its members are known to be right.
pub(crate) fn unreadable(error: &serde_json::Error) -> Failure {
    let text = error.to_string();
    for (mark, is_validation) in MARKS {
        if let Some(message) = text.strip_prefix(mark) {
            if is_validation {
                let message = older(message).unwrap_or_else(|| message.to_owned());
                return Failure::validation(&message);
            }
            return Failure::serialization((!message.is_empty()).then_some(message));
        }
    }
    if text.contains("empty AttributeValue") {
        return Failure::validation(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        );
    }
    Failure::validation(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_older_rules() {
        let newer = DynoxideError::ValidationException(format!("{ENVELOPE}Invalid X: y"));
        assert_eq!(Failure::from(newer).message(), "Invalid X: y");
        let both = format!("{ENVELOPE}Value 'x' at 'y' failed");
        let failure = Failure::from(DynoxideError::ValidationException(both.clone()));
        assert_eq!(failure.message(), both);
    }
}
