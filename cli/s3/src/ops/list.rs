//! `ListObjects`, `ListObjectsV2` and `ListObjectVersions`.

use std::ops::Bound;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::checksum::{hex, sha256_of};
use crate::error::{S3Result, error_with, invalid_argument};
use crate::reply::{Reply, xml};
use crate::request::{Call, uri_encode};
use crate::service::Shared;
use crate::store::Bucket;
use crate::store::model::{Owner, Version};
use crate::time;
use crate::xml::Xml;

/// Entries of a page, at most.
pub(super) const MOST: u64 = 1000;

/// Writes keys as the request wants them.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    url: bool,
}

impl Encoding {
    pub(super) fn of(call: &Call) -> S3Result<Self> {
        match call.query.some("encoding-type") {
            None => Ok(Self { url: false }),
            Some(kind) if kind.eq_ignore_ascii_case("url") => Ok(Self { url: true }),
            Some(other) => Err(invalid_argument(
                "Invalid Encoding Method specified in Request",
                "encoding-type",
                other,
            )),
        }
    }

    pub(super) fn write(self, xml: &mut Xml, name: &str, text: &str) {
        if self.url {
            xml.text(name, &uri_encode(text, true));
        } else {
            xml.text(name, text);
        }
    }

    pub(super) fn told(self, xml: &mut Xml) {
        if self.url {
            xml.text("EncodingType", "url");
        }
    }
}

/// The first text after all texts that begin with that one; `None` if no text comes after them.
pub(super) fn after_prefix(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match u32::from(last) {
            // The surrogates are not characters.
            0xd7ff => Some('\u{e000}'),
            number => char::from_u32(number + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// An entry of a page.
pub(super) enum Entry<'a, T> {
    Item(&'a str, T),
    Prefix(String),
}

impl<T> Entry<'_, T> {
    fn name(&self) -> &str {
        match self {
            Self::Item(key, _) => key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// Where a page begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    /// The entry before it.
    pub(super) after: String,
    /// Whether that was a common prefix: nothing below it is shown then.
    pub(super) is_prefix: bool,
}

pub(super) struct Page<'a, T> {
    pub(super) entries: Vec<Entry<'a, T>>,
    pub(super) is_truncated: bool,
}

/// A page of the keys of a map, with those that share a prefix up to the delimiter as one entry.
pub(super) fn page<'a, V, T>(
    map: &'a std::collections::BTreeMap<String, V>,
    prefix: &str,
    delimiter: &str,
    start: &Start,
    most: u64,
    mut pick: impl FnMut(&'a str, &'a V) -> Option<T>,
) -> Page<'a, T> {
    let mut entries: Vec<Entry<'a, T>> = Vec::new();
    let mut from = if start.after.as_str() < prefix {
        Bound::Included(prefix.to_owned())
    } else if start.is_prefix {
        match after_prefix(&start.after) {
            Some(next) => Bound::Included(next),
            None => {
                return Page {
                    entries,
                    is_truncated: false,
                };
            }
        }
    } else if start.after.is_empty() {
        Bound::Unbounded
    } else {
        Bound::Excluded(start.after.clone())
    };
    if most == 0 {
        return Page {
            entries,
            is_truncated: false,
        };
    }
    'ranges: loop {
        for (key, value) in map.range::<String, _>((from.clone(), Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(prefix) else {
                break 'ranges;
            };
            let common = match delimiter {
                "" => None,
                delimiter => rest
                    .find(delimiter)
                    .map(|at| &key[..prefix.len() + at + delimiter.len()]),
            };
            let Some(item) = pick(key, value) else {
                continue;
            };
            let common = match common {
                None => None,
                // The page before ended with it.
                Some(common) if common == start.after => {
                    match after_prefix(common) {
                        Some(next) => from = Bound::Included(next),
                        None => break 'ranges,
                    }
                    continue 'ranges;
                }
                Some(common) => Some(common),
            };
            if entries.len() as u64 == most {
                return Page {
                    entries,
                    is_truncated: true,
                };
            }
            match common {
                None => entries.push(Entry::Item(key, item)),
                Some(common) => {
                    entries.push(Entry::Prefix(common.to_owned()));
                    // Everything below it is one entry, however much it is.
                    match after_prefix(common) {
                        Some(next) => from = Bound::Included(next),
                        None => break 'ranges,
                    }
                    continue 'ranges;
                }
            }
        }
        break;
    }
    Page {
        entries,
        is_truncated: false,
    }
}

fn token(entry: &str, is_prefix: bool) -> String {
    let text = format!("{}{entry}", if is_prefix { 'p' } else { 'k' });
    let sum = hex(&sha256_of(text.as_bytes())[..4]);
    URL_SAFE_NO_PAD.encode(format!("{sum}{text}"))
}

fn read_token(token: &str) -> S3Result<Start> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (sum, text) = text.split_at_checked(8)?;
        if hex(&sha256_of(text.as_bytes())[..4]) != sum {
            return None;
        }
        let after = text.get(1..)?.to_owned();
        Some(Start {
            after,
            is_prefix: text.starts_with('p'),
        })
    };
    read().ok_or_else(|| {
        invalid_argument(
            "The continuation token provided is incorrect",
            "continuation-token",
            token,
        )
    })
}

pub(super) fn owner_element(xml: &mut Xml, name: &str, owner: &Owner) {
    xml.open(name);
    xml.text("ID", &owner.id);
    if !owner.name.is_empty() {
        xml.text("DisplayName", &owner.name);
    }
    xml.close(name);
}

/// Whose a version is.
pub(crate) fn owner_of<'a>(bucket: &'a Bucket, version: &'a Version) -> &'a Owner {
    version.extra().owner.as_ref().unwrap_or(&bucket.info.owner)
}

fn describe(xml: &mut Xml, version: &Version) {
    xml.text("LastModified", &time::iso(version.modified));
    xml.text("ETag", &format!("\"{}\"", version.etag));
    if let Some(checksum) = &version.checksum {
        xml.text("ChecksumAlgorithm", checksum.algorithm.name());
        xml.text("ChecksumType", checksum.kind.name());
    }
    xml.number("Size", version.size);
}

fn class(xml: &mut Xml, version: &Version) {
    xml.text(
        "StorageClass",
        version
            .extra()
            .storage_class
            .as_deref()
            .unwrap_or("STANDARD"),
    );
}

fn latest(versions: &[Arc<Version>]) -> Option<&Arc<Version>> {
    versions.first().filter(|version| !version.marker)
}

/// `ListObjects`.
pub(super) fn objects(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let encoding = Encoding::of(call)?;
    let most = call.number("max-keys", MOST)?.unwrap_or(MOST);
    let prefix = call.query.get("prefix").unwrap_or_default();
    let delimiter = call.query.get("delimiter").unwrap_or_default();
    let start = Start {
        after: call.query.get("marker").unwrap_or_default().to_owned(),
        is_prefix: false,
    };
    shared.store.bucket(&call.bucket, |bucket| {
        let page = page(
            &bucket.objects,
            prefix,
            delimiter,
            &start,
            most,
            |_, versions| latest(versions),
        );
        let mut xml = Xml::root("ListBucketResult");
        xml.text("Name", &call.bucket);
        encoding.write(&mut xml, "Prefix", prefix);
        encoding.write(&mut xml, "Marker", &start.after);
        if let (true, false, Some(last)) =
            (page.is_truncated, delimiter.is_empty(), page.entries.last())
        {
            encoding.write(&mut xml, "NextMarker", last.name());
        }
        xml.number("MaxKeys", most);
        if !delimiter.is_empty() {
            encoding.write(&mut xml, "Delimiter", delimiter);
        }
        xml.number("IsTruncated", page.is_truncated);
        encoding.told(&mut xml);
        contents(&mut xml, bucket, &page, encoding, true);
        xml.close("ListBucketResult");
        Ok(self::xml(xml.finish()))
    })
}

fn contents(
    xml: &mut Xml,
    bucket: &Bucket,
    page: &Page<'_, &Arc<Version>>,
    encoding: Encoding,
    with_owner: bool,
) {
    for entry in &page.entries {
        let Entry::Item(key, version) = entry else {
            continue;
        };
        xml.open("Contents");
        encoding.write(xml, "Key", key);
        describe(xml, version);
        if with_owner {
            owner_element(xml, "Owner", owner_of(bucket, version));
        }
        class(xml, version);
        xml.close("Contents");
    }
    prefixes(xml, page.entries.iter(), encoding);
}

fn prefixes<'a, T: 'a>(
    xml: &mut Xml,
    entries: impl Iterator<Item = &'a Entry<'a, T>>,
    encoding: Encoding,
) {
    for entry in entries {
        if let Entry::Prefix(prefix) = entry {
            xml.open("CommonPrefixes");
            encoding.write(xml, "Prefix", prefix);
            xml.close("CommonPrefixes");
        }
    }
}

/// `ListObjectsV2`.
pub(super) fn objects_v2(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let encoding = Encoding::of(call)?;
    let most = call.number("max-keys", MOST)?.unwrap_or(MOST);
    let prefix = call.query.get("prefix").unwrap_or_default();
    let delimiter = call.query.get("delimiter").unwrap_or_default();
    let after = call.query.get("start-after").unwrap_or_default();
    let token_given = call.query.get("continuation-token");
    let start = match call.query.some("continuation-token") {
        Some(token) => read_token(token)?,
        None => Start {
            after: after.to_owned(),
            is_prefix: false,
        },
    };
    let fetch_owner = call.query.get("fetch-owner") == Some("true");
    shared.store.bucket(&call.bucket, |bucket| {
        let page = page(
            &bucket.objects,
            prefix,
            delimiter,
            &start,
            most,
            |_, versions| latest(versions),
        );
        let mut xml = Xml::root("ListBucketResult");
        xml.text("Name", &call.bucket);
        encoding.write(&mut xml, "Prefix", prefix);
        if let Some(given) = token_given {
            xml.text("ContinuationToken", given);
        }
        if let (true, Some(last)) = (page.is_truncated, page.entries.last()) {
            xml.text(
                "NextContinuationToken",
                &token(last.name(), matches!(last, Entry::Prefix(_))),
            );
        }
        if !after.is_empty() {
            encoding.write(&mut xml, "StartAfter", after);
        }
        xml.number("KeyCount", page.entries.len());
        xml.number("MaxKeys", most);
        if !delimiter.is_empty() {
            encoding.write(&mut xml, "Delimiter", delimiter);
        }
        xml.number("IsTruncated", page.is_truncated);
        encoding.told(&mut xml);
        contents(&mut xml, bucket, &page, encoding, fetch_owner);
        xml.close("ListBucketResult");
        Ok(self::xml(xml.finish()))
    })
}

/// `ListObjectVersions`.
pub(super) fn versions(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let encoding = Encoding::of(call)?;
    let most = call.number("max-keys", MOST)?.unwrap_or(MOST);
    let prefix = call.query.get("prefix").unwrap_or_default();
    let delimiter = call.query.get("delimiter").unwrap_or_default();
    let key_marker = call.query.get("key-marker").unwrap_or_default();
    let id_marker = call.query.get("version-id-marker");
    if id_marker.is_some_and(|id| !id.is_empty()) && key_marker.is_empty() {
        return Err(error_with(
            "InvalidArgument",
            "A version-id marker cannot be specified without a key marker.",
        )
        .member("ArgumentName", "version-id-marker"));
    }
    if id_marker == Some("") && !key_marker.is_empty() {
        return Err(invalid_argument(
            "A version-id marker cannot be empty.",
            "version-id-marker",
            "",
        ));
    }
    let id_marker = id_marker.filter(|id| !id.is_empty());
    shared.store.bucket(&call.bucket, |bucket| {
        let mut shown: Vec<Entry<'_, (usize, &Arc<Version>)>> = Vec::new();
        let mut is_truncated = false;
        // The rest of the versions of the key where the page before ended.
        if let Some((key, versions)) = bucket
            .objects
            .get_key_value(key_marker)
            .filter(|_| id_marker.is_some())
        {
            let ended = versions
                .iter()
                .position(|version| Some(version.id.as_str()) == id_marker);
            let rest = ended.map_or(&versions[versions.len()..], |at| &versions[at + 1..]);
            let from = versions.len() - rest.len();
            for (index, version) in rest.iter().enumerate() {
                shown.push(Entry::Item(key, (from + index, version)));
            }
        }
        let start = Start {
            after: key_marker.to_owned(),
            is_prefix: false,
        };
        let page = page(
            &bucket.objects,
            prefix,
            delimiter,
            &start,
            most + 1,
            |_, versions| Some(versions),
        );
        for entry in page.entries {
            match entry {
                Entry::Prefix(prefix) => shown.push(Entry::Prefix(prefix)),
                Entry::Item(key, versions) => {
                    shown.extend(
                        versions
                            .iter()
                            .enumerate()
                            .map(|(index, version)| Entry::Item(key, (index, version))),
                    );
                }
            }
        }
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        if shown.len() > limit {
            shown.truncate(limit);
            is_truncated = limit > 0;
        }
        let mut xml = Xml::root("ListVersionsResult");
        xml.text("Name", &call.bucket);
        encoding.write(&mut xml, "Prefix", prefix);
        encoding.write(&mut xml, "KeyMarker", key_marker);
        xml.text("VersionIdMarker", id_marker.unwrap_or_default());
        if let (true, Some(last)) = (is_truncated, shown.last()) {
            encoding.write(&mut xml, "NextKeyMarker", last.name());
            if let Entry::Item(_, (_, version)) = last {
                xml.text("NextVersionIdMarker", &version.id);
            }
        }
        xml.number("MaxKeys", most);
        if !delimiter.is_empty() {
            encoding.write(&mut xml, "Delimiter", delimiter);
        }
        xml.number("IsTruncated", is_truncated);
        encoding.told(&mut xml);
        version_elements(&mut xml, bucket, &shown, encoding);
        prefixes(&mut xml, shown.iter(), encoding);
        xml.close("ListVersionsResult");
        Ok(self::xml(xml.finish()))
    })
}

fn version_elements(
    xml: &mut Xml,
    bucket: &Bucket,
    shown: &[Entry<'_, (usize, &Arc<Version>)>],
    encoding: Encoding,
) {
    for entry in shown {
        let Entry::Item(key, (index, version)) = entry else {
            continue;
        };
        let element = if version.marker {
            "DeleteMarker"
        } else {
            "Version"
        };
        xml.open(element);
        encoding.write(xml, "Key", key);
        xml.text("VersionId", &version.id);
        xml.number("IsLatest", *index == 0);
        if version.marker {
            xml.text("LastModified", &time::iso(version.modified));
        } else {
            describe(xml, version);
            class(xml, version);
        }
        owner_element(xml, "Owner", owner_of(bucket, version));
        xml.close(element);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn names(
        keys: &[&str],
        prefix: &str,
        delimiter: &str,
        after: &str,
        most: u64,
    ) -> (Vec<String>, bool) {
        let map: BTreeMap<String, ()> = keys.iter().map(|key| ((*key).to_owned(), ())).collect();
        let start = Start {
            after: after.to_owned(),
            is_prefix: false,
        };
        let page = page(&map, prefix, delimiter, &start, most, |_, ()| Some(()));
        (
            page.entries
                .iter()
                .map(|entry| entry.name().to_owned())
                .collect(),
            page.is_truncated,
        )
    }

    #[test]
    fn pages_are_cut_after_whole_prefixes() {
        let keys = ["a", "b/1", "b/2", "b/3", "c", "c/1"];
        assert_eq!(
            names(&keys, "", "/", "", 2),
            (vec!["a".into(), "b/".into()], true)
        );
        assert_eq!(
            names(&keys, "", "/", "b/", 9),
            (vec!["c".into(), "c/".into()], false)
        );
        assert_eq!(
            names(&keys, "b/", "/", "", 2),
            (vec!["b/1".into(), "b/2".into()], true)
        );
        assert_eq!(
            names(&keys, "", "", "b/2", 9),
            (vec!["b/3".into(), "c".into(), "c/1".into()], false)
        );
        assert!(!names(&keys, "", "/", "", 4).1);
        assert_eq!(names(&keys, "", "/", "", 0), (vec![], false));
    }

    #[test]
    fn what_comes_after_a_prefix() {
        assert_eq!(after_prefix("a/").as_deref(), Some("a0"));
        assert_eq!(after_prefix("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
    }

    #[test]
    fn only_issued_tokens_are_taken() {
        let start = read_token(&token("kä/", true)).unwrap();
        assert!(start.is_prefix && start.after == "kä/");
        assert!(read_token("YWJj").is_err() && read_token("zzz!").is_err());
    }
}
