//! What the benchmarks of the local server share: load, servers as child processes, and how much processor they took.

// Each benchmark uses a part of it.
#![allow(dead_code, reason = "every benchmark is a crate of its own")]

pub(crate) mod bare;
pub(crate) mod load;
pub(crate) mod process;
pub(crate) mod queue_load;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

/// What can go wrong in a benchmark: anything, and then it ends.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The workspace's folder.
pub(crate) fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.ok_or("no workspace")?.to_owned())
}

/// Runs cargo in the workspace, without the variables that cargo has set for this program: build scripts such as `ring`'s
/// watch them, so everything above would be built again.
pub(crate) fn cargo(root: &Path, args: &[&str]) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        let of_a_package = name.to_str().is_some_and(|name| {
            ["CARGO_MANIFEST_", "CARGO_PKG_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        if of_a_package {
            cargo.env_remove(name);
        }
    }
    let status = cargo.args(args).current_dir(root).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo {} failed", args.join(" ")).into())
    }
}

/// Builds the CLI at full speed, and that example in release.
pub(crate) fn build(root: &Path, example: &str) -> Result<()> {
    cargo(
        root,
        &["build", "--profile", "cli", "--package", "cargo-fw"],
    )?;
    cargo(root, &["build", "--release", "--package", example])
}

/// The middle one of some figures, by an order.
pub(crate) fn median<T: Copy>(mut all: Vec<T>, order: impl Fn(&T) -> f64) -> Option<T> {
    all.sort_by(|left, right| order(left).total_cmp(&order(right)));
    all.get(all.len() / 2).copied()
}

/// The limits that a run missed; `--check` makes them an error.
#[derive(Debug, Default)]
pub(crate) struct Limits(Vec<String>);

impl Limits {
    /// Notes a limit that was missed.
    pub(crate) fn expect(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.0.push(what.into());
        }
    }

    /// Tells which were missed; with `--check` among the arguments that is an error.
    pub(crate) fn conclude(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let missed = format!("missed: {}", self.0.join("; "));
        if std::env::args().any(|argument| argument == "--check") {
            return Err(missed.into());
        }
        #[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
        {
            println!("\n{missed}");
        }
        Ok(())
    }
}
