//! Tables: the operations of the engine on them, with the streams of our own.

use dynoxide::storage::Storage;
use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::failure::Failure;
use crate::names::Arns;
use crate::{indexes, streams, tags};

/// What a request wants of a table's stream.
enum Wanted {
    Enabled(String),
    Disabled,
}

const VIEW_TYPES: [&str; 4] = ["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"];

/// Runs an operation on a table, and answers with the table's description.
pub(crate) fn run(
    engine: &Engine,
    storage: &Storage,
    arns: &Arns,
    operation: &str,
    mut input: Map<String, Value>,
) -> Result<Value, Failure> {
    let table = input.get("TableName").and_then(Value::as_str);
    let table = table.unwrap_or_default().to_owned();
    let wanted = match operation {
        "CreateTable" | "UpdateTable" => wanted(&mut input)?,
        _ => None,
    };
    let now_ms = engine.clock.now_ms();
    check_definitions(&input)?;
    tags::check_tags(&input)?;
    if operation == "CreateTable" {
        check_billing(&input)?;
    }
    if operation == "UpdateTable" {
        check_change(storage, &table, wanted.as_ref())?;
    }
    let created: Vec<Value> = indexes::created(&input);
    if operation == "UpdateTable" {
        indexes::check(storage, &table, &input, &created)?;
    }
    let stream_alone = operation == "UpdateTable" && wanted.is_some() && input.len() == 1;
    let mut answer: Value = if stream_alone {
        let described = engine.run(storage, "DescribeTable", input)?;
        let mut described = parse(&described)?;
        let description = described["Table"].take();
        Value::Object(
            [("TableDescription".to_owned(), description)]
                .into_iter()
                .collect(),
        )
    } else {
        parse(&engine.run(storage, operation, input)?)?
    };
    match (operation, &wanted) {
        ("DeleteTable", _) => streams::table_deleted(storage, &table, now_ms)?,
        ("UpdateTable", None) => indexes::correct(storage, &table, &created)?,
        (_, Some(Wanted::Enabled(view_type))) => {
            streams::enable(storage, &table, view_type, now_ms)?;
        }
        ("UpdateTable", Some(Wanted::Disabled)) => {
            streams::disable(storage, &table, now_ms)?;
            storage.disable_stream(&table)?;
        }
        _ => {}
    }
    for member in ["Table", "TableDescription"] {
        if let Some(description) = answer.get_mut(member) {
            describe(storage, arns, &table, description)?;
            if operation == "DeleteTable" {
                forget_definition(description);
            }
        }
    }
    Ok(answer)
}

fn parse(document: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(document).map_err(|error| Failure::internal(&error.to_string()))
}

/// Takes the stream out of a request, as the engine's streams are not used.
fn wanted(input: &mut Map<String, Value>) -> Result<Option<Wanted>, Failure> {
    let Some(Value::Object(wanted)) = input.remove("StreamSpecification") else {
        return Ok(None);
    };
    let view_type = wanted.get("StreamViewType").and_then(Value::as_str);
    if let Some(unknown) = view_type.filter(|kind| !VIEW_TYPES.contains(kind)) {
        return Err(Failure::validation(&format!(
            "1 validation error detected: Value '{unknown}' at 'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy enum value set: [NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY]"
        )));
    }
    match (
        wanted.get("StreamEnabled").and_then(Value::as_bool),
        view_type,
    ) {
        (Some(true), Some(kind)) => Ok(Some(Wanted::Enabled(kind.to_owned()))),
        (Some(true), None) => Err(Failure::validation(
            "One or more parameter values were invalid: StreamViewType is required when StreamEnabled is true",
        )),
        (Some(false), None) => Ok(Some(Wanted::Disabled)),
        (Some(false), Some(_)) => Err(Failure::validation(
            "One or more parameter values were invalid: Table is not stream-enabled, StreamViewType should not be specified",
        )),
        (None, _) => Err(Failure::validation(
            "1 validation error detected: Value null at 'streamSpecification.streamEnabled' failed to satisfy constraint: Member must not be null",
        )),
    }
}

/// Refuses to enable a stream that is enabled, and to disable none.
fn check_change(storage: &Storage, table: &str, wanted: Option<&Wanted>) -> Result<(), Failure> {
    let Some(meta) = storage.get_table_metadata(table)? else {
        // The engine says so.
        return Ok(());
    };
    match wanted {
        Some(Wanted::Enabled(_)) if meta.stream_enabled => Err(Failure::validation(&format!(
            "Table already has an enabled stream: TableName: {table}"
        ))),
        Some(Wanted::Disabled) if !meta.stream_enabled => {
            Err(Failure::validation("Table has no stream to disable"))
        }
        _ => Ok(()),
    }
}

/// Brings the engine's description of a table to AWS's: ARNs, and the stream.
fn describe(
    storage: &Storage,
    arns: &Arns,
    table: &str,
    description: &mut Value,
) -> Result<(), Failure> {
    arns.in_description(description);
    let Some(members) = description.as_object_mut() else {
        return Ok(());
    };
    for member in [
        "StreamSpecification",
        "LatestStreamArn",
        "LatestStreamLabel",
    ] {
        members.remove(member);
    }
    let created = members.get("CreationDateTime").cloned().unwrap_or_default();
    if let Some(Value::Object(billing)) = members.get_mut("BillingModeSummary")
        && billing
            .get("BillingMode")
            .is_some_and(|mode| mode == "PAY_PER_REQUEST")
    {
        billing.insert("LastUpdateToPayPerRequestDateTime".into(), created);
    }
    if let Some(stream) = streams::latest(storage, table)? {
        if stream.is_enabled() {
            members.insert(
                "StreamSpecification".into(),
                serde_json::json!({"StreamEnabled": true, "StreamViewType": stream.view_type}),
            );
        }
        members.insert("LatestStreamLabel".into(), stream.label.clone().into());
        members.insert(
            "LatestStreamArn".into(),
            arns.stream(table, &stream.label).into(),
        );
    }
    Ok(())
}

/// Refuses an attribute that is defined twice, and projected attributes that are named twice.
fn check_definitions(input: &Map<String, Value>) -> Result<(), Failure> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let definitions = list(input.get("AttributeDefinitions"));
    let names: Vec<_> = definitions
        .iter()
        .filter_map(|one| one["AttributeName"].as_str())
        .collect();
    if let Some(name) = twice(&names) {
        return Err(Failure::validation(&format!(
            "One or more parameter values were invalid: Duplicate AttributeName in AttributeDefinitions: {name}"
        )));
    }
    let updates = list(input.get("GlobalSecondaryIndexUpdates"));
    let created = updates.into_iter().map(|update| update["Create"].clone());
    let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let indexes = indexes.into_iter().flat_map(|name| list(input.get(name)));
    for index in indexes.chain(created) {
        let projected = list(index["Projection"].get("NonKeyAttributes"));
        let names: Vec<_> = projected.iter().filter_map(Value::as_str).collect();
        if let Some(name) = twice(&names) {
            return Err(Failure::validation(&format!(
                "One or more parameter values were invalid: Duplicate attribute in NonKeyAttributes: {name}"
            )));
        }
    }
    Ok(())
}

/// The first name that stands twice.
fn twice<'a>(names: &[&'a str]) -> Option<&'a str> {
    let mut seen = std::collections::HashSet::new();
    names.iter().copied().find(|name| !seen.insert(*name))
}

/// Refuses capacities of a table that is billed by request.
fn check_billing(input: &Map<String, Value>) -> Result<(), Failure> {
    let mode = input.get("BillingMode").and_then(Value::as_str);
    let has_capacity = input
        .get("ProvisionedThroughput")
        .is_some_and(Value::is_object);
    if mode == Some("PAY_PER_REQUEST") && has_capacity {
        return Err(Failure::validation(
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ));
    }
    Ok(())
}

/// A table that is being deleted is described without its keys and indexes.
fn forget_definition(description: &mut Value) {
    const GONE: [&str; 5] = [
        "AttributeDefinitions",
        "CreationDateTime",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
    ];
    if let Some(members) = description.as_object_mut() {
        members.retain(|name, _| !GONE.contains(&name.as_str()));
    }
}

/// What AWS refuses of a change of a table's time to live, and the engine does not.
pub(crate) fn check_time_to_live(
    storage: &Storage,
    input: &Map<String, Value>,
) -> Result<(), Failure> {
    let attribute = input
        .get("TimeToLiveSpecification")
        .and_then(|wanted| wanted["AttributeName"].as_str());
    if attribute.is_some_and(|name| name.len() > 255) {
        return Err(Failure::validation(
            "1 validation error detected: Value at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must have length less than or equal to 255",
        ));
    }
    let table = input
        .get("TableName")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let wanted = &input
        .get("TimeToLiveSpecification")
        .cloned()
        .unwrap_or_default();
    let (Some(meta), Some(enabled)) = (
        storage.get_table_metadata(table).unwrap_or_default(),
        wanted["Enabled"].as_bool(),
    ) else {
        return Ok(());
    };
    let current = meta.ttl_attribute.as_deref();
    match (meta.ttl_enabled, enabled) {
        (false, false) => Err(Failure::validation("TimeToLive is already disabled")),
        (true, true) if current == wanted["AttributeName"].as_str() => {
            Err(Failure::validation("TimeToLive is already enabled"))
        }
        (true, false) if current != wanted["AttributeName"].as_str() => {
            Err(Failure::validation(&format!(
                "TimeToLive is active on a different AttributeName: current AttributeName is {}",
                current.unwrap_or_default()
            )))
        }
        _ => Ok(()),
    }
}
