//! The operations of DynamoDB Streams.

use dynoxide::storage::Storage;
use serde_json::{Map, Value, json};

use super::iterator::Position;
use super::{Stream, all, find, id_of, last_id, number, records};
use crate::failure::Failure;
use crate::names::Arns;

/// The most entries of a page of streams or shards, and of records.
const MOST_ENTRIES: usize = 100;
const MOST_RECORDS: usize = 1000;
/// The most bytes of a page of records.
const LARGEST_PAGE: usize = 1024 * 1024;

fn text<'a>(input: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str)
}

/// A member that must be there.
fn required<'a>(input: &'a Map<String, Value>, name: &str) -> Result<&'a str, Failure> {
    text(input, name).ok_or_else(|| {
        let (first, rest) = name.split_at(1);
        let member = first.to_lowercase() + rest;
        Failure::validation(&format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// `Limit`, within its range.
fn limit(input: &Map<String, Value>, most: usize) -> Result<usize, Failure> {
    let Some(limit) = input.get("Limit").and_then(Value::as_i64) else {
        return Ok(most);
    };
    let refuse = |constraint: String| {
        Err(Failure::validation(&format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value {constraint}"
        )))
    };
    match usize::try_from(limit) {
        Err(_) | Ok(0) => refuse("greater than or equal to 1".into()),
        Ok(limit) if limit > most => refuse(format!("less than or equal to {most}")),
        Ok(limit) => Ok(limit),
    }
}

/// The stream of an ARN.
fn stream(storage: &Storage, arn: &str, arns: &Arns) -> Result<Stream, Failure> {
    if !arn.starts_with("arn:") || arn.len() < 37 {
        return Err(Failure::validation(&format!(
            "1 validation error detected: Value '{arn}' at 'streamArn' failed to satisfy constraint: Member must have length greater than or equal to 37"
        )));
    }
    let found = match arns.parse_stream(arn) {
        Some((table, label)) => find(storage, table, label)?,
        None => None,
    };
    found.ok_or_else(|| Failure::no_stream(arn))
}

/// `ListStreams`: streams in the order of their names, a page at a time.
pub(crate) fn list(
    storage: &Storage,
    input: &Map<String, Value>,
    arns: &Arns,
) -> Result<Value, Failure> {
    let most = limit(input, MOST_ENTRIES)?;
    let start = text(input, "ExclusiveStartStreamArn");
    let streams = all(storage, text(input, "TableName"))?;
    let arn = |stream: &Stream| arns.stream(&stream.table, &stream.label);
    // The one that a page starts after may be gone by now.
    let mut rest: Vec<_> = match start {
        Some(start) => {
            let Some(start) = arns.parse_stream(start) else {
                return Err(Failure::validation("Invalid StreamArn"));
            };
            let after = |stream: &Stream| (stream.table.as_str(), stream.label.as_str()) > start;
            streams.into_iter().filter(after).collect()
        }
        None => streams,
    };
    let has_more = rest.len() > most;
    rest.truncate(most);
    let entries: Vec<_> = rest
        .iter()
        .map(|stream| {
            json!({
                "StreamArn": arn(stream),
                "TableName": stream.table,
                "StreamLabel": stream.label,
            })
        })
        .collect();
    let mut answer = json!({"Streams": entries});
    if let (true, Some(last)) = (has_more, rest.last()) {
        answer["LastEvaluatedStreamArn"] = arn(last).into();
    }
    Ok(answer)
}

/// `DescribeStream`: the stream with a page of its shards.
pub(crate) fn describe(
    storage: &Storage,
    input: &Map<String, Value>,
    arns: &Arns,
) -> Result<Value, Failure> {
    let arn = required(input, "StreamArn")?;
    limit(input, MOST_ENTRIES)?;
    let stream = stream(storage, arn, arns)?;
    let start = text(input, "ExclusiveStartShardId");
    let filters = has_filter(input)?;
    let mut range = json!({"StartingSequenceNumber": number(stream.after_id)});
    if let Some(last) = stream.last_id {
        range["EndingSequenceNumber"] = number(last).into();
    }
    let shard = json!({"ShardId": stream.shard, "SequenceNumberRange": range});
    let shards: Vec<_> = start
        .is_none_or(|start| stream.shard.as_str() > start)
        // The one shard has no children.
        .then_some(shard)
        .filter(|_| !filters)
        .into_iter()
        .collect();
    let key_schema: Value = serde_json::from_str(&stream.key_schema).unwrap_or_default();
    Ok(json!({"StreamDescription": {
        "StreamArn": arn,
        "StreamLabel": stream.label,
        "StreamStatus": if stream.is_enabled() { "ENABLED" } else { "DISABLED" },
        "StreamViewType": stream.view_type,
        "CreationRequestDateTime": stream.created_ms as f64 / 1000.0,
        "TableName": stream.table,
        "KeySchema": key_schema,
        "Shards": shards,
    }}))
}

/// Whether only the children of a shard are asked for.
fn has_filter(input: &Map<String, Value>) -> Result<bool, Failure> {
    let Some(filter) = input.get("ShardFilter").filter(|filter| !filter.is_null()) else {
        return Ok(false);
    };
    let missing = |member: &str| {
        Err(Failure::validation(&format!(
            "1 validation error detected: Value null at 'shardFilter.{member}' failed to satisfy constraint: Member must not be null"
        )))
    };
    match filter["Type"].as_str() {
        None => return missing("type"),
        Some("CHILD_SHARDS") => {}
        Some(other) => {
            return Err(Failure::validation(&format!(
                "1 validation error detected: Value '{other}' at 'shardFilter.type' failed to satisfy constraint: Member must satisfy enum value set: [CHILD_SHARDS]"
            )));
        }
    }
    match filter["ShardId"].as_str() {
        None => missing("shardId"),
        Some(shard) if !(28..=65).contains(&shard.len()) => Err(Failure::validation(&format!(
            "1 validation error detected: Value '{shard}' at 'shardFilter.shardId' failed to satisfy constraint: Member must have length between 28 and 65"
        ))),
        Some(_) => Ok(true),
    }
}

/// `GetShardIterator`: a position in a shard.
pub(crate) fn shard_iterator(
    storage: &Storage,
    input: &Map<String, Value>,
    arns: &Arns,
    now_ms: u64,
) -> Result<Value, Failure> {
    let arn = required(input, "StreamArn")?;
    let shard = required(input, "ShardId")?;
    let kind = required(input, "ShardIteratorType")?;
    const KINDS: [&str; 4] = [
        "AT_SEQUENCE_NUMBER",
        "AFTER_SEQUENCE_NUMBER",
        "TRIM_HORIZON",
        "LATEST",
    ];
    if !KINDS.contains(&kind) {
        return Err(Failure::validation(&format!(
            "1 validation error detected: Value '{kind}' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]"
        )));
    }
    if !(28..=65).contains(&shard.len()) {
        let bound = if shard.len() < 28 {
            "greater than or equal to 28"
        } else {
            "less than or equal to 65"
        };
        return Err(Failure::validation(&format!(
            "1 validation error detected: Value '{shard}' at 'shardId' failed to satisfy constraint: Member must have length {bound}"
        )));
    }
    let stream = stream(storage, arn, arns)?;
    if stream.shard != shard {
        return Err(Failure::own(
            "ResourceNotFoundException",
            &format!("Requested resource not found: Shard {shard} in stream {arn} not found"),
        ));
    }
    let sequence = text(input, "SequenceNumber");
    let after = match (kind, sequence) {
        ("TRIM_HORIZON" | "LATEST", Some(_)) => {
            return Err(Failure::validation(
                "One or more parameter values were invalid: SequenceNumber should not be passed for this iterator type",
            ));
        }
        ("TRIM_HORIZON", None) => stream.after_id,
        ("LATEST", None) => last_id(storage)?,
        (_, None) => {
            return Err(Failure::validation(
                "One or more parameter values were invalid: SequenceNumber cannot be null",
            ));
        }
        (_, Some(sequence)) => {
            let id = sequence_id(sequence)?;
            if id < stream.after_id || id > last_id(storage)? {
                return Err(Failure::validation("Invalid SequenceNumber for the shard"));
            }
            id - i64::from(kind == "AT_SEQUENCE_NUMBER")
        }
    };
    let position = Position {
        stream: arn.to_owned(),
        after,
        made_ms: now_ms,
    };
    Ok(json!({"ShardIterator": position.text()}))
}

/// A sequence number of a client.
fn sequence_id(sequence: &str) -> Result<i64, Failure> {
    let length = sequence.len();
    if !(21..=40).contains(&length) {
        let bound = if length < 21 {
            "greater than or equal to 21"
        } else {
            "less than or equal to 40"
        };
        return Err(Failure::validation(&format!(
            "1 validation error detected: Value '{sequence}' at 'sequenceNumber' failed to satisfy constraint: Member must have length {bound}"
        )));
    }
    id_of(sequence).ok_or_else(|| Failure::validation("Invalid SequenceNumber for the shard"))
}

/// `GetRecords`: what follows a position, and the next position. A closed shard that is read to its end has none.
pub(crate) fn get_records(
    storage: &Storage,
    input: &Map<String, Value>,
    arns: &Arns,
    region: &str,
    now_ms: u64,
) -> Result<Value, Failure> {
    let most = limit(input, MOST_RECORDS)?;
    let given = required(input, "ShardIterator")?;
    let Some(mut position) = Position::parse(given) else {
        return Err(Failure::validation("Invalid ShardIterator"));
    };
    if position.is_expired(now_ms) {
        return Err(Failure::own(
            "ExpiredIteratorException",
            "Iterator expired. The iterator was created at a time too far in the past",
        ));
    }
    let stream = stream(storage, &position.stream, arns)?;
    let (found, last) = records(storage, &stream, position.after, most, now_ms)?;
    position.after = last;
    let (mut documents, mut bytes) = (Vec::with_capacity(found.len()), 0);
    for record in &found {
        let document = record.document(region);
        bytes += document["dynamodb"]["SizeBytes"].as_u64().unwrap_or(0) as usize;
        if bytes > LARGEST_PAGE && !documents.is_empty() {
            position.after = record.id - 1;
            break;
        }
        documents.push(document);
    }
    // Nothing follows in a shard that is closed.
    let is_over = !stream.is_enabled() && found.len() < most && documents.len() == found.len();
    position.made_ms = now_ms;
    let mut answer = json!({"Records": documents});
    if !is_over {
        answer["NextShardIterator"] = position.text().into();
    }
    Ok(answer)
}
