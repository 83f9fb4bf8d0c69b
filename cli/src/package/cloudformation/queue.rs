//! The queues of a stack.

use serde_json::{Value, json};

use super::{Stack, map_strings, named, table};
use crate::deploy::kind::queue::{
    policy::statement,
    template::{self, STACK_TYPE},
};

impl Stack<'_> {
    /// Adds the queues that the deployment creates.
    pub(super) fn queues(&mut self) {
        for piece in template::stack(self.desired, id) {
            let tags = ("Tags", self.list_of_tags());
            let properties = piece.properties.into_iter().chain([tags]);
            self.add(id(&piece.queue.key), STACK_TYPE, table(properties));
        }
        for queue in &self.desired.queues {
            let arn = json!({ "Fn::GetAtt": [id(&queue.key), "Arn"] });
            let said = |sender| {
                let mut statement = map_strings(&statement("", sender), &|text| self.sub(text));
                statement["Resource"] = arn.clone();
                statement
            };
            let statements: Vec<Value> = queue.attributes.senders.iter().map(said).collect();
            if statements.is_empty() {
                continue;
            }
            let properties = json!({
                "Queues": [{ "Ref": id(&queue.key) }],
                "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
            });
            let name = named("QueuePolicy", &[&queue.key]);
            self.add(name, "AWS::SQS::QueuePolicy", properties);
        }
    }

    /// What the stack writes for the ARN of a queue or topic of its own, or of anything else.
    pub(super) fn arn(&self, arn: &str) -> Value {
        let queue = template::created(self.desired, arn);
        let queue = queue.map(|queue| json!({ "Fn::GetAtt": [id(&queue.key), "Arn"] }));
        let known = queue.or_else(|| self.topic_arn(arn));
        known.unwrap_or_else(|| self.sub(arn))
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
