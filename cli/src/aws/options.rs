//! What a function has besides code, memory, timeout and variables: disk, logging, key, network, layers, tracing, and where
//! failed events go. All of it is part of a version, so a change is published like one of the code.

use std::collections::BTreeSet;

use aws_sdk_lambda::{
    operation::{
        create_function::builders::CreateFunctionFluentBuilder,
        update_function_configuration::builders::UpdateFunctionConfigurationFluentBuilder,
    },
    types::{
        DeadLetterConfig, EphemeralStorage, FunctionConfiguration, LogFormat as SdkLogFormat,
        LoggingConfig, TracingConfig, TracingMode, VpcConfig,
    },
};
use serde::{Deserialize, Serialize};

use crate::settings::function::{AppLevel, LogFormat, SystemLevel};

/// Lambda's disk when nothing is set, in MB.
pub(crate) const EPHEMERAL_STORAGE: u32 = 512;

/// The rest of a function's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    /// What `/tmp` holds, in MB, 512 to 10240.
    pub(crate) ephemeral_storage: u32,
    /// How Lambda writes its log, and from which level on.
    pub(crate) logging: Logging,
    /// The ARN of the KMS key that the variables are encrypted with; Lambda's own where there is none.
    pub(crate) kms_key: Option<String>,
    /// The subnets that it is in; in no VPC where there are none.
    pub(crate) subnets: BTreeSet<String>,
    /// Its security groups in the VPC.
    pub(crate) security_groups: BTreeSet<String>,
    /// The ARNs of its layers' versions, in the order that they are unpacked.
    pub(crate) layers: Vec<String>,
    /// Whether Lambda decides itself which requests X-Ray traces.
    pub(crate) tracing: bool,
    /// The ARN of the queue or topic that gets asynchronous events that failed for good.
    pub(crate) dead_letter: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ephemeral_storage: EPHEMERAL_STORAGE,
            logging: Logging::default(),
            kms_key: None,
            subnets: BTreeSet::new(),
            security_groups: BTreeSet::new(),
            layers: Vec::new(),
            tracing: false,
            dead_letter: None,
        }
    }
}

/// How a function's log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Logging {
    /// Text or JSON.
    pub(crate) format: LogFormat,
    /// From which level on the app's lines are kept; JSON alone.
    pub(crate) app: Option<AppLevel>,
    /// From which level on Lambda's own lines are kept; JSON alone.
    pub(crate) system: Option<SystemLevel>,
}

impl Logging {
    fn words(self) -> String {
        let app = self
            .app
            .map(|level| format!(", app from {}", level.as_str()));
        let system = self
            .system
            .map(|level| format!(", Lambda from {}", level.as_str()));
        format!(
            "{}{}{}",
            self.format.as_str(),
            app.unwrap_or_default(),
            system.unwrap_or_default()
        )
    }
}

impl Options {
    /// What differs, in the settings' words, old → new.
    pub(crate) fn differences(&self, new: &Self) -> Vec<String> {
        let one = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let many = |values: &mut dyn Iterator<Item = &String>| {
            let all: Vec<&str> = values.map(String::as_str).collect();
            match all.as_slice() {
                [] => "none".to_owned(),
                all => all.join(" "),
            }
        };
        let tracing = |on: bool| if on { "active" } else { "pass-through" };
        let size = |options: &Self| format!("{} MB", options.ephemeral_storage);
        let list = |options: &Self| {
            [
                ("ephemeral_storage", size(options)),
                ("log_format", options.logging.words()),
                ("kms_key", one(&options.kms_key)),
                ("vpc.subnets", many(&mut options.subnets.iter())),
                (
                    "vpc.security_groups",
                    many(&mut options.security_groups.iter()),
                ),
                ("layers", many(&mut options.layers.iter())),
                ("tracing", tracing(options.tracing).to_owned()),
                ("dead_letter", one(&options.dead_letter)),
            ]
        };
        let pairs = list(self).into_iter().zip(list(new));
        pairs
            .filter(|((_, old), (_, new))| old != new)
            .map(|((key, old), (_, new))| format!("{key}: {old} → {new}"))
            .collect()
    }

    /// The variables that tell the app how to log, as Lambda sets them; none where Lambda's defaults stay.
    pub(crate) fn log_variables(&self) -> Vec<(String, String)> {
        let Logging { format, app, .. } = self.logging;
        let format = (format == LogFormat::Json).then_some(("AWS_LAMBDA_LOG_FORMAT", "JSON"));
        let level = app.map(|level| ("AWS_LAMBDA_LOG_LEVEL", level.as_aws()));
        let all = format.into_iter().chain(level);
        all.map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// What was set apart from Lambda's defaults, in words: for people.
    pub(crate) fn told(&self) -> Vec<String> {
        Self::default()
            .differences(self)
            .into_iter()
            .map(|difference| {
                let (key, values) = difference.split_once(": ").unwrap_or((&difference, ""));
                let new = values.split_once(" → ").map_or(values, |(_, new)| new);
                format!("{key} {new}")
            })
            .collect()
    }

    /// What Lambda says of a function or a version.
    pub(super) fn seen(found: &FunctionConfiguration) -> Self {
        let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
        let vpc = found.vpc_config();
        Self {
            ephemeral_storage: found
                .ephemeral_storage()
                .and_then(|storage| u32::try_from(storage.size()).ok())
                .unwrap_or(EPHEMERAL_STORAGE),
            logging: found.logging_config().map(logging).unwrap_or_default(),
            kms_key: text(found.kms_key_arn()),
            subnets: vpc
                .map(|vpc| vpc.subnet_ids().iter().cloned().collect())
                .unwrap_or_default(),
            security_groups: vpc
                .map(|vpc| vpc.security_group_ids().iter().cloned().collect())
                .unwrap_or_default(),
            layers: found
                .layers()
                .iter()
                .filter_map(|layer| layer.arn().map(str::to_owned))
                .collect(),
            tracing: found.tracing_config().and_then(|tracing| tracing.mode())
                == Some(&TracingMode::Active),
            dead_letter: text(
                found
                    .dead_letter_config()
                    .and_then(|dead| dead.target_arn()),
            ),
        }
    }

    /// A new function's: what is Lambda's default is left out.
    pub(super) fn on_create(
        &self,
        request: CreateFunctionFluentBuilder,
    ) -> CreateFunctionFluentBuilder {
        let without = Self::default();
        let mut request = request
            .set_kms_key_arn(self.kms_key.clone())
            .set_layers((!self.layers.is_empty()).then(|| self.layers.clone()))
            .set_vpc_config((!self.subnets.is_empty()).then(|| self.vpc()))
            .set_dead_letter_config(self.dead_letter.is_some().then(|| self.dead()));
        if self.ephemeral_storage != without.ephemeral_storage {
            request = request.set_ephemeral_storage(self.storage());
        }
        if self.logging != without.logging {
            request = request.logging_config(self.log());
        }
        if self.tracing {
            request = request.tracing_config(self.trace());
        }
        request
    }

    /// A function's that is there: everything, since what is left out would stay (Lambda API reference,
    /// `UpdateFunctionConfiguration`: empty texts and lists take away).
    pub(super) fn on_update(
        &self,
        request: UpdateFunctionConfigurationFluentBuilder,
    ) -> UpdateFunctionConfigurationFluentBuilder {
        request
            .kms_key_arn(self.kms_key.clone().unwrap_or_default())
            .set_layers(Some(self.layers.clone()))
            .vpc_config(self.vpc())
            .dead_letter_config(self.dead())
            .set_ephemeral_storage(self.storage())
            .logging_config(self.log())
            .tracing_config(self.trace())
    }

    fn vpc(&self) -> VpcConfig {
        VpcConfig::builder()
            .set_subnet_ids(Some(self.subnets.iter().cloned().collect()))
            .set_security_group_ids(Some(self.security_groups.iter().cloned().collect()))
            .build()
    }

    fn dead(&self) -> DeadLetterConfig {
        DeadLetterConfig::builder()
            .target_arn(self.dead_letter.clone().unwrap_or_default())
            .build()
    }

    fn storage(&self) -> Option<EphemeralStorage> {
        let size = i32::try_from(self.ephemeral_storage).unwrap_or(i32::MAX);
        // It fails without a size alone.
        EphemeralStorage::builder().size(size).build().ok()
    }

    fn log(&self) -> LoggingConfig {
        let Logging {
            format,
            app,
            system,
        } = self.logging;
        let format = match format {
            LogFormat::Text => SdkLogFormat::Text,
            LogFormat::Json => SdkLogFormat::Json,
        };
        LoggingConfig::builder()
            .log_format(format)
            .set_application_log_level(app.map(|level| level.as_aws().into()))
            .set_system_log_level(system.map(|level| level.as_aws().into()))
            .build()
    }

    fn trace(&self) -> TracingConfig {
        let mode = match self.tracing {
            true => TracingMode::Active,
            false => TracingMode::PassThrough,
        };
        TracingConfig::builder().mode(mode).build()
    }
}

fn logging(found: &LoggingConfig) -> Logging {
    Logging {
        format: match found.log_format() {
            Some(SdkLogFormat::Json) => LogFormat::Json,
            _ => LogFormat::Text,
        },
        app: found
            .application_log_level()
            .and_then(|level| AppLevel::from_aws(level.as_str())),
        system: found
            .system_log_level()
            .and_then(|level| SystemLevel::from_aws(level.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn a_difference_is_told_in_the_settings_words() {
        let old = Options::default();
        let new = Options {
            ephemeral_storage: 1024,
            subnets: ["subnet-2".to_owned(), "subnet-1".to_owned()].into(),
            security_groups: ["sg-1".to_owned()].into(),
            tracing: true,
            ..Options::default()
        };
        assert_eq!(
            old.differences(&new),
            [
                "ephemeral_storage: 512 MB → 1024 MB",
                "vpc.subnets: none → subnet-1 subnet-2",
                "vpc.security_groups: none → sg-1",
                "tracing: pass-through → active",
            ]
        );
        assert_eq!(
            new.told(),
            [
                "ephemeral_storage 1024 MB",
                "vpc.subnets subnet-1 subnet-2",
                "vpc.security_groups sg-1",
                "tracing active"
            ]
        );
        assert!(new.differences(&new).is_empty());
    }
}
