//! Builds and serves, and does it again after every save. The old build serves until the new one is ready.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    path::{Path, PathBuf},
    time::Instant,
};

use fw_manifest::{ManifestRoute, ManifestSource};

use super::{
    app::{self, App, Ready},
    banner, given,
    services::{self, Services},
};
use crate::{
    args,
    console::{Console, DIM, WARN},
    error::{Context, Exit, Failure, Result},
    local::{
        authorizers::{Keyring, development},
        generation::{Generation, Source},
        server::Server,
    },
    settings::Settings,
    values::{
        lambda::Architecture,
        names::{DEFAULT_STAGE, FILE_NAME, SECRETS_FILE},
    },
    watch::Watcher,
};

/// Serves the app, and its successors, for ever. Returns the failure that keeps even the first from being served.
pub(super) async fn keep_serving(
    app: App,
    settings: Settings,
    args: &args::Local,
    services: &Services,
    server: &Server,
    console: &Console,
) -> Failure {
    let serving = Serving {
        keyring: Keyring::new(development::path(&app.folder())),
        app,
        settings,
        args,
        services,
        server,
        console,
        told: None,
        served: None,
    };
    match serving.run().await {
        Err(failure) => failure,
        Ok(never) => match never {},
    }
}

struct Serving<'a> {
    app: App,
    keyring: Keyring,
    settings: Settings,
    args: &'a args::Local,
    services: &'a Services,
    server: &'a Server,
    console: &'a Console,
    /// What is served, as in the table; `None` before the first build that works.
    told: Option<Told>,
    /// The executable that is served and its state at that time: another cargo may build it too.
    served: Option<Stamp>,
}

/// The table at the start.
#[derive(PartialEq)]
struct Told {
    routes: Vec<ManifestRoute>,
    sources: Vec<ManifestSource>,
    settings: Settings,
}

/// Identifies a build of an executable: its modification time and its size.
type Stamp = (std::time::SystemTime, u64);

fn stamp(executable: &Path) -> Option<Stamp> {
    let found = executable.metadata().ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl Serving<'_> {
    async fn run(mut self) -> Result<Infallible> {
        // From before the build on: a save during it is one to build again for.
        let watcher = match &self.app {
            _ if self.args.no_reload => None,
            App::Project { project, .. } => Some(Watcher::new(project)?),
            // Of use, and not what it was asked for: without a watch to be had it serves on.
            App::Bootstrap(path) => {
                let settings = self.app.settings_dir().join(FILE_NAME);
                Watcher::of_files([path.clone(), settings]).ok()
            }
        };
        if self.args.release && self.settings.architecture != Architecture::HOST {
            self.console.warning(format_args!(
                "`deploy` uploads a build for {}; this is the same release build for {}",
                self.settings.architecture.as_str(),
                Architecture::HOST.as_str()
            ));
        }
        let mut watcher = watcher;
        let first = self.prepare(watcher.as_mut()).await;
        let first = match first {
            Ok(ready) => self.serve(&ready).await,
            Err(failure) => Err(failure),
        };
        let Some(mut watcher) = watcher else {
            first?;
            return std::future::pending().await;
        };
        match first {
            Ok(()) => {}
            // Whoever wrote it ends it and starts again; a project is being written.
            Err(failure) if matches!(self.app, App::Bootstrap(_)) => return Err(failure),
            Err(failure) => self.stays(&failure),
        }
        loop {
            let changed = watcher.changed().await;
            if let Err(failure) = self.reload(&changed, &mut watcher).await {
                self.stays(&failure);
            }
        }
    }

    /// Reports why there is no new build, and what is served now.
    fn stays(&self, failure: &Failure) {
        self.console.failure(failure);
        let meanwhile = if self.told.is_some() {
            "the old build keeps serving"
        } else {
            "requests wait as well"
        };
        self.console.line(format_args!(
            "{WARN}waiting{WARN:#} for the next save; {meanwhile}"
        ));
    }

    async fn reload(&mut self, changed: &BTreeSet<PathBuf>, watcher: &mut Watcher) -> Result<()> {
        let start = Instant::now();
        let named = |name: &str| {
            changed
                .iter()
                .any(|path| path.file_name().is_some_and(|file| file == name))
        };
        self.console
            .verbose(format_args!("changed: {}", list(changed)));
        if named("Cargo.toml") || named("Cargo.lock") {
            self.find_again(watcher).await?;
        }
        let mut new_settings = false;
        if named(FILE_NAME) || named(SECRETS_FILE) {
            let mut settings = Settings::load_behind(
                self.app.settings_dir(),
                &self.settings.stage,
                self.args.gateway,
            )?;
            services::secrets(self.args, &mut settings, self.app.settings_dir()).await?;
            given::give(self.args, &mut settings)?;
            new_settings = settings != self.settings;
            self.settings = settings;
        }
        let ready = self.prepare(Some(&mut *watcher)).await?;
        let unchanged = self.served.is_some() && stamp(&ready.bootstrap) == self.served;
        if unchanged && !new_settings && self.told.is_some() {
            self.console.verbose("the build has not changed");
            return Ok(());
        }
        let after_build = Instant::now();
        self.serve(&ready).await?;
        let built = ready.built.map_or(start.elapsed(), |built| built.duration);
        self.console.status(
            "Reloaded",
            format_args!(
                "{} {DIM}(built in {:.2} s, swapped in {} ms){DIM:#}",
                list(&watcher.named(changed)),
                built.as_secs_f64(),
                after_build.elapsed().as_millis()
            ),
        );
        Ok(())
    }

    /// Reads the project again: a manifest of cargo's changed.
    async fn find_again(&mut self, watcher: &mut Watcher) -> Result<()> {
        if let App::Project { project, .. } = &mut self.app {
            let before = project.clone();
            let found = tokio::task::spawn_blocking(move || before.find_again()).await;
            **project = found.context("reading the project was interrupted")??;
            watcher.follow(project)?;
        }
        Ok(())
    }

    /// The command that prints a token for this very app.
    fn token(&self) -> String {
        let mut command = "cargo fw token".to_owned();
        let which = &self.args.which;
        let bootstrap = self.args.bootstrap.as_ref();
        let bootstrap = bootstrap.map(|path| path.display().to_string());
        let stage = self.settings.stage.as_str();
        for (flag, value) in [
            ("--package", which.package.as_deref()),
            ("--bin", which.bin.as_deref()),
            ("--bootstrap", bootstrap.as_deref()),
            (
                "--stage",
                Some(stage).filter(|stage| *stage != DEFAULT_STAGE),
            ),
        ] {
            if let Some(value) = value {
                command.push_str(&format!(" {flag} {value}"));
            }
        }
        command
    }

    /// Builds, and updates the watcher with the build's inputs.
    async fn prepare(&self, watcher: Option<&mut Watcher>) -> Result<Ready> {
        let (app, console) = (self.app.clone(), self.console.clone());
        let ready = tokio::task::spawn_blocking(move || app.prepare(&console))
            .await
            .context("the build ended unexpectedly")?;
        if let Some(watcher) = watcher {
            match ready.as_ref().map(|ready| &ready.built) {
                Ok(Some(built)) => watcher.built(built),
                Ok(None) => {}
                Err(_) => watcher.failed(),
            }
        }
        match ready {
            // The code that ended the build also ends the command.
            Err(failure) if failure.exit() == Exit::Interrupted => std::future::pending().await,
            ready => ready,
        }
    }

    /// Serves that build from the next request on.
    async fn serve(&mut self, ready: &Ready) -> Result<()> {
        let (services, server) = (self.services, self.server);
        services
            .prepare_events(&ready.manifest, &self.settings, server)
            .await?;
        match &self.app {
            App::Project { project, .. } => {
                let manifest = &ready.manifest;
                self.services
                    .guard(project, manifest, &self.settings, self.console)?;
            }
            App::Bootstrap(_) => self
                .services
                .guard_by_settings(&ready.manifest, &self.settings),
        }
        let url = banner::url(self.server.address());
        let source = Source {
            manifest: &ready.manifest,
            settings: &self.settings,
            bootstrap: &ready.bootstrap,
            replaceable: ready.built.is_some(),
            directory: self.app.settings_dir(),
            url: &url,
            options: app::options(self.args),
            environment: services.environment(&ready.manifest, &self.settings),
            info: self.app.info(&self.settings, &ready.manifest),
            keyring: self.keyring.clone(),
            credentials: self.services.credentials().clone(),
        };
        self.server
            .serve(Generation::new(source, self.server.logs())?);
        self.served = stamp(&ready.bootstrap);
        services.bring_events(&ready.manifest, &self.settings)?;
        let manifest = &ready.manifest;
        let before = self.told.replace(Told {
            routes: manifest.routes.clone(),
            sources: manifest.sources.clone(),
            settings: self.settings.clone(),
        });
        if before != self.told {
            banner::print(
                self.console,
                &ready.manifest,
                &self.settings,
                self.services,
                &url,
                &self.token(),
            );
        }
        Ok(())
    }
}

/// The changed files as a short text.
fn list(changed: &BTreeSet<PathBuf>) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let mut shown: Vec<_> = changed
        .iter()
        .take(3)
        .map(|path| path.strip_prefix(&here).unwrap_or(path))
        .map(Path::display)
        .map(|path| path.to_string())
        .collect();
    if changed.len() > shown.len() {
        shown.push(format!("and {} more", changed.len() - shown.len()));
    }
    shown.join(", ")
}
