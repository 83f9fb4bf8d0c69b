//! Topics and subscriptions from settings.

use std::collections::BTreeMap;

use super::Sns;
use super::subscription::Subscription;
use super::subscriptions::check_endpoint;
use super::topic::Topic;
use super::topics::check_name;
use crate::declare::DeclaredSubscription;
use crate::ids;
use crate::resources::{SubscriptionStatus, TopicStatus};

impl Sns {
    fn topic_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:sns:{}:{}:{name}",
            self.place.region, self.place.account
        )
    }

    /// Creates a topic, or sets the attributes of the one that is there. Its subscriptions stay.
    ///
    /// # Errors
    /// Why an attribute or the name is refused.
    pub(crate) fn declare_topic(
        &self,
        name: &str,
        values: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        let fifo = values.get("FifoTopic").map(String::as_str);
        let text = |error: super::SnsError| error.message.into_owned();
        let is_fifo = check_name(name, fifo).map_err(text)?;
        let arn = self.topic_arn(name);
        let mut state = self.state();
        let topic = state
            .topics
            .entry(arn.clone())
            .or_insert_with(|| Topic::new(arn, is_fifo));
        let mut values = values.iter().filter(|(name, _)| *name != "FifoTopic");
        values
            .try_for_each(|(name, value)| topic.set(name, value, false))
            .map_err(text)
    }

    /// Subscribes an endpoint, or sets the attributes of the subscription that is there. Attributes that are not declared go back to
    /// their defaults.
    ///
    /// # Errors
    /// Why the endpoint or an attribute is refused, or that there is no such topic.
    pub(crate) fn declare_subscription(&self, wanted: &DeclaredSubscription) -> Result<(), String> {
        let arn = self.topic_arn(&wanted.topic);
        let mut state = self.state();
        let text = |error: super::SnsError| error.message.into_owned();
        let topic = state.topic(&arn).map_err(text)?;
        check_endpoint(&wanted.protocol, &wanted.endpoint, topic.is_fifo).map_err(text)?;
        let arns = topic.subscriptions.clone();
        let found = arns.iter().find(|arn| {
            state.subscriptions.get(*arn).is_some_and(|one| {
                one.protocol == wanted.protocol && one.endpoint == wanted.endpoint
            })
        });
        let id = found
            .cloned()
            .unwrap_or_else(|| format!("{arn}:{}", ids::uuid()));
        let mut new = Subscription::new(
            id.clone(),
            arn.clone(),
            wanted.protocol.clone(),
            wanted.endpoint.clone(),
        );
        // The settings' author is the owner of the endpoint: nobody has to confirm.
        new.is_pending = false;
        new.set_all(&wanted.attributes)?;
        if found.is_none() {
            state
                .topic(&arn)
                .map_err(text)?
                .subscriptions
                .push(id.clone());
        }
        state.subscriptions.insert(id, new);
        Ok(())
    }

    /// Removes a declared subscription by topic, protocol and endpoint.
    pub(crate) fn forget_subscription(&self, [topic, protocol, endpoint]: &[String; 3]) {
        let topic = self.topic_arn(topic);
        let mut state = self.state();
        state.subscriptions.retain(|_, one| {
            one.topic != topic || one.protocol != *protocol || one.endpoint != *endpoint
        });
        let super::State {
            topics,
            subscriptions,
        } = &mut *state;
        if let Some(topic) = topics.get_mut(&topic) {
            topic
                .subscriptions
                .retain(|arn| subscriptions.contains_key(arn));
        }
    }

    /// All topics with their subscriptions.
    pub(crate) fn statuses(&self) -> Vec<TopicStatus> {
        let state = self.state();
        let topics = state.topics.values();
        topics
            .map(|topic| TopicStatus {
                arn: topic.arn.clone(),
                subscriptions: topic
                    .subscriptions
                    .iter()
                    .filter_map(|arn| state.subscriptions.get(arn))
                    .map(|one| SubscriptionStatus {
                        protocol: one.protocol.clone(),
                        endpoint: one.endpoint.clone(),
                        is_pending: one.is_pending,
                    })
                    .collect(),
            })
            .collect()
    }
}
