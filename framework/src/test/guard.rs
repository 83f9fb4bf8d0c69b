//! Who may call a route, in a test: the app's own authorizers are run, and tokens and signatures are what the test says they are.

use std::future::Future;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Gateway;
use crate::{
    auth::PRINCIPAL,
    dispatch::{Answer, FunctionError},
    manifest::{Authorization, AuthorizerKind, ManifestAuthorizer, ManifestRoute},
};

/// What a test says of its caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Caller {
    /// The claims of a token that the gateway has verified.
    pub(super) claims: Option<Map<String, Value>>,
    /// The context of an authorizer that is not run.
    pub(super) context: Option<Map<String, Value>>,
    /// The ARN of who signed.
    pub(super) user_arn: Option<String>,
    pub(super) api_key: bool,
}

/// Why the gateway answers in the function's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Unauthorized,
    /// No token at all.
    NoToken,
    Forbidden,
    Denied,
    Unsigned,
    Failed,
}

impl Refusal {
    /// The answer, as a function's result. [R/U] gateway-truth §1.9, §1.10, §2.6
    pub(super) fn payload(self, gateway: Gateway) -> Vec<u8> {
        let rest = gateway == Gateway::RestApi;
        let (status, body, kind) = match (self, rest) {
            (Self::Unauthorized | Self::NoToken, _) => (
                401,
                json!({"message": "Unauthorized"}),
                "UnauthorizedException",
            ),
            (Self::Denied, true) => (
                403,
                json!({"Message": "User is not authorized to access this resource with an explicit deny"}),
                "AccessDeniedException",
            ),
            (Self::Unsigned, true) => (
                403,
                json!({"message": "Missing Authentication Token"}),
                "MissingAuthenticationTokenException",
            ),
            (Self::Forbidden | Self::Denied | Self::Unsigned, _) => {
                (403, json!({"message": "Forbidden"}), "ForbiddenException")
            }
            (Self::Failed, true) => (
                500,
                json!({"message": null}),
                "AuthorizerConfigurationException",
            ),
            (Self::Failed, false) => (500, json!({"message": "Internal Server Error"}), ""),
        };
        let mut headers = json!({"content-type": "application/json"});
        if rest {
            headers["x-amzn-ErrorType"] = kind.into();
        } else if self == Self::NoToken {
            headers["www-authenticate"] = "Bearer".into();
        }
        json!({"statusCode": status, "headers": headers, "body": body.to_string()})
            .to_string()
            .into_bytes()
    }
}

/// The event with the caller in it.
///
/// # Errors
///
/// When the gateway would not invoke the function.
pub(super) async fn admit<F>(
    route: &ManifestRoute,
    authorizers: &[ManifestAuthorizer],
    gateway: Gateway,
    caller: &Caller,
    event: &Bytes,
    ask: impl FnOnce(String, Bytes) -> F,
) -> Result<Bytes, Refusal>
where
    F: Future<Output = Result<Answer, FunctionError>>,
{
    if route.api_key && gateway == Gateway::RestApi && !caller.api_key {
        return Err(Refusal::Forbidden);
    }
    let Some(authorization) = &route.authorization else {
        return Ok(event.clone());
    };
    let mut event: Value = serde_json::from_slice(event).map_err(|_| Refusal::Failed)?;
    let newest = gateway == Gateway::HttpApi;
    let authorizer = match authorization {
        Authorization::Iam => {
            let arn = caller.user_arn.as_deref().ok_or(Refusal::Unsigned)?;
            let identity = json!({
                "userArn": arn, "userId": "AIDATESTTESTTESTTEST", "user": "AIDATESTTESTTESTTEST",
                "accountId": "123456789012", "accessKey": "AKIATESTTESTTESTTEST",
            });
            if newest {
                json!({ "iam": identity })
            } else {
                merge(&mut event["requestContext"]["identity"], identity);
                Value::Null
            }
        }
        Authorization::Jwt { scopes, .. } => {
            let claims = caller.claims.as_ref().ok_or(Refusal::NoToken)?;
            let held = ["scope", "scp"]
                .into_iter()
                .find_map(|name| claims.get(name));
            let held: Vec<String> = held.map(words).unwrap_or_default();
            if !scopes.is_empty() && !scopes.iter().any(|scope| held.contains(scope)) {
                return Err(Refusal::Forbidden);
            }
            let told = if scopes.is_empty() {
                Value::Null
            } else {
                json!(held)
            };
            let claims: Map<String, Value> = claims
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), Value::String(as_text(value))))
                .collect();
            let jwt = json!({ "claims": claims, "scopes": told });
            if newest { json!({ "jwt": jwt }) } else { jwt }
        }
        Authorization::Lambda { name } => {
            let context = match &caller.context {
                Some(context) => context.clone(),
                None => {
                    let asked = authorizers.iter().find(|known| known.name == *name);
                    let question = question(asked.ok_or(Refusal::Failed)?, gateway, &event)?;
                    decided(ask(name.clone(), question).await, gateway)?
                }
            };
            context_of(context, newest)
        }
    };
    event["requestContext"]["authorizer"] = authorizer;
    Ok(event.to_string().into())
}

/// The context as it stands in the function's event.
fn context_of(mut context: Map<String, Value>, newest: bool) -> Value {
    if newest {
        return json!({ "lambda": context });
    }
    // [D] gateway-truth §2.6: what a REST API hands on is text.
    for value in context.values_mut() {
        if !value.is_string() {
            *value = Value::String(value.to_string());
        }
    }
    context.insert("integrationLatency".to_owned(), json!(0));
    Value::Object(context)
}

/// The event that the authorizer is asked with.
fn question(asked: &ManifestAuthorizer, gateway: Gateway, event: &Value) -> Result<Bytes, Refusal> {
    let sources = asked.identity.iter();
    let identity: Option<Vec<&str>> = sources.map(|source| identity(event, source)).collect();
    // [D] gateway-truth §1.10: a request without them is refused, and nobody asked.
    let identity = identity.ok_or(Refusal::Unauthorized)?;
    let context = &event["requestContext"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (method, path) = if gateway == Gateway::HttpApi {
        (text(&context["http"]["method"]), text(&event["rawPath"]))
    } else {
        (text(&event["httpMethod"]), text(&event["path"]))
    };
    let arn = format!(
        "arn:aws:execute-api:us-east-1:123456789012:{}/{}/{method}/{}",
        text(&context["apiId"]),
        text(&context["stage"]),
        path.trim_start_matches('/'),
    );
    if asked.kind == AuthorizerKind::Token && gateway == Gateway::RestApi {
        let token = identity.first().copied().unwrap_or_default();
        let question = json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": token});
        return Ok(question.to_string().into());
    }
    let mut question = event.clone();
    if let Value::Object(question) = &mut question {
        question.remove("body");
        question.remove("isBase64Encoded");
        question.insert("type".to_owned(), json!("REQUEST"));
        match gateway {
            Gateway::HttpApi => {
                question.insert("routeArn".to_owned(), json!(arn));
                question.insert("identitySource".to_owned(), json!(identity));
            }
            _ => {
                question.insert("methodArn".to_owned(), json!(arn));
            }
        }
    }
    Ok(question.to_string().into())
}

/// The value of `$request.header.authorization` and its like in an event.
fn identity<'e>(event: &'e Value, source: &str) -> Option<&'e str> {
    let value = if let Some(name) = source.strip_prefix("$request.header.") {
        let headers = event["headers"].as_object()?;
        let named = |(key, _): &(&String, &Value)| key.eq_ignore_ascii_case(name);
        headers.iter().find(named).map(|(_, value)| value)?
    } else if let Some(name) = source.strip_prefix("$request.querystring.") {
        &event["queryStringParameters"][name]
    } else if let Some(name) = source.strip_prefix("$stageVariables.") {
        &event["stageVariables"][name]
    } else {
        let path = source.strip_prefix("$context.")?;
        path.split('.')
            .fold(&event["requestContext"], |value, name| &value[name])
    };
    value.as_str().filter(|value| !value.is_empty())
}

/// What the answer allows, with the principal in it.
fn decided(
    answer: Result<Answer, FunctionError>,
    gateway: Gateway,
) -> Result<Map<String, Value>, Refusal> {
    let answer = match answer {
        Ok(Answer::Decision(answer)) => answer,
        Err(error) if error.message == "Unauthorized" && gateway == Gateway::RestApi => {
            return Err(Refusal::Unauthorized);
        }
        Ok(Answer::Http(_)) | Err(_) => return Err(Refusal::Failed),
    };
    let answer: Value = serde_json::from_str(answer.get()).map_err(|_| Refusal::Failed)?;
    let allowed = match &answer["isAuthorized"] {
        Value::Bool(allowed) => *allowed,
        _ => answer["policyDocument"]["Statement"][0]["Effect"] == "Allow",
    };
    if !allowed {
        return Err(Refusal::Denied);
    }
    let mut context = answer["context"].as_object().cloned().unwrap_or_default();
    if let Value::String(principal) = &answer[PRINCIPAL] {
        context.insert(PRINCIPAL.to_owned(), principal.as_str().into());
    }
    Ok(context)
}

/// The scopes in a claim: separated by spaces, or a list.
fn words(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(list) => list.iter().map(as_text).collect(),
        _ => Vec::new(),
    }
}

/// A claim as gateways hand it on. [U] gateway-truth §1.9
fn as_text(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(as_text).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}
