//! Filters of subscriptions and of event source mappings: event patterns, within the limits of each service.

use fw_grammar::pattern;
use serde_json::{Map, Value};

/// The most keys and combinations of a subscription's policy.
const MOST_KEYS: usize = 5;
const MOST_COMBINATIONS: u64 = 150;
/// The longest pattern of a mapping, as the API reference of `Filter` says.
const LONGEST_OF_MAPPING: usize = 4096;

/// A checked pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern(pattern::Pattern);

impl Pattern {
    /// Reads the pattern of an event source mapping. Returns `None` if it is not valid: Lambda gives no reason.
    pub(crate) fn of_mapping(text: &str) -> Option<Self> {
        if text.len() > LONGEST_OF_MAPPING {
            return None;
        }
        pattern::Pattern::parse(text).ok().map(Self)
    }

    /// Reads the policy of a subscription.
    ///
    /// # Errors
    /// What is wrong with it, in AWS's words as far as they are recorded.
    pub(crate) fn of_subscription(policy: &Value) -> Result<Self, String> {
        if let Value::Object(members) = policy {
            check_object(members)?;
        }
        let parsed =
            pattern::Pattern::from_value(policy).map_err(|error| error.reason().to_owned())?;
        if keys(policy) > MOST_KEYS {
            return Err("Filter policy can not have more than 5 keys".into());
        }
        if combinations(policy, 0) > MOST_COMBINATIONS {
            return Err("Filter policy is too complex".into());
        }
        Ok(Self(parsed))
    }

    /// Whether the document matches.
    pub(crate) fn matches(&self, document: &Value) -> bool {
        self.0.matches(document)
    }
}

/// Whether a policy looks into nested objects.
pub(crate) fn is_nested(policy: &Value) -> bool {
    policy
        .as_object()
        .is_some_and(|members| members.values().any(Value::is_object))
}

/// Checks the filter policy of a subscription, which looks at the body of a message where `of_body` says so, and else at its attributes.
///
/// # Errors
/// What is wrong with it, in AWS's words as far as they are recorded.
pub fn check_filter_policy(policy: &Value, of_body: bool) -> Result<(), String> {
    if !of_body && is_nested(policy) {
        return Err(
            "Filter policy scope MessageAttributes does not support nested filter policy".into(),
        );
    }
    Pattern::of_subscription(policy).map(drop)
}

/// How many members with tests a policy has.
fn keys(policy: &Value) -> usize {
    match policy {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match value {
                Value::Array(branches) if name == "$or" => branches.iter().map(keys).sum(),
                Value::Object(_) => keys(value),
                _ => 1,
            })
            .sum(),
        _ => 0,
    }
}

/// The product of the lengths of all lists, each times the depth of its key. The branches of `$or` add up.
fn combinations(policy: &Value, depth: u64) -> u64 {
    match policy {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match value {
                Value::Array(branches) if name == "$or" => branches
                    .iter()
                    .map(|branch| combinations(branch, depth))
                    .fold(0, u64::saturating_add),
                value => combinations(value, depth + 1),
            })
            .fold(1, u64::saturating_mul),
        Value::Array(tests) => (tests.len() as u64).saturating_mul(depth),
        _ => 1,
    }
}

/// Checks what subscriptions refuse and rules accept, or refuse in other words.
fn check_object(members: &Map<String, Value>) -> Result<(), String> {
    for value in members.values() {
        match value {
            Value::Object(nested) => check_object(nested)?,
            Value::Array(tests) => tests.iter().try_for_each(|test| match test {
                Value::Object(test) => check_test(test),
                _ => Ok(()),
            })?,
            _ => {}
        }
    }
    Ok(())
}

/// Checks a test, or a branch of `$or`, which are both objects in a list.
fn check_test(test: &Map<String, Value>) -> Result<(), String> {
    for (operator, operand) in test {
        match (operator.as_str(), operand) {
            ("wildcard", Value::String(_)) => {
                return Err("Unrecognized match type wildcard".into());
            }
            ("anything-but", Value::Object(inner)) => {
                if let Some(name) = inner.keys().find(|name| *name != "prefix") {
                    return Err(format!("Unsupported anything-but pattern: {name}"));
                }
            }
            ("numeric", Value::Array(terms)) => check_numeric(terms)?,
            (_, Value::Object(nested)) => check_object(nested)?,
            (_, Value::Array(tests)) => tests.iter().try_for_each(|test| match test {
                Value::Object(test) => check_test(test),
                _ => Ok(()),
            })?,
            _ => {}
        }
    }
    Ok(())
}

fn check_numeric(terms: &[Value]) -> Result<(), String> {
    let is_range = terms
        .first()
        .and_then(Value::as_str)
        .is_some_and(|operator| operator.starts_with('>'));
    if is_range && terms.len() > 4 {
        return Err("Too many terms in numeric range expression".into());
    }
    if terms.first().and_then(Value::as_str) == Some("=")
        && !terms.get(1).is_some_and(Value::is_number)
    {
        return Err("Value of equals must be numeric".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn policies_of_subscriptions_have_their_own_limits() {
        let refusal = |policy: Value| Pattern::of_subscription(&policy).unwrap_err();
        let values: Vec<_> = (0..151).collect();
        assert_eq!(
            refusal(json!({"a": values})),
            "Filter policy is too complex"
        );
        assert_eq!(
            refusal(json!({"a": [{"wildcard": "*"}]})),
            "Unrecognized match type wildcard"
        );
        assert_eq!(
            refusal(json!({"$or": [{"a": [{"anything-but": {"suffix": "x"}}]}, {"b": [1]}]})),
            "Unsupported anything-but pattern: suffix"
        );
        assert_eq!(refusal(json!([])), "Filter is not an object");
        assert!(is_nested(&json!({"a": {"b": [1]}})));
        assert!(!is_nested(&json!({"$or": [{"a": [1]}, {"b": [1]}]})));
    }

    #[test]
    fn records_in_lists_are_looked_into() {
        let policy = json!({"Records": {"s3": {"object": {"key": [{"prefix": "in/"}]}}}});
        let pattern = Pattern::of_subscription(&policy).unwrap();
        let event = |key: &str| json!({"Records": [{"s3": {"object": {"key": key}}}]});
        assert!(pattern.matches(&event("in/a")));
        assert!(!pattern.matches(&event("out/a")));
    }

    #[test]
    fn deep_patterns_and_documents_are_taken_or_refused() {
        let deep = format!("{}[1]{}", "{\"a\":".repeat(100), "}".repeat(100));
        let _ = Pattern::of_mapping(&deep);
        let document: Value = serde_json::from_str(&deep).unwrap();
        let pattern = Pattern::of_mapping(r#"{"a": [1]}"#).unwrap();
        assert!(!pattern.matches(&document));
        assert!(Pattern::of_mapping(&"[".repeat(100_000)).is_none());
    }
}
