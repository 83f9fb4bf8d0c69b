//! Messages: what clients send, how it is checked, and its digests.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::SqsError;
use crate::ids;

/// The most attributes of a message.
const MOST_ATTRIBUTES: usize = 10;
/// The most characters of an attribute's name, and of its type.
const LONGEST_NAME: usize = 256;

/// An attribute as the JSON protocol writes it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct AttributeValue {
    pub(crate) data_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) string_value: Option<String>,
    /// Base64 text.
    #[serde(skip_serializing_if = "Option::is_none", with = "base64_text")]
    pub(crate) binary_value: Option<Vec<u8>>,
}

/// Attributes in the order of their names, which is the order of their digest.
pub(crate) type AttributeMap = BTreeMap<String, AttributeValue>;

/// A message that passed the checks which do not need its queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) body: String,
    pub(crate) attributes: AttributeMap,
    /// The trace header, and whether the client sent it as a system attribute.
    pub(crate) trace: Option<String>,
    pub(crate) trace_is_attribute: bool,
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    pub(crate) delay_s: Option<u64>,
}

impl Draft {
    /// The size that the limits count: the body, and the names, types and values of the attributes.
    pub(crate) fn size(&self) -> usize {
        self.body.len()
            + self
                .attributes
                .iter()
                .map(|(name, value)| {
                    name.len() + value.data_type.len() + value.bytes().map_or(0, <[u8]>::len)
                })
                .sum::<usize>()
    }
}

/// The unchanging part of a message in a queue.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) body_md5: String,
    pub(crate) attributes: AttributeMap,
    pub(crate) trace: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    pub(crate) sequence: Option<String>,
    pub(crate) sender: String,
}

impl AttributeValue {
    /// The bytes of the value that its type names.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        if self.is_binary() {
            self.binary_value.as_deref()
        } else {
            self.string_value.as_deref().map(str::as_bytes)
        }
    }

    fn is_binary(&self) -> bool {
        self.base_type() == "Binary"
    }

    /// The type without its label: `Number` of `Number.int`.
    fn base_type(&self) -> &str {
        self.data_type.split('.').next().unwrap_or_default()
    }
}

/// Checks a body.
pub(crate) fn check_body(body: Option<&str>) -> Result<(), SqsError> {
    match body {
        None | Some("") => Err(SqsError::missing("MessageBody")),
        Some(body) => check_characters(body),
    }
}

/// Checks that text has just the characters that messages may have.
fn check_characters(text: &str) -> Result<(), SqsError> {
    let allowed = |character: char| {
        matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}')
            || character >= '\u{10000}'
    };
    // Mostly plain text, which needs no decoding.
    if text.bytes().all(|byte| (0x20..0x80).contains(&byte)) || text.chars().all(allowed) {
        return Ok(());
    }
    // The text is unverified: only the code is known.
    Err(SqsError::contents(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    ))
}

/// Checks the attributes of a message. The texts are unverified unless a comment says otherwise.
pub(crate) fn check_attributes(attributes: &AttributeMap) -> Result<(), SqsError> {
    if attributes.len() > MOST_ATTRIBUTES {
        return Err(SqsError::parameter(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MOST_ATTRIBUTES}].",
            attributes.len()
        )));
    }
    for (name, value) in attributes {
        check_attribute(name, value)?;
    }
    Ok(())
}

fn check_attribute(name: &str, value: &AttributeValue) -> Result<(), SqsError> {
    let lower = name.to_ascii_lowercase();
    let has_form = !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && name
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | '.'))
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    if !has_form {
        return Err(SqsError::parameter(format!(
            "Message (user) attribute name '{name}' is invalid. It can contain letters, digits, hyphens, underscores and single full stops, has 1 to {LONGEST_NAME} characters, and does not start with AWS. or Amazon."
        )));
    }
    if value.data_type.is_empty() {
        return Err(SqsError::parameter(format!(
            "The message (user) attribute '{name}' must contain a non-empty message attribute type."
        )));
    }
    let base = value.base_type();
    if !matches!(base, "String" | "Number" | "Binary")
        || value.data_type.chars().count() > LONGEST_NAME
    {
        return Err(SqsError::parameter(format!(
            "The type of message (user) attribute '{name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String."
        )));
    }
    if value.bytes().is_none_or(<[u8]>::is_empty) {
        // This text is recorded.
        return Err(SqsError::parameter(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{}'.",
            if base == "Binary" { "Binary" } else { "String" }
        )));
    }
    if let (true, Some(text)) = (base != "Binary", &value.string_value) {
        check_characters(text)?;
        if base == "Number" && !is_number(text) {
            return Err(SqsError::parameter(format!(
                "Can't cast the value of message (user) attribute '{name}' to a number."
            )));
        }
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'))
        && text.parse::<f64>().is_ok()
}

/// The MD5 of text, in hexadecimal digits.
pub(crate) fn md5_of(text: &[u8]) -> String {
    ids::hex(&Md5::digest(text))
}

/// The MD5 of attributes, or `None` without attributes: of each, by name, the lengths and texts of name and type, a byte for the
/// kind of value, and the value with its length.
pub(crate) fn md5_of_attributes<'a>(
    attributes: impl Iterator<Item = (&'a str, &'a AttributeValue)>,
) -> Option<String> {
    let mut digest = Md5::new();
    let mut any = false;
    let part = |digest: &mut Md5, bytes: &[u8]| {
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for (name, value) in attributes {
        any = true;
        part(&mut digest, name.as_bytes());
        part(&mut digest, value.data_type.as_bytes());
        digest.update([if value.is_binary() { 2 } else { 1 }]);
        part(&mut digest, value.bytes().unwrap_or_default());
    }
    any.then(|| ids::hex(&digest.finalize()))
}

/// The MD5 of the one system attribute that clients can send.
pub(crate) fn md5_of_trace(trace: &str) -> Option<String> {
    let value = AttributeValue {
        data_type: "String".into(),
        string_value: Some(trace.to_owned()),
        binary_value: None,
    };
    md5_of_attributes(std::iter::once(("AWSTraceHeader", &value)))
}

mod base64_text {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_str(&BASE64_STANDARD.encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| BASE64_STANDARD.decode(text).map_err(D::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> AttributeValue {
        AttributeValue {
            data_type: data_type.into(),
            string_value: Some(value.into()),
            binary_value: None,
        }
    }

    #[test]
    fn the_digest_of_attributes_is_that_of_recorded_messages() {
        let map: AttributeMap = [("Help.Me", "Me"), ("Hello", "There"), ("General", "Kenobi")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), text("String", value)))
            .collect();
        let digest = |names: &[&str]| {
            md5_of_attributes(
                map.iter()
                    .map(|(name, value)| (name.as_str(), value))
                    .filter(|(name, _)| names.contains(name)),
            )
        };
        let of_all = digest(&["Help.Me", "Hello", "General"]);
        assert_eq!(of_all.as_deref(), Some("4c360f3fdafd970e05fae2f149d997f5"));
        let of_one = digest(&["Hello"]);
        assert_eq!(of_one.as_deref(), Some("a311262e065454b75da111d535b8dacd"));
        assert_eq!(digest(&[]), None);
    }

    #[test]
    fn attribute_names_and_values_are_checked() {
        let accepted = |name: &str, value| check_attribute(name, &value).is_ok();
        assert!(accepted("attr.1øßä", text("String", "x")));
        assert!(accepted("n", text("Number.int", "-1.5e3")));
        for name in ["", "a b", ".a", "a.", "a..b", "AWS.a", "amazon.x", "a!"] {
            assert!(!accepted(name, text("String", "x")), "{name}");
        }
        for (kind, value) in [
            ("", "x"),
            ("Text", "x"),
            ("String", ""),
            ("Number", "1x"),
            ("Binary", "x"),
        ] {
            assert!(!accepted("a", text(kind, value)), "{kind} {value}");
        }
    }
}
