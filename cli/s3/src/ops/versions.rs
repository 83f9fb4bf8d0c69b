//! Which version a request is about, and what becomes of versions when one is added.

use std::sync::Arc;

use http::StatusCode;

use crate::error::{S3Error, S3Result, error, invalid_argument};
use crate::ids;
use crate::request::Call;
use crate::store::model::{NULL, Version};
use crate::store::{Bucket, State};
use crate::time;

/// The version that the request names, if it names one.
///
/// # Errors
/// `InvalidArgument` for an id that cannot be one.
pub(crate) fn named(call: &Call) -> S3Result<Option<&str>> {
    match call.version() {
        None => Ok(None),
        Some("") => Err(invalid_argument(
            "Version id cannot be the empty string",
            "versionId",
            "",
        )),
        Some(id) => check(id).map(Some),
    }
}

/// # Errors
/// `InvalidArgument` for an id that cannot be one.
pub(crate) fn check(id: &str) -> S3Result<&str> {
    let can_be = id == NULL
        || (id.len() == 32
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')));
    if can_be {
        Ok(id)
    } else {
        Err(invalid_argument(
            "Invalid version id specified",
            "versionId",
            id,
        ))
    }
}

/// The object that is read: the newest version, or the one that is named.
///
/// # Errors
/// `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` for a delete marker that is named.
pub(crate) fn readable<'a>(
    bucket: &'a Bucket,
    key: &str,
    id: Option<&str>,
) -> S3Result<&'a Arc<Version>> {
    match id {
        None => match bucket.latest(key) {
            Some(version) if !version.marker => Ok(version),
            Some(marker) => Err(error("NoSuchKey")
                .member("Key", key)
                .header("x-amz-delete-marker", "true")
                .header("x-amz-version-id", &marker.id)),
            None => Err(error("NoSuchKey").member("Key", key)),
        },
        Some(id) => match bucket.version(key, id) {
            Some(version) if !version.marker => Ok(version),
            Some(marker) => Err(error("MethodNotAllowed")
                .status_is(StatusCode::METHOD_NOT_ALLOWED)
                .member("Method", "GET")
                .member("ResourceType", "DeleteMarker")
                .header("allow", "DELETE")
                .header("x-amz-delete-marker", "true")
                .header("x-amz-version-id", &marker.id)
                .header("last-modified", &time::http(marker.modified))),
            None => Err(no_version(bucket, key, id)),
        },
    }
}

fn no_version(bucket: &Bucket, key: &str, id: &str) -> S3Error {
    // In a bucket that never had versions, another id than `null` cannot be.
    if bucket.info.versioning.is_none() && id != NULL {
        return invalid_argument("Invalid version id specified", "versionId", id);
    }
    error("NoSuchVersion")
        .member("Key", key)
        .member("VersionId", id)
}

/// The id of a version that is added now.
pub(crate) fn new_id(bucket: &Bucket) -> String {
    match bucket.info.versioning {
        Some(true) => ids::version(),
        _ => NULL.to_owned(),
    }
}

/// The id that answers show of a version that was added: that of a bucket whose versioning is enabled.
pub(crate) fn shown(bucket: &Bucket, id: &str) -> Option<String> {
    (bucket.info.versioning == Some(true)).then(|| id.to_owned())
}

/// The order of a version that is added now.
pub(crate) fn next_sequence(state: &State) -> u64 {
    state.sequence + 1
}
