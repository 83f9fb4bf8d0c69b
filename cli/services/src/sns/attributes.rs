//! Message attributes: how they are read, checked, counted and shown.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::SnsError;
use crate::form::Node;
pub(super) use crate::sqs::{AttributeMap, AttributeValue};

/// Reads the attributes below a parameter: a list of entries with `Name` and `Value`.
///
/// # Errors
/// `ParameterValueInvalid` or `ValidationError`, 400.
pub(super) fn read(node: Option<&Node>) -> Result<AttributeMap, SnsError> {
    let mut attributes = AttributeMap::new();
    let entries = node.map(|node| node.child("entry").unwrap_or(node).items());
    for entry in entries.unwrap_or_default() {
        let name = entry.text("Name").unwrap_or_default();
        let value = entry.child("Value");
        let text = |member: &str| value.and_then(|value| value.text(member));
        let Some(data_type) = text("DataType") else {
            return Err(SnsError::validation(format!(
                "1 validation error detected: Value null at 'messageAttributes.{name}.member.dataType' failed to satisfy constraint: Member must not be null"
            )));
        };
        let binary_value = text("BinaryValue")
            .map(|text| BASE64_STANDARD.decode(text))
            .transpose()
            .map_err(|_| {
                SnsError::value(format!(
                    "The message attribute '{name}' has a binary value that is not base64."
                ))
            })?;
        let value = AttributeValue {
            data_type: data_type.to_owned(),
            string_value: text("StringValue").map(ToOwned::to_owned),
            binary_value,
        };
        check_name(name)?;
        check_value(name, &value)?;
        attributes.insert(name.to_owned(), value);
    }
    Ok(attributes)
}

fn check_name(name: &str) -> Result<(), SnsError> {
    if name.is_empty() || name.len() > 256 {
        return Err(SnsError::value(
            "Length of message attribute name must be less than 256 bytes.",
        ));
    }
    let is_allowed = |character: &char| {
        character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
    };
    if let Some(character) = name.chars().find(|character| !is_allowed(character)) {
        return Err(SnsError::value(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(character)
        )));
    }
    if name.starts_with('.') {
        return Err(SnsError::value(
            "Invalid message attribute name starting with character '.' was found.",
        ));
    }
    if name.ends_with('.') {
        return Err(SnsError::value(
            "Invalid message attribute name ending with character '.' was found.",
        ));
    }
    if name.contains("..") {
        return Err(SnsError::value(
            "Message attribute name can not have successive '.' character.",
        ));
    }
    Ok(())
}

fn check_value(name: &str, value: &AttributeValue) -> Result<(), SnsError> {
    let (base, label) = match value.data_type.split_once('.') {
        Some((base, label)) => (base, Some(label)),
        None => (value.data_type.as_str(), None),
    };
    if !matches!(base, "String" | "Number" | "Binary") || label == Some("") {
        return Err(SnsError::value(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
        )));
    }
    let (field, has_other) = if base == "Binary" {
        (
            "Binary",
            value.string_value.is_some() && value.binary_value.is_none(),
        )
    } else {
        (
            "String",
            value.binary_value.is_some() && value.string_value.is_none(),
        )
    };
    if has_other {
        return Err(SnsError::value(format!(
            "The message attribute '{name}' with type '{}' must use field '{field}'.",
            value.data_type
        )));
    }
    if value.bytes().is_none_or(<[u8]>::is_empty) {
        return Err(SnsError::value(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{}'.",
            value.data_type
        )));
    }
    let text = value.string_value.as_deref().unwrap_or_default();
    // The texts of the two following are unverified.
    if base == "Number" && text.parse::<f64>().is_err() {
        return Err(SnsError::value(format!(
            "Could not cast message attribute '{name}' value to number."
        )));
    }
    let is_array = value.data_type == "String.Array";
    if is_array && serde_json::from_str::<Vec<Value>>(text).is_err() {
        return Err(SnsError::value(format!(
            "The message attribute '{name}' of type String.Array must be a JSON array."
        )));
    }
    Ok(())
}

/// What the size limit counts of the attributes: names, types and values.
pub(super) fn size(attributes: &AttributeMap) -> usize {
    attributes
        .iter()
        .map(|(name, value)| {
            name.len() + value.data_type.len() + value.bytes().map_or(0, <[u8]>::len)
        })
        .sum()
}

/// The attributes in an envelope: `{"name": {"Type": …, "Value": …}}`.
pub(super) fn in_envelope(attributes: &AttributeMap) -> Value {
    let show = |value: &AttributeValue| match &value.binary_value {
        Some(bytes) if value.data_type.starts_with("Binary") => BASE64_STANDARD.encode(bytes),
        _ => value.string_value.clone().unwrap_or_default(),
    };
    attributes
        .iter()
        .map(|(name, value)| {
            let shown = json!({"Type": value.data_type, "Value": show(value)});
            (name.clone(), shown)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// The attributes as the document that filter policies look at. Binary ones are not part of it.
pub(super) fn document(attributes: &AttributeMap) -> Value {
    attributes
        .iter()
        .filter_map(|(name, value)| {
            let text = value.string_value.as_deref()?;
            let shown = match value.data_type.as_str() {
                "String.Array" => serde_json::from_str(text).ok()?,
                number if number.starts_with("Number") => {
                    serde_json::from_str(text).unwrap_or_else(|_| json!(text.parse::<f64>().ok()))
                }
                string if string.starts_with("String") => text.into(),
                _ => return None,
            };
            Some((name.clone(), shown))
        })
        .collect::<Map<_, _>>()
        .into()
}
