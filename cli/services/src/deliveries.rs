//! The log of deliveries: what went from where to where, and with which outcome.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How many records wait for a subscriber that reads slowly.
const MOST_WAITING: usize = 4096;

/// One attempt to bring a message or an event to its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// When the attempt ended, in milliseconds since the Unix epoch on the clock of the services.
    pub at_ms: u64,
    /// Where it came from: the ARN of a queue, topic, rule, schedule or bucket, or `lambda:InvokeFunction` for an asynchronous call.
    pub source: String,
    /// Where it went: the ARN of a queue, function, topic or bus, or the URL of an HTTP endpoint.
    pub target: String,
    /// The number of the attempt, from 1. For a mapping it is the greatest receive count of the batch.
    pub attempt: u32,
    /// What became of it.
    pub outcome: DeliveryOutcome,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryOutcome {
    /// The target took it.
    Delivered,
    /// The target did not take it, or failed. It may be tried again.
    Failed {
        /// Why, in one line.
        reason: String,
    },
    /// No attempt follows, and a queue or topic keeps what was not delivered.
    DeadLettered {
        /// The ARN of the queue or topic.
        queue: String,
    },
    /// No attempt follows, and nothing keeps what was not delivered.
    Dropped {
        /// Why, in one line.
        reason: String,
    },
}

/// A stream of delivery records, from [`Services::deliveries`](crate::Services::deliveries).
#[derive(Debug)]
pub struct Deliveries {
    receiver: broadcast::Receiver<Delivery>,
    missed: u64,
}

impl Deliveries {
    /// The next record, or `None` once the services have ended.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            match self.receiver.recv().await {
                Ok(delivery) => return Some(delivery),
                Err(RecvError::Lagged(count)) => self.missed += count,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// How many records were left out because they were read too slowly.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

/// Where the services write their records.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryLog(broadcast::Sender<Delivery>);

impl Default for DeliveryLog {
    fn default() -> Self {
        Self(broadcast::Sender::new(MOST_WAITING))
    }
}

impl DeliveryLog {
    pub(crate) fn subscribe(&self) -> Deliveries {
        Deliveries {
            receiver: self.0.subscribe(),
            missed: 0,
        }
    }

    /// Writes a record, if anybody reads.
    pub(crate) fn write(&self, delivery: impl FnOnce() -> Delivery) {
        if self.0.receiver_count() > 0 {
            let _ = self.0.send(delivery());
        }
    }
}
