//! `DeleteObject` and `DeleteObjects`.

use std::sync::Arc;

use super::{conditions, document, done, lock, needs_checksum, versions};
use crate::authorize;
use crate::changes::Change;
use crate::error::{S3Error, S3Result, error};
use crate::ids;
use crate::reply::{Reply, set, xml};
use crate::request::{Call, check_key_length};
use crate::service::Shared;
use crate::store::model::{NULL, Record, Version};
use crate::store::{Bucket, State, Written, bucket_of};
use crate::xml::Xml;

/// The MD5 of nothing: the entity tag in the event of a delete marker (case s3e-012).
const NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";
/// Keys in one request, at most.
const MOST_KEYS: usize = 1000;

/// What became of a key.
struct Deleted {
    records: Vec<Record>,
    /// Whether a delete marker was added or removed.
    marker: bool,
    /// The version that was removed, or the id of the delete marker that was added.
    id: Option<String>,
    event: Option<&'static str>,
}

/// Decides what deleting a key does.
fn decide(
    call: &Call,
    state: &State,
    bucket: &Bucket,
    key: &str,
    id: Option<&str>,
    sequence: u64,
) -> S3Result<Deleted> {
    let remove = |id: &str| Record::Remove {
        bucket: call.bucket.clone(),
        key: key.to_owned(),
        id: id.to_owned(),
    };
    debug_assert!(sequence > state.sequence || sequence > 0);
    if let Some(id) = id {
        let Some(version) = bucket.version(key, id) else {
            return Ok(Deleted {
                records: Vec::new(),
                marker: false,
                id: Some(id.to_owned()),
                event: None,
            });
        };
        lock::check_delete(call, bucket, version)?;
        return Ok(Deleted {
            records: vec![remove(id)],
            marker: version.marker,
            id: Some(id.to_owned()),
            event: Some("ObjectRemoved:Delete"),
        });
    }
    if bucket.info.versioning.is_none() {
        let there = bucket.latest(key);
        if let Some(version) = there {
            lock::check_delete(call, bucket, version)?;
        }
        return Ok(Deleted {
            records: there
                .map(|version| remove(&version.id))
                .into_iter()
                .collect(),
            marker: false,
            id: None,
            event: there.map(|_| "ObjectRemoved:Delete"),
        });
    }
    let id = if bucket.info.versioning == Some(true) {
        ids::version()
    } else {
        NULL.to_owned()
    };
    if id == NULL
        && let Some(before) = bucket.version(key, NULL)
    {
        lock::check_overwrite(call, bucket, before)?;
    }
    let marker = Version {
        id: id.clone(),
        sequence,
        modified: call.now,
        marker: true,
        ..Version::default()
    };
    let record = Record::Put {
        bucket: call.bucket.clone(),
        key: key.to_owned(),
        version: Arc::new(marker),
    };
    Ok(Deleted {
        records: vec![record],
        marker: true,
        id: Some(id),
        event: Some("ObjectRemoved:DeleteMarkerCreated"),
    })
}

fn report(shared: &Shared, call: &Call, key: &str, deleted: &Deleted) {
    if let Some(event) = deleted.event {
        let is_marker = event == "ObjectRemoved:DeleteMarkerCreated";
        shared.changes.report(|| Change {
            bucket: call.bucket.clone(),
            key: key.to_owned(),
            name: event,
            size: None,
            etag: is_marker.then(|| NOTHING.to_owned()),
            version: deleted.id.clone().filter(|id| id != NULL),
        });
    }
}

/// `DeleteObject`.
pub(super) fn delete_object(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let id = versions::named(call)?;
    let condition = call.header("if-match");
    let deleted = shared.store.change(&Written::default(), |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        let current = match id {
            Some(id) => bucket.version(&call.key, id),
            None => bucket.latest(&call.key),
        };
        conditions::check_delete(condition.as_deref(), current.map(Arc::as_ref))?;
        let mut deleted = decide(
            call,
            state,
            bucket,
            &call.key,
            id,
            versions::next_sequence(state),
        )?;
        Ok((std::mem::take(&mut deleted.records), deleted))
    })?;
    report(shared, call, &call.key, &deleted);
    let mut reply = done();
    if deleted.marker {
        set(&mut reply, "x-amz-delete-marker", "true");
    }
    if let Some(id) = &deleted.id {
        set(&mut reply, "x-amz-version-id", id);
    }
    Ok(reply)
}

/// A key that the request names.
struct Named {
    key: String,
    id: Option<String>,
    etag: Option<String>,
    refused: Option<&'static str>,
}

/// `DeleteObjects`.
pub(super) fn delete_objects(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    needs_checksum(call)?;
    let document = document(body, "Delete")?;
    let is_quiet = document
        .value("Quiet")
        .is_some_and(|quiet| quiet.eq_ignore_ascii_case("true"));
    let mut named = Vec::new();
    for object in document.all("Object") {
        let key = object
            .exact("Key")
            .ok_or_else(|| error("MalformedXML"))?
            .to_owned();
        let refused = ["LastModifiedTime", "Size"]
            .into_iter()
            .find(|name| object.child(name).is_some());
        named.push(Named {
            key,
            id: object.value("VersionId").map(str::to_owned),
            etag: object.value("ETag").map(str::to_owned),
            refused,
        });
    }
    if named.is_empty() || named.len() > MOST_KEYS {
        return Err(error("MalformedXML"));
    }
    let allowed: Vec<S3Result<()>> = named
        .iter()
        .map(|named| authorize::check_delete(shared, call, &named.key, named.id.as_deref()))
        .collect();
    let outcomes = shared.store.change(&Written::default(), |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        let mut records = Vec::new();
        let mut outcomes = Vec::new();
        for ((named, allowed), number) in named.iter().zip(allowed).zip(0..) {
            let sequence = versions::next_sequence(state) + number;
            let outcome = allowed.and_then(|()| delete_one(call, state, bucket, named, sequence));
            outcomes.push(outcome.map(|mut deleted| {
                records.append(&mut deleted.records);
                deleted
            }));
        }
        Ok((records, outcomes))
    })?;
    let mut xml = Xml::root("DeleteResult");
    for (named, outcome) in named.iter().zip(&outcomes) {
        match outcome {
            Ok(deleted) => {
                report_of_many(shared, call, &named.key, deleted);
                if !is_quiet {
                    deleted_element(&mut xml, named, deleted);
                }
            }
            Err(failed) => {
                xml.open("Error");
                xml.text("Key", &named.key);
                xml.optional("VersionId", named.id.as_deref());
                xml.text("Code", failed.code());
                xml.text("Message", failed.message());
                xml.close("Error");
            }
        }
    }
    xml.close("DeleteResult");
    Ok(self::xml(xml.finish()))
}

fn delete_one(
    call: &Call,
    state: &State,
    bucket: &Bucket,
    named: &Named,
    sequence: u64,
) -> S3Result<Deleted> {
    check_key_length(&named.key)?;
    if named.key.is_empty() {
        return Err(crate::error::error_with(
            "UserKeyMustBeSpecified",
            "The bucket POST must contain the specified field name.",
        ));
    }
    if let Some(refused) = named.refused {
        return Err(not_here(refused));
    }
    let id = named
        .id
        .as_deref()
        .filter(|id| !id.is_empty())
        .map(versions::check)
        .transpose()
        .map_err(|_| error("NoSuchVersion"))?;
    let current = match id {
        Some(id) => bucket.version(&named.key, id),
        None => bucket.latest(&named.key),
    };
    conditions::check_delete(named.etag.as_deref(), current.map(Arc::as_ref))?;
    decide(call, state, bucket, &named.key, id, sequence)
}

fn not_here(member: &str) -> S3Error {
    crate::error::not_implemented(&format!("the condition `{member}` of directory buckets"))
}

/// S3 reports a key in `DeleteObjects` even if there was none (case s3e-005).
fn report_of_many(shared: &Shared, call: &Call, key: &str, deleted: &Deleted) {
    let event = deleted
        .event
        .or((deleted.id.is_none()).then_some("ObjectRemoved:Delete"));
    report(
        shared,
        call,
        key,
        &Deleted {
            records: Vec::new(),
            marker: deleted.marker,
            id: deleted.id.clone(),
            event,
        },
    );
}

fn deleted_element(xml: &mut Xml, named: &Named, deleted: &Deleted) {
    xml.open("Deleted");
    xml.text("Key", &named.key);
    xml.optional("VersionId", named.id.as_deref().filter(|id| !id.is_empty()));
    if deleted.marker {
        xml.text("DeleteMarker", "true");
        xml.optional("DeleteMarkerVersionId", deleted.id.as_deref());
    }
    xml.close("Deleted");
}
