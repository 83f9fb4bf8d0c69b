//! Buckets of S3 that the settings declare or a function has as its source, and what they report to functions.
//!
//! A bucket of the deployment's is found by its name and its tags, among them `fw:bucket` with the app's name for it. Of a bucket that is
//! there already only the notifications with the deployment's ids are its own; such a bucket is found again by the permission that its
//! function has (`kind/permission.rs`).

pub(crate) mod desired;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
pub(crate) mod template;

use crate::aws::{error::Operation, notifications, s3};

/// The word for one, in plans and in the note.
pub(crate) const KIND: &str = "bucket";
/// The word for what a bucket reports, in plans.
pub(crate) const NOTIFICATIONS: &str = "notifications of bucket";
/// The tag of a bucket that has the app's name for it.
pub(crate) const TAG: &str = "fw:bucket";

/// The calls of a deploy with buckets of its own. With its tags a bucket is created by `s3:TagResource` also.
pub(crate) const OWN: [Operation; 7] = [
    s3::CREATE_BUCKET,
    s3::DELETE_BUCKET,
    s3::GET_BLOCK,
    s3::GET_TAGS,
    s3::LIST,
    s3::PUT_BLOCK,
    s3::PUT_TAGS,
];

/// The calls of a deploy with functions that objects invoke.
pub(crate) const REPORTS: [Operation; 2] = [notifications::GET, notifications::PUT];
