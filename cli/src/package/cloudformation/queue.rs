//! The queues of a stack.

use serde_json::{Value, json};

use super::{Stack, named, table};
use crate::deploy::kind::queue::template::{self, STACK_TYPE};

impl Stack<'_> {
    /// Adds the queues that the deployment creates.
    pub(super) fn queues(&mut self) {
        for piece in template::stack(self.desired, id) {
            let tags = ("Tags", self.list_of_tags());
            let properties = piece.properties.into_iter().chain([tags]);
            self.add(id(&piece.queue.key), STACK_TYPE, table(properties));
        }
    }

    /// A queue's ARN: of one of them, or as it is.
    pub(super) fn queue_arn(&self, arn: &str) -> Value {
        match template::created(self.desired, arn) {
            Some(queue) => json!({ "Fn::GetAtt": [id(&queue.key), "Arn"] }),
            None => json!(arn),
        }
    }

    /// The value of a variable that is the URL of one of them.
    pub(super) fn queue_url(&self, value: &str) -> Option<Value> {
        let queue = template::of_url(self.desired, value)?;
        Some(json!({ "Ref": id(&queue.key) }))
    }
}

/// The stack's name for a queue.
fn id(key: &str) -> String {
    named("Queue", &[key])
}
