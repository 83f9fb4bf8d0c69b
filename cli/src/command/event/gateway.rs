//! The event that a gateway creates for a request.

use std::path::Path;

use fw_gateway::{
    ApiIdentity, ConfigError, FrontDoor, FunctionUrl, FunctionUrlConfig, HttpApi, HttpApiConfig,
    HttpRequest, Received, RestApi, RestApiConfig, RouteKey,
};

use super::input;
use crate::{
    args,
    command::deploy::host_manifest,
    console::Console,
    error::{Exit, Failure, Result},
    local::server::arrival,
    project::Project,
    settings::{Settings, gateway::GatewaySettings},
    values::{
        gateway::{Gateway, PayloadFormat},
        names::DEFAULT_STAGE,
    },
};

/// The event, as JSON.
///
/// # Errors
///
/// Exit code 64 for arguments that are not a request of this gateway, 65 for a wrong route or body,
/// and 1 if the gateway itself answers the request.
pub(super) fn event(
    gateway: Gateway,
    args: &args::GatewayEvent,
    console: &Console,
) -> Result<String> {
    if gateway == Gateway::FunctionUrl && args.stage.is_some() {
        return Err(Failure::new("a function URL has no stages")
            .exiting(Exit::Usage)
            .hint("leave out `--stage`"));
    }
    let app = app(args)?;
    let settings = settings(gateway, args, app.as_ref().ok())?;
    let routes = match gateway {
        Gateway::FunctionUrl => Vec::new(),
        _ => routes(gateway, args, app.as_ref(), console)?,
    };
    let door = front_door(gateway, &settings, routes).map_err(|error| {
        Failure::input("this gateway configuration is not valid")
            .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
    })?;
    match door.receive(&request(args, &settings.gateway_settings)?, &arrival()) {
        Received::Invoke(invocation) => {
            Ok(String::from_utf8_lossy(&invocation.event).into_owned())
        }
        // The routes here ask for nothing.
        Received::Authorize(_) => Err(Failure::new(
            "no event: the gateway would invoke an authorizer first",
        )),
        Received::Answer(reply) => Err(Failure::new(format!(
            "no event: the gateway itself answers this request with {}",
            reply.status
        ))
        .because_of(String::from_utf8_lossy(&reply.body))
        .hint("`cargo fw routes` lists the app's routes; pass `--route 'GET /items/{id}'` for another one")),
    }
}

/// The app that the arguments name, else the one in this folder. The inner error says why this
/// folder has no app.
fn app(args: &args::GatewayEvent) -> Result<Result<Project>> {
    let named = args.which.package.is_some() || args.which.bin.is_some();
    match Project::find(&args.which) {
        Err(failure) if named => Err(failure),
        found => Ok(found),
    }
}

/// The settings of the app, or of this folder, overridden by the arguments.
fn settings(
    gateway: Gateway,
    args: &args::GatewayEvent,
    app: Option<&Project>,
) -> Result<Settings> {
    let folder = app.map_or_else(|| Path::new("."), |project| project.package_dir());
    let mut settings = Settings::load_behind(folder, DEFAULT_STAGE, Some(gateway))?;
    if let Some(stage) = &args.stage {
        settings.gateway_settings.stage_name.clone_from(stage);
    }
    if let Some(format) = args.payload_format {
        settings.gateway_settings.payload_format = match format {
            args::EventFormat::V1 => PayloadFormat::V1,
            args::EventFormat::V2 => PayloadFormat::V2,
        };
    }
    Ok(settings)
}

/// The given route, or the app's routes, or a catch-all route.
fn routes(
    gateway: Gateway,
    args: &args::GatewayEvent,
    app: Result<&Project, &Failure>,
    console: &Console,
) -> Result<Vec<RouteKey>> {
    let parse = |key: &str| {
        key.parse::<RouteKey>().map_err(|error| {
            Failure::input(format!("not a route: {key}"))
                .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
                .hint("write a method and a path: `GET /items/{id}`")
        })
    };
    if let Some(key) = &args.route {
        return Ok(vec![parse(key)?]);
    }
    let project = match app {
        Ok(project) => project,
        Err(failure) => {
            console.line(format_args!(
                "the event is for a catch-all route, because there is no app with routes: {failure}"
            ));
            let all: &[&str] = match gateway {
                Gateway::RestApi => &["ANY /", "ANY /{proxy+}"],
                _ => &["$default"],
            };
            return all.iter().map(|key| parse(key)).collect();
        }
    };
    let manifest = host_manifest(project, console)?;
    manifest
        .routes
        .iter()
        .map(|route| parse(&route.key()))
        .collect()
}

fn front_door(
    gateway: Gateway,
    settings: &Settings,
    routes: Vec<RouteKey>,
) -> Result<FrontDoor, ConfigError> {
    let identity = ApiIdentity {
        stage_variables: settings.gateway_settings.stage_variables.clone(),
        ..ApiIdentity::new("local", &settings.gateway_settings.stage_name)
    };
    Ok(match gateway {
        Gateway::HttpApi => {
            let mut config = HttpApiConfig::new(identity);
            config.routes = routes.into_iter().map(Into::into).collect();
            config.payload_format = settings.gateway_settings.payload_format.into();
            HttpApi::new(config)?.into()
        }
        Gateway::RestApi => {
            let mut config = RestApiConfig::new(identity);
            config.routes = routes;
            config.binary_media_types = settings.gateway_settings.binary_media_types.clone();
            RestApi::new(config)?.into()
        }
        Gateway::FunctionUrl => FunctionUrl::new(FunctionUrlConfig::new(identity))?.into(),
    })
}

/// The request, behind the stage as clients write it.
fn request(args: &args::GatewayEvent, settings: &GatewaySettings) -> Result<HttpRequest> {
    if !args.target.starts_with('/') {
        return Err(Failure::new(format!("not a path: {}", args.target))
            .exiting(Exit::Usage)
            .hint("a path starts with a slash and may have a query: `/items?page=2`"));
    }
    let target = format!("{}{}", settings.prefix(), args.target);
    let mut request = HttpRequest::new(&args.method, target);
    for header in &args.headers {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            Failure::new(format!("not a header: {header}"))
                .exiting(Exit::Usage)
                .hint("write a name and a value: `-H 'content-type: application/json'`")
        })?;
        request.push_header(name.trim(), value.trim().as_bytes());
    }
    if let Some(data) = &args.data {
        request.body = input::bytes(data)?;
        if request.header("content-length").is_none() {
            let length = request.body.len().to_string();
            request.push_header("Content-Length", length.as_bytes());
        }
    }
    if request.header("host").is_none() {
        request.push_header("Host", b"localhost");
    }
    Ok(request)
}
