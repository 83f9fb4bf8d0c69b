//! The data folder: buckets, the objects in them, and the one place where an object appears or disappears.
//!
//! ```text
//! ROOT/lock                              held while something appears or disappears
//! ROOT/incoming/…                        data on its way in; what a crash leaves is swept
//! ROOT/buckets/BUCKET/bucket.json        creation date and location
//! ROOT/buckets/BUCKET/objects/NAME       one file an object (`object`, `names`)
//! ROOT/buckets/BUCKET/uploads/ID/…       multipart uploads under way (`uploads`)
//! ```
//!
//! Data is written to `incoming` and renamed into place, so an interrupted write leaves the old object and readers
//! never see half of one. Nothing is synced to the medium: a power cut may cost a local test's data, not its meaning.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use serde::{Deserialize, Serialize};
use tempfile::{NamedTempFile, TempPath};

use super::conditions::WriteConditions;
use super::names::{self, FileKey, MAX_KEY_BYTES};
use super::object::{self, Meta};
use crate::private_files;
use crate::values::names::check_bucket_name;

/// Files in `incoming` that are older than this belong to no request that still runs.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// The data folder, open.
#[derive(Debug)]
pub(super) struct Store {
    root: PathBuf,
    /// Serialises changes within this process; the file `lock` does so between processes that share the folder.
    commit: Mutex<()>,
}

/// A bucket that exists.
#[derive(Debug)]
pub(super) struct Bucket {
    dir: PathBuf,
}

/// What is known about a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BucketInfo {
    /// Seconds since 1970.
    pub(super) created: u64,
    /// The location constraint it was created with.
    #[serde(default)]
    pub(super) location: Option<String>,
}

/// While this lives, nobody else changes what is in the data folder.
#[derive(Debug)]
struct Changing<'a> {
    _here: MutexGuard<'a, ()>,
    _elsewhere: File,
}

impl Store {
    /// Open the data folder at `root`; make it if it is missing.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        private_files::create_folder(&root)?;
        private_files::create_folder(&root.join("buckets"))?;
        private_files::create_folder(&root.join("incoming"))?;
        tighten(&root)?;
        let store = Self {
            root,
            commit: Mutex::new(()),
        };
        sweep(&store.incoming());
        Ok(store)
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// A file for data on its way in; it disappears unless it is renamed into place.
    pub(super) fn temporary(&self) -> S3Result<NamedTempFile> {
        NamedTempFile::new_in(self.incoming())
            .map_err(|error| internal("cannot create a file", error))
    }

    fn change(&self) -> S3Result<Changing<'_>> {
        // A panic elsewhere leaves the folder consistent: every change is one rename or one removal.
        let here = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.root.join("lock");
        let elsewhere = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|error| internal("cannot lock the data folder", error))?;
        Ok(Changing {
            _here: here,
            _elsewhere: elsewhere,
        })
    }

    /// The bucket `name`, or `NoSuchBucket`.
    pub(super) fn bucket(&self, name: &str) -> S3Result<Bucket> {
        // Names reach us checked; checking again here is what makes `join` safe whoever calls.
        let dir = check_bucket_name(name)
            .ok()
            .map(|()| self.root.join("buckets").join(name));
        match dir {
            Some(dir) if dir.is_dir() => Ok(Bucket { dir }),
            _ => Err(s3_error!(
                NoSuchBucket,
                "The specified bucket does not exist"
            )),
        }
    }

    /// Make a bucket.
    pub(super) fn create_bucket(&self, name: &str, info: &BucketInfo) -> S3Result<()> {
        check_bucket_name(name).map_err(|error| s3_error!(InvalidBucketName, "{error}"))?;
        let _changing = self.change()?;
        if self.bucket(name).is_ok() {
            // API reference, `CreateBucket`: 409 in every Region but us-east-1, which for old times' sake answers 200.
            // The stricter answer shows an app what it will meet elsewhere; there is only one owner here, so
            // `BucketAlreadyExists` (somebody else's) never comes.
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            return Err(s3_error!(BucketAlreadyOwnedByYou, "{message}"));
        }
        let write = || -> io::Result<()> {
            let fresh = tempfile::Builder::new()
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(self.incoming())?;
            private_files::create_folder(&fresh.path().join("objects"))?;
            private_files::create_folder(&fresh.path().join("uploads"))?;
            let description = serde_json::to_vec(info)?;
            private_files::write(&fresh.path().join("bucket.json"), &description)?;
            fs::rename(fresh.path(), self.root.join("buckets").join(name))
        };
        write().map_err(|error| internal("cannot create the bucket", error))
    }

    /// Remove an empty bucket and its unfinished uploads.
    pub(super) fn delete_bucket(&self, name: &str) -> S3Result<()> {
        let changing = self.change()?;
        let bucket = self.bucket(name)?;
        // API reference, `DeleteBucket`: all objects must be deleted first.
        if !bucket.keys()?.is_empty() {
            return Err(s3_error!(
                BucketNotEmpty,
                "The bucket you tried to delete is not empty"
            ));
        }
        let remove = || -> io::Result<()> {
            let grave = tempfile::tempdir_in(self.incoming())?;
            fs::rename(&bucket.dir, grave.path().join("bucket"))?;
            grave.close()
        };
        let removed = remove().map_err(|error| internal("cannot remove the bucket", error));
        drop(changing);
        removed
    }

    /// All buckets, by name.
    pub(super) fn buckets(&self) -> S3Result<Vec<(String, BucketInfo)>> {
        let mut buckets = Vec::new();
        for name in file_names(&self.root.join("buckets"))
            .map_err(|error| internal("cannot list buckets", error))?
        {
            if let Ok(bucket) = self.bucket(&name) {
                buckets.push((name, bucket.info()));
            }
        }
        buckets.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(buckets)
    }

    /// Put a finished object file in the place of `key`, if `conditions` hold there. The only way an object appears.
    pub(super) fn commit(
        &self,
        bucket: &str,
        key: &str,
        file: TempPath,
        conditions: &WriteConditions,
    ) -> S3Result<()> {
        let _changing = self.change()?;
        // The bucket may have been deleted while the data came in.
        let path = self.bucket(bucket)?.object_path(key)?;
        if !conditions.is_empty() {
            let current = open(&path)?;
            conditions.check(current.as_ref().map(|(_, meta)| meta))?;
        }
        file.persist(path)
            .map_err(|error| internal("cannot put the object in place", error.error))
    }

    /// Run `change` on the bucket while nobody else changes anything.
    pub(super) fn changing<T>(
        &self,
        bucket: &str,
        change: impl FnOnce(&Bucket) -> S3Result<T>,
    ) -> S3Result<T> {
        let _changing = self.change()?;
        change(&self.bucket(bucket)?)
    }
}

impl Bucket {
    /// What is known about the bucket; a bucket whose description is lost has the defaults.
    pub(super) fn info(&self) -> BucketInfo {
        fs::read(self.dir.join("bucket.json"))
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .unwrap_or_default()
    }

    pub(super) fn uploads_dir(&self) -> PathBuf {
        self.dir.join("uploads")
    }

    /// The file of `key`, whether or not it exists.
    fn object_path(&self, key: &str) -> S3Result<PathBuf> {
        check_key(key)?;
        Ok(self.dir.join("objects").join(names::file_name(key)))
    }

    /// Open the object `key` at the start of its data, or `NoSuchKey`.
    pub(super) fn open(&self, key: &str) -> S3Result<(File, Meta)> {
        open(&self.object_path(key)?)?
            .ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
    }

    /// What is known about `key`, if it exists.
    pub(super) fn find(&self, key: &str) -> S3Result<Option<Meta>> {
        Ok(open(&self.object_path(key)?)?.map(|(_, meta)| meta))
    }

    /// Remove `key`. Removing what is not there is no error. Call it within [`Store::changing`].
    pub(super) fn remove(&self, key: &str) -> S3Result<()> {
        match fs::remove_file(self.object_path(key)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(internal("cannot remove the object", error))
            }
            _ => Ok(()),
        }
    }

    /// All keys, in the order of their UTF-8 bytes, as S3 lists them.
    pub(super) fn keys(&self) -> S3Result<Vec<String>> {
        let dir = self.dir.join("objects");
        let mut keys = Vec::new();
        for name in file_names(&dir).map_err(|error| internal("cannot list objects", error))? {
            match names::key_of(&name) {
                FileKey::Key(key) => keys.push(key),
                FileKey::Inside => keys.extend(open(&dir.join(&name))?.map(|(_, meta)| meta.key)),
                FileKey::Foreign => {}
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }
}

/// Refuse keys that S3 refuses: empty, or longer than 1024 bytes (S3 user guide, "Naming Amazon S3 objects").
pub(super) fn check_key(key: &str) -> S3Result<()> {
    if key.is_empty() {
        return Err(s3_error!(InvalidArgument, "Object key must not be empty"));
    }
    if key.len() > MAX_KEY_BYTES {
        return Err(s3_error!(KeyTooLongError, "Your key is too long"));
    }
    Ok(())
}

/// An error of the machine rather than of the client.
pub(super) fn internal(what: &str, error: io::Error) -> S3Error {
    let mut failure = S3Error::with_message(S3ErrorCode::InternalError, format!("{what}: {error}"));
    failure.set_source(Box::new(error));
    failure
}

fn open(path: &Path) -> S3Result<Option<(File, Meta)>> {
    object::open(path).map_err(|error| internal("cannot read the object", error))
}

/// The names in a folder; names that are not UTF-8 are not ours. A folder that is missing is empty.
pub(super) fn file_names(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

/// Takes away from other users what an older version gave them. Objects and parts have always been their owner's alone, so the folders
/// that hold them are not read.
fn tighten(root: &Path) -> io::Result<()> {
    private_files::tighten(&root.join("lock"))?;
    let buckets = root.join("buckets");
    for bucket in file_names(&buckets)? {
        let bucket = buckets.join(bucket);
        private_files::tighten(&bucket)?;
        for inside in file_names(&bucket)? {
            private_files::tighten(&bucket.join(inside))?;
        }
        let uploads = bucket.join("uploads");
        for upload in file_names(&uploads)? {
            private_files::tighten(&uploads.join(&upload))?;
            private_files::tighten(&uploads.join(&upload).join("upload.json"))?;
        }
    }
    Ok(())
}

/// Remove what earlier runs left in `incoming`. What cannot be removed only takes room.
fn sweep(incoming: &Path) {
    let Ok(entries) = fs::read_dir(incoming) else {
        return;
    };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let old = modified.is_ok_and(|time| {
            SystemTime::now()
                .duration_since(time)
                .is_ok_and(|age| age > STALE)
        });
        if old {
            let path = entry.path();
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            if let Err(error) = removed {
                tracing::debug!(path = %path.display(), %error, "cannot remove a leftover");
            }
        }
    }
}
