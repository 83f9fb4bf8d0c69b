//! The tables of the settings as DynamoDB creates them.

use std::collections::BTreeMap;

use fw_services::DeclaredTable;
use serde_json::{Value, json};

use crate::settings::resources::{IndexSettings, Key, Projection, ProjectionWord, TableSettings};

/// The table for a declaration; `None` for one that exists elsewhere and whose keys the settings do not say.
pub(super) fn declared(table: &TableSettings) -> Option<DeclaredTable> {
    let partition = table.partition_key.as_ref()?;
    let types: BTreeMap<&str, &str> = table.keys().map(|key| (key.name(), key.letter())).collect();
    let types: Vec<Value> = types
        .into_iter()
        .map(|(name, letter)| json!({"AttributeName": name, "AttributeType": letter}))
        .collect();
    let mut create = json!({
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": types,
        "KeySchema": schema(partition, table.sort_key.as_ref()),
    });
    let (mut global, mut local) = (Vec::new(), Vec::new());
    for (name, index) in &table.indexes {
        let of = index.partition_key.as_ref();
        let document = json!({
            "IndexName": name,
            "KeySchema": schema(of.unwrap_or(partition), index.sort_key.as_ref()),
            "Projection": projection(index),
        });
        match of {
            Some(_) => global.push(document),
            None => local.push(document),
        }
    }
    for (member, indexes) in [
        ("GlobalSecondaryIndexes", global),
        ("LocalSecondaryIndexes", local),
    ] {
        if !indexes.is_empty() {
            create[member] = indexes.into();
        }
    }
    if let Some(view) = table.stream {
        create["StreamSpecification"] =
            json!({"StreamEnabled": true, "StreamViewType": view.view_type()});
    }
    Some(DeclaredTable {
        create,
        time_to_live: table.ttl.clone(),
    })
}

fn schema(partition: &Key, sort: Option<&Key>) -> Value {
    let key = |key: &Key, kind: &str| json!({"AttributeName": key.name(), "KeyType": kind});
    let partition = key(partition, "HASH");
    let sort = sort.map(|sort| key(sort, "RANGE"));
    std::iter::once(partition).chain(sort).collect()
}

fn projection(index: &IndexSettings) -> Value {
    match &index.projection {
        None | Some(Projection::Word(ProjectionWord::All)) => json!({"ProjectionType": "ALL"}),
        Some(Projection::Word(ProjectionWord::KeysOnly)) => json!({"ProjectionType": "KEYS_ONLY"}),
        Some(Projection::Attributes(names)) => {
            json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": names})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_created_with_its_indexes_and_its_stream() {
        let text = r#"
            partition_key = "customer"
            sort_key = { name = "at", type = "number" }
            stream = "new-image"
            ttl = "until"
            [indexes.by-state]
            partition_key = "state"
            projection = ["total"]
            [indexes.by-total]
            sort_key = { name = "total", type = "number" }
            projection = "keys-only"
        "#;
        let table: TableSettings = toml::from_str(text).unwrap();
        let declared = declared(&table).unwrap();
        assert_eq!(declared.time_to_live.as_deref(), Some("until"));
        let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
        let typed =
            |name: &str, letter: &str| json!({"AttributeName": name, "AttributeType": letter});
        assert_eq!(
            declared.create,
            json!({
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [typed("at", "N"), typed("customer", "S"), typed("state", "S"), typed("total", "N")],
                "KeySchema": [key("customer", "HASH"), key("at", "RANGE")],
                "GlobalSecondaryIndexes": [{
                    "IndexName": "by-state",
                    "KeySchema": [key("state", "HASH")],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
                }],
                "LocalSecondaryIndexes": [{
                    "IndexName": "by-total",
                    "KeySchema": [key("customer", "HASH"), key("total", "RANGE")],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }],
                "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
            })
        );
        let elsewhere: TableSettings =
            toml::from_str("existing = \"arn:aws:dynamodb:r:123456789012:table/t\"").unwrap();
        assert!(super::declared(&elsewhere).is_none());
    }
}
