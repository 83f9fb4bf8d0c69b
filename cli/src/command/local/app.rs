//! The app that is served: a project that is built, or an executable that is there.

use std::path::{Path, PathBuf};

use fw::manifest::Manifest;

use crate::{
    args,
    compile::{self, Built, Profile, RunningBuild},
    console::Console,
    error::{Failure, Result},
    manifest,
    project::Project,
    settings::Architecture,
};

/// Where an executable comes from.
#[derive(Clone, Debug)]
pub(super) enum App {
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
pub(super) struct Ready {
    /// The executable.
    pub(super) bootstrap: PathBuf,
    /// What it says of itself.
    pub(super) manifest: Manifest,
    /// The build that made it, unless it was there.
    pub(super) built: Option<Built>,
}

impl App {
    /// What the arguments name.
    pub(super) fn find(args: &args::Local) -> Result<Self> {
        if let Some(bootstrap) = &args.bootstrap {
            if !bootstrap.is_file() {
                return Err(Failure::input(format!(
                    "there is no such file: {}",
                    bootstrap.display()
                )));
            }
            // Found here and not in `PATH`, and still found from another folder.
            let bootstrap = std::path::absolute(bootstrap).unwrap_or_else(|_| bootstrap.clone());
            return Ok(Self::Bootstrap(bootstrap));
        }
        let profile = if args.release {
            Profile::Release
        } else {
            Profile::Dev
        };
        let project = Box::new(Project::find(&args.which)?);
        Ok(Self::Project {
            project,
            profile,
            build: RunningBuild::default(),
        })
    }

    /// Builds it, if it is to be built, and reads its manifest. Blocks for as long as cargo takes.
    pub(super) fn prepare(&self, console: &Console) -> Result<Ready> {
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
    pub(super) fn settings_dir(&self) -> &Path {
        match self {
            Self::Project { project, .. } => project.package_dir(),
            Self::Bootstrap(_) => Path::new("."),
        }
    }

    /// Where the embedded services keep a stage's data: under the target folder, so that `cargo clean` starts afresh.
    pub(super) fn data_dir(&self, stage: &str) -> PathBuf {
        match self {
            Self::Project { project, .. } => project
                .target_dir()
                .join("fw")
                .join(project.name())
                .join(stage),
            Self::Bootstrap(path) => {
                // Two apps' files may both be called `bootstrap`; their folders are not.
                let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
                let name = path.file_name().unwrap_or_default();
                Path::new("target")
                    .join("fw")
                    .join(folder)
                    .join(name)
                    .join(stage)
            }
        }
    }

    /// The build that may be running, so that it can be ended from elsewhere.
    pub(super) fn running_build(&self) -> RunningBuild {
        match self {
            Self::Project { build, .. } => build.clone(),
            Self::Bootstrap(_) => RunningBuild::default(),
        }
    }
}
