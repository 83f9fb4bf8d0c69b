//! What a request says about the object that it creates: headers, metadata, tags, encryption, lock, storage class.

use http::HeaderMap;

use super::{acl, encryption, lock, tagging};
use crate::error::{S3Result, error, error_with, invalid_argument};
use crate::request::{Call, text};
use crate::service::Shared;
use crate::store::Bucket;
use crate::store::model::Extra;

/// Headers that are stored and come back.
pub(crate) const STORED: [&str; 6] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];
/// Bytes of all names and values of metadata (S3 user guide, "Working with object metadata").
const MOST_METADATA: usize = 2048;
pub(crate) const CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

/// Reads them all.
///
/// # Errors
/// Those of each kind, `MetadataTooLarge`, `InvalidStorageClass`.
pub(crate) fn read(shared: &Shared, call: &Call, bucket: &Bucket) -> S3Result<Extra> {
    let mut extra = Extra {
        headers: stored_headers(&call.headers),
        metadata: metadata(&call.headers)?,
        ..Extra::default()
    };
    if let Some(tags) = call.header("x-amz-tagging") {
        extra.tags = tagging::of_header(&tags)?;
    }
    extra.storage_class = storage_class(call)?;
    extra.redirect = redirect(call)?;
    extra.encryption = encryption::of_request(call, &bucket.info)?;
    (extra.retention, extra.hold) = lock::of_request(call, &bucket.info)?;
    extra.owner = acl::new_owner(shared, call, &bucket.info);
    extra.acl = acl::of_headers(shared, call, &bucket.info, true)?;
    Ok(extra)
}

/// Headers that are stored, without what describes the transfer only.
pub(crate) fn stored_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut stored = Vec::new();
    for name in STORED {
        let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
        let mut value = values.join(", ");
        if name == "content-encoding" {
            let kept: Vec<&str> = value
                .split(',')
                .map(str::trim)
                .filter(|one| !one.eq_ignore_ascii_case("aws-chunked"))
                .collect();
            value = kept.join(", ");
        }
        if !value.is_empty() {
            stored.push((name.to_owned(), value));
        }
    }
    stored
}

/// The caller's own metadata, by names in lower case.
pub(crate) fn metadata(headers: &HeaderMap) -> S3Result<Vec<(String, String)>> {
    let mut metadata = Vec::new();
    for name in headers.keys() {
        let Some(own) = name.as_str().strip_prefix("x-amz-meta-") else {
            continue;
        };
        let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
        metadata.push((own.to_owned(), values.join(",")));
    }
    metadata.sort();
    let size: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > MOST_METADATA {
        return Err(error("MetadataTooLarge")
            .member("Size", size.to_string())
            .member("MaxSizeAllowed", MOST_METADATA.to_string()));
    }
    Ok(metadata)
}

pub(crate) fn storage_class(call: &Call) -> S3Result<Option<String>> {
    match call.some_header("x-amz-storage-class") {
        None => Ok(None),
        Some(class) if class == "STANDARD" => Ok(None),
        Some(class) if CLASSES.contains(&class.as_str()) => Ok(Some(class)),
        Some(class) => Err(error("InvalidStorageClass").member("StorageClassRequested", class)),
    }
}

fn redirect(call: &Call) -> S3Result<Option<String>> {
    let Some(to) = call.some_header("x-amz-website-redirect-location") else {
        return Ok(None);
    };
    if to.len() > 2048 {
        return Err(error_with(
            "InvalidRequest",
            "The length of the redirect location exceeds 2048",
        ));
    }
    if ["/", "http://", "https://"]
        .iter()
        .any(|start| to.starts_with(start))
    {
        return Ok(Some(to));
    }
    Err(invalid_argument(
        "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
        "x-amz-website-redirect-location",
        &to,
    ))
}
