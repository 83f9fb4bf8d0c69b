//! The data folder: an index in memory, a journal from which it is built, and files with data.
//!
//! ```text
//! ROOT/lock        held while a process has the folder open
//! ROOT/journal     one line a change: its CRC-32, then the record as JSON
//! ROOT/data/XX/N   packs of small objects, and large pieces, by their numbers
//! ```
//!
//! Data is written first, then one line of the journal says that it is there. So a process that is killed at any moment loses nothing
//! that it acknowledged, and what it had begun is not there: the end of a journal that is not a whole line is cut off, and a data file
//! that no record names is removed. Nothing is synced to the medium: a power cut may cost a local test's data.
//!
//! A change is checked and made under one lock, so of concurrent conditional writes one wins.

mod files;
mod journal;
mod migrate;
pub(crate) mod model;
mod state;

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

pub(crate) use files::{Files, Reader, Written};
use journal::Journal;
use model::{Owner, Record, Segment, Version};
pub(crate) use state::{Bucket, State};

use crate::error::{S3Result, error};

/// Files that are shorter are not worth packing anew.
const LEAST_SPARSE: u64 = 4 * 1024 * 1024;

/// The open data folder.
#[derive(Debug)]
pub(crate) struct Store {
    inner: RwLock<Inner>,
    pub(crate) files: Files,
    _lock: Option<File>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    journal: Journal,
}

impl Store {
    /// Opens the folder; creates it if it is missing.
    ///
    /// # Errors
    /// Those of the file system, `ResourceBusy` if another process has the folder open, `InvalidData` if the journal is damaged.
    pub(crate) fn open(root: &Path, owner: &Owner) -> io::Result<Self> {
        files::create_folder(root)?;
        let lock = lock(&root.join("lock"))?;
        files::tighten(root);
        let files = Files::open(root.join("data"))?;
        let path = root.join("journal");
        if !path.exists() {
            migrate::migrate(root, owner, &files, &path)?;
        }
        let mut state = State::replaying();
        let (mut journal, records) =
            Journal::open(path, |record| state.apply(record, &[], Some(&files)))?;
        files.sweep(|id| state.uses(id))?;
        state.replayed();
        let moved = pack_anew(&mut state, &files)?;
        if !moved.is_empty() || journal::is_long(records, state.live) {
            // Only after this is what was packed anew unwanted.
            journal
                .rewrite(state.records())
                .inspect_err(|_| moved.iter().for_each(|file| file.want(true)))?;
        }
        drop(moved);
        Ok(Self {
            inner: RwLock::new(Inner { state, journal }),
            files,
            _lock: lock,
        })
    }

    /// Looks at what is there.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        look(&inner.state)
    }

    /// Looks at a bucket.
    ///
    /// # Errors
    /// `NoSuchBucket`, and those of the look.
    pub(crate) fn bucket<T>(
        &self,
        name: &str,
        look: impl FnOnce(&Bucket) -> S3Result<T>,
    ) -> S3Result<T> {
        self.read(|state| look(bucket_of(state, name)?))
    }

    /// Decides on a change and makes it, while nobody else changes anything. The change is on disk when this returns.
    ///
    /// # Errors
    /// Those of the decision: nothing has changed then. Those of writing: nothing has changed either.
    pub(crate) fn change<T>(
        &self,
        written: &Written,
        decide: impl FnOnce(&State) -> S3Result<(Vec<Record>, T)>,
    ) -> S3Result<T> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let Inner { state, journal } = &mut *inner;
        let (records, outcome) = decide(state)?;
        if records.is_empty() {
            return Ok(outcome);
        }
        journal.append(&records)?;
        for record in records {
            state.apply(record, &written.files, None);
        }
        if journal.has_grown(state.live) {
            // The change is made whether or not this works; the next one tries again.
            let _ = journal.rewrite(state.records());
        }
        Ok(outcome)
    }

    /// Opens the data of a version for reading.
    pub(crate) fn reader(&self, state: &State, segments: &[Segment]) -> SegmentReader {
        let files = state.files(segments);
        SegmentReader {
            segments: segments.to_vec(),
            files,
        }
    }

    /// Data that is there already, to be named once more.
    pub(crate) fn share(&self, state: &State, segments: Vec<Segment>) -> Written {
        let files = state.files(&segments);
        Written { segments, files }
    }
}

/// Segments with their files, which stay as long as this does.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    segments: Vec<Segment>,
    files: Vec<Arc<files::DataFile>>,
}

impl SegmentReader {
    /// Those bytes of the whole, from the first on.
    pub(crate) fn range(self, first: u64, length: u64) -> RangeReader {
        let mut skip = first;
        let mut left = length;
        let mut pieces = Vec::new();
        for (segment, file) in self.segments.into_iter().zip(self.files) {
            if skip >= segment.length {
                skip -= segment.length;
                continue;
            }
            let take = (segment.length - skip).min(left);
            if take > 0 {
                pieces.push((file, segment.offset + skip, take));
            }
            left -= take;
            skip = 0;
        }
        pieces.reverse();
        RangeReader { pieces, open: None }
    }
}

/// Reads a range, piece by piece. It blocks.
#[derive(Debug)]
pub(crate) struct RangeReader {
    /// What is still to be read, the next last.
    pieces: Vec<(Arc<files::DataFile>, u64, u64)>,
    open: Option<Reader>,
}

impl RangeReader {
    /// Reads up to `most` bytes; none at the end.
    pub(crate) fn read(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let Some((file, offset, left)) = self.pieces.last_mut() else {
            return Ok(Vec::new());
        };
        let reader = match self.open.take() {
            Some(open) => open,
            None => file.reader()?,
        };
        let take = most.min(usize::try_from(*left).unwrap_or(usize::MAX));
        let mut buffer = vec![0; take];
        reader.read(&mut buffer, *offset)?;
        *offset += take as u64;
        *left -= take as u64;
        if *left == 0 {
            self.pieces.pop();
        } else {
            self.open = Some(reader);
        }
        Ok(buffer)
    }
}

pub(crate) fn bucket_of<'a>(state: &'a State, name: &str) -> S3Result<&'a Bucket> {
    state
        .buckets
        .get(name)
        .ok_or_else(|| error("NoSuchBucket").member("BucketName", name))
}

/// Moves what is left in packs that are mostly empty into new ones. Returns the old ones, which go away with what is returned.
fn pack_anew(state: &mut State, files: &Files) -> io::Result<Vec<Arc<files::DataFile>>> {
    let sparse = state.sparse(LEAST_SPARSE);
    if sparse.is_empty() {
        return Ok(Vec::new());
    }
    let mut moved = Vec::new();
    for (name, bucket) in &state.buckets {
        for (key, versions) in &bucket.objects {
            for version in versions {
                if !version
                    .segments
                    .iter()
                    .any(|segment| sparse.contains(&segment.file))
                {
                    continue;
                }
                let mut copy = Version::clone(version);
                let mut written = Written::default();
                for segment in copy
                    .segments
                    .iter_mut()
                    .filter(|segment| sparse.contains(&segment.file))
                {
                    let mut bytes =
                        vec![0; usize::try_from(segment.length).map_err(io::Error::other)?];
                    files
                        .existing(segment.file)
                        .reader()?
                        .read(&mut bytes, segment.offset)?;
                    let new = files.pack(&bytes)?;
                    if let Some(new) = new.segments.first() {
                        *segment = *new;
                    }
                    written.files.extend(new.files);
                }
                moved.push((name.clone(), key.clone(), copy, written));
            }
        }
    }
    let mut before = Vec::new();
    for (bucket, key, version, written) in moved {
        let old = state
            .buckets
            .get(&bucket)
            .and_then(|bucket| bucket.version(&key, &version.id));
        before.extend(
            old.map(|old| state.files(&old.segments))
                .unwrap_or_default(),
        );
        state.apply(
            Record::Put {
                bucket,
                key,
                version: Arc::new(version),
            },
            &written.files,
            None,
        );
    }
    Ok(before)
}

fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!(
                "the data folder is in use by another process: `{}`",
                folder(path).display()
            ),
        )),
        // A file system without locks: nothing can be checked.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}
