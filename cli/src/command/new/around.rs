//! The surroundings of a project's files: git, and the alias `cargo fw`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::env;

/// What is needed so that `cargo fw` runs the checkout in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Alias {
    /// Nothing.
    There,
    /// A file of cargo's configuration with that text.
    Write(String),
    /// Not possible, with the reason.
    Impossible(String),
}

/// The alias for a project in this folder. Cargo takes a text from the nearest file, but joins
/// lists of several files, and refuses a mix of both (The Cargo Book, "Configuration",
/// "Hierarchical structure").
pub(super) fn alias(folder: &Path, words: &[String]) -> Alias {
    let mut line = words.to_vec();
    line.push("--".to_owned());
    let in_list = || format!("{line:?}");
    let spaced = line.iter().any(|word| word.contains(char::is_whitespace));
    let value = match found(folder, "alias", "fw") {
        Some((_, value)) if words_of(&value) == line => return Alias::There,
        Some((file, toml::Value::Array(_))) => {
            return Alias::Impossible(format!(
                "`cargo fw` is another alias in {}, and cargo merges the two lists",
                file.display()
            ));
        }
        Some((file, _)) if spaced => {
            return Alias::Impossible(format!(
                "`cargo fw` is another alias in {}, and cargo cannot replace it with a path with spaces",
                file.display()
            ));
        }
        None if spaced => in_list(),
        _ => format!("{:?}", line.join(" ")),
    };
    Alias::Write(format!(
        "[alias]\n# Until fw is published: the CLI of a checkout on this machine.\nfw = {value}\n"
    ))
}

fn words_of(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::Array(words) => {
            let words = words.iter().filter_map(toml::Value::as_str);
            words.map(str::to_owned).collect()
        }
        line => {
            let line = line.as_str().unwrap_or_default();
            line.split_whitespace().map(str::to_owned).collect()
        }
    }
}

/// A value of cargo's configuration in that folder, and the nearest file that has it.
fn found(folder: &Path, table: &str, key: &str) -> Option<(PathBuf, toml::Value)> {
    let home = std::env::var_os(env::CARGO_HOME)
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os(env::HOME)?).join(".cargo")));
    let folders = folder.ancestors().map(|above| above.join(".cargo"));
    let mut files = folders
        .chain(home)
        .flat_map(|folder| ["config", "config.toml"].map(|name| folder.join(name)));
    files.find_map(|file| {
        let config: toml::Table = fs::read_to_string(&file).ok()?.parse().ok()?;
        let value = config.get(table)?.get(key)?.clone();
        Some((file, value))
    })
}

/// Creates a git repository where `cargo new` would: not inside an existing one (unless it ignores
/// the folder), and not if cargo's configuration names another system, or none. Returns whether it
/// did.
pub(super) fn create_repository(folder: &Path) -> bool {
    let other = found(folder, "cargo-new", "vcs");
    if other.is_some_and(|(_, system)| system.as_str() != Some("git")) {
        return false;
    }
    let inside = folder.ancestors().any(|above| above.join(".git").exists());
    if inside && (folder.join(".git").exists() || !git(folder, &["check-ignore", "--quiet", "."])) {
        return false;
    }
    git(folder, &["init", "--quiet"])
}

fn git(folder: &Path, args: &[&str]) -> bool {
    let status = Command::new("git")
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Alias, alias};

    #[test]
    fn an_alias_is_of_the_kind_that_cargo_can_merge() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("app");
        fs::create_dir_all(folder.path().join(".cargo")).unwrap();
        let words = |path: &str| ["run", "--manifest-path", path].map(str::to_owned);
        let value = |path: &str| match alias(&project, &words(path)) {
            Alias::Write(text) => text.lines().last().unwrap().to_owned(),
            other => format!("{other:?}"),
        };
        let above = |text: &str| {
            fs::write(folder.path().join(".cargo/config.toml"), text).unwrap();
        };
        assert_eq!(value("/fw"), "fw = \"run --manifest-path /fw --\"");
        let list = r#"fw = ["run", "--manifest-path", "/my fw", "--"]"#;
        assert_eq!(value("/my fw"), list);
        above("[alias]\nfw = \"run --package cargo-fw --\"\n");
        assert_eq!(value("/fw"), "fw = \"run --manifest-path /fw --\"");
        assert!(value("/my fw").contains("with spaces"));
        above("[alias]\nfw = [\"run\"]\n");
        assert!(value("/fw").contains("merges the two lists"));
        above(&format!("[alias]\n{list}\n"));
        assert_eq!(value("/my fw"), "There");
    }
}
