//! A mapping in each template, side by side. It depends on its queue and on the function's alias, and neither on it, so no circle is
//! possible.

use serde_json::{Value, json};

use super::desired::DesiredMapping;
use crate::values::mapping::Pollers;

/// The type of it in a stack.
pub(crate) const STACK_TYPE: &str = "AWS::Lambda::EventSourceMapping";
/// And in Terraform.
pub(crate) const TERRAFORM_TYPE: &str = "aws_lambda_event_source_mapping";

const REPORTS: [&str; 1] = ["ReportBatchItemFailures"];

/// A mapping of a stack, without queue, function and tags (`CloudFormation` template reference, `AWS::Lambda::EventSourceMapping`);
/// `literal` writes a text that the stack takes as it is.
pub(crate) fn stack(
    one: &DesiredMapping,
    literal: impl Fn(&str) -> Value,
) -> Vec<(&'static str, Value)> {
    let polling = &one.polling;
    let filters = polling.filters.iter();
    let filters: Vec<Value> = filters
        .map(|filter| json!({ "Pattern": literal(filter) }))
        .collect();
    let pollers = polling.pollers;
    vec![
        ("BatchSize", json!(polling.batch_size)),
        ("MaximumBatchingWindowInSeconds", window(one)),
        ("FunctionResponseTypes", json!(REPORTS)),
        ("FilterCriteria", list("Filters", &filters)),
        (
            "ScalingConfig",
            optional(
                polling.max_concurrency,
                |most| json!({ "MaximumConcurrency": most }),
            ),
        ),
        (
            "ProvisionedPollerConfig",
            optional(
                pollers,
                |Pollers { min, max }| json!({ "MinimumPollers": min, "MaximumPollers": max }),
            ),
        ),
        ("Enabled", json!(true)),
    ]
}

/// A mapping of Terraform, without queue, function and tags (the AWS provider's `aws_lambda_event_source_mapping`); `literal` as in
/// [`stack`].
pub(crate) fn terraform(
    one: &DesiredMapping,
    literal: impl Fn(&str) -> Value,
) -> Vec<(&'static str, Value)> {
    let polling = &one.polling;
    let filters = polling.filters.iter();
    let filters: Vec<Value> = filters
        .map(|filter| json!({ "pattern": literal(filter) }))
        .collect();
    let pollers = polling.pollers;
    vec![
        ("batch_size", json!(polling.batch_size)),
        ("maximum_batching_window_in_seconds", window(one)),
        ("function_response_types", json!(REPORTS)),
        ("filter_criteria", list("filter", &filters)),
        (
            "scaling_config",
            optional(
                polling.max_concurrency,
                |most| json!({ "maximum_concurrency": most }),
            ),
        ),
        (
            "provisioned_poller_config",
            optional(
                pollers,
                |Pollers { min, max }| json!({ "minimum_pollers": min, "maximum_pollers": max }),
            ),
        ),
        ("enabled", json!(true)),
    ]
}

/// A FIFO queue takes no window, so one of 0 s is not said.
fn window(one: &DesiredMapping) -> Value {
    optional(
        Some(one.polling.batch_window).filter(|window| *window > 0),
        |window| json!(window),
    )
}

fn list(key: &str, all: &[Value]) -> Value {
    match all.is_empty() {
        true => Value::Null,
        false => json!({ key: all }),
    }
}

fn optional<T>(value: Option<T>, write: impl Fn(T) -> Value) -> Value {
    value.map_or(Value::Null, write)
}
