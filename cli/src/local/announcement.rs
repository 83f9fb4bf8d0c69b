//! The addresses of Lambda's API and the embedded services of a running `cargo fw local`: small
//! files in the stage's data folder, for the commands that use them.
//!
//! The server holds a lock on the file. After a SIGKILL the file stays but the lock is gone, so no
//! command uses a port that another program may have by then.

use std::{
    fs::{File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::private_files;

/// The addresses of a running server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Lambda's API, for `cargo fw invoke`.
    Lambda,
    /// The services that invoke sources.
    Services,
    /// The embedded S3, for `cargo fw s3`: an [`S3Endpoint`].
    S3,
}

impl Endpoint {
    const fn file_name(self) -> &'static str {
        match self {
            Self::Lambda => "lambda-api",
            Self::Services => "services-url",
            Self::S3 => "s3-url",
        }
    }
}

/// What is said of the embedded S3: its URL, and the secret of the developer's key. Only this user can read the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct S3Endpoint {
    pub(crate) url: String,
    pub(crate) secret_key: String,
}

impl S3Endpoint {
    /// The text to say.
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}", self.url, self.secret_key)
    }

    /// Reads what was said.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (url, secret_key) = text.split_once('\n')?;
        Some(Self {
            url: url.to_owned(),
            secret_key: secret_key.to_owned(),
        })
    }
}

/// The file, for as long as the server runs.
#[derive(Debug)]
pub(crate) struct Announcement {
    path: PathBuf,
    url: String,
    /// Keeps the lock.
    _file: File,
}

impl Announcement {
    /// Says that the endpoint is at that URL.
    ///
    /// # Errors
    ///
    /// The system's error, if the folder cannot be created or written to.
    pub(crate) fn write(folder: &Path, endpoint: Endpoint, url: String) -> io::Result<Self> {
        private_files::create_folder(folder)?;
        let path = folder.join(endpoint.file_name());
        // A new file replaces another server's file, which that server has locked.
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(url.as_bytes())?;
        // On a file system without locks, no server is found.
        let _ = file.as_file().try_lock();
        let file = file.persist(&path).map_err(|error| error.error)?;
        Ok(Self {
            path,
            url,
            _file: file,
        })
    }

    /// The URL that was said last, by a server that runs.
    pub(crate) fn read(folder: &Path, endpoint: Endpoint) -> Option<String> {
        let file = File::open(folder.join(endpoint.file_name())).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => io::read_to_string(file).ok(),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // Another server of the same app may have taken over.
        if std::fs::read_to_string(&self.path).is_ok_and(|url| url == self.url) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Announcement, Endpoint::Lambda};

    #[test]
    fn it_is_there_for_as_long_as_it_is_the_last() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Announcement::read(folder.path(), Lambda), None);
        let first =
            Announcement::write(folder.path(), Lambda, "http://127.0.0.1:1".into()).unwrap();
        let second =
            Announcement::write(folder.path(), Lambda, "http://127.0.0.1:2".into()).unwrap();
        drop(first);
        let read = Announcement::read(folder.path(), Lambda);
        assert_eq!(read.as_deref(), Some("http://127.0.0.1:2"));
        drop(second);
        assert_eq!(Announcement::read(folder.path(), Lambda), None);
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0);
    }

    #[test]
    fn what_a_killed_server_has_said_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        // Another program may listen there by now.
        let killed = folder.path().join(Lambda.file_name());
        std::fs::write(&killed, "http://127.0.0.1:1").unwrap();
        assert_eq!(Announcement::read(folder.path(), Lambda), None);
        let next = Announcement::write(folder.path(), Lambda, "http://127.0.0.1:2".into()).unwrap();
        let read = Announcement::read(folder.path(), Lambda);
        assert_eq!(read.as_deref(), Some("http://127.0.0.1:2"));
        drop(next);
    }
}
