//! What is served: the front door that a manifest describes, before the processes of one build.
//!
//! A generation never changes. A new build makes a new one, and the server swaps them; the old one finishes what it has.

use std::path::{Path, PathBuf};

use fw::{
    gateway::{
        ApiIdentity, ConfigError, CorsConfig, FrontDoor, FunctionUrl, FunctionUrlConfig, HttpApi,
        HttpApiConfig, PayloadFormat, RestApi, RestApiConfig, RouteKey,
    },
    manifest::Manifest,
};
use tempfile::TempDir;

use super::{
    environment::{self, Function},
    logs::Logs,
    pool::{Limits, Pool},
};
use crate::{
    env,
    error::{Context, Failure, Result},
    settings::{
        Gateway, Settings,
        door::{self, InvokeMode},
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
    /// The processes' working directory.
    pub(crate) directory: &'a Path,
    /// The local server's URL, without the gateway's stage.
    pub(crate) url: &'a str,
    /// Variables for the processes besides Lambda's and the settings', such as the embedded services' endpoints. They go
    /// over all others.
    pub(crate) environment: Vec<(String, String)>,
}

/// A build that is served.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(super) door: FrontDoor,
    pub(super) pool: Pool,
    /// Holds the executable's own name; removed with the generation.
    _snapshot: Option<TempDir>,
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
        let door = front_door(&source)?;
        let (snapshot, bootstrap) = if source.replaceable {
            let (folder, bootstrap) = snapshot(source.bootstrap)?;
            (Some(folder), bootstrap)
        } else {
            let bootstrap = std::path::absolute(source.bootstrap);
            (
                None,
                bootstrap.unwrap_or_else(|_| source.bootstrap.to_owned()),
            )
        };
        let settings = source.settings;
        let mut variables = vec![(
            env::FW_LOCAL.to_owned(),
            format!("{}{}", source.url, settings.door.prefix()),
        )];
        variables.extend(settings.environment.clone());
        variables.extend(source.environment);
        let function = Function {
            name: format!("{}-{}", source.manifest.app, settings.stage),
            handler: "bootstrap".to_owned(),
            memory_mb: settings.memory,
            timeout_seconds: settings.timeout,
            bootstrap,
            directory: source.directory.to_owned(),
            region: environment::region(),
            account: environment::ACCOUNT.to_owned(),
            environment: variables,
        };
        Ok(Self {
            door,
            pool: Pool::new(function, Limits::default(), logs.clone()),
            _snapshot: snapshot,
        })
    }
}

impl Generation {
    /// Ends all processes, and waits until none is left.
    pub(crate) async fn close(&self) {
        for pool in self.functions() {
            pool.close().await;
        }
    }

    /// The functions, the API's first.
    pub(crate) fn functions(&self) -> Vec<&Pool> {
        vec![&self.pool]
    }

    /// The function of that name.
    pub(crate) fn function(&self, name: &str) -> Option<&Pool> {
        self.functions()
            .into_iter()
            .find(|pool| pool.function().name == name)
    }
}

/// The front door that the settings choose, with the manifest's routes.
fn front_door(source: &Source<'_>) -> Result<FrontDoor> {
    let routes = source
        .manifest
        .routes
        .iter()
        .map(|route| {
            let key = route.key();
            key.parse::<RouteKey>().map_err(|error| {
                let place = route.source.as_ref().map_or_else(String::new, |source| {
                    format!(" ({}:{})", source.file, source.line)
                });
                Failure::input(format!("the gateway cannot have this route{place}: {key}"))
                    .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let settings = source.settings;
    let identity = ApiIdentity {
        account_id: environment::ACCOUNT.to_owned(),
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
            routes: routes.into_iter().map(Into::into).collect(),
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
            ..FunctionUrlConfig::new(identity)
        })
        .map(FrontDoor::from),
    };
    made.map_err(|error| {
        Failure::input("the gateway cannot be set up so")
            .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
    })
}

/// Gives the executable a second name, which a new build does not replace: a running generation may have to start
/// processes while, and after, its successor is built.
fn snapshot(bootstrap: &Path) -> Result<(TempDir, PathBuf)> {
    let failed = || format!("cannot keep the build: {}", bootstrap.display());
    let parent = bootstrap.parent().unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new()
        .prefix(".fw-local-")
        .tempdir_in(parent)
        .with_context(failed)?;
    let own = folder.path().join("bootstrap");
    // A link costs nothing; where the file system has none, a copy does it.
    if std::fs::hard_link(bootstrap, &own).is_err() {
        std::fs::copy(bootstrap, &own).with_context(failed)?;
    }
    let own = std::path::absolute(&own).with_context(failed)?;
    Ok((folder, own))
}
