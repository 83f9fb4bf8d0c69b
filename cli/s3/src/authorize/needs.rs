//! What each operation asks for.
//!
//! S3 user guide, "Required permissions for Amazon S3 API operations".

use crate::operation::Operation as O;
use crate::ops::{acl, lock};
use crate::request::Call;

/// What an operation asks for.
pub(super) struct Need {
    pub(super) action: &'static str,
    pub(super) on: On,
    /// The permission by which a list allows it, if one can.
    pub(super) list: Option<(On, &'static str)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Bucket,
    Object,
}

pub(super) fn need(action: &'static str, on: On, list: Option<(On, &'static str)>) -> Need {
    Need { action, on, list }
}

/// What the operation asks for on its own bucket and key.
pub(super) fn needs(call: &Call, operation: O) -> Vec<Need> {
    use On::{Bucket as B, Object as Obj};
    let versioned = call.query.has("versionId");
    let pick = |plain: &'static str, version: &'static str| if versioned { version } else { plain };
    let mut needs = match operation {
        O::GetObject | O::HeadObject => vec![need(
            pick("s3:GetObject", "s3:GetObjectVersion"),
            Obj,
            Some((Obj, "READ")),
        )],
        O::GetObjectAttributes => vec![
            need(
                pick("s3:GetObject", "s3:GetObjectVersion"),
                Obj,
                Some((Obj, "READ")),
            ),
            need(
                pick("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"),
                Obj,
                Some((Obj, "READ")),
            ),
        ],
        O::PutObject
        | O::PostObject
        | O::CopyObject
        | O::CreateMultipartUpload
        | O::UploadPart
        | O::UploadPartCopy
        | O::CompleteMultipartUpload => {
            vec![need("s3:PutObject", Obj, Some((B, "WRITE")))]
        }
        O::AbortMultipartUpload => vec![need("s3:AbortMultipartUpload", Obj, Some((B, "WRITE")))],
        O::ListParts => vec![need("s3:ListMultipartUploadParts", Obj, Some((B, "READ")))],
        O::DeleteObject => vec![need(
            pick("s3:DeleteObject", "s3:DeleteObjectVersion"),
            Obj,
            Some((B, "WRITE")),
        )],
        O::ListObjects | O::ListObjectsV2 | O::HeadBucket => {
            vec![need("s3:ListBucket", B, Some((B, "READ")))]
        }
        O::ListObjectVersions => vec![need("s3:ListBucketVersions", B, Some((B, "READ")))],
        O::ListMultipartUploads => {
            vec![need("s3:ListBucketMultipartUploads", B, Some((B, "READ")))]
        }
        O::GetObjectAcl => vec![need(
            pick("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
            Obj,
            Some((Obj, "READ_ACP")),
        )],
        O::PutObjectAcl => vec![need(
            pick("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
            Obj,
            Some((Obj, "WRITE_ACP")),
        )],
        O::GetBucketAcl => vec![need("s3:GetBucketAcl", B, Some((B, "READ_ACP")))],
        O::PutBucketAcl => vec![need("s3:PutBucketAcl", B, Some((B, "WRITE_ACP")))],
        O::GetObjectTagging => vec![need(
            pick("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
            Obj,
            None,
        )],
        O::PutObjectTagging => vec![need(
            pick("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
            Obj,
            None,
        )],
        O::DeleteObjectTagging => vec![need(
            pick("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
            Obj,
            None,
        )],
        O::GetObjectRetention => vec![need("s3:GetObjectRetention", Obj, None)],
        O::PutObjectRetention => vec![need("s3:PutObjectRetention", Obj, None)],
        O::GetObjectLegalHold => vec![need("s3:GetObjectLegalHold", Obj, None)],
        O::PutObjectLegalHold => vec![need("s3:PutObjectLegalHold", Obj, None)],
        _ => bucket_action(operation)
            .map(|action| need(action, B, None))
            .into_iter()
            .collect(),
    };
    needs.extend(more(call, operation));
    needs
}

/// What headers of the request ask for in addition.
fn more(call: &Call, operation: O) -> Vec<Need> {
    use On::{Bucket as B, Object as Obj};
    let mut needs = Vec::new();
    if matches!(
        operation,
        O::PutObject | O::CopyObject | O::CreateMultipartUpload
    ) {
        if acl::has_headers(call) {
            needs.push(need("s3:PutObjectAcl", Obj, Some((B, "WRITE"))));
        }
        if call.has_header("x-amz-tagging") {
            needs.push(need("s3:PutObjectTagging", Obj, Some((B, "WRITE"))));
        }
        if call.has_header("x-amz-object-lock-mode") {
            needs.push(need("s3:PutObjectRetention", Obj, None));
        }
        if call.has_header("x-amz-object-lock-legal-hold") {
            needs.push(need("s3:PutObjectLegalHold", Obj, None));
        }
    }
    if operation == O::DeleteObject && lock::asks_to_bypass(call) {
        needs.push(need("s3:BypassGovernanceRetention", Obj, None));
    }
    needs
}

fn bucket_action(operation: O) -> Option<&'static str> {
    Some(match operation {
        O::DeleteBucket => "s3:DeleteBucket",
        O::DeleteBucketCors | O::PutBucketCors => "s3:PutBucketCORS",
        O::GetBucketCors => "s3:GetBucketCORS",
        O::DeleteBucketEncryption | O::PutBucketEncryption => "s3:PutEncryptionConfiguration",
        O::GetBucketEncryption => "s3:GetEncryptionConfiguration",
        O::DeleteBucketLifecycle | O::PutBucketLifecycleConfiguration => {
            "s3:PutLifecycleConfiguration"
        }
        O::GetBucketLifecycleConfiguration => "s3:GetLifecycleConfiguration",
        O::DeleteBucketOwnershipControls | O::PutBucketOwnershipControls => {
            "s3:PutBucketOwnershipControls"
        }
        O::GetBucketOwnershipControls => "s3:GetBucketOwnershipControls",
        O::DeleteBucketPolicy => "s3:DeleteBucketPolicy",
        O::PutBucketPolicy => "s3:PutBucketPolicy",
        O::GetBucketPolicy => "s3:GetBucketPolicy",
        O::GetBucketPolicyStatus => "s3:GetBucketPolicyStatus",
        O::DeleteBucketTagging | O::PutBucketTagging => "s3:PutBucketTagging",
        O::GetBucketTagging => "s3:GetBucketTagging",
        O::DeleteBucketWebsite => "s3:DeleteBucketWebsite",
        O::PutBucketWebsite => "s3:PutBucketWebsite",
        O::GetBucketWebsite => "s3:GetBucketWebsite",
        O::DeletePublicAccessBlock | O::PutPublicAccessBlock => "s3:PutBucketPublicAccessBlock",
        O::GetPublicAccessBlock => "s3:GetBucketPublicAccessBlock",
        O::GetBucketAccelerateConfiguration => "s3:GetAccelerateConfiguration",
        O::GetBucketLocation => "s3:GetBucketLocation",
        O::GetBucketLogging => "s3:GetBucketLogging",
        O::PutBucketLogging => "s3:PutBucketLogging",
        O::GetBucketNotificationConfiguration => "s3:GetBucketNotification",
        O::PutBucketNotificationConfiguration => "s3:PutBucketNotification",
        O::GetBucketReplication => "s3:GetReplicationConfiguration",
        O::GetBucketRequestPayment => "s3:GetBucketRequestPayment",
        O::PutBucketRequestPayment => "s3:PutBucketRequestPayment",
        O::GetBucketVersioning => "s3:GetBucketVersioning",
        O::PutBucketVersioning => "s3:PutBucketVersioning",
        O::GetObjectLockConfiguration => "s3:GetBucketObjectLockConfiguration",
        O::PutObjectLockConfiguration => "s3:PutBucketObjectLockConfiguration",
        _ => return None,
    })
}
