//! The types of the members of each input, checked before the engine reads it.
//!
//! A member of another type is a `SerializationException` with a text of AWS's JSON reader. The texts are those that the engine's own
//! server gives (recorded against AWS by its author); the engine as a library does not check these members.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::failure::Failure;

/// The package of the service's classes, which messages name.
const CLASSES: &str = "com.amazonaws.dynamodb.v20120810.";
/// What AWS says of an element of the wrong type in a list or map of a generic type.
const GENERIC: &str = "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')";

/// The type of a member.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    /// A binary, in Base64.
    Bytes,
    /// A number, by the name of its Java class.
    Number(&'static str),
    Flag,
    List(&'static Shape),
    /// Values of one type by names, with that type's Java class.
    Map(&'static Shape, &'static str),
    /// Members by name, and the name of the class.
    Struct(&'static str, &'static [(&'static str, Shape)]),
    /// A value of an attribute.
    Value,
}

use Shape::{Bytes, Flag, List, Map, Number, Struct, Text};

const LONG: Shape = Number("Long");
const INTEGER: Shape = Number("Integer");
const TEXTS: Shape = List(&Text);
const NAMES: Shape = Map(&Text, "java.lang.String");
const ITEM: Shape = Map(
    &Shape::Value,
    "com.amazonaws.dynamodb.v20120810.AttributeValue",
);
const VALUES: Shape = List(&Shape::Value);

const KEY_SCHEMA: Shape = List(&Struct(
    "KeySchemaElement",
    &[("KeyType", Text), ("AttributeName", Text)],
));
const THROUGHPUT: Shape = Struct(
    "ProvisionedThroughput",
    &[("WriteCapacityUnits", LONG), ("ReadCapacityUnits", LONG)],
);
const PROJECTION: Shape = Struct(
    "Projection",
    &[("ProjectionType", Text), ("NonKeyAttributes", TEXTS)],
);
const INDEX: &[(&str, Shape)] = &[
    ("Projection", PROJECTION),
    ("ProvisionedThroughput", THROUGHPUT),
    ("KeySchema", KEY_SCHEMA),
    ("IndexName", Text),
];
const DEFINITIONS: Shape = List(&Struct(
    "AttributeDefinition",
    &[("AttributeName", Text), ("AttributeType", Text)],
));
const STREAM: Shape = Struct(
    "StreamSpecification",
    &[("StreamEnabled", Flag), ("StreamViewType", Text)],
);
const EXPECTED: Shape = Map(
    &Struct(
        "ExpectedAttributeValue",
        &[
            ("Exists", Flag),
            ("ComparisonOperator", Text),
            ("AttributeValueList", VALUES),
            ("Value", Shape::Value),
        ],
    ),
    "com.amazonaws.dynamodb.v20120810.ExpectedAttributeValue",
);
const CONDITIONS: Shape = Map(
    &Struct(
        "Condition",
        &[("ComparisonOperator", Text), ("AttributeValueList", VALUES)],
    ),
    "com.amazonaws.dynamodb.v20120810.Condition",
);
const UPDATES: Shape = Map(
    &Struct(
        "AttributeValueUpdate",
        &[("Action", Text), ("Value", Shape::Value)],
    ),
    "com.amazonaws.dynamodb.v20120810.AttributeValueUpdate",
);
const WRITES: Shape = Map(
    &List(&Struct(
        "WriteRequest",
        &[
            ("DeleteRequest", Struct("DeleteRequest", &[("Key", ITEM)])),
            ("PutRequest", Struct("PutRequest", &[("Item", ITEM)])),
        ],
    )),
    "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>",
);
const KEYS: Shape = Map(
    &Struct(
        "KeysAndAttributes",
        &[
            ("ExpressionAttributeNames", NAMES),
            ("Keys", List(&ITEM)),
            ("AttributesToGet", TEXTS),
            ("ProjectionExpression", Text),
            ("ConsistentRead", Flag),
        ],
    ),
    "com.amazonaws.dynamodb.v20120810.KeysAndAttributes",
);

/// The members of all operations on items. Structures come first, then maps, then scalars: AWS reports the first in this order.
const COMMON: &[(&str, Shape)] = &[
    ("AttributeUpdates", UPDATES),
    ("KeyConditions", CONDITIONS),
    ("QueryFilter", CONDITIONS),
    ("ScanFilter", CONDITIONS),
    ("Key", ITEM),
    ("Item", ITEM),
    ("ExclusiveStartKey", ITEM),
    ("ExpressionAttributeNames", NAMES),
    ("ExpressionAttributeValues", ITEM),
    ("Expected", EXPECTED),
    ("TableName", Text),
    ("IndexName", Text),
    ("ReturnConsumedCapacity", Text),
    ("ReturnValues", Text),
    ("ReturnItemCollectionMetrics", Text),
    ("ConditionalOperator", Text),
    ("Select", Text),
    ("ConditionExpression", Text),
    ("FilterExpression", Text),
    ("KeyConditionExpression", Text),
    ("ProjectionExpression", Text),
    ("UpdateExpression", Text),
    ("Limit", INTEGER),
    ("Segment", INTEGER),
    ("TotalSegments", INTEGER),
    ("ScanIndexForward", Flag),
    ("ConsistentRead", Flag),
];
const TABLE: &[(&str, Shape)] = &[
    ("AttributeDefinitions", DEFINITIONS),
    ("KeySchema", KEY_SCHEMA),
    (
        "LocalSecondaryIndexes",
        List(&Struct("LocalSecondaryIndex", INDEX)),
    ),
    (
        "GlobalSecondaryIndexes",
        List(&Struct("GlobalSecondaryIndex", INDEX)),
    ),
    (
        "GlobalSecondaryIndexUpdates",
        List(&Struct(
            "GlobalSecondaryIndexUpdate",
            &[
                ("Create", Struct("CreateGlobalSecondaryIndexAction", INDEX)),
                ("Update", Struct("UpdateGlobalSecondaryIndexAction", INDEX)),
                ("Delete", Struct("DeleteGlobalSecondaryIndexAction", INDEX)),
            ],
        )),
    ),
    ("ProvisionedThroughput", THROUGHPUT),
    ("StreamSpecification", STREAM),
    ("TableName", Text),
    ("BillingMode", Text),
    ("DeletionProtectionEnabled", Flag),
];
const TAGS: &[(&str, Shape)] = &[
    (
        "Tags",
        List(&Struct("Tag", &[("Key", Text), ("Value", Text)])),
    ),
    ("TagKeys", TEXTS),
    ("ResourceArn", Text),
    ("NextToken", Text),
];
const STATEMENT: &[(&str, Shape)] = &[("Statement", Text), ("Limit", INTEGER), ("NextToken", Text)];
const TTL: &[(&str, Shape)] = &[
    (
        "TimeToLiveSpecification",
        Struct(
            "TimeToLiveSpecification",
            &[("Enabled", Flag), ("AttributeName", Text)],
        ),
    ),
    ("TableName", Text),
];
const STREAMS: &[(&str, Shape)] = &[
    ("StreamArn", Text),
    ("TableName", Text),
    ("Limit", INTEGER),
    ("ShardId", Text),
    ("ShardIterator", Text),
    ("ShardIteratorType", Text),
    ("SequenceNumber", Text),
    ("ExclusiveStartStreamArn", Text),
    ("ExclusiveStartShardId", Text),
];

/// The members of an action of a transaction.
const ACTION: Shape = Struct("TransactItem", COMMON);
const ACTIONS: &[(&str, Shape)] = &[
    (
        "TransactItems",
        List(&Struct(
            "TransactWriteItem",
            &[
                ("Get", ACTION),
                ("Put", ACTION),
                ("Update", ACTION),
                ("Delete", ACTION),
                ("ConditionCheck", ACTION),
            ],
        )),
    ),
    ("ClientRequestToken", Text),
    ("ReturnConsumedCapacity", Text),
];

/// The members of an operation's input, as far as they are checked.
fn members(operation: &str) -> &'static [(&'static str, Shape)] {
    match operation {
        "CreateTable" | "UpdateTable" => TABLE,
        "BatchWriteItem" => &[("RequestItems", WRITES), ("ReturnConsumedCapacity", Text)],
        "BatchGetItem" => &[("RequestItems", KEYS), ("ReturnConsumedCapacity", Text)],
        "TransactWriteItems" | "TransactGetItems" => ACTIONS,
        "TagResource" | "UntagResource" | "ListTagsOfResource" => TAGS,
        "ExecuteStatement" => STATEMENT,
        "UpdateTimeToLive" => TTL,
        "ListStreams" | "DescribeStream" | "GetShardIterator" | "GetRecords" => STREAMS,
        _ => COMMON,
    }
}

/// Checks the types of an input's members. Members that the operation does not have are ignored, as AWS does.
///
/// # Errors
/// `SerializationException` of the first member of another type.
pub(crate) fn check(
    operation: &str,
    input: &serde_json::Map<String, Value>,
) -> Result<(), Failure> {
    for (name, shape) in members(operation) {
        if let Some(value) = input.get(*name) {
            field(value, shape)?;
        }
    }
    Ok(())
}

fn refuse(text: impl AsRef<str>) -> Result<(), Failure> {
    Err(Failure::serialization(Some(text.as_ref())))
}

/// Checks a member. A member that is null is absent.
fn field(value: &Value, shape: &Shape) -> Result<(), Failure> {
    match (shape, value) {
        (_, Value::Null) | (Text, Value::String(_)) | (Flag, Value::Bool(_)) => Ok(()),
        (Bytes, Value::String(text)) => match BASE64_STANDARD.decode(text) {
            Ok(_) => Ok(()),
            // The words are unverified; the type of the error is not.
            Err(error) => refuse(format!("Invalid Base64 in a binary value: {error}")),
        },
        (Number(_), Value::Number(_)) => Ok(()),
        (Flag, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(()),
        (Flag, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(()),
        (Flag, Value::String(_)) => refuse("Unexpected token received from parser"),
        (Text | Bytes, _) => scalar(value, "String"),
        (Flag, _) => scalar(value, "Boolean"),
        (Number(class), _) => scalar(value, class),
        (List(of), Value::Array(elements)) => elements.iter().try_for_each(|one| element(one, of)),
        (List(_), Value::Object(_)) => refuse("Start of structure or map found where not expected"),
        (Map(of, _), Value::Object(members)) => {
            members.values().try_for_each(|one| element(one, of))
        }
        (Map(_, class), Value::Array(_)) => refuse(format!(
            "Unrecognized collection type java.util.Map<java.lang.String, {class}>"
        )),
        (Struct(_, members), Value::Object(object)) => {
            for (name, shape) in *members {
                if let Some(value) = object.get(*name) {
                    field(value, shape)?;
                }
            }
            Ok(())
        }
        (Struct(class, _), Value::Array(_)) => refuse(format!(
            "Unrecognized collection type class {CLASSES}{class}"
        )),
        (Shape::Value, Value::Object(object)) => attribute(object),
        (Shape::Value, Value::Array(_)) => refuse(format!(
            "Unrecognized collection type class {CLASSES}AttributeValue"
        )),
        (List(_) | Map(..) | Struct(..) | Shape::Value, _) => refuse("Unexpected field type"),
    }
}

/// Checks an element of a list, or a value of a map.
fn element(value: &Value, shape: &Shape) -> Result<(), Failure> {
    match (shape, value) {
        (_, Value::Null) => Ok(()),
        (List(_), Value::Array(_)) | (Map(..), Value::Object(_)) => field(value, shape),
        (List(_) | Map(..), _) => refuse(GENERIC),
        (Struct(..) | Shape::Value, Value::Object(_) | Value::Array(_)) => field(value, shape),
        (Struct(..) | Shape::Value, _) => refuse("Unexpected value type in payload"),
        _ => field(value, shape),
    }
}

/// Checks a value of an attribute. The recursion is bounded by that of the JSON reader.
fn attribute(value: &serde_json::Map<String, Value>) -> Result<(), Failure> {
    for (name, value) in value {
        let shape = match name.as_str() {
            "S" | "N" => Text,
            "B" => Bytes,
            "SS" | "NS" => TEXTS,
            "BS" => List(&Bytes),
            "BOOL" | "NULL" => Flag,
            "L" => VALUES,
            "M" => ITEM,
            _ => continue,
        };
        field(value, &shape)?;
    }
    Ok(())
}

/// Refuses a value where a scalar belongs.
fn scalar(value: &Value, class: &str) -> Result<(), Failure> {
    let kind = match value {
        Value::Array(_) => {
            return refuse(format!(
                "Unrecognized collection type class java.lang.{class}"
            ));
        }
        Value::Object(_) => {
            return refuse("Start of structure or map found where not expected");
        }
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) | Value::Null => "STRING_VALUE",
    };
    refuse(format!("{kind} cannot be converted to {class}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(operation: &str, input: &Value) -> String {
        match check(operation, input.as_object().unwrap()) {
            Ok(()) => String::new(),
            Err(failure) => failure.message().to_owned(),
        }
    }

    #[test]
    fn members_of_other_types_are_named_as_aws_names_them() {
        let cases = [
            (
                json!({"TableName": 1}),
                "NUMBER_VALUE cannot be converted to String",
            ),
            (
                json!({"TableName": 1.5}),
                "DECIMAL_VALUE cannot be converted to String",
            ),
            (
                json!({"Limit": "a"}),
                "STRING_VALUE cannot be converted to Integer",
            ),
            (
                json!({"ConsistentRead": "a"}),
                "Unexpected token received from parser",
            ),
            (json!({"Item": "a"}), "Unexpected field type"),
            (
                json!({"Item": {"a": 1}}),
                "Unexpected value type in payload",
            ),
            (
                json!({"Item": {"a": {"S": 1}}}),
                "NUMBER_VALUE cannot be converted to String",
            ),
            (
                json!({"Item": {"a": {"L": {}}}}),
                "Start of structure or map found where not expected",
            ),
            (
                json!({"Key": []}),
                "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>",
            ),
            (
                json!({"Item": {"a": {"S": "x"}}, "Other": 1, "Limit": null}),
                "",
            ),
        ];
        for (input, expected) in cases {
            assert_eq!(message("PutItem", &input), expected, "{input}");
        }
        let batch = json!({"RequestItems": {"t": "a"}});
        assert_eq!(message("BatchWriteItem", &batch), GENERIC);
    }
}
