//! What is set of a function besides memory, timeout and variables: for the app's own, and over it for each authorizer's.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::check;
use crate::{
    error::{Failure, Result},
    values::{
        lambda::{AppLevel, EPHEMERAL_STORAGE, LogFormat, Logging, Options, SystemLevel},
        statement::{Effect, Statement},
    },
};

/// The network that a function is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vpc {
    /// Subnets' ids, 1 to 16; none takes the function out of the VPC.
    #[serde(default)]
    pub(crate) subnets: Vec<String>,
    /// Security groups' ids, 1 to 5.
    #[serde(default)]
    pub(crate) security_groups: Vec<String>,
}

/// Whether X-Ray traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tracing {
    /// Lambda passes on what the caller decided.
    #[default]
    PassThrough,
    /// Lambda decides which requests are traced.
    Active,
}

/// What is written of a function; every key optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FunctionSettings {
    /// What `/tmp` holds, in MB, 512 to 10240.
    pub(crate) ephemeral_storage: Option<u32>,
    /// How the log is written.
    pub(crate) log_format: Option<LogFormat>,
    /// From which level on the app's lines are kept.
    pub(crate) log_level: Option<AppLevel>,
    /// From which level on Lambda's own lines are kept.
    pub(crate) system_log_level: Option<SystemLevel>,
    /// The KMS key's ARN.
    pub(crate) kms_key: Option<String>,
    /// The network.
    pub(crate) vpc: Option<Vpc>,
    /// Layers' versions, by ARN, in order; 5 at the most.
    pub(crate) layers: Option<Vec<String>>,
    /// Whether X-Ray traces.
    pub(crate) tracing: Option<Tracing>,
    /// The ARN of the queue or topic for asynchronous events that failed for good; `none` takes away what the app's has.
    pub(crate) dead_letter: Option<String>,
    /// The ARN of a role that is there already, in place of the deployment's own.
    pub(crate) role: Option<String>,
    /// How many invocations are kept for the function, and how many it may have. Each function's own.
    pub(crate) concurrency: Option<u32>,
    /// How many processes are kept awake. Each function's own.
    pub(crate) provisioned_concurrency: Option<u32>,
}

impl FunctionSettings {
    /// The same over what another function has.
    pub(crate) fn over(&self, base: &Self) -> Self {
        Self {
            ephemeral_storage: self.ephemeral_storage.or(base.ephemeral_storage),
            log_format: self.log_format.or(base.log_format),
            log_level: self.log_level.or(base.log_level),
            system_log_level: self.system_log_level.or(base.system_log_level),
            kms_key: self.kms_key.clone().or_else(|| base.kms_key.clone()),
            vpc: self.vpc.clone().or_else(|| base.vpc.clone()),
            layers: self.layers.clone().or_else(|| base.layers.clone()),
            tracing: self.tracing.or(base.tracing),
            dead_letter: self
                .dead_letter
                .clone()
                .or_else(|| base.dead_letter.clone()),
            role: self.role.clone().or_else(|| base.role.clone()),
            concurrency: self.concurrency,
            provisioned_concurrency: self.provisioned_concurrency,
        }
    }

    /// What Lambda is to hold.
    pub(crate) fn options(&self) -> Options {
        let format = self.log_format.unwrap_or_default();
        let json = format == LogFormat::Json;
        let vpc = self.vpc.clone().unwrap_or_default();
        Options {
            ephemeral_storage: self.ephemeral_storage.unwrap_or(EPHEMERAL_STORAGE),
            // Lambda has `INFO` for what is not said of JSON, and no levels for text.
            logging: Logging {
                format,
                app: json.then(|| self.log_level.unwrap_or(AppLevel::Info)),
                system: json.then(|| self.system_log_level.unwrap_or(SystemLevel::Info)),
            },
            kms_key: self.kms_key.clone(),
            subnets: vpc.subnets.into_iter().collect(),
            security_groups: vpc.security_groups.into_iter().collect(),
            layers: self.layers.clone().unwrap_or_default(),
            tracing: self.tracing == Some(Tracing::Active),
            dead_letter: self.dead_letter.clone(),
        }
    }

    /// The keys that are set and mean nothing to the local server.
    pub(crate) fn only_deployed(&self) -> Vec<&'static str> {
        let set = [
            ("ephemeral_storage", self.ephemeral_storage.is_some()),
            ("kms_key", self.kms_key.is_some()),
            ("vpc", self.vpc.is_some()),
            ("layers", self.layers.is_some()),
            ("dead_letter", self.dead_letter.is_some()),
            ("role", self.role.is_some()),
            (
                "provisioned_concurrency",
                self.provisioned_concurrency.is_some(),
            ),
        ];
        let set = set.into_iter().filter(|(_, set)| *set);
        set.map(|(key, _)| key).collect()
    }

    /// Refuses what Lambda would; `of` names the table that the keys stand in, or is empty.
    ///
    /// # Errors
    ///
    /// The first such key; exit code 65.
    pub(super) fn check(&self, of: &str) -> Result<()> {
        let key = |name: &str| match of {
            "" => name.to_owned(),
            table => format!("{table}.{name}"),
        };
        if let Some(size) = self.ephemeral_storage {
            check::range(&key("ephemeral_storage"), size, 512, 10_240, "MB")?;
        }
        let levels = [
            ("log_level", self.log_level.is_some()),
            ("system_log_level", self.system_log_level.is_some()),
        ];
        let json = self.log_format == Some(LogFormat::Json);
        if let Some((name, _)) = levels.into_iter().find(|(_, set)| *set && !json) {
            return Err(Failure::input(format!(
                "`{}` is for logs in JSON alone",
                key(name)
            ))
            .because_of("Lambda does not know the levels of lines of text")
            .hint("add `log_format = \"json\"`; an app made with the framework also reads levels from the variable `RUST_LOG`"));
        }
        if let Some(arn) = &self.kms_key {
            arn_of(
                &key("kms_key"),
                arn,
                &["kms"],
                "arn:aws:kms:eu-central-1:123456789012:key/…",
            )?;
            if !arn.contains(":key/") {
                return Err(
                    Failure::input(format!("`{}` is no key: {arn}", key("kms_key")))
                        .because_of("Lambda takes a key's ARN, and no alias'")
                        .hint("`aws kms describe-key --key-id ALIAS` prints the ARN"),
                );
            }
        }
        self.check_network(&key)?;
        if let Some(arn) = &self.role {
            let example = "arn:aws:iam::123456789012:role/NAME";
            arn_of(&key("role"), arn, &["iam"], example)?;
            if !arn.contains(":role/") {
                return Err(
                    Failure::input(format!("`{}` is no role: {arn}", key("role")))
                        .hint(format!("write a role's ARN: `{example}`")),
                );
            }
        }
        if let Some(count) = self.provisioned_concurrency {
            // Lambda API reference, `PutProvisionedConcurrencyConfig`: 1 at the least, and no more than is reserved.
            if count == 0 {
                return Err(Failure::input(format!(
                    "`{}` is at least 1",
                    key("provisioned_concurrency")
                ))
                .hint("leave it out for none"));
            }
            if let Some(most) = self.concurrency.filter(|most| count > *most) {
                return Err(Failure::input(format!(
                    "`{}` is more than `{}`: {count} of {most}",
                    key("provisioned_concurrency"),
                    key("concurrency")
                ))
                .because_of("Lambda keeps no more processes awake than the function may have"));
            }
        }
        if let Some(layers) = &self.layers {
            if layers.len() > 5 {
                return Err(Failure::input(format!(
                    "`{}` has too many: {}",
                    key("layers"),
                    layers.len()
                ))
                .because_of("Lambda takes five layers"));
            }
            for arn in layers {
                let example = "arn:aws:lambda:eu-central-1:123456789012:layer:NAME:1";
                arn_of(&key("layers"), arn, &["lambda"], example)?;
                let version = arn.split(':').nth(7);
                if version.is_none_or(|version| version.parse::<u32>().is_err()) {
                    return Err(Failure::input(format!(
                        "`{}` names no version of a layer: {arn}",
                        key("layers")
                    ))
                    .hint(format!(
                        "write the version's number at the end: `{example}`"
                    )));
                }
            }
        }
        if let Some(arn) = &self.dead_letter {
            let example = "arn:aws:sqs:eu-central-1:123456789012:QUEUE";
            arn_of(&key("dead_letter"), arn, &["sqs", "sns"], example)?;
            if arn.ends_with(".fifo") {
                return Err(Failure::input(format!(
                    "`{}` cannot be a FIFO queue or topic: {arn}",
                    key("dead_letter")
                ))
                .because_of("Lambda sends failed events to standard queues and topics")
                .hint("name a standard one"));
            }
        }
        Ok(())
    }

    /// Lambda API reference, `VpcConfig`: 16 subnets and 5 security groups at the most, and both or none.
    fn check_network(&self, key: &impl Fn(&str) -> String) -> Result<()> {
        let Some(vpc) = &self.vpc else { return Ok(()) };
        let lists = [
            ("vpc.subnets", &vpc.subnets, "subnet-", 16),
            ("vpc.security_groups", &vpc.security_groups, "sg-", 5),
        ];
        for (name, ids, prefix, most) in lists {
            if let Some(id) = ids.iter().find(|id| !id.starts_with(prefix)) {
                return Err(Failure::input(format!(
                    "`{}` has an id that is none: `{}`",
                    key(name),
                    id.escape_debug()
                ))
                .hint(format!("ids begin with `{prefix}`")));
            }
            if ids.len() > most {
                return Err(
                    Failure::input(format!("`{}` has too many: {}", key(name), ids.len()))
                        .because_of(format!("Lambda takes {most}")),
                );
            }
        }
        if vpc.subnets.is_empty() != vpc.security_groups.is_empty() {
            return Err(Failure::input(format!(
                "`{}` needs subnets and security groups",
                key("vpc")
            ))
            .hint("write both, or neither for a function outside of any VPC"));
        }
        Ok(())
    }
}

/// Checks that a text is the ARN of something of those services.
pub(super) fn arn_of(key: &str, arn: &str, services: &[&str], example: &str) -> Result<()> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let right = matches!(parts.as_slice(),
        ["arn", partition, service, _, _, rest]
            if !partition.is_empty() && services.contains(service) && !rest.is_empty());
    if right {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`{key}` is not what it should be: `{}`",
        arn.escape_debug()
    ))
    .hint(format!("write its ARN: `{example}`")))
}

/// What the role of functions has to allow for what is set of them.
pub(crate) fn statements<'a>(all: impl Iterator<Item = &'a Options>) -> Vec<Statement> {
    /// Actions, and the resources that they are on.
    type Allowed = (&'static [&'static str], BTreeSet<String>);

    let mut needed: BTreeMap<(u8, &str), Allowed> = BTreeMap::new();
    let mut need = |place: u8, sid: &'static str, actions: &'static [&str], resource: &str| {
        let found = needed.entry((place, sid)).or_default();
        found.0 = actions;
        found.1.insert(resource.to_owned());
    };
    for options in all {
        if !options.subnets.is_empty() {
            need(0, "Network", &NETWORK, "*");
        }
        if options.tracing {
            need(1, "Tracing", &TRACING, "*");
        }
        if let Some(key) = &options.kms_key {
            // Lambda developer guide, "Securing Lambda environment variables".
            need(2, "Key", &["kms:Decrypt"], key);
        }
        if let Some(target) = &options.dead_letter {
            match target.split(':').nth(2) {
                Some("sns") => need(3, "DeadLetterTopic", &["sns:Publish"], target),
                _ => need(3, "DeadLetterQueue", &["sqs:SendMessage"], target),
            }
        }
    }
    let needed = needed.into_iter();
    needed
        .map(|((_, sid), (actions, resources))| Statement {
            sid: Some(sid.to_owned()),
            effect: Effect::Allow,
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
            resources: resources.into_iter().collect(),
            ..Statement::default()
        })
        .collect()
}

/// AWS managed policy reference, `AWSLambdaENIManagementAccess`.
const NETWORK: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
];
/// AWS managed policy reference, `AWSXRayDaemonWriteAccess`, without what samplers of one's own need.
const TRACING: [&str; 2] = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];

#[cfg(test)]
mod tests;
