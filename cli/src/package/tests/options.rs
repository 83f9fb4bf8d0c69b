//! Reads back what a template says of a function besides code, memory, timeout and variables.

use serde_json::Value;

use crate::values::lambda::{AppLevel, LogFormat, Logging, Options, SystemLevel};

/// `CloudFormation`'s, or SAM's.
pub(super) fn of_stack(function: &Value) -> Options {
    let tracing = [&function["TracingConfig"]["Mode"], &function["Tracing"]];
    let dead = [
        &function["DeadLetterConfig"]["TargetArn"],
        &function["DeadLetterQueue"]["TargetArn"],
    ];
    Options {
        ephemeral_storage: size(&function["EphemeralStorage"]["Size"]),
        logging: logging(
            &function["LoggingConfig"],
            ["LogFormat", "ApplicationLogLevel", "SystemLogLevel"],
        ),
        kms_key: text(&function["KmsKeyArn"]),
        subnets: list(&function["VpcConfig"]["SubnetIds"])
            .into_iter()
            .collect(),
        security_groups: list(&function["VpcConfig"]["SecurityGroupIds"])
            .into_iter()
            .collect(),
        layers: list(&function["Layers"]),
        tracing: tracing.iter().any(|mode| **mode == "Active"),
        dead_letter: dead.into_iter().find_map(text),
    }
}

/// Terraform's.
pub(super) fn of_terraform(function: &Value) -> Options {
    Options {
        ephemeral_storage: size(&function["ephemeral_storage"]["size"]),
        logging: logging(
            &function["logging_config"],
            ["log_format", "application_log_level", "system_log_level"],
        ),
        kms_key: text(&function["kms_key_arn"]),
        subnets: list(&function["vpc_config"]["subnet_ids"])
            .into_iter()
            .collect(),
        security_groups: list(&function["vpc_config"]["security_group_ids"])
            .into_iter()
            .collect(),
        layers: list(&function["layers"]),
        tracing: function["tracing_config"]["mode"] == "Active",
        dead_letter: text(&function["dead_letter_config"]["target_arn"]),
    }
}

fn size(value: &Value) -> u32 {
    value
        .as_u64()
        .map_or(512, |size| u32::try_from(size).unwrap())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn list(value: &Value) -> Vec<String> {
    let list = value.as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect()
}

fn logging(value: &Value, names: [&str; 3]) -> Logging {
    let [format, app, system] = names;
    let word = |name: &str| value[name].as_str();
    Logging {
        format: match word(format) {
            Some("JSON") => LogFormat::Json,
            _ => LogFormat::Text,
        },
        app: word(app).and_then(AppLevel::from_aws),
        system: word(system).and_then(SystemLevel::from_aws),
    }
}
