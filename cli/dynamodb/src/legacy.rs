//! The parameters that expressions replaced: `Expected`, `KeyConditions`, `QueryFilter`, `ScanFilter` and `AttributeUpdates`.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// The members that hold conditions by the names of attributes.
const MEMBERS: [&str; 4] = ["Expected", "KeyConditions", "QueryFilter", "ScanFilter"];

fn refuse(text: &str) -> Result<(), Failure> {
    Err(Failure::validation(&format!(
        "One or more parameter values were invalid: {text}"
    )))
}

/// Checks the conditions of an input.
///
/// # Errors
/// `ValidationException` of the first condition that is not valid.
pub(crate) fn check(input: &Map<String, Value>) -> Result<(), Failure> {
    for member in MEMBERS {
        let conditions = input.get(member).and_then(Value::as_object);
        for condition in conditions.into_iter().flat_map(Map::values) {
            check_condition(condition)?;
        }
    }
    let updates = input.get("AttributeUpdates").and_then(Value::as_object);
    for update in updates.into_iter().flat_map(Map::values) {
        // Without a value the attribute is deleted, and with one its elements are.
        if let (Some("DELETE"), Some((kind, _))) =
            (update["Action"].as_str(), typed(&update["Value"]))
            && !matches!(kind, "SS" | "NS" | "BS")
        {
            return refuse(&format!(
                "DELETE action with value is not supported for the type {kind}"
            ));
        }
    }
    if let Some(Value::Array(names)) = input.get("AttributesToGet")
        && names.is_empty()
    {
        return Err(Failure::validation(
            "1 validation error detected: Value '[]' at 'attributesToGet' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ));
    }
    Ok(())
}

/// The type and the content of a value.
fn typed(value: &Value) -> Option<(&str, &Value)> {
    let (kind, value) = value.as_object()?.iter().next()?;
    Some((kind.as_str(), value))
}

fn check_condition(condition: &Value) -> Result<(), Failure> {
    let Some(operator) = condition["ComparisonOperator"].as_str() else {
        return Ok(());
    };
    let list = condition["AttributeValueList"].as_array();
    let values: Vec<_> = list.into_iter().flatten().filter_map(typed).collect();
    let allowed: &[&str] = match operator {
        "LT" | "LE" | "GT" | "GE" | "BETWEEN" | "IN" | "CONTAINS" | "NOT_CONTAINS" => {
            &["S", "N", "B"]
        }
        "BEGINS_WITH" => &["S", "B"],
        _ => return Ok(()),
    };
    for (kind, _) in &values {
        // A flag may be an element of a list that is searched.
        let is_element = operator.ends_with("CONTAINS") && matches!(*kind, "BOOL" | "NULL");
        if !(allowed.contains(kind) || is_element) {
            return refuse(&format!(
                "ComparisonOperator {operator} is not valid for {kind} AttributeValue type"
            ));
        }
    }
    if !matches!(operator, "BETWEEN" | "IN") {
        return Ok(());
    }
    let first = values.first().map(|(kind, _)| *kind);
    if values.iter().any(|(kind, _)| Some(*kind) != first) {
        return refuse("AttributeValues inside AttributeValueList must be of same type");
    }
    match &values[..] {
        [(kind, low), (_, high)]
            if operator == "BETWEEN" && order(kind, low, high) == Ordering::Greater =>
        {
            Err(Failure::validation(
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
            ))
        }
        _ => Ok(()),
    }
}

/// The order of two values of a type. Numbers that a float does not tell apart are equal here.
pub(crate) fn order(kind: &str, one: &Value, other: &Value) -> Ordering {
    let (one, other) = (
        one.as_str().unwrap_or_default(),
        other.as_str().unwrap_or_default(),
    );
    match kind {
        "S" => one.as_bytes().cmp(other.as_bytes()),
        "N" => {
            let number = |text: &str| text.parse::<f64>().ok();
            number(one)
                .partial_cmp(&number(other))
                .unwrap_or(Ordering::Equal)
        }
        "B" => {
            let bytes = |text: &str| BASE64_STANDARD.decode(text).ok();
            bytes(one).cmp(&bytes(other))
        }
        _ => Ordering::Equal,
    }
}

/// Brings `KeyConditions` that stand beside expressions to a key condition expression. Queries of before there were such expressions are
/// written so, and DynamoDB still takes them (unverified by us; one suite says so, and the engine's author the opposite).
pub(crate) fn key_conditions(input: &mut Map<String, Value>) {
    let has_expression = ["FilterExpression", "ProjectionExpression"]
        .iter()
        .any(|member| input.contains_key(*member));
    if !has_expression || input.contains_key("KeyConditionExpression") {
        return;
    }
    let Some(Value::Object(conditions)) = input.get("KeyConditions") else {
        return;
    };
    let mut parts = Vec::new();
    let (mut names, mut values) = (Map::new(), Map::new());
    for (number, (attribute, condition)) in conditions.iter().enumerate() {
        let name = format!("#fwKey{number}");
        let list = condition["AttributeValueList"].as_array();
        let list: Vec<_> = list.into_iter().flatten().collect();
        let value = |position: usize| format!(":fwKey{number}x{position}");
        let part = match (condition["ComparisonOperator"].as_str(), list.len()) {
            (Some("EQ"), 1) => format!("{name} = {}", value(0)),
            (Some("LT"), 1) => format!("{name} < {}", value(0)),
            (Some("LE"), 1) => format!("{name} <= {}", value(0)),
            (Some("GT"), 1) => format!("{name} > {}", value(0)),
            (Some("GE"), 1) => format!("{name} >= {}", value(0)),
            (Some("BEGINS_WITH"), 1) => format!("begins_with({name}, {})", value(0)),
            (Some("BETWEEN"), 2) => format!("{name} BETWEEN {} AND {}", value(0), value(1)),
            // The engine refuses it.
            _ => return,
        };
        for (position, one) in list.into_iter().enumerate() {
            values.insert(value(position), one.clone());
        }
        names.insert(name, attribute.as_str().into());
        parts.push(part);
    }
    input.remove("KeyConditions");
    input.insert("KeyConditionExpression".into(), parts.join(" AND ").into());
    for (member, more) in [
        ("ExpressionAttributeNames", names),
        ("ExpressionAttributeValues", values),
    ] {
        let all = input.entry(member).or_insert_with(|| json!({}));
        if let Some(all) = all.as_object_mut() {
            all.extend(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_checked_without_an_item() {
        let refusal = |operator: &str, values: Value| {
            let condition = json!({"ComparisonOperator": operator, "AttributeValueList": values});
            let input = json!({"Expected": {"a": condition}});
            match check(input.as_object().unwrap()) {
                Ok(()) => String::new(),
                Err(failure) => failure.message().to_owned(),
            }
        };
        assert!(refusal("LE", json!([{"L": []}])).contains("not valid for L"));
        assert!(refusal("BEGINS_WITH", json!([{"N": "1"}])).contains("not valid for N"));
        assert!(refusal("IN", json!([{"N": "1"}, {"S": "a"}])).contains("same type"));
        assert!(refusal("BETWEEN", json!([{"N": "10"}, {"N": "9"}])).contains("lower bound"));
        assert_eq!(refusal("BETWEEN", json!([{"N": "9"}, {"N": "10"}])), "");
        assert_eq!(refusal("EQ", json!([{"L": []}])), "");
    }

    #[test]
    fn key_conditions_beside_an_expression_become_one() {
        let input = json!({
            "FilterExpression": "a = :v",
            "ExpressionAttributeValues": {":v": {"S": "x"}},
            "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}},
        });
        let Value::Object(mut input) = input else {
            unreachable!()
        };
        key_conditions(&mut input);
        assert_eq!(input["KeyConditionExpression"], "#fwKey0 = :fwKey0x0");
        assert_eq!(
            input["ExpressionAttributeValues"][":fwKey0x0"],
            json!({"S": "k"})
        );
        assert_eq!(input["ExpressionAttributeNames"], json!({"#fwKey0": "p"}));
        assert!(!input.contains_key("KeyConditions"));
    }
}
