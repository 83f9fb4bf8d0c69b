//! Buses and rules in each template, side by side. A rule depends on its bus and on where it leads, and a bus on nothing, so no circle is
//! possible.

use serde_json::{Value, json};

use super::{
    DEFAULT,
    desired::{DesiredBus, DesiredRule, TARGET},
};
use crate::deploy::model::Desired;

/// The type of a bus in a stack.
pub(crate) const STACK_TYPE: &str = "AWS::Events::EventBus";
/// And in Terraform.
pub(crate) const TERRAFORM_TYPE: &str = "aws_cloudwatch_event_bus";

type Properties = Vec<(&'static str, Value)>;

/// The properties of a rule of a stack (`CloudFormation` template reference, `AWS::Events::Rule`), without tags; `arn` gives what the stack
/// writes for an ARN, `bus` for a bus, `text` for any other text.
pub(crate) fn stack_rule(
    rule: &DesiredRule,
    bus: Value,
    arn: impl Fn(&str) -> Value,
) -> Properties {
    let mut target = rule.target.clone();
    target["Arn"] = arn(rule.function());
    if let Some(queue) = rule.dead_letter() {
        target["DeadLetterConfig"] = json!({ "Arn": arn(queue) });
    }
    vec![
        ("Name", json!(rule.name)),
        ("EventBusName", bus),
        ("EventPattern", rule.pattern.clone()),
        ("State", json!(state(rule))),
        ("Targets", json!([target])),
    ]
}

/// The arguments of a rule of Terraform (the AWS provider's `aws_cloudwatch_event_rule`), without tags.
pub(crate) fn terraform_rule(
    rule: &DesiredRule,
    bus: &str,
    text: impl Fn(&str) -> String,
) -> Properties {
    vec![
        ("name", json!(rule.name)),
        ("event_bus_name", json!(bus)),
        ("event_pattern", json!(text(&rule.pattern.to_string()))),
        ("state", json!(state(rule))),
    ]
}

/// The arguments of its target (`aws_cloudwatch_event_target`); `label` is the rule's name in the module.
pub(crate) fn terraform_target(
    rule: &DesiredRule,
    (label, bus): (&str, &str),
    arn: impl Fn(&str) -> String,
    text: impl Fn(&str) -> String,
) -> Properties {
    let of = &rule.target;
    let transformer = of["InputTransformer"]["InputTemplate"].as_str();
    let transformer = transformer.map(|template| {
        let paths = of["InputTransformer"]["InputPathsMap"].as_object();
        let paths = paths.into_iter().flatten();
        let paths = paths.map(|(key, path)| {
            let path = text(path.as_str().unwrap_or_default());
            (key.clone(), Value::from(path))
        });
        let paths = serde_json::Map::from_iter(paths);
        let mut all = json!({ "input_template": text(template) });
        if !paths.is_empty() {
            all["input_paths"] = paths.into();
        }
        all
    });
    let retry = of["RetryPolicy"].as_object().map(|_| {
        let held = &of["RetryPolicy"];
        let all = [
            (
                "maximum_event_age_in_seconds",
                &held["MaximumEventAgeInSeconds"],
            ),
            ("maximum_retry_attempts", &held["MaximumRetryAttempts"]),
        ];
        let all = all.into_iter().filter(|(_, value)| !value.is_null());
        let all = all.map(|(key, value)| (key.to_owned(), value.clone()));
        Value::Object(all.collect())
    });
    vec![
        (
            "rule",
            json!(format!("${{aws_cloudwatch_event_rule.{label}.name}}")),
        ),
        ("event_bus_name", json!(bus)),
        ("target_id", json!(TARGET)),
        ("arn", json!(arn(rule.function()))),
        ("input_path", json!(of["InputPath"].as_str().map(text))),
        ("input_transformer", json!(transformer)),
        (
            "dead_letter_config",
            json!(rule.dead_letter().map(|queue| json!({ "arn": arn(queue) }))),
        ),
        ("retry_policy", json!(retry)),
    ]
}

fn state(rule: &DesiredRule) -> &'static str {
    if rule.enabled { "ENABLED" } else { "DISABLED" }
}

/// The bus of that ARN, where the template creates it.
pub(crate) fn created<'a>(desired: &'a Desired, arn: &str) -> Option<&'a DesiredBus> {
    desired.buses.iter().find(|bus| bus.arn == arn)
}

/// The bus of that name, where the template creates it; `None` for the default one and for one that is there.
pub(crate) fn named<'a>(desired: &'a Desired, name: &str) -> Option<&'a DesiredBus> {
    let mut all = desired.buses.iter();
    all.find(|bus| bus.name == name && name != DEFAULT)
}
