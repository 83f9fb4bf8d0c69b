//! S3: what happens to the objects of a bucket.
//!
//! `[R]` messaging-truth §4: which event has which members, and that keys are form-encoded. `[D]` §1 row 40: later minor versions add
//! members, so what is not named here is passed over.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer};

use super::delivery::{Delivery, FromEvent};
use crate::error::Error;

/// What happened to an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Record")]
#[non_exhaustive]
pub struct ObjectEvent {
    /// What happened: `ObjectCreated:Put`, `ObjectRemoved:Delete`.
    pub name: String,
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, decoded: what a call of S3 takes.
    pub key: String,
    /// Its size in bytes. What was removed has none.
    pub size: Option<u64>,
    /// Its entity tag, without quotes. What was removed has none.
    pub etag: Option<String>,
    /// Its version, in a bucket with versions.
    pub version_id: Option<String>,
    /// Its place among the events of the same key: of two, the one whose sequencer is greater came later, the shorter being filled up with
    /// zeros on the right.
    pub sequencer: Option<String>,
    /// When it happened, in UTC and milliseconds: `2027-01-01T09:00:00.000Z`.
    pub time: String,
    /// The bucket's region.
    pub region: String,
}

impl ObjectEvent {
    /// Whether the object was put, posted, copied or uploaded in parts.
    #[must_use]
    pub fn is_created(&self) -> bool {
        self.name.starts_with("ObjectCreated:")
    }

    /// Whether the object was deleted, or got a delete marker.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.name.starts_with("ObjectRemoved:")
    }
}

/// A record as it stands in the event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    #[serde(default)]
    event_time: String,
    #[serde(default)]
    aws_region: String,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    #[serde(deserialize_with = "decoded")]
    key: String,
    size: Option<u64>,
    e_tag: Option<String>,
    version_id: Option<String>,
    sequencer: Option<String>,
}

/// A key, form-decoded: a plus is a space.
fn decoded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let encoded = String::deserialize(deserializer)?.replace('+', " ");
    let decoded = percent_decode_str(&encoded).decode_utf8();
    decoded.map(Into::into).map_err(serde::de::Error::custom)
}

impl From<Record> for ObjectEvent {
    fn from(record: Record) -> Self {
        let Entity { bucket, object } = record.s3;
        // A notification of SNS or SQS has the same name as one of Lambda; the configuration's has `s3:` before it.
        let name = record.event_name;
        let name = name.strip_prefix("s3:").map(str::to_owned).unwrap_or(name);
        Self {
            name,
            bucket: bucket.name,
            key: object.key,
            size: object.size,
            etag: object.e_tag,
            version_id: object.version_id,
            sequencer: object.sequencer,
            time: record.event_time,
            region: record.aws_region,
        }
    }
}

/// What S3 sends when a notification is set up: it has no records. `[D]` messaging-truth §1 row 39
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    event: String,
}

/// Whether the event is S3's test of a notification.
pub(super) fn is_test(event: &str) -> bool {
    let test = serde_json::from_str::<Test>(event);
    test.is_ok_and(|test| test.event == "s3:TestEvent")
}

impl FromEvent<Self> for ObjectEvent {
    fn from_event(delivery: &Delivery<'_, Self>) -> Result<Self, Error> {
        Ok(delivery.item.clone())
    }
}
