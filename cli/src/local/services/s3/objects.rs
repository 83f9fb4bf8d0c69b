//! The operations on objects. Each function is one operation of the S3 API reference, of the same name.

mod delete;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode};
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::conditions::{ReadConditions, WriteConditions};
use super::object::{self, Attributes, Meta};
use super::store::{Store, check_key, internal};
use super::transfer::{self, Announced};
use crate::values::text::hex;

pub(super) use delete::{delete_object, delete_objects};

/// Largest sum of the names and values of `x-amz-meta-*` (S3 user guide, "Working with object metadata").
const MAX_USER_METADATA: usize = 2 * 1024;

/// Run file work where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> S3Result<T> + Send + 'static,
) -> S3Result<T> {
    let store = Arc::clone(store);
    match tokio::task::spawn_blocking(move || work(&store)).await {
        Ok(result) => result,
        Err(error) => Err(internal(
            "a task of the embedded S3 failed",
            io::Error::other(error),
        )),
    }
}

/// The attributes of an input; the three operations that create objects name their fields alike.
macro_rules! attributes {
    ($input:expr) => {
        Attributes {
            cache_control: $input.cache_control.take(),
            content_disposition: $input.content_disposition.take(),
            content_encoding: $crate::local::services::s3::objects::stored_encoding(
                $input.content_encoding.take(),
            ),
            content_language: $input.content_language.take(),
            content_type: $input.content_type.take(),
            expires: $input.expires.take(),
            storage_class: $input
                .storage_class
                .take()
                .map(|class| class.as_str().to_owned()),
            website_redirect_location: $input.website_redirect_location.take(),
            user: $input
                .metadata
                .take()
                .unwrap_or_default()
                .into_iter()
                .collect(),
        }
    };
}
pub(super) use attributes;

/// Refuse what an input asks for and the embedded S3 does not do, rather than drop it silently.
macro_rules! refuse_unsupported {
    ($input:expr) => {
        if $input.tagging.is_some() {
            return Err(s3s::s3_error!(NotImplemented, "The embedded S3 keeps no tags"));
        }
        if $input.object_lock_legal_hold_status.is_some()
            || $input.object_lock_mode.is_some()
            || $input.object_lock_retain_until_date.is_some()
        {
            return Err(s3s::s3_error!(NotImplemented, "The embedded S3 has no object lock"));
        }
        if $input.sse_customer_algorithm.is_some() {
            return Err(s3s::s3_error!(NotImplemented, "The embedded S3 does not encrypt with customers' keys"));
        }
        // S3 user guide, "Controlling ownership of objects and disabling ACLs": with the default setting only the
        // owner's full control may be asked for.
        let acl = $input.acl.as_ref().map(s3s::dto::ObjectCannedACL::as_str);
        if acl.is_some_and(|acl| acl != "bucket-owner-full-control")
            || $input.grant_full_control.is_some()
            || $input.grant_read.is_some()
            || $input.grant_read_acp.is_some()
            || $input.grant_write_acp.is_some()
        {
            return Err(s3s::s3_error!(AccessControlListNotSupported, "The bucket does not allow ACLs"));
        }
    };
}
pub(super) use refuse_unsupported;

/// `Content-Encoding` without `aws-chunked`, which describes the upload and not the object (API reference, "Signature
/// calculations for the authorization header: chunked upload").
pub(super) fn stored_encoding(encoding: Option<String>) -> Option<String> {
    let encoding = encoding?;
    let kept: Vec<&str> = encoding
        .split(',')
        .map(str::trim)
        .filter(|part| *part != "aws-chunked")
        .collect();
    let kept = kept.join(",");
    (!kept.is_empty()).then_some(kept)
}

pub(super) fn check_attributes(attributes: &Attributes) -> S3Result<()> {
    let size: usize = attributes
        .user
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > MAX_USER_METADATA {
        return Err(s3_error!(
            MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size"
        ));
    }
    Ok(())
}

/// Objects here have the one version that an unversioned bucket has, `null`.
fn check_version(version: Option<&str>) -> S3Result<()> {
    match version {
        None | Some("null") => Ok(()),
        Some(_) => Err(s3_error!(
            NoSuchVersion,
            "The embedded S3 keeps no versions"
        )),
    }
}

pub(super) async fn put_object(
    store: &Arc<Store>,
    request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let mut input = request.input;
    let attributes = attributes!(input);
    if let Err(refusal) = check_put(store, &input, &attributes) {
        transfer::discard(input.body).await;
        return Err(refusal);
    }
    let announced = Announced {
        length: input.content_length,
        md5: input.content_md5,
        algorithm: input.checksum_algorithm,
        checksum: Checksum {
            checksum_crc32: input.checksum_crc32,
            checksum_crc32c: input.checksum_crc32c,
            checksum_crc64nvme: input.checksum_crc64nvme,
            checksum_sha1: input.checksum_sha1,
            checksum_sha256: input.checksum_sha256,
            checksum_type: None,
        },
        trailers: request.trailing_headers,
    };
    let received = transfer::receive(store, input.body, announced).await?;
    let checksum = received.checksum.clone();
    let conditions = WriteConditions {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
    };
    let meta = Meta {
        key: input.key,
        size: received.size,
        etag: received.md5,
        modified: object::now(),
        parts: Vec::new(),
        attributes,
        checksums: received.checksum.into(),
    };
    let e_tag = meta.e_tag();
    let bucket = input.bucket;
    let mut file = received.file;
    let path = received.path;
    blocking(store, move |store| {
        object::finish(&mut file, &meta)
            .map_err(|error| internal("cannot write the object", error))?;
        store.commit(&bucket, &meta.key, path, &conditions)
    })
    .await?;
    Ok(S3Response::new(PutObjectOutput {
        e_tag: Some(e_tag),
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        checksum_type: checksum.checksum_type,
        ..Default::default()
    }))
}

/// What can be refused before the body is read.
fn check_put(store: &Store, input: &PutObjectInput, attributes: &Attributes) -> S3Result<()> {
    refuse_unsupported!(input);
    if input.write_offset_bytes.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "Appending is for directory buckets only"
        ));
    }
    check_key(&input.key)?;
    check_attributes(attributes)?;
    store.bucket(&input.bucket).map(drop)
}

/// An object that a read has found, and the part of it that is wanted.
struct Found {
    file: File,
    meta: Meta,
    start: u64,
    length: u64,
    /// Set when the answer is a part: 206.
    content_range: Option<String>,
    /// How many parts there are, when one was asked for by number.
    parts: Option<i32>,
}

/// What GET and HEAD have in common.
struct Read {
    bucket: String,
    key: String,
    version: Option<String>,
    conditions: ReadConditions,
    range: Option<Range>,
    part: Option<i32>,
}

impl Read {
    fn find(self, store: &Store) -> S3Result<Found> {
        let (file, meta) = store.bucket(&self.bucket)?.open(&self.key)?;
        check_version(self.version.as_deref())?;
        self.conditions.check_read(&meta)?;
        let part = match (self.part, self.range) {
            (None, None) => None,
            (None, Some(range)) => {
                Some(range.check(meta.size).ok().filter(|part| !part.is_empty()))
            }
            (Some(number), None) => Some(part_range(&meta, number)),
            (Some(_), Some(_)) => {
                let message = "Cannot specify both Range header and partNumber query parameter";
                return Err(s3_error!(InvalidRequest, "{message}"));
            }
        };
        let (start, length, content_range) = match part {
            None => (0, meta.size, None),
            Some(Some(part)) => {
                let last = part.end.saturating_sub(1);
                // A part may be empty only if the object is; there is no byte to name then.
                let text = (!part.is_empty())
                    .then(|| format!("bytes {}-{last}/{}", part.start, meta.size));
                (part.start, part.end.saturating_sub(part.start), text)
            }
            Some(None) => return Err(not_satisfiable(&meta, self.part.is_some())),
        };
        let parts = self
            .part
            .filter(|_| !meta.parts.is_empty())
            .and_then(|_| i32::try_from(meta.parts.len()).ok());
        Ok(Found {
            file,
            meta,
            start,
            length,
            content_range,
            parts,
        })
    }
}

/// The bytes of part `number` (from 1); an object of one piece has one part.
fn part_range(meta: &Meta, number: i32) -> Option<std::ops::Range<u64>> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    if meta.parts.is_empty() {
        return (index == 0).then_some(0..meta.size);
    }
    let size = meta.parts.get(index)?;
    let start: u64 = meta.parts.iter().take(index).sum();
    Some(start..start + size)
}

fn not_satisfiable(meta: &Meta, part: bool) -> s3s::S3Error {
    if part {
        let mut error = s3_error!(InvalidPart, "The requested partnumber is not satisfiable");
        error.set_status_code(StatusCode::RANGE_NOT_SATISFIABLE);
        return error;
    }
    let mut error = s3_error!(InvalidRange, "The requested range is not satisfiable");
    let mut headers = HeaderMap::new();
    // RFC 9110 §14.4: a 416 says how long the representation is.
    if let Ok(value) = HeaderValue::try_from(format!("bytes */{}", meta.size)) {
        headers.insert(http::header::CONTENT_RANGE, value);
    }
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    error.set_headers(headers);
    error
}

/// The answer to GET or HEAD: the outputs name their fields alike.
macro_rules! answer {
    ($output:ident, $found:expr, $checksums:expr $(, $more:ident: $value:expr)*) => {{
        let found = $found;
        // Checksums are of the whole object and are sent when asked for (API reference, `x-amz-checksum-mode`).
        let checksum = if $checksums && found.content_range.is_none() {
            Checksum::from(found.meta.checksums.clone())
        } else {
            Checksum::default()
        };
        let e_tag = found.meta.e_tag();
        let last_modified = found.meta.last_modified();
        let attributes = found.meta.attributes;
        let status = found.content_range.is_some().then_some(StatusCode::PARTIAL_CONTENT);
        let mut response = S3Response::new($output {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: attributes.cache_control,
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            checksum_type: checksum.checksum_type,
            content_disposition: attributes.content_disposition,
            content_encoding: attributes.content_encoding,
            content_language: attributes.content_language,
            content_length: i64::try_from(found.length).ok(),
            content_range: found.content_range,
            // What S3 stores when the client names no type (S3 user guide, "System-defined object metadata").
            content_type: Some(attributes.content_type.unwrap_or_else(|| "binary/octet-stream".to_owned())),
            e_tag: Some(e_tag),
            expires: attributes.expires,
            last_modified: Some(last_modified),
            metadata: (!attributes.user.is_empty()).then(|| attributes.user.into_iter().collect()),
            parts_count: found.parts,
            // STANDARD is not named (API reference, `x-amz-storage-class`).
            storage_class: attributes.storage_class.filter(|class| class != "STANDARD").map(StorageClass::from),
            website_redirect_location: attributes.website_redirect_location,
            $($more: $value,)*
            ..Default::default()
        });
        response.status = status;
        response
    }};
}

fn wants_checksums(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str().eq_ignore_ascii_case("ENABLED"))
}

pub(super) async fn get_object(
    store: &Arc<Store>,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let input = request.input;
    let checksums = wants_checksums(input.checksum_mode.as_ref());
    let read = Read {
        bucket: input.bucket,
        key: input.key,
        version: input.version_id,
        conditions: ReadConditions {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        },
        range: input.range,
        part: input.part_number,
    };
    let found = blocking(store, move |store| read.find(store)).await?;
    let body = transfer::send(
        found
            .file
            .try_clone()
            .map_err(|e| internal("cannot read the object", e))?,
        found.start,
        found.length,
    )?;
    Ok(answer!(GetObjectOutput, found, checksums, body: Some(body)))
}

pub(super) async fn head_object(
    store: &Arc<Store>,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let input = request.input;
    let checksums = wants_checksums(input.checksum_mode.as_ref());
    let read = Read {
        bucket: input.bucket,
        key: input.key,
        version: input.version_id,
        conditions: ReadConditions {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        },
        range: input.range,
        part: input.part_number,
    };
    let found = blocking(store, move |store| read.find(store)).await?;
    Ok(answer!(HeadObjectOutput, found, checksums))
}

/// The bucket and key of an `x-amz-copy-source`.
pub(super) fn copy_source(source: &CopySource) -> S3Result<(String, String)> {
    match source {
        CopySource::Bucket {
            bucket,
            key,
            version_id,
        } => {
            check_version(version_id.as_deref())?;
            Ok((bucket.to_string(), key.to_string()))
        }
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => Err(s3_error!(
            NotImplemented,
            "The embedded S3 has no access points"
        )),
    }
}

pub(super) async fn copy_object(
    store: &Arc<Store>,
    request: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let mut input = request.input;
    refuse_unsupported!(input);
    let (source_bucket, source_key) = copy_source(&input.copy_source)?;
    let replace = match input
        .metadata_directive
        .as_ref()
        .map(MetadataDirective::as_str)
    {
        None | Some(MetadataDirective::COPY) => false,
        Some(MetadataDirective::REPLACE) => true,
        Some(_) => return Err(s3_error!(InvalidArgument, "Unknown metadata directive.")),
    };
    let changed =
        replace || input.storage_class.is_some() || input.website_redirect_location.is_some();
    if !changed && source_bucket == input.bucket && source_key == input.key {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing \
                       the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(s3_error!(InvalidRequest, "{message}"));
    }
    let fresh = attributes!(input);
    check_attributes(&fresh)?;
    let conditions = ReadConditions {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let (bucket, key) = (input.bucket, input.key);
    let meta = blocking(store, move |store| {
        store.bucket(&bucket)?;
        check_key(&key)?;
        let (mut from, source) = store.bucket(&source_bucket)?.open(&source_key)?;
        conditions.check_copy_source(&source)?;
        let (mut file, path) = store.temporary()?.into_parts();
        // A copy is an object of one piece, with the MD5 of the whole, even if its source came in parts.
        let etag = copy_bytes(&mut from, source.size, &mut file)?;
        let attributes = if replace {
            fresh
        } else {
            let class = fresh.storage_class;
            let redirect = fresh.website_redirect_location;
            Attributes {
                storage_class: class,
                website_redirect_location: redirect,
                ..source.attributes
            }
        };
        // A composite checksum is one of parts, which the copy has not.
        let checksums = if source.parts.is_empty() {
            source.checksums
        } else {
            Default::default()
        };
        let meta = Meta {
            key,
            size: source.size,
            etag,
            modified: object::now(),
            parts: Vec::new(),
            attributes,
            checksums,
        };
        object::finish(&mut file, &meta)
            .map_err(|error| internal("cannot write the object", error))?;
        store.commit(&bucket, &meta.key, path, &WriteConditions::default())?;
        Ok(meta)
    })
    .await?;
    let checksum = Checksum::from(meta.checksums.clone());
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(CopyObjectResult {
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            checksum_type: checksum.checksum_type,
            e_tag: Some(meta.e_tag()),
            last_modified: Some(meta.last_modified()),
        }),
        ..Default::default()
    }))
}

/// Copy `size` bytes from where `from` stands; returns their MD5 in hexadecimal.
pub(super) fn copy_bytes(from: &mut File, size: u64, to: &mut File) -> S3Result<String> {
    let mut md5 = Md5::new();
    copy_with(from, size, to, |bytes| md5.update(bytes))?;
    Ok(hex(&md5.finalize()))
}

/// Copy `size` bytes and show each piece to `look`.
pub(super) fn copy_with(
    from: &mut File,
    size: u64,
    to: &mut File,
    mut look: impl FnMut(&[u8]),
) -> S3Result<()> {
    let mut copy = || -> io::Result<()> {
        let mut buffer = vec![0; 256 * 1024];
        let mut source = from.take(size);
        let mut copied = 0;
        loop {
            let read = source.read(&mut buffer)?;
            let bytes = buffer.get(..read).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            look(bytes);
            to.write_all(bytes)?;
            copied += read as u64;
        }
        if copied == size {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    };
    copy().map_err(|error| internal("cannot copy the object", error))
}
