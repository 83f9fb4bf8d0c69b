//! The documents that SQS, SNS, S3, EventBridge and Scheduler invoke a Lambda function with.
//!
//! Pure: ids, times and digests are arguments. Only this crate writes these documents; the test
//! client also invokes an app's sources with them.
//!
//! Behaviour cites its source: `[R]` recorded on AWS, `[D]` documented by AWS, `[I]` inferred.
//! Without a source it is marked `unverified`.

mod bus;
mod s3;
mod sns;
mod sqs;

pub use self::{
    bus::{BusEvent, SCHEDULE_INPUT, schedule},
    s3::{ObjectEvent, encoded_key},
    sns::Notification,
    sqs::{Fifo, Message, batch},
};

/// The origin of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The region: `eu-central-1`.
    pub region: &'a str,
    /// The account: 12 digits.
    pub account: &'a str,
}

impl Place<'_> {
    /// The ARN of a resource in a region: `arn:aws:sqs:eu-central-1:123456789012:orders`.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.region, self.account
        )
    }
}
