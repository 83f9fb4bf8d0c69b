//! The topics of a stack, and what leads from topics to its functions and queues.

use serde_json::{Value, json};

use super::{Stack, named, table};
use crate::deploy::kind::topic::template::{
    STACK_SUBSCRIPTION, STACK_TYPE, created, stack, stack_subscription,
};

impl Stack<'_> {
    /// Adds the topics that the deployment creates, and the subscriptions.
    pub(super) fn topics(&mut self) {
        for topic in &self.desired.topics {
            let tags = ("Tags", self.list_of_tags());
            let properties = stack(topic).into_iter().chain([tags]);
            self.add(id(&topic.key), STACK_TYPE, table(properties));
        }
        for one in &self.desired.subscriptions {
            let properties = table(stack_subscription(one, |arn| self.arn(arn)));
            let name = named("Subscription", &[&one.topic, one.endpoint.name()]);
            self.add(name, STACK_SUBSCRIPTION, properties);
        }
    }

    /// What the stack writes for the ARN of a topic that it creates.
    pub(super) fn topic_arn(&self, arn: &str) -> Option<Value> {
        let topic = created(self.desired, arn)?;
        Some(json!({ "Ref": id(&topic.key) }))
    }
}

/// The stack's name for a topic.
fn id(key: &str) -> String {
    named("Topic", &[key])
}
