//! Object lock: retention and legal holds.

use std::sync::Arc;

use super::{document, ok, tagging, versions};
use crate::authorize;
use crate::error::{S3Error, S3Result, error, error_with, invalid_argument};
use crate::operation::Operation;
use crate::reply::{Reply, xml};
use crate::request::Call;
use crate::service::Shared;
use crate::store::Bucket;
use crate::store::model::{BucketInfo, Retention, Version};
use crate::time;
use crate::xml::{Element, Xml};

const DAY: u64 = 86_400_000;

fn no_lock() -> S3Error {
    error_with(
        "InvalidRequest",
        "Bucket is missing Object Lock Configuration",
    )
}

fn protected() -> S3Error {
    error_with(
        "AccessDenied",
        "Access Denied because object protected by object lock.",
    )
}

/// Uploads into a bucket with object lock need a checksum (S3 API reference, `PutObject`, when retention is asked for).
///
/// # Errors
/// `InvalidRequest`.
pub(crate) fn needs_checksum(call: &Call, _info: &BucketInfo) -> S3Result<()> {
    let locks = call.has_header("x-amz-object-lock-mode")
        || call.has_header("x-amz-object-lock-retain-until-date");
    let has_trailer = call.has_header("x-amz-trailer");
    let has_sum = call
        .headers
        .keys()
        .any(|name| name.as_str().starts_with("x-amz-checksum-"));
    if locks && !has_trailer && !has_sum && !call.has_header("content-md5") {
        return Err(error_with(
            "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
        ));
    }
    Ok(())
}

/// The lock that an object is written with: that of the request, or the bucket's default.
///
/// # Errors
/// `InvalidRequest` in a bucket without object lock, `InvalidArgument`.
pub(crate) fn of_request(
    call: &Call,
    info: &BucketInfo,
) -> S3Result<(Option<Retention>, Option<bool>)> {
    let mode = call.some_header("x-amz-object-lock-mode");
    let until = call.some_header("x-amz-object-lock-retain-until-date");
    let hold = call.some_header("x-amz-object-lock-legal-hold");
    if (mode.is_some() || until.is_some() || hold.is_some()) && !info.lock {
        return Err(no_lock());
    }
    let hold = match hold.as_deref() {
        None => None,
        Some("ON") => Some(true),
        Some("OFF") => Some(false),
        Some(other) => {
            return Err(invalid_argument(
                "Legal Hold must be either of 'ON' or 'OFF'",
                "x-amz-object-lock-legal-hold",
                other,
            ));
        }
    };
    let retention = match (mode, until) {
        (None, None) => default_retention(call.now, info),
        (Some(mode), Some(until)) => {
            if mode != "GOVERNANCE" && mode != "COMPLIANCE" {
                return Err(invalid_argument(
                    "Unknown wormMode directive.",
                    "x-amz-object-lock-mode",
                    &mode,
                ));
            }
            let at = time::parse_iso(&until).ok_or_else(|| {
                invalid_argument(
                    "The retain until date must be provided in ISO 8601 format",
                    "x-amz-object-lock-retain-until-date",
                    &until,
                )
            })?;
            if at <= call.now {
                return Err(invalid_argument(
                    "The retain until date must be in the future!",
                    "x-amz-object-lock-retain-until-date",
                    &until,
                ));
            }
            Some(Retention { mode, until: at })
        }
        _ => {
            return Err(error_with(
                "InvalidArgument",
                "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            ));
        }
    };
    Ok((retention, hold))
}

fn default_retention(now: u64, info: &BucketInfo) -> Option<Retention> {
    let document = Element::parse(info.setting("object-lock")?.as_bytes()).ok()?;
    let rule = document.child("Rule")?.child("DefaultRetention")?;
    let days = match (rule.value("Days"), rule.value("Years")) {
        (Some(days), _) => days.parse::<u64>().ok()?,
        (None, Some(years)) => years.parse::<u64>().ok()? * 365,
        (None, None) => return None,
    };
    Some(Retention {
        mode: rule.value("Mode")?.to_owned(),
        until: now + days * DAY,
    })
}

/// Whether a version may be removed.
///
/// # Errors
/// `AccessDenied`.
pub(crate) fn check_delete(call: &Call, bucket: &Bucket, version: &Version) -> S3Result<()> {
    if !bucket.info.lock || version.marker {
        return Ok(());
    }
    let extra = version.extra();
    if extra.hold == Some(true) {
        return Err(protected());
    }
    match &extra.retention {
        Some(retention) if retention.until > call.now => {
            if retention.mode == "GOVERNANCE" && asks_to_bypass(call) {
                Ok(())
            } else {
                Err(protected())
            }
        }
        _ => Ok(()),
    }
}

/// The same where a version would be replaced by another of its id.
pub(crate) fn check_overwrite(call: &Call, bucket: &Bucket, version: &Version) -> S3Result<()> {
    check_delete(call, bucket, version)
}

/// Whether the request may pass governance: it says so. That its caller may was checked before.
pub(crate) fn asks_to_bypass(call: &Call) -> bool {
    call.header("x-amz-bypass-governance-retention")
        .is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

/// The `ObjectLockConfiguration` of a request, if it is one.
///
/// # Errors
/// `MalformedXML`, `InvalidRetentionPeriod`.
pub(crate) fn check_configuration(document: &Element) -> S3Result<()> {
    if document.value("ObjectLockEnabled") != Some("Enabled") {
        return Err(error("MalformedXML"));
    }
    let Some(rule) = document.child("Rule") else {
        return Ok(());
    };
    let default = rule
        .child("DefaultRetention")
        .ok_or_else(|| error("MalformedXML"))?;
    if !matches!(default.value("Mode"), Some("GOVERNANCE" | "COMPLIANCE")) {
        return Err(error("MalformedXML"));
    }
    let (period, most) = match (default.value("Days"), default.value("Years")) {
        (Some(days), None) => (days, 36_500),
        (None, Some(years)) => (years, 100),
        _ => return Err(error("MalformedXML")),
    };
    let period: i64 = period.parse().map_err(|_| error("MalformedXML"))?;
    if period < 1 {
        return Err(error_with(
            "InvalidRetentionPeriod",
            "Default retention period must be a positive integer value.",
        ));
    }
    if period > most {
        return Err(error_with(
            "InvalidRetentionPeriod",
            format!("Default retention period too large, must be at most {most}"),
        ));
    }
    Ok(())
}

/// `GetObjectRetention`, `PutObjectRetention`, `GetObjectLegalHold`, `PutObjectLegalHold`.
pub(super) fn operate(
    shared: &Arc<Shared>,
    call: &Call,
    operation: Operation,
    body: &[u8],
) -> S3Result<Reply> {
    shared.store.bucket(&call.bucket, |bucket| {
        if bucket.info.lock {
            Ok(())
        } else {
            Err(no_lock())
        }
    })?;
    match operation {
        Operation::PutObjectRetention => put_retention(shared, call, &document(body, "Retention")?),
        Operation::PutObjectLegalHold => {
            let document = document(body, "LegalHold")?;
            let hold = match document.value("Status") {
                Some("ON") => true,
                Some("OFF") => false,
                _ => return Err(error("MalformedXML")),
            };
            tagging::update(shared, call, |_, version| {
                version.extra_mut().hold = Some(hold);
                Ok(())
            })?;
            Ok(ok())
        }
        _ => {
            let id = versions::named(call)?;
            let version = shared.store.bucket(&call.bucket, |bucket| {
                versions::readable(bucket, &call.key, id).cloned()
            })?;
            let extra = version.extra();
            let none = || error("NoSuchObjectLockConfiguration");
            if operation == Operation::GetObjectRetention {
                let retention = extra.retention.as_ref().ok_or_else(none)?;
                let mut document = Xml::root("Retention");
                document.text("Mode", &retention.mode);
                document.text("RetainUntilDate", &time::iso_exact(retention.until));
                document.close("Retention");
                return Ok(xml(document.finish()));
            }
            let hold = extra.hold.ok_or_else(none)?;
            let mut document = Xml::root("LegalHold");
            document.text("Status", if hold { "ON" } else { "OFF" });
            document.close("LegalHold");
            Ok(xml(document.finish()))
        }
    }
}

fn put_retention(shared: &Arc<Shared>, call: &Call, document: &Element) -> S3Result<Reply> {
    let wanted = match (document.value("Mode"), document.value("RetainUntilDate")) {
        // An empty document takes the retention away.
        (None, None) => None,
        (Some(mode @ ("GOVERNANCE" | "COMPLIANCE")), Some(until)) => {
            let until = time::parse_iso(until).ok_or_else(|| error("MalformedXML"))?;
            if until <= call.now {
                return Err(error_with(
                    "InvalidArgument",
                    "The retain until date must be in the future!",
                ));
            }
            Some(Retention {
                mode: mode.to_owned(),
                until,
            })
        }
        _ => return Err(error("MalformedXML")),
    };
    let may_bypass = asks_to_bypass(call) && authorize::may_bypass(shared, call, &call.key);
    tagging::update(shared, call, |_, version| {
        let before = version.extra().retention.clone();
        if let Some(before) = before.filter(|before| before.until > call.now) {
            let extends = wanted
                .as_ref()
                .is_some_and(|wanted| wanted.until >= before.until && wanted.mode == before.mode);
            let passes = before.mode == "GOVERNANCE" && may_bypass;
            if !(extends || passes) {
                return Err(protected());
            }
        }
        version.extra_mut().retention = wanted;
        Ok(())
    })?;
    Ok(ok())
}
