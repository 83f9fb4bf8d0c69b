//! What is served: the front door from a manifest, and the processes of one build.
//!
//! A generation never changes. A new build creates a new one, and the server swaps them; the old
//! one finishes its requests.

use std::{collections::BTreeMap, path::Path};

use fw_gateway::{FrontDoor, Pending, Received};
use fw_manifest::{Manifest, Part};
use fw_openapi::Info;

use super::{
    authorizers::{Authorizers, Keyring},
    events::LocalNames,
    front_door,
    logs::Logs,
    masks::Masks,
    pages::Pages,
    pinned_executable::PinnedExecutable,
    pool::{Limits, Pool},
    route_hints::RouteHints,
};
use crate::{
    env,
    error::Result,
    process::environment::Function,
    settings::{Settings, compatibility, function::FunctionSettings},
    values::credentials::{self, LocalCredentials},
};

/// The parts of a generation.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// The build's manifest.
    pub(crate) manifest: &'a Manifest,
    /// The stage's settings.
    pub(crate) settings: &'a Settings,
    /// The executable.
    pub(crate) bootstrap: &'a Path,
    /// True if a later build may replace the executable, so that this generation needs its own name
    /// for it.
    pub(crate) replaceable: bool,
    /// The working directory for an executable that is not replaced. A build runs in its own
    /// folder, as on Lambda.
    pub(crate) directory: &'a Path,
    /// The local server's URL, without the gateway's stage.
    pub(crate) url: &'a str,
    /// How the processes run.
    pub(crate) options: Options,
    /// Variables for the processes in addition to Lambda's and the settings', such as the endpoints
    /// of the embedded services. They override all others.
    pub(crate) environment: Vec<(String, String)>,
    /// The keys for tokens.
    pub(crate) keyring: Keyring,
    /// The title, version and issuers in the API document.
    pub(crate) info: Info,
    /// The credentials of the processes, which also check signed requests.
    pub(crate) credentials: LocalCredentials,
}

/// The developer's options for processes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// True if processes that wait for an event are frozen.
    pub(crate) freeze: bool,
    /// True if they get only Lambda's variables, and those of the settings and the embedded
    /// services.
    pub(crate) strict_env: bool,
}

impl Default for Options {
    /// As on Lambda, with a developer's variables.
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
    authorizers: Authorizers,
    functions: BTreeMap<Part, Pool>,
    pub(super) hints: RouteHints,
    pub(super) masks: Masks,
    pub(super) pages: Pages,
    /// Holds the executable's own name; removed with the generation.
    _pinned: Option<PinnedExecutable>,
}

impl Generation {
    /// Makes a generation. Nothing is started before the first request.
    ///
    /// # Errors
    ///
    /// If the manifest has a route that the gateway cannot have or guard (exit code 65), or the
    /// executable cannot be linked.
    pub(crate) fn new(source: Source<'_>, logs: &Logs) -> Result<Self> {
        compatibility::check(source.manifest, source.settings)?;
        let routes = front_door::routes(source.manifest)?;
        let hints = RouteHints::new(&routes, source.settings);
        let door = front_door::new(&source, routes)?;
        let (pinned, bootstrap, directory) = if source.replaceable {
            let own = PinnedExecutable::of(source.bootstrap)?;
            let (bootstrap, folder) = (own.executable(), own.folder().to_owned());
            (Some(own), bootstrap, folder)
        } else {
            let bootstrap = std::path::absolute(source.bootstrap);
            let bootstrap = bootstrap.unwrap_or_else(|_| source.bootstrap.to_owned());
            (None, bootstrap, source.directory.to_owned())
        };
        let settings = source.settings;
        let limits = Limits {
            freeze: source.options.freeze,
            ..Limits::default()
        };
        let names = LocalNames::new(&source.manifest.app, settings);
        let pool = |part: Part| {
            let set = settings.of(&part);
            let limits = limits.reserving(set.reserved);
            let function = Function {
                name: match part.name() {
                    None => format!("{}-{}", source.manifest.app, settings.stage),
                    Some(name) => format!("{}-{}-{name}", source.manifest.app, settings.stage),
                },
                handler: part.entry(),
                memory_mb: set.memory,
                timeout_seconds: set.timeout,
                bootstrap: bootstrap.clone(),
                directory: directory.clone(),
                traces: set.options.tracing,
                region: credentials::region(),
                account: credentials::ACCOUNT.to_owned(),
                strict: source.options.strict_env,
                credentials: source.credentials.clone(),
                asynchronous: names.asynchronous_of(settings, &part),
                environment: variables(&source, &part, set),
            };
            (part, Pool::new(function, limits, logs.clone()))
        };
        let functions = source.manifest.parts().map(pool).collect();
        Ok(Self {
            door,
            authorizers: Authorizers::new(source.keyring, source.credentials),
            hints,
            masks: Masks::new(source.manifest, settings),
            pages: Pages::new(
                source.manifest,
                &source.info,
                &settings.gateway_settings.prefix(),
            ),
            functions,
            _pinned: pinned,
        })
    }

    /// Ends all processes and waits until none is left.
    pub(crate) async fn close(&self) {
        for pool in self.functions.values() {
            pool.close().await;
        }
    }

    /// The functions: the API's first.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &Pool> {
        self.functions.values()
    }

    /// The API's function. An app that has only sources has none.
    pub(super) fn api(&self) -> Option<&Pool> {
        self.functions.get(&Part::Api)
    }

    /// Gets what the front door needs for that request, and has it decide.
    pub(super) async fn resume(&self, pending: &Pending) -> Received {
        let functions = &self.functions;
        self.authorizers
            .resume(&self.door, pending, functions)
            .await
    }

    /// The function of that name.
    pub(crate) fn function(&self, name: &str) -> Option<&Pool> {
        self.functions().find(|pool| pool.function().name == name)
    }
}

/// The variables of a function: its own, overridden by those of the embedded services and those
/// that its settings stand for.
fn variables(source: &Source<'_>, part: &Part, set: FunctionSettings) -> Vec<(String, String)> {
    let door = &source.settings.gateway_settings;
    let mut all = Vec::new();
    if !source.options.strict_env {
        let url = format!("{}{}", source.url, door.prefix());
        all.push((env::FW_LOCAL.to_owned(), url));
    }
    all.extend(set.environment);
    all.extend(source.environment.iter().cloned());
    all.extend(set.options.log_variables());
    if *part == Part::Api {
        all.extend(source.settings.of_gateway(source.manifest));
    }
    all
}
