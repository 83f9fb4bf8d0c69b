//! A build's own copy of its executable, in the folder that its processes run in.
//!
//! A running generation may start processes while, and after, its successor is built. So it needs a
//! name for the executable that a new build does not replace. The folder contains what a
//! deployment's `/var/task` contains, only the executable, and is read-only: an app that reads a
//! file of the project, or writes one next to it, fails here as on Lambda. For root, permissions do
//! not apply, so a write succeeds there.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rustix::process::Pid;
use tempfile::TempDir;

use crate::error::{Context as _, Result};

/// The prefix of the folders' names; the number of the creating process follows.
const PREFIX: &str = ".fw-local-";

/// The folder, until it is dropped.
#[derive(Debug)]
pub(super) struct PinnedExecutable {
    folder: TempDir,
}

impl PinnedExecutable {
    /// Gives the executable a second name, in a folder next to it.
    ///
    /// # Errors
    ///
    /// The system's error, if neither a link nor a copy can be created.
    pub(super) fn of(executable: &Path) -> Result<Self> {
        let failed = || format!("cannot store the build: {}", executable.display());
        let parent = std::path::absolute(executable.parent().unwrap_or(Path::new(".")));
        let parent = parent.with_context(failed)?;
        sweep(&parent);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir_in(parent)
            .with_context(failed)?;
        let pinned = Self { folder };
        let own = pinned.executable();
        // A link costs nothing; a copy is used if the file system has no links.
        if fs::hard_link(executable, &own).is_err() {
            fs::copy(executable, &own).with_context(failed)?;
        }
        let read_only = Permissions::from_mode(0o555);
        fs::set_permissions(pinned.folder(), read_only).with_context(failed)?;
        Ok(pinned)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The executable's own name.
    pub(super) fn executable(&self) -> PathBuf {
        self.folder.path().join("bootstrap")
    }
}

impl Drop for PinnedExecutable {
    fn drop(&mut self) {
        make_removable(self.folder());
    }
}

/// Removes what servers have left that were killed with SIGKILL.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok())
            .and_then(Pid::from_raw);
        // A process of another user is alive too: that it may not be signalled is not a reason to
        // remove its folder.
        let gone =
            |owner| rustix::process::test_kill_process(owner) == Err(rustix::io::Errno::SRCH);
        if owner.is_some_and(gone) {
            make_removable(&entry.path());
            // If it cannot be removed now, the next server tries again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn make_removable(folder: &Path) {
    // If this fails the folder stays, and the next server removes it.
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o755));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_outlives_a_new_build_is_read_only_and_leaves_nothing() {
        let target = tempfile::tempdir().unwrap();
        let built = target.path().join("app");
        fs::write(&built, "first").unwrap();
        let pinned = PinnedExecutable::of(&built).unwrap();
        fs::remove_file(&built).unwrap();
        fs::write(&built, "second").unwrap();
        assert_eq!(fs::read_to_string(pinned.executable()).unwrap(), "first");
        let mode = fs::metadata(pinned.folder()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o555);
        drop(pinned);
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_server_left_is_swept_and_a_living_ones_stays() {
        let target = tempfile::tempdir().unwrap();
        let built = target.path().join("app");
        fs::write(&built, "first").unwrap();
        let mut ended = std::process::Command::new("true").spawn().unwrap();
        let gone = target.path().join(format!("{PREFIX}{}-left", ended.id()));
        ended.wait().unwrap();
        fs::create_dir(&gone).unwrap();
        fs::write(gone.join("bootstrap"), "old").unwrap();
        fs::set_permissions(&gone, Permissions::from_mode(0o555)).unwrap();
        let living = PinnedExecutable::of(&built).unwrap();
        let second = PinnedExecutable::of(&built).unwrap();
        assert!(!gone.exists());
        assert!(living.executable().exists() && second.executable().exists());
    }
}
