//! The state on disk: one file that is written whole and put in place at once.
//!
//! Messages may be confidential, so the folder and the file are their user's alone (a folder that was there before keeps its mode).
//!
//! It is written a second after a change, and when the services stop. A process that is killed loses the changes of that second.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::declare::Declared;
use crate::events::EventsSnapshot;
use crate::lambda::StoredMapping;
use crate::notifications::BucketNotifications;
use crate::scheduler::SchedulerSnapshot;
use crate::server::Shared;
use crate::sns::SnsSnapshot;
use crate::sqs::SqsSnapshot;

/// The form of the file. A newer one is refused, as what it has in addition would be lost; an older one is read.
const VERSION: u32 = 2;
/// How long changes are gathered before they are written.
const PAUSE: Duration = Duration::from_secs(1);
/// Writing takes at most one part in so many of the time.
const SHARE: u32 = 10;

const FILE: &str = "services.json";
const LOCK: &str = "services.lock";

/// What the owner of a folder may do, and nobody else.
const OWN_FOLDER: u32 = 0o700;
/// What the owner of a file may do, and nobody else.
const OWN_FILE: u32 = 0o600;

/// Opens a file to be written anew, that its owner alone may read.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options.mode(OWN_FILE).open(path)
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Snapshot {
    version: u32,
    /// How far the clock was advanced.
    pub(crate) clock_offset_ms: u64,
    pub(crate) sqs: SqsSnapshot,
    pub(crate) sns: SnsSnapshot,
    // The members of form 2. A file of form 1 has none of them.
    #[serde(default)]
    pub(crate) events: EventsSnapshot,
    #[serde(default)]
    pub(crate) scheduler: SchedulerSnapshot,
    #[serde(default)]
    pub(crate) mappings: Vec<(String, StoredMapping)>,
    #[serde(default)]
    pub(crate) buckets: BTreeMap<String, BucketNotifications>,
    #[serde(default)]
    pub(crate) declared: Declared,
}

/// The one member that every form has.
#[derive(Deserialize)]
struct Form {
    version: u32,
}

impl Snapshot {
    fn of(shared: &Shared) -> Self {
        Self {
            version: VERSION,
            clock_offset_ms: shared.clock.offset_ms(),
            sqs: shared.sqs.snapshot(),
            sns: shared.sns.snapshot(),
            events: shared.events.snapshot(),
            scheduler: shared.scheduler.snapshot(),
            mappings: shared
                .lambda
                .as_ref()
                .map(|lambda| lambda.snapshot())
                .unwrap_or_default(),
            buckets: shared.notifications.all(),
            declared: shared.declared().clone(),
        }
    }
}

/// A folder with the state. As long as it is open, no other process can open it.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// One state at a time is taken and written, so that an older one never replaces a newer one.
    writing: Mutex<()>,
    _lock: File,
}

impl Store {
    /// Opens a folder, and creates it if needed.
    ///
    /// # Errors
    /// Those of the file system, and `ResourceBusy` if another process has the folder open.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(OWN_FOLDER).create(folder)?;
        let lock = create(&folder.join(LOCK))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    format!("{} is in use by another process", folder.display()),
                ));
            }
            // A file system without locks: nothing can be checked.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let path = folder.join(FILE);
        // As an older version left it.
        match std::fs::set_permissions(&path, Permissions::from_mode(OWN_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self {
            path,
            writing: Mutex::default(),
            _lock: lock,
        })
    }

    /// The saved state, or `None` on the first start.
    ///
    /// # Errors
    /// Those of the file system, and `InvalidData` with the path if the file cannot be read as a state.
    pub(crate) fn read(&self) -> io::Result<Option<Snapshot>> {
        let bytes = match std::fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let invalid = |reason: String| {
            let message = format!("{}: {reason}", self.path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        // The number first: a newer form may not be readable as this one.
        let form: Form =
            serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        if form.version > VERSION {
            return Err(invalid(format!(
                "the state was written by a newer version (form {}, this one reads up to {VERSION}); update this program, or use another folder",
                form.version
            )));
        }
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| invalid(error.to_string()))
    }

    /// Puts the state of now in the place of the last one.
    ///
    /// # Errors
    /// Those of the file system. Then the last state stays.
    pub(crate) fn save(&self, shared: &Shared) -> io::Result<()> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = Snapshot::of(shared);
        let temporary = self.path.with_extension("json.new");
        let mut file = create(&temporary)?;
        file.write_all(&serde_json::to_vec(&snapshot)?)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &self.path)
    }
}

/// Writes the state after changes, as long as the services are there.
pub(crate) async fn keep(shared: Weak<Shared>, store: Arc<Store>) {
    let Some(changes) = shared.upgrade().map(|shared| Arc::clone(&shared.changes)) else {
        return;
    };
    let mut pause = PAUSE;
    loop {
        changes.notified().await;
        tokio::time::sleep(pause).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let started = Instant::now();
        let store = Arc::clone(&store);
        let writing = tokio::task::spawn_blocking(move || store.save(&shared));
        // A full disk may have room again at the next change.
        let _ = writing.await;
        pause = PAUSE.max(started.elapsed() * SHARE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_open_once_and_a_broken_file_is_named() {
        let folder = std::env::temp_dir().join(format!("fw-services-{}", crate::ids::uuid()));
        let store = Store::open(&folder).unwrap();
        assert!(store.read().unwrap().is_none());
        let busy = Store::open(&folder).unwrap_err();
        assert_eq!(busy.kind(), io::ErrorKind::ResourceBusy);
        std::fs::write(folder.join(FILE), "{").unwrap();
        let broken = store.read().err().unwrap();
        assert_eq!(broken.kind(), io::ErrorKind::InvalidData);
        assert!(broken.to_string().contains(FILE));
        std::fs::write(folder.join(FILE), r#"{"version": 999, "more": {}}"#).unwrap();
        let newer = store.read().err().unwrap().to_string();
        assert!(newer.contains("newer version"), "{newer}");
        drop(store);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        std::fs::set_permissions(folder.join(FILE), Permissions::from_mode(0o644)).unwrap();
        drop(Store::open(&folder).unwrap());
        assert_eq!(mode(&folder), OWN_FOLDER);
        assert_eq!(mode(&folder.join(FILE)), OWN_FILE);
        assert_eq!(mode(&folder.join(LOCK)), OWN_FILE);
        drop(create(&folder.join("new")).unwrap());
        assert_eq!(mode(&folder.join("new")), OWN_FILE);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
