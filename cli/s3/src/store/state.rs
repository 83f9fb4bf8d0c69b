//! The buckets in memory, and what a record does to them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::files::{DataFile, Files};
use super::model::{BucketInfo, Part, Record, Segment, Upload, Version};

/// A bucket.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    pub(crate) info: Arc<BucketInfo>,
    /// The versions of each key, the newest first.
    pub(crate) objects: BTreeMap<String, Vec<Arc<Version>>>,
    pub(crate) uploads: BTreeMap<String, Upload>,
}

impl Bucket {
    /// The newest version of a key, which may be a delete marker.
    pub(crate) fn latest(&self, key: &str) -> Option<&Arc<Version>> {
        self.objects.get(key)?.first()
    }

    pub(crate) fn version(&self, key: &str, id: &str) -> Option<&Arc<Version>> {
        self.objects
            .get(key)?
            .iter()
            .find(|version| version.id == id)
    }
}

#[derive(Debug)]
struct Used {
    file: Arc<DataFile>,
    /// Segments in the file that records name, and their bytes.
    segments: u64,
    bytes: u64,
}

/// Everything there is.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) buckets: BTreeMap<String, Bucket>,
    files: HashMap<u64, Used>,
    /// The highest sequence number of a version.
    pub(crate) sequence: u64,
    /// Records that a journal of this state has.
    pub(super) live: u64,
    /// While the journal is read, what one record no longer names may be named by a later one.
    is_replaying: bool,
}

impl State {
    /// A state that a journal is read into.
    pub(super) fn replaying() -> Self {
        Self {
            is_replaying: true,
            ..Self::default()
        }
    }

    /// The journal has been read.
    pub(super) fn replayed(&mut self) {
        self.is_replaying = false;
    }

    /// The files of segments, for a reader.
    pub(crate) fn files(&self, segments: &[Segment]) -> Vec<Arc<DataFile>> {
        let files = segments
            .iter()
            .filter_map(|segment| self.files.get(&segment.file));
        files.map(|used| Arc::clone(&used.file)).collect()
    }

    pub(super) fn uses(&self, file: u64) -> bool {
        self.files.contains_key(&file)
    }

    /// Files of which less than half is used, with that.
    pub(super) fn sparse(&self, least: u64) -> Vec<u64> {
        let sparse = self.files.values().filter(|used| {
            let length = used.file.length();
            length >= least && used.bytes < length / 2
        });
        sparse.map(|used| used.file.id).collect()
    }

    /// Changes the state. `new` has the files that the record is the first to name; others are asked of `known`.
    pub(super) fn apply(&mut self, record: Record, new: &[Arc<DataFile>], known: Option<&Files>) {
        match record {
            Record::Bucket { name, info } => {
                let bucket = self.buckets.entry(name).or_insert_with(|| {
                    self.live += 1;
                    Bucket::default()
                });
                bucket.info = Arc::new(info);
            }
            Record::NoBucket { name } => {
                if let Some(bucket) = self.buckets.remove(&name) {
                    self.live = self.live.saturating_sub(1);
                    for version in bucket.objects.into_values().flatten() {
                        self.live = self.live.saturating_sub(1);
                        self.release(&version.segments);
                    }
                    for upload in bucket.uploads.into_values() {
                        self.release_upload(&upload);
                    }
                }
            }
            Record::Put {
                bucket,
                key,
                version,
            } => {
                self.sequence = self.sequence.max(version.sequence);
                if !self.buckets.contains_key(&bucket) {
                    return;
                }
                self.retain(&version.segments, new, known);
                let Some(bucket) = self.buckets.get_mut(&bucket) else {
                    return;
                };
                let versions = bucket
                    .objects
                    .entry(key)
                    .or_insert_with(|| Vec::with_capacity(1));
                let before = versions
                    .iter()
                    .position(|one| one.id == version.id)
                    .map(|at| versions.remove(at));
                let at = versions
                    .iter()
                    .position(|one| one.sequence < version.sequence)
                    .unwrap_or(versions.len());
                versions.insert(at, version);
                match before {
                    Some(before) => self.release(&before.segments),
                    None => self.live += 1,
                }
            }
            Record::Remove { bucket, key, id } => {
                let Some(bucket) = self.buckets.get_mut(&bucket) else {
                    return;
                };
                let Some(versions) = bucket.objects.get_mut(&key) else {
                    return;
                };
                let Some(at) = versions.iter().position(|one| one.id == id) else {
                    return;
                };
                let removed = versions.remove(at);
                if versions.is_empty() {
                    bucket.objects.remove(&key);
                }
                self.live = self.live.saturating_sub(1);
                self.release(&removed.segments);
            }
            Record::Upload { bucket, upload } => {
                for part in upload.parts.values() {
                    self.retain(&part.segments, new, known);
                }
                if let Some(bucket) = self.buckets.get_mut(&bucket) {
                    self.live += 1 + upload.parts.len() as u64;
                    bucket.uploads.insert(upload.id.clone(), *upload);
                }
            }
            Record::Part {
                bucket,
                upload,
                part,
            } => self.apply_part(&bucket, &upload, part, new, known),
            Record::NoUpload { bucket, upload } => {
                let bucket = self.buckets.get_mut(&bucket);
                if let Some(upload) = bucket.and_then(|bucket| bucket.uploads.remove(&upload)) {
                    self.release_upload(&upload);
                }
            }
            Record::Together(records) => {
                for record in records {
                    self.apply(record, new, known);
                }
            }
        }
    }

    fn apply_part(
        &mut self,
        bucket: &str,
        upload: &str,
        part: Part,
        new: &[Arc<DataFile>],
        known: Option<&Files>,
    ) {
        self.retain(&part.segments, new, known);
        let bucket = self.buckets.get_mut(bucket);
        let Some(upload) = bucket.and_then(|bucket| bucket.uploads.get_mut(upload)) else {
            self.release(&part.segments);
            return;
        };
        match upload.parts.insert(part.number, part) {
            Some(before) => self.release(&before.segments),
            None => self.live += 1,
        }
    }

    fn release_upload(&mut self, upload: &Upload) {
        self.live = self.live.saturating_sub(1 + upload.parts.len() as u64);
        for part in upload.parts.values() {
            self.release(&part.segments);
        }
    }

    fn retain(&mut self, segments: &[Segment], new: &[Arc<DataFile>], known: Option<&Files>) {
        for segment in segments {
            let used = match self.files.entry(segment.file) {
                Entry::Occupied(used) => used.into_mut(),
                Entry::Vacant(place) => {
                    let file = match new.iter().find(|file| file.id == segment.file) {
                        Some(file) => Arc::clone(file),
                        None => match known {
                            Some(files) => files.existing(segment.file),
                            None => continue,
                        },
                    };
                    file.want(true);
                    place.insert(Used {
                        file,
                        segments: 0,
                        bytes: 0,
                    })
                }
            };
            used.segments += 1;
            used.bytes += segment.length;
        }
    }

    fn release(&mut self, segments: &[Segment]) {
        for segment in segments {
            let Some(used) = self.files.get_mut(&segment.file) else {
                continue;
            };
            used.segments = used.segments.saturating_sub(1);
            used.bytes = used.bytes.saturating_sub(segment.length);
            if used.segments == 0
                && let Some(used) = self.files.remove(&segment.file)
            {
                used.file.want(self.is_replaying);
            }
        }
    }

    /// All records of a journal of this state.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.buckets.iter().flat_map(|(name, bucket)| {
            let info = Record::Bucket {
                name: name.clone(),
                info: (*bucket.info).clone(),
            };
            let uploads = bucket.uploads.values().map(move |upload| Record::Upload {
                bucket: name.clone(),
                upload: Box::new(upload.clone()),
            });
            let objects = bucket.objects.iter().flat_map(move |(key, versions)| {
                versions.iter().map(move |version| Record::Put {
                    bucket: name.clone(),
                    key: key.clone(),
                    version: Arc::clone(version),
                })
            });
            std::iter::once(info).chain(uploads).chain(objects)
        })
    }
}
