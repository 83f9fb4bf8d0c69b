//! SNS: topics, subscriptions and their deliveries.

mod attributes;
mod declare;
mod deliver;
mod envelope;
mod error;
mod http;
mod message;
mod permission;
mod publish;
mod query;
mod subscription;
mod subscriptions;
mod tags;
mod topic;
mod topics;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use error::SnsError;
pub(crate) use query::{answer, is_open};
use subscription::Subscription;
use topic::Topic;

use crate::access::Caller;
use crate::lambda::Lambda;
use crate::server::Place;
use crate::sqs::Sqs;

/// The topics of the account.
pub(crate) struct Sns {
    place: Place,
    sqs: Arc<Sqs>,
    lambda: Option<Arc<Lambda>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By ARN.
    topics: BTreeMap<String, Topic>,
    /// By ARN, also those whose topic was deleted.
    subscriptions: BTreeMap<String, Subscription>,
}

/// The topics and subscriptions on disk.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct SnsSnapshot {
    topics: Vec<topic::TopicSnapshot>,
    subscriptions: Vec<subscription::SubscriptionSnapshot>,
}

/// What an operation knows of its request.
pub(crate) struct Call {
    pub(crate) caller: Caller,
    /// The host that the client asked: URLs in messages lie on it.
    pub(crate) host: String,
    /// The header `X-Amzn-Trace-Id`.
    pub(crate) trace: Option<String>,
}

impl Sns {
    pub(crate) fn new(place: Place, sqs: Arc<Sqs>, lambda: Option<Arc<Lambda>>) -> Self {
        Self {
            place,
            sqs,
            lambda,
            state: Mutex::default(),
        }
    }

    /// The topics and subscriptions as they are now.
    pub(crate) fn snapshot(&self) -> SnsSnapshot {
        let state = self.state();
        SnsSnapshot {
            topics: state.topics.values().map(Topic::snapshot).collect(),
            subscriptions: state
                .subscriptions
                .values()
                .map(Subscription::snapshot)
                .collect(),
        }
    }

    /// Adds topics and subscriptions as they were.
    pub(crate) fn restore(&self, snapshot: SnsSnapshot) {
        let mut state = self.state();
        for topic in snapshot.topics.into_iter().map(Topic::restore) {
            state.topics.insert(topic.arn.clone(), topic);
        }
        for subscription in snapshot
            .subscriptions
            .into_iter()
            .map(Subscription::restore)
        {
            state
                .subscriptions
                .insert(subscription.arn.clone(), subscription);
        }
    }

    /// Removes topics and subscriptions.
    pub(crate) fn reset(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        self.place.clock.now_ms()
    }

    fn admit(&self, call: &Call, operation: &str, resource: &str) -> Result<(), SnsError> {
        self.place
            .access
            .decide(&call.caller, &format!("sns:{operation}"), resource)
            .map_err(SnsError::denied)
    }
}

impl State {
    fn topic(&mut self, arn: &str) -> Result<&mut Topic, SnsError> {
        check_arn("TopicArn", arn)?;
        self.topics
            .get_mut(arn)
            .ok_or_else(|| SnsError::not_found("Topic does not exist"))
    }

    fn subscription(&mut self, arn: &str) -> Result<&mut Subscription, SnsError> {
        check_arn("SubscriptionArn", arn)?;
        self.subscriptions
            .get_mut(arn)
            .ok_or_else(|| SnsError::not_found("Subscription does not exist"))
    }
}

/// Checks that text has the parts of an ARN.
fn check_arn(parameter: &str, arn: &str) -> Result<(), SnsError> {
    let parts = arn.split(':').count();
    if parts < 6 {
        return Err(SnsError::parameter(format!(
            "{parameter} Reason: An ARN must have at least 6 elements, not {parts}"
        )));
    }
    Ok(())
}
