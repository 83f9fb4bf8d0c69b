//! `GetObjectAttributes`.

use super::list::MOST;
use super::{encryption, versions};
use crate::error::{S3Result, error, invalid_argument};
use crate::reply::{Reply, set, xml};
use crate::request::Call;
use crate::service::Shared;
use crate::store::model::{ChecksumKind, Version};
use crate::time;
use crate::xml::Xml;

const ATTRIBUTES: [&str; 5] = [
    "ETag",
    "Checksum",
    "ObjectParts",
    "StorageClass",
    "ObjectSize",
];

/// A number of a header.
fn number(call: &Call, header: &str) -> S3Result<Option<u64>> {
    let Some(text) = call.some_header(header) else {
        return Ok(None);
    };
    let number = text.parse().map_err(|_| {
        invalid_argument(
            &format!("Provided {header} not an integer or within integer range"),
            header,
            &text,
        )
    })?;
    Ok(Some(number))
}

/// `GetObjectAttributes`.
pub(super) fn get(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let id = versions::named(call)?;
    let wanted: Vec<String> = call
        .headers
        .get_all("x-amz-object-attributes")
        .iter()
        .map(crate::request::text)
        .collect();
    let wanted: Vec<String> = wanted
        .iter()
        .flat_map(|text| text.split(','))
        .map(|one| one.trim().to_owned())
        .collect();
    if wanted.iter().all(String::is_empty) {
        return Err(crate::error::error_with(
            "InvalidRequest",
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty",
        ));
    }
    if let Some(unknown) = wanted
        .iter()
        .find(|one| !ATTRIBUTES.contains(&one.as_str()))
    {
        return Err(invalid_argument(
            "Invalid attribute name specified.",
            "x-amz-object-attributes",
            unknown,
        ));
    }
    let most = number(call, "x-amz-max-parts")?.unwrap_or(MOST).min(MOST);
    let marker = number(call, "x-amz-part-number-marker")?.unwrap_or(0);
    let (version, has_versions) = shared.store.bucket(&call.bucket, |bucket| {
        Ok((
            versions::readable(bucket, &call.key, id)?.clone(),
            bucket.info.versioning.is_some(),
        ))
    })?;
    encryption::check_read(call, version.extra().encryption.as_ref())?;
    super::conditions::check_read(call, &version)?;
    let mut document = Xml::root("GetObjectAttributesResponse");
    let wants = |name: &str| wanted.iter().any(|one| one == name);
    if wants("ETag") {
        document.text("ETag", &version.etag);
    }
    if let (true, Some(checksum)) = (wants("Checksum"), &version.checksum) {
        document.open("Checksum");
        document.text(&checksum.algorithm.element(), &checksum.value);
        document.text("ChecksumType", checksum.kind.name());
        document.close("Checksum");
    }
    if wants("ObjectParts") && !version.extra().parts.is_empty() {
        parts(&mut document, &version, marker, most)?;
    }
    if wants("StorageClass") {
        document.text(
            "StorageClass",
            version
                .extra()
                .storage_class
                .as_deref()
                .unwrap_or("STANDARD"),
        );
    }
    if wants("ObjectSize") {
        document.number("ObjectSize", version.size);
    }
    document.close("GetObjectAttributesResponse");
    let mut reply = xml(document.finish());
    set(&mut reply, "last-modified", &time::http(version.modified));
    if has_versions {
        set(&mut reply, "x-amz-version-id", &version.id);
    }
    Ok(reply)
}

fn parts(document: &mut Xml, version: &Version, marker: u64, most: u64) -> S3Result<()> {
    let limit = usize::try_from(most).map_err(|_| error("InvalidArgument"))?;
    let parts = &version.extra().parts;
    document.open("ObjectParts");
    document.number("PartsCount", parts.len());
    document.number("PartNumberMarker", marker);
    let mut rest = parts.iter().filter(|part| u64::from(part.number) > marker);
    let shown: Vec<_> = rest.by_ref().take(limit).collect();
    document.number(
        "NextPartNumberMarker",
        shown.last().map_or(0, |part| part.number),
    );
    document.number("MaxParts", most);
    document.number("IsTruncated", limit > 0 && rest.next().is_some());
    // S3 lists parts of objects that have a checksum for each (S3 API reference, `GetObjectAttributes`).
    if let Some(checksum) = version.checksum.as_ref() {
        for part in shown {
            document.open("Part");
            document.number("PartNumber", part.number);
            document.number("Size", part.size);
            if let (Some(value), true) = (
                &part.checksum,
                checksum.kind == ChecksumKind::Composite || checksum.algorithm.combines(),
            ) {
                document.text(&checksum.algorithm.element(), value);
            }
            document.close("Part");
        }
    }
    document.close("ObjectParts");
    Ok(())
}
