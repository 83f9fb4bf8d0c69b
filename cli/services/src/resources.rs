//! What is there, for a table at the start or a command that asks, and what the owner of the services does with it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::notifications::{BucketNotifications, S3Event};
use crate::server::{Services, Shared};

/// All resources, each kind in the order of its names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Resources {
    /// The queues.
    pub queues: Vec<QueueStatus>,
    /// The topics.
    pub topics: Vec<TopicStatus>,
    /// The event source mappings.
    pub mappings: Vec<MappingStatus>,
    /// The rules of all buses.
    pub rules: Vec<RuleStatus>,
    /// The schedules of all groups.
    pub schedules: Vec<ScheduleStatus>,
    /// The notifications of buckets by name.
    pub buckets: BTreeMap<String, BucketNotifications>,
    /// The names of the tables of the database.
    pub tables: Vec<String>,
}

/// A queue with its counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueStatus {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The URL on the endpoint.
    pub url: String,
    /// How many messages can be received.
    pub visible: usize,
    /// How many messages were received and neither deleted nor given back.
    pub in_flight: usize,
    /// How many messages are not visible yet.
    pub delayed: usize,
    /// The age of the oldest message, in milliseconds.
    pub oldest_ms: Option<u64>,
    /// The ARN of the queue for messages that are received too often.
    pub dead_letter_queue: Option<String>,
    /// How many messages of this queue lie in its dead-letter queue.
    pub dead_letters: usize,
    /// The ARNs of the queues whose dead letters come here.
    pub sources: Vec<String>,
}

/// A topic with its subscriptions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TopicStatus {
    /// The ARN.
    pub arn: String,
    /// The subscriptions in the order of their creation.
    pub subscriptions: Vec<SubscriptionStatus>,
}

/// A subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SubscriptionStatus {
    /// `sqs`, `lambda`, `http` or `https`.
    pub protocol: String,
    /// An ARN or a URL.
    pub endpoint: String,
    /// True until an HTTP endpoint has confirmed.
    pub is_pending: bool,
}

/// An event source mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MappingStatus {
    /// The ARN of the queue.
    pub queue: String,
    /// The ARN of the function.
    pub function: String,
    /// False if it is disabled.
    pub is_enabled: bool,
}

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleStatus {
    /// The name of its bus.
    pub bus: String,
    /// The name.
    pub name: String,
    /// The schedule expression, or the event pattern.
    pub when: String,
    /// False if it is disabled.
    pub is_enabled: bool,
    /// When the schedule fires next, in milliseconds since the Unix epoch.
    pub next_ms: Option<u64>,
    /// The ARNs of its targets.
    pub targets: Vec<String>,
}

/// A schedule of Scheduler.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScheduleStatus {
    /// The name of its group.
    pub group: String,
    /// The name.
    pub name: String,
    /// The schedule expression.
    pub expression: String,
    /// False if it is disabled.
    pub is_enabled: bool,
    /// When it fires next, in milliseconds since the Unix epoch.
    pub next_ms: Option<u64>,
    /// The ARN of its target.
    pub target: String,
}

/// What became of a redrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Redriven {
    /// How many messages are back in the queues that they came from.
    pub moved: usize,
    /// How many stay, because they were sent to this queue in the first place or their queue is gone.
    pub kept: usize,
}

impl Shared {
    pub(crate) fn resources(&self) -> Resources {
        let lambda = self.lambda.as_ref();
        Resources {
            queues: self.sqs.statuses(),
            topics: self.sns.statuses(),
            mappings: lambda.map(|lambda| lambda.statuses()).unwrap_or_default(),
            rules: self.events.statuses(),
            schedules: self.scheduler.statuses(),
            buckets: self.notifications.all(),
            tables: self
                .tables
                .as_ref()
                .map(|tables| tables.names())
                .unwrap_or_default(),
        }
    }

    pub(crate) fn redrive(&self, queue: &str) -> Option<Redriven> {
        let (moved, kept) = self.sqs.redrive(queue)?;
        Some(Redriven { moved, kept })
    }
}

impl Services {
    /// What is there now.
    #[must_use]
    pub fn resources(&self) -> Resources {
        self.shared.resources()
    }

    /// Removes all messages of a queue by its name, those in flight included. Returns how many there were, or `None` if there is no
    /// such queue.
    pub fn purge_queue(&self, name: &str) -> Option<usize> {
        self.shared.sqs.purge(name)
    }

    /// Moves the visible messages of a dead-letter queue back to the queues that they came from, where they count as new. Returns
    /// `None` if there is no such queue.
    pub fn redrive_queue(&self, name: &str) -> Option<Redriven> {
        self.shared.redrive(name)
    }

    /// Sends what a schedule of the default group sends, now. Its own times stay. Returns false if there is no such schedule.
    pub fn fire_schedule(&self, name: &str) -> bool {
        self.shared.scheduler.fire_now(name)
    }

    /// Replaces the notifications of a bucket, as `PutBucketNotificationConfiguration` does. Empty ones remove them.
    pub fn set_bucket_notifications(&self, bucket: &str, notifications: BucketNotifications) {
        self.shared.notifications.set(bucket, notifications);
    }

    /// The notifications of a bucket, as `GetBucketNotificationConfiguration` shows them.
    #[must_use]
    pub fn bucket_notifications(&self, bucket: &str) -> BucketNotifications {
        self.shared.notifications.of(bucket)
    }

    /// Why notifications cannot go to that ARN, in S3's words; `None` if they can.
    #[must_use]
    pub fn notification_refusal(&self, arn: &str) -> Option<String> {
        self.shared.notifications.refusal(arn)
    }

    /// Sends the message by which S3 tests queues and topics, given by their ARNs, with the request's two ids: `x-amz-request-id` and
    /// `x-amz-id-2`.
    pub fn test_bucket_notifications(&self, bucket: &str, targets: &[String], ids: (&str, &str)) {
        self.shared.notifications.test(bucket, targets, ids);
    }

    /// Sends a change of an object to the queues, topics, functions and the bus that its bucket's notifications name. Returns how many
    /// of them want it. What a target refuses is in the delivery log.
    pub fn deliver_s3_event(&self, event: &S3Event) -> usize {
        self.shared.notifications.deliver(event)
    }
}
