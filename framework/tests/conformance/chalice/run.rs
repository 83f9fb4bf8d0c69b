//! A case of Chalice's, run: its routes behind our REST API, its handlers played by an app of ours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fw_gateway::{
    ApiIdentity, Arrival, CorsConfig, Decision, HttpReply, HttpRequest, JwtAuthorizer, Need,
    Outcome, PathPattern, Pending, Policy, Received, Requirement, RestApi, RestApiConfig,
    RestAuthorizer, RestAuthorizerKind, RestMethod, RouteKey, Supplied,
};
use fw_manifest::{BINARY_MEDIA_TYPES, Manifest, ManifestRoute};
use serde_json::{Value, json};

use super::app::{self, ROUTES};

const STAGE: &str = "api";

/// Runs a case and checks what is expected of it: by Chalice, or by us where we have decided so.
pub(super) fn run(case: &Value, expect: &Value) -> Result<(), String> {
    let (setup, request) = (&case["setup"], &case["request"]);
    if let Some(arn) = request["match_arn"].as_str() {
        let patterns = &request["patterns"];
        return same(&json!(allows(patterns, arn)?), &expect["result"]);
    }
    if let Some(event) = request.get("authorizer_event") {
        // Chalice's result is a policy; what counts is what the gateway makes of it.
        let policy = &case["expect"]["result"]["policyDocument"];
        let arn = event["methodArn"].as_str().unwrap_or_default();
        let resources = policy["Statement"][0]["Resource"].clone();
        return same(&json!(allows(&resources, arn)?), &expect["allowed"]);
    }
    if let Some(event) = request.get("proxy_event") {
        return proxy(setup, event, expect);
    }
    if request.get("validate").is_some() {
        return validate(setup, expect);
    }
    let api = RestApi::new(config(setup)?).map_err(|error| error.to_string())?;
    if let Some(requests) = request["pipelined"].as_array() {
        let statuses = requests.iter().map(|request| {
            let reply = exchange(&api, setup, request)?;
            Ok(reply.status)
        });
        let statuses = statuses.collect::<Result<Vec<_>, String>>()?;
        return same(&json!(statuses), &expect["statuses"]);
    }
    check(&exchange(&api, setup, request)?, expect)
}

fn same(seen: &Value, wanted: &Value) -> Result<(), String> {
    if seen == wanted {
        Ok(())
    } else {
        Err(format!("{seen}, not {wanted}"))
    }
}

/// Whether a policy of those resources lets a route be invoked.
fn allows(resources: &Value, arn: &str) -> Result<bool, String> {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resources}],
    });
    let policy: Policy = serde_json::from_value(policy).map_err(|error| error.to_string())?;
    Ok(policy.decide("execute-api:Invoke", arn) == Decision::Allowed)
}

/// The API that a deploy would make of a case's routes.
fn config(setup: &Value) -> Result<RestApiConfig, String> {
    let mut identity = ApiIdentity::new("a1b2c3d4e5", STAGE);
    // A route that says nothing of CORS does as the app does.
    let mut routes = setup["routes"].clone();
    for route in routes.as_array_mut().into_iter().flatten() {
        if route["cors"].is_null() {
            route["cors"] = setup["app"]["cors"].clone();
        }
    }
    let routes_text = routes.to_string();
    identity.stage_variables.insert(ROUTES.into(), routes_text);
    let mut config = RestApiConfig {
        // As every stage has them that sets none.
        binary_media_types: BINARY_MEDIA_TYPES.map(str::to_owned).to_vec(),
        ..RestApiConfig::new(identity)
    };
    for route in list(&routes) {
        let path = route["path"].as_str().unwrap_or_default();
        let mut methods: Vec<&str> = list(&route["methods"]).filter_map(Value::as_str).collect();
        for method in &methods {
            let key: RouteKey = format!("{method} {path}")
                .parse()
                .map_err(|error: fw_gateway::PatternError| error.to_string())?;
            let mut options = RestMethod::default();
            options.api_key_required = route["api_key_required"] == true;
            if let Some(name) = route["authorizer"].as_str() {
                options.requirement = Some(requirement(name, &setup["authorizers"][name]));
            }
            config.methods.insert(config.routes.len(), options);
            config.routes.push(key);
        }
        let cors = &route["cors"];
        if *cors == json!(true) {
            // As `[cors]` with any origin has it.
            let mut manifest = Manifest::new("chalice");
            let routes = methods
                .iter()
                .map(|method| ManifestRoute::new(*method, path));
            manifest.set_routes(routes.collect());
            let any = CorsConfig {
                allow_origins: vec!["*".to_owned()],
                ..CorsConfig::default()
            };
            config.resource_cors.extend(any.of_paths(&manifest));
        } else if cors.is_object() {
            if !methods.contains(&"OPTIONS") {
                methods.push("OPTIONS");
            }
            config
                .resource_cors
                .insert(path.to_owned(), cors_config(cors, &methods));
        }
    }
    for (name, authorizer) in setup["authorizers"].as_object().into_iter().flatten() {
        let header = authorizer["header"].as_str().unwrap_or("Authorization");
        let kind = match authorizer["type"].as_str() {
            Some("iam") => continue,
            Some("cognito") => RestAuthorizerKind::UserPool(JwtAuthorizer::new(
                name,
                "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_aaaaaaaaa",
                [""; 0],
            )),
            _ => RestAuthorizerKind::Token {
                header: header.into(),
                validation: None,
            },
        };
        config.authorizers.push(RestAuthorizer {
            name: name.clone(),
            kind,
            ttl: RestAuthorizer::DEFAULT_TTL,
        });
    }
    Ok(config)
}

fn requirement(name: &str, authorizer: &Value) -> Requirement {
    match authorizer["type"].as_str() {
        Some("iam") => Requirement::Iam,
        Some("cognito") => Requirement::Jwt {
            authorizer: name.into(),
            scopes: Vec::new(),
        },
        _ => Requirement::Lambda {
            authorizer: name.into(),
        },
    }
}

fn cors_config(cors: &Value, methods: &[&str]) -> CorsConfig {
    let headers = app::cors_headers(cors);
    let value = |name: &str| {
        let found = headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| value.clone())
    };
    CorsConfig {
        allow_origins: value("Access-Control-Allow-Origin").into_iter().collect(),
        allow_methods: methods.iter().map(ToString::to_string).collect(),
        allow_headers: value("Access-Control-Allow-Headers").into_iter().collect(),
        expose_headers: value("Access-Control-Expose-Headers").into_iter().collect(),
        max_age: cors["max_age"]
            .as_u64()
            .and_then(|age| u32::try_from(age).ok()),
        allow_credentials: cors["allow_credentials"] == true,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn exchange(api: &RestApi, setup: &Value, request: &Value) -> Result<HttpReply, String> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let mut sent = HttpRequest::new(text("method"), format!("/{STAGE}{}", text("path")));
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        sent.push_header(name, value.as_str().unwrap_or_default().as_bytes());
    }
    sent.body = match request["body_base64"].as_str() {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map_err(|error| error.to_string())?
            .into(),
        None => Bytes::from(text("body").to_owned()),
    };
    let mut received = api.receive(
        &sent,
        &Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY]),
    );
    while let Received::Authorize(pending) = received {
        received = supply(api, setup, &pending)?;
    }
    Ok(match received {
        Received::Invoke(invocation) => {
            match app::client().invoke(&String::from_utf8_lossy(&invocation.event)) {
                Ok(result) => {
                    api.answer(&invocation, Outcome::Payload(result.to_string().as_bytes()))
                }
                Err(error) => api.answer(&invocation, Outcome::FunctionError(error.as_bytes())),
            }
        }
        Received::Answer(reply) => reply,
        Received::Authorize(_) => return Err("the gateway asks without end".into()),
    })
}

/// Plays Chalice's built-in authorizers; nobody has keys or credentials.
fn supply(api: &RestApi, setup: &Value, pending: &Pending) -> Result<Received, String> {
    let Need::Answer(question) = pending.need() else {
        return Ok(Received::Answer(api.refuse(pending, "nobody has it")));
    };
    let event: Value =
        serde_json::from_slice(&question.event).map_err(|error| error.to_string())?;
    let by_token = &setup["authorizers"][&question.name]["by_token"];
    let token = event["authorizationToken"].as_str().unwrap_or_default();
    let answer = by_token.get(token).unwrap_or(&by_token["*"]);
    let arn = event["methodArn"].as_str().unwrap_or_default();
    let stage = arn.splitn(4, '/').take(2).collect::<Vec<_>>().join("/");
    let resources: Vec<String> = list(&answer["routes"])
        .flat_map(|route| {
            let path = route
                .as_str()
                .or(route["path"].as_str())
                .unwrap_or_default();
            let path = if path == "*" {
                "*"
            } else {
                path.trim_start_matches('/')
            };
            let methods: Vec<&str> = match route["methods"].as_array() {
                Some(methods) => methods.iter().filter_map(Value::as_str).collect(),
                None => vec!["*"],
            };
            let stage = stage.clone();
            methods
                .into_iter()
                .map(move |method| format!("{stage}/{method}/{path}"))
                .collect::<Vec<_>>()
        })
        .collect();
    let result = json!({
        "principalId": answer["principal_id"],
        "context": answer["context"],
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resources}],
        },
    });
    Ok(api.resume(pending, &Supplied::Answer(result.to_string().as_bytes())))
}

/// An event of Chalice's tests, which is less than a gateway sends, straight to the app.
fn proxy(setup: &Value, event: &Value, expect: &Value) -> Result<(), String> {
    let mut event = event.clone();
    if event.get("stageVariables").is_some() {
        event["stageVariables"] = json!({ROUTES: setup["routes"].to_string()});
    }
    // What a REST API always sends besides. [R] gateway-truth §2.2
    let context = event["requestContext"].clone();
    let (method, resource) = (&context["httpMethod"], &context["resourcePath"]);
    if let (Some(method), Some(resource)) = (method.as_str(), resource.as_str()) {
        let params = event["pathParameters"].as_object().into_iter().flatten();
        let path = params.fold(resource.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
        });
        if expect.get("status").is_some() {
            let api = RestApi::new(config(setup)?).map_err(|error| error.to_string())?;
            let request = json!({"method": method, "path": path});
            return check(&exchange(&api, setup, &request)?, expect);
        }
        event["httpMethod"] = json!(method);
        event["resource"] = json!(resource);
        event["path"] = json!(path);
    }
    let result = app::client().invoke(&event.to_string());
    if let Some(wanted) = expect.get("function_error") {
        return same(&json!(result.is_err()), wanted);
    }
    let result = result?;
    if let Some(part) = expect
        .get("proxy_response_subset")
        .filter(|part| !contains(&result, part))
    {
        return Err(format!("{result}, not {part}"));
    }
    if let Some(wanted) = expect.get("proxy_body_json") {
        let body = result["body"].as_str().unwrap_or_default();
        let body: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
        if !contains(&body, wanted) {
            return Err(format!("body {body}, not {wanted}"));
        }
    }
    Ok(())
}

/// What is refused before anything is served.
fn validate(setup: &Value, expect: &Value) -> Result<(), String> {
    let refused = match config(setup) {
        Err(error) => Some(error),
        Ok(config) => RestApi::new(config).err().map(|error| error.to_string()),
    };
    let paths = list(&setup["routes"]).filter_map(|route| route["path"].as_str());
    let no_path = paths
        .filter_map(|path| path.parse::<PathPattern>().err())
        .next();
    let refused = refused.or(no_path.map(|error| error.to_string()));
    match (&expect["refused"], &refused) {
        (Value::Bool(true), Some(_)) | (Value::Bool(false), None) => Ok(()),
        (wanted, seen) => Err(format!("refused {seen:?}, not {wanted}")),
    }
}

/// Checks all that a case expects of an answer.
fn check(reply: &HttpReply, expect: &Value) -> Result<(), String> {
    let mut problems = Vec::new();
    let body = || serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    let text = String::from_utf8_lossy(&reply.body);
    let lines = |name: &str| -> Vec<&str> {
        let found = reply
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect()
    };
    let sorted = |mut items: Vec<String>| {
        items.sort_unstable();
        items
    };
    for (key, wanted) in expect.as_object().into_iter().flatten() {
        let entries = || wanted.as_object().into_iter().flatten();
        let holds = match key.as_str() {
            // Where it was seen, and remarks.
            "scope" | "note" => true,
            "status" => *wanted == reply.status,
            "headers" => {
                entries().all(|(name, value)| lines(name) == [value.as_str().unwrap_or_default()])
            }
            "multi_headers" => entries().all(|(name, values)| json!(lines(name)) == *values),
            "headers_absent" => {
                list(wanted).all(|name| lines(name.as_str().unwrap_or_default()).is_empty())
            }
            "header_set" => entries().all(|(name, values)| {
                let own = lines(name).join(",");
                let own = own.split(',').map(|item| item.trim().to_owned()).collect();
                let values = list(values)
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect();
                sorted(own) == sorted(values)
            }),
            "json" => body() == *wanted && !reply.body.is_empty(),
            "json_subset" => contains(&body(), wanted),
            "json_range" => entries().all(|(name, range)| {
                let value = body()[name].as_u64();
                value.is_some() && value >= range[0].as_u64() && value <= range[1].as_u64()
            }),
            "json_match" => entries().all(|(name, wanted)| {
                let value = body()[name].as_str().map(str::to_owned).unwrap_or_default();
                regex_lite::Regex::new(wanted.as_str().unwrap_or_default())
                    .is_ok_and(|wanted| wanted.is_match(&value))
            }),
            "text" => text == wanted.as_str().unwrap_or_default(),
            "base64" => STANDARD.encode(&reply.body) == wanted.as_str().unwrap_or_default(),
            "body_absent" => {
                list(wanted).all(|part| !text.contains(part.as_str().unwrap_or_default()))
            }
            "body_contains" => {
                list(wanted).all(|part| text.contains(part.as_str().unwrap_or_default()))
            }
            _ => {
                problems.push(format!("this runner does not know: {key}"));
                true
            }
        };
        if !holds {
            let shown = match key.as_str() {
                "headers" | "multi_headers" | "header_set" | "headers_absent" => {
                    format!("{:?}", reply.headers)
                }
                "status" => reply.status.to_string(),
                _ => text.chars().take(300).collect(),
            };
            problems.push(format!("{key}: {shown}, not {wanted}"));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("; "))
    }
}

/// Whether every part of `part` is in `whole`.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part))),
        _ => whole == part,
    }
}
