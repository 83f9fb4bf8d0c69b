//! The operations of a document, as a client calls them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One operation.
#[derive(Debug)]
pub(super) struct Operation<'d> {
    pub(super) id: &'d str,
    pub(super) method: String,
    pub(super) path: &'d str,
    pub(super) summary: &'d str,
    pub(super) description: &'d str,
    pub(super) deprecated: bool,
    pub(super) parameters: Vec<Parameter<'d>>,
    pub(super) body: Option<Body<'d>>,
    /// By status, `200` or `4XX`: the media types and schemas; none where there is no body.
    pub(super) answers: BTreeMap<&'d str, Vec<(&'d str, &'d Value)>>,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Parameter<'d> {
    pub(super) name: &'d str,
    pub(super) place: &'d str,
    pub(super) required: bool,
    pub(super) greedy: bool,
    pub(super) schema: &'d Value,
    pub(super) description: &'d str,
}

/// A body.
#[derive(Debug)]
pub(super) struct Body<'d> {
    pub(super) content_type: &'d str,
    pub(super) required: bool,
    pub(super) schema: &'d Value,
}

fn text<'d>(value: &'d Value, key: &str) -> &'d str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

static NOTHING: Value = Value::Null;

/// The operations, in the document's order.
pub(super) fn of(document: &Value) -> Vec<Operation<'_>> {
    let paths = document.get("paths").and_then(Value::as_object);
    let mut all = Vec::new();
    for (path, methods) in paths.into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            all.push(operation_of(document, path, method, operation));
        }
    }
    all
}

fn operation_of<'d>(
    document: &'d Value,
    path: &'d str,
    method: &str,
    operation: &'d Value,
) -> Operation<'d> {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let parameters = parameters.into_iter().flatten().map(|parameter| Parameter {
        name: text(parameter, "name"),
        place: text(parameter, "in"),
        required: flag(parameter, "required"),
        greedy: flag(parameter, "x-greedy"),
        schema: parameter.get("schema").unwrap_or(&NOTHING),
        description: text(parameter, "description"),
    });
    let body = operation.get("requestBody").and_then(|body| {
        let content = body.get("content")?.as_object()?;
        let (content_type, media) = content.iter().next()?;
        Some(Body {
            content_type,
            required: flag(body, "required"),
            schema: media.get("schema").unwrap_or(&NOTHING),
        })
    });
    let responses = operation.get("responses").and_then(Value::as_object);
    let answers = responses.into_iter().flatten().map(|(status, response)| {
        let found = match response.get("$ref").and_then(Value::as_str) {
            Some(path) => document
                .pointer(path.trim_start_matches('#'))
                .unwrap_or(&NOTHING),
            None => response,
        };
        let content = found.get("content").and_then(Value::as_object);
        (status.as_str(), media(content))
    });
    Operation {
        id: text(operation, "operationId"),
        method: method.to_ascii_uppercase(),
        path,
        summary: text(operation, "summary"),
        description: text(operation, "description"),
        deprecated: flag(operation, "deprecated"),
        parameters: parameters.collect(),
        body,
        answers: answers.collect(),
    }
}

fn media(content: Option<&Map<String, Value>>) -> Vec<(&str, &Value)> {
    let content = content.into_iter().flatten();
    content
        .map(|(content_type, media)| {
            let schema = media.get("schema").unwrap_or(&NOTHING);
            (content_type.as_str(), schema)
        })
        .collect()
}
