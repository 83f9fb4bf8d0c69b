//! One object, one file: the data, then what S3 knows about it as JSON, then the JSON's length and a mark.
//!
//! Data and metadata in one file mean that one rename replaces both together; a reader that has the file open goes on
//! reading the old object. The metadata stands behind the data because size and hashes are known only at the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use s3s::dto::{Checksum, ChecksumType, ETag, Timestamp};
use serde::{Deserialize, Serialize};

/// Ends every object file; the number is the layout's version.
const MARK: &[u8; 8] = b"fw-s3-1\n";

/// The JSON's length as a little-endian `u64`, and the mark.
const TAIL_BYTES: u64 = 16;

/// Metadata that claims to be larger than this is not ours.
const MAX_META_BYTES: u64 = 4 * 1024 * 1024;

/// What S3 knows about an object (or about one part of an upload).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// The key, in full.
    pub(super) key: String,
    /// Bytes of data.
    pub(super) size: u64,
    /// The entity tag without its quotes: the data's MD5, or for a multipart upload `MD5 of MD5s-parts`.
    pub(super) etag: String,
    /// Seconds since 1970: S3's `Last-Modified` has no fractions.
    pub(super) modified: u64,
    /// Sizes of the parts of a multipart upload; empty for an object of one piece.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<u64>,
    /// What the client said about the object.
    #[serde(default)]
    pub(super) attributes: Attributes,
    /// Checksums, in base64.
    #[serde(default)]
    pub(super) checksums: Checksums,
}

/// The headers that a client stores with an object and gets back with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) expires: Option<Timestamp>,
    pub(super) storage_class: Option<String>,
    pub(super) website_redirect_location: Option<String>,
    /// `x-amz-meta-*` without the prefix.
    pub(super) user: BTreeMap<String, String>,
}

/// [`Checksum`], in a form that serde knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Checksums {
    #[serde(skip_serializing_if = "Option::is_none")]
    crc32: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crc32c: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crc64nvme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

impl From<Checksum> for Checksums {
    fn from(from: Checksum) -> Self {
        Self {
            crc32: from.checksum_crc32,
            crc32c: from.checksum_crc32c,
            crc64nvme: from.checksum_crc64nvme,
            sha1: from.checksum_sha1,
            sha256: from.checksum_sha256,
            kind: from.checksum_type.map(|kind| kind.as_str().to_owned()),
        }
    }
}

impl From<Checksums> for Checksum {
    fn from(from: Checksums) -> Self {
        Self {
            checksum_crc32: from.crc32,
            checksum_crc32c: from.crc32c,
            checksum_crc64nvme: from.crc64nvme,
            checksum_sha1: from.sha1,
            checksum_sha256: from.sha256,
            checksum_type: from.kind.map(ChecksumType::from),
        }
    }
}

impl Meta {
    pub(super) fn e_tag(&self) -> ETag {
        ETag::Strong(self.etag.clone())
    }

    pub(super) fn last_modified(&self) -> Timestamp {
        from_seconds(self.modified)
    }
}

/// The current time, in the unit of [`Meta::modified`].
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A time of [`Meta::modified`]'s kind as S3 writes it.
pub(super) fn from_seconds(seconds: u64) -> Timestamp {
    UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .map_or_else(Timestamp::default, Timestamp::from)
}

/// Append `meta` to a file that holds exactly the object's data and is at its end.
pub(super) fn finish(file: &mut File, meta: &Meta) -> io::Result<()> {
    let mut tail = serde_json::to_vec(meta)?;
    let length = tail.len() as u64;
    tail.extend_from_slice(&length.to_le_bytes());
    tail.extend_from_slice(MARK);
    file.write_all(&tail)
}

/// Open the object file at `path`, positioned at the start of its data; `None` if there is none.
///
/// A file without our mark was put there by somebody else and is no object.
pub(super) fn open(path: &Path) -> io::Result<Option<(File, Meta)>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let meta = match read_meta(&mut file) {
        Ok(meta) => meta,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::IsADirectory
            ) =>
        {
            tracing::warn!(path = %path.display(), "not an object of the embedded S3; ignored");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    file.seek(SeekFrom::Start(0))?;
    Ok(Some((file, meta)))
}

fn read_meta(file: &mut File) -> io::Result<Meta> {
    let foreign = || io::Error::from(io::ErrorKind::InvalidData);
    let total = file.metadata()?.len();
    let tail_start = total.checked_sub(TAIL_BYTES).ok_or_else(foreign)?;
    file.seek(SeekFrom::Start(tail_start))?;
    let mut length = [0; 8];
    let mut mark = [0; 8];
    file.read_exact(&mut length)?;
    file.read_exact(&mut mark)?;
    let length = u64::from_le_bytes(length);
    if &mark != MARK || length > MAX_META_BYTES {
        return Err(foreign());
    }
    let size = tail_start.checked_sub(length).ok_or_else(foreign)?;
    file.seek(SeekFrom::Start(size))?;
    let mut json = Vec::new();
    file.take(length).read_to_end(&mut json)?;
    let meta: Meta = serde_json::from_slice(&json).map_err(|_| foreign())?;
    if meta.size != size {
        return Err(foreign());
    }
    Ok(meta)
}
