//! Deliveries: to queues and functions at once, to HTTP endpoints in the background.

use std::sync::Arc;

use serde_json::Value;

use super::Sns;
use super::attributes::AttributeMap;
use super::envelope::{self, Published};
use super::http::{self, Kind, Post};
use super::message::Message;
use super::subscription::Subscription;
use crate::deliveries::{Delivery, DeliveryOutcome};
use crate::sqs::Draft;
use crate::targets::Refusal;

/// The most attributes of a message on a queue.
const MOST_ON_QUEUE: usize = 10;
/// An HTTP endpoint is tried once, and three times more every 20 seconds.
const HTTP_RETRIES: u32 = 3;
const HTTP_PAUSE_MS: u64 = 20_000;

impl Sns {
    /// Delivers a message to one subscription. What cannot be delivered goes to the subscription's dead letters.
    pub(super) fn deliver(
        self: &Arc<Self>,
        published: &Published,
        subscription: &Subscription,
        message: &Message,
        deduplication_id: Option<&str>,
        policy: &Value,
    ) {
        let text = message.text(&subscription.protocol);
        let body = match subscription.protocol.as_str() {
            "lambda" => envelope::event(published, subscription, message, text),
            _ if subscription.is_raw => text.to_owned(),
            _ => envelope::notification(published, subscription, message, text),
        };
        let draft = Draft {
            attributes: if subscription.is_raw {
                message.attributes.clone()
            } else {
                AttributeMap::new()
            },
            trace: message.trace.clone(),
            group: message.group.clone(),
            deduplication_id: deduplication_id.map(ToOwned::to_owned),
            body,
            ..Draft::default()
        };
        let delivered = match subscription.protocol.as_str() {
            "sqs" => self.enqueue(
                &subscription.endpoint,
                draft.clone(),
                published.sequence.is_some(),
            ),
            "lambda" => {
                let function = &subscription.endpoint;
                let missing = || Refusal::Missing(format!("there is no function {function}"));
                let lambda = self.lambda.as_ref();
                let body = draft.body.clone().into();
                lambda
                    .is_some_and(|lambda| lambda.enqueue_for(&subscription.topic, function, body))
                    .then_some(())
                    .ok_or_else(missing)
            }
            _ => {
                let post = Post {
                    kind: Kind::Notification {
                        is_raw: subscription.is_raw,
                    },
                    message_id: published.id.clone(),
                    topic: subscription.topic.clone(),
                    subscription: Some(subscription.arn.clone()),
                    content_type: subscription.content_type(policy),
                    body: draft.body.clone(),
                };
                let task =
                    post_until_done(Arc::clone(self), subscription.clone(), post, draft.clone());
                tokio::spawn(task);
                Ok(())
            }
        };
        match delivered {
            // HTTP endpoints and functions write their own records when they have answered.
            Ok(()) if subscription.protocol == "sqs" => {
                self.record(subscription, 1, DeliveryOutcome::Delivered);
            }
            Ok(()) => {}
            Err(refusal) => {
                let reason = refusal.reason().to_owned();
                self.record(subscription, 1, DeliveryOutcome::Failed { reason });
                self.bury(subscription, draft, 1);
            }
        }
    }

    /// Puts a message on a queue. From a FIFO topic, a standard queue gets neither group nor deduplication id.
    fn enqueue(&self, queue: &str, mut draft: Draft, topic_is_fifo: bool) -> Result<(), Refusal> {
        if draft.attributes.len() > MOST_ON_QUEUE {
            let reason = format!("a message on a queue has at most {MOST_ON_QUEUE} attributes");
            return Err(Refusal::Invalid(reason));
        }
        if !queue.ends_with(".fifo") {
            draft.deduplication_id = None;
            if topic_is_fifo {
                draft.group = None;
            }
        }
        self.sqs.deliver(queue, draft)
    }

    /// Keeps a message in the subscription's dead-letter queue, if it has one.
    fn bury(&self, subscription: &Subscription, draft: Draft, attempt: u32) {
        let dropped = |reason: String| DeliveryOutcome::Dropped { reason };
        let outcome = match subscription.dead_letters() {
            None => dropped("no dead-letter queue is configured".into()),
            Some(target) => {
                let is_fifo = subscription.topic.ends_with(".fifo");
                match self.enqueue(target, draft, is_fifo) {
                    Ok(()) => DeliveryOutcome::DeadLettered {
                        queue: target.to_owned(),
                    },
                    Err(refusal) => dropped(refusal.reason().to_owned()),
                }
            }
        };
        self.record(subscription, attempt, outcome);
    }

    fn record(&self, subscription: &Subscription, attempt: u32, outcome: DeliveryOutcome) {
        self.place.deliveries.write(|| Delivery {
            at_ms: self.now(),
            source: subscription.topic.clone(),
            target: subscription.endpoint.clone(),
            attempt,
            outcome,
        });
    }
}

/// Posts a message until the endpoint takes it, refuses it, or was tried often enough.
async fn post_until_done(sns: Arc<Sns>, subscription: Subscription, post: Post, draft: Draft) {
    let clock = sns.place.clock.clone();
    let weak = Arc::downgrade(&sns);
    drop(sns);
    let mut attempt = 0;
    loop {
        attempt += 1;
        let answer = http::post(&subscription.endpoint, &post).await;
        let Some(sns) = weak.upgrade() else {
            return;
        };
        let failed = |reason: &str| DeliveryOutcome::Failed {
            reason: reason.to_owned(),
        };
        let is_over = match answer {
            http::Answer::Taken => {
                return sns.record(&subscription, attempt, DeliveryOutcome::Delivered);
            }
            http::Answer::Refused => {
                sns.record(&subscription, attempt, failed("the endpoint refused it"));
                true
            }
            http::Answer::Failed => {
                let reason = failed("the endpoint did not answer with a success");
                sns.record(&subscription, attempt, reason);
                attempt > HTTP_RETRIES
            }
        };
        if is_over {
            return sns.bury(&subscription, draft, attempt);
        }
        drop(sns);
        clock.sleep_until(clock.now_ms() + HTTP_PAUSE_MS).await;
    }
}
