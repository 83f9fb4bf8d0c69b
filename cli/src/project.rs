//! The user's project, from cargo's metadata: package, binary, sources.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    process::Stdio,
};

use cargo_metadata::{Metadata, MetadataCommand, Package, PackageId, Target};

mod aws_use;

use self::aws_use::AwsUse;
pub(crate) use self::aws_use::Sources;
use crate::{
    args::Which,
    cargo,
    error::{Context, Exit, Failure, Result},
};

/// The framework's package.
pub(crate) const FRAMEWORK: &str = "fw-lambda";

/// A package with a binary that is an app.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    name: String,
    bin: String,
    package_dir: PathBuf,
    workspace_root: PathBuf,
    target_dir: PathBuf,
    /// Folders of the package and of its path dependencies, the package's first.
    source_dirs: Vec<PathBuf>,
    compiles_c: bool,
    aws: AwsUse,
    about: About,
}

/// What a package says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    /// Its version, `1.2.0`.
    pub(crate) version: String,
    /// What it is for; empty where it does not say.
    pub(crate) description: String,
    /// An SPDX expression; empty where it has none.
    pub(crate) license: String,
}

impl Project {
    /// The project in the current folder that `which` names.
    ///
    /// # Errors
    ///
    /// If there is no package here, or the choice of the package or binary is ambiguous.
    pub(crate) fn find(which: &Which) -> Result<Self> {
        Self::from_metadata(&metadata()?, which)
    }

    /// Reads the same project again, because its dependencies may have changed.
    pub(crate) fn find_again(&self) -> Result<Self> {
        let which = Which {
            package: Some(self.name.clone()),
            bin: Some(self.bin.clone()),
        };
        Self::from_metadata(&metadata()?, &which)
    }

    fn from_metadata(metadata: &Metadata, which: &Which) -> Result<Self> {
        let package = choose_package(metadata, which.package.as_deref())?;
        let bin = choose_bin(package, which.bin.as_deref())?;
        let reached = reachable(metadata, &package.id);
        let packages = || {
            metadata
                .packages
                .iter()
                .filter(|other| reached.contains(&other.id))
        };
        let mut source_dirs = vec![folder(package)];
        source_dirs.extend(
            packages()
                .filter(|other| other.source.is_none() && other.id != package.id)
                .map(folder),
        );
        // Of the app's package one binary is deployed, of all packages the library.
        let is_built = |other: &Package, target: &Target| match target.is_bin() {
            true => other.id == package.id && target.name == bin,
            false => !is_apart(target),
        };
        let aws = AwsUse::of(metadata, &reached, is_built);
        Ok(Self {
            name: package.name.to_string(),
            bin,
            package_dir: folder(package),
            workspace_root: metadata.workspace_root.clone().into(),
            target_dir: metadata.target_directory.clone().into(),
            source_dirs,
            aws,
            about: About {
                version: package.version.to_string(),
                description: package.description.clone().unwrap_or_default(),
                license: package.license.clone().unwrap_or_default(),
            },
            compiles_c: packages().any(|other| other.name.as_str() == "cc"),
        })
    }

    /// The package's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the package says of itself.
    pub(crate) const fn about(&self) -> &About {
        &self.about
    }

    /// The binary's name.
    pub(crate) fn bin(&self) -> &str {
        &self.bin
    }

    /// The folder of its `Cargo.toml` and `fw.toml`.
    pub(crate) fn package_dir(&self) -> &Path {
        &self.package_dir
    }

    /// The workspace's root.
    pub(crate) fn workspace_root(&self) -> &Path {
        &self.workspace_root
    }

    /// Cargo's target folder; `cargo fw` uses the folder `fw` in it.
    pub(crate) fn target_dir(&self) -> &Path {
        &self.target_dir
    }

    /// The folders with the app's sources: the package first, then its path dependencies.
    pub(crate) fn source_dirs(&self) -> &[PathBuf] {
        &self.source_dirs
    }

    /// The AWS SDK crates that its own packages depend on: name and folder.
    pub(crate) fn aws_crates(&self) -> &[(String, PathBuf)] {
        &self.aws.crates
    }

    /// The sources that may call them.
    pub(crate) const fn policy_sources(&self) -> &Sources {
        &self.aws.sources
    }

    /// Packages of others that call an AWS SDK themselves, and which.
    pub(crate) fn aws_through(&self) -> &[(String, String)] {
        &self.aws.through
    }

    /// True if a dependency compiles C, judged by its use of the `cc` crate.
    pub(crate) fn compiles_c(&self) -> bool {
        self.compiles_c
    }
}

/// Cargo's metadata of the project in the current folder.
fn metadata() -> Result<Metadata> {
    let output = cargo::command()
        .args(["metadata", "--format-version", "1"])
        .stdin(Stdio::null())
        .output()
        .context("cannot run `cargo metadata`")
        .map_err(|failure| failure.exiting(Exit::Unavailable))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        let said = text(&output.stderr);
        if said.contains("could not find `Cargo.toml`") {
            return Err(Failure::input(
                "neither this folder nor a parent folder has a `Cargo.toml`",
            )
            .hint(
                "run `cargo fw new NAME` to create a project, or change to your project's folder",
            ));
        }
        return Err(Failure::input("cargo cannot read this project")
            .because_of(said.trim().trim_start_matches("error: ").to_owned()));
    }
    MetadataCommand::parse(text(&output.stdout))
        .context("cannot read what `cargo metadata` printed")
        .map_err(|failure| failure.exiting(Exit::Unavailable))
}

fn choose_package<'m>(metadata: &'m Metadata, name: Option<&str>) -> Result<&'m Package> {
    let members = metadata.workspace_packages();
    if let Some(name) = name {
        return members
            .iter()
            .find(|package| package.name.as_str() == name)
            .copied()
            .ok_or_else(|| {
                let names: Vec<_> = members
                    .iter()
                    .map(|package| package.name.as_str())
                    .collect();
                no_such("package", name, "in this workspace", &names)
            });
    }
    // In a package's own folder that package is meant, as in cargo.
    let here = std::env::current_dir().unwrap_or_default();
    let of_here = members
        .iter()
        .filter(|package| here.starts_with(package_dir(package)));
    if let Some(package) = of_here.max_by_key(|package| package_dir(package).components().count()) {
        return Ok(package);
    }
    let apps: Vec<_> = members
        .into_iter()
        .filter(|package| is_app(package))
        .collect();
    match apps.as_slice() {
        [app] => Ok(app),
        [] => Err(Failure::input("no package in this workspace is an fw app")
            .because_of(format!(
                "no package has a binary and depends on `{FRAMEWORK}`"
            ))
            .hint("run `cargo fw new NAME` to create one")),
        several => Err(
            Failure::input("this workspace has several apps").hint(format!(
                "name one: {}",
                flags("-p", several.iter().map(|package| package.name.as_str()))
            )),
        ),
    }
}

/// True if the target is not an app's: an example, a test, a benchmark, a build script.
fn is_apart(target: &Target) -> bool {
    target.is_example() || target.is_test() || target.is_bench() || target.is_custom_build()
}

fn is_app(package: &Package) -> bool {
    package.targets.iter().any(Target::is_bin)
        && package
            .dependencies
            .iter()
            .any(|dependency| dependency.name == FRAMEWORK)
}

fn choose_bin(package: &Package, name: Option<&str>) -> Result<String> {
    let bins: Vec<_> = package
        .targets
        .iter()
        .filter(|target| target.is_bin())
        .map(|target| target.name.as_str())
        .collect();
    if let Some(name) = name {
        if bins.contains(&name) {
            return Ok(name.to_owned());
        }
        return Err(no_such(
            "binary",
            name,
            &format!("in package `{}`", package.name),
            &bins,
        ));
    }
    match (bins.as_slice(), &package.default_run) {
        (_, Some(bin)) => Ok(bin.clone()),
        ([bin], None) => Ok((*bin).to_owned()),
        ([], None) => Err(
            Failure::input(format!("package `{}` has no binary", package.name))
                .because_of("an app needs a `src/main.rs` whose `main` runs it"),
        ),
        (several, None) => {
            Err(
                Failure::input(format!("package `{}` has several binaries", package.name)).hint(
                    format!("name one: {}", flags("--bin", several.iter().copied())),
                ),
            )
        }
    }
}

fn no_such(kind: &str, name: &str, place: &str, known: &[&str]) -> Failure {
    let failure = Failure::input(format!("no {kind} `{name}` {place}"));
    let nearest = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min();
    match nearest {
        Some((distance, known)) if distance <= 1 + known.len() / 3 => {
            failure.hint(format!("did you mean `{known}`?"))
        }
        Some(_) => failure.hint(format!("use one of: {}", known.join(", "))),
        None => failure,
    }
}

fn flags<'n>(flag: &str, names: impl Iterator<Item = &'n str>) -> String {
    names
        .map(|name| format!("`{flag} {name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn package_dir(package: &Package) -> &Path {
    package
        .manifest_path
        .parent()
        .map_or(Path::new("."), |folder| folder.as_std_path())
}

fn folder(package: &Package) -> PathBuf {
    package_dir(package).to_owned()
}

/// The packages that a build of `root` needs: itself and its dependencies, without those that only
/// tests need.
fn reachable<'m>(metadata: &'m Metadata, root: &'m PackageId) -> BTreeSet<&'m PackageId> {
    let nodes: HashMap<_, _> = metadata
        .resolve
        .iter()
        .flat_map(|graph| &graph.nodes)
        .map(|node| (&node.id, node))
        .collect();
    let mut reached = BTreeSet::new();
    let mut next = vec![root];
    while let Some(id) = next.pop() {
        if !reached.insert(id) {
            continue;
        }
        let Some(node) = nodes.get(id) else { continue };
        let built = |dep: &&cargo_metadata::NodeDep| {
            dep.dep_kinds
                .iter()
                .any(|kind| kind.kind != cargo_metadata::DependencyKind::Development)
        };
        next.extend(node.deps.iter().filter(built).map(|dep| &dep.pkg));
    }
    reached
}
