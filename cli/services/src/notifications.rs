//! Event notifications of S3 buckets: which changes go where, and the documents that tell of them.
//!
//! Buckets live elsewhere. Their service sets a bucket's configuration here, and reports each change of an object.

mod document;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::events::Source;
use crate::server::Place;
use crate::targets::{Parcel, Targets, service_of};

/// The subject of messages to topics (case s3e-042).
const SUBJECT: &str = "Amazon S3 Notification";

/// Where the changes of a bucket's objects go: `NotificationConfiguration` of the S3 API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketNotifications {
    /// The queues, topics and functions.
    pub targets: Vec<NotificationTarget>,
    /// Whether all changes also go to the default bus.
    pub event_bridge: bool,
}

/// A queue, topic or function that some changes go to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationTarget {
    /// The id of the configuration, which the records show.
    pub id: String,
    /// The ARN of the queue, topic or function.
    pub arn: String,
    /// The changes, such as `s3:ObjectCreated:*` and `s3:ObjectRemoved:Delete`.
    pub events: Vec<String>,
    /// What keys start with. An empty text is a rule also, which every key meets.
    pub prefix: Option<String>,
    /// What keys end with, in the same way.
    pub suffix: Option<String>,
}

/// A change of an object, as S3 saw it.
///
/// What a record shows depends on the change: `size` on a creation only, `etag` on all but a deletion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Event {
    /// The bucket's name.
    pub bucket: String,
    /// The change without `s3:`, such as `ObjectCreated:Put`.
    pub name: String,
    /// The key, not encoded.
    pub key: String,
    /// The size in bytes.
    pub size: Option<u64>,
    /// The entity tag without quotes.
    pub etag: Option<String>,
    /// The version, if the bucket has versions. The null version has none.
    pub version_id: Option<String>,
    /// The id of the request that changed the object. Empty for a new one.
    pub request_id: String,
    /// The client's address. Empty for this machine's.
    pub source_ip: String,
    /// The header `X-Amzn-Trace-Id`.
    pub trace: Option<String>,
}

impl NotificationTarget {
    /// Whether a change of an object goes to the target. The filter is held against the plain key.
    fn wants(&self, event: &S3Event) -> bool {
        let names_it = |wanted: &String| {
            let wanted = wanted.strip_prefix("s3:").unwrap_or(wanted);
            match wanted.strip_suffix('*') {
                Some(start) => event.name.starts_with(start),
                None => wanted == event.name,
            }
        };
        self.events.iter().any(names_it)
            && event
                .key
                .starts_with(self.prefix.as_deref().unwrap_or_default())
            && event
                .key
                .ends_with(self.suffix.as_deref().unwrap_or_default())
    }
}

/// The notification settings of the account's buckets.
pub(crate) struct Notifications {
    place: Place,
    targets: Arc<Targets>,
    default_bus: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    buckets: BTreeMap<String, BucketNotifications>,
    /// The last sequencer, so that each is greater than the one before.
    sequencer: u64,
}

impl Notifications {
    pub(crate) fn new(place: Place, targets: Arc<Targets>, default_bus: String) -> Self {
        Self {
            place,
            targets,
            default_bus,
            state: Mutex::default(),
        }
    }

    /// Replaces the settings of a bucket. Empty ones remove them.
    pub(crate) fn set(&self, bucket: &str, notifications: BucketNotifications) {
        let mut state = self.state();
        if notifications == BucketNotifications::default() {
            state.buckets.remove(bucket);
        } else {
            state.buckets.insert(bucket.to_owned(), notifications);
        }
        drop(state);
        self.place.changes.notify_one();
    }

    /// Brings a bucket to what is declared: in place of what was declared before, by the ids and whether that had the bus. What clients
    /// have set stays.
    pub(crate) fn declare(
        &self,
        bucket: &str,
        wanted: &BucketNotifications,
        (before, had_bus): (&[&String], bool),
    ) {
        let mut held = self.of(bucket);
        let replaced = |one: &NotificationTarget| {
            let mut new = wanted.targets.iter();
            before.contains(&&one.id) || new.any(|new| new.id == one.id)
        };
        held.targets.retain(|one| !replaced(one));
        held.targets.extend(wanted.targets.iter().cloned());
        held.event_bridge = wanted.event_bridge || (held.event_bridge && !had_bus);
        self.set(bucket, held);
    }

    /// The settings of a bucket.
    pub(crate) fn of(&self, bucket: &str) -> BucketNotifications {
        let state = self.state();
        state.buckets.get(bucket).cloned().unwrap_or_default()
    }

    /// Why a bucket cannot report to that ARN, in S3's words; `None` if it can.
    pub(crate) fn refusal(&self, arn: &str) -> Option<String> {
        self.targets.notification_refusal(arn)
    }

    /// Sends the message by which S3 tests a queue or topic.
    pub(crate) fn test(&self, bucket: &str, targets: &[String], ids: (&str, &str)) {
        let source = format!("arn:aws:s3:::{bucket}");
        let now_ms = self.place.clock.now_ms();
        for target in targets {
            let parcel = Parcel {
                body: document::test(bucket, now_ms, ids),
                subject: (service_of(target) == "sns").then_some(SUBJECT),
                ..Parcel::default()
            };
            let _ = self.targets.send(&source, target, parcel);
        }
    }

    pub(crate) fn all(&self) -> BTreeMap<String, BucketNotifications> {
        self.state().buckets.clone()
    }

    /// Adds settings as they were.
    pub(crate) fn restore(&self, buckets: BTreeMap<String, BucketNotifications>) {
        self.state().buckets.extend(buckets);
    }

    pub(crate) fn reset(&self) {
        self.state().buckets.clear();
    }

    /// Sends a change to all that want it. Returns how many there are.
    pub(crate) fn deliver(&self, event: &S3Event) -> usize {
        let now_ms = self.place.clock.now_ms();
        let mut state = self.state();
        let Some(bucket) = state.buckets.get(&event.bucket).cloned() else {
            return 0;
        };
        // Milliseconds with room for many changes in each, and never less than before.
        state.sequencer = (state.sequencer + 1).max(now_ms << 12);
        let sequencer = format!("{:018X}", state.sequencer);
        drop(state);
        let at = document::At {
            account: &self.place.account,
            region: &self.place.region,
            time_ms: now_ms,
            sequencer: &sequencer,
        };
        let source = format!("arn:aws:s3:::{}", event.bucket);
        let mut sent = 0;
        for target in bucket.targets.iter().filter(|target| target.wants(event)) {
            let parcel = Parcel {
                body: document::records(event, &target.id, &at),
                subject: (service_of(&target.arn) == "sns").then_some(SUBJECT),
                trace: event.trace.clone(),
                ..Parcel::default()
            };
            // S3 has no dead letters: the log shows what is lost.
            let _ = self.targets.send(&source, &target.arn, parcel);
            sent += 1;
        }
        if bucket.event_bridge
            && let Some((detail_type, detail)) = document::detail(event, &at)
        {
            let parcel = Parcel {
                body: detail,
                event: Some(Source::New {
                    source: "aws.s3".into(),
                    detail_type: detail_type.into(),
                    resources: vec![source.clone()],
                }),
                ..Parcel::default()
            };
            let _ = self.targets.send(&source, &self.default_bus, parcel);
            sent += 1;
        }
        sent
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_and_keys_choose_the_target() {
        let target = NotificationTarget {
            events: vec![
                "s3:ObjectCreated:*".into(),
                "s3:ObjectRemoved:Delete".into(),
            ],
            prefix: Some("in/".into()),
            suffix: Some(".txt".into()),
            ..NotificationTarget::default()
        };
        let wants = |name: &str, key: &str| {
            target.wants(&S3Event {
                name: name.into(),
                key: key.into(),
                ..S3Event::default()
            })
        };
        assert!(wants("ObjectCreated:Put", "in/a b.txt"));
        assert!(wants("ObjectRemoved:Delete", "in/.txt"));
        assert!(!wants("ObjectRemoved:DeleteMarkerCreated", "in/a.txt"));
        assert!(!wants("ObjectCreated:Put", "out/a.txt"));
        assert!(!wants("ObjectCreated:Put", "in/a.png"));
    }
}
