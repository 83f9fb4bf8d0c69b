//! The queues of a module.

use serde_json::{Value, json};

use super::{Module, table};
use crate::deploy::kind::queue::{
    policy::statement,
    template::{self, TERRAFORM_TYPE},
};

impl Module<'_> {
    /// Adds the queues that the deployment creates.
    pub(super) fn queues(&mut self) {
        for piece in template::terraform(self.desired, label) {
            let tags = ("tags", self.tags());
            let properties = piece.properties.into_iter().chain([tags]);
            self.add(TERRAFORM_TYPE, label(&piece.queue.key), table(properties));
        }
        for queue in &self.desired.queues {
            let label = label(&queue.key);
            let arn = format!("${{{TERRAFORM_TYPE}.{label}.arn}}");
            let said = |sender| {
                let text = statement("", sender).to_string();
                let text = self.placed(&text);
                let mut statement: Value =
                    serde_json::from_str(text.as_str().unwrap_or_default()).unwrap_or_default();
                statement["Resource"] = arn.as_str().into();
                statement
            };
            let statements: Vec<Value> = queue.attributes.senders.iter().map(said).collect();
            if statements.is_empty() {
                continue;
            }
            let policy = json!({ "Version": "2012-10-17", "Statement": statements });
            let policy = json!({
                "queue_url": format!("${{{TERRAFORM_TYPE}.{label}.url}}"),
                "policy": policy.to_string(),
            });
            self.add("aws_sqs_queue_policy", label, policy);
        }
    }

    /// What the module writes for the ARN of a queue or topic of its own, or of anything else.
    pub(super) fn arn(&self, arn: &str) -> String {
        if let Some(queue) = template::created(self.desired, arn) {
            return format!("${{{TERRAFORM_TYPE}.{}.arn}}", label(&queue.key));
        }
        let known = self.topic_arn(arn).unwrap_or_else(|| self.placed(arn));
        known.as_str().unwrap_or_default().to_owned()
    }

    /// A queue's ARN: of one of them, or as it is.
    pub(super) fn queue_arn(&self, arn: &str) -> Value {
        match template::created(self.desired, arn) {
            Some(queue) => json!(format!("${{{TERRAFORM_TYPE}.{}.arn}}", label(&queue.key))),
            None => json!(arn),
        }
    }

    /// The value of a variable that is the URL of one of them.
    pub(super) fn queue_url(&self, value: &str) -> Option<Value> {
        let queue = template::of_url(self.desired, value)?;
        Some(json!(format!(
            "${{{TERRAFORM_TYPE}.{}.url}}",
            label(&queue.key)
        )))
    }
}

/// The identifier of a queue in the document: a name may start with a digit, an identifier may not.
fn label(key: &str) -> String {
    format!("queue_{key}")
}
