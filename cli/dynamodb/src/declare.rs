//! Tables from settings: created at a start, and brought to the settings when these change.

use dynoxide::storage::Storage;
use fw_services::DeclaredTable;
use serde_json::{Map, Value, json};

use crate::engine::Engine;
use crate::failure::Failure;
use crate::front::Place;
use crate::{shapes, tables};

/// Creates a table, or brings the one of that name to a declaration.
///
/// # Errors
/// Why it cannot be, in one line.
pub(crate) fn declare(
    engine: &Engine,
    storage: &Storage,
    place: &Place,
    name: &str,
    wanted: &DeclaredTable,
) -> Result<(), String> {
    let run = |operation: &str, input: Value| {
        let mut input = input.as_object().cloned().unwrap_or_default();
        input.insert("TableName".into(), name.into());
        run(engine, storage, place, operation, input)
    };
    let found = storage.get_table_metadata(name);
    match found.map_err(|error| error.to_string())? {
        None => {
            run("CreateTable", wanted.create.clone())?;
        }
        Some(_) => {
            let table = run("DescribeTable", json!({}))?["Table"].take();
            bring(&table, &wanted.create, run)?;
        }
    }
    let meta = storage.get_table_metadata(name);
    let meta = meta.map_err(|error| error.to_string())?;
    let current = meta
        .filter(|meta| meta.ttl_enabled)
        .and_then(|meta| meta.ttl_attribute);
    if current == wanted.time_to_live {
        return Ok(());
    }
    let set = |attribute: &str, enabled: bool| {
        let specification = json!({"AttributeName": attribute, "Enabled": enabled});
        run(
            "UpdateTimeToLive",
            json!({ "TimeToLiveSpecification": specification }),
        )
    };
    if let Some(attribute) = &current {
        set(attribute, false)?;
    }
    if let Some(attribute) = &wanted.time_to_live {
        set(attribute, true)?;
    }
    Ok(())
}

fn run(
    engine: &Engine,
    storage: &Storage,
    place: &Place,
    operation: &str,
    input: Map<String, Value>,
) -> Result<Value, String> {
    let result = shapes::check(operation, &input).and_then(|()| match operation {
        "UpdateTimeToLive" => {
            engine.run(storage, operation, input)?;
            Ok(Value::Null)
        }
        _ => tables::run(engine, storage, &place.arns, operation, input),
    });
    result.map_err(|failure: Failure| failure.message().to_owned())
}

/// The members of a description by the names of indexes.
fn by_name<'a>(table: &'a Value, member: &str) -> Vec<(&'a str, &'a Value)> {
    let indexes = table[member].as_array().into_iter().flatten();
    let mut indexes: Vec<_> = indexes
        .filter_map(|index| Some((index["IndexName"].as_str()?, index)))
        .collect();
    indexes.sort_by_key(|(name, _)| *name);
    indexes
}

/// Whether two indexes have the same keys and projection.
fn is_same(one: &Value, other: &Value) -> bool {
    let attributes = |index: &Value| {
        let names = index["Projection"]["NonKeyAttributes"].as_array();
        let mut names: Vec<_> = names.into_iter().flatten().map(Value::to_string).collect();
        names.sort();
        names
    };
    one["KeySchema"] == other["KeySchema"]
        && one["Projection"]["ProjectionType"] == other["Projection"]["ProjectionType"]
        && attributes(one) == attributes(other)
}

/// Brings a table to what creates it: an index at a time, and its stream.
fn bring(
    table: &Value,
    wanted: &Value,
    run: impl Fn(&str, Value) -> Result<Value, String>,
) -> Result<(), String> {
    const REPLACED: &str = "the table that is there is another one, and only a new table can have these; delete it, or use another name";
    if table["KeySchema"] != wanted["KeySchema"] {
        return Err(format!("other keys: {REPLACED}"));
    }
    let member = "LocalSecondaryIndexes";
    let (before, after) = (by_name(table, member), by_name(wanted, member));
    let is_equal = before.len() == after.len()
        && before
            .iter()
            .zip(&after)
            .all(|(one, other)| one.0 == other.0 && is_same(one.1, other.1));
    if !is_equal {
        return Err(format!("other local indexes: {REPLACED}"));
    }
    let member = "GlobalSecondaryIndexes";
    let (before, after) = (by_name(table, member), by_name(wanted, member));
    let has = |all: &[(&str, &Value)], name: &str, index: &Value| {
        all.iter()
            .any(|(held, one)| *held == name && is_same(one, index))
    };
    for (name, index) in &before {
        if !has(&after, name, index) {
            let update = json!([{"Delete": {"IndexName": name}}]);
            run(
                "UpdateTable",
                json!({ "GlobalSecondaryIndexUpdates": update }),
            )?;
        }
    }
    for (name, index) in &after {
        if !has(&before, name, index) {
            let input = json!({
                "AttributeDefinitions": wanted["AttributeDefinitions"],
                "GlobalSecondaryIndexUpdates": [{"Create": index}],
            });
            run("UpdateTable", input)?;
        }
    }
    let (before, after) = (
        &table["StreamSpecification"],
        &wanted["StreamSpecification"],
    );
    if before == after {
        return Ok(());
    }
    if before.is_object() {
        let disabled = json!({"StreamSpecification": {"StreamEnabled": false}});
        run("UpdateTable", disabled)?;
    }
    if after.is_object() {
        run("UpdateTable", json!({ "StreamSpecification": after }))?;
    }
    Ok(())
}
