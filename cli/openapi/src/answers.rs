//! What an operation answers: its own answers, and those of the gateway before it.

use std::collections::BTreeMap;

use fw_manifest::{ApiResponse, Authorization, Manifest, ManifestRoute};
use serde_json::{Map, Value, json};

use crate::{
    Info,
    names::Names,
    rewrite::{self, COMPONENTS, Direction},
};

/// The media type of problem documents (RFC 9457).
const PROBLEM: &str = "application/problem+json";
/// The component of problem documents.
const PROBLEM_DOCUMENT: &str = "ProblemDocument";
/// The component of what a gateway answers.
const GATEWAY_MESSAGE: &str = "GatewayMessage";

/// The answers that operations share, by name.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) responses: BTreeMap<String, Value>,
    problem: bool,
    gateway: bool,
}

impl Shared {
    /// The schemas that the shared answers refer to.
    pub(crate) fn schemas(&self) -> Vec<(&'static str, Value)> {
        let mut schemas = Vec::new();
        if self.gateway {
            schemas.push((GATEWAY_MESSAGE, gateway_message()));
        }
        if self.problem {
            schemas.push((PROBLEM_DOCUMENT, problem_document()));
        }
        schemas
    }
}

/// What is known of one status.
#[derive(Default)]
struct Answer<'r> {
    /// By the handler, its arguments or its return type: a problem document.
    problem: bool,
    /// By the gateway, before the function is invoked or in its place.
    gateway: bool,
    own: Vec<&'r ApiResponse>,
}

/// The answers of an operation.
pub(crate) fn of(
    route: &ManifestRoute,
    manifest: &Manifest,
    info: &Info,
    names: &Names,
    shared: &mut Shared,
) -> Value {
    let _ = info;
    let mut answers: BTreeMap<String, Answer<'_>> = BTreeMap::new();
    let mut none = Vec::new();
    let own = match &route.api {
        Some(api) => &api.responses,
        // Of an app without the feature `schema` nothing is known.
        None => {
            none.push(ApiResponse::new("2XX"));
            none.push(ApiResponse::new("3XX"));
            &none
        }
    };
    for response in own {
        let answer = answers.entry(response.status.clone()).or_default();
        if response.content_type.as_deref() == Some(PROBLEM)
            && response.schema.is_none()
            && response.headers.is_empty()
        {
            answer.problem = true;
        } else {
            answer.own.push(response);
        }
    }
    let problems: &[&str] = if route.api.is_none() {
        &["4XX", "5XX"]
    } else {
        &["500"]
    };
    for status in problems {
        answers.entry((*status).to_owned()).or_default().problem = true;
    }
    for status in by_gateway(route, manifest) {
        answers.entry(status.to_owned()).or_default().gateway = true;
    }
    // A gateway refuses what is not HTTP before it looks at anything else, and answers for a class what it answers for one of it.
    for status in ["400", "404", "4XX", "5XX"] {
        if let Some(answer) = answers.get_mut(status) {
            answer.gateway = true;
        }
    }
    let written: Map<String, Value> = answers
        .iter()
        .map(|(status, answer)| (status.clone(), answer.write(status, names, shared)))
        .collect();
    written.into()
}

/// The statuses that every gateway answers by itself (API Gateway developer guide, "Gateway response types for API Gateway", and for HTTP
/// APIs and function URLs the recorded answers in docs/fidelity.md).
fn by_gateway(route: &ManifestRoute, manifest: &Manifest) -> Vec<&'static str> {
    let mut statuses = vec!["429", "500", "503"];
    let body = route
        .api
        .as_ref()
        .map_or(route.body.is_some(), |api| !api.bodies.is_empty());
    if body {
        statuses.push("413");
    }
    match &route.authorization {
        None => {}
        Some(Authorization::Iam) => statuses.push("403"),
        Some(Authorization::Jwt { .. } | Authorization::Lambda { .. }) => {
            statuses.extend(["401", "403"]);
        }
    }
    if route.api_key {
        statuses.push("403");
    }
    let _ = manifest;
    statuses
}

impl Answer<'_> {
    fn write(&self, status: &str, names: &Names, shared: &mut Shared) -> Value {
        shared.problem |= self.problem;
        shared.gateway |= self.gateway;
        if self.own.is_empty() {
            let name = self.name(status);
            let answer = json!({ "$ref": format!("#/components/responses/{name}") });
            shared.responses.entry(name).or_insert_with(
                || json!({ "description": meaning(status), "content": self.common() }),
            );
            return answer;
        }
        let mut content = Map::new();
        let mut headers = Map::new();
        for response in &self.own {
            if let Some(content_type) = &response.content_type {
                let schema = media(content_type, response.schema.as_ref(), names);
                merge(&mut content, content_type, schema);
            }
            for header in &response.headers {
                let mut schema = rewrite::schema(&header.schema, Direction::Response, names);
                let inner = schema
                    .as_object_mut()
                    .and_then(|members| members.remove("description"));
                let mut written = Map::new();
                let description = if header.description.is_empty() {
                    inner
                } else {
                    Some(header.description.clone().into())
                };
                if let Some(description) = description {
                    written.insert("description".to_owned(), description);
                }
                // Where some answers of this status lack it, it is not promised.
                let always = self
                    .own
                    .iter()
                    .all(|other| other.headers.iter().any(|known| known.name == header.name));
                if always && !self.problem && !self.gateway {
                    written.insert("required".to_owned(), true.into());
                }
                written.insert("schema".to_owned(), schema);
                headers.insert(header.name.clone(), written.into());
            }
        }
        for (content_type, found) in self.common() {
            let schema = found.get("schema").cloned().unwrap_or_default();
            merge(&mut content, &content_type, schema);
        }
        let description = self
            .own
            .iter()
            .map(|response| response.description.as_str())
            .find(|text| !text.is_empty());
        let mut answer =
            json!({ "description": description.map_or_else(|| meaning(status), str::to_owned) });
        if !headers.is_empty() {
            answer["headers"] = headers.into();
        }
        if !content.is_empty() {
            answer["content"] = content.into();
        }
        answer
    }

    /// The bodies that do not depend on the route.
    fn common(&self) -> Map<String, Value> {
        let mut content = Map::new();
        let reference = |name: &str| json!({ "schema": { "$ref": format!("{COMPONENTS}{name}") } });
        if self.problem {
            content.insert(PROBLEM.to_owned(), reference(PROBLEM_DOCUMENT));
        }
        if self.gateway {
            content.insert("application/json".to_owned(), reference(GATEWAY_MESSAGE));
        }
        content
    }

    /// The name among the shared answers.
    fn name(&self, status: &str) -> String {
        let reason: String = reason(status)
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        match (self.problem, self.gateway) {
            (true, false) => reason,
            (false, _) => format!("Gateway{reason}"),
            (true, true) => format!("{reason}OrGateway"),
        }
    }
}

/// Adds a schema to a media type; where it has another already, either may be sent.
fn merge(content: &mut Map<String, Value>, content_type: &str, schema: Value) {
    let Some(known) = content.get_mut(content_type) else {
        content.insert(content_type.to_owned(), json!({ "schema": schema }));
        return;
    };
    let before = known.get("schema").cloned().unwrap_or_default();
    if before == schema {
        return;
    }
    let mut variants = match before.get("anyOf") {
        Some(Value::Array(list)) if before.as_object().is_some_and(|it| it.len() == 1) => {
            list.clone()
        }
        _ => vec![before],
    };
    if !variants.contains(&schema) {
        variants.push(schema);
    }
    known["schema"] = json!({ "anyOf": variants });
}

fn media(content_type: &str, schema: Option<&Value>, names: &Names) -> Value {
    match schema {
        Some(schema) => rewrite::schema(schema, Direction::Response, names),
        None if content_type == PROBLEM => {
            json!({ "$ref": format!("{COMPONENTS}{PROBLEM_DOCUMENT}") })
        }
        None => json!({}),
    }
}

/// What a status means, in a sentence.
fn meaning(status: &str) -> String {
    let text = match status {
        "400" => "The request is malformed.",
        "401" => "The request lacks valid credentials.",
        "403" => "The caller may not do this.",
        "404" => "There is no such thing.",
        "409" => "The request does not fit the state of things.",
        "410" => "It was here, and will not come back.",
        "413" => "The body is too large.",
        "415" => "The body is of a media type that is not read.",
        "422" => "The body is read, but says what cannot be.",
        "429" => "There were too many requests.",
        "500" => "Something went wrong that the client has no part in.",
        "503" => "The service is not available now.",
        "2XX" => "The request was answered.",
        "3XX" => "The answer is elsewhere, or the client has it.",
        "4XX" => "The request cannot be answered as it is.",
        "5XX" => "Something went wrong that the client has no part in.",
        _ => return reason(status),
    };
    text.to_owned()
}

/// The reason of a status (RFC 9110 §15).
fn reason(status: &str) -> String {
    let text = match status {
        "200" => "OK",
        "201" => "Created",
        "202" => "Accepted",
        "203" => "Non-Authoritative Information",
        "204" => "No Content",
        "205" => "Reset Content",
        "206" => "Partial Content",
        "300" => "Multiple Choices",
        "301" => "Moved Permanently",
        "302" => "Found",
        "303" => "See Other",
        "304" => "Not Modified",
        "307" => "Temporary Redirect",
        "308" => "Permanent Redirect",
        "400" => "Bad Request",
        "401" => "Unauthorized",
        "402" => "Payment Required",
        "403" => "Forbidden",
        "404" => "Not Found",
        "405" => "Method Not Allowed",
        "406" => "Not Acceptable",
        "408" => "Request Timeout",
        "409" => "Conflict",
        "410" => "Gone",
        "411" => "Length Required",
        "412" => "Precondition Failed",
        "413" => "Content Too Large",
        "414" => "URI Too Long",
        "415" => "Unsupported Media Type",
        "416" => "Range Not Satisfiable",
        "417" => "Expectation Failed",
        "418" => "I'm a teapot",
        "421" => "Misdirected Request",
        "422" => "Unprocessable Content",
        "423" => "Locked",
        "424" => "Failed Dependency",
        "425" => "Too Early",
        "426" => "Upgrade Required",
        "428" => "Precondition Required",
        "429" => "Too Many Requests",
        "431" => "Request Header Fields Too Large",
        "451" => "Unavailable For Legal Reasons",
        "500" => "Internal Server Error",
        "501" => "Not Implemented",
        "502" => "Bad Gateway",
        "503" => "Service Unavailable",
        "504" => "Gateway Timeout",
        "2XX" => "Success",
        "3XX" => "Redirection",
        "4XX" => "Client Error",
        "5XX" => "Server Error",
        other => return format!("Status {other}"),
    };
    text.to_owned()
}

/// What `fw::Error` answers.
fn problem_document() -> Value {
    json!({
        "description": "What is wrong (RFC 9457).",
        "type": "object",
        "properties": {
            "type": { "description": "A URI that identifies the kind of problem.", "type": "string" },
            "title": { "description": "The reason of the status.", "type": "string" },
            "status": { "description": "The status.", "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "description": "What is wrong, in a sentence.", "type": "string" },
            "code": { "description": "A word by which a program tells this problem from others.", "type": "string" },
            "errors": {
                "description": "All that is wrong with the request, each with its place.",
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "in": { "description": "`path`, `query`, `header`, `cookie` or `body`.", "type": "string" },
                        "name": { "description": "The name of the parameter or the field.", "type": "string" },
                        "pointer": { "description": "The place in the body, a JSON pointer (RFC 6901).", "type": "string" },
                        "detail": { "description": "What is wrong with it.", "type": "string" }
                    },
                    "required": ["in", "detail"]
                }
            },
            "requestId": { "description": "The request's id in the log.", "type": "string" }
        },
        "required": ["type", "title", "status", "detail", "code"]
    })
}

/// What a gateway answers by itself.
fn gateway_message() -> Value {
    json!({
        "description": "What the gateway in front of the API answers by itself.",
        "type": "object",
        "properties": {
            "message": { "description": "What is wrong.", "type": ["string", "null"] }
        }
    })
}
