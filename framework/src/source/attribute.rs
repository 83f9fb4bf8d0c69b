//! Attributes of messages.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer};

/// An attribute of a message or a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// Its type: `String`, `Number`, `Binary`, or one of these with a label of the sender's, as `Number.float`.
    pub data_type: String,
    /// Its value.
    pub value: AttributeValue,
}

/// An attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// A text or a number, as text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

impl Attribute {
    /// The value, where it is a text or a number.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            AttributeValue::Text(text) => Some(text),
            AttributeValue::Binary(_) => None,
        }
    }

    /// # Errors
    ///
    /// When the bytes are not base64.
    fn new(data_type: String, value: String, binary: bool) -> Result<Self, base64::DecodeError> {
        let value = if binary {
            AttributeValue::Binary(STANDARD.decode(value)?.into())
        } else {
            AttributeValue::Text(value)
        };
        Ok(Self { data_type, value })
    }
}

/// As it stands in an event of SQS: `{stringValue|binaryValue, dataType}`. `[R]` messaging-truth §5
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfMessage {
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
}

/// As it stands in an event of SNS: `{Type, Value}`, bytes in base64. `[R]` messaging-truth §1 row 25
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfNotification {
    #[serde(rename = "Type")]
    data_type: String,
    value: String,
}

/// Either form: an attribute of either service is read the same way.
#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Message(OfMessage),
    Notification(OfNotification),
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (data_type, value, binary) = match Either::deserialize(deserializer)? {
            Either::Message(it) => {
                let binary = it.string_value.is_none();
                let value = it.string_value.or(it.binary_value).unwrap_or_default();
                (it.data_type, value, binary)
            }
            Either::Notification(it) => {
                let binary = it.data_type.split('.').next() == Some("Binary");
                (it.data_type, it.value, binary)
            }
        };
        Self::new(data_type, value, binary).map_err(serde::de::Error::custom)
    }
}
