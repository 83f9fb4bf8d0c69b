//! The topics of a module, and what leads from topics to its functions and queues.

use serde_json::{Value, json};

use super::{Module, escaped, named, table};
use crate::deploy::kind::topic::template::{
    TERRAFORM_SUBSCRIPTION, TERRAFORM_TYPE, created, terraform, terraform_subscription,
};

impl Module<'_> {
    /// Adds the topics that the deployment creates, and the subscriptions.
    pub(super) fn topics(&mut self) {
        for topic in &self.desired.topics {
            let tags = ("tags", self.tags());
            let arguments = terraform(topic).into_iter().chain([tags]);
            self.add(TERRAFORM_TYPE, label(&topic.key), table(arguments));
        }
        for one in &self.desired.subscriptions {
            let arguments = table(terraform_subscription(one, |arn| self.arn(arn), escaped));
            let label = named("topic_", &[&one.topic, one.endpoint.name()]);
            self.add(TERRAFORM_SUBSCRIPTION, label, arguments);
        }
    }

    /// What the module writes for the ARN of a topic that it creates.
    pub(super) fn topic_arn(&self, arn: &str) -> Option<Value> {
        let topic = created(self.desired, arn)?;
        Some(json!(format!(
            "${{{TERRAFORM_TYPE}.{}.arn}}",
            label(&topic.key)
        )))
    }
}

/// The module's name for a topic: a name may begin with a digit, and an identifier may not.
fn label(key: &str) -> String {
    format!("topic_{key}")
}
