//! The operations. One file a group.

pub(crate) mod acl;
pub(crate) mod attributes;
mod buckets;
pub(crate) mod checksums;
pub(crate) mod conditions;
pub(crate) mod copy;
pub(crate) mod cors;
mod delete;
pub(crate) mod encryption;
pub(crate) mod lifecycle;
mod list;
mod list_uploads;
pub(crate) mod lock;
mod multipart;
pub(crate) mod names;
mod notification;
mod object_attributes;
pub(crate) mod post;
mod read;
mod settings;
pub(crate) mod tagging;
mod versions;
pub(crate) mod write;

use std::sync::Arc;

pub(crate) use multipart::Completed;

use http::StatusCode;

use crate::auth::body::BodyReader;
use crate::checksum::{Algorithm, md5_of};
use crate::error::{S3Result, error, error_with};
use crate::operation::Operation as O;
use crate::reply::{Reply, empty};
use crate::request::Call;
use crate::service::Shared;
use crate::xml::Element;

/// The longest document of a request (S3 API reference, `DeleteObjects`: a thousand keys of 1024 bytes, with escapes and tags).
const MOST_DOCUMENT: usize = 4 * 1024 * 1024;

/// Runs an operation whose caller may do it.
pub(crate) async fn operate(
    shared: &Arc<Shared>,
    call: &Call,
    operation: O,
    mut body: BodyReader,
) -> S3Result<Reply> {
    conditions::refuse_unknown(call, operation)?;
    match operation {
        O::PutObject => return write::put_object(shared, call, body).await,
        O::UploadPart => return multipart::upload_part(shared, call, body).await,
        _ => {}
    }
    let document = body
        .whole(MOST_DOCUMENT, "MaxMessageLengthExceeded")
        .await?;
    checksums::check_document(call, &body, &document)?;
    match operation {
        O::GetObject => read::get_object(shared, call, false),
        O::HeadObject => read::get_object(shared, call, true),
        O::GetObjectAttributes => object_attributes::get(shared, call),
        O::CopyObject => copy::copy_object(shared, call).await,
        O::UploadPartCopy => copy::upload_part_copy(shared, call).await,
        O::DeleteObject => delete::delete_object(shared, call),
        O::DeleteObjects => delete::delete_objects(shared, call, &document),
        O::CreateMultipartUpload => multipart::create(shared, call),
        O::CompleteMultipartUpload => multipart::complete(shared, call, &document),
        O::AbortMultipartUpload => multipart::abort(shared, call),
        O::ListParts => list_uploads::parts(shared, call),
        O::ListMultipartUploads => list_uploads::uploads(shared, call),
        O::ListObjects => list::objects(shared, call),
        O::ListObjectsV2 => list::objects_v2(shared, call),
        O::ListObjectVersions => list::versions(shared, call),
        O::CreateBucket => buckets::create(shared, call, &document),
        O::DeleteBucket => buckets::delete(shared, call),
        O::HeadBucket => buckets::head(shared, call),
        O::ListBuckets => buckets::list(shared, call),
        O::GetBucketLocation => buckets::location(shared, call),
        O::GetBucketAcl | O::PutBucketAcl | O::GetObjectAcl | O::PutObjectAcl => {
            acl::operate(shared, call, operation, &document)
        }
        O::GetObjectTagging | O::PutObjectTagging | O::DeleteObjectTagging => {
            tagging::of_object(shared, call, operation, &document)
        }
        O::GetObjectRetention
        | O::PutObjectRetention
        | O::GetObjectLegalHold
        | O::PutObjectLegalHold => lock::operate(shared, call, operation, &document),
        O::GetBucketNotificationConfiguration | O::PutBucketNotificationConfiguration => {
            notification::operate(shared, call, operation, &document)
        }
        O::Preflight | O::PostObject | O::PutObject | O::UploadPart => {
            Err(error("MethodNotAllowed"))
        }
        _ => settings::operate(shared, call, operation, &document),
    }
}

/// The document of a request that must have that root. `Content-MD5` was checked already.
pub(crate) fn document(bytes: &[u8], root: &str) -> S3Result<Element> {
    if bytes.is_empty() {
        return Err(
            error_with("MissingRequestBodyError", "Request Body is empty")
                .status_is(StatusCode::BAD_REQUEST),
        );
    }
    Element::parse(bytes)?.named(root)
}

/// Operations whose document must be covered by a checksum (S3 API reference: `Content-MD5` or a checksum header is required).
pub(crate) fn needs_checksum(call: &Call) -> S3Result<()> {
    let has_sum = Algorithm::ALL
        .into_iter()
        .any(|algorithm| call.has_header(algorithm.header()));
    if has_sum || call.has_header("content-md5") || call.has_header("x-amz-trailer") {
        return Ok(());
    }
    Err(error_with(
        "InvalidRequest",
        "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
    ))
}

/// Holds `Content-MD5` against a digest.
pub(crate) fn check_md5(call: &Call, md5: [u8; 16]) -> S3Result<()> {
    match call.header("content-md5") {
        Some(given) => check_digest(&given, md5),
        None => Ok(()),
    }
}

/// Holds a digest that a request gives against that of its data.
///
/// # Errors
/// `InvalidDigest` for what is not base64 of a digest, `BadDigest` for another one.
pub(crate) fn check_digest(given: &str, md5: [u8; 16]) -> S3Result<()> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(given).ok();
    match bytes {
        Some(bytes) if bytes.len() == 16 => {
            if bytes == md5 {
                return Ok(());
            }
            Err(error("BadDigest").member("ExpectedDigest", given).member(
                "CalculatedDigest",
                base64::engine::general_purpose::STANDARD.encode(md5),
            ))
        }
        _ => Err(error("InvalidDigest").member("Content-MD5", given)),
    }
}

pub(crate) fn check_document_md5(call: &Call, document: &[u8]) -> S3Result<()> {
    if call.has_header("content-md5") {
        check_md5(call, md5_of(document))
    } else {
        Ok(())
    }
}

/// An answer without a body, with status 204.
pub(crate) fn done() -> Reply {
    empty(StatusCode::NO_CONTENT)
}

/// An answer without a body, with status 200.
pub(crate) fn ok() -> Reply {
    empty(StatusCode::OK)
}

/// The settings of a bucket that nobody asked for anything in particular.
pub(crate) fn default_settings(
    shared: &Shared,
    info: &mut crate::store::model::BucketInfo,
) -> S3Result<()> {
    settings::defaults(shared, None, info)
}
