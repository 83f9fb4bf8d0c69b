//! Whether a caller may do an operation: the caller's own policies, the bucket's policy, lists, and the block of public access.
//!
//! S3 user guide, "How Amazon S3 authorizes a request", and "Required permissions for Amazon S3 API operations".

use std::sync::Arc;

mod context;
mod needs;

use context::context;
use needs::{Need, On, need, needs};

use crate::error::{S3Error, S3Result, error, error_with};
use crate::operation::Operation as O;
use crate::ops::{acl, copy};
use crate::policy::{Decision, Policy, Request};
use crate::request::{Call, Query};
use crate::service::Shared;
use crate::store::Bucket;
use crate::users::Attempt;

fn denied() -> S3Error {
    error("AccessDenied")
}

/// Checks an operation before it runs.
///
/// # Errors
/// `AccessDenied`, `NoSuchBucket`.
pub(crate) fn check(shared: &Shared, call: &Call, operation: O) -> S3Result<()> {
    match operation {
        O::ListBuckets | O::CreateBucket => {
            if call.caller.user().is_none() {
                return Err(denied());
            }
            let (action, resource) = match operation {
                O::ListBuckets => ("s3:ListAllMyBuckets", "*".to_owned()),
                _ => ("s3:CreateBucket", bucket_arn(&call.bucket)),
            };
            return ask(shared, call, operation, action, &resource);
        }
        _ => {}
    }
    expected_owner(shared, call, "x-amz-expected-bucket-owner", &call.bucket)?;
    // Each key is checked when they are known.
    if operation == O::DeleteObjects {
        return shared.store.bucket(&call.bucket, |_| Ok(()));
    }
    for (index, need) in needs(call, operation).into_iter().enumerate() {
        // A bucket's policy that lets another account put an object lets it put one with a list (S3 user guide, "Bucket policy examples
        // using condition keys": `s3:PutObject` alone, with the header of a list).
        if index > 0 && need.action == "s3:PutObjectAcl" && !is_own(shared, call)? {
            continue;
        }
        allowed(
            shared,
            call,
            operation,
            &need,
            &call.bucket,
            &call.key,
            call.query.some("versionId"),
        )?;
    }
    if matches!(operation, O::CopyObject | O::UploadPartCopy) {
        let source = copy::source(call)?;
        expected_owner(
            shared,
            call,
            "x-amz-source-expected-bucket-owner",
            &source.bucket,
        )?;
        let action = if source.version.is_some() {
            "s3:GetObjectVersion"
        } else {
            "s3:GetObject"
        };
        let need = need(action, On::Object, Some((On::Object, "READ")));
        allowed(
            shared,
            call,
            operation,
            &need,
            &source.bucket,
            &source.key,
            source.version.as_deref(),
        )?;
    }
    if matches!(
        operation,
        O::GetObject | O::HeadObject | O::GetObjectAttributes
    ) {
        hide_missing(shared, call, operation)?;
    }
    Ok(())
}

/// Checks one key of `DeleteObjects`.
pub(crate) fn check_delete(
    shared: &Shared,
    call: &Call,
    key: &str,
    version: Option<&str>,
) -> S3Result<()> {
    let action = if version.is_some_and(|id| !id.is_empty()) {
        "s3:DeleteObjectVersion"
    } else {
        "s3:DeleteObject"
    };
    let need = need(action, On::Object, Some((On::Bucket, "WRITE")));
    allowed(
        shared,
        call,
        O::DeleteObjects,
        &need,
        &call.bucket,
        key,
        version,
    )
}

/// Whether the caller may pass over governance.
pub(crate) fn may_bypass(shared: &Shared, call: &Call, key: &str) -> bool {
    let need = need("s3:BypassGovernanceRetention", On::Object, None);
    allowed(
        shared,
        call,
        O::PutObjectRetention,
        &need,
        &call.bucket,
        key,
        None,
    )
    .is_ok()
}

/// Checks what a form uploads.
pub(crate) fn check_form(shared: &Shared, call: &Call) -> S3Result<()> {
    let need = need("s3:PutObject", On::Object, Some((On::Bucket, "WRITE")));
    allowed(
        shared,
        call,
        O::PostObject,
        &need,
        &call.bucket,
        &call.key,
        None,
    )
}

fn bucket_arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}

/// Asks the caller's own policies.
fn ask(shared: &Shared, call: &Call, operation: O, action: &str, resource: &str) -> S3Result<()> {
    let attempt = Attempt {
        access_key: call.caller.access_key(),
        operation: shown(operation),
        action,
        resource,
    };
    shared
        .access
        .decide(&attempt)
        .map_err(|message| error_with("AccessDenied", message))
}

fn is_own(shared: &Shared, call: &Call) -> S3Result<bool> {
    shared.store.bucket(&call.bucket, |bucket| {
        Ok(call
            .caller
            .user()
            .is_some_and(|user| user.id == bucket.info.owner.id))
    })
}

fn shown(operation: O) -> &'static str {
    match operation {
        // A form's upload is allowed by the same action.
        O::PostObject => "PutObject",
        other => other.name(),
    }
}

/// # Errors
/// `AccessDenied` if the bucket is of another account than the request expects.
fn expected_owner(shared: &Shared, call: &Call, header: &str, bucket: &str) -> S3Result<()> {
    let Some(expected) = call.some_header(header) else {
        return Ok(());
    };
    let owner = shared
        .store
        .bucket(bucket, |bucket| Ok(bucket.info.owner.id.clone()))?;
    let account = shared
        .users
        .iter()
        .find(|user| user.id == owner)
        .map(|user| user.account.as_str());
    if expected.len() != 12 || !expected.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error_with(
            "InvalidBucketOwnerAWSAccountID",
            "The value of the expected bucket owner parameter must be an AWS account ID",
        )
        .status_is(http::StatusCode::BAD_REQUEST)
        .member("expectedBucketOwner", expected));
    }
    if account == Some(expected.as_str()) {
        Ok(())
    } else {
        Err(denied())
    }
}

/// What the bucket says about a request.
struct Found {
    is_own: bool,
    policy: Decision,
    is_policy_public: bool,
    list: bool,
    restricts: bool,
    /// The request is about an object that is not there.
    is_missing: bool,
}

fn look(
    call: &Call,
    need: &Need,
    bucket: &Bucket,
    name: &str,
    key: &str,
    version: Option<&str>,
) -> Found {
    let caller = &call.caller;
    let info = &bucket.info;
    let is_own = caller.user().is_some_and(|user| user.id == info.owner.id);
    let object = match version {
        Some(id) => bucket.version(key, id),
        None => bucket.latest(key),
    };
    let object = object.filter(|version| !version.marker);
    let resource = match need.on {
        On::Bucket => bucket_arn(name),
        On::Object => format!("{}/{key}", bucket_arn(name)),
    };
    let mut policy = Decision::Neither;
    let mut is_policy_public = false;
    if let Some(read) = info
        .setting("policy")
        .and_then(|text| Policy::parse(text, name).ok())
    {
        let context = context(call, object.map(Arc::as_ref), version);
        policy = read.decide(&Request {
            caller,
            action: need.action,
            resource: &resource,
            context: &context,
        });
        is_policy_public = read.is_public();
    }
    let ignore_public = acl::blocks(info, "IgnorePublicAcls");
    let list = match need.list {
        _ if acl::ownership(info) == acl::Ownership::Enforced => false,
        None => false,
        Some((On::Bucket, permission)) => acl::grants(
            info.acl.as_ref(),
            &info.owner,
            caller,
            permission,
            ignore_public,
        ),
        Some((On::Object, permission)) => object.is_some_and(|object| {
            let owner = object.extra().owner.as_ref().unwrap_or(&info.owner);
            acl::grants(
                object.extra().acl.as_ref(),
                owner,
                caller,
                permission,
                ignore_public,
            )
        }),
    };
    Found {
        is_own,
        policy,
        is_policy_public,
        list,
        restricts: acl::blocks(info, "RestrictPublicBuckets"),
        is_missing: object.is_none(),
    }
}

/// Whether the caller may do that.
fn allowed(
    shared: &Shared,
    call: &Call,
    operation: O,
    need: &Need,
    name: &str,
    key: &str,
    version: Option<&str>,
) -> S3Result<()> {
    let (found, foreign_object) = shared.store.bucket(name, |bucket| {
        let found = look(call, need, bucket, name, key, version);
        let object = match version {
            Some(id) => bucket.version(key, id),
            None => bucket.latest(key),
        };
        let foreign = object.and_then(|object| object.extra().owner.clone());
        Ok((found, foreign))
    })?;
    // The account that owns a bucket can always repair its policy.
    let repairs = matches!(
        operation,
        O::PutBucketPolicy | O::GetBucketPolicy | O::DeleteBucketPolicy
    ) && found.is_own;
    if found.policy == Decision::Deny && !repairs {
        return Err(denied());
    }
    let resource = match need.on {
        On::Bucket => bucket_arn(name),
        On::Object => format!("{}/{key}", bucket_arn(name)),
    };
    if found.is_own {
        // An object that another account wrote is that account's.
        let reads_foreign = matches!(need.list, Some((On::Object, _))) && foreign_object.is_some();
        if reads_foreign && !found.list && found.policy != Decision::Allow {
            return Err(denied());
        }
        if found.policy == Decision::Allow {
            return Ok(());
        }
        return ask(shared, call, operation, need.action, &resource);
    }
    let by_policy = found.policy == Decision::Allow && !(found.is_policy_public && found.restricts);
    if by_policy || found.list {
        return Ok(());
    }
    // Who may list the bucket learns that there is nothing.
    if found.is_missing
        && matches!(need.list, Some((On::Object, "READ")))
        && version.is_none()
        && may_list(shared, call, name, key)
    {
        return Ok(());
    }
    Err(denied())
}

fn may_list(shared: &Shared, call: &Call, name: &str, key: &str) -> bool {
    let need = need("s3:ListBucket", On::Bucket, Some((On::Bucket, "READ")));
    // A listing that would show the key is what is asked for.
    let listing = Call {
        query: Query::of([("prefix", key)]),
        ..call.for_policy()
    };
    let found = shared.store.bucket(name, |bucket| {
        Ok(look(&listing, &need, bucket, name, "", None))
    });
    found.is_ok_and(|found| {
        let by_policy =
            found.policy == Decision::Allow && !(found.is_policy_public && found.restricts);
        found.policy != Decision::Deny && (found.is_own || by_policy || found.list)
    })
}

/// Who may not list the bucket is not told that a key does not exist (S3 API reference, `GetObject`, "Permissions": 403 in place of
/// 404).
fn hide_missing(shared: &Shared, call: &Call, operation: O) -> S3Result<()> {
    let is_there = shared.store.bucket(&call.bucket, |bucket| {
        Ok(bucket.objects.contains_key(&call.key))
    })?;
    if is_there || call.key.is_empty() {
        return Ok(());
    }
    let owner = shared
        .store
        .bucket(&call.bucket, |bucket| Ok(bucket.info.owner.id.clone()))?;
    let arn = bucket_arn(&call.bucket);
    let attempt = Attempt {
        access_key: call.caller.access_key(),
        operation: shown(operation),
        action: "s3:ListBucket",
        resource: &arn,
    };
    let is_own = call.caller.user().is_some_and(|user| user.id == owner);
    if is_own && shared.access.allows(&attempt) && !denies_listing(shared, call) {
        return Ok(());
    }
    if !is_own && may_list(shared, call, &call.bucket, &call.key) {
        return Ok(());
    }
    if is_own {
        shared.access.report_hidden(&attempt, &call.key);
    }
    Err(denied())
}

fn denies_listing(shared: &Shared, call: &Call) -> bool {
    let need = need("s3:ListBucket", On::Bucket, None);
    let found = shared.store.bucket(&call.bucket, |bucket| {
        Ok(look(call, &need, bucket, &call.bucket, "", None))
    });
    found.is_ok_and(|found| found.policy == Decision::Deny)
}
