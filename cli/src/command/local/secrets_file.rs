//! Warnings about `fw.secrets.toml`: whether others can read it, and whether git ignores it.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{private_files, values::names::SECRETS_FILE};

/// A line for each way in which the secrets of that folder may get to others.
pub(super) fn warnings(folder: &Path) -> Vec<String> {
    let file = folder.join(SECRETS_FILE);
    let mut all = Vec::new();
    if !file.is_file() {
        return all;
    }
    if private_files::is_open_to_others(&file) {
        all.push(format!(
            "other users of this machine may read or change `{SECRETS_FILE}`: run `chmod 600 {}`",
            file.display()
        ));
    }
    if git_would_take(folder) {
        all.push(format!(
            "git does not ignore `{SECRETS_FILE}`: add the line `{SECRETS_FILE}` to `.gitignore`, and run `git rm --cached {SECRETS_FILE}` \
             if it was committed"
        ));
    }
    all
}

/// True in a git working tree if the file is not ignored or is tracked. Without git nobody commits
/// it.
fn git_would_take(folder: &Path) -> bool {
    // 0: ignored, 1: not ignored, anything else: git has no answer (git-check-ignore(1), "EXIT STATUS").
    let status = Command::new("git")
        .args(["check-ignore", "--quiet", SECRETS_FILE])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.code() == Some(1))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt as _,
    };

    use super::*;

    #[test]
    fn secrets_that_others_may_read_or_git_takes_are_warned_about() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(warnings(folder.path()), [""; 0]);
        let file = folder.path().join(SECRETS_FILE);
        fs::write(&file, "").unwrap();
        let mode = |mode| fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        let said = warnings(folder.path());
        assert!(said.len() == 1 && said[0].contains("chmod 600"), "{said:?}");
        mode(0o600);
        assert_eq!(warnings(folder.path()), [""; 0], "not a working tree");

        let git = |args: &[&str]| {
            let mut git = Command::new("git");
            let status = git.args(args).current_dir(folder.path()).status();
            assert!(status.unwrap().success());
        };
        git(&["init", "--quiet"]);
        let said = warnings(folder.path());
        assert!(
            said.len() == 1 && said[0].contains(".gitignore"),
            "{said:?}"
        );
        fs::write(folder.path().join(".gitignore"), "/fw.secrets.toml\n").unwrap();
        assert_eq!(warnings(folder.path()), [""; 0]);
        git(&["add", "--force", SECRETS_FILE]);
        let said = warnings(folder.path());
        assert!(
            said.len() == 1 && said[0].contains("git rm --cached"),
            "{said:?}"
        );
    }
}
