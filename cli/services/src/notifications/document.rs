//! The documents of a change: records for queues, topics and functions, and the detail of an event on the bus.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::S3Event;
use crate::{clock, ids};

/// What stays as it is in the key of a record. A space becomes a plus. `[R]`
const KEY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b'/')
    .remove(b' ');

/// Where and when the change was.
pub(super) struct At<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) time_ms: u64,
    pub(super) sequencer: &'a str,
}

/// The two groups of changes whose records have an entity tag alone, and were recorded with another version.
fn is_of_metadata(event: &S3Event) -> bool {
    event.name.starts_with("ObjectTagging:") || event.name.starts_with("ObjectAcl:")
}

/// The document with the one record of a change, compact JSON.
pub(super) fn records(event: &S3Event, configuration: &str, at: &At<'_>) -> String {
    let key = utf8_percent_encode(&event.key, KEY)
        .to_string()
        .replace(' ', "+");
    let mut object = Map::from_iter([("key".to_owned(), key.into())]);
    add_facts(
        &mut object,
        event,
        at,
        ["size", "eTag", "versionId", "sequencer"],
    );
    // Recorded in January 2025. AWS's guide has later ones, which readers must accept.
    let version = if is_of_metadata(event) { "2.3" } else { "2.1" };
    let record = json!({
        "eventVersion": version,
        "eventSource": "aws:s3",
        "awsRegion": at.region,
        "eventTime": clock::timestamp(at.time_ms),
        "eventName": event.name,
        "userIdentity": {"principalId": at.account},
        "requestParameters": {"sourceIPAddress": source_ip(event)},
        "responseElements": {"x-amz-request-id": request_id(event), "x-amz-id-2": ids::uuid()},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": event.bucket,
                "ownerIdentity": {"principalId": at.account},
                "arn": format!("arn:aws:s3:::{}", event.bucket),
            },
            "object": object,
        },
    });
    json!({"Records": [record]}).to_string()
}

/// The message by which S3 tests a queue or topic when it becomes a receiver (S3 user guide, "Walkthrough: Configuring a bucket for
/// notifications").
pub(super) fn test(bucket: &str, time_ms: u64, (request, host): (&str, &str)) -> String {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": clock::timestamp(time_ms),
        "Bucket": bucket,
        "RequestId": request,
        "HostId": host,
    })
    .to_string()
}

/// The detail type and the detail of the change on a bus, or `None` for a change that EventBridge does not get.
pub(super) fn detail(event: &S3Event, at: &At<'_>) -> Option<(&'static str, String)> {
    let (group, kind) = event.name.split_once(':')?;
    let detail_type = match (group, kind) {
        ("ObjectCreated", _) => "Object Created",
        ("ObjectRemoved", _) => "Object Deleted",
        ("ObjectTagging", "Put") => "Object Tags Added",
        ("ObjectTagging", "Delete") => "Object Tags Deleted",
        ("ObjectAcl", _) => "Object ACL Updated",
        _ => return None,
    };
    let mut object = Map::from_iter([("key".to_owned(), event.key.as_str().into())]);
    add_facts(
        &mut object,
        event,
        at,
        ["size", "etag", "version-id", "sequencer"],
    );
    let mut detail = json!({
        "version": "0",
        "bucket": {"name": event.bucket},
        "object": object,
        "request-id": request_id(event),
        "requester": at.account,
        "source-ip-address": source_ip(event),
    });
    let reason = match (group, kind) {
        ("ObjectCreated", "Put") => Some("PutObject"),
        ("ObjectCreated", "Post") => Some("POST Object"),
        ("ObjectCreated", "Copy") => Some("CopyObject"),
        ("ObjectCreated", "CompleteMultipartUpload") => Some("CompleteMultipartUpload"),
        ("ObjectRemoved", _) => Some("DeleteObject"),
        _ => None,
    };
    if let Some(reason) = reason {
        detail["reason"] = reason.into();
    }
    match event.name.as_str() {
        "ObjectRemoved:Delete" => detail["deletion-type"] = "Permanently Deleted".into(),
        "ObjectRemoved:DeleteMarkerCreated" => {
            detail["deletion-type"] = "Delete Marker Created".into();
        }
        _ => {}
    }
    Some((detail_type, detail.to_string()))
}

/// What the change has to show of its object, under these names.
fn add_facts(
    object: &mut Map<String, Value>,
    event: &S3Event,
    at: &At<'_>,
    [size, etag, version, sequencer]: [&str; 4],
) {
    let is_removed = event.name == "ObjectRemoved:Delete";
    let is_of_metadata = is_of_metadata(event);
    if let Some(bytes) = event
        .size
        .filter(|_| event.name.starts_with("ObjectCreated:"))
    {
        object.insert(size.into(), bytes.into());
    }
    if let Some(tag) = event.etag.as_deref().filter(|_| !is_removed) {
        object.insert(etag.into(), tag.trim_matches('"').into());
    }
    if let Some(id) = event.version_id.as_deref().filter(|id| *id != "null") {
        object.insert(version.into(), id.into());
    }
    if !is_of_metadata {
        object.insert(sequencer.into(), at.sequencer.into());
    }
}

fn request_id(event: &S3Event) -> String {
    if event.request_id.is_empty() {
        ids::uuid()
    } else {
        event.request_id.clone()
    }
}

fn source_ip(event: &S3Event) -> &str {
    if event.source_ip.is_empty() {
        "127.0.0.1"
    } else {
        &event.source_ip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> S3Event {
        S3Event {
            bucket: "b".into(),
            name: name.into(),
            key: "dir one/red+a@b.jpg".into(),
            size: Some(9),
            etag: Some("\"e\"".into()),
            version_id: Some("v".into()),
            ..S3Event::default()
        }
    }

    fn object(name: &str) -> Value {
        let at = At {
            account: "1",
            region: "r",
            time_ms: 0,
            sequencer: "00A",
        };
        let document: Value = serde_json::from_str(&records(&event(name), "id", &at)).unwrap();
        document["Records"][0]["s3"]["object"].clone()
    }

    #[test]
    fn a_record_shows_what_its_change_has() {
        assert_eq!(
            object("ObjectCreated:Put"),
            json!({"key": "dir+one/red%2Ba%40b.jpg", "size": 9, "eTag": "e", "versionId": "v", "sequencer": "00A"})
        );
        let names = |name: &str| -> Vec<String> {
            let mut names: Vec<_> = object(name).as_object().unwrap().keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(
            names("ObjectRemoved:Delete"),
            ["key", "sequencer", "versionId"]
        );
        assert_eq!(
            names("ObjectRemoved:DeleteMarkerCreated"),
            ["eTag", "key", "sequencer", "versionId"]
        );
        assert_eq!(names("ObjectAcl:Put"), ["eTag", "key", "versionId"]);
    }
}
