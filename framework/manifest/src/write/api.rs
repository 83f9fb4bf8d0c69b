//! What the types of a route say, as an app writes it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Json;
use crate::{
    ApiBody, ApiHeader, ApiParameter, ApiResponse, ManifestSchema, ManifestSchemas, RouteApi,
};

pub(super) fn route(json: &mut Json, api: &RouteApi) {
    json.key("api");
    json.open('{');
    if api.deprecated {
        json.flag("deprecated", true);
    }
    if !api.parameters.is_empty() {
        json.list("parameters", &api.parameters, parameter);
    }
    if !api.bodies.is_empty() {
        json.list("bodies", &api.bodies, body);
    }
    if !api.responses.is_empty() {
        json.list("responses", &api.responses, response);
    }
    json.close('}');
}

fn parameter(json: &mut Json, parameter: &ApiParameter) {
    json.open('{');
    json.text("name", &parameter.name);
    json.text("in", parameter.place.as_str());
    json.flag("required", parameter.required);
    schema(json, &parameter.schema);
    json.close('}');
}

fn body(json: &mut Json, body: &ApiBody) {
    json.open('{');
    json.text("content_type", &body.content_type);
    json.flag("required", body.required);
    if let Some(found) = &body.schema {
        schema(json, found);
    }
    json.close('}');
}

fn response(json: &mut Json, response: &ApiResponse) {
    json.open('{');
    json.text("status", &response.status);
    json.text_if_any("description", &response.description);
    if let Some(content_type) = &response.content_type {
        json.text("content_type", content_type);
    }
    if let Some(found) = &response.schema {
        schema(json, found);
    }
    if !response.headers.is_empty() {
        json.list("headers", &response.headers, header);
    }
    json.close('}');
}

fn header(json: &mut Json, header: &ApiHeader) {
    json.open('{');
    json.text("name", &header.name);
    json.text_if_any("description", &header.description);
    schema(json, &header.schema);
    json.close('}');
}

pub(super) fn schemas(json: &mut Json, schemas: &ManifestSchemas) {
    json.key("schemas");
    json.open('{');
    named(json, "request", &schemas.request);
    named(json, "response", &schemas.response);
    json.close('}');
}

fn named(json: &mut Json, name: &str, schemas: &BTreeMap<String, ManifestSchema>) {
    if schemas.is_empty() {
        return;
    }
    json.key(name);
    json.open('{');
    for (name, found) in schemas {
        json.key(name);
        json.open('{');
        json.text_if_any("id", &found.id);
        schema(json, &found.schema);
        json.close('}');
    }
    json.close('}');
}

fn schema(json: &mut Json, schema: &Value) {
    json.key("schema");
    json.0.push_str(&schema.to_string());
}
