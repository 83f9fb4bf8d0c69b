//! References, and small readers of JSON.

use serde_json::Value;

/// How many references may follow one another. Longer chains are circles.
const MAX_CHAIN: usize = 64;

/// What a `$ref` of this document leads to, over as many references as it takes; the value itself if it is not one.
pub(crate) fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let mut value = value;
    for _ in 0..MAX_CHAIN {
        let Some(target) = target(document, value) else {
            return value;
        };
        value = target;
    }
    &Value::Null
}

/// What the `$ref` of a value leads to.
pub(crate) fn target<'d>(document: &'d Value, value: &Value) -> Option<&'d Value> {
    let reference = value.get("$ref")?.as_str()?;
    document.pointer(reference.strip_prefix('#')?)
}

/// The elements of a list member.
pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The members of an object member.
pub(crate) fn members<'v>(
    value: &'v Value,
    name: &str,
) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value
        .get(name)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

pub(crate) fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
