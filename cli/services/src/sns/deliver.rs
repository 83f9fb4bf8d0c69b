//! Deliveries: to queues and functions at once, to HTTP endpoints in the background.

use std::sync::Arc;

use serde_json::Value;

use super::Sns;
use super::attributes::AttributeMap;
use super::envelope::{self, Published};
use super::http::{self, Kind, Post};
use super::message::Message;
use super::subscription::Subscription;
use crate::sqs::Draft;

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
            "lambda" => self.lambda.as_ref().is_some_and(|lambda| {
                lambda.enqueue_for(&subscription.endpoint, draft.body.clone().into())
            }),
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
                true
            }
        };
        if !delivered {
            self.bury(subscription, draft);
        }
    }

    /// Puts a message on a queue. From a FIFO topic, a standard queue gets neither group nor deduplication id.
    fn enqueue(&self, queue: &str, mut draft: Draft, topic_is_fifo: bool) -> bool {
        if draft.attributes.len() > MOST_ON_QUEUE {
            return false;
        }
        if !queue.ends_with(".fifo") {
            draft.deduplication_id = None;
            if topic_is_fifo {
                draft.group = None;
            }
        }
        self.sqs.deliver(queue, draft)
    }

    fn bury(&self, subscription: &Subscription, draft: Draft) {
        if let Some(target) = subscription.dead_letters() {
            let is_fifo = subscription.topic.ends_with(".fifo");
            self.enqueue(target, draft, is_fifo);
        }
    }
}

/// Posts a message until the endpoint takes it, refuses it, or was tried often enough.
async fn post_until_done(sns: Arc<Sns>, subscription: Subscription, post: Post, draft: Draft) {
    let clock = sns.place.clock.clone();
    let weak = Arc::downgrade(&sns);
    drop(sns);
    for attempt in 0..=HTTP_RETRIES {
        match http::post(&subscription.endpoint, &post).await {
            http::Answer::Taken => return,
            http::Answer::Refused => break,
            http::Answer::Failed if attempt < HTTP_RETRIES => {
                clock.sleep_until(clock.now_ms() + HTTP_PAUSE_MS).await;
            }
            http::Answer::Failed => {}
        }
    }
    if let Some(sns) = weak.upgrade() {
        sns.bury(&subscription, draft);
    }
}
