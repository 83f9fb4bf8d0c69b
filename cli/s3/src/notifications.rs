//! What buckets report of their objects, and the seam to the service that keeps and delivers it.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// What a bucket reports: `NotificationConfiguration` of the S3 API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketReports {
    /// The receivers, in the order of their configurations.
    pub receivers: Vec<Receiver>,
    /// True if all changes also go to EventBridge.
    pub event_bridge: bool,
}

/// A queue, topic or function that some changes go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receiver {
    /// The configuration's id.
    pub id: String,
    /// The ARN of the queue, topic or function.
    pub arn: String,
    /// The changes: `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// The prefix of the keys. An empty one is a rule also, which matches every key.
    pub prefix: Option<String>,
    /// The suffix, in the same way.
    pub suffix: Option<String>,
}

/// Keeps what buckets report, and delivers it.
pub trait Notifier: Send + Sync {
    /// What the bucket reports.
    fn reports(&self, bucket: &str) -> BucketReports;

    /// Why S3 cannot send to that ARN, in S3's words; `None` if it can.
    fn refuses(&self, arn: &str) -> Option<String>;

    /// Replaces what the bucket reports. Receivers in `tested` are queues and topics that get S3's test message.
    fn replace(&self, bucket: &str, reports: BucketReports, tested: &[String], request: &TestIds);
}

/// The ids of the request that a test message tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestIds {
    /// `x-amz-request-id`.
    pub request: String,
    /// `x-amz-id-2`.
    pub host: String,
}

/// The notifier, once there is one; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Connected(Arc<OnceLock<Arc<dyn Notifier>>>);

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connected = self.0.get().is_some();
        f.debug_tuple("Connected").field(&connected).finish()
    }
}

impl Connected {
    /// Connects the first notifier; false for others.
    pub(crate) fn connect(&self, notifier: Arc<dyn Notifier>) -> bool {
        self.0.set(notifier).is_ok()
    }

    pub(crate) fn get(&self) -> Option<&dyn Notifier> {
        self.0.get().map(|notifier| &**notifier)
    }
}
