//! Schedules in each template, side by side. A schedule depends on its group, on the role and on where it leads, and these on nothing of
//! it, so no circle is possible.

use serde_json::{Map, Value, json};

use super::desired::DesiredSchedule;

type Properties = Vec<(&'static str, Value)>;

/// The properties of a schedule of a stack (`CloudFormation` template reference, `AWS::Scheduler::Schedule`); `arn` gives what the stack
/// writes for an ARN.
pub(crate) fn stack(
    one: &DesiredSchedule,
    (group, role): (Value, Value),
    arn: impl Fn(&str) -> Value,
) -> Properties {
    let of = &one.document;
    let mut target = of["Target"].clone();
    target["Arn"] = arn(one.function());
    target["RoleArn"] = role;
    if let Some(queue) = one.dead_letter() {
        target["DeadLetterConfig"] = json!({ "Arn": arn(queue) });
    }
    let mut all = vec![("Name", json!(one.name)), ("GroupName", group)];
    for key in [
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "FlexibleTimeWindow",
        "State",
    ] {
        all.push((key, of[key].clone()));
    }
    all.push(("Target", target));
    all
}

/// The arguments of a schedule of Terraform (the AWS provider's `aws_scheduler_schedule`).
pub(crate) fn terraform(
    one: &DesiredSchedule,
    (group, role): (&str, &str),
    arn: impl Fn(&str) -> String,
    text: impl Fn(&str) -> String,
) -> Properties {
    let of = &one.document;
    let written = |value: &Value| text(value.as_str().unwrap_or_default());
    let window = &of["FlexibleTimeWindow"];
    let mut flexible = Map::from_iter([("mode".to_owned(), window["Mode"].clone())]);
    if let Some(minutes) = window["MaximumWindowInMinutes"].as_u64() {
        flexible.insert("maximum_window_in_minutes".to_owned(), minutes.into());
    }
    let retry = &of["Target"]["RetryPolicy"];
    let mut target = json!({
        "arn": arn(one.function()),
        "role_arn": role,
        "input": written(&of["Target"]["Input"]),
        "retry_policy": {
            "maximum_event_age_in_seconds": retry["MaximumEventAgeInSeconds"],
            "maximum_retry_attempts": retry["MaximumRetryAttempts"],
        },
    });
    if let Some(queue) = one.dead_letter() {
        target["dead_letter_config"] = json!({ "arn": arn(queue) });
    }
    vec![
        ("name", json!(one.name)),
        ("group_name", json!(group)),
        (
            "schedule_expression",
            json!(written(&of["ScheduleExpression"])),
        ),
        (
            "schedule_expression_timezone",
            of["ScheduleExpressionTimezone"].clone(),
        ),
        ("flexible_time_window", flexible.into()),
        ("state", of["State"].clone()),
        ("target", target),
    ]
}
