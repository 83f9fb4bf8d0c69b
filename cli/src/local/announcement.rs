//! Where a running `cargo fw local` serves Lambda's API: a small file in the stage's data folder, for `cargo fw invoke`.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The file's name.
const FILE_NAME: &str = "lambda-api";

/// The file, for as long as the server runs. After a SIGKILL it stays, and leads to a port where nobody answers.
#[derive(Debug)]
pub(crate) struct Announcement {
    path: PathBuf,
    url: String,
}

impl Announcement {
    /// Says that Lambda's API is at that URL.
    ///
    /// # Errors
    ///
    /// The system's, when the folder cannot be made or written to.
    pub(crate) fn write(folder: &Path, url: String) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(FILE_NAME);
        std::fs::write(&path, &url)?;
        Ok(Self { path, url })
    }

    /// The URL that was said last.
    pub(crate) fn read(folder: &Path) -> Option<String> {
        std::fs::read_to_string(folder.join(FILE_NAME)).ok()
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
    use super::Announcement;

    #[test]
    fn it_is_there_for_as_long_as_it_is_the_last() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Announcement::read(folder.path()), None);
        let first = Announcement::write(folder.path(), "http://127.0.0.1:1".into()).unwrap();
        let second = Announcement::write(folder.path(), "http://127.0.0.1:2".into()).unwrap();
        drop(first);
        let read = Announcement::read(folder.path());
        assert_eq!(read.as_deref(), Some("http://127.0.0.1:2"));
        drop(second);
        assert_eq!(Announcement::read(folder.path()), None);
    }
}
