//! Takes over what an older version kept: a file for each object, with its metadata behind its data.
//!
//! ```text
//! ROOT/buckets/BUCKET/bucket.json        creation date and location
//! ROOT/buckets/BUCKET/objects/NAME       data, JSON, the JSON's length, a mark
//! ROOT/buckets/BUCKET/uploads/ID/…       upload.json, and a file like an object's for each part
//! ```
//!
//! The data stays where it is on the disk and gets another name. The old names go once the journal is in place, and a file that is not
//! of the old form stays.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::files::Files;
use super::journal;
use super::model::{
    BucketInfo, Checksum, ChecksumKind, Extra, NULL, ObjectPart, Owner, Part, Record, Segment,
    Upload, Version,
};
use crate::checksum::Algorithm;
use crate::time;

/// Ends each file of the old form.
const MARK: &[u8; 8] = b"fw-s3-1\n";

#[derive(Default)]
struct Found {
    records: Vec<Record>,
    /// Files and folders that are not needed afterwards.
    old: Vec<PathBuf>,
    sequence: u64,
}

/// Writes a journal of what is there in the old form, if there is anything.
pub(super) fn migrate(root: &Path, owner: &Owner, files: &Files, journal: &Path) -> io::Result<()> {
    let folder = root.join("buckets");
    if !folder.is_dir() {
        return Ok(());
    }
    let mut found = Found::default();
    for bucket in entries(&folder)? {
        take_bucket(&bucket, owner, files, &mut found)?;
    }
    journal::write_new(journal, found.records.into_iter())?;
    for old in &found.old {
        let _ = fs::remove_file(old);
    }
    for bucket in entries(&folder)? {
        for inside in entries(&bucket)? {
            for upload in entries(&inside)? {
                let _ = fs::remove_dir(upload);
            }
            let _ = fs::remove_dir(inside);
        }
        let _ = fs::remove_dir(bucket);
    }
    let _ = fs::remove_dir(folder);
    // What was on its way in was not acknowledged.
    let _ = fs::remove_dir_all(root.join("incoming"));
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

fn json(path: &Path) -> Value {
    fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

fn take_bucket(folder: &Path, owner: &Owner, files: &Files, found: &mut Found) -> io::Result<()> {
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else {
        return Ok(());
    };
    let description = json(&folder.join("bucket.json"));
    let info = BucketInfo {
        created: description["created"].as_u64().unwrap_or(0) * 1000,
        owner: owner.clone(),
        region: description["location"].as_str().map(str::to_owned),
        ..BucketInfo::default()
    };
    found.records.push(Record::Bucket {
        name: name.to_owned(),
        info,
    });
    found.old.push(folder.join("bucket.json"));
    for path in entries(&folder.join("objects"))? {
        let Some(meta) = read(&path)? else { continue };
        let Some(key) = meta["key"].as_str() else {
            continue;
        };
        found.sequence += 1;
        let version = Arc::new(version(&meta, &path, files, found.sequence)?);
        found.records.push(Record::Put {
            bucket: name.to_owned(),
            key: key.to_owned(),
            version,
        });
        found.old.push(path);
    }
    for path in entries(&folder.join("uploads"))? {
        take_upload(name, &path, owner, files, found)?;
    }
    Ok(())
}

/// The metadata of a file of the old form.
fn read(path: &Path) -> io::Result<Option<Value>> {
    if !path.is_file() {
        return Ok(None);
    }
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    let Some(tail) = total.checked_sub(16) else {
        return Ok(None);
    };
    let mut end = [0; 16];
    file.read_exact_at(&mut end, tail)?;
    let (length, mark) = end.split_at(8);
    let length = length
        .iter()
        .rev()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    if mark != MARK || length > tail {
        return Ok(None);
    }
    let mut text = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut text, tail - length)?;
    let meta: Value = serde_json::from_slice(&text)?;
    Ok((meta["size"].as_u64() == Some(tail - length)).then_some(meta))
}

fn checksum(meta: &Value) -> Option<Checksum> {
    let sums = &meta["checksums"];
    let kind = match sums["kind"].as_str() {
        Some("COMPOSITE") => ChecksumKind::Composite,
        _ => ChecksumKind::Full,
    };
    Algorithm::ALL.into_iter().find_map(|algorithm| {
        let value = sums[algorithm.name().to_lowercase()].as_str()?.to_owned();
        Some(Checksum {
            algorithm,
            value,
            kind,
        })
    })
}

fn extra(attributes: &Value) -> Extra {
    let mut headers = Vec::new();
    for name in [
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
    ] {
        if let Some(value) = attributes[name.replace('-', "_")].as_str() {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    if let Some(expires) = attributes["expires"].as_str().and_then(time::parse_iso) {
        headers.push(("expires".to_owned(), time::http(expires)));
    }
    let own = attributes["user"].as_object();
    let own = own
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Extra {
        headers,
        metadata: own.collect(),
        storage_class: attributes["storage_class"].as_str().map(str::to_owned),
        redirect: attributes["website_redirect_location"]
            .as_str()
            .map(str::to_owned),
        ..Extra::default()
    }
}

fn segments(meta: &Value, path: &Path, files: &Files) -> io::Result<Vec<Segment>> {
    match meta["size"].as_u64().unwrap_or(0) {
        0 => Ok(Vec::new()),
        length => Ok(vec![Segment {
            file: files.adopt(path)?,
            offset: 0,
            length,
        }]),
    }
}

fn version(meta: &Value, path: &Path, files: &Files, sequence: u64) -> io::Result<Version> {
    let mut extra = extra(&meta["attributes"]);
    let parts = meta["parts"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let parts = parts.iter().zip(1..).map(|(size, number)| ObjectPart {
        number,
        size: size.as_u64().unwrap_or(0),
        checksum: None,
    });
    extra.parts = parts.collect();
    let mut version = Version {
        id: NULL.to_owned(),
        sequence,
        modified: meta["modified"].as_u64().unwrap_or(0) * 1000,
        size: meta["size"].as_u64().unwrap_or(0),
        etag: meta["etag"].as_str().unwrap_or_default().to_owned(),
        segments: segments(meta, path, files)?,
        checksum: checksum(meta),
        ..Version::default()
    };
    version.set_extra(extra);
    Ok(version)
}

fn take_upload(
    bucket: &str,
    folder: &Path,
    owner: &Owner,
    files: &Files,
    found: &mut Found,
) -> io::Result<()> {
    let description = json(&folder.join("upload.json"));
    let (Some(id), Some(key)) = (
        folder.file_name().and_then(|name| name.to_str()),
        description["key"].as_str(),
    ) else {
        return Ok(());
    };
    let mut upload = Upload {
        id: id.to_owned(),
        key: key.to_owned(),
        initiated: description["initiated"].as_u64().unwrap_or(0) * 1000,
        initiator: owner.clone(),
        extra: extra(&description["attributes"]),
        algorithm: description["algorithm"]
            .as_str()
            .and_then(Algorithm::of_name),
        kind: match description["kind"].as_str() {
            Some("COMPOSITE") => ChecksumKind::Composite,
            _ => ChecksumKind::Full,
        },
        parts: std::collections::BTreeMap::new(),
    };
    for path in entries(folder)? {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let Some(number) = name
            .strip_prefix("part-")
            .and_then(|number| number.parse().ok())
        else {
            continue;
        };
        let Some(meta) = read(&path)? else { continue };
        let part = Part {
            number,
            size: meta["size"].as_u64().unwrap_or(0),
            etag: meta["etag"].as_str().unwrap_or_default().to_owned(),
            modified: meta["modified"].as_u64().unwrap_or(0) * 1000,
            segments: segments(&meta, &path, files)?,
            checksum: checksum(&meta),
        };
        upload.parts.insert(number, part);
        found.old.push(path);
    }
    found.old.push(folder.join("upload.json"));
    found.records.push(Record::Upload {
        bucket: bucket.to_owned(),
        upload: Box::new(upload),
    });
    Ok(())
}
