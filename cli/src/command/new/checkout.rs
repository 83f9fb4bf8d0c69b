//! Until fw is published: the checkout from which a new project takes the framework and the
//! command.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use crate::env;

/// The checkout that this CLI was built in.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A folder with the sources of fw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checkout {
    root: PathBuf,
    /// True if an alias runs the command from it; otherwise the command is installed.
    by_alias: bool,
}

impl Checkout {
    /// The checkout that a project in that folder uses: the one around it, or the one that built this CLI. `None` where
    /// that is gone.
    pub(super) fn of(folder: &Path) -> Option<Self> {
        let around = folder.ancestors().find(|above| is_checkout(above));
        let own = PathBuf::from(OWN).canonicalize().ok();
        let own = own.filter(|own| is_checkout(own));
        let runs_from = own.as_deref().is_some_and(runs_from);
        let root = around.map(Path::to_owned).or(own)?;
        Some(Self {
            // A checkout has an alias for itself, which shadows an installed command in each folder of it.
            by_alias: runs_from || around.is_some(),
            root,
        })
    }

    /// Its folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The framework as a dependency with further keys: by a path, which is relative for a folder in the checkout.
    pub(super) fn dependency(&self, folder: &Path, more: &str) -> String {
        let path = self.framework(folder);
        format!("{{ package = \"fw-lambda\", path = {path:?}{more} }}")
    }

    /// The framework's folder, for a project in this folder.
    pub(super) fn framework(&self, folder: &Path) -> String {
        let framework = self.root.join("framework");
        let path = match folder.strip_prefix(&self.root) {
            Ok(inside) => {
                let up = inside.components().map(|_| Component::ParentDir);
                up.collect::<PathBuf>().join("framework")
            }
            Err(_) => framework,
        };
        path.display().to_string()
    }

    /// The words of the alias `cargo fw`, where one is needed.
    pub(super) fn alias(&self) -> Option<[String; 5]> {
        let manifest = self.root.join("Cargo.toml").display().to_string();
        let words = ["run", "--manifest-path", &manifest, "--package", "cargo-fw"];
        self.by_alias.then(|| words.map(str::to_owned))
    }
}

fn is_checkout(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("framework/Cargo.toml"));
    manifest.is_ok_and(|text| text.contains("name = \"fw-lambda\""))
}

/// True if this process runs from the checkout: from its target folder, or by `cargo run` with
/// another one.
fn runs_from(checkout: &Path) -> bool {
    let program = std::env::current_exe().and_then(|program| program.canonicalize());
    let package = std::env::var_os(env::CARGO_MANIFEST_DIR).map(PathBuf::from);
    program.is_ok_and(|program| program.starts_with(checkout))
        || package.is_some_and(|package| package == checkout.join("cli"))
}
