//! AWS messaging services in this process: queues, topics, buses, schedules, and the mappings that feed functions.
//!
//! [`Services::start`] serves them on one loopback port, wire compatible with the AWS SDKs. Tests of any language use them through
//! `AWS_ENDPOINT_URL`; Rust tests embed them:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let services = fw_services::Services::start(fw_services::Options::default()).await?;
//! let endpoint = services.endpoint(); // http://127.0.0.1:PORT, for the SDK
//! services.clock().advance(std::time::Duration::from_secs(3600)); // an hour passes at once
//! services.reset(); // nothing is left
//! services.shutdown().await?;
//! # Ok(()) }
//! ```
//!
//! A program that has settings declares what is to be there, as often as they change, and shows what is there and what is delivered:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use fw_services::{Declarations, DeclaredRule, DeliveryOutcome, Options, S3Event, Services};
//! use fw_services::{BucketNotifications, NotificationTarget};
//!
//! let services = Services::start(Options::default()).await?;
//! let uploads = "arn:aws:sqs:us-east-1:123456789012:uploads";
//! let mut wanted = Declarations::default();
//! wanted.queues.insert("uploads".into(), [("VisibilityTimeout".into(), "60".into())].into());
//! wanted.rules.push(DeclaredRule {
//!     name: "nightly".into(),
//!     schedule: Some("cron(0 3 * * ? *)".into()),
//!     targets: vec![serde_json::json!({"Id": "1", "Arn": uploads})],
//!     ..DeclaredRule::default()
//! });
//! let target = NotificationTarget {
//!     arn: uploads.into(),
//!     events: vec!["s3:ObjectCreated:*".into()],
//!     ..NotificationTarget::default()
//! };
//! let notifications = BucketNotifications { targets: vec![target], event_bridge: false };
//! wanted.buckets.insert("photos".into(), notifications);
//! services.declare(&wanted)?;
//!
//! let mut log = services.deliveries();
//! services.deliver_s3_event(&S3Event {
//!     bucket: "photos".into(),
//!     name: "ObjectCreated:Put".into(),
//!     key: "cat.jpg".into(),
//!     ..S3Event::default()
//! });
//! let delivery = log.next().await.expect("the services run");
//! assert_eq!(delivery.source, "arn:aws:s3:::photos");
//! assert_eq!(delivery.outcome, DeliveryOutcome::Delivered);
//! assert_eq!(services.resources().queues[0].visible, 1);
//! # Ok(()) }
//! ```

mod access;
mod admit;
mod alarm;
mod clock;
mod control;
mod declare;
mod deliveries;
mod events;
mod form;
mod functions;
mod ids;
mod lambda;
mod notifications;
mod pattern;
mod reply;
mod resources;
mod router;
mod scheduler;
mod server;
mod signature;
mod snapshot;
mod sns;
mod sqs;
mod tables;
mod targets;
mod xml;

pub use access::{Access, Caller, OpenAccess};
pub use clock::Clock;
pub use declare::{
    Declarations, DeclareError, DeclaredMapping, DeclaredRule, DeclaredSchedule,
    DeclaredSubscription, DeclaredTable,
};
pub use deliveries::{Deliveries, Delivery, DeliveryOutcome};
pub use functions::{FunctionFacts, Functions, Invocation, Outcome};
pub use notifications::{BucketNotifications, NotificationTarget, S3Event};
pub use pattern::check_filter_policy;
pub use reply::{Body, Fallback};
pub use resources::{
    MappingStatus, QueueStatus, Redriven, Resources, RuleStatus, ScheduleStatus,
    SubscriptionStatus, TopicStatus,
};
pub use server::{Options, Services};
pub use tables::{
    RefusedCaller, StreamEnds, StreamPage, StreamRecord, TableCall, Tables, TablesPlace,
};
