//! The one way by which rules, schedules, buckets and functions reach their targets: queues, topics, functions and buses.

use std::sync::{Arc, OnceLock, Weak};

use crate::deliveries::{Delivery, DeliveryOutcome};
use crate::events::{Events, Source};
use crate::lambda::Lambda;
use crate::server::Place;
use crate::sns::Sns;
use crate::sqs::{AttributeMap, AttributeValue, Draft, Sqs};

/// The targets of this account.
pub(crate) struct Targets {
    place: Place,
    sqs: Arc<Sqs>,
    sns: Arc<Sns>,
    lambda: Option<Arc<Lambda>>,
    /// Buses have targets and are targets, so they are set later.
    events: OnceLock<Weak<Events>>,
}

/// What a target gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parcel {
    /// The message, or the event of a function.
    pub(crate) body: String,
    pub(crate) attributes: AttributeMap,
    /// The group of a queue's message.
    pub(crate) group: Option<String>,
    /// The subject of a topic's message.
    pub(crate) subject: Option<&'static str>,
    pub(crate) trace: Option<String>,
    /// What an event on a bus has in addition to its detail, which is the body.
    pub(crate) event: Option<Source>,
}

/// Why a target does not take something. None of these changes by itself, so nothing is tried again: AWS sends such events to the
/// dead-letter queue at once (EventBridge user guide, "Using dead-letter queues").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such target.
    Missing(String),
    /// The target is there, and does not take this.
    Invalid(String),
}

impl Refusal {
    /// The code for the dead letter, of those in EventBridge's user guide.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "NO_RESOURCE",
            Self::Invalid(_) => "INVALID_PARAMETER",
        }
    }

    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Missing(reason) | Self::Invalid(reason) => reason,
        }
    }
}

impl Targets {
    pub(crate) fn new(
        place: Place,
        sqs: Arc<Sqs>,
        sns: Arc<Sns>,
        lambda: Option<Arc<Lambda>>,
    ) -> Self {
        Self {
            place,
            sqs,
            sns,
            lambda,
            events: OnceLock::new(),
        }
    }

    pub(crate) fn connect(&self, events: &Arc<Events>) {
        let _ = self.events.set(Arc::downgrade(events));
    }

    /// Sends a parcel, and writes what became of it to the log under the name of its source.
    ///
    /// # Errors
    /// Why the target does not take it.
    pub(crate) fn send(&self, source: &str, target: &str, parcel: Parcel) -> Result<(), Refusal> {
        let is_function = service_of(target) == "lambda";
        let sent = self.hand_over(source, target, parcel);
        match &sent {
            // The call of a function writes its own record when it ends.
            Ok(()) if is_function => {}
            Ok(()) => self.record(source, target, DeliveryOutcome::Delivered),
            Err(refusal) => {
                let reason = refusal.reason().to_owned();
                self.record(source, target, DeliveryOutcome::Failed { reason });
            }
        }
        sent
    }

    /// Keeps what a target did not take in a queue, if there is one for it.
    pub(crate) fn bury(
        &self,
        source: &str,
        target: &str,
        queue: Option<&str>,
        body: String,
        attributes: impl IntoIterator<Item = (&'static str, String)>,
    ) {
        let dropped = |reason: String| DeliveryOutcome::Dropped { reason };
        let outcome = match queue {
            None => dropped("no dead-letter queue is configured".into()),
            Some(queue) => {
                let attributes = attributes.into_iter();
                let attributes = attributes.map(|(name, value)| (name.to_owned(), text(value)));
                let draft = Draft {
                    body,
                    attributes: attributes.collect(),
                    ..Draft::default()
                };
                match self.sqs.deliver(queue, draft) {
                    Ok(()) => DeliveryOutcome::DeadLettered {
                        queue: queue.to_owned(),
                    },
                    Err(refusal) => dropped(refusal.reason().to_owned()),
                }
            }
        };
        self.record(source, target, outcome);
    }

    pub(crate) fn record(&self, source: &str, target: &str, outcome: DeliveryOutcome) {
        self.place.deliveries.write(|| Delivery {
            at_ms: self.place.clock.now_ms(),
            source: source.to_owned(),
            target: target.to_owned(),
            attempt: 1,
            outcome,
        });
    }

    /// Why a bucket cannot report to that ARN, in S3's words; `None` if it can.
    pub(crate) fn notification_refusal(&self, arn: &str) -> Option<String> {
        let refused = match service_of(arn) {
            "sqs" => match self.sqs.by_arn(arn) {
                None => "The destination queue does not exist".to_owned(),
                // S3 has no group for a message. The text is unverified: no recorded case has such a queue.
                Some(_) if arn.ends_with(".fifo") => {
                    "The destination queue is a FIFO queue, which is not supported".to_owned()
                }
                Some(_) => return None,
            },
            "sns" => match self.sns.has_topic(arn) {
                false => "The destination topic does not exist".to_owned(),
                true => return None,
            },
            "lambda" => {
                let lambda = self.lambda.as_ref();
                match lambda.is_some_and(|lambda| lambda.has(arn)) {
                    false => format!("Not authorized to invoke function [{arn}]"),
                    true => return None,
                }
            }
            other => format!("Unsupported destination: {other}"),
        };
        Some(refused)
    }

    fn hand_over(&self, source: &str, target: &str, parcel: Parcel) -> Result<(), Refusal> {
        match service_of(target) {
            "sqs" => self.sqs.deliver(
                target,
                Draft {
                    body: parcel.body,
                    attributes: parcel.attributes,
                    group: parcel.group,
                    trace: parcel.trace,
                    ..Draft::default()
                },
            ),
            "sns" => self.sns.publish_from_service(target, parcel),
            "lambda" => {
                let lambda = self.lambda.as_ref();
                let missing = || Refusal::Missing(format!("there is no function {target}"));
                let taken = lambda
                    .is_some_and(|lambda| lambda.enqueue_for(source, target, parcel.body.into()));
                taken.then_some(()).ok_or_else(missing)
            }
            "events" => {
                let missing = || Refusal::Missing(format!("there is no bus {target}"));
                let events = self.events.get().and_then(Weak::upgrade);
                let (Some(events), Some(event)) = (events, parcel.event) else {
                    return Err(missing());
                };
                events.take(target, event, &parcel.body)
            }
            other => Err(Refusal::Invalid(format!(
                "targets of the service `{other}` are not implemented"
            ))),
        }
    }
}

/// The service of an ARN, such as `sqs`, or nothing if the text is not an ARN.
pub(crate) fn service_of(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
}

fn text(value: String) -> AttributeValue {
    AttributeValue {
        data_type: "String".into(),
        string_value: Some(value),
        binary_value: None,
    }
}
