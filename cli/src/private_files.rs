//! Folders and files that no other user of the machine reads.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
};

/// The folder mode for its owner.
const FOLDER: u32 = 0o700;
/// The permissions of all others.
const OTHERS: u32 = 0o077;

/// Creates a folder that only its owner can enter; an existing folder becomes such a folder. Parent
/// folders are created as usual.
///
/// # Errors
///
/// The system's, when it cannot be created.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(FOLDER).create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {
            tighten(folder)
        }
        created => created,
    }
}

/// As [`create_folder`], for each folder below `base` down to `folder`.
///
/// # Errors
///
/// The same.
pub(crate) fn create_below(base: &Path, folder: &Path) -> io::Result<()> {
    let Ok(below) = folder.strip_prefix(base) else {
        return create_folder(folder);
    };
    let mut folder = base.to_owned();
    for part in below.components() {
        folder.push(part);
        create_folder(&folder)?;
    }
    Ok(())
}

/// Removes the permissions of others from a folder or file. Ignored are missing files, files that
/// this user may not change, and file systems without permissions.
///
/// # Errors
///
/// The system's, for any other reason.
pub(crate) fn tighten(path: &Path) -> io::Result<()> {
    let changed = || -> io::Result<()> {
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & OTHERS == 0 {
            return Ok(());
        }
        fs::set_permissions(path, Permissions::from_mode(mode & 0o7777 & !OTHERS))
    };
    match changed() {
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::Unsupported => Ok(()),
            _ => Err(error),
        },
        Ok(()) => Ok(()),
    }
}

/// True of a file that others than its owner may read or change; `false` where it is not there.
pub(crate) fn is_open_to_others(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.permissions().mode() & OTHERS != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_there_is_tightened_and_what_is_above_stays() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("target");
        let old = base.join("fw");
        fs::create_dir_all(&old).unwrap();
        for path in [&base, &old] {
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        let data = old.join("app/dev");
        create_below(&base, &data).unwrap();
        assert_eq!(mode(&base), 0o755);
        for path in [&old, &old.join("app"), &data] {
            assert_eq!(mode(path), 0o700, "{}", path.display());
        }
        let file = data.join("file");
        fs::write(&file, b"1").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        assert!(is_open_to_others(&file));
        tighten(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        assert!(!is_open_to_others(&file));
        tighten(&data.join("nowhere")).unwrap();
        assert!(create_folder(&file).is_err(), "a file is not a folder");
    }
}
