//! How a call of each service goes over the wire: AWS JSON, the query protocol, or a REST API. Pure.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    error::{Error, Operation, Result},
    query,
};

/// What a path and a query have as they are (RFC 3986, "Unreserved Characters").
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What a service speaks.
enum Protocol {
    /// AWS JSON: what stands before an operation's name in `X-Amz-Target`, and the version of the protocol.
    Json(&'static str, &'static str),
    /// The query protocol: the version of the service's model.
    Query(&'static str),
    /// Paths and documents.
    Rest,
}

/// Each is of the service's model.
fn of(service: &'static str) -> Protocol {
    match service {
        "ssm" => Protocol::Json("AmazonSSM", "1.1"),
        // messaging-truth §2.1 and §3.
        "sqs" => Protocol::Json("AmazonSQS", "1.0"),
        "sns" => Protocol::Query("2010-03-31"),
        "events" => Protocol::Json("AWSEvents", "1.1"),
        "scheduler" => Protocol::Rest,
        service => Protocol::Json(service, "1.1"),
    }
}

/// A call, before it is signed.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) method: Method,
    /// Behind the service's URL, without a slash at its front.
    pub(super) path: String,
    pub(super) content_type: String,
    /// `X-Amz-Target`.
    pub(super) target: Option<String>,
    pub(super) body: Bytes,
}

/// The call of an operation with those parameters.
pub(super) fn wire(operation: Operation, parameters: &Value) -> Wire {
    let wire = Wire {
        method: Method::POST,
        path: String::new(),
        content_type: String::new(),
        target: None,
        body: Bytes::new(),
    };
    match of(operation.service) {
        Protocol::Json(target, version) => Wire {
            content_type: format!("application/x-amz-json-{version}"),
            target: Some(format!("{target}.{}", operation.name)),
            body: parameters.to_string().into(),
            ..wire
        },
        Protocol::Query(version) => Wire {
            content_type: "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            body: query::form(operation.name, version, parameters).into(),
            ..wire
        },
        Protocol::Rest => rest(operation.name, parameters, wire),
    }
}

/// A call of Scheduler (its API reference: what of the parameters stands in the path and in the query).
fn rest(name: &str, parameters: &Value, wire: Wire) -> Wire {
    let mut body = parameters.as_object().cloned().unwrap_or_default();
    let mut take = |key: &str| {
        let text = body.shift_remove(key).unwrap_or_default();
        let text = text.as_str().unwrap_or_default();
        utf8_percent_encode(text, ESCAPED).to_string()
    };
    let (method, path) = match name {
        "CreateScheduleGroup" => (Method::POST, format!("schedule-groups/{}", take("Name"))),
        "GetScheduleGroup" => (Method::GET, format!("schedule-groups/{}", take("Name"))),
        "DeleteScheduleGroup" => (Method::DELETE, format!("schedule-groups/{}", take("Name"))),
        "CreateSchedule" => (Method::POST, format!("schedules/{}", take("Name"))),
        "UpdateSchedule" => (Method::PUT, format!("schedules/{}", take("Name"))),
        "GetSchedule" => (
            Method::GET,
            format!("schedules/{}?groupName={}", take("Name"), take("GroupName")),
        ),
        "DeleteSchedule" => (
            Method::DELETE,
            format!("schedules/{}?groupName={}", take("Name"), take("GroupName")),
        ),
        "ListSchedules" => {
            let group = format!("schedules?ScheduleGroup={}", take("GroupName"));
            let next = take("NextToken");
            let path = match next.is_empty() {
                true => group,
                false => format!("{group}&NextToken={next}"),
            };
            (Method::GET, path)
        }
        "ListTagsForResource" => (Method::GET, format!("tags/{}", take("ResourceArn"))),
        "TagResource" => (Method::POST, format!("tags/{}", take("ResourceArn"))),
        "UntagResource" => {
            let arn = take("ResourceArn");
            let keys = body.shift_remove("TagKeys").unwrap_or_default();
            let keys = keys.as_array().into_iter().flatten();
            let keys = keys.filter_map(Value::as_str).map(|key| {
                let key = utf8_percent_encode(key, ESCAPED);
                format!("TagKeys={key}")
            });
            let keys: Vec<String> = keys.collect();
            (Method::DELETE, format!("tags/{arn}?{}", keys.join("&")))
        }
        // No such operation is called: a document that no service takes is refused by all of them.
        other => (Method::POST, other.to_owned()),
    };
    let sends = method == Method::POST || method == Method::PUT;
    Wire {
        method,
        path,
        content_type: "application/json".to_owned(),
        body: match sends {
            true => Value::Object(body).to_string().into(),
            false => Bytes::new(),
        },
        ..wire
    }
}

/// The members of an answer, or why the service refuses.
///
/// # Errors
///
/// What the service says, by its code.
pub(super) fn read(
    operation: Operation,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value> {
    if let Protocol::Query(_) = of(operation.service) {
        let text = String::from_utf8_lossy(body);
        if status.is_success() {
            return Ok(query::result(operation.name, &text));
        }
        let (code, message) = query::refusal(&text);
        return Err(refused(operation, status, code, message));
    }
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    if status.is_success() {
        return Ok(document);
    }
    let text = |key: &str| document[key].as_str().map(str::to_owned);
    // AWS JSON: `__type` ends in the code, after a `#` where it has a namespace. REST: a header has it, before a `:`.
    let header = headers.get("x-amzn-errortype");
    let header = header.and_then(|value| value.to_str().ok());
    let header = header.and_then(|value| value.split(':').next());
    let code = text("__type").or_else(|| header.map(str::to_owned));
    let code = code.map(|code| code.rsplit('#').next().unwrap_or_default().to_owned());
    let message = text("message").or_else(|| text("Message"));
    Err(refused(operation, status, code, message))
}

/// What the service says, where it says something.
fn refused(
    operation: Operation,
    status: StatusCode,
    code: Option<String>,
    message: Option<String>,
) -> Error {
    let code = code.unwrap_or_else(|| {
        let code = match status.as_u16() {
            429 => "ThrottlingException",
            500.. => "InternalServerError",
            _ => "",
        };
        code.to_owned()
    });
    Error::answered(
        operation,
        code,
        message.unwrap_or_else(|| status.to_string()),
    )
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method, StatusCode};
    use serde_json::{Value, json};

    use super::{Operation, read, wire};
    use crate::aws::error::Kind;

    #[test]
    fn each_service_is_called_in_its_own_protocol() {
        let queue = wire(
            Operation::new("sqs", "GetQueueUrl"),
            &json!({ "QueueName": "a" }),
        );
        assert_eq!(queue.target.as_deref(), Some("AmazonSQS.GetQueueUrl"));
        assert_eq!(queue.content_type, "application/x-amz-json-1.0");
        assert_eq!(queue.body, r#"{"QueueName":"a"}"#);
        let topic = wire(
            Operation::new("sns", "CreateTopic"),
            &json!({ "Name": "a" }),
        );
        assert_eq!(topic.target, None);
        assert_eq!(topic.body, "Action=CreateTopic&Version=2010-03-31&Name=a");
        let bus = wire(Operation::new("events", "PutRule"), &Value::Null);
        assert_eq!(bus.target.as_deref(), Some("AWSEvents.PutRule"));
    }

    #[test]
    fn scheduler_is_called_by_path() {
        let call = |name, parameters| {
            let call = wire(Operation::new("scheduler", name), &parameters);
            let body = String::from_utf8(call.body.to_vec()).unwrap();
            (call.method, call.path, body)
        };
        let named = json!({ "Name": "a", "GroupName": "g", "State": "ENABLED" });
        assert_eq!(
            call("CreateSchedule", named.clone()),
            (
                Method::POST,
                "schedules/a".to_owned(),
                r#"{"GroupName":"g","State":"ENABLED"}"#.to_owned()
            )
        );
        assert_eq!(
            call("DeleteSchedule", named),
            (
                Method::DELETE,
                "schedules/a?groupName=g".to_owned(),
                String::new()
            )
        );
        let keys = json!({ "ResourceArn": "arn:aws:x/y", "TagKeys": ["fw:app", "b"] });
        assert_eq!(
            call("UntagResource", keys).1,
            "tags/arn%3Aaws%3Ax%2Fy?TagKeys=fw%3Aapp&TagKeys=b"
        );
    }

    #[test]
    fn a_refusal_is_sorted_by_its_code() {
        const GET: Operation = Operation::new("ssm", "GetParameter");
        const GROUP: Operation = Operation::new("scheduler", "GetScheduleGroup");
        const TOPIC: Operation = Operation::new("sns", "GetTopicAttributes");
        let gone = "<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>";
        for (operation, status, header, body, kind) in [
            (
                GET,
                400,
                "",
                r#"{"__type": "ParameterNotFound"}"#,
                Kind::NotFound,
            ),
            (
                GET,
                400,
                "",
                r#"{"__type": "com.amazonaws.ssm#ThrottlingException", "message": "x"}"#,
                Kind::Throttled,
            ),
            (
                GET,
                400,
                "",
                r#"{"__type": "AccessDeniedException", "Message": "no"}"#,
                Kind::Denied,
            ),
            (GET, 429, "", "null", Kind::Throttled),
            (GET, 503, "", "<html>", Kind::Other),
            (
                GROUP,
                404,
                "ResourceNotFoundException:http://internal.amazon.com/",
                r#"{"Message": "no"}"#,
                Kind::NotFound,
            ),
            (TOPIC, 404, "", gone, Kind::NotFound),
            (TOPIC, 500, "", "<html>", Kind::Other),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert("x-amzn-errortype", HeaderValue::from_static(header));
            }
            let refused = read(operation, status, &headers, body.as_bytes()).unwrap_err();
            assert_eq!(refused.kind, kind, "{body}");
        }
    }
}
