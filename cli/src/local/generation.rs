//! What is served: the front door that a manifest describes, before the processes of one build.
//!
//! A generation never changes. A new build makes a new one, and the server swaps them; the old one finishes what it has.

use std::{collections::BTreeMap, path::Path};

use fw_gateway::FrontDoor;
use fw_manifest::{Manifest, ManifestAuthorizer};

use super::{
    authorizers::{Authorizers, Keyring},
    front_door,
    logs::Logs,
    masks::Masks,
    near::Near,
    pool::{Limits, Pool},
    snapshot::Snapshot,
};
use crate::{
    env,
    error::Result,
    process::environment::Function,
    settings::{Settings, fit},
    values::credentials::{self, LocalCredentials},
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
    /// What the processes sign with, and what signed requests are checked by.
    pub(crate) credentials: LocalCredentials,
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
    pub(super) masks: Masks,
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
        let routes = front_door::routes(source.manifest)?;
        let near = Near::new(&routes, source.settings);
        let door = front_door::new(&source, routes)?;
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
        let variables = |own: &BTreeMap<String, String>| {
            let mut variables = Vec::new();
            if !source.options.strict_env {
                let url = format!("{}{}", source.url, settings.door.prefix());
                variables.push((env::FW_LOCAL.to_owned(), url));
            }
            variables.extend(own.clone());
            variables.extend(source.environment.iter().cloned());
            variables
        };
        let mut function = Function {
            name: format!("{}-{}", source.manifest.app, settings.stage),
            handler: "bootstrap".to_owned(),
            memory_mb: settings.memory,
            timeout_seconds: settings.timeout,
            bootstrap,
            directory,
            traces: settings.function.options().tracing,
            region: credentials::region(),
            account: credentials::ACCOUNT.to_owned(),
            strict: source.options.strict_env,
            credentials: source.credentials.clone(),
            environment: variables(&settings.environment),
        };
        let limits = Limits {
            freeze: source.options.freeze,
            ..Limits::default()
        };
        let pools = source.manifest.authorizers.iter().map(|authorizer| {
            let seen = settings.seen_by(&authorizer.name);
            let own = Function {
                environment: variables(&seen.environment),
                ..function.clone()
            };
            let own = authorizer_function(authorizer, &own, settings);
            let set = settings.access.authorizers.get(&authorizer.name);
            let limits = limits.reserving(set.and_then(|own| own.function().concurrency));
            let pool = Pool::new(own, limits, logs.clone());
            (authorizer.name.clone(), pool)
        });
        let pools = pools.collect();
        function
            .environment
            .extend(settings.function.options().log_variables());
        function.environment.extend(settings.door.variable());
        let reserved = limits.reserving(settings.concurrency);
        Ok(Self {
            door,
            authorizers: Authorizers::new(source.keyring, source.credentials, pools),
            near,
            masks: Masks::new(source.manifest, settings),
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
    let set = own.map_or_else(
        || settings.function.clone(),
        |own| own.function().over(&settings.function),
    );
    let options = set.options();
    let mut environment = function.environment.clone();
    environment.extend(options.log_variables());
    Function {
        name: format!("{}-{}", function.name, authorizer.name),
        handler: authorizer.entry(),
        memory_mb: own.and_then(|own| own.memory).unwrap_or(settings.memory),
        timeout_seconds: own.and_then(|own| own.timeout).unwrap_or(settings.timeout),
        environment,
        traces: options.tracing,
        ..function.clone()
    }
}
