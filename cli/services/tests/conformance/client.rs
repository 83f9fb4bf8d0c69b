//! A client of the services that shows results and errors as boto3 does.

use std::collections::BTreeMap;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::context::plain;
use crate::xml;

/// Characters of a form that stand for something else.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// The outcome of an operation.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) result: Result<Value, ApiError>,
}

/// An error as boto3 shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ApiError {
    pub(crate) code: String,
    pub(crate) json_type: Option<String>,
    pub(crate) message: String,
    pub(crate) document: Value,
}

pub(crate) struct Client {
    pub(crate) endpoint: String,
}

type Headers<'a> = &'a BTreeMap<String, String>;

impl Client {
    /// Calls `service.Operation`.
    pub(crate) async fn call(
        &self,
        operation: &str,
        input: &Map<String, Value>,
        headers: Headers<'_>,
    ) -> Result<Outcome, String> {
        let (service, operation) = operation
            .split_once('.')
            .ok_or("an operation without a service")?;
        match service {
            "s3" => crate::s3::call(&self.endpoint, operation, input).await,
            "sqs" => self.sqs(operation, input, headers).await,
            "sns" => self.sns(operation, input, headers).await,
            "lambda" => self.lambda(operation, input, headers).await,
            "events" => self.events(operation, input).await,
            "scheduler" => self.scheduler(operation, input).await,
            other => Err(format!("unknown service {other}")),
        }
    }

    async fn sqs(
        &self,
        operation: &str,
        input: &Map<String, Value>,
        headers: Headers<'_>,
    ) -> Result<Outcome, String> {
        let mut all = signed("sqs");
        all.insert("x-amz-target".into(), format!("AmazonSQS.{operation}"));
        all.insert("content-type".into(), "application/x-amz-json-1.0".into());
        all.extend(headers.clone());
        let body = Value::Object(input.clone()).to_string();
        let answer = send("POST", &format!("{}/", self.endpoint), &all, body).await?;
        let document: Value =
            serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
        let result = if answer.status < 300 {
            Ok(document)
        } else {
            let kind = document["__type"].as_str().unwrap_or_default();
            let kind = kind.rsplit('#').next().unwrap_or_default().to_owned();
            let query = answer.headers.get("x-amzn-query-error");
            let code = query.and_then(|error| error.split(';').next());
            Err(ApiError {
                code: code.unwrap_or(&kind).to_owned(),
                message: document["message"].as_str().unwrap_or_default().into(),
                json_type: Some(kind),
                document,
            })
        };
        Ok(answer.outcome(result))
    }

    async fn events(&self, operation: &str, input: &Map<String, Value>) -> Result<Outcome, String> {
        let mut all = signed("events");
        all.insert("x-amz-target".into(), format!("AWSEvents.{operation}"));
        all.insert("content-type".into(), "application/x-amz-json-1.1".into());
        let body = Value::Object(input.clone()).to_string();
        let answer = send("POST", &format!("{}/", self.endpoint), &all, body).await?;
        let document: Value =
            serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
        let result = if answer.status < 300 {
            Ok(document)
        } else {
            Err(ApiError {
                code: plain(&document["__type"]),
                message: plain(&document["message"]),
                json_type: None,
                document,
            })
        };
        Ok(answer.outcome(result))
    }

    async fn scheduler(
        &self,
        operation: &str,
        input: &Map<String, Value>,
    ) -> Result<Outcome, String> {
        let mut body = input.clone();
        let name = body.remove("Name").as_ref().map(plain).unwrap_or_default();
        let name = utf8_percent_encode(&name, FORM).to_string();
        let (method, path) = match operation {
            "CreateSchedule" => ("POST", format!("/schedules/{name}")),
            "UpdateSchedule" => ("PUT", format!("/schedules/{name}")),
            "GetSchedule" => ("GET", format!("/schedules/{name}")),
            "DeleteSchedule" => ("DELETE", format!("/schedules/{name}")),
            other => return Err(format!("unknown operation scheduler.{other}")),
        };
        let all = signed("scheduler");
        let body = Value::Object(body).to_string();
        let answer = send(method, &format!("{}{path}", self.endpoint), &all, body).await?;
        let document: Value = serde_json::from_str(&answer.body).unwrap_or(json!({}));
        let result = if answer.status < 300 {
            Ok(document)
        } else {
            Err(ApiError {
                code: answer
                    .headers
                    .get("x-amzn-errortype")
                    .cloned()
                    .unwrap_or_default(),
                message: plain(&document["Message"]),
                json_type: None,
                document,
            })
        };
        Ok(answer.outcome(result))
    }

    async fn sns(
        &self,
        operation: &str,
        input: &Map<String, Value>,
        headers: Headers<'_>,
    ) -> Result<Outcome, String> {
        let mut form = vec![
            ("Action".to_owned(), operation.to_owned()),
            ("Version".to_owned(), "2010-03-31".to_owned()),
        ];
        for (name, value) in input {
            flatten(name, value, &mut form);
        }
        let mut all = signed("sns");
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        all.insert("content-type".into(), kind.into());
        all.extend(headers.clone());
        let answer = send("POST", &format!("{}/", self.endpoint), &all, encode(&form)).await?;
        let document = xml::parse(&answer.body).ok_or("an answer that is not XML")?;
        let result = if answer.status < 300 {
            Ok(document[format!("{operation}Result")].clone())
        } else {
            let text = |name: &str| document["Error"][name].as_str().unwrap_or_default().into();
            Err(ApiError {
                code: text("Code"),
                message: text("Message"),
                json_type: None,
                document: document["Error"].clone(),
            })
        };
        Ok(answer.outcome(result))
    }

    async fn lambda(
        &self,
        operation: &str,
        input: &Map<String, Value>,
        headers: Headers<'_>,
    ) -> Result<Outcome, String> {
        let mut body = input.clone();
        let mut take = |name: &str| {
            body.remove(name)
                .map(|value| plain(&value))
                .unwrap_or_default()
        };
        let (method, path) = match operation {
            "CreateEventSourceMapping" => ("POST", "/2015-03-31/event-source-mappings".into()),
            "GetEventSourceMapping" => (
                "GET",
                format!("/2015-03-31/event-source-mappings/{}", take("UUID")),
            ),
            "UpdateEventSourceMapping" => (
                "PUT",
                format!("/2015-03-31/event-source-mappings/{}", take("UUID")),
            ),
            "DeleteEventSourceMapping" => (
                "DELETE",
                format!("/2015-03-31/event-source-mappings/{}", take("UUID")),
            ),
            _ => {
                let name = take("FunctionName");
                let name = utf8_percent_encode(&name, FORM).to_string();
                let config = format!("/2019-09-25/functions/{name}/event-invoke-config");
                match operation {
                    "PutFunctionConcurrency" => {
                        ("PUT", format!("/2017-10-31/functions/{name}/concurrency"))
                    }
                    "PublishVersion" => ("POST", format!("/2015-03-31/functions/{name}/versions")),
                    "AddPermission" => ("POST", format!("/2015-03-31/functions/{name}/policy")),
                    "Invoke" => ("POST", format!("/2015-03-31/functions/{name}/invocations")),
                    "PutFunctionEventInvokeConfig" => ("PUT", config),
                    "UpdateFunctionEventInvokeConfig" => ("POST", config),
                    "GetFunctionEventInvokeConfig" => ("GET", config),
                    "DeleteFunctionEventInvokeConfig" => ("DELETE", config),
                    other => return Err(format!("unknown operation lambda.{other}")),
                }
            }
        };
        let mut all = signed("lambda");
        all.extend(headers.clone());
        let body = if operation == "Invoke" {
            let kind = take("InvocationType");
            all.insert("x-amz-invocation-type".into(), kind);
            take("Payload")
        } else {
            Value::Object(body).to_string()
        };
        let answer = send(method, &format!("{}{path}", self.endpoint), &all, body).await?;
        let document: Value = serde_json::from_str(&answer.body).unwrap_or(json!({}));
        let result = if answer.status >= 300 {
            let code = answer.headers.get("x-amzn-errortype").cloned();
            Err(ApiError {
                code: code.unwrap_or_default(),
                message: document["message"].as_str().unwrap_or_default().into(),
                json_type: None,
                document,
            })
        } else if operation == "Invoke" {
            let mut output = json!({"StatusCode": answer.status, "Payload": answer.body});
            for (header, member) in [
                ("x-amz-function-error", "FunctionError"),
                ("x-amz-executed-version", "ExecutedVersion"),
            ] {
                if let Some(value) = answer.headers.get(header) {
                    output[member] = value.as_str().into();
                }
            }
            Ok(output)
        } else {
            Ok(document)
        };
        Ok(answer.outcome(result))
    }
}

impl Answer {
    fn outcome(self, result: Result<Value, ApiError>) -> Outcome {
        Outcome {
            status: self.status,
            headers: self.headers,
            result,
        }
    }
}

/// The headers of a request that is signed for a service.
pub(crate) fn signed(service: &str) -> BTreeMap<String, String> {
    let value = format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    BTreeMap::from([("authorization".into(), value)])
}

/// Writes a member of an input as parameters of SNS's query protocol.
fn flatten(name: &str, value: &Value, form: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{name}.member.{}", index + 1), item, form);
            }
        }
        Value::Object(members) => {
            let last = name.rsplit('.').next().unwrap_or_default();
            for (index, (key, value)) in members.iter().enumerate() {
                let entry = format!("{name}.entry.{}", index + 1);
                match last {
                    "Attributes" => {
                        form.push((format!("{entry}.key"), key.clone()));
                        flatten(&format!("{entry}.value"), value, form);
                    }
                    "MessageAttributes" => {
                        form.push((format!("{entry}.Name"), key.clone()));
                        flatten(&format!("{entry}.Value"), value, form);
                    }
                    _ => flatten(&format!("{name}.{key}"), value, form),
                }
            }
        }
        other => form.push((name.to_owned(), plain(other))),
    }
}

/// Writes parameters as form text.
pub(crate) fn encode(form: &[(String, String)]) -> String {
    let pairs: Vec<_> = form
        .iter()
        .map(|(name, value)| {
            let name = utf8_percent_encode(name, FORM);
            format!("{name}={}", utf8_percent_encode(value, FORM))
        })
        .collect();
    pairs.join("&")
}

/// Sends a request on a connection of its own.
pub(crate) async fn send(
    method: &str,
    url: &str,
    headers: Headers<'_>,
    body: String,
) -> Result<Answer, String> {
    // A URL may have a query and no path.
    let url = match url.split_once('?') {
        Some((host, query)) if host.matches('/').count() == 2 => format!("{host}/?{query}"),
        _ => url.to_owned(),
    };
    let uri: http::Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
    let authority = uri.authority().ok_or("a URL without a host")?.to_string();
    let stream = tokio::net::TcpStream::connect(&authority)
        .await
        .map_err(|error| format!("{authority}: {error}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("host", &authority);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request
        .body(Full::<Bytes>::from(body))
        .map_err(|error| error.to_string())?;
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(|error| error.to_string())?
        .to_bytes();
    connection.abort();
    Ok(Answer {
        status,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
