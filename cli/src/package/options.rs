//! A function's settings other than code, memory, timeout and variables, in a template's form.
//! Lambda's defaults are left out.

use serde_json::{Value, json};

use super::table;
use crate::values::lambda::{AppLevel, LogFormat, Logging, Options, SystemLevel};

/// A resource's properties: their names and values, `null` for none.
type Properties = Vec<(&'static str, Value)>;

/// `AWS::Lambda::Function`.
pub(super) fn stack(options: &Options) -> Properties {
    let mut all = common(options);
    let tracing = options.tracing.then(|| json!({ "Mode": "Active" }));
    all.push(("TracingConfig", json!(tracing)));
    let dead = options.dead_letter.as_ref();
    let dead = dead.map(|target| json!({ "TargetArn": target }));
    all.push(("DeadLetterConfig", json!(dead)));
    all
}

/// `AWS::Serverless::Function`.
pub(super) fn serverless(options: &Options) -> Properties {
    let mut all = common(options);
    all.push(("Tracing", json!(options.tracing.then_some("Active"))));
    let dead = options.dead_letter.as_ref().map(|target| {
        let kind = match target.split(':').nth(2) {
            Some("sns") => "SNS",
            _ => "SQS",
        };
        json!({ "Type": kind, "TargetArn": target })
    });
    all.push(("DeadLetterQueue", json!(dead)));
    all
}

fn common(options: &Options) -> Properties {
    vec![
        (
            "EphemeralStorage",
            storage(options).map_or(Value::Null, |size| json!({ "Size": size })),
        ),
        (
            "LoggingConfig",
            logging(
                options,
                ["LogFormat", "ApplicationLogLevel", "SystemLogLevel"],
            ),
        ),
        ("KmsKeyArn", json!(options.kms_key)),
        (
            "VpcConfig",
            table([
                ("SubnetIds", json!(options.subnets)),
                ("SecurityGroupIds", json!(options.security_groups)),
            ]),
        ),
        ("Layers", json!(options.layers)),
    ]
}

/// Terraform's `aws_lambda_function`.
pub(super) fn terraform(options: &Options) -> Properties {
    let tracing = options.tracing.then(|| json!({ "mode": "Active" }));
    let dead = options.dead_letter.as_ref();
    let dead = dead.map(|target| json!({ "target_arn": target }));
    vec![
        (
            "ephemeral_storage",
            storage(options).map_or(Value::Null, |size| json!({ "size": size })),
        ),
        (
            "logging_config",
            logging(
                options,
                ["log_format", "application_log_level", "system_log_level"],
            ),
        ),
        ("kms_key_arn", json!(options.kms_key)),
        (
            "vpc_config",
            table([
                ("subnet_ids", json!(options.subnets)),
                ("security_group_ids", json!(options.security_groups)),
            ]),
        ),
        ("layers", json!(options.layers)),
        ("tracing_config", json!(tracing)),
        ("dead_letter_config", json!(dead)),
    ]
}

fn storage(options: &Options) -> Option<u32> {
    let size = options.ephemeral_storage;
    (size != Options::default().ephemeral_storage).then_some(size)
}

fn logging(options: &Options, names: [&'static str; 3]) -> Value {
    let Logging {
        format,
        app,
        system,
    } = options.logging;
    if options.logging == Logging::default() {
        return Value::Null;
    }
    let [format_name, app_name, system_name] = names;
    let format = match format {
        LogFormat::Text => "Text",
        LogFormat::Json => "JSON",
    };
    table([
        (format_name, json!(format)),
        (app_name, json!(app.map(AppLevel::as_aws))),
        (system_name, json!(system.map(SystemLevel::as_aws))),
    ])
}
