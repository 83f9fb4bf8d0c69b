//! Which actions on which resources a call needs.
//!
//! [Actions, resources and condition keys for Amazon DynamoDB](https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html).

use serde_json::{Map, Value};

use crate::names::Arns;

/// An action and the ARN of its resource, or `*`.
pub(crate) type Need = (String, String);

/// What a call needs to be allowed. Tables have their names in it.
pub(crate) fn needs(
    operation: &str,
    of_streams: bool,
    input: &Map<String, Value>,
    arns: &Arns,
) -> Vec<Need> {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let action = |resource: String| vec![(format!("dynamodb:{operation}"), resource)];
    if of_streams {
        return match operation {
            "ListStreams" => action("*".into()),
            // The position of a reader names its stream.
            "GetRecords" => action(
                text("ShardIterator")
                    .and_then(crate::streams::stream_of_iterator)
                    .unwrap_or_else(|| "*".into()),
            ),
            _ => action(text("StreamArn").unwrap_or("*").to_owned()),
        };
    }
    match operation {
        "ListTables" | "DescribeLimits" | "DescribeEndpoints" => action("*".into()),
        "TagResource" | "UntagResource" | "ListTagsOfResource" => {
            action(text("ResourceArn").unwrap_or("*").to_owned())
        }
        "Query" | "Scan" => {
            let table = text("TableName").unwrap_or_default();
            action(match text("IndexName") {
                Some(index) => arns.index(table, index),
                None => arns.table(table),
            })
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = input.get("RequestItems").and_then(Value::as_object);
            let tables = tables.into_iter().flat_map(Map::keys);
            tables.flat_map(|name| action(arns.table(name))).collect()
        }
        "TransactGetItems" | "TransactWriteItems" => of_transaction(input, arns),
        "ExecuteStatement" => statements(std::iter::once(input), arns),
        "BatchExecuteStatement" | "ExecuteTransaction" => {
            let list = ["Statements", "TransactStatements"]
                .iter()
                .find_map(|name| input.get(*name)?.as_array());
            let list = list.into_iter().flatten().filter_map(Value::as_object);
            statements(list, arns)
        }
        _ => action(arns.table(text("TableName").unwrap_or_default())),
    }
}

/// Each action of a transaction is allowed by that of the single operation.
fn of_transaction(input: &Map<String, Value>, arns: &Arns) -> Vec<Need> {
    let items = input.get("TransactItems").and_then(Value::as_array);
    let items = items.into_iter().flatten().filter_map(Value::as_object);
    let mut needs: Vec<Need> = items
        .flat_map(|item| item.iter())
        .filter_map(|(kind, action)| {
            let table = action.get("TableName")?.as_str()?;
            let name = match kind.as_str() {
                "ConditionCheck" => "ConditionCheckItem",
                "Get" => "GetItem",
                "Put" => "PutItem",
                "Update" => "UpdateItem",
                "Delete" => "DeleteItem",
                _ => return None,
            };
            Some((format!("dynamodb:{name}"), arns.table(table)))
        })
        .collect();
    needs.sort();
    needs.dedup();
    needs
}

/// The actions of `PartiQL` statements: `dynamodb:PartiQLSelect` and its kind.
fn statements<'a>(inputs: impl Iterator<Item = &'a Map<String, Value>>, arns: &Arns) -> Vec<Need> {
    let mut needs: Vec<Need> = inputs
        .filter_map(|input| input.get("Statement")?.as_str())
        .filter_map(|statement| {
            let mut words = statement.split_whitespace();
            let verb = words.next()?.to_ascii_lowercase();
            let (action, before) = match verb.as_str() {
                "delete" => ("PartiQLDelete", Some("from")),
                "insert" => ("PartiQLInsert", Some("into")),
                "update" => ("PartiQLUpdate", None),
                _ => ("PartiQLSelect", Some("from")),
            };
            if let Some(before) = before {
                let _ = words
                    .by_ref()
                    .find(|word| word.eq_ignore_ascii_case(before));
            }
            // A statement whose table is not found needs all tables.
            let resource = words
                .next()
                .map_or_else(|| "*".into(), |word| target(word, arns));
            Some((format!("dynamodb:{action}"), resource))
        })
        .collect();
    needs.sort();
    needs.dedup();
    needs
}

/// The ARN of `"table"` or `"table"."index"`.
fn target(text: &str, arns: &Arns) -> String {
    let text = text.trim_end_matches(';').replace('"', "");
    match text.split_once('.') {
        Some((table, index)) => arns.index(table, index),
        None => arns.table(&text),
    }
}
