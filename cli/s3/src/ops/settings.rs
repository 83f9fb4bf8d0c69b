//! Settings of buckets: documents that are checked, kept and given back.

use std::sync::Arc;

use super::{acl, cors, document as parse, done, lifecycle, lock, ok, tagging};
use crate::error::{S3Result, error, error_with, invalid_argument};
use crate::operation::Operation as O;
use crate::policy::Policy;
use crate::reply::{Reply, set, xml};
use crate::request::Call;
use crate::service::Shared;
use crate::store::model::{BucketInfo, Record};
use crate::store::{Written, bucket_of};
use crate::xml::{Element, Xml};

/// The largest policy (S3 user guide, "Bucket policies").
const MOST_POLICY: usize = 20 * 1024;

fn change(
    shared: &Shared,
    call: &Call,
    make: impl FnOnce(&mut BucketInfo) -> S3Result<()>,
) -> S3Result<()> {
    shared.store.change(&Written::default(), |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        let mut info = (*bucket.info).clone();
        make(&mut info)?;
        if info == *bucket.info {
            return Ok((Vec::new(), ()));
        }
        Ok((
            vec![Record::Bucket {
                name: call.bucket.clone(),
                info,
            }],
            (),
        ))
    })
}

/// Keeps a document under the name of its parameter.
fn keep(shared: &Shared, call: &Call, name: &str, document: String) -> S3Result<Reply> {
    change(shared, call, |info| {
        info.settings.insert(name.to_owned(), document);
        Ok(())
    })?;
    Ok(ok())
}

fn remove(shared: &Shared, call: &Call, name: &str) -> S3Result<Reply> {
    change(shared, call, |info| {
        info.settings.remove(name);
        Ok(())
    })?;
    Ok(done())
}

/// The stored document, or the error for a bucket that does not have one.
fn kept(shared: &Shared, call: &Call, name: &str, missing: &'static str) -> S3Result<Reply> {
    let document = info(shared, call)?.setting(name).map(str::to_owned);
    document
        .map(xml)
        .ok_or_else(|| error(missing).member("BucketName", &call.bucket))
}

fn info(shared: &Shared, call: &Call) -> S3Result<Arc<BucketInfo>> {
    shared
        .store
        .bucket(&call.bucket, |bucket| Ok(Arc::clone(&bucket.info)))
}

/// Runs an operation on a setting.
pub(super) fn operate(
    shared: &Arc<Shared>,
    call: &Call,
    operation: O,
    body: &[u8],
) -> S3Result<Reply> {
    match operation {
        O::GetBucketVersioning => Ok(get_versioning(&*info(shared, call)?)),
        O::PutBucketVersioning => put_versioning(shared, call, body),
        O::GetBucketTagging => kept(shared, call, "tagging", "NoSuchTagSet"),
        O::PutBucketTagging => {
            let tags = tagging::of_document(&parse(body, "Tagging")?, 50)?;
            keep(shared, call, "tagging", tagging::document(&tags)).map(|_| done())
        }
        O::DeleteBucketTagging => remove(shared, call, "tagging"),
        O::GetBucketCors => kept(shared, call, "cors", "NoSuchCORSConfiguration"),
        O::PutBucketCors => {
            let document = parse(body, "CORSConfiguration")?;
            cors::check(&document)?;
            keep(shared, call, "cors", document.answer())
        }
        O::DeleteBucketCors => remove(shared, call, "cors"),
        O::GetBucketLifecycleConfiguration => {
            kept(shared, call, "lifecycle", "NoSuchLifecycleConfiguration")
        }
        O::PutBucketLifecycleConfiguration => {
            let mut document = parse(body, "LifecycleConfiguration")?;
            lifecycle::check(&mut document)?;
            let mut reply = keep(shared, call, "lifecycle", document.answer())?;
            set(
                &mut reply,
                "x-amz-transition-default-minimum-object-size",
                "all_storage_classes_128K",
            );
            Ok(reply)
        }
        O::DeleteBucketLifecycle => remove(shared, call, "lifecycle"),
        O::GetBucketPolicy
        | O::PutBucketPolicy
        | O::DeleteBucketPolicy
        | O::GetBucketPolicyStatus => policy(shared, call, operation, body),
        O::GetPublicAccessBlock => kept(
            shared,
            call,
            "publicAccessBlock",
            "NoSuchPublicAccessBlockConfiguration",
        ),
        O::PutPublicAccessBlock => {
            let document = parse(body, "PublicAccessBlockConfiguration")?;
            keep(
                shared,
                call,
                "publicAccessBlock",
                public_access_block(&document)?,
            )
        }
        O::DeletePublicAccessBlock => remove(shared, call, "publicAccessBlock"),
        O::GetBucketOwnershipControls => kept(
            shared,
            call,
            "ownershipControls",
            "OwnershipControlsNotFoundError",
        ),
        O::PutBucketOwnershipControls => put_ownership(shared, call, body),
        O::DeleteBucketOwnershipControls => remove(shared, call, "ownershipControls"),
        O::GetBucketEncryption => get_encryption(shared, call),
        O::PutBucketEncryption => put_encryption(shared, call, body),
        O::DeleteBucketEncryption => remove(shared, call, "encryption"),
        O::GetObjectLockConfiguration => get_lock(shared, call),
        O::PutObjectLockConfiguration => put_lock(shared, call, body),
        _ => operate_rest(shared, call, operation, body),
    }
}

/// The settings that few applications have.
fn operate_rest(shared: &Arc<Shared>, call: &Call, operation: O, body: &[u8]) -> S3Result<Reply> {
    match operation {
        O::GetBucketWebsite => kept(shared, call, "website", "NoSuchWebsiteConfiguration"),
        O::PutBucketWebsite => put_website(shared, call, body),
        O::DeleteBucketWebsite => remove(shared, call, "website"),
        O::GetBucketRequestPayment => {
            let payer = info(shared, call)?
                .setting("requestPayment")
                .unwrap_or("BucketOwner")
                .to_owned();
            let mut document = Xml::root("RequestPaymentConfiguration");
            document.text("Payer", &payer);
            document.close("RequestPaymentConfiguration");
            Ok(xml(document.finish()))
        }
        O::PutBucketRequestPayment => {
            let document = parse(body, "RequestPaymentConfiguration")?;
            match document.value("Payer") {
                Some(payer @ ("BucketOwner" | "Requester")) => {
                    keep(shared, call, "requestPayment", payer.to_owned())
                }
                _ => Err(error("MalformedXML")),
            }
        }
        O::GetBucketLogging => logging(shared, call),
        O::PutBucketLogging => put_logging(shared, call, body),
        O::GetBucketAccelerateConfiguration => {
            info(shared, call)?;
            Ok(xml(Element {
                name: "AccelerateConfiguration".to_owned(),
                ..Element::default()
            }
            .answer()))
        }
        O::GetBucketReplication => {
            info(shared, call)?;
            Err(error("ReplicationConfigurationNotFoundError").member("BucketName", &call.bucket))
        }
        _ => Err(crate::error::not_implemented(operation.name())),
    }
}

fn get_versioning(info: &BucketInfo) -> Reply {
    let mut document = Xml::root("VersioningConfiguration");
    if let Some(enabled) = info.versioning {
        document.text("Status", if enabled { "Enabled" } else { "Suspended" });
    }
    document.close("VersioningConfiguration");
    xml(document.finish())
}

fn put_versioning(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    let document = parse(body, "VersioningConfiguration")?;
    if document.value("MfaDelete") == Some("Enabled") || call.has_header("x-amz-mfa") {
        return Err(crate::error::not_implemented("MFA delete"));
    }
    let enabled = match document.value("Status") {
        Some("Enabled") => true,
        Some("Suspended") => false,
        None | Some("") => {
            return Err(error_with(
                "IllegalVersioningConfigurationException",
                "The Versioning element must be specified",
            ));
        }
        Some(_) => return Err(error("MalformedXML")),
    };
    change(shared, call, |info| {
        if info.lock && !enabled {
            return Err(error_with(
                "InvalidBucketState",
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            ));
        }
        info.versioning = Some(enabled);
        Ok(())
    })?;
    Ok(ok())
}

fn policy(shared: &Arc<Shared>, call: &Call, operation: O, body: &[u8]) -> S3Result<Reply> {
    match operation {
        O::PutBucketPolicy => {
            if body.len() > MOST_POLICY {
                return Err(error_with(
                    "PolicyTooLarge",
                    "Policy exceeds the maximum allowed document size.",
                )
                .status_is(http::StatusCode::BAD_REQUEST));
            }
            let text = std::str::from_utf8(body).map_err(|_| error("MalformedPolicy"))?;
            let policy = Policy::parse(text, &call.bucket)?;
            change(shared, call, |info| {
                if policy.is_public() && acl::blocks(info, "BlockPublicPolicy") {
                    return Err(error("AccessDenied"));
                }
                info.settings.insert("policy".to_owned(), text.to_owned());
                Ok(())
            })?;
            Ok(done())
        }
        O::DeleteBucketPolicy => remove(shared, call, "policy"),
        O::GetBucketPolicyStatus => {
            let info = info(shared, call)?;
            let policy = info.setting("policy");
            // The suite of public cases asks it of buckets with a public list, too, which S3 answers by its policy alone.
            let public_policy = policy
                .and_then(|text| Policy::parse(text, &call.bucket).ok())
                .is_some_and(|policy| policy.is_public());
            let list = info.acl.as_deref().unwrap_or_default();
            let public_list = acl::is_public(list) && !acl::blocks(&info, "IgnorePublicAcls");
            let mut document = Xml::root("PolicyStatus");
            document.number("IsPublic", public_policy || public_list);
            document.close("PolicyStatus");
            Ok(xml(document.finish()))
        }
        _ => {
            let info = info(shared, call)?;
            let text = info
                .setting("policy")
                .ok_or_else(|| error("NoSuchBucketPolicy").member("BucketName", &call.bucket))?;
            let mut reply = ok();
            *reply.body_mut() = crate::reply::S3Body::full(text.to_owned());
            set(&mut reply, "content-type", "application/json");
            Ok(reply)
        }
    }
}

const SWITCHES: [&str; 4] = [
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
];

fn public_access_block(document: &Element) -> S3Result<String> {
    let mut kept = Xml::root("PublicAccessBlockConfiguration");
    if document
        .children
        .iter()
        .any(|child| !SWITCHES.contains(&child.name.as_str()))
    {
        return Err(error("MalformedXML"));
    }
    for switch in SWITCHES {
        match document
            .value(switch)
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            None | Some("false" | "0") => kept.text(switch, "false"),
            Some("true" | "1") => kept.text(switch, "true"),
            Some(_) => return Err(error("MalformedXML")),
        }
    }
    kept.close("PublicAccessBlockConfiguration");
    Ok(kept.finish())
}

fn ownership_document(kind: &str) -> String {
    let mut document = Xml::root("OwnershipControls");
    document.open("Rule");
    document.text("ObjectOwnership", kind);
    document.close("Rule");
    document.close("OwnershipControls");
    document.finish()
}

fn put_ownership(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    let document = parse(body, "OwnershipControls")?;
    let kind = document
        .child("Rule")
        .and_then(|rule| rule.value("ObjectOwnership"));
    let Some(kind @ ("BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter")) = kind
    else {
        return Err(error("MalformedXML"));
    };
    change(shared, call, |info| {
        if kind == "BucketOwnerEnforced" && info.acl.as_ref().is_some_and(|list| list.len() > 1) {
            return Err(error("InvalidBucketAclWithObjectOwnership"));
        }
        info.settings
            .insert("ownershipControls".to_owned(), ownership_document(kind));
        Ok(())
    })?;
    Ok(ok())
}

/// The settings that a bucket is created with. Since April 2023 lists do not count in a new bucket, and public access is blocked (S3 user
/// guide, "Default settings for new S3 buckets").
pub(super) fn of_new_bucket(shared: &Shared, call: &Call, info: &mut BucketInfo) -> S3Result<()> {
    defaults(
        shared,
        call.some_header("x-amz-object-ownership").as_deref(),
        info,
    )
}

/// The same with that ownership.
pub(super) fn defaults(
    shared: &Shared,
    ownership: Option<&str>,
    info: &mut BucketInfo,
) -> S3Result<()> {
    match ownership {
        Some(kind @ ("BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter")) => {
            info.settings
                .insert("ownershipControls".to_owned(), ownership_document(kind));
        }
        Some(other) => {
            return Err(invalid_argument(
                "Invalid x-amz-object-ownership header",
                "x-amz-object-ownership",
                other,
            ));
        }
        None if shared.older_buckets => {}
        None => {
            info.settings.insert(
                "ownershipControls".to_owned(),
                ownership_document("BucketOwnerEnforced"),
            );
        }
    }
    if !shared.older_buckets {
        let all = SWITCHES.iter().map(|switch| Element {
            name: (*switch).to_owned(),
            text: "true".to_owned(),
            ..Element::default()
        });
        let document = Element {
            name: "PublicAccessBlockConfiguration".to_owned(),
            children: all.collect(),
            ..Element::default()
        };
        info.settings.insert(
            "publicAccessBlock".to_owned(),
            public_access_block(&document)?,
        );
    }
    Ok(())
}

fn get_encryption(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let kept = info(shared, call)?.setting("encryption").map(str::to_owned);
    if kept.is_none() && shared.older_buckets {
        return Err(error("ServerSideEncryptionConfigurationNotFoundError")
            .member("BucketName", &call.bucket));
    }
    Ok(xml(kept.unwrap_or_else(|| {
        let mut document = Xml::root("ServerSideEncryptionConfiguration");
        document.open("Rule");
        document.open("ApplyServerSideEncryptionByDefault");
        document.text("SSEAlgorithm", "AES256");
        document.close("ApplyServerSideEncryptionByDefault");
        document.text("BucketKeyEnabled", "false");
        document.close("Rule");
        document.close("ServerSideEncryptionConfiguration");
        document.finish()
    })))
}

fn put_encryption(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    let document = parse(body, "ServerSideEncryptionConfiguration")?;
    let rules: Vec<&Element> = document.all("Rule").collect();
    let [rule] = rules.as_slice() else {
        return Err(error("MalformedXML"));
    };
    if let Some(by) = rule.child("ApplyServerSideEncryptionByDefault") {
        let key = by.value("KMSMasterKeyID");
        match by.value("SSEAlgorithm") {
            Some("aws:kms" | "aws:kms:dsse") => {}
            Some("AES256") if key.is_none() => {}
            Some("AES256") => {
                return Err(error_with(
                    "InvalidArgument",
                    "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                ));
            }
            _ => return Err(error("MalformedXML")),
        }
    }
    keep(shared, call, "encryption", document.answer())
}

fn get_lock(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let info = info(shared, call)?;
    if !info.lock {
        return Err(
            error("ObjectLockConfigurationNotFoundError").member("BucketName", &call.bucket)
        );
    }
    let none = || {
        let mut document = Xml::root("ObjectLockConfiguration");
        document.text("ObjectLockEnabled", "Enabled");
        document.close("ObjectLockConfiguration");
        document.finish()
    };
    Ok(xml(info
        .setting("object-lock")
        .map_or_else(none, str::to_owned)))
}

fn put_lock(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    let document = parse(body, "ObjectLockConfiguration")?;
    lock::check_configuration(&document)?;
    change(shared, call, |info| {
        if info.versioning != Some(true) {
            return Err(error_with(
                "InvalidBucketState",
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
            ));
        }
        info.lock = true;
        info.settings
            .insert("object-lock".to_owned(), document.answer());
        Ok(())
    })?;
    Ok(ok())
}

fn put_website(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    let document = parse(body, "WebsiteConfiguration")?;
    let all = document.child("RedirectAllRequestsTo");
    let index = document.child("IndexDocument");
    match (all, index) {
        (Some(all), None) => {
            all.required("HostName")?;
        }
        (None, Some(index)) => {
            let suffix = index.required("Suffix")?;
            if suffix.is_empty() || suffix.contains('/') {
                return Err(invalid_argument(
                    "The IndexDocument Suffix is not well formed",
                    "IndexDocument",
                    suffix,
                ));
            }
        }
        (Some(_), Some(_)) => {
            return Err(error_with(
                "InvalidRequest",
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
            ));
        }
        (None, None) => {
            return Err(invalid_argument(
                "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
                "IndexDocument",
                "null",
            ));
        }
    }
    keep(shared, call, "website", document.answer())
}

fn logging(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let kept = info(shared, call)?.setting("logging").map(str::to_owned);
    Ok(xml(kept.unwrap_or_else(|| {
        Element {
            name: "BucketLoggingStatus".to_owned(),
            ..Element::default()
        }
        .answer()
    })))
}

/// Keeps where a bucket's access logs would go. S3 writes them "on a best effort basis", hours later; here none is written.
fn put_logging(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    let document = parse(body, "BucketLoggingStatus")?;
    let Some(enabled) = document.child("LoggingEnabled") else {
        return remove(shared, call, "logging").map(|_| ok());
    };
    let target = enabled.required("TargetBucket")?.to_owned();
    enabled.required("TargetPrefix")?;
    if let Some(kind) = enabled.value("LoggingType")
        && kind != "Standard"
    {
        return Err(error("MalformedXML"));
    }
    if let Some(format) = enabled.child("TargetObjectKeyFormat") {
        let dated = format
            .child("PartitionedPrefix")
            .map(|by| by.value("PartitionDateSource"));
        let known = match dated {
            None => format.child("SimplePrefix").is_some(),
            Some(source) => matches!(source, None | Some("EventTime" | "DeliveryTime")),
        };
        if !known {
            return Err(error("MalformedXML"));
        }
    }
    shared.store.change(&Written::default(), |state| {
        let source = bucket_of(state, &call.bucket)?;
        let Some(into) = state.buckets.get(&target) else {
            return Err(error("InvalidTargetBucketForLogging").member("TargetBucket", &target));
        };
        if into.info.owner.id != source.info.owner.id {
            return Err(error("InvalidTargetBucketForLogging").member("TargetBucket", &target));
        }
        let mut info = (*source.info).clone();
        info.settings
            .insert("logging".to_owned(), document.answer());
        Ok((
            vec![Record::Bucket {
                name: call.bucket.clone(),
                info,
            }],
            (),
        ))
    })?;
    Ok(ok())
}
