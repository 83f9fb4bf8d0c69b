//! The names of this machine's profiles, from the two files that every AWS tool reads.
//!
//! The SDK does not distinguish an unknown profile from one without credentials, and falls back on
//! others if it may.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    env,
    error::{Exit, Failure, Result},
};

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum File {
    /// `~/.aws/config`: sections are `[profile NAME]`, or `[default]`.
    Config,
    /// `~/.aws/credentials`: sections are `[NAME]`.
    Credentials,
}

impl File {
    /// Its path (AWS SDKs and Tools Reference Guide, "Location of the shared config and credentials
    /// files").
    fn path(self) -> Option<PathBuf> {
        let (variable, name) = match self {
            Self::Config => (env::AWS_CONFIG_FILE, "config"),
            Self::Credentials => (env::AWS_SHARED_CREDENTIALS_FILE, "credentials"),
        };
        let set = std::env::var_os(variable).map(PathBuf::from);
        set.or_else(|| Some(std::env::home_dir()?.join(".aws").join(name)))
    }

    /// The profile whose section starts on this line.
    fn profile(self, line: &str) -> Option<&str> {
        let (section, _) = line.trim().strip_prefix('[')?.split_once(']')?;
        let section = section.trim();
        let named = match self {
            Self::Credentials => section,
            Self::Config if section == "default" => section,
            Self::Config => section
                .strip_prefix("profile")
                .filter(|rest| rest.starts_with([' ', '\t']))?,
        };
        Some(named.trim().trim_matches(['"', '\'']))
    }
}

/// Stops when this machine has no profile of that name.
///
/// # Errors
///
/// A failure that lists the existing profiles; exit code 77.
pub(super) fn known(profile: &str) -> Result<()> {
    let files = [File::Config, File::Credentials];
    let files = files.map(|file| (file, file.path()));
    let all = names(
        files
            .iter()
            .filter_map(|(file, path)| Some((*file, path.as_deref()?))),
    );
    if all.contains(profile) {
        return Ok(());
    }
    let failure = Failure::new(format!("unknown AWS profile: {profile}"));
    let all: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
    Err(failure.exiting(Exit::Denied).hint(match all.as_slice() {
        [] => format!(
            "run `aws configure --profile {profile}` to create it; there are no profiles yet"
        ),
        all => format!(
            "existing profiles: {}; run `aws configure --profile {profile}` to create another",
            all.join(", ")
        ),
    }))
}

/// The profiles in these files; an unreadable file has none.
fn names<'a>(files: impl Iterator<Item = (File, &'a Path)>) -> BTreeSet<String> {
    let texts = files.filter_map(|(file, path)| Some((file, std::fs::read_to_string(path).ok()?)));
    texts
        .flat_map(|(file, text)| {
            let found = text.lines().filter_map(|line| file.profile(line));
            found.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{File, names};

    #[test]
    fn both_files_name_profiles() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        std::fs::write(
            &config,
            "[default]\nregion = r\n[profile work] # mine\n [profile \"two words\"]\n[sso-session work2]\n[profiles]\n[profile",
        )
        .unwrap();
        let credentials = folder.path().join("credentials");
        std::fs::write(&credentials, "[ci]\naws_access_key_id = [no]\n").unwrap();
        let nowhere = folder.path().join("nowhere");
        let files = [
            (File::Config, config.as_path()),
            (File::Credentials, credentials.as_path()),
            (File::Config, nowhere.as_path()),
        ];
        let all: Vec<String> = names(files.into_iter()).into_iter().collect();
        assert_eq!(all, ["ci", "default", "two words", "work"]);
    }
}
