//! `GetObject` and `HeadObject`.

use http::{Response, StatusCode};

use super::{conditions, encryption, lifecycle, versions};
use crate::error::{S3Error, S3Result, error, error_with, invalid_argument};
use crate::reply::{Reply, S3Body, set, set_length};
use crate::request::{Call, Caller};
use crate::service::Shared;
use crate::store::model::{BucketInfo, Version};
use crate::time;

/// Which bytes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: u64,
    pub(crate) length: u64,
}

/// The parameters that replace headers of the answer.
const OVERRIDES: [(&str, &str); 6] = [
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
    ("response-content-language", "content-language"),
    ("response-content-type", "content-type"),
    ("response-expires", "expires"),
];

/// What a `Range` header asks of so many bytes: `None` for what is to be ignored (RFC 9110, section 14: a malformed range is, and the unit's
/// case does not count; S3 takes one range, and gives the whole for several).
///
/// # Errors
/// `InvalidRange` if there is nothing in it.
pub(crate) fn range(header: &str, size: u64) -> S3Result<Option<Span>> {
    let Some((unit, range)) = header.trim().split_once('=') else {
        return Ok(None);
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return Ok(None);
    };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Ok(None);
    }
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number that is too large is as good as the largest.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let outside = || {
        error("InvalidRange")
            .member("RangeRequested", header)
            .member("ActualObjectSize", size.to_string())
            .header("content-range", &format!("bytes */{size}"))
    };
    if first.is_empty() {
        let Some(suffix) = number(last) else {
            return Ok(None);
        };
        if suffix == 0 || size == 0 {
            return Err(outside());
        }
        let length = suffix.min(size);
        return Ok(Some(Span {
            first: size - length,
            length,
        }));
    }
    let Some(first) = number(first) else {
        return Ok(None);
    };
    let last = match last {
        "" => u64::MAX,
        last => match number(last) {
            Some(last) => last,
            None => return Ok(None),
        },
    };
    if last < first {
        return Ok(None);
    }
    if first >= size {
        return Err(outside());
    }
    Ok(Some(Span {
        first,
        length: last.min(size - 1) - first + 1,
    }))
}

/// The part that `partNumber` asks for.
fn part(call: &Call, version: &Version) -> S3Result<Option<(Span, usize)>> {
    let Some(text) = call.query.get("partNumber") else {
        return Ok(None);
    };
    let number = text
        .parse::<usize>()
        .ok()
        .filter(|number| (1..=10_000).contains(number))
        .ok_or_else(|| {
            invalid_argument(
                "Part number must be an integer between 1 and 10000, inclusive",
                "partNumber",
                text,
            )
        })?;
    if call.has_header("range") {
        return Err(error_with(
            "InvalidRequest",
            "Cannot specify both Range header and partNumber query parameter",
        ));
    }
    let parts = &version.extra().parts;
    let count = parts.len().max(1);
    let out = || {
        error("InvalidPartNumber")
            .member("PartNumberRequested", number.to_string())
            .member("ActualPartCount", count.to_string())
    };
    if parts.is_empty() {
        let whole = Span {
            first: 0,
            length: version.size,
        };
        return if number == 1 {
            Ok(Some((whole, 0)))
        } else {
            Err(out())
        };
    }
    let index = number - 1;
    let length = parts.get(index).ok_or_else(out)?.size;
    let first = parts[..index].iter().map(|part| part.size).sum();
    Ok(Some((Span { first, length }, index)))
}

/// `GetObject`, and `HeadObject` where `is_head`.
pub(crate) fn get_object(shared: &Shared, call: &Call, is_head: bool) -> S3Result<Reply> {
    let id = versions::named(call)?;
    let overrides = overrides(call)?;
    let (version, info, reader) = shared.store.read(|state| {
        let bucket = crate::store::bucket_of(state, &call.bucket)?;
        let version = versions::readable(bucket, &call.key, id)?.clone();
        let reader = (!is_head).then(|| shared.store.reader(state, &version.segments));
        Ok::<_, S3Error>((version, bucket.info.clone(), reader))
    })?;
    encryption::check_read(call, version.extra().encryption.as_ref())?;
    conditions::check_read(call, &version)?;
    check_class(&version, is_head)?;
    let asked = part(call, &version)?;
    let whole = Span {
        first: 0,
        length: version.size,
    };
    let (span, is_partial, part) = match asked {
        Some((span, index)) => (span, true, Some(index)),
        None => match call.header("range") {
            Some(header) if conditions::range_is_for(call, &version) => {
                match range(&header, version.size)? {
                    Some(span) => (span, true, None),
                    None => (whole, false, None),
                }
            }
            _ => (whole, false, None),
        },
    };
    let body = match reader {
        Some(reader) if span.length > 0 => {
            S3Body::read(reader.range(span.first, span.length), span.length)?
        }
        _ => S3Body::empty(),
    };
    let mut reply = Response::new(body);
    if is_partial && (version.size > 0 || part.is_none()) {
        *reply.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = span.first + span.length - 1;
        set(
            &mut reply,
            "content-range",
            &format!("bytes {}-{last}/{}", span.first, version.size),
        );
    }
    set_length(&mut reply, span.length);
    describe(&mut reply, &version, &info);
    if let Some(index) = part
        && let Some(part) = version.extra().parts.get(index)
    {
        set(
            &mut reply,
            "x-amz-mp-parts-count",
            &version.extra().parts.len().to_string(),
        );
        let checksum = part.checksum.as_ref().zip(version.checksum.as_ref());
        if let (Some((value, whole)), true) = (checksum, wants_checksum(call)) {
            set(&mut reply, whole.algorithm.header(), value);
            set(&mut reply, "x-amz-checksum-type", whole.kind.name());
        }
    } else if let (Some(checksum), false, true) =
        (&version.checksum, is_partial, wants_checksum(call))
    {
        set(&mut reply, checksum.algorithm.header(), &checksum.value);
        set(&mut reply, "x-amz-checksum-type", checksum.kind.name());
    }
    if !matches!(call.caller, Caller::Anonymous) || !version.extra().tags.is_empty() {
        let tags = version.extra().tags.len();
        if tags > 0 {
            set(&mut reply, "x-amz-tagging-count", &tags.to_string());
        }
    }
    if let Some(expiration) =
        lifecycle::expiration_header(shared, &call.bucket, &call.key, &version)
    {
        set(&mut reply, "x-amz-expiration", &expiration);
    }
    for (header, value) in overrides {
        set(&mut reply, header, &value);
    }
    Ok(reply)
}

fn wants_checksum(call: &Call) -> bool {
    call.header("x-amz-checksum-mode")
        .is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED"))
}

/// # Errors
/// `InvalidObjectState` for data that would have to be restored first.
fn check_class(version: &Version, is_head: bool) -> S3Result<()> {
    match version.extra().storage_class.as_deref() {
        Some(class @ ("GLACIER" | "DEEP_ARCHIVE")) if !is_head => {
            Err(error("InvalidObjectState").member("StorageClass", class))
        }
        _ => Ok(()),
    }
}

/// Headers that the request wants in the answer.
fn overrides(call: &Call) -> S3Result<Vec<(&'static str, String)>> {
    let mut wanted = Vec::new();
    for (parameter, header) in OVERRIDES {
        if let Some(value) = call.query.get(parameter) {
            wanted.push((header, value.to_owned()));
        }
    }
    if !wanted.is_empty() && matches!(call.caller, Caller::Anonymous) {
        return Err(error_with(
            "InvalidRequest",
            "Request specific response headers cannot be used for anonymous GET requests.",
        ));
    }
    Ok(wanted)
}

/// The headers of an object.
fn describe(reply: &mut Reply, version: &Version, info: &BucketInfo) {
    let extra = version.extra();
    set(reply, "accept-ranges", "bytes");
    set(reply, "etag", &format!("\"{}\"", version.etag));
    set(reply, "last-modified", &time::http(version.modified));
    for (name, value) in &extra.headers {
        set(reply, name, value);
    }
    if version.header("content-type").is_none() {
        set(reply, "content-type", "binary/octet-stream");
    }
    for (name, value) in &extra.metadata {
        set(reply, &format!("x-amz-meta-{name}"), &metadata_value(value));
    }
    if info.versioning.is_some() {
        set(reply, "x-amz-version-id", &version.id);
    }
    if let Some(class) = &extra.storage_class {
        set(reply, "x-amz-storage-class", class);
    }
    if let Some(to) = &extra.redirect {
        set(reply, "x-amz-website-redirect-location", to);
    }
    if let Some(retention) = &extra.retention {
        set(reply, "x-amz-object-lock-mode", &retention.mode);
        set(
            reply,
            "x-amz-object-lock-retain-until-date",
            &time::iso_exact(retention.until),
        );
    }
    if let Some(hold) = extra.hold {
        set(
            reply,
            "x-amz-object-lock-legal-hold",
            if hold { "ON" } else { "OFF" },
        );
    }
    encryption::describe(reply, extra.encryption.as_ref());
}

/// Metadata that is not ASCII comes back as RFC 2047 has it (S3 user guide, "Working with object metadata").
fn metadata_value(value: &str) -> String {
    use base64::Engine as _;
    if value.is_ascii() {
        return value.to_owned();
    }
    format!(
        "=?UTF-8?B?{}?=",
        base64::engine::general_purpose::STANDARD.encode(value)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_says() {
        let span = |first, length| Some(Span { first, length });
        for (header, expected) in [
            ("bytes=0-4", span(0, 5)),
            ("bytes=5-", span(5, 5)),
            ("bytes=-3", span(7, 3)),
            ("bytes=-30", span(0, 10)),
            ("bytes=0-99999999999999999999999", span(0, 10)),
            ("Bytes=0-4", span(0, 5)),
            ("bytes= 0-4 ", span(0, 5)),
            ("bytes=0 - 4", None),
            ("bytes =0-4", None),
            ("bytes=5-2", None),
            ("invalid", None),
            ("bytes=", None),
            ("bytes=a-b", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes=-", None),
        ] {
            assert_eq!(range(header, 10).unwrap(), expected, "{header}");
        }
        for header in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert!(range(header, 10).is_err(), "{header}");
        }
        assert!(range("bytes=0-", 0).is_err());
    }
}
