//! Tags: those of objects, and the rules that those of buckets share.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::{document as parse, ok, versions};
use crate::changes::Change;
use crate::error::{S3Result, error, error_with};
use crate::operation::Operation;
use crate::reply::{Reply, set, xml};
use crate::request::Call;
use crate::service::Shared;
use crate::store::model::{Record, Version};
use crate::store::{Written, bucket_of};
use crate::xml::{Element, Xml};

pub(crate) type Tags = Vec<(String, String)>;

/// Tags of an object, at most (S3 user guide, "Categorizing your objects using tags").
const MOST: usize = 10;

/// Holds tags against S3's rules.
///
/// # Errors
/// `BadRequest` for too many, `InvalidTag`.
fn check(tags: &Tags, most: usize) -> S3Result<()> {
    if tags.len() > most {
        let what = if most == MOST { "Object" } else { "Bucket" };
        return Err(error_with(
            "BadRequest",
            format!("{what} tags cannot be greater than {most}"),
        )
        .status_is(http::StatusCode::BAD_REQUEST));
    }
    for (index, (key, value)) in tags.iter().enumerate() {
        let of = |message: &str| error_with("InvalidTag", message).member("TagKey", key);
        let fits = |c: char| c.is_alphanumeric() || c.is_whitespace() || "+-=._:/@".contains(c);
        if key.is_empty() || key.encode_utf16().count() > 128 || !key.chars().all(fits) {
            return Err(of("The TagKey you have provided is invalid"));
        }
        if value.encode_utf16().count() > 256 || !value.chars().all(fits) {
            return Err(
                error_with("InvalidTag", "The TagValue you have provided is invalid")
                    .member("TagKey", key)
                    .member("TagValue", value),
            );
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(of("System tags cannot be added/updated by requester"));
        }
        if tags[..index].iter().any(|(before, _)| before == key) {
            return Err(of("Cannot provide multiple Tags with the same key"));
        }
    }
    Ok(())
}

/// The tags of `x-amz-tagging`.
///
/// # Errors
/// `InvalidArgument` if they are not a query, those of tags.
pub(crate) fn of_header(text: &str) -> S3Result<Tags> {
    let mut tags = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .ok()
        };
        let pair = decode(key).zip(decode(value));
        tags.push(pair.ok_or_else(|| {
            error_with("InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
                .member("ArgumentName", "x-amz-tagging")
                .member("ArgumentValue", text)
        })?);
    }
    check(&tags, MOST)?;
    tags.sort();
    Ok(tags)
}

/// Tags in elements.
///
/// # Errors
/// `MalformedXML`, those of tags.
pub(crate) fn of_elements<'a>(
    elements: impl Iterator<Item = &'a Element>,
    most: usize,
) -> S3Result<Tags> {
    let mut tags = Vec::new();
    for tag in elements {
        let key = tag.exact("Key").ok_or_else(|| error("MalformedXML"))?;
        let value = tag.exact("Value").ok_or_else(|| error("MalformedXML"))?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    check(&tags, most)?;
    Ok(tags)
}

/// The tags of a `Tagging` document.
///
/// # Errors
/// `MalformedXML`, those of tags.
pub(crate) fn of_document(document: &Element, most: usize) -> S3Result<Tags> {
    let set = document
        .child("TagSet")
        .ok_or_else(|| error("MalformedXML"))?;
    of_elements(set.all("Tag"), most)
}

/// A `Tagging` document.
pub(crate) fn document(tags: &Tags) -> String {
    let mut xml = Xml::root("Tagging");
    xml.open("TagSet");
    for (key, value) in tags {
        xml.open("Tag");
        xml.text("Key", key);
        xml.text("Value", value);
        xml.close("Tag");
    }
    xml.close("TagSet");
    xml.close("Tagging");
    xml.finish()
}

/// Changes what is kept of a version besides its data.
pub(crate) fn update(
    shared: &Shared,
    call: &Call,
    change: impl FnOnce(&crate::store::Bucket, &mut Version) -> S3Result<()>,
) -> S3Result<(Arc<Version>, Option<String>)> {
    let id = versions::named(call)?;
    shared.store.change(&Written::default(), |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        let version = versions::readable(bucket, &call.key, id)?;
        let mut changed = Version::clone(version);
        change(bucket, &mut changed)?;
        let shown = bucket.info.versioning.is_some().then(|| changed.id.clone());
        let changed = Arc::new(changed);
        let record = Record::Put {
            bucket: call.bucket.clone(),
            key: call.key.clone(),
            version: Arc::clone(&changed),
        };
        Ok((vec![record], (changed, shown)))
    })
}

/// Reports a change of what is kept besides the data (cases s3e-009 to s3e-011).
pub(crate) fn report(shared: &Shared, call: &Call, name: &'static str, version: &Version) {
    shared.changes.report(|| Change {
        bucket: call.bucket.clone(),
        key: call.key.clone(),
        name,
        size: None,
        etag: Some(version.etag.clone()),
        version: (!version.is_null()).then(|| version.id.clone()),
    });
}

/// `GetObjectTagging`, `PutObjectTagging` and `DeleteObjectTagging`.
pub(super) fn of_object(
    shared: &Shared,
    call: &Call,
    operation: Operation,
    body: &[u8],
) -> S3Result<Reply> {
    let (mut reply, shown) = match operation {
        Operation::PutObjectTagging => {
            let tags = of_document(&parse(body, "Tagging")?, MOST)?;
            let (version, shown) = update(shared, call, |_, version| {
                version.extra_mut().tags = tags;
                Ok(())
            })?;
            report(shared, call, "ObjectTagging:Put", &version);
            (ok(), shown)
        }
        Operation::DeleteObjectTagging => {
            let (version, shown) = update(shared, call, |_, version| {
                version.extra_mut().tags.clear();
                Ok(())
            })?;
            report(shared, call, "ObjectTagging:Delete", &version);
            (super::done(), shown)
        }
        _ => {
            let id = versions::named(call)?;
            shared.store.bucket(&call.bucket, |bucket| {
                let version = versions::readable(bucket, &call.key, id)?;
                let shown = bucket.info.versioning.is_some().then(|| version.id.clone());
                Ok((xml(document(&version.extra().tags)), shown))
            })?
        }
    };
    if let Some(shown) = shown {
        set(&mut reply, "x-amz-version-id", &shown);
    }
    Ok(reply)
}
