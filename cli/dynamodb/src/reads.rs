//! Queries, scans and reads of transactions: what the engine does not refuse, and what it answers in addition.

use dynoxide::AttributeValue;
use dynoxide::storage::{Storage, TableMetadata, compute_hash_prefix, hash_in_segment};
use serde_json::{Map, Value};

use crate::expressions::projected;
use crate::failure::Failure;

/// Checks a query or a scan against its table. One without a table is left to the engine.
///
/// # Errors
/// `ValidationException`.
pub(crate) fn check(storage: &Storage, input: &Map<String, Value>) -> Result<(), Failure> {
    let table = input.get("TableName").and_then(Value::as_str);
    let Ok(Some(meta)) = storage.get_table_metadata(table.unwrap_or_default()) else {
        return Ok(());
    };
    if let Some(index) = input.get("IndexName").and_then(Value::as_str) {
        check_index(&meta, index, input)?;
    }
    check_segment(&meta, input)
}

fn indexes(definitions: Option<&String>) -> Vec<Value> {
    let definitions = definitions.and_then(|text| serde_json::from_str(text).ok());
    definitions.unwrap_or_default()
}

/// Refuses an index that the table does not have, and attributes that a global index does not project.
fn check_index(
    meta: &TableMetadata,
    index: &str,
    input: &Map<String, Value>,
) -> Result<(), Failure> {
    let is_it = |one: &Value| one["IndexName"] == index;
    let global = indexes(meta.gsi_definitions.as_ref())
        .into_iter()
        .find(is_it);
    let local = indexes(meta.lsi_definitions.as_ref());
    let Some(global) = global else {
        if local.iter().any(is_it) || meta.vector_index_definitions.is_some() {
            return Ok(());
        }
        return Err(Failure::validation(&format!(
            "The table does not have the specified index: {index}"
        )));
    };
    if global["Projection"]["ProjectionType"] == "ALL" {
        return Ok(());
    }
    let listed = input.get("AttributesToGet").and_then(Value::as_array);
    let listed = listed.map(|names| {
        let names = names.iter().filter_map(Value::as_str);
        names.map(ToOwned::to_owned).collect()
    });
    let wanted: Vec<String> = projected(input).or(listed).unwrap_or_default();
    let keys = serde_json::from_str::<Vec<Value>>(&meta.key_schema).unwrap_or_default();
    let own = global["KeySchema"].as_array();
    let keys = keys.iter().chain(own.into_iter().flatten());
    let keys: Vec<_> = keys.map(|key| &key["AttributeName"]).collect();
    let more = global["Projection"]["NonKeyAttributes"].as_array();
    let more: Vec<_> = more.into_iter().flatten().collect();
    let missing: Vec<_> = wanted
        .into_iter()
        .filter(|name| !keys.iter().chain(&more).any(|known| *known == name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::validation(&format!(
        "One or more parameter values were invalid: Global secondary index {index} does not project [{}]",
        missing.join(", ")
    )))
}

/// Refuses to go on with a segment of a parallel scan after an item of another segment.
fn check_segment(meta: &TableMetadata, input: &Map<String, Value>) -> Result<(), Failure> {
    let number = |name: &str| {
        input
            .get(name)?
            .as_u64()
            .and_then(|n| u32::try_from(n).ok())
    };
    let (Some(segment), Some(segments)) = (number("Segment"), number("TotalSegments")) else {
        return Ok(());
    };
    let keys = serde_json::from_str::<Vec<Value>>(&meta.key_schema).unwrap_or_default();
    let hash = keys.first().and_then(|key| key["AttributeName"].as_str());
    let start = input.get("ExclusiveStartKey");
    let Some(value) = start.and_then(|start| start.get(hash.unwrap_or_default())) else {
        return Ok(());
    };
    let Ok(value) = serde_json::from_value::<AttributeValue>(value.clone()) else {
        return Ok(());
    };
    // The engine refuses other numbers.
    let is_valid = segment < segments && segments <= 1_000_000;
    if !is_valid || hash_in_segment(&compute_hash_prefix(&value), segment, segments) {
        return Ok(());
    }
    Err(Failure::validation(&format!(
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: {segments} Segment: {segment}"
    )))
}

/// The attributes that each read of a transaction projects; `None` for all.
pub(crate) fn projections(input: &Map<String, Value>) -> Vec<Option<Vec<String>>> {
    let items = input.get("TransactItems").and_then(Value::as_array);
    let items = items.into_iter().flatten();
    items
        .map(|item| projected(item.get("Get")?.as_object()?))
        .collect()
}

/// Removes what the engine answers of items in addition to their projections: the keys.
pub(crate) fn project(
    answer: Vec<u8>,
    projections: &[Option<Vec<String>>],
) -> Result<Vec<u8>, Failure> {
    if projections.iter().all(Option::is_none) {
        return Ok(answer);
    }
    let mut answer: Value =
        serde_json::from_slice(&answer).map_err(|error| Failure::internal(&error.to_string()))?;
    let responses = answer["Responses"].as_array_mut().into_iter().flatten();
    for (response, names) in responses.zip(projections) {
        if let (Some(names), Some(item)) = (names, response["Item"].as_object_mut()) {
            item.retain(|name, _| names.contains(name));
        }
    }
    Ok(answer.to_string().into_bytes())
}
