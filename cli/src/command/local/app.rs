//! The app to serve: a project that is built, or an existing executable.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use fw_manifest::Manifest;
use fw_openapi::Info;
use fw_port_guard::Hosts;

use crate::{
    args::{self, Which},
    command::openapi,
    compile::{self, Built, Profile, RunningBuild},
    console::Console,
    error::{Context as _, Failure, Result},
    local::generation::Options,
    manifest, private_files,
    project::{About, Project},
    settings::Settings,
    values::lambda::Architecture,
};

/// The origin of an executable.
#[derive(Clone, Debug)]
pub(in crate::command) enum App {
    /// From a project of cargo's, built in that profile.
    Project {
        project: Box<Project>,
        profile: Profile,
        build: RunningBuild,
    },
    /// Built elsewhere; it is served as it is.
    Bootstrap(PathBuf),
}

/// An app that can be served.
#[derive(Debug)]
pub(in crate::command) struct Ready {
    /// The executable.
    pub(in crate::command) bootstrap: PathBuf,
    /// Its manifest.
    pub(in crate::command) manifest: Manifest,
    /// The build that created it, if there was one.
    pub(in crate::command) built: Option<Built>,
}

impl App {
    /// The app that the arguments name: an executable or a project.
    pub(in crate::command) fn find(
        bootstrap: Option<&Path>,
        which: &Which,
        release: bool,
    ) -> Result<Self> {
        if let Some(bootstrap) = bootstrap {
            if !bootstrap.is_file() {
                return Err(Failure::input(format!(
                    "the file does not exist: {}",
                    bootstrap.display()
                )));
            }
            // Found here and not in `PATH`, and still found from another folder.
            let bootstrap = std::path::absolute(bootstrap).unwrap_or_else(|_| bootstrap.to_owned());
            return Ok(Self::Bootstrap(bootstrap));
        }
        let profile = if release {
            Profile::Release
        } else {
            Profile::Dev
        };
        let project = Box::new(Project::find(which)?);
        Ok(Self::Project {
            project,
            profile,
            build: RunningBuild::default(),
        })
    }

    /// Builds it if needed, and reads its manifest. Blocks while cargo runs.
    pub(in crate::command) fn prepare(&self, console: &Console) -> Result<Ready> {
        let (bootstrap, built) = match self {
            Self::Bootstrap(path) => (path.clone(), None),
            Self::Project {
                project,
                profile,
                build,
            } => {
                let built =
                    compile::build_until(project, *profile, Architecture::HOST, console, build)?;
                (built.executable.clone(), Some(built))
            }
        };
        let manifest = manifest::read(&bootstrap)?;
        Ok(Ready {
            bootstrap,
            manifest,
            built,
        })
    }

    /// What the document says of the API as a whole.
    pub(in crate::command) fn info(&self, settings: &Settings, manifest: &Manifest) -> Info {
        let about = match self {
            Self::Project { project, .. } => project.about().clone(),
            Self::Bootstrap(_) => About {
                version: "1".to_owned(),
                ..About::default()
            },
        };
        openapi::info(&about, settings, manifest)
    }

    /// The folder of `fw.toml`: the package's folder, or the current one.
    pub(in crate::command) fn settings_dir(&self) -> &Path {
        match self {
            Self::Project { project, .. } => project.package_dir(),
            Self::Bootstrap(_) => Path::new("."),
        }
    }

    /// The data folder of the embedded services for a stage.
    pub(in crate::command) fn data_dir(&self, stage: &str) -> PathBuf {
        self.folder().join(stage)
    }

    /// The same folder; it is created if it is missing. Only this user can read it and its parents
    /// up to the target folder.
    ///
    /// # Errors
    ///
    /// The system's, when it cannot be created.
    pub(in crate::command) fn private_data_dir(&self, stage: &str) -> Result<PathBuf> {
        let data = self.data_dir(stage);
        private_files::create_below(&self.target(), &data)
            .with_context(|| format!("cannot write to the data folder: {}", data.display()))?;
        Ok(data)
    }

    /// The target folder.
    fn target(&self) -> PathBuf {
        match self {
            Self::Project { project, .. } => project.target_dir().to_owned(),
            Self::Bootstrap(_) => PathBuf::from("target"),
        }
    }

    /// The folder for all data of the app, in the target folder, so that `cargo clean` removes it.
    pub(in crate::command) fn folder(&self) -> PathBuf {
        match self {
            Self::Project { project, .. } => self.target().join("fw").join(project.name()),
            Self::Bootstrap(path) => {
                // Two apps' files may both be called `bootstrap`; their folders are not.
                let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
                let name = path.file_name().unwrap_or_default();
                self.target().join("fw").join(folder).join(name)
            }
        }
    }

    /// The running build, if any, so that other code can end it.
    pub(in crate::command) fn running_build(&self) -> RunningBuild {
        match self {
            Self::Project { build, .. } => build.clone(),
            Self::Bootstrap(_) => RunningBuild::default(),
        }
    }
}

/// How the app's processes run.
pub(crate) fn options(args: &args::Local) -> Options {
    Options {
        freeze: !args.no_freeze,
        strict_env: args.strict_env,
    }
}

/// The hosts that Lambda's API and the embedded services answer for. They listen on loopback,
/// independent of the gateway.
pub(super) fn service_hosts(args: &args::Local) -> Hosts {
    Hosts::new(Ipv4Addr::LOCALHOST.into(), &args.allow_host)
}
