//! The sizes of the keys of indexes, which the engine does not limit.

use dynoxide::storage::Storage;
use serde_json::{Map, Value};

use crate::expressions::{Token, tokens};
use crate::failure::Failure;

/// The most bytes of a partition key and of a sort key.
///
/// [Quotas](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys).
const LONGEST: [(&str, usize); 2] = [("HASH", 2048), ("RANGE", 1024)];

/// An attribute that is a key of an index, with the most bytes it may have there.
type Limit = (String, String, usize);

/// Checks what a write puts into the keys of indexes.
///
/// # Errors
/// `ValidationException` of the first key that is too long.
pub(crate) fn check(
    storage: &Storage,
    operation: &str,
    input: &Map<String, Value>,
) -> Result<(), Failure> {
    if operation != "BatchWriteItem" {
        let table = input.get("TableName").and_then(Value::as_str);
        let limits = limits(storage, table.unwrap_or_default());
        if limits.is_empty() {
            return Ok(());
        }
        return match input.get("Item") {
            Some(item) => check_item(&limits, |name| item.get(name)),
            None => check_update(&limits, input),
        };
    }
    let tables = input.get("RequestItems").and_then(Value::as_object);
    for (table, requests) in tables.into_iter().flatten() {
        let limits = limits(storage, table);
        if limits.is_empty() {
            continue;
        }
        for request in requests.as_array().into_iter().flatten() {
            check_item(&limits, |name| request["PutRequest"]["Item"].get(name))?;
        }
    }
    Ok(())
}

/// The keys of a table's indexes. Empty for a table that is not there.
fn limits(storage: &Storage, table: &str) -> Vec<Limit> {
    let Ok(Some(meta)) = storage.get_table_metadata(table) else {
        return Vec::new();
    };
    let indexes = [&meta.gsi_definitions, &meta.lsi_definitions]
        .into_iter()
        .flatten();
    let indexes = indexes.filter_map(|text| serde_json::from_str::<Vec<Value>>(text).ok());
    let mut limits = Vec::new();
    for index in indexes.flatten() {
        let name = index["IndexName"].as_str().unwrap_or_default();
        for key in index["KeySchema"].as_array().into_iter().flatten() {
            let most = LONGEST.iter().find(|(kind, _)| key["KeyType"] == *kind);
            if let (Some(attribute), Some((_, most))) = (key["AttributeName"].as_str(), most) {
                limits.push((attribute.to_owned(), name.to_owned(), *most));
            }
        }
    }
    limits
}

fn check_item<'a>(
    limits: &[Limit],
    value: impl Fn(&str) -> Option<&'a Value>,
) -> Result<(), Failure> {
    for (attribute, index, most) in limits {
        let Some(value) = value(attribute) else {
            continue;
        };
        let size = match (value["S"].as_str(), value["B"].as_str()) {
            (Some(text), _) => text.len(),
            (None, Some(text)) => text.trim_end_matches('=').len() * 3 / 4,
            (None, None) => 0,
        };
        if size > *most {
            let kind = if *most == LONGEST[0].1 {
                "hashkey"
            } else {
                "rangekey"
            };
            return Err(Failure::validation(&format!(
                "One or more parameter values were invalid: Size of {kind} has exceeded the maximum size limit of {most} bytes. IndexName: {index}, IndexKey: {attribute}"
            )));
        }
    }
    Ok(())
}

/// Checks the values that an update sets directly: `SET attribute = :value`, or an old `PUT`.
fn check_update(limits: &[Limit], input: &Map<String, Value>) -> Result<(), Failure> {
    if let Some(updates) = input.get("AttributeUpdates") {
        return check_item(limits, |name| updates.get(name)?.get("Value"));
    }
    let expression = input.get("UpdateExpression").and_then(Value::as_str);
    let tokens = tokens(expression.unwrap_or_default());
    let names = input.get("ExpressionAttributeNames");
    let values = input.get("ExpressionAttributeValues");
    check_item(limits, |attribute| {
        tokens.windows(3).find_map(|three| match three {
            [Token::Word(name), Token::Sign("="), Token::Word(value)] => {
                let named = names
                    .and_then(|names| names.get(*name))
                    .and_then(Value::as_str);
                (named.unwrap_or(name) == attribute).then(|| values?.get(*value))?
            }
            _ => None,
        })
    })
}
