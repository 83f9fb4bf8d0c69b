//! A function as Lambda has it, in the words that settings, plans and the calls share.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The alias that carries the traffic.
pub(crate) const ALIAS: &str = "live";

/// An instruction set of Lambda's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Architecture {
    /// 64-bit Intel and AMD.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM (Graviton).
    #[serde(rename = "arm64")]
    Arm64,
}

impl Architecture {
    /// The architecture of the machine that this program was built for.
    pub(crate) const HOST: Self = if cfg!(target_arch = "aarch64") {
        Self::Arm64
    } else {
        Self::X86_64
    };

    /// The name that AWS and the settings give it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

/// The type of an invocation, in the words of Lambda's Invoke API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum InvocationType {
    /// Wait for the result
    #[default]
    RequestResponse,
    /// Queue the event, with retries when the function fails
    Event,
    /// Only look whether the function could be called
    DryRun,
}

/// How Lambda writes a function's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines of text. The framework's own lines are JSON all the same.
    #[default]
    Text,
    /// JSON, Lambda's own lines too.
    Json,
}

impl LogFormat {
    /// The settings' word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// From which level on an app's lines are kept (Lambda API reference, `LoggingConfig`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AppLevel {
    /// Everything.
    Trace,
    /// Details for debugging.
    Debug,
    /// Normal events. Lambda's default.
    Info,
    /// Possible problems.
    Warn,
    /// Failures.
    Error,
    /// Failures that end the process.
    Fatal,
}

impl AppLevel {
    const ALL: [Self; 6] = [
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Fatal,
    ];

    /// The settings' word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// Lambda's word for it, which the app finds in `AWS_LAMBDA_LOG_LEVEL`.
    pub(crate) const fn as_aws(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// The level that Lambda calls so.
    pub(crate) fn from_aws(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_aws() == word)
    }
}

/// From which level on Lambda's own lines are kept (Lambda API reference, `LoggingConfig`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SystemLevel {
    /// Everything.
    Debug,
    /// Starts, ends and reports. Lambda's default.
    Info,
    /// Failures.
    Warn,
}

impl SystemLevel {
    /// The settings' word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
        }
    }

    /// Lambda's word for it.
    pub(crate) const fn as_aws(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
        }
    }

    /// The level that Lambda calls so.
    pub(crate) fn from_aws(word: &str) -> Option<Self> {
        [Self::Debug, Self::Info, Self::Warn]
            .into_iter()
            .find(|level| level.as_aws() == word)
    }
}

/// Lambda's disk when nothing is set, in MB.
pub(crate) const EPHEMERAL_STORAGE: u32 = 512;

/// The rest of a function's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    /// The size of `/tmp` in MB, 512 to 10240.
    pub(crate) ephemeral_storage: u32,
    /// How Lambda writes its log, and the minimum levels.
    pub(crate) logging: Logging,
    /// The ARN of the KMS key that encrypts the variables. Without it, Lambda's own key.
    pub(crate) kms_key: Option<String>,
    /// The subnets of the function. Without any it is in no VPC.
    pub(crate) subnets: BTreeSet<String>,
    /// Its security groups in the VPC.
    pub(crate) security_groups: BTreeSet<String>,
    /// The ARNs of its layers' versions, in the order that they are unpacked.
    pub(crate) layers: Vec<String>,
    /// True if Lambda decides which requests X-Ray traces.
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

impl Options {
    /// The differences as old → new, in the settings' words.
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

    /// The variables with which Lambda tells the app how to log. Empty for Lambda's defaults.
    pub(crate) fn log_variables(&self) -> Vec<(String, String)> {
        let Logging { format, app, .. } = self.logging;
        let format = (format == LogFormat::Json).then_some(("AWS_LAMBDA_LOG_FORMAT", "JSON"));
        let level = app.map(|level| ("AWS_LAMBDA_LOG_LEVEL", level.as_aws()));
        let all = format.into_iter().chain(level);
        all.map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Settings other than Lambda's defaults, for people.
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
}

/// The log settings of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Logging {
    /// Text or JSON.
    pub(crate) format: LogFormat,
    /// The minimum level of the app's lines; only with JSON.
    pub(crate) app: Option<AppLevel>,
    /// The minimum level of Lambda's own lines; only with JSON.
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

#[cfg(test)]
mod tests {
    use crate::values::lambda::Options;

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
