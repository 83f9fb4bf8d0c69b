//! A record of a stream: what one write changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use fw_services::StreamRecord;
use serde_json::{Map, Value, json};

use super::number;

/// A row of the table of records.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) event: String,
    pub(super) keys: String,
    pub(super) new_image: Option<String>,
    pub(super) old_image: Option<String>,
    pub(super) created_s: i64,
    pub(super) by_service: bool,
}

/// A record as its stream shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: i64,
    event: String,
    created_s: i64,
    by_service: bool,
    keys: Value,
    new_image: Option<Value>,
    old_image: Option<Value>,
    view_type: String,
}

impl Row {
    /// The record, or `None` if nothing changed.
    pub(super) fn record(self, view_type: &str) -> Option<Record> {
        let read = |text: &str| serde_json::from_str::<Value>(text).ok();
        let new_image = self.new_image.as_deref().and_then(read);
        let old_image = self.old_image.as_deref().and_then(read);
        if let (Some(new), Some(old)) = (&new_image, &old_image)
            && is_same(new, old)
        {
            return None;
        }
        let (shows_new, shows_old) = match view_type {
            "NEW_IMAGE" => (true, false),
            "OLD_IMAGE" => (false, true),
            "KEYS_ONLY" => (false, false),
            _ => (true, true),
        };
        Some(Record {
            id: self.id,
            event: self.event,
            created_s: self.created_s,
            by_service: self.by_service,
            keys: read(&self.keys)?,
            new_image: new_image.filter(|_| shows_new),
            old_image: old_image.filter(|_| shows_old),
            view_type: view_type.to_owned(),
        })
    }
}

impl Record {
    /// The record as `GetRecords` has it. A mapping gives it to its function with the stream's ARN in addition.
    pub(crate) fn document(&self, region: &str) -> Value {
        let images = [&self.new_image, &self.old_image];
        let size = images
            .into_iter()
            .flatten()
            .fold(item_size(&self.keys), |sum, image| sum + item_size(image));
        let mut change = json!({
            "ApproximateCreationDateTime": self.created_s,
            "Keys": self.keys,
            "SequenceNumber": number(self.id),
            "SizeBytes": size,
            "StreamViewType": self.view_type,
        });
        if let Some(image) = &self.new_image {
            change["NewImage"] = image.clone();
        }
        if let Some(image) = &self.old_image {
            change["OldImage"] = image.clone();
        }
        let mut document = json!({
            "eventID": self.event_id(),
            "eventName": self.event,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": region,
            "dynamodb": change,
        });
        if self.by_service {
            // Clients of the streams read these members with capitals.
            document["userIdentity"] =
                json!({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"});
        }
        document
    }

    /// The record as a mapping gives it to its function.
    pub(crate) fn for_function(&self, region: &str, stream: &str) -> StreamRecord {
        let mut document = self.document(region);
        document["eventSourceARN"] = stream.into();
        if self.by_service {
            document["userIdentity"] =
                json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
        }
        // The members of the key in the order of their names.
        let members = self.keys.as_object().into_iter().flatten();
        let key: BTreeMap<_, _> = members
            .map(|(name, value)| (name, value.to_string()))
            .collect();
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        StreamRecord {
            number: self.id,
            sequence: number(self.id),
            key: hasher.finish(),
            created_s: u64::try_from(self.created_s).unwrap_or_default(),
            document,
        }
    }

    /// The same at each reading, and different for each record.
    fn event_id(&self) -> String {
        let id = self.id.cast_unsigned();
        format!("{:016x}{:016x}", mix(id), mix(!id))
    }
}

/// Spreads the bits of a number over all of it (the finalizer of `SplitMix64`).
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Whether two values of attributes, or two items, are equal: sets in any order.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| {
                    other.get(name).is_some_and(|second| {
                        match (name.as_str(), value, second) {
                            // A set. A list is in `L`, and an attribute of this name holds an object.
                            ("SS" | "NS" | "BS", Value::Array(one), Value::Array(other)) => {
                                one.len() == other.len()
                                    && one.iter().all(|item| other.contains(item))
                            }
                            _ => is_same(value, second),
                        }
                    })
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one, other))
        }
        _ => one == other,
    }
}

/// The bytes of an item: those of its names and values.
fn item_size(item: &Value) -> usize {
    let members = item.as_object().into_iter().flat_map(Map::iter);
    members
        .map(|(name, value)| name.len() + value_size(value))
        .sum()
}

/// The bytes of a value.
///
/// [Item sizes and formats](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
fn value_size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else {
        return 0;
    };
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    let list = |size: &dyn Fn(&Value) -> usize| -> usize {
        value.as_array().into_iter().flatten().map(size).sum()
    };
    match kind.as_str() {
        "S" => text(value),
        "N" => number_size(value),
        "B" => binary_size(value),
        "SS" => list(&text),
        "NS" => list(&number_size),
        "BS" => list(&binary_size),
        "BOOL" | "NULL" => 1,
        // Three bytes, and one for each element.
        "L" => 3 + list(&|one| 1 + value_size(one)),
        "M" => {
            let members = value.as_object().map_or(0, Map::len);
            3 + members + item_size(value)
        }
        _ => 0,
    }
}

/// Two digits are a byte; zeros at both ends count for nothing; the exponent has a byte, and so has the sign of a negative number.
fn number_size(value: &Value) -> usize {
    let text = value.as_str().unwrap_or_default();
    let is_negative = text.starts_with('-');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0').trim_end_matches('0');
    digits.len().div_ceil(2) + 1 + usize::from(is_negative)
}

fn binary_size(value: &Value) -> usize {
    let text = value.as_str().unwrap_or_default();
    let padding = text.len() - text.trim_end_matches('=').len();
    (text.len() / 4 * 3).saturating_sub(padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_names_and_values() {
        let size = |value| item_size(&json!({ "k": value }));
        assert_eq!(size(json!({"S": "héllo"})), 7);
        assert_eq!(size(json!({"N": "0"})), 2);
        assert_eq!(size(json!({"N": "-12300"})), 5);
        assert_eq!(size(json!({"B": "aGVsbG8="})), 6);
        assert_eq!(size(json!({"BOOL": true})), 2);
        assert_eq!(size(json!({"L": [{"S": "a"}, {"S": "b"}]})), 8);
        assert_eq!(size(json!({"M": {"a": {"S": "bc"}}})), 8);
    }

    #[test]
    fn items_are_equal_whatever_the_order_of_members_and_sets() {
        let one = json!({"a": {"SS": ["x", "y"]}, "b": {"L": [{"N": "1"}, {"N": "2"}]}});
        let other = json!({"b": {"L": [{"N": "1"}, {"N": "2"}]}, "a": {"SS": ["y", "x"]}});
        assert!(is_same(&one, &other));
        let third = json!({"b": {"L": [{"N": "2"}, {"N": "1"}]}, "a": {"SS": ["y", "x"]}});
        assert!(!is_same(&one, &third));
    }
}
