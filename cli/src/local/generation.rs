//! What is served: the front door that a manifest describes, before the processes of one build.
//!
//! A generation never changes. A new build makes a new one, and the server swaps them; the old one finishes what it has.

use std::path::Path;

use fw::{
    gateway::{
        ApiIdentity, Authorizer, ConfigError, CorsConfig, FrontDoor, FunctionUrl,
        FunctionUrlConfig, HttpApi, HttpApiConfig, HttpApiRoute, IdentitySource, JwtAuthorizer,
        LambdaAuthorizer, PayloadFormat, Requirement, RestApi, RestApiConfig, RouteKey, Throttle,
    },
    manifest::{Authorization, Manifest, ManifestAuthorizer},
};

use super::{
    authorizers::{Authorizers, Keyring},
    environment::{self, Function},
    logs::Logs,
    near::Near,
    pool::{Limits, Pool},
    snapshot::Snapshot,
};
use crate::{
    env,
    error::{Failure, Result},
    settings::{
        Gateway, Settings,
        access::AuthorizerSettings,
        door::{self, Auth, InvokeMode},
        fit,
    },
};

/// What a generation is made from.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// What the build says about itself.
    pub(crate) manifest: &'a Manifest,
    /// The stage's settings.
    pub(crate) settings: &'a Settings,
    /// The executable.
    pub(crate) bootstrap: &'a Path,
    /// Whether a later build may replace the executable, so that this generation needs a name of its own for it.
    pub(crate) replaceable: bool,
    /// The working directory of an executable that is not replaceable; a build runs in a folder of its own, as on Lambda.
    pub(crate) directory: &'a Path,
    /// The local server's URL, without the gateway's stage.
    pub(crate) url: &'a str,
    /// How the processes are run.
    pub(crate) options: Options,
    /// Variables for the processes besides Lambda's and the settings', such as the embedded services' endpoints. They go
    /// over all others.
    pub(crate) environment: Vec<(String, String)>,
    /// Who vouches for tokens.
    pub(crate) keyring: Keyring,
}

/// How a developer wants processes to be run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Whether those that wait for an event are frozen.
    pub(crate) freeze: bool,
    /// Whether they get only the variables that Lambda gives, and those that the settings and the embedded services do.
    pub(crate) strict_env: bool,
}

impl Default for Options {
    /// As on Lambda, with what a developer needs.
    fn default() -> Self {
        Self {
            freeze: true,
            strict_env: false,
        }
    }
}

/// A build that is served.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(super) door: FrontDoor,
    pub(super) pool: Pool,
    pub(super) authorizers: Authorizers,
    pub(super) near: Near,
    /// Holds the executable's own name; removed with the generation.
    _snapshot: Option<Snapshot>,
}

impl Generation {
    /// Makes a generation. Nothing is started before the first request.
    ///
    /// # Errors
    ///
    /// When the manifest has a route that the gateway cannot have or guard (exit code 65), or the executable cannot be linked.
    pub(crate) fn new(source: Source<'_>, logs: &Logs) -> Result<Self> {
        fit::check(source.manifest, source.settings)?;
        fit::servable(source.manifest, source.settings)?;
        let routes = routes(source.manifest)?;
        let near = Near::new(&routes, source.settings);
        let door = front_door(&source, routes)?;
        let (snapshot, bootstrap, directory) = if source.replaceable {
            let own = Snapshot::of(source.bootstrap)?;
            let (bootstrap, folder) = (own.executable(), own.folder().to_owned());
            (Some(own), bootstrap, folder)
        } else {
            let bootstrap = std::path::absolute(source.bootstrap);
            let bootstrap = bootstrap.unwrap_or_else(|_| source.bootstrap.to_owned());
            (None, bootstrap, source.directory.to_owned())
        };
        let settings = source.settings;
        let mut variables = Vec::new();
        if !source.options.strict_env {
            let url = format!("{}{}", source.url, settings.door.prefix());
            variables.push((env::FW_LOCAL.to_owned(), url));
        }
        variables.extend(settings.environment.clone());
        variables.extend(source.environment);
        let function = Function {
            name: format!("{}-{}", source.manifest.app, settings.stage),
            handler: "bootstrap".to_owned(),
            memory_mb: settings.memory,
            timeout_seconds: settings.timeout,
            bootstrap,
            directory,
            region: environment::region(),
            account: environment::ACCOUNT.to_owned(),
            strict: source.options.strict_env,
            environment: variables,
        };
        let limits = Limits {
            freeze: source.options.freeze,
            ..Limits::default()
        };
        let pools = source.manifest.authorizers.iter().map(|authorizer| {
            let own = authorizer_function(authorizer, &function, settings);
            let pool = Pool::new(own, limits, logs.clone());
            (authorizer.name.clone(), pool)
        });
        // The function of the API alone has what `concurrency` reserves.
        let reserved = Limits {
            reserved: settings
                .concurrency
                .map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            ..limits
        };
        Ok(Self {
            door,
            authorizers: Authorizers::new(source.keyring, pools.collect()),
            near,
            pool: Pool::new(function, reserved, logs.clone()),
            _snapshot: snapshot,
        })
    }

    /// Ends all processes, and waits until none is left.
    pub(crate) async fn close(&self) {
        for pool in self.functions() {
            pool.close().await;
        }
    }

    /// The functions: the API's first, then each authorizer's.
    pub(crate) fn functions(&self) -> Vec<&Pool> {
        std::iter::once(&self.pool)
            .chain(self.authorizers.pools())
            .collect()
    }

    /// The function of that name.
    pub(crate) fn function(&self, name: &str) -> Option<&Pool> {
        self.functions()
            .into_iter()
            .find(|pool| pool.function().name == name)
    }
}

/// An authorizer's function: the same executable with another part to play.
fn authorizer_function(
    authorizer: &ManifestAuthorizer,
    function: &Function,
    settings: &Settings,
) -> Function {
    let own = settings.access.authorizers.get(&authorizer.name);
    Function {
        name: format!("{}-{}", function.name, authorizer.name),
        handler: authorizer.entry(),
        memory_mb: own.and_then(|own| own.memory).unwrap_or(settings.memory),
        timeout_seconds: own.and_then(|own| own.timeout).unwrap_or(settings.timeout),
        ..function.clone()
    }
}

/// The manifest's routes as the gateway knows them.
fn routes(manifest: &Manifest) -> Result<Vec<RouteKey>> {
    let parse = |route: &fw::manifest::ManifestRoute| {
        let key = route.key();
        key.parse::<RouteKey>().map_err(|error| {
            let place = route.source.as_ref().map_or_else(String::new, |source| {
                format!(" ({}:{})", source.file, source.line)
            });
            Failure::input(format!("the gateway cannot have this route{place}: {key}"))
                .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
        })
    };
    manifest.routes.iter().map(parse).collect()
}

/// The front door that the settings choose, with the manifest's routes.
fn front_door(source: &Source<'_>, routes: Vec<RouteKey>) -> Result<FrontDoor> {
    let settings = source.settings;
    let identity = ApiIdentity {
        account_id: environment::ACCOUNT.to_owned(),
        region: environment::region(),
        domain_name: source
            .url
            .split_once("://")
            .map_or(source.url, |(_, host)| host)
            .to_owned(),
        stage_variables: settings.door.stage_variables.clone(),
        ..ApiIdentity::new("local", &settings.door.stage_name)
    };
    let cors = settings.cors.as_ref().map(|cors| CorsConfig {
        allow_origins: cors.allow_origins.clone(),
        allow_methods: cors.allow_methods.clone(),
        allow_headers: cors.allow_headers.clone(),
        expose_headers: cors.expose_headers.clone(),
        max_age: cors.max_age,
        allow_credentials: cors.allow_credentials,
    });
    let made: Result<FrontDoor, ConfigError> = match settings.gateway {
        Gateway::HttpApi => HttpApi::new(HttpApiConfig {
            routes: http_api_routes(source, routes),
            authorizers: authorizers(source)?,
            throttle: throttle(
                settings.access.throttle.rate,
                settings.access.throttle.burst,
            ),
            cors,
            payload_format: match settings.door.payload_format {
                door::PayloadFormat::V1 => PayloadFormat::V1,
                door::PayloadFormat::V2 => PayloadFormat::V2,
            },
            ..HttpApiConfig::new(identity)
        })
        .map(FrontDoor::from),
        Gateway::RestApi => RestApi::new(RestApiConfig {
            routes,
            cors,
            binary_media_types: settings.door.binary_media_types.clone(),
            ..RestApiConfig::new(identity)
        })
        .map(FrontDoor::from),
        // The app finds the route itself.
        Gateway::FunctionUrl => FunctionUrl::new(FunctionUrlConfig {
            cors,
            streaming: settings.door.invoke_mode == InvokeMode::ResponseStream,
            iam: settings.door.auth == Auth::Iam,
            ..FunctionUrlConfig::new(identity)
        })
        .map(FrontDoor::from),
    };
    made.map_err(|error| {
        Failure::input("the gateway cannot be set up so")
            .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
    })
}

/// Each route with what it asks of its callers.
fn http_api_routes(source: &Source<'_>, routes: Vec<RouteKey>) -> Vec<HttpApiRoute> {
    let own = &source.settings.access.throttle.routes;
    routes
        .into_iter()
        .zip(&source.manifest.routes)
        .map(|(key, route)| HttpApiRoute {
            throttle: own
                .get(&route.key())
                .and_then(|own| throttle(Some(own.rate), Some(own.burst))),
            requirement: match &route.authorization {
                Some(Authorization::Iam) => Some(Requirement::Iam),
                Some(Authorization::Jwt { name, scopes }) => Some(Requirement::Jwt {
                    authorizer: jwt_name(name),
                    scopes: scopes.clone(),
                }),
                Some(Authorization::Lambda { name }) => Some(Requirement::Lambda {
                    authorizer: name.clone(),
                }),
                // Any other has been refused.
                _ => None,
            },
            key,
        })
        .collect()
}

/// The settings' names are apart from the app's authorizers', and the gateway's are not.
fn jwt_name(name: &str) -> String {
    format!("jwt.{name}")
}

/// The issuers of the settings, and the app's own authorizers.
fn authorizers(source: &Source<'_>) -> Result<Vec<Authorizer>> {
    let identity = |text: &str| {
        text.parse::<IdentitySource>().map_err(|error| {
            Failure::input(format!("the gateway cannot read who calls from: `{text}`"))
                .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
        })
    };
    let mut all = Vec::new();
    for (name, jwt) in &source.settings.access.jwt {
        all.push(Authorizer::Jwt(JwtAuthorizer {
            identity: identity(&jwt.identity)?,
            ..JwtAuthorizer::new(jwt_name(name), &jwt.issuer, &jwt.audience)
        }));
    }
    for authorizer in &source.manifest.authorizers {
        let none = AuthorizerSettings::default();
        let own = source.settings.access.authorizers.get(&authorizer.name);
        let own = own.unwrap_or(&none);
        let sources = own.identity.as_ref().unwrap_or(&authorizer.identity);
        let payload_format = match authorizer.payload_format.as_deref() {
            Some("1.0") => PayloadFormat::V1,
            _ => PayloadFormat::V2,
        };
        all.push(Authorizer::Lambda(LambdaAuthorizer {
            identity: sources
                .iter()
                .map(|text| identity(text))
                .collect::<Result<_>>()?,
            ttl: own.ttl.unwrap_or(authorizer.ttl),
            payload_format,
            // Format 1.0 has no simple form.
            simple: authorizer.simple && payload_format == PayloadFormat::V2,
            ..LambdaAuthorizer::new(&authorizer.name)
        }));
    }
    Ok(all)
}

fn throttle(rate: Option<f64>, burst: Option<u32>) -> Option<Throttle> {
    Some(Throttle {
        rate: rate?,
        burst: burst?,
    })
}
