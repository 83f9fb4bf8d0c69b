//! `CopyObject` and `UploadPartCopy`.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::multipart::{add_part, part_number, wanted};
use super::write::{self, MOST_AT_ONCE, New};
use super::{attributes, checksums, conditions, encryption, tagging, versions};
use crate::checksum::{Algorithm, Digests, Found, hex};
use crate::error::{S3Result, error, error_with, invalid_argument};
use crate::reply::{Reply, set, xml};
use crate::request::{Call, check_key_length};
use crate::service::Shared;
use crate::store::model::{ChecksumKind, Encryption, Part, Segment, Version};
use crate::store::{Written, bucket_of};
use crate::time;
use crate::xml::Xml;

/// What is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
}

/// Reads `x-amz-copy-source`. It is decoded as a form is: a `+` in it is a space (aws-sdk-rust issue 1357, aws-sdk-js issue 1821).
///
/// # Errors
/// `InvalidArgument`.
pub(crate) fn source(call: &Call) -> S3Result<Source> {
    let header = call.header("x-amz-copy-source").unwrap_or_default();
    let invalid = |message: &str| invalid_argument(message, "x-amz-copy-source", &header);
    let (path, version) = match header.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (header.as_str(), None),
    };
    let path = path.replace('+', " ");
    let path = percent_decode_str(&path)
        .decode_utf8()
        .map_err(|_| invalid("Invalid copy source encoding"))?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, key) = path
        .split_once('/')
        .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
        .ok_or_else(|| invalid("Invalid copy source object key"))?;
    check_key_length(key)?;
    if let Some(version) = &version {
        if version.is_empty() {
            return Err(invalid("Version id cannot be the empty string"));
        }
        versions::check(version)?;
    }
    Ok(Source {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        version,
    })
}

/// The version that is copied, if its conditions hold and its key is given.
fn found(
    shared: &Shared,
    call: &Call,
    source: &Source,
) -> S3Result<(Arc<Version>, Option<String>, Written)> {
    shared.store.read(|state| {
        let bucket = bucket_of(state, &source.bucket)?;
        let version = versions::readable(bucket, &source.key, source.version.as_deref()).map_err(|failed| {
            if failed.code() == "MethodNotAllowed" {
                error_with("InvalidRequest", "The source of a copy request may not specifically refer to a delete marker by version id.")
            } else {
                failed
            }
        })?;
        encryption::check_source(call, version.extra().encryption.as_ref())?;
        conditions::check_source(call, version)?;
        if let Some(class @ ("GLACIER" | "DEEP_ARCHIVE")) = version.extra().storage_class.as_deref() {
            return Err(error("InvalidObjectState").member("StorageClass", class));
        }
        let shown = bucket.info.versioning.is_some().then(|| version.id.clone());
        let written = shared.store.share(state, version.segments.clone());
        Ok((Arc::clone(version), shown, written))
    })
}

fn directive(call: &Call, header: &str, what: &str) -> S3Result<bool> {
    match call.some_header(header).as_deref() {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(invalid_argument(
            &format!("Unknown {what} directive."),
            header,
            other,
        )),
    }
}

/// Digests data that is there.
async fn digest(
    shared: &Arc<Shared>,
    segments: &[Segment],
    algorithm: Algorithm,
) -> S3Result<Found> {
    let length = segments.iter().map(|segment| segment.length).sum();
    let mut reader = shared
        .store
        .read(|state| shared.store.reader(state, segments))
        .range(0, length);
    let digested = tokio::task::spawn_blocking(move || {
        let mut digests = Digests::new([algorithm]);
        loop {
            let piece = reader.read(1024 * 1024)?;
            if piece.is_empty() {
                return Ok::<_, std::io::Error>(digests.finish());
            }
            digests.update(&piece);
        }
    });
    Ok(digested.await.map_err(std::io::Error::other)??)
}

/// `CopyObject`.
pub(super) async fn copy_object(shared: &Arc<Shared>, call: &Call) -> S3Result<Reply> {
    conditions::check_write_form(call)?;
    let source = source(call)?;
    let replaces = directive(call, "x-amz-metadata-directive", "metadata")?;
    let replaces_tags = directive(call, "x-amz-tagging-directive", "tagging")?;
    let (version, shown, written) = found(shared, call, &source)?;
    if version.size > MOST_AT_ONCE {
        return Err(error_with(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
        ));
    }
    let mut extra = shared.store.bucket(&call.bucket, |bucket| {
        attributes::read(shared, call, bucket)
    })?;
    let is_itself =
        source.bucket == call.bucket && source.key == call.key && source.version.is_none();
    if is_itself && !replaces && !changes_something(call) {
        return Err(error_with(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, \
             storage class, website redirect location or encryption attributes.",
        ));
    }
    let before = version.extra();
    if !replaces {
        extra.headers.clone_from(&before.headers);
        extra.metadata.clone_from(&before.metadata);
    }
    if !replaces_tags {
        extra.tags.clone_from(&before.tags);
    } else if !call.has_header("x-amz-tagging") {
        extra.tags = tagging::of_header("")?;
    }
    let named = match call.some_header("x-amz-checksum-algorithm") {
        Some(name) => Some(Algorithm::of_name(&name).ok_or_else(|| {
            error_with("InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
        })?),
        None => None,
    };
    let kept = version
        .checksum
        .as_ref()
        .filter(|kept| kept.kind == ChecksumKind::Full);
    let algorithm = named
        .or(version.checksum.as_ref().map(|kept| kept.algorithm))
        .unwrap_or(Algorithm::Crc64Nvme);
    let is_opaque = matches!(
        before.encryption,
        Some(Encryption::Kms { .. } | Encryption::Customer { .. })
    );
    let is_known = before.parts.is_empty()
        && !is_opaque
        && kept.is_some_and(|kept| kept.algorithm == algorithm);
    let (etag, checksum) = if is_known && !is_opaque_now(&extra) {
        (version.etag.clone(), version.checksum.clone())
    } else {
        let found = digest(shared, &version.segments, algorithm).await?;
        (
            write::etag(extra.encryption.as_ref(), &found.md5),
            checksums::kept(algorithm, &found),
        )
    };
    let new = New {
        written,
        size: version.size,
        etag,
        checksum,
        extra,
        with: Vec::new(),
    };
    let put = write::commit(shared, call, "ObjectCreated:Copy", new)?;
    let mut document = Xml::root("CopyObjectResult");
    document.text("LastModified", &time::iso(put.version.modified));
    document.text("ETag", &format!("\"{}\"", put.version.etag));
    if let Some(checksum) = &put.version.checksum {
        document.text("ChecksumType", checksum.kind.name());
        document.text(&checksum.algorithm.element(), &checksum.value);
    }
    document.close("CopyObjectResult");
    let mut reply = xml(document.finish());
    if let Some(shown) = shown {
        set(&mut reply, "x-amz-copy-source-version-id", &shown);
    }
    if let Some(id) = &put.shown {
        set(&mut reply, "x-amz-version-id", id);
    }
    encryption::describe(&mut reply, put.version.extra().encryption.as_ref());
    Ok(reply)
}

fn is_opaque_now(extra: &crate::store::model::Extra) -> bool {
    matches!(
        extra.encryption,
        Some(Encryption::Kms { .. } | Encryption::Customer { .. })
    )
}

/// Whether a copy onto itself is one to change something.
fn changes_something(call: &Call) -> bool {
    [
        "x-amz-storage-class",
        "x-amz-website-redirect-location",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-customer-algorithm",
        "x-amz-checksum-algorithm",
        "x-amz-object-lock-mode",
        "x-amz-object-lock-legal-hold",
    ]
    .into_iter()
    .any(|header| call.has_header(header))
}

/// The bytes of the source that a part takes.
fn part_range(call: &Call, size: u64) -> S3Result<(u64, u64)> {
    let Some(header) = call.some_header("x-amz-copy-source-range") else {
        return Ok((0, size));
    };
    let malformed = || {
        invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of \
             the first and last bytes to copy",
            "x-amz-copy-source-range",
            &header,
        )
    };
    let (first, last) = header
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
        .ok_or_else(malformed)?;
    let number = |text: &str| -> S3Result<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).ok_or_else(malformed)
    };
    let (first, last) = (number(first)?, number(last)?);
    if last < first {
        return Err(malformed());
    }
    if last >= size {
        // S3's own text; the code is that which ceph/s3-tests finds on AWS.
        return Err(error_with(
            "InvalidRange",
            format!("Range specified is not valid for source object of size: {size}"),
        ));
    }
    Ok((first, last - first + 1))
}

/// The segments of a range of others.
fn cut(segments: &[Segment], first: u64, length: u64) -> Vec<Segment> {
    let (mut skip, mut left) = (first, length);
    let mut pieces = Vec::new();
    for segment in segments {
        if skip >= segment.length {
            skip -= segment.length;
            continue;
        }
        let take = (segment.length - skip).min(left);
        if take > 0 {
            pieces.push(Segment {
                file: segment.file,
                offset: segment.offset + skip,
                length: take,
            });
        }
        left -= take;
        skip = 0;
    }
    pieces
}

/// `UploadPartCopy`.
pub(super) async fn upload_part_copy(shared: &Arc<Shared>, call: &Call) -> S3Result<Reply> {
    let source = source(call)?;
    let number = part_number(call)?;
    let wanted = wanted(shared, call)?;
    let (version, shown, mut written) = found(shared, call, &source)?;
    let (first, length) = part_range(call, version.size)?;
    if length > MOST_AT_ONCE {
        return Err(error("EntityTooLarge").member("MaxSizeAllowed", MOST_AT_ONCE.to_string()));
    }
    written.segments = cut(&version.segments, first, length);
    let algorithm = wanted.algorithm().unwrap_or(Algorithm::Crc64Nvme);
    let found = digest(shared, &written.segments, algorithm).await?;
    let part = Part {
        number,
        size: length,
        etag: match wanted.encryption {
            None | Some(Encryption::S3) => hex(&found.md5),
            _ => write::etag(wanted.encryption.as_ref(), &found.md5),
        },
        modified: call.now,
        segments: written.segments.clone(),
        checksum: checksums::kept(algorithm, &found),
    };
    let mut document = Xml::root("CopyPartResult");
    document.text("LastModified", &time::iso(part.modified));
    document.text("ETag", &format!("\"{}\"", part.etag));
    if let (Some(_), Some(checksum)) = (wanted.algorithm(), &part.checksum) {
        document.text(&checksum.algorithm.element(), &checksum.value);
    }
    document.close("CopyPartResult");
    add_part(shared, call, &written, part)?;
    let mut reply = xml(document.finish());
    if let Some(shown) = shown {
        set(&mut reply, "x-amz-copy-source-version-id", &shown);
    }
    encryption::describe(&mut reply, wanted.encryption.as_ref());
    Ok(reply)
}
