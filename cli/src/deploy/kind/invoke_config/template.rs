//! How asynchronous invocations are handled in each template, side by side. It depends on the alias and the destinations, and nothing on it, so
//! no circle is possible.

use serde_json::{Value, json};

use crate::values::asynchronous::Asynchronous;

/// The type of it in a stack.
pub(crate) const STACK_TYPE: &str = "AWS::Lambda::EventInvokeConfig";
/// And in Terraform.
pub(crate) const TERRAFORM_TYPE: &str = "aws_lambda_function_event_invoke_config";

/// A stack's, without the function (`CloudFormation` template reference, `AWS::Lambda::EventInvokeConfig`); `target` writes a destination.
pub(crate) fn stack(
    one: &Asynchronous,
    target: impl Fn(&str) -> Value,
) -> Vec<(&'static str, Value)> {
    let words = ["OnSuccess", "OnFailure", "Destination"];
    vec![
        ("MaximumRetryAttempts", json!(one.retries)),
        ("MaximumEventAgeInSeconds", json!(one.max_event_age)),
        ("DestinationConfig", destinations(one, words, target)),
    ]
}

/// Terraform's, without the function (the AWS provider's `aws_lambda_function_event_invoke_config`); `target` as in [`stack`].
pub(crate) fn terraform(
    one: &Asynchronous,
    target: impl Fn(&str) -> Value,
) -> Vec<(&'static str, Value)> {
    let words = ["on_success", "on_failure", "destination"];
    vec![
        ("maximum_retry_attempts", json!(one.retries)),
        ("maximum_event_age_in_seconds", json!(one.max_event_age)),
        ("destination_config", destinations(one, words, target)),
    ]
}

fn destinations(
    one: &Asynchronous,
    [success, failure, destination]: [&str; 3],
    target: impl Fn(&str) -> Value,
) -> Value {
    let pairs = [(success, &one.on_success), (failure, &one.on_failure)];
    let pairs = pairs.into_iter();
    let set = pairs.filter_map(|(word, arn)| {
        let arn = arn.as_ref()?;
        Some((word.to_owned(), json!({ destination: target(arn) })))
    });
    let set: serde_json::Map<String, Value> = set.collect();
    match set.is_empty() {
        true => Value::Null,
        false => set.into(),
    }
}
