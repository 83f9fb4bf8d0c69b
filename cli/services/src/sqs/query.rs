//! The query protocol of SQS: parameters become the JSON protocol's document, and its output becomes XML.

use std::sync::Arc;

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Call, Sqs, SqsError, json as json_protocol};
use crate::form::{Form, Node};
use crate::ids;
use crate::reply::{self, Body};
use crate::xml;

const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// Answers a call of an action.
pub(crate) async fn answer(
    sqs: &Arc<Sqs>,
    call: &Call,
    action: &str,
    form: Form,
    as_json: bool,
) -> Response<Body> {
    if !is_action(action) {
        return error(&SqsError::action(action), as_json);
    }
    let output = match input(&form.tree()) {
        Ok(input) => json_protocol::run(sqs, call, action, input.to_string().as_bytes())
            .await
            .and_then(|output| {
                serde_json::from_slice(&output)
                    .map_err(|failure| SqsError::malformed(failure.to_string()))
            }),
        Err(failure) => Err(failure),
    };
    match output {
        Ok(Value::Object(output)) => success(action, output, as_json),
        Ok(_) => success(action, Map::new(), as_json),
        Err(failure) => error(&failure, as_json),
    }
}

/// The answer for a queue's URL without an action.
pub(crate) fn without_action() -> Response<Body> {
    let body = "<UnknownOperationException/>\n";
    reply::reply(StatusCode::NOT_FOUND, "text/xml", body)
}

/// The answer for an error.
pub(crate) fn error(error: &SqsError, as_json: bool) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let message = if error.json_type == "QueueDoesNotExist" {
        "The specified queue does not exist for this wsdl version."
    } else {
        &error.message
    };
    let id = ids::uuid();
    if as_json {
        let document = json!({
            "Error": {"Type": error.fault(), "Code": error.code, "Message": message, "Detail": null},
            "RequestId": id,
        });
        return reply::reply(status, "application/json", document.to_string());
    }
    let mut out = format!("<?xml version=\"1.0\"?><ErrorResponse xmlns=\"{NAMESPACE}\"><Error>");
    xml::element(&mut out, "Type", error.fault());
    xml::element(&mut out, "Code", error.code);
    xml::element(&mut out, "Message", message);
    out.push_str("<Detail/></Error>");
    xml::element(&mut out, "RequestId", &id);
    xml::close(&mut out, "ErrorResponse");
    reply::reply(status, "text/xml", out)
}

fn is_action(action: &str) -> bool {
    matches!(
        action,
        "SendMessage"
            | "ReceiveMessage"
            | "DeleteMessage"
            | "SendMessageBatch"
            | "DeleteMessageBatch"
            | "ChangeMessageVisibility"
            | "ChangeMessageVisibilityBatch"
            | "CreateQueue"
            | "DeleteQueue"
            | "GetQueueUrl"
            | "ListQueues"
            | "GetQueueAttributes"
            | "SetQueueAttributes"
            | "PurgeQueue"
            | "ListQueueTags"
            | "TagQueue"
            | "UntagQueue"
            | "AddPermission"
            | "RemovePermission"
            | "ListDeadLetterSourceQueues"
            | "StartMessageMoveTask"
            | "CancelMessageMoveTask"
            | "ListMessageMoveTasks"
    )
}

/// Parameters that are whole numbers in the JSON protocol.
const NUMBERS: [&str; 6] = [
    "DelaySeconds",
    "MaxNumberOfMessages",
    "VisibilityTimeout",
    "WaitTimeSeconds",
    "MaxResults",
    "MaxNumberOfMessagesPerSecond",
];

/// Lists by the name of their items here, and their own name in the JSON protocol.
const LISTS: [(&str, &str); 7] = [
    ("AttributeName", "AttributeNames"),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
    ("MessageAttributeName", "MessageAttributeNames"),
    ("TagKey", "TagKeys"),
    ("AWSAccountId", "AWSAccountIds"),
    ("ActionName", "Actions"),
    ("Action", "Actions"),
];

/// Maps: the name here, the name in the JSON protocol, the member with the key.
const MAPS: [(&str, &str, &str); 4] = [
    ("Attribute", "Attributes", "Name"),
    ("MessageAttribute", "MessageAttributes", "Name"),
    ("MessageSystemAttribute", "MessageSystemAttributes", "Name"),
    ("Tag", "Tags", "Key"),
];

/// The input document of the JSON protocol.
fn input(parameters: &Node) -> Result<Value, SqsError> {
    let mut document = Map::new();
    for (name, node) in &parameters.children {
        if let Some((_, json_name)) = LISTS
            .iter()
            .find(|(item, _)| item == name && !node.children.is_empty())
        {
            let items = node.items();
            let items = items.into_iter().filter_map(|item| item.value.clone());
            document.insert((*json_name).into(), items.map(Value::String).collect());
        } else if let Some((_, json_name, key)) = MAPS.iter().find(|(entry, ..)| entry == name) {
            let mut map = Map::new();
            for entry in node.items() {
                let name = entry.text(key).unwrap_or_default().to_owned();
                map.insert(name, entry.child("Value").map_or(Value::Null, value));
            }
            document.insert((*json_name).into(), Value::Object(map));
        } else if name.ends_with("BatchRequestEntry") {
            let entries: Result<Vec<_>, _> = node.items().into_iter().map(input).collect();
            document.insert("Entries".into(), entries?.into());
        } else if let Some(text) = &node.value {
            document.insert(name.clone(), scalar(name, text)?);
        }
    }
    Ok(Value::Object(document))
}

/// The value of a map's entry: text, or the structure of a message attribute.
fn value(node: &Node) -> Value {
    match &node.value {
        Some(text) => Value::String(text.clone()),
        None => node
            .children
            .iter()
            .filter_map(|(name, child)| Some((name.clone(), child.value.clone()?.into())))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn scalar(name: &str, text: &str) -> Result<Value, SqsError> {
    if !NUMBERS.contains(&name) {
        return Ok(text.into());
    }
    // The text is unverified.
    text.parse::<i64>().map(Value::from).map_err(|_| {
        SqsError::malformed(format!(
            "Value ({text}) for parameter {name} is invalid. Must be an integer."
        ))
    })
}

fn success(action: &str, output: Map<String, Value>, as_json: bool) -> Response<Body> {
    let id = ids::uuid();
    if as_json {
        let mut response = Map::new();
        if !output.is_empty() {
            response.insert(format!("{action}Result"), output.into());
        }
        response.insert("ResponseMetadata".into(), json!({"RequestId": id}));
        let document = json!({format!("{action}Response"): response});
        return reply::reply(StatusCode::OK, "application/json", document.to_string());
    }
    let mut out = format!("<?xml version=\"1.0\"?><{action}Response xmlns=\"{NAMESPACE}\">");
    let result = format!("{action}Result");
    // Operations without output have no result element.
    if !output.is_empty() || HAS_RESULT.contains(&action) {
        xml::open(&mut out, &result);
        for (name, value) in &output {
            member(&mut out, action, name, value);
        }
        xml::close(&mut out, &result);
    }
    xml::open(&mut out, "ResponseMetadata");
    xml::element(&mut out, "RequestId", &id);
    xml::close(&mut out, "ResponseMetadata");
    xml::close(&mut out, &format!("{action}Response"));
    reply::reply(StatusCode::OK, "text/xml", out)
}

/// Actions whose result element is there even if it is empty.
const HAS_RESULT: [&str; 6] = [
    "ReceiveMessage",
    "ListQueues",
    "GetQueueAttributes",
    "ListQueueTags",
    "ListDeadLetterSourceQueues",
    "ListMessageMoveTasks",
];

/// Writes a member of an output. Lists and maps repeat the element of their item.
fn member(out: &mut String, action: &str, name: &str, value: &Value) {
    match value {
        Value::Array(items) => {
            let element = match name {
                "QueueUrls" | "queueUrls" => "QueueUrl".to_owned(),
                "Messages" => "Message".to_owned(),
                "Successful" => format!("{action}ResultEntry"),
                "Failed" => "BatchResultErrorEntry".to_owned(),
                "Results" => "ListMessageMoveTasksResultEntry".to_owned(),
                other => other.to_owned(),
            };
            for item in items {
                member(out, action, &element, item);
            }
        }
        Value::Object(entries) => match name {
            "Attributes" => pairs(out, "Attribute", "Name", entries),
            "MessageAttributes" => pairs(out, "MessageAttribute", "Name", entries),
            "Tags" => pairs(out, "Tag", "Key", entries),
            _ => {
                xml::open(out, name);
                for (name, value) in entries {
                    member(out, action, name, value);
                }
                xml::close(out, name);
            }
        },
        Value::String(text) => xml::element(out, name, text),
        Value::Null => {}
        other => xml::element(out, name, &other.to_string()),
    }
}

/// Writes a map: an element for each entry.
fn pairs(out: &mut String, element: &str, key: &str, entries: &Map<String, Value>) {
    for (name, value) in entries {
        xml::open(out, element);
        xml::element(out, key, name);
        member(out, "", "Value", value);
        xml::close(out, element);
    }
}
