//! The queues of a module.

use serde_json::{Value, json};

use super::{Module, table};
use crate::deploy::kind::queue::template::{self, TERRAFORM_TYPE};

impl Module<'_> {
    /// Adds the queues that the deployment creates.
    pub(super) fn queues(&mut self) {
        for piece in template::terraform(self.desired, label) {
            let tags = ("tags", self.tags());
            let properties = piece.properties.into_iter().chain([tags]);
            self.add(TERRAFORM_TYPE, label(&piece.queue.key), table(properties));
        }
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
