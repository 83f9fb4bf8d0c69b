//! Multipart uploads. Each function is one operation of the S3 API reference, of the same name.
//!
//! An upload is a folder in its bucket: `upload.json` says what it will become, and each part is a file like an
//! object's. Completing it copies the parts into one new file and puts that in place like any other object.

mod complete;

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};
use serde::{Deserialize, Serialize};
use tempfile::TempPath;

use super::conditions::ReadConditions;
use super::listing::{self, KeyEncoding};
use super::object::{self, Attributes, Meta};
use super::objects::{
    attributes, blocking, check_attributes, copy_source, copy_with, refuse_unsupported,
};
use super::store::{self, Bucket, Store, check_key, internal};
use super::transfer::{self, Announced, Received};
use crate::private_files;
use crate::values::text::hex;

pub(super) use complete::complete_multipart_upload;

/// Part numbers are 1 to 10,000 (S3 user guide, "Amazon S3 multipart upload limits").
const MAX_PART: i32 = 10_000;

/// What an upload will become.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Upload {
    key: String,
    /// Seconds since 1970.
    initiated: u64,
    attributes: Attributes,
    /// The checksum that the client asked for.
    algorithm: Option<String>,
    /// `COMPOSITE` or `FULL_OBJECT`.
    kind: Option<String>,
}

impl Upload {
    fn algorithm(&self) -> Option<ChecksumAlgorithm> {
        self.algorithm.clone().map(ChecksumAlgorithm::from)
    }

    fn is_composite(&self) -> bool {
        self.kind.as_deref() == Some(ChecksumType::COMPOSITE)
    }
}

/// An upload under way.
struct Open {
    dir: PathBuf,
    upload: Upload,
}

/// The upload `id` for `key`, or `NoSuchUpload`.
fn find(bucket: &Bucket, key: &str, id: &str) -> S3Result<Open> {
    let missing = || {
        let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                       aborted or completed.";
        s3_error!(NoSuchUpload, "{message}")
    };
    // Our ids are hexadecimal; nothing else may become part of a path.
    if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(missing());
    }
    let dir = bucket.uploads_dir().join(id);
    let json = match fs::read(dir.join("upload.json")) {
        Ok(json) => json,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(internal("cannot read the upload", error)),
    };
    let upload: Upload = serde_json::from_slice(&json).map_err(|_| missing())?;
    if upload.key != key {
        return Err(missing());
    }
    Ok(Open { dir, upload })
}

impl Open {
    fn part_path(&self, number: i32) -> PathBuf {
        self.dir.join(format!("part-{number:05}"))
    }

    /// The numbers of the parts that have arrived, in order.
    fn numbers(&self) -> S3Result<Vec<i32>> {
        let names = store::file_names(&self.dir)
            .map_err(|error| internal("cannot list the parts", error))?;
        let mut numbers: Vec<i32> = names
            .iter()
            .filter_map(|name| name.strip_prefix("part-")?.parse().ok())
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn part(&self, number: i32) -> S3Result<Option<(File, Meta)>> {
        object::open(&self.part_path(number))
            .map_err(|error| internal("cannot read the part", error))
    }
}

pub(super) async fn create_multipart_upload(
    store: &Arc<Store>,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let mut input = request.input;
    refuse_unsupported!(input);
    check_key(&input.key)?;
    let attributes = attributes!(input);
    check_attributes(&attributes)?;
    let algorithm = input
        .checksum_algorithm
        .as_ref()
        .map(|algorithm| algorithm.as_str().to_ascii_uppercase());
    let kind = checksum_kind(
        algorithm.as_deref(),
        input.checksum_type.as_ref().map(ChecksumType::as_str),
    )?;
    // Refuses an unknown algorithm.
    transfer::hasher(&Checksum::default(), input.checksum_algorithm.as_ref())?;
    let upload = Upload {
        key: input.key.clone(),
        initiated: object::now(),
        attributes,
        algorithm: algorithm.clone(),
        kind: kind.map(str::to_owned),
    };
    let name = input.bucket.clone();
    let id = blocking(store, move |store| {
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|error| internal("no randomness", io::Error::other(error)))?;
        let id = hex(&random);
        store.changing(&name, |bucket| {
            let dir = bucket.uploads_dir().join(&id);
            let write = || -> io::Result<()> {
                private_files::create_folder(&dir)?;
                private_files::write(&dir.join("upload.json"), &serde_json::to_vec(&upload)?)
            };
            write().map_err(|error| internal("cannot begin the upload", error))
        })?;
        Ok(id)
    })
    .await?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        checksum_algorithm: algorithm.map(ChecksumAlgorithm::from),
        checksum_type: kind.map(ChecksumType::from_static),
        ..Default::default()
    }))
}

/// Which kind of checksum the whole will have (S3 user guide, "Checking object integrity", table of multipart types).
fn checksum_kind(algorithm: Option<&str>, asked: Option<&str>) -> S3Result<Option<&'static str>> {
    let (composite, full) = (ChecksumType::COMPOSITE, ChecksumType::FULL_OBJECT);
    match (algorithm, asked) {
        (None, None) => Ok(None),
        (Some("CRC64NVME"), None) => Ok(Some(full)),
        (Some(_), None) => Ok(Some(composite)),
        (Some("CRC32" | "CRC32C" | "SHA1" | "SHA256"), Some(kind)) if kind == composite => {
            Ok(Some(composite))
        }
        (Some("CRC32" | "CRC32C" | "CRC64NVME"), Some(kind)) if kind == full => Ok(Some(full)),
        (algorithm, Some(kind)) => {
            let algorithm = algorithm.unwrap_or("null");
            let message = format!(
                "The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."
            );
            Err(s3_error!(InvalidRequest, "{message}"))
        }
    }
}

fn check_part_number(number: i32) -> S3Result<()> {
    if (1..=MAX_PART).contains(&number) {
        return Ok(());
    }
    Err(s3_error!(
        InvalidArgument,
        "Part number must be an integer between 1 and {MAX_PART}, inclusive"
    ))
}

pub(super) async fn upload_part(
    store: &Arc<Store>,
    request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let input = request.input;
    let (bucket, key, id, number) = (input.bucket, input.key, input.upload_id, input.part_number);
    let checked = check_part_number(number)
        .and_then(|()| store.bucket(&bucket))
        .and_then(|bucket| find(&bucket, &key, &id).map(|open| open.upload.algorithm()));
    let algorithm = match checked {
        Ok(algorithm) => algorithm,
        Err(refusal) => {
            transfer::discard(input.body).await;
            return Err(refusal);
        }
    };
    let announced = Announced {
        length: input.content_length,
        md5: input.content_md5,
        // The whole needs its algorithm's checksum of every part, whatever the client sends along.
        algorithm: algorithm.or(input.checksum_algorithm),
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
    let Received {
        file,
        path,
        size,
        md5,
        checksum,
    } = transfer::receive(store, input.body, announced).await?;
    let part = Meta {
        key,
        size,
        etag: md5,
        modified: object::now(),
        checksums: checksum.clone().into(),
        ..Meta::default()
    };
    let e_tag = part.e_tag();
    blocking(store, move |store| {
        place_part(store, &bucket, &id, number, file, path, &part)
    })
    .await?;
    Ok(S3Response::new(UploadPartOutput {
        e_tag: Some(e_tag),
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        ..Default::default()
    }))
}

fn place_part(
    store: &Store,
    bucket: &str,
    id: &str,
    number: i32,
    mut file: File,
    path: TempPath,
    part: &Meta,
) -> S3Result<()> {
    object::finish(&mut file, part).map_err(|error| internal("cannot write the part", error))?;
    store.changing(bucket, |bucket| {
        // The upload may have been aborted while the data came in.
        let place = find(bucket, &part.key, id)?.part_path(number);
        path.persist(place)
            .map_err(|error| internal("cannot put the part in place", error.error))
    })
}

pub(super) async fn upload_part_copy(
    store: &Arc<Store>,
    request: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let input = request.input;
    check_part_number(input.part_number)?;
    let (source_bucket, source_key) = copy_source(&input.copy_source)?;
    let bad_range = || {
        s3_error!(
            InvalidArgument,
            "The x-amz-copy-source-range value must be of the form bytes=first-last"
        )
    };
    let range = input
        .copy_source_range
        .as_deref()
        .map(|text| Range::parse(text).map_err(|_| bad_range()))
        .transpose()?;
    let conditions = ReadConditions {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let (bucket, key, id, number) = (input.bucket, input.key, input.upload_id, input.part_number);
    let part = blocking(store, move |store| {
        let algorithm = find(&store.bucket(&bucket)?, &key, &id)?.upload.algorithm();
        let (mut from, source) = store.bucket(&source_bucket)?.open(&source_key)?;
        conditions.check_copy_source(&source)?;
        let wanted = match range {
            None => 0..source.size,
            // Unlike a GET's, this range may not reach past the end (API reference, `UploadPartCopy`).
            Some(Range::Int {
                first,
                last: Some(last),
            }) if last < source.size => first..last + 1,
            Some(Range::Int { last: Some(_), .. }) => {
                return Err(s3_error!(
                    InvalidRange,
                    "The requested range is not satisfiable"
                ));
            }
            Some(_) => return Err(bad_range()),
        };
        io::Seek::seek(&mut from, io::SeekFrom::Start(wanted.start))
            .map_err(|error| internal("cannot read the object", error))?;
        let (mut file, path) = store.temporary()?.into_parts();
        let mut md5 = Md5::new();
        let mut checksums = transfer::hasher(&Checksum::default(), algorithm.as_ref())?;
        let size = wanted.end.saturating_sub(wanted.start);
        copy_with(&mut from, size, &mut file, |bytes| {
            md5.update(bytes);
            checksums.update(bytes);
        })?;
        let etag = hex(&md5.finalize());
        let checksums = checksums.finalize().into();
        let part = Meta {
            key,
            size,
            etag,
            modified: object::now(),
            checksums,
            ..Meta::default()
        };
        place_part(store, &bucket, &id, number, file, path, &part)?;
        Ok(part)
    })
    .await?;
    let checksum = Checksum::from(part.checksums.clone());
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(CopyPartResult {
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            e_tag: Some(part.e_tag()),
            last_modified: Some(part.last_modified()),
        }),
        ..Default::default()
    }))
}

pub(super) async fn abort_multipart_upload(
    store: &Arc<Store>,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let input = request.input;
    blocking(store, move |store| {
        store.changing(&input.bucket, |bucket| {
            let open = find(bucket, &input.key, &input.upload_id)?;
            fs::remove_dir_all(open.dir)
                .map_err(|error| internal("cannot remove the upload", error))
        })
    })
    .await?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) async fn list_parts(
    store: &Arc<Store>,
    request: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    let input = request.input;
    let (max_parts, max) = listing::page_size(input.max_parts)?;
    let marker = input.part_number_marker.unwrap_or(0);
    let (bucket, key, id) = (
        input.bucket.clone(),
        input.key.clone(),
        input.upload_id.clone(),
    );
    let (upload, parts, more) = blocking(store, move |store| {
        let open = find(&store.bucket(&bucket)?, &key, &id)?;
        let mut numbers = open.numbers()?;
        numbers.retain(|number| *number > marker);
        let more = numbers.len() > max;
        let mut parts = Vec::new();
        for number in numbers.into_iter().take(max) {
            if let Some((_, part)) = open.part(number)? {
                parts.push(listed(number, &part));
            }
        }
        Ok((open.upload, parts, more))
    })
    .await?;
    let last = parts.last().and_then(|part| part.part_number);
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        checksum_algorithm: upload.algorithm(),
        checksum_type: upload.kind.map(ChecksumType::from),
        is_truncated: Some(more && last.is_some()),
        max_parts: Some(max_parts),
        next_part_number_marker: last.filter(|_| more),
        part_number_marker: Some(marker),
        parts: Some(parts),
        storage_class: upload.attributes.storage_class.map(StorageClass::from),
        ..Default::default()
    }))
}

fn listed(number: i32, part: &Meta) -> Part {
    let checksum = Checksum::from(part.checksums.clone());
    Part {
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        e_tag: Some(part.e_tag()),
        last_modified: Some(part.last_modified()),
        part_number: Some(number),
        size: i64::try_from(part.size).ok(),
    }
}

pub(super) async fn list_multipart_uploads(
    store: &Arc<Store>,
    request: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let input = request.input;
    if input
        .delimiter
        .as_ref()
        .is_some_and(|delimiter| !delimiter.is_empty())
    {
        return Err(s3_error!(
            NotImplemented,
            "The embedded S3 lists uploads without a delimiter only"
        ));
    }
    let (max_uploads, max) = listing::page_size(input.max_uploads)?;
    let encoding = KeyEncoding::new(input.encoding_type.as_ref().map(EncodingType::as_str))?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = (
        input.key_marker.clone().unwrap_or_default(),
        input.upload_id_marker.clone(),
    );
    let name = input.bucket.clone();
    let mut uploads = blocking(store, move |store| all_uploads(&store.bucket(&name)?)).await?;
    // API reference: the upload id marker counts only together with a key marker.
    uploads.retain(|(key, id, _)| {
        key.starts_with(&prefix)
            && match &after.1 {
                Some(after_id) if !after.0.is_empty() => (key, id) > (&after.0, after_id),
                _ => *key > after.0,
            }
    });
    let more = uploads.len() > max;
    uploads.truncate(max);
    let last = uploads.last().filter(|_| more).cloned();
    let listed = uploads
        .into_iter()
        .map(|(key, id, upload)| MultipartUpload {
            checksum_algorithm: upload.algorithm(),
            checksum_type: upload.kind.map(ChecksumType::from),
            initiated: Some(object::from_seconds(upload.initiated)),
            key: Some(encoding.write(key)),
            storage_class: upload.attributes.storage_class.map(StorageClass::from),
            upload_id: Some(id),
            ..Default::default()
        });
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        encoding_type: input.encoding_type,
        is_truncated: Some(last.is_some()),
        key_marker: input.key_marker.map(|marker| encoding.write(marker)),
        max_uploads: Some(max_uploads),
        next_key_marker: last.as_ref().map(|(key, _, _)| encoding.write(key.clone())),
        next_upload_id_marker: last.map(|(_, id, _)| id),
        prefix: input.prefix.map(|prefix| encoding.write(prefix)),
        upload_id_marker: input.upload_id_marker,
        uploads: Some(listed.collect()),
        ..Default::default()
    }))
}

/// Key, id and description of every upload under way, sorted.
fn all_uploads(bucket: &Bucket) -> S3Result<Vec<(String, String, Upload)>> {
    let dir = bucket.uploads_dir();
    let mut uploads = Vec::new();
    for id in store::file_names(&dir).map_err(|error| internal("cannot list uploads", error))? {
        // One that is aborted meanwhile is not listed.
        let upload = fs::read(dir.join(&id).join("upload.json")).ok();
        if let Some(upload) = upload.and_then(|json| serde_json::from_slice::<Upload>(&json).ok()) {
            uploads.push((upload.key.clone(), id, upload));
        }
    }
    uploads.sort_by(|(key, id, _), (other_key, other_id, _)| (key, id).cmp(&(other_key, other_id)));
    Ok(uploads)
}
