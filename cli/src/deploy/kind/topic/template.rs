//! Topics and subscriptions in each template, side by side. A function depends on its topics by their ARNs, a subscription on the topic and
//! on where it leads, and a topic on nothing, so no circle is possible.

use serde_json::{Value, json};

use super::desired::{DesiredSubscription, DesiredTopic};
use crate::deploy::model::Desired;

/// The type of a topic in a stack.
pub(crate) const STACK_TYPE: &str = "AWS::SNS::Topic";
/// And in Terraform.
pub(crate) const TERRAFORM_TYPE: &str = "aws_sns_topic";
/// The type of a subscription in a stack.
pub(crate) const STACK_SUBSCRIPTION: &str = "AWS::SNS::Subscription";
/// And in Terraform.
pub(crate) const TERRAFORM_SUBSCRIPTION: &str = "aws_sns_topic_subscription";

type Properties = Vec<(&'static str, Value)>;

/// The properties of a topic of a stack (`CloudFormation` template reference, `AWS::SNS::Topic`), without tags.
pub(crate) fn stack(topic: &DesiredTopic) -> Properties {
    let of = &topic.attributes;
    vec![
        ("TopicName", json!(topic.name)),
        ("FifoTopic", fifo(of.fifo, true)),
        ("ContentBasedDeduplication", fifo(of.fifo, of.deduplication)),
        ("KmsMasterKeyId", json!(of.key)),
    ]
}

/// The arguments of a topic of Terraform (the AWS provider's `aws_sns_topic`), without tags.
pub(crate) fn terraform(topic: &DesiredTopic) -> Properties {
    let of = &topic.attributes;
    vec![
        ("name", json!(topic.name)),
        ("fifo_topic", fifo(of.fifo, true)),
        (
            "content_based_deduplication",
            fifo(of.fifo, of.deduplication),
        ),
        ("kms_master_key_id", json!(of.key)),
    ]
}

/// The properties of a subscription of a stack (`CloudFormation` template reference, `AWS::SNS::Subscription`); `arn` gives what the stack
/// writes for an ARN.
pub(crate) fn stack_subscription(
    one: &DesiredSubscription,
    arn: impl Fn(&str) -> Value,
) -> Properties {
    let (protocol, endpoint) = one.endpoint.parts();
    let of = &one.attributes;
    let redrive = of.dead_letter.as_ref();
    let redrive = redrive.map(|queue| json!({ "deadLetterTargetArn": arn(queue) }));
    vec![
        ("TopicArn", arn(&one.topic)),
        ("Protocol", json!(protocol)),
        ("Endpoint", arn(endpoint)),
        ("FilterPolicy", json!(of.filter)),
        ("FilterPolicyScope", json!(of.body.then_some("MessageBody"))),
        ("RawMessageDelivery", json!(of.raw.then_some(true))),
        ("RedrivePolicy", json!(redrive)),
    ]
}

/// The arguments of a subscription of Terraform (the AWS provider's `aws_sns_topic_subscription`); `arn` gives what the module writes for
/// an ARN, and `text` what it writes for any other text.
pub(crate) fn terraform_subscription(
    one: &DesiredSubscription,
    arn: impl Fn(&str) -> String,
    text: impl Fn(&str) -> String,
) -> Properties {
    let (protocol, endpoint) = one.endpoint.parts();
    let of = &one.attributes;
    let filter = of.filter.as_ref().map(|policy| text(&policy.to_string()));
    let redrive = of.dead_letter.as_ref();
    let redrive = redrive.map(|queue| json!({ "deadLetterTargetArn": arn(queue) }).to_string());
    vec![
        ("topic_arn", json!(arn(&one.topic))),
        ("protocol", json!(protocol)),
        ("endpoint", json!(arn(endpoint))),
        ("filter_policy", json!(filter)),
        (
            "filter_policy_scope",
            json!(of.body.then_some("MessageBody")),
        ),
        ("raw_message_delivery", json!(of.raw.then_some(true))),
        ("redrive_policy", json!(redrive)),
    ]
}

/// The topic of that ARN, where the template creates it.
pub(crate) fn created<'a>(desired: &'a Desired, arn: &str) -> Option<&'a DesiredTopic> {
    desired.topics.iter().find(|topic| topic.arn == arn)
}

/// What a FIFO topic alone may say.
fn fifo(fifo: bool, value: bool) -> Value {
    match fifo && value {
        true => json!(true),
        false => Value::Null,
    }
}
