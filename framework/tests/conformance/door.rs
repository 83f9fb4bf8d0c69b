//! From a case to a front door, a request, and what came of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fw_gateway::{
    ApiIdentity, ApiKey, ApiKeySource, Arrival, ConfigError, CorsConfig, FrontDoor, FunctionUrl,
    FunctionUrlConfig, HttpApi, HttpApiConfig, HttpApiRoute, HttpReply, HttpRequest,
    IdentitySource, Integration, Invocation, JwtAuthorizer, LambdaAuthorizer, Need, Outcome,
    PayloadFormat, Pending, ProxyIntegration, Quota, QuotaPeriod, Received, RequestValidation,
    Requirement, RestApi, RestApiConfig, RestAuthorizer, RestAuthorizerKind, RestMethod, RouteKey,
    Supplied, Throttle, UsagePlan,
};

use crate::authorizer;
use crate::case::{Authorizer, Case, Cors, MockCors, Request, Route, Setup, Target};
use crate::check::check;
use crate::handler::{self, Ended};
use crate::token;

/// What happened to a request.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) reply: HttpReply,
    /// The invocation, if the handler ran.
    pub(crate) invocation: Option<Invocation>,
    /// The id of the handler that ran.
    pub(crate) handler: Option<String>,
    /// What authorizers were asked.
    pub(crate) asked: Vec<Bytes>,
}

impl Seen {
    fn reply(reply: HttpReply) -> Self {
        Self {
            reply,
            invocation: None,
            handler: None,
            asked: Vec::new(),
        }
    }
}

/// Runs a case and checks what it expects.
pub(crate) fn run(case: &Case) -> Result<(), String> {
    let door = match front_door(case.target, &case.setup) {
        Ok(_) if case.expect.config_error => return Err("the configuration was accepted".into()),
        Ok(door) => door,
        Err(Setback::Refused(_)) if case.expect.config_error => return Ok(()),
        Err(Setback::Refused(error)) => return Err(error.to_string()),
        Err(Setback::Unknown(what)) => return Err(what),
    };
    let mut asked = Vec::new();
    let mut last = None;
    for request in case.request.iter().chain(&case.requests) {
        last = Some(send(&door, &case.setup, request, &mut asked)?);
    }
    let mut seen = last.ok_or("a case has a request")?;
    seen.asked = asked;
    check(&case.expect, &seen)
}

/// Sends one request.
fn send(
    door: &FrontDoor,
    setup: &Setup,
    sent: &Request,
    asked: &mut Vec<Bytes>,
) -> Result<Seen, String> {
    if let Some(op) = &sent.op {
        return Err(format!("no such operation: {op}"));
    }
    let request = request(sent, setup)?;
    let arrival = Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY]);
    let mut received = door.receive(&request, &arrival);
    while let Received::Authorize(pending) = received {
        received = supply(door, setup, &pending, asked)?;
    }
    match received {
        Received::Invoke(invocation) => invoke(door, setup, invocation),
        Received::Answer(reply) => Ok(Seen::reply(reply)),
        Received::Authorize(_) => Err("the door asks without end".into()),
    }
}

/// Tells the front door what it needs.
fn supply(
    door: &FrontDoor,
    setup: &Setup,
    pending: &Pending,
    asked: &mut Vec<Bytes>,
) -> Result<Received, String> {
    let question = match pending.need() {
        Need::Answer(question) => question,
        Need::Keys { .. } => {
            return Ok(door.resume(pending, &Supplied::Keys(&token::keys())));
        }
        need => return Err(format!("nobody supplies {need:?}")),
    };
    let authorizer = setup
        .authorizers
        .get(&question.name)
        .ok_or("the authorizer is the case's")?;
    asked.push(question.event.clone());
    Ok(match authorizer::play(authorizer, &question.event)? {
        Ok(answer) => door.resume(pending, &Supplied::Answer(&answer)),
        Err(document) => door.resume(pending, &Supplied::FunctionError(&document)),
    })
}

/// Why there is no front door.
enum Setback {
    /// The model refuses the configuration.
    Refused(ConfigError),
    /// The runner does not know how to make it.
    Unknown(String),
}

impl From<ConfigError> for Setback {
    fn from(error: ConfigError) -> Self {
        Self::Refused(error)
    }
}

fn front_door(target: Target, setup: &Setup) -> Result<FrontDoor, Setback> {
    let unknown =
        |what: &str, value: &str| Err(Setback::Unknown(format!("no such {what}: {value}")));
    let stage = setup.stage.as_deref().unwrap_or("$default");
    let identity = ApiIdentity {
        stage_variables: setup.stage_variables.clone(),
        ..ApiIdentity::new("a1b2c3d4e5", stage)
    };
    let routes = setup
        .routes
        .iter()
        .map(|route| route.route.parse())
        .collect::<Result<Vec<_>, _>>();
    let routes =
        routes.map_err(|error: fw_gateway::PatternError| Setback::Unknown(error.to_string()))?;
    Ok(match target {
        Target::HttpApi => {
            let payload_format = match setup.payload_format.as_deref() {
                Some("1.0") => PayloadFormat::V1,
                Some("2.0") => PayloadFormat::V2,
                other => return unknown("payload format", other.unwrap_or_default()),
            };
            let cors = setup.cors.as_ref().map(cors);
            let (routes, authorizers) = guarded(setup, routes).map_err(Setback::Unknown)?;
            HttpApi::new(HttpApiConfig {
                routes,
                authorizers,
                payload_format,
                cors,
                ..HttpApiConfig::new(identity)
            })?
            .into()
        }
        Target::RestApi => {
            RestApi::new(rest_api(setup, routes, identity).map_err(Setback::Unknown)?)?.into()
        }
        Target::FunctionUrl => {
            let iam = match setup.auth_type.as_deref() {
                Some("AWS_IAM") => true,
                Some("NONE") => false,
                other => return unknown("auth type", other.unwrap_or_default()),
            };
            let streaming = match setup.invoke_mode.as_deref() {
                Some("RESPONSE_STREAM") => true,
                Some("BUFFERED") => false,
                other => return unknown("invoke mode", other.unwrap_or_default()),
            };
            let cors = setup.cors.as_ref().map(cors);
            FunctionUrl::new(FunctionUrlConfig {
                cors,
                streaming,
                iam,
                ..FunctionUrlConfig::new(identity)
            })?
            .into()
        }
    })
}

/// The routes of an HTTP API with what they ask of their callers, and who decides.
fn guarded(
    setup: &Setup,
    keys: Vec<RouteKey>,
) -> Result<(Vec<HttpApiRoute>, Vec<fw_gateway::Authorizer>), String> {
    let requirement = |name: &str| {
        let authorizer = name.to_owned();
        match setup.authorizers.get(name).map(|found| found.kind.as_str()) {
            _ if name == "AWS_IAM" => Ok(Requirement::Iam),
            Some("JWT") => Ok(Requirement::Jwt {
                authorizer,
                scopes: Vec::new(),
            }),
            Some("REQUEST") => Ok(Requirement::Lambda { authorizer }),
            other => Err(format!("no such authorizer: {other:?}")),
        }
    };
    let routes = keys
        .into_iter()
        .zip(&setup.routes)
        .map(|(key, route)| {
            let requirement = route.authorizer.as_deref().map(requirement).transpose()?;
            Ok(HttpApiRoute {
                requirement,
                ..HttpApiRoute::from(key)
            })
        })
        .collect::<Result<_, String>>()?;
    let authorizers = setup
        .authorizers
        .iter()
        .map(|(name, authorizer)| http_authorizer(name, authorizer))
        .collect::<Result<_, _>>()?;
    Ok((routes, authorizers))
}

/// An authorizer of an HTTP API.
fn http_authorizer(name: &str, authorizer: &Authorizer) -> Result<fw_gateway::Authorizer, String> {
    let source = |text: &String| {
        text.parse::<IdentitySource>()
            .map_err(|error| error.to_string())
    };
    Ok(match authorizer.kind.as_str() {
        "JWT" => {
            let issuer = authorizer.issuer.as_deref().ok_or("there is an issuer")?;
            let text = authorizer.identity_source.as_ref();
            fw_gateway::Authorizer::Jwt(JwtAuthorizer {
                identity: source(text.ok_or("there is an identity source")?)?,
                ..JwtAuthorizer::new(name, issuer, &authorizer.audience)
            })
        }
        "REQUEST" => fw_gateway::Authorizer::Lambda(LambdaAuthorizer {
            identity: authorizer
                .identity_sources
                .iter()
                .map(source)
                .collect::<Result<_, _>>()?,
            ttl: authorizer.result_ttl_s.unwrap_or_default(),
            payload_format: match authorizer.payload_format.as_deref() {
                Some("1.0") => PayloadFormat::V1,
                Some("2.0") => PayloadFormat::V2,
                other => return Err(format!("no such payload format: {other:?}")),
            },
            simple: authorizer.enable_simple_responses,
            ..LambdaAuthorizer::new(name)
        }),
        other => return Err(format!("no such authorizer: {other}")),
    })
}

fn rest_api(
    setup: &Setup,
    routes: Vec<RouteKey>,
    identity: ApiIdentity,
) -> Result<RestApiConfig, String> {
    let mut config = RestApiConfig {
        routes,
        binary_media_types: setup.binary_media_types.clone(),
        ..RestApiConfig::new(identity)
    };
    for (index, route) in setup.routes.iter().enumerate() {
        if let (Some(cors), Some(RouteKey::Path { path, .. })) =
            (&route.cors, config.routes.get(index))
        {
            let path = path.as_str().to_owned();
            config.resource_cors.insert(path, mock_cors(cors));
        }
        config.methods.insert(index, rest_method(route, setup)?);
    }
    config.authorizers = setup
        .authorizers
        .iter()
        .map(|(name, authorizer)| rest_authorizer(name, authorizer))
        .collect::<Result<_, _>>()?;
    config.api_keys = setup
        .api_keys
        .iter()
        .map(|(name, value)| ApiKey::new(name, value))
        .collect();
    config.api_key_source = match setup.api_key_source.as_deref() {
        None | Some("HEADER") => ApiKeySource::Header,
        Some("AUTHORIZER") => ApiKeySource::Authorizer,
        Some(other) => return Err(format!("no such key source: {other}")),
    };
    if let Some(plan) = &setup.usage_plan {
        let throttle = match (plan.rate, plan.burst) {
            (Some(rate), Some(burst)) => Some(Throttle { rate, burst }),
            (None, None) => None,
            _ => return Err("a plan has a rate and a burst, or neither".into()),
        };
        let quota = plan.quota.map(|limit| Quota {
            limit,
            period: QuotaPeriod::Day,
            offset: 0,
        });
        config.usage_plans.push(UsagePlan {
            throttle,
            quota,
            ..UsagePlan::new("plan", setup.api_keys.keys())
        });
    }
    Ok(config)
}

/// An authorizer of a REST API.
fn rest_authorizer(name: &str, authorizer: &Authorizer) -> Result<RestAuthorizer, String> {
    let source = |text: &str| -> Result<IdentitySource, String> {
        let own = text.replacen("method.request.", "$request.", 1);
        own.parse()
            .map_err(|error: fw_gateway::IdentityError| error.to_string())
    };
    let header = || match authorizer.identity_source.as_deref().map(source) {
        Some(Ok(IdentitySource::Header(header))) => Ok(header),
        other => Err(format!("not a header: {other:?}")),
    };
    let kind = match authorizer.kind.as_str() {
        "TOKEN" => RestAuthorizerKind::Token {
            header: header()?,
            validation: None,
        },
        "REQUEST" => RestAuthorizerKind::Request {
            identity: authorizer
                .identity_sources
                .iter()
                .map(|text| source(text))
                .collect::<Result<_, _>>()?,
        },
        "COGNITO_USER_POOLS" => {
            let issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_aaaaaaaaa";
            RestAuthorizerKind::UserPool(JwtAuthorizer {
                identity: IdentitySource::Header(header()?),
                ..JwtAuthorizer::new(name, issuer, [""; 0])
            })
        }
        other => return Err(format!("no such authorizer: {other}")),
    };
    Ok(RestAuthorizer {
        name: name.to_owned(),
        kind,
        ttl: authorizer
            .result_ttl_s
            .unwrap_or(RestAuthorizer::DEFAULT_TTL),
    })
}

fn rest_method(route: &Route, setup: &Setup) -> Result<RestMethod, String> {
    let mut method = RestMethod::default();
    method.requirement = match route.authorizer.as_deref() {
        None => None,
        Some("AWS_IAM") => Some(Requirement::Iam),
        Some(name) => {
            let authorizer = name.to_owned();
            let kind = setup.authorizers.get(name).map(|found| found.kind.as_str());
            Some(match kind {
                Some("COGNITO_USER_POOLS") => Requirement::Jwt {
                    authorizer,
                    scopes: Vec::new(),
                },
                _ => Requirement::Lambda { authorizer },
            })
        }
    };
    method.api_key_required = route.api_key_required;
    method.validation = RequestValidation {
        parameters: route.request_validator.parameters,
        body: route.request_validator.body,
    };
    method.required = route
        .required
        .iter()
        .map(|parameter| parameter.parse())
        .collect::<Result<_, _>>()
        .map_err(|error: fw_gateway::ParameterError| error.to_string())?;
    method.models.clone_from(&route.models);
    method.integration = match route.handler.strip_prefix("mock:") {
        Some(answer) => {
            let answer: serde_json::Value =
                serde_json::from_str(answer).map_err(|error| error.to_string())?;
            let status = answer["statusCode"].as_u64();
            let status = status.and_then(|status| u16::try_from(status).ok());
            Integration::Mock(status.ok_or("a mock has a status")?)
        }
        None => Integration::Proxy(ProxyIntegration {
            http_method: route
                .integration_http_method
                .clone()
                .unwrap_or_else(|| "POST".into()),
            request_parameters: route.request_parameters.clone(),
        }),
    };
    Ok(method)
}

fn cors(cors: &Cors) -> CorsConfig {
    let Cors {
        allow_origins,
        allow_methods,
        allow_headers,
        expose_headers,
        max_age,
        allow_credentials,
    } = cors.clone();
    CorsConfig {
        allow_origins,
        allow_methods,
        allow_headers,
        expose_headers,
        max_age,
        allow_credentials,
    }
}

fn mock_cors(cors: &MockCors) -> CorsConfig {
    let cors = cors.clone();
    CorsConfig {
        allow_origins: vec![cors.allow_origin],
        allow_methods: cors.allow_methods,
        allow_headers: cors.allow_headers.into_iter().collect(),
        expose_headers: cors.expose_headers.into_iter().collect(),
        max_age: cors.max_age,
        allow_credentials: cors.allow_credentials,
    }
}

/// The request as a client would send it.
fn request(request: &Request, setup: &Setup) -> Result<HttpRequest, String> {
    let stage = setup.stage.as_deref().filter(|stage| *stage != "$default");
    let path = request.path.as_deref().ok_or("a request has a path")?;
    let target = match (setup.path_mode.as_deref(), stage) {
        (Some("stage-relative"), Some(stage)) => format!("/{stage}{path}"),
        (Some("stage-relative" | "absolute") | None, _) => path.to_owned(),
        (Some(other), _) => return Err(format!("no such path mode: {other}")),
    };
    let mut sent = HttpRequest::new(
        request.method.as_deref().ok_or("a request has a method")?,
        target,
    );
    for (name, value) in &request.headers {
        if let Some(value) = value {
            sent.headers.push((name.clone(), value.clone()));
        }
    }
    if let Some(jwt) = &request.jwt {
        let token = token::sign(&jwt.alg, &jwt.claims)?;
        let value = match &jwt.scheme {
            Some(scheme) => format!("{scheme} {token}"),
            None => token,
        };
        sent.headers.push((jwt.header.clone(), value));
    }
    if sent.header("host").is_none() {
        sent.headers.push((
            "Host".into(),
            "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com".into(),
        ));
    }
    sent.body = match (&request.body, &request.body_base64, &request.body_repeat) {
        (Some(text), None, None) => Bytes::from(text.clone()),
        (None, Some(encoded), None) => STANDARD
            .decode(encoded)
            .map_err(|error| error.to_string())?
            .into(),
        (None, None, Some(repeat)) => repeat.char.repeat(repeat.count).into(),
        (None, None, None) => Bytes::new(),
        _ => return Err("a request has one body".into()),
    };
    if !sent.body.is_empty() {
        sent.headers
            .push(("Content-Length".into(), sent.body.len().to_string()));
    }
    Ok(sent)
}

/// Lambda: permission, capacity, then the handler.
fn invoke(door: &FrontDoor, setup: &Setup, invocation: Invocation) -> Result<Seen, String> {
    let route = setup.routes.get(invocation.route);
    let permitted = setup
        .invoke_permission
        .or(route.and_then(|route| route.invoke_permission))
        .unwrap_or(true);
    let refused = |outcome| Seen::reply(door.answer(&invocation, outcome));
    if !permitted {
        return Ok(refused(Outcome::NotPermitted));
    }
    if setup.reserved_concurrency == Some(0) {
        return Ok(refused(Outcome::Throttled));
    }
    let handler = route
        .map(|route| &route.handler)
        .or(setup.handler.as_ref())
        .ok_or("a case has a handler")?;
    let ended = handler::run(
        handler,
        route.and_then(|route| route.function_timeout_s),
        &invocation.event,
    )?;
    let reply = match &ended {
        Ended::Payload(payload) => door.answer(&invocation, Outcome::Payload(payload)),
        Ended::FunctionError(document) => {
            door.answer(&invocation, Outcome::FunctionError(document))
        }
    };
    let handler = route.and_then(|route| route.id.clone());
    Ok(Seen {
        reply,
        invocation: Some(invocation),
        handler,
        asked: Vec::new(),
    })
}
