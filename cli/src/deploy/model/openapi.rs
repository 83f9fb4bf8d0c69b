//! The one document that says all of a REST API: `OpenAPI` 3.0 with API Gateway's extensions (API Gateway developer guide,
//! "`OpenAPI` extensions for API Gateway"). It is imported whole, so what it does not say is not in the API.
//!
//! The file is long because it also reads such a document back: a plan compares guards and keys with those that are served.

use std::collections::{BTreeMap, BTreeSet};

use fw_gateway::{CorsConfig, GatewayResponse, PathPattern};
use fw_manifest::{Authorization, AuthorizerKind, Manifest, ManifestRoute, Part, Place as In};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    aws::apigateway::{Checks, Guard, invocation, invoked, is_invocation, streamed_invocation},
    deploy::access::{Access, Asked, Routes},
    error::{Failure, Result},
    settings::{Settings, access::ApiKeySource, cors},
    values::{gateway::PayloadFormat, text::hex},
};

/// The key that names the one validator.
const VALIDATOR: &str = "all";
/// The methods that `ANY` stands for, and `OpenAPI`'s word for it.
const ANY: &str = "x-amazon-apigateway-any-method";
/// The scheme of requests that are signed.
const SIGNED: &str = "sigv4";
/// The scheme of requests with an API key.
const KEYED: &str = "api_key";

/// An authorizer of the app, as far as the document needs it.
pub(crate) struct Caller<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What it gets.
    pub(crate) kind: AuthorizerKind,
    /// What identifies a caller, `$request.header.Authorization`.
    pub(crate) identity: Vec<String>,
    /// For how many seconds an answer is kept.
    pub(crate) ttl: u32,
    /// The ARN of its function's alias.
    pub(crate) function: String,
}

/// The document, for the function with that alias.
///
/// # Errors
///
/// When a REST API cannot have what is asked for; exit code 65.
pub(crate) fn document(
    manifest: &Manifest,
    settings: &Settings,
    name: &str,
    alias: &str,
    callers: &[Caller<'_>],
) -> Result<Value> {
    let mut integration = json!({
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": invocation(alias),
        "passthroughBehavior": "when_no_match",
    });
    if let Some(milliseconds) = settings.gateway_settings.integration_timeout {
        integration["timeoutInMillis"] = milliseconds.into();
    }
    let mut streaming = integration.clone();
    streaming["uri"] = streamed_invocation(alias).into();
    streaming["responseTransferMode"] = "STREAM".into();
    // Such an integration may take 15 minutes, where others have 29 s (developer guide, "Stream the integration response").
    let timeout = settings.of(&Part::Api).timeout.saturating_mul(1000);
    streaming["timeoutInMillis"] = timeout.into();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut models = Map::new();
    let mut schemes = Map::new();
    for route in &manifest.routes {
        let integration = if route.stream {
            &streaming
        } else {
            &integration
        };
        let method = operation(route, settings, integration, &mut models)?;
        paths
            .entry(&route.path)
            .or_default()
            .insert(word(&route.method), method);
        asked(route, &mut schemes);
    }
    let preflights = cors::of_paths(manifest, settings);
    for (path, methods) in &mut paths {
        // Beside `ANY` a method of its own goes first.
        let taken = methods.contains_key("options");
        if let (Some(cors), false) = (preflights.get(*path), taken) {
            methods.insert("options".to_owned(), preflight(path, cors));
        }
    }
    for caller in callers {
        schemes.insert(caller.name.to_owned(), authorizer(caller)?);
    }
    let access = &settings.access;
    let mut document = json!({
        "openapi": "3.0.1",
        "info": { "title": name, "version": "1", "description": "made by cargo fw" },
        "paths": paths,
        "x-amazon-apigateway-api-key-source": match access.api_key_source {
            ApiKeySource::Header => "HEADER",
            ApiKeySource::Authorizer => "AUTHORIZER",
        },
        "x-amazon-apigateway-endpoint-configuration": { "types": ["REGIONAL"] },
    });
    let mut add = |key: &str, value: Value| {
        document[key] = value;
    };
    if !settings.gateway_settings.binary_media_types.is_empty() {
        add(
            "x-amazon-apigateway-binary-media-types",
            json!(settings.gateway_settings.binary_media_types),
        );
    }
    if access.request_validation {
        add(
            "x-amazon-apigateway-request-validators",
            json!({ VALIDATOR: { "validateRequestBody": true, "validateRequestParameters": true } }),
        );
        add("x-amazon-apigateway-request-validator", json!(VALIDATOR));
    }
    let responses = cors::responses(settings)?;
    if !responses.is_empty() {
        let responses = responses.iter();
        let responses: Map<String, Value> = responses
            .map(|(kind, answer)| (kind.as_str().to_owned(), response(answer)))
            .collect();
        add("x-amazon-apigateway-gateway-responses", responses.into());
    }
    let mut components = Map::new();
    if !models.is_empty() {
        components.insert("schemas".to_owned(), models.into());
    }
    if !schemes.is_empty() {
        components.insert("securitySchemes".to_owned(), schemes.into());
    }
    if !components.is_empty() {
        add("components", components.into());
    }
    Ok(document)
}

/// What tells one document from another: of its canonical text, which has its keys in order. Partition, account and region
/// are no part of it, so that a template, which knows none of them, has the digest of what it makes.
pub(crate) fn digest(document: &Value) -> String {
    let digest = Sha256::digest(placeless(document).to_string().as_bytes());
    hex(&digest)
}

/// A document in which functions are called by their names, wherever they are.
fn placeless(document: &Value) -> Value {
    match document {
        Value::String(text) if is_invocation(text) => {
            let arn = invoked(text);
            let name = arn.split_once(":function:").map(|(_, name)| name);
            name.unwrap_or(&arn).into()
        }
        Value::Array(list) => list.iter().map(placeless).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, one)| (key.clone(), placeless(one)))
            .collect(),
        other => other.clone(),
    }
}

/// `OpenAPI`'s word for a method.
fn word(method: &str) -> String {
    match method {
        "ANY" => ANY.to_owned(),
        other => other.to_ascii_lowercase(),
    }
}

/// A method of a path.
fn operation(
    route: &ManifestRoute,
    settings: &Settings,
    integration: &Value,
    models: &mut Map<String, Value>,
) -> Result<Value> {
    let checks = settings.access.request_validation;
    let mut said = Map::new();
    let parameters = parameters(route, checks);
    if !parameters.is_empty() {
        said.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(schema) = route
        .body
        .as_ref()
        .filter(|body| checks && body.required && body.content_type == "application/json")
        .map(|body| body.schema.clone().unwrap_or_else(|| json!({})))
    {
        // A model's name takes letters and digits (API Gateway API reference, `CreateModel`).
        let model = format!("Body{}", &digest(&schema)[..16]);
        models.insert(model.clone(), moved(&schema, &model));
        let reference = format!("#/components/schemas/{model}");
        said.insert(
            "requestBody".to_owned(),
            json!({
                "required": true,
                "content": { "application/json": { "schema": { "$ref": reference } } },
            }),
        );
    }
    let mut security = Map::new();
    match &route.authorization {
        None => {}
        Some(Authorization::Iam) => {
            security.insert(SIGNED.to_owned(), json!([]));
        }
        Some(Authorization::Lambda { name }) => {
            security.insert(name.clone(), json!([]));
        }
        Some(_) => {
            return Err(Failure::input(format!(
                "a REST API does not support the route's guard: `{}`",
                route.key()
            )));
        }
    }
    if route.api_key {
        security.insert(KEYED.to_owned(), json!([]));
    }
    if !security.is_empty() {
        said.insert("security".to_owned(), json!([security]));
    }
    said.insert("responses".to_owned(), json!({}));
    said.insert(
        "x-amazon-apigateway-integration".to_owned(),
        integration.clone(),
    );
    Ok(said.into())
}

/// The variables of the path, and, where they are checked, what a request needs.
fn parameters(route: &ManifestRoute, checks: bool) -> Vec<Value> {
    let mut all = in_path(&route.path);
    if checks {
        for parameter in route.parameters.iter().filter(|found| found.required) {
            let place = match parameter.place {
                In::Query => "query",
                In::Header => "header",
                // Those of the path are always there, and the body has its model.
                _ => continue,
            };
            all.push(json!({
                "name": parameter.name,
                "in": place,
                "required": true,
                "schema": { "type": "string" },
            }));
        }
    }
    all
}

/// The variables of a path: `OpenAPI` wants each of them said.
fn in_path(path: &str) -> Vec<Value> {
    let pattern = path.parse::<PathPattern>().ok();
    let names = pattern.iter().flat_map(PathPattern::parameters);
    names
        .map(|name| {
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "schema": { "type": "string" },
            })
        })
        .collect()
}

/// A schema whose references point to where it stands in the document.
fn moved(schema: &Value, model: &str) -> Value {
    match schema {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| match (key.as_str(), value.as_str()) {
                ("$ref", Some(target)) => {
                    let target = target.strip_prefix('#').map_or_else(
                        || target.to_owned(),
                        |rest| format!("#/components/schemas/{model}{rest}"),
                    );
                    (key.clone(), target.into())
                }
                _ => (key.clone(), moved(value, model)),
            })
            .collect(),
        Value::Array(list) => list.iter().map(|one| moved(one, model)).collect(),
        other => other.clone(),
    }
}

/// The schemes that a route asks for and that are everybody's.
fn asked(route: &ManifestRoute, schemes: &mut Map<String, Value>) {
    if route.authorization == Some(Authorization::Iam) {
        schemes.insert(
            SIGNED.to_owned(),
            json!({
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            }),
        );
    }
    if route.api_key {
        schemes.insert(
            KEYED.to_owned(),
            json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }),
        );
    }
}

/// A Lambda authorizer (developer guide, "x-amazon-apigateway-authorizer object").
fn authorizer(caller: &Caller<'_>) -> Result<Value> {
    let mut said = json!({
        "authorizerUri": invocation(&caller.function),
        "authorizerResultTtlInSeconds": caller.ttl,
    });
    let mut header = "Unused".to_owned();
    match caller.kind {
        AuthorizerKind::Token => {
            said["type"] = "token".into();
            header = match caller.identity.first() {
                None => "Authorization".to_owned(),
                Some(source) => source
                    .strip_prefix("$request.header.")
                    .map(str::to_owned)
                    .ok_or_else(|| {
                        Failure::input(format!(
                            "the authorizer `{}` gets a token, which must be in a header and not in {source}",
                            caller.name
                        ))
                        .hint("name the header: `$request.header.Authorization`")
                    })?,
            };
        }
        _ => {
            said["type"] = "request".into();
            let sources: Vec<String> = caller.identity.iter().map(|one| source(one)).collect();
            if !sources.is_empty() {
                said["identitySource"] = sources.join(", ").into();
            }
        }
    }
    Ok(json!({
        "type": "apiKey",
        "name": header,
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": said,
    }))
}

/// A REST API's word for what identifies a caller: `method.request.header.Authorization`.
fn source(identity: &str) -> String {
    match identity.strip_prefix("$request.") {
        Some(rest) => format!("method.request.{rest}"),
        None => identity.trim_start_matches('$').to_owned(),
    }
}

/// What a REST API answers by itself.
fn response(answer: &GatewayResponse) -> Value {
    let mut said = Map::new();
    if let Some(status) = answer.status {
        said.insert("statusCode".to_owned(), status.to_string().into());
    }
    if !answer.headers.is_empty() {
        let headers = answer.headers.iter();
        let headers: Map<String, Value> = headers
            .map(|(name, value)| {
                let name = format!("gatewayresponse.header.{name}");
                (name, value.as_str().into())
            })
            .collect();
        said.insert("responseParameters".to_owned(), headers.into());
    }
    if !answer.templates.is_empty() {
        said.insert("responseTemplates".to_owned(), json!(answer.templates));
    }
    said.into()
}

/// What answers a browser that asks before it calls: a mock with fixed headers. `[R]` gateway-truth §2.7
///
/// It is converted to text: with `*/*` among the binary media types a mock otherwise fails with 500 (aws/chalice issue 1310,
/// serverless/serverless issue 10254).
fn preflight(path: &str, cors: &CorsConfig) -> Value {
    let headers: Vec<(&str, String)> = cors.all_headers().collect();
    let declared: Map<String, Value> = headers
        .iter()
        .map(|(name, _)| {
            (
                (*name).to_owned(),
                json!({ "schema": { "type": "string" } }),
            )
        })
        .collect();
    let sent: Map<String, Value> = headers
        .iter()
        .map(|(name, value)| {
            let name = format!("method.response.header.{name}");
            (name, format!("'{value}'").into())
        })
        .collect();
    let mut said = json!({
        "responses": { "200": { "description": "preflight", "headers": declared } },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "passthroughBehavior": "when_no_match",
            "contentHandling": "CONVERT_TO_TEXT",
            "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
            "responses": {
                "default": {
                    "statusCode": "200",
                    "contentHandling": "CONVERT_TO_TEXT",
                    "responseParameters": sent,
                },
            },
        },
        // The operation's own list is empty: nothing is checked of a preflight.
        "security": [],
    });
    let parameters = in_path(path);
    if !parameters.is_empty() {
        said["parameters"] = parameters.into();
    }
    said
}

/// The route keys of a document, which is what a REST API's routes are known by.
pub(crate) fn keys(document: &Value) -> BTreeSet<String> {
    operations(document)
        .into_iter()
        .map(|(key, ..)| key)
        .collect()
}

/// The methods of a document that lead to the function: the route key, the path, the word for the method, and what is said.
fn operations(document: &Value) -> Vec<(String, &str, &str, &Value)> {
    let paths = document["paths"].as_object();
    let mut all = Vec::new();
    for (path, methods) in paths.into_iter().flatten() {
        for (method, said) in methods.as_object().into_iter().flatten() {
            if !said.is_object() || said["x-amazon-apigateway-integration"]["type"] == "mock" {
                continue;
            }
            let name = match method.as_str() {
                ANY => "ANY".to_owned(),
                other => other.to_ascii_uppercase(),
            };
            all.push((
                format!("{name} {path}"),
                path.as_str(),
                method.as_str(),
                said,
            ));
        }
    }
    all
}

/// Who may call the routes of a document, by key.
///
/// What API Gateway exports is taken to have the form of what it imports (unverified). A scheme that is not understood counts as
/// another guard, and a method without any as open: then the guard of the new document comes before the traffic.
pub(crate) fn guards(document: &Value) -> Routes {
    let all = operations(document).into_iter();
    all.map(|(key, _, _, said)| (key, access(document, said)))
        .collect()
}

/// Who may call a method of a document.
fn access(document: &Value, said: &Value) -> Access {
    let mut access = Access::default();
    let asked = said["security"].as_array().into_iter().flatten();
    let asked = asked
        .filter_map(Value::as_object)
        .flat_map(|one| one.keys());
    for name in asked {
        let scheme = &document["components"]["securitySchemes"][name];
        match scheme["x-amazon-apigateway-authtype"].as_str() {
            Some("awsSigv4") => access.guard = Guard::Iam,
            Some(_) => {
                access.guard = Guard::Lambda(Asked {
                    name: name.clone(),
                    checks: function(scheme),
                });
            }
            None if scheme["type"] == "apiKey" => {
                let source = &document["x-amazon-apigateway-api-key-source"];
                access.api_key = Some(match source.as_str() {
                    Some("AUTHORIZER") => ApiKeySource::Authorizer,
                    // Without a word the key stands in the header (developer guide,
                    // "x-amazon-apigateway-api-key-source property").
                    _ => ApiKeySource::Header,
                });
            }
            None => {
                let checks = None;
                let name = name.clone();
                access.guard = Guard::Lambda(Asked { name, checks });
            }
        }
    }
    access
}

/// Which callers a Lambda authorizer of a document admits. Without a number an answer is kept for 300 s (developer guide,
/// "x-amazon-apigateway-authorizer object").
fn function(scheme: &Value) -> Option<Checks> {
    let said = &scheme["x-amazon-apigateway-authorizer"];
    let ttl = said["authorizerResultTtlInSeconds"].as_u64().unwrap_or(300);
    let identity = match said["type"].as_str() {
        Some("token") => vec![format!("token {}", scheme["name"].as_str()?)],
        _ => {
            let sources = said["identitySource"].as_str().unwrap_or_default();
            let sources = sources.split(',').map(str::trim);
            sources
                .filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect()
        }
    };
    Some(Checks::Function {
        function: invoked(said["authorizerUri"].as_str()?),
        identity,
        ttl: u32::try_from(ttl).ok()?,
        format: PayloadFormat::V1,
        simple: false,
    })
}

/// The document that a REST API serves while the traffic moves: `wanted` with the routes and the guards of `routes`, of which those
/// that are not its own stand in `served`, the document of now.
pub(crate) fn interim(wanted: &Value, served: &Value, routes: &Routes) -> Value {
    let own = guards(wanted);
    let mut document = wanted.clone();
    let mode =
        |said: &Value| said["x-amazon-apigateway-integration"]["responseTransferMode"].clone();
    let Some((.., first)) = operations(wanted).into_iter().next() else {
        return document;
    };
    for (key, path, method, _) in operations(wanted) {
        if !routes.contains_key(&key)
            && let Some(methods) = document["paths"][path].as_object_mut()
        {
            methods.remove(method);
            if methods.keys().all(|word| word == "options") {
                methods.clear();
            }
        }
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.retain(|_, methods| methods.as_object().is_some_and(|all| !all.is_empty()));
    }
    for (key, path, method, said) in operations(served) {
        let Some(access) = routes.get(&key) else {
            continue;
        };
        if own.get(&key) == Some(access) {
            continue;
        }
        let mut security = Map::new();
        let asked = said["security"].as_array().into_iter().flatten();
        for name in asked
            .filter_map(Value::as_object)
            .flat_map(|one| one.keys())
        {
            // A scheme of this name may be another one by now.
            let before = format!("before-{name}");
            let scheme = served["components"]["securitySchemes"][name].clone();
            let same = document["components"]["securitySchemes"][name] == scheme;
            let called = if same { name.clone() } else { before };
            document["components"]["securitySchemes"][&called] = scheme;
            security.insert(called, json!([]));
        }
        let mut one = match own.contains_key(&key) {
            true => document["paths"][path][method].clone(),
            false => {
                // The one that takes answers in the same way.
                let like = operations(wanted).into_iter().map(|(.., said)| said);
                let like = like.into_iter().find(|like| mode(like) == mode(said));
                let integration = &like.unwrap_or(first)["x-amazon-apigateway-integration"];
                let mut one = json!({
                    "responses": {},
                    "x-amazon-apigateway-integration": integration,
                });
                let parameters = in_path(path);
                if !parameters.is_empty() {
                    one["parameters"] = parameters.into();
                }
                one
            }
        };
        match security.is_empty() {
            true => drop(one.as_object_mut().map(|one| one.remove("security"))),
            false => one["security"] = json!([security]),
        }
        document["paths"][path][method] = one;
    }
    document
}
