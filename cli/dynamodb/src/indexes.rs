//! Global indexes that are added to a table with items.

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The indexes that an update creates.
pub(crate) fn created(input: &Map<String, Value>) -> Vec<Value> {
    let updates = input
        .get("GlobalSecondaryIndexUpdates")
        .and_then(Value::as_array);
    let created = updates
        .into_iter()
        .flatten()
        .filter_map(|update| update.get("Create"));
    created.filter(|index| index.is_object()).cloned().collect()
}

fn list(text: Option<&str>) -> Vec<Value> {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// Refuses a name that a local index has, and another type for an attribute that is defined.
pub(crate) fn check(
    storage: &Storage,
    table: &str,
    input: &Map<String, Value>,
    created: &[Value],
) -> Result<(), Failure> {
    let Some(meta) = storage.get_table_metadata(table)? else {
        return Ok(());
    };
    for index in created {
        let names_it = |one: &Value| one["IndexName"] == index["IndexName"];
        if list(meta.lsi_definitions.as_deref()).iter().any(names_it) {
            return Err(Failure::validation(&format!(
                "One or more parameter values were invalid: Index already exists: {}",
                index["IndexName"].as_str().unwrap_or_default()
            )));
        }
    }
    let before = list(Some(&meta.attribute_definitions));
    let definitions = input.get("AttributeDefinitions").and_then(Value::as_array);
    for definition in definitions.into_iter().flatten() {
        let is_redefined = before.iter().any(|one| {
            one["AttributeName"] == definition["AttributeName"]
                && one["AttributeType"] != definition["AttributeType"]
        });
        if is_redefined {
            return Err(Failure::validation(&format!(
                "One or more parameter values were invalid: Attribute {} is redefined with another type",
                definition["AttributeName"].as_str().unwrap_or_default()
            )));
        }
    }
    if !created.is_empty() && definitions.is_none() {
        return Err(Failure::validation(
            "One or more parameter values were invalid: AttributeDefinitions must be provided when creating an index",
        ));
    }
    Ok(())
}

/// Removes from new indexes the items whose keys are of another type, empty or too long: the engine adds them.
pub(crate) fn correct(storage: &Storage, table: &str, created: &[Value]) -> Result<(), Failure> {
    let Some(meta) = storage.get_table_metadata(table)? else {
        return Ok(());
    };
    let definitions = list(Some(&meta.attribute_definitions));
    for index in created {
        let name = index["IndexName"].as_str().unwrap_or_default();
        let rows = format!("{table}::gsi::{name}").replace('"', "\"\"");
        for key in index["KeySchema"].as_array().into_iter().flatten() {
            let attribute = key["AttributeName"].as_str().unwrap_or_default();
            let definition = definitions
                .iter()
                .find(|one| one["AttributeName"] == attribute);
            let kind = definition.and_then(|one| one["AttributeType"].as_str());
            // SQLite's paths cannot quote a quotation mark.
            let (Some(kind @ ("S" | "N" | "B")), false) = (kind, attribute.contains('"')) else {
                continue;
            };
            let most = if key["KeyType"] == "HASH" { 2048 } else { 1024 };
            // Base64 has four characters for three bytes.
            let most = if kind == "B" { most * 4 / 3 } else { most };
            let path = format!("$.\"{attribute}\".\"{kind}\"");
            let sql = format!(
                "DELETE FROM \"{rows}\" WHERE COALESCE(length(CAST(json_extract(item_json, ?1) AS BLOB)), 0) NOT BETWEEN 1 AND ?2"
            );
            storage
                .conn()
                .execute(&sql, (path, most))
                .map_err(DynoxideError::from)?;
        }
    }
    Ok(())
}
