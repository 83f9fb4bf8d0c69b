//! `UpdateItem`: an item that is not there, and the values that it returns.

use std::collections::BTreeMap;

use dynoxide::storage::Storage;
use serde_json::{Map, Value, json};

use crate::engine::Engine;
use crate::expressions::{self, Path, Step, update_paths};
use crate::failure::Failure;

/// The members of an update that a condition alone needs.
const OF_CONDITION: [&str; 7] = [
    "TableName",
    "Key",
    "ConditionExpression",
    "Expected",
    "ConditionalOperator",
    "ReturnConsumedCapacity",
    "ReturnValuesOnConditionCheckFailure",
];

/// Runs an update.
pub(crate) fn run(
    engine: &Engine,
    storage: &Storage,
    input: Map<String, Value>,
) -> Result<Vec<u8>, Failure> {
    let expression = input.get("UpdateExpression").and_then(Value::as_str);
    let updates = input.get("AttributeUpdates").and_then(Value::as_object);
    let names = input.get("ExpressionAttributeNames");
    let (paths, creates) = match (expression, updates) {
        (Some(expression), _) => update_paths(expression, names),
        (None, Some(updates)) => {
            let mut actions = updates.values().map(|update| &update["Action"]);
            (
                Vec::new(),
                updates.is_empty() || actions.any(|action| action != "DELETE"),
            )
        }
        // An update of nothing creates the item.
        (None, None) => (Vec::new(), true),
    };
    if !creates && is_absent(engine, storage, &input) {
        check_keys(&input, &paths)?;
        return remove_from_nothing(engine, storage, &input);
    }
    let returns = input.get("ReturnValues").and_then(Value::as_str);
    // The engine answers the key of an item that was not there.
    let is_new = returns == Some("ALL_OLD") && is_absent(engine, storage, &input);
    let is_nested = matches!(returns, Some("UPDATED_OLD" | "UPDATED_NEW"))
        && paths.iter().any(|path| path.len() > 1);
    let answer = engine.run(storage, "UpdateItem", input)?;
    if !is_nested && !is_new {
        return Ok(answer);
    }
    let mut answer: Value =
        serde_json::from_slice(&answer).map_err(|error| Failure::internal(&error.to_string()))?;
    if is_new {
        if let Some(members) = answer.as_object_mut() {
            members.remove("Attributes");
        }
    } else if let Some(attributes) = answer.get_mut("Attributes").map(Value::take)
        && let Some(members) = answer.as_object_mut()
    {
        let paths: Vec<&[Step]> = paths.iter().map(Path::as_slice).collect();
        match project(&json!({ "M": attributes }), &paths) {
            Some(mut found) => {
                members.insert("Attributes".into(), found["M"].take());
            }
            None => {
                members.remove("Attributes");
            }
        }
    }
    Ok(answer.to_string().into_bytes())
}

/// Whether the item is not there. What else is wrong is left to the update.
fn is_absent(engine: &Engine, storage: &Storage, input: &Map<String, Value>) -> bool {
    let members = ["TableName", "Key"].iter().filter_map(|name| {
        let value = input.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    let found = engine.run(storage, "GetItem", members.collect());
    found.is_ok_and(|answer| answer == b"{}")
}

/// Refuses to change an attribute of the key.
fn check_keys(input: &Map<String, Value>, paths: &[Path]) -> Result<(), Failure> {
    let key = input.get("Key").and_then(Value::as_object);
    let first = paths.iter().filter_map(|path| match path.first() {
        Some(Step::Name(name)) => Some(name),
        _ => None,
    });
    for name in first {
        if key.is_some_and(|key| key.contains_key(name)) {
            return Err(Failure::validation(&format!(
                "One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of the key"
            )));
        }
    }
    Ok(())
}

/// An update that only removes does not create an item: nothing happens if its condition holds.
///
/// The update is run with a condition that no absent item meets, so that its expression is checked; the condition is that of a delete.
fn remove_from_nothing(
    engine: &Engine,
    storage: &Storage,
    input: &Map<String, Value>,
) -> Result<Vec<u8>, Failure> {
    let condition = input.get("ConditionExpression").and_then(Value::as_str);
    let key = input.get("Key").and_then(Value::as_object);
    let key = key.and_then(|key| key.keys().next());
    if let (true, Some(key)) = (input.contains_key("UpdateExpression"), key) {
        let mut attempt = input.clone();
        let never = match condition {
            Some(condition) => format!("({condition}) AND attribute_exists(#fwKey)"),
            None => "attribute_exists(#fwKey)".to_owned(),
        };
        attempt.insert("ConditionExpression".into(), never.into());
        attempt.remove("ReturnValuesOnConditionCheckFailure");
        let names = attempt
            .entry("ExpressionAttributeNames")
            .or_insert_with(|| json!({}));
        if let Some(names) = names.as_object_mut() {
            names.insert("#fwKey".into(), key.as_str().into());
        }
        if let Err(failure) = engine.run(storage, "UpdateItem", attempt)
            && !failure.is("ConditionalCheckFailedException")
        {
            return Err(failure);
        }
    }
    let members = OF_CONDITION.iter().filter_map(|name| {
        let value = input.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    let mut delete: Map<String, Value> = members.collect();
    for member in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        if let Some(used) = expressions::used(input.get(member), condition.unwrap_or_default()) {
            delete.insert(member.into(), used);
        }
    }
    engine.run(storage, "DeleteItem", delete)
}

/// The parts of a value at these paths; `None` if the value has none of the paths.
fn project(value: &Value, paths: &[&[Step]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    if let Some(members) = value.get("M").and_then(Value::as_object) {
        let mut found = Map::new();
        for (name, rest) in grouped(paths, |step| match step {
            Step::Name(name) => Some(name.clone()),
            Step::Index(_) => None,
        }) {
            let part = members.get(&name).and_then(|value| project(value, &rest));
            found.extend(part.map(|part| (name, part)));
        }
        return (!found.is_empty()).then(|| json!({ "M": found }));
    }
    let elements = value.get("L").and_then(Value::as_array)?;
    let of_index = |step: &Step| match step {
        Step::Index(index) => Some(*index),
        Step::Name(_) => None,
    };
    let found: Vec<Value> = grouped(paths, of_index)
        .into_iter()
        .filter_map(|(index, rest)| project(elements.get(index)?, &rest))
        .collect();
    (!found.is_empty()).then(|| json!({ "L": found }))
}

/// The rests of the paths by their first step, in the order of the steps.
fn grouped<'a, K: Ord>(
    paths: &[&'a [Step]],
    key: impl Fn(&Step) -> Option<K>,
) -> BTreeMap<K, Vec<&'a [Step]>> {
    let mut groups: BTreeMap<K, Vec<&[Step]>> = BTreeMap::new();
    for path in paths {
        if let Some((first, rest)) = path.split_first()
            && let Some(key) = key(first)
        {
            groups.entry(key).or_default().push(rest);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_value_are_those_at_the_paths() {
        let value =
            json!({"M": {"a": {"M": {"b": {"N": "1"}, "c": {"L": [{"N": "7"}, {"N": "8"}]}}}}});
        let of = |expression: &str| {
            let (paths, _) = update_paths(expression, None);
            let paths: Vec<&[Step]> = paths.iter().map(Path::as_slice).collect();
            project(&value, &paths)
        };
        assert_eq!(
            of("REMOVE a.c[1]"),
            Some(json!({"M": {"a": {"M": {"c": {"L": [{"N": "8"}]}}}}}))
        );
        assert_eq!(of("REMOVE a.c[9], a.x.y"), None);
        assert_eq!(of("REMOVE a"), Some(value.clone()));
    }
}
