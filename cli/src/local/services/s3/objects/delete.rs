//! `DeleteObject` and `DeleteObjects`.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::super::conditions::{ReadConditions, precondition_failed};
use super::super::store::{Bucket, Store};
use super::{blocking, check_version};

/// Most keys in one `DeleteObjects` (API reference).
const MAX_DELETE: usize = 1000;

/// Remove one object if `if_match` holds for it.
fn delete_one(
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
    if_match: Option<ETagCondition>,
) -> S3Result<()> {
    check_version(version)?;
    if let Some(condition) = if_match {
        match bucket.find(key)? {
            Some(meta) => {
                let conditions = ReadConditions {
                    if_match: Some(condition),
                    ..ReadConditions::default()
                };
                conditions.check_read(&meta)?;
            }
            // The user guide ("How to perform conditional deletes") has 412 for an entity tag that differs and, for
            // `*`, for an object that is missing; a tag for a missing object is unverified and treated alike.
            None => return Err(precondition_failed()),
        }
    }
    bucket.remove(key)
}

pub(crate) async fn delete_object(
    store: &Arc<Store>,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let input = request.input;
    if input.if_match_size.is_some() || input.if_match_last_modified_time.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "This condition is for directory buckets only"
        ));
    }
    blocking(store, move |store| {
        store.changing(&input.bucket, |bucket| {
            delete_one(
                bucket,
                &input.key,
                input.version_id.as_deref(),
                input.if_match,
            )
        })
    })
    .await?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

pub(crate) async fn delete_objects(
    store: &Arc<Store>,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let input = request.input;
    let quiet = input.delete.quiet.unwrap_or(false);
    let objects = input.delete.objects;
    if objects.is_empty() || objects.len() > MAX_DELETE {
        return Err(s3_error!(
            MalformedXML,
            "A request names 1 to {MAX_DELETE} keys"
        ));
    }
    let (deleted, errors) = blocking(store, move |store| {
        store.changing(&input.bucket, |bucket| {
            let mut deleted = Vec::new();
            let mut errors = Vec::new();
            for object in objects {
                let condition = object.e_tag.map(ETagCondition::ETag);
                match delete_one(bucket, &object.key, object.version_id.as_deref(), condition) {
                    Ok(()) => deleted.push(DeletedObject {
                        key: Some(object.key),
                        ..Default::default()
                    }),
                    Err(error) => errors.push(Error {
                        code: Some(error.code().as_str().to_owned()),
                        key: Some(object.key),
                        message: error.message().map(str::to_owned),
                        version_id: object.version_id,
                    }),
                }
            }
            Ok((deleted, errors))
        })
    })
    .await?;
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: (!quiet).then_some(deleted),
        errors: (!errors.is_empty()).then_some(errors),
        ..Default::default()
    }))
}
