//! `CompleteMultipartUpload`: check the list of parts, make one object of them, put it in place.

use std::fs::{self, File};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};
use tempfile::TempPath;

use super::super::conditions::WriteConditions;
use super::super::object::{self, Meta};
use super::super::objects::{blocking, copy_with};
use super::super::store::{Store, internal};
use super::super::transfer::{self};
use super::{Open, Upload, find};
use crate::values::text::hex;

/// Every part but the last has at least 5 MiB (S3 user guide, "Amazon S3 multipart upload limits").
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

pub(crate) async fn complete_multipart_upload(
    store: &Arc<Store>,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let input = request.input;
    let expected = Checksum {
        checksum_crc32: input.checksum_crc32,
        checksum_crc32c: input.checksum_crc32c,
        checksum_crc64nvme: input.checksum_crc64nvme,
        checksum_sha1: input.checksum_sha1,
        checksum_sha256: input.checksum_sha256,
        checksum_type: input.checksum_type,
    };
    let chosen = input
        .multipart_upload
        .and_then(|upload| upload.parts)
        .unwrap_or_default();
    let conditions = WriteConditions {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
    };
    let (bucket, key, id) = (input.bucket.clone(), input.key.clone(), input.upload_id);
    let size = input.mpu_object_size;
    let meta = blocking(store, move |store| {
        let open = find(&store.bucket(&bucket)?, &key, &id)?;
        let parts = choose(&open, &chosen)?;
        let (meta, path) = assemble(store, &open.upload, parts)?;
        if size.is_some_and(|size| u64::try_from(size) != Ok(meta.size)) {
            let message =
                "The provided 'x-amz-mp-object-size' header does not match what was computed";
            return Err(s3_error!(InvalidRequest, "{message}"));
        }
        check_whole(&open.upload, &expected, &meta)?;
        store.commit(&bucket, &key, path, &conditions)?;
        // The object stands. An upload that cannot be removed is only listed for longer.
        if let Err(error) = fs::remove_dir_all(&open.dir) {
            tracing::warn!(%error, "cannot remove a completed upload");
        }
        Ok(meta)
    })
    .await?;
    let checksum = Checksum::from(meta.checksums.clone());
    Ok(S3Response::new(CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: Some(meta.e_tag()),
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        checksum_type: checksum.checksum_type,
        ..Default::default()
    }))
}

/// The parts that the client lists, open and checked against what it says of them (API reference,
/// `CompleteMultipartUpload`, "Errors").
fn choose(open: &Open, chosen: &[CompletedPart]) -> S3Result<Vec<(File, Meta)>> {
    if chosen.is_empty() {
        return Err(s3_error!(
            MalformedXML,
            "You must specify at least one part"
        ));
    }
    if chosen.iter().any(|said| said.part_number.is_none()) {
        return Err(s3_error!(MalformedXML, "A part has no number"));
    }
    if !chosen.is_sorted_by(|one, next| one.part_number < next.part_number) {
        let message = "The list of parts was not in ascending order. The parts list must be specified in order by \
                       part number.";
        return Err(s3_error!(InvalidPartOrder, "{message}"));
    }
    let mut parts = Vec::with_capacity(chosen.len());
    for (index, said) in chosen.iter().enumerate() {
        let number = said.part_number.unwrap_or_default();
        let invalid = || {
            let message = "One or more of the specified parts could not be found. The part may not have been \
                           uploaded, or the specified entity tag may not match the part's entity tag.";
            s3_error!(InvalidPart, "{message}")
        };
        let (file, part) = open.part(number)?.ok_or_else(invalid)?;
        if said
            .e_tag
            .as_ref()
            .is_none_or(|tag| tag.value() != part.etag)
        {
            return Err(invalid());
        }
        let found = Checksum::from(part.checksums.clone());
        let expected = Checksum {
            checksum_crc32: said.checksum_crc32.clone(),
            checksum_crc32c: said.checksum_crc32c.clone(),
            checksum_crc64nvme: said.checksum_crc64nvme.clone(),
            checksum_sha1: said.checksum_sha1.clone(),
            checksum_sha256: said.checksum_sha256.clone(),
            checksum_type: None,
        };
        transfer::compare(&expected, &found).map_err(|_| invalid())?;
        if part.size < MIN_PART_BYTES && index + 1 < chosen.len() {
            return Err(s3_error!(
                EntityTooSmall,
                "Your proposed upload is smaller than the minimum allowed size"
            ));
        }
        parts.push((file, part));
    }
    Ok(parts)
}

/// One new object file out of the parts.
fn assemble(
    store: &Store,
    upload: &Upload,
    parts: Vec<(File, Meta)>,
) -> S3Result<(Meta, TempPath)> {
    let algorithm = upload.algorithm();
    let (mut file, path) = store.temporary()?.into_parts();
    let mut md5s = Md5::new();
    let mut whole = transfer::hasher(&Checksum::default(), algorithm.as_ref())?;
    let mut composite = transfer::hasher(&Checksum::default(), algorithm.as_ref())?;
    let mut sizes = Vec::with_capacity(parts.len());
    for (mut from, part) in parts {
        let mut md5 = Md5::new();
        copy_with(&mut from, part.size, &mut file, |bytes| {
            md5.update(bytes);
            if !upload.is_composite() {
                whole.update(bytes);
            }
        })?;
        md5s.update(&md5.finalize());
        for digest in digests(&Checksum::from(part.checksums)) {
            composite.update(&digest);
        }
        sizes.push(part.size);
    }
    let count = sizes.len();
    let meta = Meta {
        key: upload.key.clone(),
        size: sizes.iter().sum(),
        // The form that every S3 client knows as "of a multipart upload".
        etag: format!("{}-{count}", hex(&md5s.finalize())),
        modified: object::now(),
        parts: sizes,
        attributes: upload.attributes.clone(),
        checksums: if upload.is_composite() {
            of_parts(composite, count)
        } else {
            of_whole(whole)
        }
        .into(),
    };
    object::finish(&mut file, &meta).map_err(|error| internal("cannot write the object", error))?;
    Ok((meta, path))
}

/// The raw digests in a part's checksum. A part of a composite upload has that of the upload's algorithm.
fn digests(checksum: &Checksum) -> Vec<Vec<u8>> {
    let all = [
        &checksum.checksum_crc32,
        &checksum.checksum_crc32c,
        &checksum.checksum_crc64nvme,
        &checksum.checksum_sha1,
        &checksum.checksum_sha256,
    ];
    all.into_iter()
        .flatten()
        .filter_map(|text| STANDARD.decode(text).ok())
        .collect()
}

/// A checksum of checksums ends with the number of parts (S3 user guide, "Checking object integrity").
fn of_parts(hasher: ChecksumHasher, count: usize) -> Checksum {
    let mut checksum = hasher.finalize();
    for value in [
        &mut checksum.checksum_crc32,
        &mut checksum.checksum_crc32c,
        &mut checksum.checksum_sha1,
        &mut checksum.checksum_sha256,
    ] {
        *value = value.take().map(|text| format!("{text}-{count}"));
    }
    checksum.checksum_type = Some(ChecksumType::from_static(ChecksumType::COMPOSITE));
    checksum
}

fn of_whole(hasher: ChecksumHasher) -> Checksum {
    let mut checksum = hasher.finalize();
    checksum.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
    checksum
}

/// Check what the client says of the whole. A composite checksum may be given without its number of parts.
fn check_whole(upload: &Upload, expected: &Checksum, meta: &Meta) -> S3Result<()> {
    let mut found = Checksum::from(meta.checksums.clone());
    if expected.checksum_type.is_some() && expected.checksum_type != found.checksum_type {
        return Err(s3_error!(
            InvalidRequest,
            "The upload was created with another checksum type"
        ));
    }
    if upload.is_composite() {
        for (found, expected) in [
            (&mut found.checksum_crc32, &expected.checksum_crc32),
            (&mut found.checksum_crc32c, &expected.checksum_crc32c),
            (&mut found.checksum_sha1, &expected.checksum_sha1),
            (&mut found.checksum_sha256, &expected.checksum_sha256),
        ] {
            if expected.as_ref().is_some_and(|text| !text.contains('-')) {
                *found = found
                    .take()
                    .and_then(|text| text.split('-').next().map(str::to_owned));
            }
        }
    }
    transfer::compare(expected, &found)
}
