//! The workspace that a new project joins, as `cargo new` would have it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use cargo_metadata::MetadataCommand;
use toml::de::DeTable;

use crate::{
    cargo,
    error::{Context, Failure, Result},
};

/// Cargo's message if a package is inside a workspace that does not list it.
const NOT_LISTED: &str = "believes it's in a workspace when it's not";

/// The workspace of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// None: there is no workspace above it, or one that excludes it.
    Alone,
    /// A workspace above it lists it, by a pattern or a path.
    Listed(PathBuf),
    /// A workspace above it does not list it.
    NotListed(PathBuf),
}

/// The nearest parent folder with a workspace's manifest.
pub(super) fn above(folder: &Path) -> Option<PathBuf> {
    let mut above = folder.ancestors().skip(1);
    let root = above.find(|folder| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml"));
        manifest.is_ok_and(|text| is_workspace(&text))
    });
    root.map(Path::to_owned)
}

/// True if a manifest is a workspace's.
pub(super) fn is_workspace(manifest: &str) -> bool {
    DeTable::parse(manifest).is_ok_and(|table| table.get_ref().contains_key("workspace"))
}

/// The workspace of the package in this folder, according to cargo. The package's manifest must
/// exist.
///
/// # Errors
///
/// If cargo cannot read the workspace above it, or cannot be run.
pub(super) fn place(folder: &Path) -> Result<Place> {
    match read(folder)? {
        Ok(metadata) if metadata.workspace_root == folder => Ok(Place::Alone),
        Ok(metadata) => Ok(Place::Listed(metadata.workspace_root.into())),
        Err(said) => match above(folder) {
            Some(root) if said.contains(NOT_LISTED) => Ok(Place::NotListed(root)),
            _ => Err(Failure::input("cargo cannot read the project here")
                .because_of(said.trim().trim_start_matches("error: ").to_owned())),
        },
    }
}

/// True if every other package of the workspace is an fw app too, so that the workspace's profile
/// is for apps.
pub(super) fn has_apps_alone(root: &Path, new: &Path) -> bool {
    read(root).is_ok_and(|read| {
        read.is_ok_and(|metadata| {
            let mut others = metadata
                .packages
                .iter()
                .filter(|package| !package.manifest_path.starts_with(new));
            others.all(|package| {
                let mut dependencies = package.dependencies.iter();
                dependencies.any(|dependency| dependency.name == crate::project::FRAMEWORK)
            })
        })
    })
}

/// The output of `cargo metadata` for the workspace, or its error.
fn read(folder: &Path) -> Result<Result<cargo_metadata::Metadata, String>> {
    let output = cargo::command()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .context("cannot run cargo")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        return Ok(Err(text(&output.stderr)));
    }
    Ok(MetadataCommand::parse(text(&output.stdout)).map_err(|error| error.to_string()))
}

/// The workspace's manifest with one more member and no other change. `None` if there is no place
/// for it.
pub(super) fn with_member(manifest: &str, member: &str) -> Option<String> {
    let table = DeTable::parse(manifest).ok()?;
    let workspace = table.get_ref().get("workspace")?.get_ref().as_table()?;
    let (at, text) = match workspace.get("members") {
        Some(members) => match members.get_ref().as_array()?.last() {
            Some(last) => {
                let before = &manifest[..last.span().start];
                let gap = &before[before.trim_end().len()..];
                // Each on its own line, or all on one.
                let gap = gap.rfind('\n').map_or(" ", |line| &gap[line..]);
                (last.span().end, format!(",{gap}{member:?}"))
            }
            None => (members.span().start + 1, format!("{member:?}")),
        },
        None => {
            let mut lines = manifest.split_inclusive('\n');
            let mut at = 0;
            let header = lines.find(|line| {
                at += line.len();
                let line = line.split('#').next().unwrap_or_default();
                line.trim() == "[workspace]"
            })?;
            let start = if header.ends_with('\n') { "" } else { "\n" };
            (at, format!("{start}members = [{member:?}]\n"))
        }
    };
    let mut changed = manifest.to_owned();
    changed.insert_str(at, &text);
    DeTable::parse(&changed).is_ok().then_some(changed)
}

/// Which of the profiles the manifest has: `dev`, `release`.
pub(super) fn profiles(manifest: &str) -> Vec<String> {
    let table: toml::Table = manifest.parse().unwrap_or_default();
    let profiles = table.get("profile").and_then(toml::Value::as_table);
    profiles.map_or_else(Vec::new, |profiles| profiles.keys().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::with_member;

    #[test]
    fn a_member_is_added_and_nothing_else_changes() {
        for (before, after) in [
            (
                "[workspace]\nmembers = [\"a\"]\n",
                "[workspace]\nmembers = [\"a\", \"apps/x\"]\n",
            ),
            (
                "[workspace]\nmembers = [\n    \"a\", # first\n    \"b\", # second\n]\nresolver = \"3\"\n",
                "[workspace]\nmembers = [\n    \"a\", # first\n    \"b\",\n    \"apps/x\", # second\n]\nresolver = \"3\"\n",
            ),
            (
                "[workspace]\nmembers = []\n",
                "[workspace]\nmembers = [\"apps/x\"]\n",
            ),
            (
                "workspace.members = ['a']\n",
                "workspace.members = ['a', \"apps/x\"]\n",
            ),
            (
                "[package]\nname = \"x\"\n\n[workspace] # here\n\n[dependencies]\n",
                "[package]\nname = \"x\"\n\n[workspace] # here\nmembers = [\"apps/x\"]\n\n[dependencies]\n",
            ),
            ("[workspace]", "[workspace]\nmembers = [\"apps/x\"]\n"),
        ] {
            assert_eq!(with_member(before, "apps/x").as_deref(), Some(after));
        }
        for none in ["[package]\n", "workspace = {}\n", "[workspace.package]\n"] {
            assert_eq!(with_member(none, "apps/x"), None, "{none}");
        }
    }
}
