//! The app that is served: a project that is built, or an executable that is there.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use fw_manifest::Manifest;
use fw_port_guard::Hosts;

use crate::{
    args::{self, Which},
    compile::{self, Built, Profile, RunningBuild},
    console::Console,
    error::{Context as _, Failure, Result},
    local::generation::Options,
    manifest, private_files,
    project::Project,
    values::lambda::Architecture,
};

/// Where an executable comes from.
#[derive(Clone, Debug)]
pub(in crate::command) enum App {
    /// From a project of cargo's, built in that profile.
    Project {
        project: Box<Project>,
        profile: Profile,
        build: RunningBuild,
    },
    /// From somebody else; it is served as it is.
    Bootstrap(PathBuf),
}

/// An app that can be served.
#[derive(Debug)]
pub(in crate::command) struct Ready {
    /// The executable.
    pub(in crate::command) bootstrap: PathBuf,
    /// What it says of itself.
    pub(in crate::command) manifest: Manifest,
    /// The build that made it, unless it was there.
    pub(in crate::command) built: Option<Built>,
}

impl App {
    /// What the arguments name: that executable, or else that project.
    pub(in crate::command) fn find(
        bootstrap: Option<&Path>,
        which: &Which,
        release: bool,
    ) -> Result<Self> {
        if let Some(bootstrap) = bootstrap {
            if !bootstrap.is_file() {
                return Err(Failure::input(format!(
                    "there is no such file: {}",
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

    /// Builds it, if it is to be built, and reads its manifest. Blocks for as long as cargo takes.
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

    /// Where `fw.toml` is looked for: in the package's folder, or in the current one.
    pub(in crate::command) fn settings_dir(&self) -> &Path {
        match self {
            Self::Project { project, .. } => project.package_dir(),
            Self::Bootstrap(_) => Path::new("."),
        }
    }

    /// Where the embedded services keep a stage's data.
    pub(in crate::command) fn data_dir(&self, stage: &str) -> PathBuf {
        self.folder().join(stage)
    }

    /// The same folder, created where it is missing. It is this user's alone, and so are those above it up to the target folder.
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

    /// Where everything is kept that is the app's: under the target folder, so that `cargo clean` starts afresh.
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

    /// The build that may be running, so that it can be ended from elsewhere.
    pub(in crate::command) fn running_build(&self) -> RunningBuild {
        match self {
            Self::Project { build, .. } => build.clone(),
            Self::Bootstrap(_) => RunningBuild::default(),
        }
    }
}

/// How the app's processes are run.
pub(crate) fn options(args: &args::Local) -> Options {
    Options {
        freeze: !args.no_freeze,
        strict_env: args.strict_env,
    }
}

/// The hosts that Lambda's API and the embedded services answer for, which listen on loopback whatever the gateway does.
pub(super) fn service_hosts(args: &args::Local) -> Hosts {
    Hosts::new(Ipv4Addr::LOCALHOST.into(), &args.allow_host)
}
