//! The caller in a test: provides what the gateway needs before it admits a request.
//!
//! The gateway's model decides ([`fw_gateway`]); the app's own authorizers run with the client's state. A test has no issuer
//! and no secrets, so for tokens and signatures it vouches for the caller.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{Gateway, stage::StageSettings};
use crate::auth::PRINCIPAL;
use fw_gateway::{
    ApiIdentity, ApiKey, Authorizer, ConfigError, FrontDoor, FunctionUrl, FunctionUrlConfig,
    HttpApi, HttpApiConfig, HttpApiRoute, HttpRequest, JwtAuthorizer, LambdaAuthorizer,
    PayloadFormat, Principal, Requirement, RestApi, RestApiConfig, RestAuthorizer, RestMethod,
    RouteKey,
};
use fw_manifest::{Authorization, AuthorizerKind, Manifest, ManifestAuthorizer, ManifestRoute};

/// The only API key.
const API_KEY: &str = "the-key-of-the-test-client";

/// A signature of nothing.
const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=AKIATESTTESTTESTTEST/20000101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=0";

/// The caller that a test sets. A request has one identity, so the last one is used.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// By a token of these claims.
    Claims(Map<String, Value>),
    /// The context of an authorizer, which does not run.
    Context(Map<String, Value>),
    /// A signature of the owner of this ARN.
    Signer(String),
}

impl Caller {
    /// Puts what proves it into the request, as a client would: the gateway looks at nothing else.
    pub(super) fn prove(&self, request: &mut HttpRequest) {
        match self {
            Self::Claims(claims) => {
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                let head = part(&json!({ "alg": "RS256", "kid": "test", "typ": "JWT" }));
                let claims = part(&Value::Object(claims.clone()));
                let token = format!("Bearer {head}.{claims}.dGVzdA");
                replace(request, "authorization", &token);
            }
            Self::Signer(_) => {
                replace(request, "x-amz-date", "20000101T000000Z");
                replace(request, "authorization", SIGNATURE);
            }
            Self::Context(_) => {}
        }
    }
}

/// Puts the API key into the request.
pub(super) fn bring_api_key(request: &mut HttpRequest) {
    replace(request, "x-api-key", API_KEY);
}

/// Sets a header, which replaces any with this name.
fn replace(request: &mut HttpRequest, name: &str, value: &str) {
    let other = |(known, _): &(String, String)| !known.eq_ignore_ascii_case(name);
    request.headers.retain(other);
    request.push_header(name, value.as_bytes());
}

/// The owner of this ARN.
pub(super) fn signer(arn: &str) -> Principal {
    let mut principal = Principal::user(
        "AKIATESTTESTTESTTEST",
        "123456789012",
        "test",
        "AIDATESTTESTTESTTEST",
    );
    arn.clone_into(&mut principal.user_arn);
    principal
}

/// An authorizer's answer that admits the caller with this context, in the simple form or as a
/// policy.
pub(super) fn consent(context: &Map<String, Value>, simple: bool) -> Vec<u8> {
    let mut context = context.clone();
    if simple {
        return json!({ "isAuthorized": true, "context": context })
            .to_string()
            .into_bytes();
    }
    let principal = context.remove(PRINCIPAL);
    // [D] A REST API refuses an answer whose context contains lists or objects.
    for value in context.values_mut() {
        if value.is_array() || value.is_object() {
            *value = Value::String(value.to_string());
        }
    }
    let statement = json!({ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    json!({ "principalId": principal, "policyDocument": policy, "context": context })
        .to_string()
        .into_bytes()
}

/// The gateway twice, because a caller set by the test does not need the identity sources.
#[derive(Clone, Debug)]
pub(super) struct Doors {
    /// Invokes the app's authorizers as they declare.
    pub(super) asking: FrontDoor,
    /// Invokes them for every request, with any content, and caches no answer.
    pub(super) vouched: FrontDoor,
}

impl Doors {
    /// This gateway with the app's routes and authorizers.
    ///
    /// # Errors
    ///
    /// Why this gateway is not possible.
    pub(super) fn new(
        gateway: Gateway,
        manifest: &Manifest,
        stage: &StageSettings,
    ) -> Result<Self, String> {
        let mut vouching = manifest.clone();
        for authorizer in &mut vouching.authorizers {
            authorizer.kind = AuthorizerKind::Request;
            authorizer.identity.clear();
            authorizer.ttl = 0;
        }
        Ok(Self {
            asking: front_door(gateway, manifest, stage)?,
            vouched: front_door(gateway, &vouching, stage)?,
        })
    }
}

fn front_door(
    gateway: Gateway,
    manifest: &Manifest,
    stage: &StageSettings,
) -> Result<FrontDoor, String> {
    let routes = manifest.routes.iter();
    let routes: Result<Vec<RouteKey>, _> = routes.map(|route| route.key().parse()).collect();
    let routes = routes.map_err(|error| format!("no gateway can have these routes: {error}"))?;
    let none = |what: &str, guarded: fn(&ManifestRoute) -> bool| {
        let found = manifest.routes.iter().find(|route| guarded(route));
        found.map_or(Ok(()), |route| {
            Err(format!("{what}, so it cannot have: {}", route.key()))
        })
    };
    let refused = |error: ConfigError| format!("{gateway:?} cannot have these routes: {error}");
    let by_jwt =
        |route: &ManifestRoute| matches!(route.authorization, Some(Authorization::Jwt { .. }));
    let name = match gateway {
        Gateway::RestApi => stage.name(),
        Gateway::HttpApi | Gateway::HttpApiV1 | Gateway::FunctionUrl => "$default",
    };
    let identity = ApiIdentity {
        stage_variables: stage.variables.clone(),
        ..ApiIdentity::new("testapi", name)
    };
    let cors = stage.cors.as_ref();
    match gateway {
        Gateway::HttpApi | Gateway::HttpApiV1 => {
            none("an HTTP API has no API keys", |route| route.api_key)?;
            let format = if gateway == Gateway::HttpApi {
                PayloadFormat::V2
            } else {
                PayloadFormat::V1
            };
            HttpApi::new(HttpApiConfig {
                routes: http_api_routes(routes, manifest),
                authorizers: authorizers(manifest)?,
                payload_format: format,
                cors: cors.map(|cors| cors.of_api(manifest)),
                ..HttpApiConfig::new(identity)
            })
            .map(FrontDoor::from)
            .map_err(refused)
        }
        Gateway::RestApi => {
            none("a REST API does not check JSON Web Tokens", by_jwt)?;
            let methods = manifest.routes.iter();
            let methods = methods.map(|it| {
                let mut method = RestMethod::of_route(it, stage.validation());
                // A test gets a stream as a whole.
                method.stream = false;
                method
            });
            let authorizers = manifest.authorizers.iter().map(|authorizer| {
                RestAuthorizer::of_manifest(authorizer).map_err(|error| error.to_string())
            });
            RestApi::new(RestApiConfig {
                routes,
                methods: methods.enumerate().collect(),
                authorizers: authorizers.collect::<Result<_, _>>()?,
                api_keys: vec![ApiKey::new("test", API_KEY)],
                binary_media_types: stage.binary_media_types(),
                resource_cors: cors.map(|cors| cors.of_paths(manifest)).unwrap_or_default(),
                gateway_responses: stage.responses()?,
                ..RestApiConfig::new(identity)
            })
            .map(FrontDoor::from)
            .map_err(refused)
        }
        Gateway::FunctionUrl => {
            none("a function URL does not check callers per route", |route| {
                route.authorization.is_some() || route.api_key
            })?;
            FunctionUrl::new(FunctionUrlConfig {
                cors: cors.map(|cors| cors.of_api(manifest)),
                ..FunctionUrlConfig::new(identity)
            })
            .map(FrontDoor::from)
            .map_err(refused)
        }
    }
}

/// Each route with what it asks of its callers.
fn http_api_routes(routes: Vec<RouteKey>, manifest: &Manifest) -> Vec<HttpApiRoute> {
    let routes = routes.into_iter().zip(&manifest.routes);
    routes
        .map(|(key, route)| HttpApiRoute {
            requirement: Requirement::of_route(route).map(|requirement| match requirement {
                Requirement::Jwt { authorizer, scopes } => Requirement::Jwt {
                    authorizer: jwt_name(&authorizer),
                    scopes,
                },
                other => other,
            }),
            ..HttpApiRoute::from(key)
        })
        .collect()
}

/// The issuers that routes name, and the app's own authorizers.
fn authorizers(manifest: &Manifest) -> Result<Vec<Authorizer>, String> {
    let mut names: Vec<&str> = manifest
        .routes
        .iter()
        .filter_map(|route| match &route.authorization {
            Some(Authorization::Jwt { name, .. }) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    let issuers = names.into_iter().map(|name| {
        let issuer = format!("https://{name}.test/");
        Ok(Authorizer::Jwt(JwtAuthorizer::new(
            jwt_name(name),
            issuer,
            ["test"],
        )))
    });
    let own = manifest.authorizers.iter().map(own_authorizer);
    issuers.chain(own).collect()
}

fn own_authorizer(authorizer: &ManifestAuthorizer) -> Result<Authorizer, String> {
    LambdaAuthorizer::of_manifest(authorizer)
        .map(Authorizer::Lambda)
        .map_err(|error| error.to_string())
}

/// The names of issuers are apart from the app's authorizers', and the gateway's are not.
fn jwt_name(name: &str) -> String {
    format!("jwt.{name}")
}
