//! Values of a function's keys that Lambda would refuse. Each check gets the value, the key as
//! written, and all keys of the function, including inherited ones.

use fw_grammar::schedule::{Dialect, Schedule};

use super::{FunctionKeys, Vpc};
use crate::{
    error::{Failure, Result},
    settings::check::{arn_of, range},
    values::lambda::LogFormat,
};

/// For a key whose type allows no wrong value.
pub(super) fn anything<T>(_: &T, _: &str, _: &FunctionKeys) -> Result<()> {
    Ok(())
}

pub(super) fn memory(size: &u32, key: &str, _: &FunctionKeys) -> Result<()> {
    range(key, *size, 128, 10_240, "MB")
}

pub(super) fn timeout(seconds: &u32, key: &str, _: &FunctionKeys) -> Result<()> {
    range(key, *seconds, 1, 900, "seconds")
}

pub(super) fn ephemeral_storage(size: &u32, key: &str, _: &FunctionKeys) -> Result<()> {
    range(key, *size, 512, 10_240, "MB")
}

pub(super) fn log_level<T>(_: &T, key: &str, function: &FunctionKeys) -> Result<()> {
    if function.log_format == Some(LogFormat::Json) {
        return Ok(());
    }
    Err(Failure::input(format!("`{key}` works only with JSON logs"))
        .because_of("Lambda does not know the levels of text lines")
        .hint("add `log_format = \"json\"`; an app written with `fw` also reads levels from the variable `RUST_LOG`"))
}

pub(super) fn kms_key(arn: &str, key: &str, _: &FunctionKeys) -> Result<()> {
    let example = "arn:aws:kms:eu-central-1:123456789012:key/…";
    arn_of(key, arn, &["kms"], example)?;
    if arn.contains(":key/") {
        return Ok(());
    }
    Err(
        Failure::input(format!("`{key}` is not the ARN of a key: {arn}"))
            .because_of("Lambda accepts the ARN of a key, not of an alias")
            .hint("`aws kms describe-key --key-id ALIAS` prints the ARN"),
    )
}

/// Lambda API reference, `VpcConfig`: at most 16 subnets and 5 security groups, and both or none.
pub(super) fn vpc(vpc: &Vpc, key: &str, _: &FunctionKeys) -> Result<()> {
    let lists = [
        ("subnets", &vpc.subnets, "subnet-", 16),
        ("security_groups", &vpc.security_groups, "sg-", 5),
    ];
    for (name, ids, prefix, most) in lists {
        if let Some(id) = ids.iter().find(|id| !id.starts_with(prefix)) {
            return Err(Failure::input(format!(
                "`{key}.{name}` has an id that is not valid: `{}`",
                id.escape_debug()
            ))
            .hint(format!("ids begin with `{prefix}`")));
        }
        if ids.len() > most {
            return Err(
                Failure::input(format!("`{key}.{name}` has too many: {}", ids.len()))
                    .because_of(format!("Lambda accepts {most}")),
            );
        }
    }
    if vpc.subnets.is_empty() == vpc.security_groups.is_empty() {
        return Ok(());
    }
    Err(
        Failure::input(format!("`{key}` needs subnets and security groups"))
            .hint("write both, or neither for a function outside of any VPC"),
    )
}

pub(super) fn layers(layers: &[String], key: &str, _: &FunctionKeys) -> Result<()> {
    if layers.len() > 5 {
        return Err(
            Failure::input(format!("`{key}` has too many: {}", layers.len()))
                .because_of("Lambda accepts five layers"),
        );
    }
    for arn in layers {
        let example = "arn:aws:lambda:eu-central-1:123456789012:layer:NAME:1";
        arn_of(key, arn, &["lambda"], example)?;
        let version = arn.split(':').nth(7);
        if version.is_none_or(|version| version.parse::<u32>().is_err()) {
            return Err(Failure::input(format!(
                "`{key}` is not the ARN of a layer's version: {arn}"
            ))
            .hint(format!(
                "write the ARN with the version's number at the end: `{example}`"
            )));
        }
    }
    Ok(())
}

pub(super) fn dead_letter(arn: &str, key: &str, _: &FunctionKeys) -> Result<()> {
    let example = "arn:aws:sqs:eu-central-1:123456789012:QUEUE";
    arn_of(key, arn, &["sqs", "sns"], example)?;
    if !arn.ends_with(".fifo") {
        return Ok(());
    }
    Err(
        Failure::input(format!("`{key}` cannot be a FIFO queue or topic: {arn}"))
            .because_of("Lambda sends failed events to standard queues and topics")
            .hint("name a standard queue or topic"),
    )
}

pub(super) fn role(arn: &str, key: &str, _: &FunctionKeys) -> Result<()> {
    let example = "arn:aws:iam::123456789012:role/NAME";
    arn_of(key, arn, &["iam"], example)?;
    if arn.contains(":role/") {
        return Ok(());
    }
    Err(
        Failure::input(format!("`{key}` is not the ARN of a role: {arn}"))
            .hint(format!("write the role's ARN: `{example}`")),
    )
}

/// Lambda API reference, `PutProvisionedConcurrencyConfig`: at least 1, and at most the reserved
/// concurrency.
pub(super) fn provisioned_concurrency(
    count: &u32,
    key: &str,
    function: &FunctionKeys,
) -> Result<()> {
    if *count == 0 {
        return Err(Failure::input(format!("`{key}` must be at least 1"))
            .hint("leave it out for no provisioned concurrency"));
    }
    if let Some(most) = function.concurrency.filter(|most| count > most) {
        let table = key.trim_end_matches("provisioned_concurrency");
        return Err(Failure::input(format!(
            "`{key}` is greater than `{table}concurrency`: {count} of {most}"
        ))
        .because_of("Lambda cannot initialise more processes than the function may have"));
    }
    Ok(())
}

/// A time in the grammar of Scheduler that comes more than once.
pub(super) fn keep_warm(expression: &str, key: &str, _: &FunctionKeys) -> Result<()> {
    let why = match Schedule::parse(expression, Dialect::Scheduler) {
        Ok(Schedule::Rate(_) | Schedule::Cron(_)) => return Ok(()),
        Ok(Schedule::At(_)) => {
            "it calls once, and a process stays awake for some minutes".to_owned()
        }
        Err(error) => error.to_string(),
    };
    Err(Failure::input(format!(
        "`{key}` is not a time that comes again: `{}`",
        expression.escape_debug()
    ))
    .because_of(why)
    .hint("write `rate(5 minutes)`, say"))
}
