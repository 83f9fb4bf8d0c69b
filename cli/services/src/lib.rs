//! AWS messaging services in this process: queues, topics, and the mappings that feed functions.
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
mod targets;
mod xml;

pub use access::{Access, Caller, OpenAccess};
pub use clock::Clock;
pub use declare::{
    Declarations, DeclareError, DeclaredMapping, DeclaredRule, DeclaredSchedule,
    DeclaredSubscription,
};
pub use deliveries::{Deliveries, Delivery, DeliveryOutcome};
pub use functions::{FunctionFacts, Functions, Invocation, Outcome};
pub use notifications::{BucketNotifications, NotificationTarget, S3Event};
pub use reply::{Body, Fallback};
pub use resources::{
    MappingStatus, QueueStatus, Redriven, Resources, RuleStatus, ScheduleStatus,
    SubscriptionStatus, TopicStatus,
};
pub use server::{Options, Services};
