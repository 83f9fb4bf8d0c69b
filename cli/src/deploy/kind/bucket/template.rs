//! A bucket in each template, side by side. What it reports to functions depends on them and on their permissions. So these, the functions'
//! variables and their roles name the bucket by its name and not by a reference: no circle is possible.

use serde_json::{Map, Value, json};

use super::desired::DesiredBucket;
use crate::deploy::{kind::function::desired::DesiredFunction, model::Desired};
use crate::values::notification::{Notification, Receiver};

/// The type of it in a stack.
pub(crate) const STACK_TYPE: &str = "AWS::S3::Bucket";
/// And in Terraform.
pub(crate) const TERRAFORM_TYPE: &str = "aws_s3_bucket";
/// What keeps everything out that could make it public, in Terraform.
pub(crate) const TERRAFORM_BLOCK: &str = "aws_s3_bucket_public_access_block";
/// What it reports, in Terraform.
pub(crate) const TERRAFORM_NOTIFICATION: &str = "aws_s3_bucket_notification";

/// The bucket of that name, where the template creates it.
pub(crate) fn created<'d>(desired: &'d Desired, name: &str) -> Option<&'d DesiredBucket> {
    let mut own = desired.buckets.iter().filter(|one| one.own());
    own.find(|one| one.name == name)
}

/// The functions that a bucket reports to: it is set once their permissions are there.
pub(crate) fn receivers<'d>(
    desired: &'d Desired,
    one: &'d DesiredBucket,
) -> impl Iterator<Item = &'d DesiredFunction> {
    desired.functions.iter().filter(|function| {
        let alias = desired.place.alias(&function.name);
        let mut reports = one.notifications.iter();
        reports.any(|report| receiver(report) == alias)
    })
}

/// The properties of a stack's bucket, without name and tags (`CloudFormation` template reference, `AWS::S3::Bucket`); `function` gives the
/// function's alias of an ARN.
pub(crate) fn stack(
    one: &DesiredBucket,
    function: impl Fn(&str) -> Value,
) -> Vec<(&'static str, Value)> {
    let blocks = [
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    ];
    let reports = one.notifications.iter().flat_map(|report| {
        let function = &function;
        // A configuration of a stack has one event, and no id.
        report.events.iter().map(move |event| {
            let rule = |name: &str, value: &Option<String>| {
                value
                    .as_ref()
                    .map(|value| json!({ "Name": name, "Value": value }))
            };
            let rules = [
                rule("prefix", &report.prefix),
                rule("suffix", &report.suffix),
            ];
            let rules: Vec<Value> = rules.into_iter().flatten().collect();
            let mut said = json!({ "Event": event, "Function": function(receiver(report)) });
            if !rules.is_empty() {
                said["Filter"] = json!({ "S3Key": { "Rules": rules } });
            }
            said
        })
    });
    let reports: Vec<Value> = reports.collect();
    let reports = match reports.is_empty() {
        true => Value::Null,
        false => json!({ "LambdaConfigurations": reports }),
    };
    vec![
        ("PublicAccessBlockConfiguration", all(&blocks)),
        ("NotificationConfiguration", reports),
    ]
}

/// What keeps everything out of a bucket of Terraform.
pub(crate) fn terraform_block() -> Value {
    all(&[
        "block_public_acls",
        "ignore_public_acls",
        "block_public_policy",
        "restrict_public_buckets",
    ])
}

/// What a bucket of Terraform reports (the AWS provider's `aws_s3_bucket_notification`); `function` as in [`stack`].
pub(crate) fn terraform_reports(
    one: &DesiredBucket,
    function: impl Fn(&str) -> Value,
) -> Vec<Value> {
    let reports = one.notifications.iter();
    reports
        .map(|report| {
            let mut said = json!({
                "id": report.id,
                "lambda_function_arn": function(receiver(report)),
                "events": report.events,
            });
            for (key, value) in [
                ("filter_prefix", &report.prefix),
                ("filter_suffix", &report.suffix),
            ] {
                if let Some(value) = value {
                    said[key] = json!(value);
                }
            }
            said
        })
        .collect()
}

/// The ARN of the function that a report is for.
fn receiver(report: &Notification) -> &str {
    let (Receiver::Function(arn) | Receiver::Queue(arn) | Receiver::Topic(arn)) = &report.receiver;
    arn
}

fn all(keys: &[&str]) -> Value {
    let pairs = keys.iter().map(|&key| (key.to_owned(), json!(true)));
    Value::Object(pairs.collect::<Map<_, _>>())
}
