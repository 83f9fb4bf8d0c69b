//! Lifecycle rules: their form, the header that says when an object expires, and their work on the clock of the services.

use std::sync::Arc;

use crate::changes::Change;
use crate::error::{S3Error, S3Result, error, error_with};
use crate::ids;
use crate::request::uri_encode;
use crate::service::Shared;
use crate::store::model::{NULL, Record, Version};
use crate::store::{Bucket, State, Written, bucket_of};
use crate::time;
use crate::xml::Element;

const DAY: u64 = 86_400_000;
/// Rules in a configuration, at most.
const MOST: usize = 1000;

fn malformed() -> S3Error {
    error("MalformedXML")
}

fn invalid(message: &str) -> S3Error {
    error_with("InvalidArgument", message)
}

fn days(element: &Element, name: &str) -> S3Result<Option<u64>> {
    let Some(text) = element.value(name) else {
        return Ok(None);
    };
    let number: i64 = text.parse().map_err(|_| malformed())?;
    match u64::try_from(number) {
        Ok(number) if number > 0 => Ok(Some(number)),
        _ => Err(invalid(&format!(
            "'{name}' for {} action must be a positive integer",
            element.name
        ))),
    }
}

/// A date of a rule: midnight in UTC.
fn date(element: &Element) -> S3Result<Option<u64>> {
    let Some(text) = element.value("Date") else {
        return Ok(None);
    };
    let at = time::parse_iso(text).ok_or_else(malformed)?;
    if at % DAY != 0 {
        return Err(invalid("'Date' must be at midnight GMT"));
    }
    Ok(Some(at))
}

/// Holds a configuration against S3's rules, and gives each rule without an id one.
///
/// # Errors
/// `MalformedXML`, `InvalidArgument`, `InvalidRequest`.
pub(crate) fn check(document: &mut Element) -> S3Result<()> {
    let mut seen: Vec<String> = Vec::new();
    let count = document.all("Rule").count();
    if count == 0 || count > MOST {
        return Err(malformed());
    }
    for rule in document
        .children
        .iter_mut()
        .filter(|child| child.name == "Rule")
    {
        match rule
            .value("ID")
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
        {
            Some(id) if id.len() > 255 => {
                return Err(invalid("ID length should not exceed allowed limit of 255"));
            }
            Some(id) if seen.contains(&id) => {
                return Err(invalid(
                    "Rule ID must be unique. Found same ID for more than one rule",
                ));
            }
            Some(id) => seen.push(id),
            None => {
                rule.children.retain(|child| child.name != "ID");
                rule.children.insert(
                    0,
                    Element {
                        name: "ID".to_owned(),
                        text: ids::rule(),
                        ..Element::default()
                    },
                );
            }
        }
        check_rule(rule)?;
    }
    Ok(())
}

fn check_rule(rule: &Element) -> S3Result<()> {
    if !matches!(rule.value("Status"), Some("Enabled" | "Disabled")) {
        return Err(malformed());
    }
    match (rule.child("Filter"), rule.child("Prefix")) {
        (Some(_), Some(_)) | (None, None) => return Err(malformed()),
        (Some(filter), None) => {
            if filter.children.len() > 1
                || filter.children.iter().any(|child| {
                    !matches!(
                        child.name.as_str(),
                        "Prefix" | "Tag" | "And" | "ObjectSizeGreaterThan" | "ObjectSizeLessThan"
                    )
                })
            {
                return Err(malformed());
            }
        }
        (None, Some(_)) => {}
    }
    let mut actions = 0;
    if let Some(expiration) = rule.child("Expiration") {
        actions += 1;
        let marker = expiration.child("ExpiredObjectDeleteMarker").is_some();
        match (days(expiration, "Days")?, date(expiration)?, marker) {
            (Some(_), None, false) | (None, Some(_), false) | (None, None, true) => {}
            _ => return Err(malformed()),
        }
    }
    for transition in rule.all("Transition") {
        actions += 1;
        check_class(transition)?;
        match (transition.value("Days"), date(transition)?) {
            (Some(text), None) if text.parse::<u64>().is_ok() => {}
            (Some(_), None) => {
                return Err(invalid("'Days' for Transition action must be nonnegative"));
            }
            (None, Some(_)) => {}
            _ => return Err(malformed()),
        }
    }
    if let Some(noncurrent) = rule.child("NoncurrentVersionExpiration") {
        actions += 1;
        let newer = days(noncurrent, "NewerNoncurrentVersions")?;
        if days(noncurrent, "NoncurrentDays")?.is_none() && newer.is_none() {
            return Err(malformed());
        }
    }
    for transition in rule.all("NoncurrentVersionTransition") {
        actions += 1;
        check_class(transition)?;
        if transition
            .value("NoncurrentDays")
            .and_then(|text| text.parse::<u64>().ok())
            .is_none()
        {
            return Err(malformed());
        }
    }
    if let Some(abort) = rule.child("AbortIncompleteMultipartUpload") {
        actions += 1;
        if days(abort, "DaysAfterInitiation")?.is_none() {
            return Err(malformed());
        }
    }
    if actions == 0 {
        return Err(error_with(
            "InvalidRequest",
            "At least one action needs to be specified in a rule",
        ));
    }
    Ok(())
}

fn check_class(transition: &Element) -> S3Result<()> {
    let class = transition.value("StorageClass").ok_or_else(malformed)?;
    let takes = [
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    ];
    if takes.contains(&class) {
        Ok(())
    } else {
        Err(malformed())
    }
}

/// Whether a rule is about a key, with those tags and that size.
fn concerns(rule: &Element, key: &str, tags: &[(String, String)], size: Option<u64>) -> bool {
    if rule.value("Status") != Some("Enabled") {
        return false;
    }
    let filter = rule.child("Filter");
    let inside = filter.and_then(|filter| filter.child("And")).or(filter);
    let prefix = inside
        .and_then(|inside| inside.exact("Prefix"))
        .or_else(|| rule.exact("Prefix"))
        .unwrap_or_default();
    if !key.starts_with(prefix.trim()) {
        return false;
    }
    let Some(inside) = inside else { return true };
    let tagged = inside.all("Tag").all(|tag| {
        let wanted = (
            tag.exact("Key").unwrap_or_default(),
            tag.exact("Value").unwrap_or_default(),
        );
        tags.iter()
            .any(|(key, value)| (key.as_str(), value.as_str()) == wanted)
    });
    let bound = |name: &str| inside.value(name).and_then(|text| text.parse::<u64>().ok());
    let large =
        bound("ObjectSizeGreaterThan").is_none_or(|least| size.is_some_and(|size| size > least));
    let small = bound("ObjectSizeLessThan").is_none_or(|most| size.is_some_and(|size| size < most));
    tagged && large && small
}

/// The midnight after so many days (S3 user guide, "Lifecycle configuration elements": rounded up to the next day).
fn after(from: u64, days: u64) -> u64 {
    (from + days * DAY).div_ceil(DAY) * DAY
}

/// When the newest version of a key expires, and by which rule.
fn expiration(document: &Element, key: &str, version: &Version) -> Option<(u64, String)> {
    let rules = document
        .all("Rule")
        .filter(|rule| concerns(rule, key, &version.extra().tags, Some(version.size)));
    let times = rules.filter_map(|rule| {
        let expiration = rule.child("Expiration")?;
        let at = match expiration.value("Days").and_then(|text| text.parse().ok()) {
            Some(days) => after(version.modified, days),
            None => time::parse_iso(expiration.value("Date")?)?,
        };
        Some((at, rule.value("ID").unwrap_or_default().to_owned()))
    });
    times.min()
}

fn configuration(bucket: &Bucket) -> Option<Element> {
    Element::parse(bucket.info.setting("lifecycle")?.as_bytes()).ok()
}

/// The value of `x-amz-expiration`, if a rule ends the object.
pub(crate) fn expiration_header(
    shared: &Shared,
    bucket: &str,
    key: &str,
    version: &Version,
) -> Option<String> {
    let document = shared
        .store
        .read(|state| configuration(state.buckets.get(bucket)?))?;
    let (at, rule) = expiration(&document, key, version)?;
    Some(format!(
        "expiry-date=\"{}\", rule-id=\"{}\"",
        time::http(at),
        uri_encode(&rule, false)
    ))
}

/// What the rules of all buckets do by now.
struct Due {
    bucket: String,
    records: Vec<Record>,
    changes: Vec<Change>,
}

impl Due {
    fn remove(&mut self, key: &str, version: &Version, event: &'static str) {
        self.records.push(Record::Remove {
            bucket: self.bucket.clone(),
            key: key.to_owned(),
            id: version.id.clone(),
        });
        self.changes.push(Change {
            bucket: self.bucket.clone(),
            key: key.to_owned(),
            name: event,
            version: (!version.is_null()).then(|| version.id.clone()),
            ..Change::default()
        });
    }
}

fn is_locked(version: &Version, now: u64) -> bool {
    let extra = version.extra();
    let retained = extra
        .retention
        .as_ref()
        .is_some_and(|retention| retention.until > now);
    extra.hold == Some(true) || retained
}

fn due(name: &str, bucket: &Bucket, state: &State, now: u64) -> Option<Due> {
    let document = configuration(bucket)?;
    let mut due = Due {
        bucket: name.to_owned(),
        records: Vec::new(),
        changes: Vec::new(),
    };
    for (key, versions) in &bucket.objects {
        due_of_key(&document, key, versions, bucket, state, now, &mut due);
    }
    for upload in bucket.uploads.values() {
        let ends = document
            .all("Rule")
            .filter(|rule| concerns(rule, &upload.key, &[], None))
            .any(|rule| {
                let days = rule
                    .child("AbortIncompleteMultipartUpload")
                    .and_then(|abort| abort.value("DaysAfterInitiation")?.parse().ok());
                days.is_some_and(|days| after(upload.initiated, days) <= now)
            });
        if ends {
            due.records.push(Record::NoUpload {
                bucket: name.to_owned(),
                upload: upload.id.clone(),
            });
        }
    }
    (!due.records.is_empty()).then_some(due)
}

fn due_of_key(
    document: &Element,
    key: &str,
    versions: &[Arc<Version>],
    bucket: &Bucket,
    state: &State,
    now: u64,
    due: &mut Due,
) {
    let Some(newest) = versions.first() else {
        return;
    };
    if newest.marker {
        // A marker with nothing behind it.
        let cleans = document
            .all("Rule")
            .filter(|rule| concerns(rule, key, &[], Some(0)))
            .any(|rule| {
                let expiration = rule.child("Expiration");
                expiration.is_some_and(|expiration| {
                    let days = expiration.value("Days").and_then(|text| text.parse().ok());
                    expiration.value("ExpiredObjectDeleteMarker") == Some("true")
                        || days.is_some_and(|days| after(newest.modified, days) <= now)
                })
            });
        if versions.len() == 1 && cleans {
            due.remove(key, newest, "LifecycleExpiration:Delete");
        }
    } else if expiration(document, key, newest).is_some_and(|(at, _)| at <= now) {
        if bucket.info.versioning.is_none() {
            if !is_locked(newest, now) {
                due.remove(key, newest, "LifecycleExpiration:Delete");
            }
        } else {
            let id = if bucket.info.versioning == Some(true) {
                ids::version()
            } else {
                NULL.to_owned()
            };
            let replaced = versions
                .iter()
                .any(|version| version.id == id && is_locked(version, now));
            if !replaced {
                let sequence = state.sequence + 1 + due.records.len() as u64;
                let marker = Version {
                    id: id.clone(),
                    sequence,
                    modified: now,
                    marker: true,
                    ..Version::default()
                };
                due.records.push(Record::Put {
                    bucket: due.bucket.clone(),
                    key: key.to_owned(),
                    version: Arc::new(marker),
                });
                due.changes.push(Change {
                    bucket: due.bucket.clone(),
                    key: key.to_owned(),
                    name: "LifecycleExpiration:DeleteMarkerCreated",
                    version: (id != NULL).then_some(id),
                    ..Change::default()
                });
            }
        }
    }
    due_of_older(document, key, versions, now, due);
}

/// The same for versions that are not the newest.
fn due_of_older(document: &Element, key: &str, versions: &[Arc<Version>], now: u64, due: &mut Due) {
    for (index, version) in versions.iter().enumerate().skip(1) {
        // A version is not current from when the next newer one came.
        let since = versions[index - 1].modified;
        let ends = document
            .all("Rule")
            .filter(|rule| concerns(rule, key, &version.extra().tags, Some(version.size)))
            .any(|rule| {
                let Some(noncurrent) = rule.child("NoncurrentVersionExpiration") else {
                    return false;
                };
                let number = |name: &str| {
                    noncurrent
                        .value(name)
                        .and_then(|text| text.parse::<u64>().ok())
                };
                let is_old = number("NoncurrentDays").is_none_or(|days| after(since, days) <= now);
                is_old && number("NewerNoncurrentVersions").is_none_or(|kept| index as u64 > kept)
            });
        if ends && !is_locked(version, now) {
            due.remove(key, version, "LifecycleExpiration:Delete");
        }
    }
}

/// Does what the rules of all buckets say is due.
///
/// # Errors
/// Those of writing.
pub(crate) fn run(shared: &Shared) -> S3Result<()> {
    let now = (shared.now)();
    let names: Vec<String> = shared.store.read(|state| {
        let ruled = state
            .buckets
            .iter()
            .filter(|(_, bucket)| bucket.info.setting("lifecycle").is_some());
        ruled.map(|(name, _)| name.clone()).collect()
    });
    for name in names {
        let changes = shared.store.change(&Written::default(), |state| {
            let bucket = bucket_of(state, &name)?;
            Ok(match due(&name, bucket, state, now) {
                Some(due) => (due.records, due.changes),
                None => (Vec::new(), Vec::new()),
            })
        });
        // A bucket that was deleted meanwhile has nothing that is due.
        for change in changes.unwrap_or_default() {
            shared.changes.report(|| change);
        }
    }
    Ok(())
}
