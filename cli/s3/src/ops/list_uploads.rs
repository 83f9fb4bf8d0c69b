//! `ListParts` and `ListMultipartUploads`.

use super::list::{Encoding, Entry, MOST, Start, after_prefix, owner_element, page};
use super::multipart::{find, of_call};
use crate::error::S3Result;
use crate::reply::{Reply, xml};
use crate::request::Call;
use crate::service::Shared;
use crate::store::Bucket;
use crate::store::model::Upload;
use crate::time;
use crate::xml::Xml;

/// `ListParts`.
pub(super) fn parts(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let most = call.number("max-parts", MOST)?.unwrap_or(MOST);
    let marker = call.number("part-number-marker", u64::MAX)?.unwrap_or(0);
    let id = of_call(call);
    shared.store.bucket(&call.bucket, |bucket| {
        let upload = find(bucket, &call.key, id)?;
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let mut rest = upload
            .parts
            .values()
            .filter(|part| u64::from(part.number) > marker);
        let shown: Vec<_> = rest.by_ref().take(limit).collect();
        let is_truncated = limit > 0 && rest.next().is_some();
        let mut xml = Xml::root("ListPartsResult");
        xml.text("Bucket", &call.bucket);
        xml.text("Key", &call.key);
        xml.text("UploadId", id);
        owner_element(&mut xml, "Initiator", &upload.initiator);
        owner_element(
            &mut xml,
            "Owner",
            upload.extra.owner.as_ref().unwrap_or(&bucket.info.owner),
        );
        xml.text(
            "StorageClass",
            upload.extra.storage_class.as_deref().unwrap_or("STANDARD"),
        );
        xml.number("PartNumberMarker", marker);
        xml.number(
            "NextPartNumberMarker",
            shown.last().map_or(0, |part| part.number),
        );
        xml.number("MaxParts", most);
        xml.number("IsTruncated", is_truncated);
        if let Some(algorithm) = upload.algorithm {
            xml.text("ChecksumAlgorithm", algorithm.name());
            xml.text("ChecksumType", upload.kind.name());
        }
        for part in shown {
            xml.open("Part");
            xml.number("PartNumber", part.number);
            xml.text("LastModified", &time::iso(part.modified));
            xml.text("ETag", &format!("\"{}\"", part.etag));
            if let (Some(_), Some(checksum)) = (upload.algorithm, &part.checksum) {
                xml.text(&checksum.algorithm.element(), &checksum.value);
            }
            xml.number("Size", part.size);
            xml.close("Part");
        }
        xml.close("ListPartsResult");
        Ok(self::xml(xml.finish()))
    })
}

/// `ListMultipartUploads`.
pub(super) fn uploads(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let encoding = Encoding::of(call)?;
    let most = call.number("max-uploads", MOST)?.unwrap_or(MOST);
    let prefix = call.query.get("prefix").unwrap_or_default();
    let delimiter = call.query.get("delimiter").unwrap_or_default();
    let key_marker = call.query.get("key-marker").unwrap_or_default();
    // Without a key it is ignored (S3 API reference, `ListMultipartUploads`).
    let id_marker = call
        .query
        .some("upload-id-marker")
        .filter(|_| !key_marker.is_empty());
    shared.store.bucket(&call.bucket, |bucket| {
        // Sorted by key, then by the time they were begun.
        let mut by_key: std::collections::BTreeMap<String, Vec<&Upload>> =
            std::collections::BTreeMap::new();
        for upload in bucket.uploads.values() {
            by_key.entry(upload.key.clone()).or_default().push(upload);
        }
        for uploads in by_key.values_mut() {
            uploads.sort_by(|a, b| (a.initiated, &a.id).cmp(&(b.initiated, &b.id)));
        }
        let mut shown: Vec<Entry<'_, &Upload>> = Vec::new();
        if let (Some(id), Some((key, uploads))) = (id_marker, by_key.get_key_value(key_marker)) {
            let at = uploads
                .iter()
                .position(|upload| upload.id == id)
                .map_or(0, |at| at + 1);
            shown.extend(
                uploads[at..]
                    .iter()
                    .map(|upload| Entry::Item(key.as_str(), *upload)),
            );
        }
        let is_prefix = !delimiter.is_empty()
            && key_marker.ends_with(delimiter)
            && after_prefix(key_marker).is_some();
        let start = Start {
            after: key_marker.to_owned(),
            is_prefix,
        };
        let page = page(
            &by_key,
            prefix,
            delimiter,
            &start,
            most + 1,
            |_, uploads| Some(uploads),
        );
        for entry in page.entries {
            match entry {
                Entry::Prefix(prefix) => shown.push(Entry::Prefix(prefix)),
                Entry::Item(key, uploads) => {
                    shown.extend(uploads.iter().map(|upload| Entry::Item(key, *upload)));
                }
            }
        }
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let is_truncated = limit > 0 && shown.len() > limit;
        shown.truncate(limit);
        let mut xml = Xml::root("ListMultipartUploadsResult");
        xml.text("Bucket", &call.bucket);
        encoding.write(&mut xml, "KeyMarker", key_marker);
        xml.text("UploadIdMarker", id_marker.unwrap_or_default());
        if let (true, Some(last)) = (is_truncated, shown.last()) {
            match last {
                Entry::Item(key, upload) => {
                    encoding.write(&mut xml, "NextKeyMarker", key);
                    xml.text("NextUploadIdMarker", &upload.id);
                }
                Entry::Prefix(prefix) => encoding.write(&mut xml, "NextKeyMarker", prefix),
            }
        }
        encoding.write(&mut xml, "Prefix", prefix);
        if !delimiter.is_empty() {
            encoding.write(&mut xml, "Delimiter", delimiter);
        }
        xml.number("MaxUploads", most);
        xml.number("IsTruncated", is_truncated);
        encoding.told(&mut xml);
        upload_elements(&mut xml, bucket, &shown, encoding);
        for entry in &shown {
            if let Entry::Prefix(prefix) = entry {
                xml.open("CommonPrefixes");
                encoding.write(&mut xml, "Prefix", prefix);
                xml.close("CommonPrefixes");
            }
        }
        xml.close("ListMultipartUploadsResult");
        Ok(self::xml(xml.finish()))
    })
}

fn upload_elements(
    xml: &mut Xml,
    bucket: &Bucket,
    shown: &[Entry<'_, &Upload>],
    encoding: Encoding,
) {
    for entry in shown {
        let Entry::Item(key, upload) = entry else {
            continue;
        };
        xml.open("Upload");
        encoding.write(xml, "Key", key);
        xml.text("UploadId", &upload.id);
        owner_element(xml, "Initiator", &upload.initiator);
        owner_element(
            xml,
            "Owner",
            upload.extra.owner.as_ref().unwrap_or(&bucket.info.owner),
        );
        xml.text(
            "StorageClass",
            upload.extra.storage_class.as_deref().unwrap_or("STANDARD"),
        );
        xml.text("Initiated", &time::iso(upload.initiated));
        if let Some(algorithm) = upload.algorithm {
            xml.text("ChecksumAlgorithm", algorithm.name());
            xml.text("ChecksumType", upload.kind.name());
        }
        xml.close("Upload");
    }
}
