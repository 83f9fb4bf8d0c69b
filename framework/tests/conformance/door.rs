//! From a case to a front door, a request, and what came of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fw::gateway::{
    ApiIdentity, Arrival, ConfigError, CorsConfig, FrontDoor, FunctionUrl, FunctionUrlConfig,
    HttpApi, HttpApiConfig, HttpApiRoute, HttpReply, HttpRequest, Invocation, Outcome,
    PayloadFormat, Received, RestApi, RestApiConfig,
};

use crate::case::{Case, Cors, MockCors, Request, Setup, Target};
use crate::check::check;
use crate::handler::{self, Ended};

/// What happened to a request.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) reply: HttpReply,
    /// The invocation, if the handler ran.
    pub(crate) invocation: Option<Invocation>,
    /// The id of the handler that ran.
    pub(crate) handler: Option<String>,
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
    if let Some(op) = &case.request.op {
        return Err(format!("no such operation: {op}"));
    }
    let request = request(&case.request, &case.setup)?;
    let arrival = Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY]);
    let seen = match door.receive(&request, &arrival) {
        Received::Answer(reply) => Seen {
            reply,
            invocation: None,
            handler: None,
        },
        Received::Authorize(_) => return Err("no route asks for anything".into()),
        Received::Invoke(invocation) => invoke(&door, &case.setup, invocation)?,
    };
    check(&case.expect, &seen)
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
        routes.map_err(|error: fw::gateway::PatternError| Setback::Unknown(error.to_string()))?;
    Ok(match target {
        Target::HttpApi => {
            let payload_format = match setup.payload_format.as_deref() {
                Some("1.0") => PayloadFormat::V1,
                Some("2.0") => PayloadFormat::V2,
                other => return unknown("payload format", other.unwrap_or_default()),
            };
            let cors = setup.cors.as_ref().map(cors);
            HttpApi::new(HttpApiConfig {
                routes: routes.into_iter().map(HttpApiRoute::from).collect(),
                payload_format,
                cors,
                ..HttpApiConfig::new(identity)
            })?
            .into()
        }
        Target::RestApi => {
            let binary_media_types = setup.binary_media_types.clone();
            let cors = setup
                .routes
                .iter()
                .find_map(|route| route.cors.as_ref())
                .map(mock_cors);
            RestApi::new(RestApiConfig {
                routes,
                binary_media_types,
                cors,
                ..RestApiConfig::new(identity)
            })?
            .into()
        }
        Target::FunctionUrl => {
            if let Some(other) = setup
                .auth_type
                .as_deref()
                .filter(|auth_type| *auth_type != "NONE")
            {
                return unknown("auth type", other);
            }
            let streaming = match setup.invoke_mode.as_deref() {
                Some("RESPONSE_STREAM") => true,
                Some("BUFFERED") => false,
                other => return unknown("invoke mode", other.unwrap_or_default()),
            };
            let cors = setup.cors.as_ref().map(cors);
            FunctionUrl::new(FunctionUrlConfig {
                cors,
                streaming,
                ..FunctionUrlConfig::new(identity)
            })?
            .into()
        }
    })
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
    let refused = |outcome| Seen {
        reply: door.answer(&invocation, outcome),
        invocation: None,
        handler: None,
    };
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
    })
}
