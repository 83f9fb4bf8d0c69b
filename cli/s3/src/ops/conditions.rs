//! Conditional requests (RFC 9110, section 13; S3 user guide, "Conditional requests").

use http::StatusCode;

use crate::error::{S3Error, S3Result, error};
use crate::operation::Operation as O;
use crate::request::Call;
use crate::store::model::Version;
use crate::time;

/// The headers with conditions.
const NAMES: [(&str, &str); 4] = [
    ("if-match", "If-Match"),
    ("if-none-match", "If-None-Match"),
    ("if-modified-since", "If-Modified-Since"),
    ("if-unmodified-since", "If-Unmodified-Since"),
];

fn failed(condition: &str) -> S3Error {
    error("PreconditionFailed").member("Condition", condition)
}

fn not_supported(header: &str) -> S3Error {
    error("NotImplemented").member("Header", header)
}

/// Refuses conditions that the operation does not have: one that is dropped in silence loses data.
///
/// # Errors
/// `NotImplemented` that names the header.
pub(crate) fn refuse_unknown(call: &Call, operation: O) -> S3Result<()> {
    let known: &[&str] = match operation {
        O::GetObject | O::HeadObject => return Ok(()),
        O::PutObject | O::CompleteMultipartUpload | O::CopyObject => &["if-match", "if-none-match"],
        O::DeleteObject => &["if-match"],
        // What only reads changes nothing.
        _ if call.method == http::Method::GET || call.method == http::Method::HEAD => return Ok(()),
        _ => &[],
    };
    for (name, header) in NAMES {
        if call.has_header(name) && !known.contains(&name) {
            return Err(not_supported(header));
        }
    }
    for name in ["x-amz-if-match-last-modified-time", "x-amz-if-match-size"] {
        // Of directory buckets only (S3 API reference, `DeleteObject`).
        if call.has_header(name) {
            return Err(not_supported(name));
        }
    }
    Ok(())
}

/// Whether a list of entity tags has that one, compared as strong or weak ones.
fn has_tag(list: &str, etag: &str, weak: bool) -> bool {
    list.trim() == "*"
        || list.split(',').map(str::trim).any(|tag| {
            let tag = match tag.strip_prefix("W/") {
                Some(_) if !weak => return false,
                Some(tag) => tag,
                None => tag,
            };
            tag.trim_matches('"') == etag
        })
}

/// The conditions under which an object is read.
///
/// # Errors
/// `PreconditionFailed`, or 304 without a document.
pub(crate) fn check_read(call: &Call, version: &Version) -> S3Result<()> {
    let condition = |name: &str| call.joined(name);
    check(
        version,
        condition("if-match").as_deref(),
        condition("if-none-match").as_deref(),
        condition("if-modified-since").as_deref(),
        condition("if-unmodified-since").as_deref(),
    )
    .map_err(|unmet| match unmet {
        Unmet::Failed(name) => failed(name),
        Unmet::NotModified => not_modified(version),
    })
}

fn not_modified(version: &Version) -> S3Error {
    let answer = error("PreconditionFailed")
        .status_is(StatusCode::NOT_MODIFIED)
        .header("etag", &format!("\"{}\"", version.etag))
        .header("last-modified", &time::http(version.modified));
    // What a cache updates with it (RFC 9110, section 15.4.5).
    ["cache-control", "expires"]
        .into_iter()
        .fold(answer, |answer, name| match version.header(name) {
            Some(value) => answer.header(name, value),
            None => answer,
        })
}

/// The conditions under which an object is copied from.
///
/// # Errors
/// `PreconditionFailed`.
pub(crate) fn check_source(call: &Call, version: &Version) -> S3Result<()> {
    let condition = |name: &str| call.header(&format!("x-amz-copy-source-{name}"));
    check(
        version,
        condition("if-match").as_deref(),
        condition("if-none-match").as_deref(),
        condition("if-modified-since").as_deref(),
        condition("if-unmodified-since").as_deref(),
    )
    .map_err(|unmet| match unmet {
        Unmet::Failed(name) => failed(&format!("x-amz-copy-source-{name}")),
        Unmet::NotModified => failed("x-amz-copy-source-If-None-Match"),
    })
}

enum Unmet {
    Failed(&'static str),
    NotModified,
}

/// RFC 9110, section 13.2.2: the order, and which header makes another one void. A date that cannot be read is ignored.
fn check(
    version: &Version,
    if_match: Option<&str>,
    if_none_match: Option<&str>,
    modified_since: Option<&str>,
    unmodified_since: Option<&str>,
) -> Result<(), Unmet> {
    let seconds = version.modified / 1000 * 1000;
    match if_match {
        Some(tags) if !has_tag(tags, &version.etag, false) => {
            return Err(Unmet::Failed("If-Match"));
        }
        Some(_) => {}
        None => {
            if unmodified_since
                .and_then(time::parse_http)
                .is_some_and(|since| seconds > since)
            {
                return Err(Unmet::Failed("If-Unmodified-Since"));
            }
        }
    }
    match if_none_match {
        Some(tags) if has_tag(tags, &version.etag, true) => Err(Unmet::NotModified),
        Some(_) => Ok(()),
        None => match modified_since.and_then(time::parse_http) {
            Some(since) if seconds <= since => Err(Unmet::NotModified),
            _ => Ok(()),
        },
    }
}

/// Whether a range is for that very object (RFC 9110, section 13.1.5): only the strong tag says so, or the exact date.
pub(crate) fn range_is_for(call: &Call, version: &Version) -> bool {
    match call.header("if-range") {
        None => true,
        Some(tag) if tag.starts_with('"') => tag.trim() == format!("\"{}\"", version.etag),
        Some(tag) if tag.starts_with("W/") => false,
        Some(date) => time::parse_http(&date) == Some(version.modified / 1000 * 1000),
    }
}

/// The conditions under which an object is written. `current` is the newest version; a delete marker is like no object.
///
/// # Errors
/// `PreconditionFailed`, `NoSuchKey` where `If-Match` is asked of nothing, `NotImplemented` for forms that S3 does not take.
pub(crate) fn check_write(call: &Call, current: Option<&Version>) -> S3Result<()> {
    check_write_form(call)?;
    let current = current.filter(|version| !version.marker);
    if call.has_header("if-none-match") && current.is_some() {
        return Err(failed("If-None-Match"));
    }
    if let Some(tags) = call.header("if-match") {
        let current = current.ok_or_else(|| error("NoSuchKey").member("Key", &call.key))?;
        if !has_tag(&tags, &current.etag, false) {
            return Err(failed("If-Match"));
        }
    }
    Ok(())
}

/// The same before there is anything to compare with.
///
/// # Errors
/// `NotImplemented`.
pub(crate) fn check_write_form(call: &Call) -> S3Result<()> {
    if call.header("if-none-match").is_some_and(|tags| tags != "*") {
        return Err(not_supported("If-None-Match"));
    }
    // S3 takes an entity tag here, and the star only where something is deleted.
    if call.header("if-match").is_some_and(|tags| tags == "*")
        && call.method != http::Method::DELETE
    {
        return Err(not_supported("If-Match"));
    }
    if call.has_header("if-match") && call.has_header("if-none-match") {
        return Err(not_supported("If-None-Match"));
    }
    Ok(())
}

/// The condition under which an object is deleted.
///
/// # Errors
/// `PreconditionFailed`. That a missing object fails the condition, rather than being 404 or 204, is unverified.
pub(crate) fn check_delete(tags: Option<&str>, current: Option<&Version>) -> S3Result<()> {
    let Some(tags) = tags else { return Ok(()) };
    match current.filter(|version| !version.marker) {
        Some(current) if has_tag(tags, &current.etag, false) => Ok(()),
        _ => Err(failed("If-Match")),
    }
}
