//! The settings of a function: the table of its keys, from which every table of `fw.toml` with
//! these keys is generated.
//!
//! At the top of the file, or of a stage, the keys are the app's; in `[functions.NAME]` they are one function's, over the app's.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::over::Over;
use crate::{
    error::Result,
    values::{
        lambda::{AppLevel, EPHEMERAL_STORAGE, LogFormat, Logging, Options, SystemLevel},
        mapping::Pollers,
        statement::{Effect, Statement},
    },
};

pub(super) mod check;

/// The network that a function is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vpc {
    /// Subnets' ids, 1 to 16; an empty list takes the function out of the VPC.
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

/// A function's environment variables.
pub(crate) type Variables = BTreeMap<String, String>;

/// Calls the macro of that name with what is in the braces and then each key of a function, once:
///
/// - its documentation, name and type;
/// - `inherited` if a function without it has the app's, `own` if not;
/// - `local` if the local server heeds it, `deployed` if it takes effect only deployed;
/// - what refuses the values that Lambda would.
///
/// The defaults are in [`FunctionKeys::resolve`].
macro_rules! function_keys {
    ($then:ident! { $($first:tt)* }) => {
        $then! {
            $($first)*
            /// Memory in MB, 128 to 10240.
            memory: Option<u32>, inherited, local, check::memory;
            /// For how many seconds it may run, 1 to 900.
            timeout: Option<u32>, inherited, local, check::timeout;
            /// Its variables, merged by name. They are checked together with those that they
            /// override (`settings/check.rs`).
            environment: Variables, inherited, local, check::anything;
            /// The size of `/tmp` in MB, 512 to 10240.
            ephemeral_storage: Option<u32>, inherited, deployed, check::ephemeral_storage;
            /// How the log is written.
            log_format: Option<LogFormat>, inherited, local, check::anything;
            /// From which level on the app's lines are kept.
            log_level: Option<AppLevel>, inherited, local, check::log_level;
            /// From which level on Lambda's own lines are kept.
            system_log_level: Option<SystemLevel>, inherited, local, check::log_level;
            /// The KMS key's ARN.
            kms_key: Option<String>, inherited, deployed, check::kms_key;
            /// The network.
            vpc: Option<Vpc>, inherited, deployed, check::vpc;
            /// Layers' versions, by ARN, in order; at most 5.
            layers: Option<Vec<String>>, inherited, deployed, check::layers;
            /// Whether X-Ray traces.
            tracing: Option<Tracing>, inherited, local, check::anything;
            /// The ARN of the queue or topic for asynchronous events that failed for good.
            dead_letter: Option<String>, inherited, deployed, check::dead_letter;
            /// The ARN of an existing role, instead of the deployment's own.
            role: Option<String>, inherited, deployed, check::role;
            /// The reserved concurrency of the function.
            concurrency: Option<u32>, own, local, check::anything;
            /// The provisioned concurrency.
            provisioned_concurrency: Option<u32>, own, deployed, check::provisioned_concurrency;
            /// When it is called with a built-in event, so that a process stays awake: `rate(…)` or `cron(…)`.
            keep_warm: Option<String>, own, deployed, check::keep_warm;
        }
    };
}
pub(super) use function_keys;

/// Makes the struct of a table in `fw.toml` that has a function's keys in addition to its own.
macro_rules! table {
    (
        $(#[$attribute:meta])*
        $visible:vis struct $Table:ident {
            $( $(#[$own_about:meta])* $seen:vis $own:ident: $Own:ty, )*
        }
        $( $(#[$about:meta])* $key:ident: $Type:ty, $from:ident, $place:ident, $check:path; )*
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Default, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        $visible struct $Table {
            $( $(#[$own_about])* $seen $own: $Own, )*
            $( $key: $Type, )*
        }

        impl $Table {
            /// The function's keys, taken out of the table.
            $visible fn take_function(&mut self) -> $crate::settings::function::FunctionKeys {
                $crate::settings::function::FunctionKeys {
                    $( $key: std::mem::take(&mut self.$key), )*
                    secrets: std::collections::BTreeSet::new(),
                }
            }
        }

        impl $crate::settings::over::Over for $Table {
            fn over(self, base: Self) -> Self {
                Self {
                    $( $own: self.$own.over(base.$own), )*
                    $( $key: self.$key.over(base.$key), )*
                }
            }
        }
    };
}
pub(super) use table;

macro_rules! function {
    ($( $(#[$about:meta])* $key:ident: $Type:ty, $from:ident, $place:ident, $check:path; )*) => {
        /// The written settings of a function; every key is optional.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub(crate) struct FunctionKeys {
            $( $(#[$about])* pub(crate) $key: $Type, )*
            /// The variables whose values are secrets that were looked up.
            pub(crate) secrets: BTreeSet<String>,
        }

        impl FunctionKeys {
            /// The settings of a function that override the app's.
            pub(crate) fn over_app(self, app: &Self) -> Self {
                let mut secrets = app.secrets.clone();
                // Its own variable replaces the app's secret.
                secrets.retain(|name| !self.environment.contains_key(name));
                secrets.extend(self.secrets);
                Self {
                    $( $key: function!(@from $from, self.$key, app.$key), )*
                    secrets,
                }
            }

            /// The keys that are set and mean nothing to the local server.
            pub(crate) fn only_deployed(&self) -> Vec<&'static str> {
                let mut all = Vec::new();
                $( if function!(@only $place) && self.$key.value().is_some() {
                    all.push(stringify!($key));
                } )*
                all
            }

            /// Refuses values that Lambda would refuse; `table` is the name of the keys' table, or
            /// empty.
            ///
            /// # Errors
            ///
            /// The first such key; exit code 65.
            pub(super) fn check(&self, table: &str) -> Result<()> {
                let dot = if table.is_empty() { "" } else { "." };
                $( if let Some(value) = self.$key.value() {
                    $check(value, &format!("{table}{dot}{}", stringify!($key)), self)?;
                } )*
                Ok(())
            }
        }
    };
    (@from inherited, $own:expr, $app:expr) => { $own.over($app.clone()) };
    (@from own, $own:expr, $app:expr) => { $own };
    (@only deployed) => { true };
    (@only local) => { false };
}
function_keys!(function! {});

/// A key as written: set or not.
trait Key {
    /// What it holds.
    type Value;
    /// The value, where one is written.
    fn value(&self) -> Option<&Self::Value>;
}

impl<T> Key for Option<T> {
    type Value = T;
    fn value(&self) -> Option<&T> {
        self.as_ref()
    }
}

impl Key for Variables {
    type Value = Self;
    fn value(&self) -> Option<&Self> {
        (!self.is_empty()).then_some(self)
    }
}

function_keys!(table! {
    /// `[functions.NAME]`, and `[authorizers.NAME]`, which means the same.
    pub(super) struct FunctionTable {
        /// For how many seconds an authorizer's answer is kept, 0 to 3600.
        pub(super) ttl: Option<u32>,
        /// What identifies a caller to an authorizer.
        pub(super) identity: Option<Vec<String>>,
        /// The most messages of its queue that an invocation gets, 1 to 10000.
        pub(super) batch_size: Option<u32>,
        /// For how many seconds messages of its queue are gathered, 0 to 300.
        pub(super) batch_window: Option<u32>,
        /// Patterns of the messages of its queue that it is invoked with.
        pub(super) filters: Option<Vec<serde_json::Value>>,
        /// The most invocations at once with messages of its queue, 2 to 1000.
        pub(super) max_concurrency: Option<u32>,
        /// Provisioned pollers of its queue.
        pub(super) pollers: Option<Pollers>,
        /// Attempts of an asynchronous invocation after the first one, 0 to 2.
        pub(super) retries: Option<u32>,
        /// How old an asynchronous event may become, in seconds, 60 to 21600.
        pub(super) max_event_age: Option<u32>,
        /// What gets a record of each asynchronous invocation that succeeded.
        pub(super) on_success: Option<String>,
        /// What gets a record of each asynchronous event that was given up.
        pub(super) on_failure: Option<String>,
    }
});

/// The settings of one function, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionSettings {
    /// Memory in MB.
    pub(crate) memory: u32,
    /// For how many seconds it may run.
    pub(crate) timeout: u32,
    /// Its variables.
    pub(crate) environment: Variables,
    /// Those whose values are secrets that were looked up: they are never printed.
    pub(crate) secrets: BTreeSet<String>,
    /// The other settings that are part of a version.
    pub(crate) options: Options,
    /// The ARN of an existing role.
    pub(crate) role: Option<String>,
    /// Its reserved concurrency.
    pub(crate) reserved: Option<u32>,
    /// Its provisioned concurrency.
    pub(crate) provisioned: Option<u32>,
    /// When it is called so that a process stays awake.
    pub(crate) keep_warm: Option<String>,
}

impl FunctionKeys {
    /// The function with these keys, where nothing is set with Lambda's defaults; only memory and timeout have others.
    pub(crate) fn resolve(self) -> FunctionSettings {
        let Self {
            memory,
            timeout,
            environment,
            secrets,
            ephemeral_storage,
            log_format,
            log_level,
            system_log_level,
            kms_key,
            vpc,
            layers,
            tracing,
            dead_letter,
            role,
            concurrency,
            provisioned_concurrency,
            keep_warm,
        } = self;
        let format = log_format.unwrap_or_default();
        let json = format == LogFormat::Json;
        let vpc = vpc.unwrap_or_default();
        FunctionSettings {
            // The least that Lambda has; a Rust function rarely needs more.
            memory: memory.unwrap_or(128),
            timeout: timeout.unwrap_or(fw_manifest::DEFAULT_TIMEOUT),
            environment,
            secrets,
            options: Options {
                ephemeral_storage: ephemeral_storage.unwrap_or(EPHEMERAL_STORAGE),
                // Lambda has `INFO` for what is not said of JSON, and no levels for text.
                logging: Logging {
                    format,
                    app: json.then(|| log_level.unwrap_or(AppLevel::Info)),
                    system: json.then(|| system_log_level.unwrap_or(SystemLevel::Info)),
                },
                kms_key,
                subnets: vpc.subnets.into_iter().collect(),
                security_groups: vpc.security_groups.into_iter().collect(),
                layers: layers.unwrap_or_default(),
                tracing: tracing == Some(Tracing::Active),
                dead_letter,
            },
            role,
            reserved: concurrency,
            provisioned: provisioned_concurrency,
            keep_warm,
        }
    }
}

/// The statements that the role of functions needs for their settings.
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
/// AWS managed policy reference, `AWSXRayDaemonWriteAccess`, without the actions for custom
/// sampling.
const TRACING: [&str; 2] = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];

#[cfg(test)]
mod tests;
