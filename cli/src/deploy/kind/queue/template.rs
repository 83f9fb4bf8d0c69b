//! A queue in each template, side by side. A function depends on its queues by their URLs, and a queue on nothing but the one that its
//! dead letters go to, so no circle is possible.

use serde_json::{Value, json};

use super::desired::{Attributes, DeadLetter, DesiredQueue, Encryption};
use crate::deploy::model::Desired;

/// What a queue is in a template.
pub(crate) struct Piece<'a> {
    /// The queue.
    pub(crate) queue: &'a DesiredQueue,
    /// What its properties are, without tags and without what is empty.
    pub(crate) properties: Vec<(&'static str, Value)>,
}

/// The type of it in a stack.
pub(crate) const STACK_TYPE: &str = "AWS::SQS::Queue";
/// And in Terraform.
pub(crate) const TERRAFORM_TYPE: &str = "aws_sqs_queue";

/// A queue of a stack (`CloudFormation` template reference, `AWS::SQS::Queue`); `id` gives the stack's name for what the app calls so.
pub(crate) fn stack<'a>(desired: &'a Desired, id: impl Fn(&str) -> String) -> Vec<Piece<'a>> {
    let all = desired.queues.iter();
    all.map(|queue| {
        let of = &queue.attributes;
        let dead_letter = of.dead_letter.as_ref();
        let redrive = dead_letter.map(|DeadLetter { queue, receives }| {
            let target = match created(desired, queue) {
                Some(target) => json!({ "Fn::GetAtt": [id(&target.key), "Arn"] }),
                None => json!(queue),
            };
            json!({ "deadLetterTargetArn": target, "maxReceiveCount": receives })
        });
        let properties = vec![
            ("QueueName", json!(queue.name)),
            ("FifoQueue", fifo(of, true)),
            ("ContentBasedDeduplication", fifo(of, of.deduplication)),
            ("VisibilityTimeout", json!(of.visibility_timeout)),
            ("DelaySeconds", json!(of.delay)),
            ("MessageRetentionPeriod", json!(of.retention)),
            ("RedrivePolicy", json!(redrive)),
            ("KmsMasterKeyId", json!(key(of))),
            ("SqsManagedSseEnabled", own_key(of)),
        ];
        Piece { queue, properties }
    })
    .collect()
}

/// A queue of Terraform (the AWS provider's `aws_sqs_queue`); `label` gives its name for what the app calls so.
pub(crate) fn terraform<'a>(
    desired: &'a Desired,
    label: impl Fn(&str) -> String,
) -> Vec<Piece<'a>> {
    let all = desired.queues.iter();
    all.map(|queue| {
        let of = &queue.attributes;
        let dead_letter = of.dead_letter.as_ref();
        let redrive = dead_letter.map(|DeadLetter { queue, receives }| {
            let target = match created(desired, queue) {
                Some(target) => format!("${{{TERRAFORM_TYPE}.{}.arn}}", label(&target.key)),
                None => queue.clone(),
            };
            json!({ "deadLetterTargetArn": target, "maxReceiveCount": receives }).to_string()
        });
        let properties = vec![
            ("name", json!(queue.name)),
            ("fifo_queue", fifo(of, true)),
            ("content_based_deduplication", fifo(of, of.deduplication)),
            ("visibility_timeout_seconds", json!(of.visibility_timeout)),
            ("delay_seconds", json!(of.delay)),
            ("message_retention_seconds", json!(of.retention)),
            ("redrive_policy", json!(redrive)),
            ("kms_master_key_id", json!(key(of))),
            ("sqs_managed_sse_enabled", own_key(of)),
        ];
        Piece { queue, properties }
    })
    .collect()
}

/// The queue whose URL that is, where the template creates it.
pub(crate) fn of_url<'a>(desired: &'a Desired, url: &str) -> Option<&'a DesiredQueue> {
    let mut all = desired.queues.iter();
    all.find(|queue| queue.url() == url)
}

/// The queue of that ARN, where the template creates it.
pub(crate) fn created<'a>(desired: &'a Desired, arn: &str) -> Option<&'a DesiredQueue> {
    let mut all = desired.queues.iter();
    all.find(|queue| queue.arn == arn)
}

fn key(of: &Attributes) -> Option<&str> {
    match &of.encryption {
        Encryption::Kms(key) => Some(key),
        Encryption::Sqs | Encryption::Off => None,
    }
}

fn own_key(of: &Attributes) -> Value {
    match of.encryption {
        Encryption::Sqs => json!(true),
        Encryption::Kms(_) | Encryption::Off => Value::Null,
    }
}

/// What a FIFO queue alone may say.
fn fifo(of: &Attributes, value: bool) -> Value {
    match of.fifo && value {
        true => json!(true),
        false => Value::Null,
    }
}
