//! `fw.toml`: what is set for the app, with a table per stage over the defaults.
//!
//! The file is optional, and so is every key. Unknown keys are refused, with the nearest known one as a suggestion.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use fw_manifest::{DEFAULT_TIMEOUT, Manifest, Part};
use serde::Deserialize;

use self::{
    access::{Access, ApiKey, ApiKeySource, GatewayResponse, Jwt, Throttle, UsagePlan},
    access_log::AccessLog,
    api::Api,
    asynchronous::AsyncKeys,
    domain::Domain,
    function::{FunctionKeys, FunctionTable, Tracing, Variables, Vpc, function_keys, table},
    gateway::GatewaySettings,
    mapping::MappingKeys,
    named::NamedFunction,
    over::Over,
    resources::{
        BucketSettings, ExternalSettings, QueueSettings, Resources, RuleSettings, ScheduleSettings,
        TableSettings, TopicSettings,
    },
};
use crate::{
    error::{Context, Exit, Failure, Result},
    values::{
        gateway::{Auth, Cors, DEFAULT_API_STAGE, Gateway, InvokeMode, PayloadFormat},
        lambda::{AppLevel, Architecture, LogFormat, SystemLevel},
        names::FILE_NAME,
        statement::Statement,
    },
};

pub(crate) mod access;
pub(crate) mod access_log;
pub(crate) mod api;
pub(crate) mod asynchronous;
mod check;
pub(crate) mod compatibility;
pub(crate) mod cors;
mod diagnostics;
pub(crate) mod domain;
pub(crate) mod function;
pub(crate) mod gateway;
mod local;
pub(crate) mod mapping;
mod named;
mod over;
mod ranges;
pub(crate) mod resources;
pub(crate) mod secret;
mod stage;

/// The name of the function that answers requests in the settings; other functions have their own
/// names.
pub(crate) const APP: &str = "app";

/// The name of a part in the settings: `app`, or its own name.
pub(crate) fn called(part: &Part) -> &str {
    part.name().unwrap_or(APP)
}

/// The settings of one stage, resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The stage that they are of.
    pub(crate) stage: String,
    /// The stages that have a table in the file.
    pub(crate) stages: BTreeSet<String>,
    /// Warnings about how the file is written.
    pub(crate) notes: Vec<String>,
    /// The file that they were read from, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The keys of the app's function, and of those that have no others.
    app: FunctionKeys,
    /// The functions that have a table, by name.
    pub(crate) functions: BTreeMap<String, NamedFunction>,
    /// How functions take messages from their queues, by name.
    pub(crate) mappings: BTreeMap<String, MappingKeys>,
    /// How asynchronous invocations of functions are handled, by name.
    pub(crate) asynchronous: BTreeMap<String, AsyncKeys>,
    /// The architecture to build for; the host's when it is not set.
    pub(crate) architecture: Architecture,
    /// The gateway in front.
    pub(crate) gateway: Gateway,
    /// The settings of this gateway.
    pub(crate) gateway_settings: GatewaySettings,
    /// Who may call.
    pub(crate) access: Access,
    /// The keys that were left out, because the command line chose a gateway that does not have them.
    pub(crate) left_out: Vec<&'static str>,
    /// The API's CORS configuration, if there is one.
    pub(crate) cors: Option<Cors>,
    /// Tags of all deployed resources, in addition to those of `cargo fw`.
    pub(crate) tags: BTreeMap<String, String>,
    /// The ARN of the policy that bounds what the deployment's role may be allowed.
    pub(crate) permissions_boundary: Option<String>,
    /// Days that logs are kept; a number that CloudWatch Logs accepts.
    pub(crate) log_retention: u32,
    /// The path of a route that checks a new version. Without it a built-in event is used.
    pub(crate) health: Option<String>,
    /// How many published versions are kept for a rollback, 2 or more.
    pub(crate) keep_versions: u32,
    /// The bucket for a zip that is too large for a call. Without it the deployment creates one.
    pub(crate) artifact_bucket: Option<String>,
    /// What the functions may do in addition to writing their logs.
    pub(crate) policy: Vec<Statement>,
    /// True if they are the statements of all stages, and the stage has a table without statements.
    pub(crate) inherits_policy: bool,
    /// True if the permissions that the sources need are added.
    pub(crate) derive_policy: bool,
    /// The functions for which permissions were derived from the sources, once they are.
    pub(crate) derived_for: Option<BTreeSet<String>>,
    /// Buckets that the embedded S3 has from the start.
    pub(crate) buckets: Vec<String>,
    /// Queues, topics and buses with logical names.
    pub(crate) resources: Resources,
    /// Which changes of the API a deploy accepts.
    pub(crate) api: Api,
}

function_keys!(table! {
    /// The file as written, with each of its stages; every key is optional.
    struct Layer {
        functions: BTreeMap<String, FunctionTable>,
        authorizers: BTreeMap<String, FunctionTable>,
        permissions_boundary: Option<String>,
        tags: BTreeMap<String, String>,
        architecture: Option<Architecture>,
        gateway: Option<Gateway>,
        payload_format: Option<PayloadFormat>,
        stage_name: Option<String>,
        stage_variables: BTreeMap<String, String>,
        binary_media_types: Option<Vec<String>>,
        invoke_mode: Option<InvokeMode>,
        integration_timeout: Option<u32>,
        access_log: Option<AccessLog>,
        domain: Option<Domain>,
        auth: Option<Auth>,
        cors: Option<Cors>,
        jwt: BTreeMap<String, Jwt>,
        throttle: Option<Throttle>,
        api_keys: Option<Vec<ApiKey>>,
        api_key_source: Option<ApiKeySource>,
        usage_plans: BTreeMap<String, UsagePlan>,
        gateway_responses: BTreeMap<String, GatewayResponse>,
        request_validation: Option<bool>,
        log_retention: Option<u32>,
        health: Option<String>,
        keep_versions: Option<u32>,
        artifact_bucket: Option<String>,
        policy: Option<Vec<Statement>>,
        derive_policy: Option<bool>,
        local: Option<local::Local>,
        api: Api,
        queues: BTreeMap<String, QueueSettings>,
        buckets: BTreeMap<String, BucketSettings>,
        tables: BTreeMap<String, TableSettings>,
        topics: BTreeMap<String, TopicSettings>,
        buses: BTreeMap<String, ExternalSettings>,
        rules: BTreeMap<String, RuleSettings>,
        schedules: BTreeMap<String, ScheduleSettings>,
        stages: BTreeMap<String, Layer>,
    }
});

impl Settings {
    /// The variables that tell the API's function how its gateway answers.
    pub(crate) fn of_gateway(
        &self,
        manifest: &Manifest,
    ) -> impl Iterator<Item = (String, String)> + use<> {
        let streams = self.gateway_settings.variable(self.gateway, manifest);
        streams.into_iter().chain(cors::variable(self))
    }

    /// Gives variables to every function, over its own.
    pub(crate) fn give(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        self.app.environment.extend(variables);
    }

    /// The statements of the function that the settings call so.
    pub(crate) fn policy_of(&self, part: &str) -> Vec<Statement> {
        // Of a function that the sources do not show, anything may be the need.
        let known = self.derived_for.as_ref();
        let known = known.is_none_or(|known| known.contains(part));
        let said = |list: &Vec<String>| list.iter().any(|name| name == part);
        let calls = |callers: &BTreeSet<String>| !known || callers.contains(part);
        let all = self.policy.iter().filter(|statement| {
            statement.functions.as_ref().is_none_or(said)
                && statement.callers.as_ref().is_none_or(calls)
        });
        all.cloned().collect()
    }

    /// Days that logs are kept when nothing is set.
    const LOG_RETENTION: u32 = 30;
    /// Versions that are kept when nothing is set.
    const KEEP_VERSIONS: u32 = 5;

    /// The settings of `stage` from the `fw.toml` in `folder`, or the defaults if there is none.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not TOML, or has an unknown key or a value out of range; exit
    /// code 65.
    pub(crate) fn load(folder: &Path, stage: &str) -> Result<Self> {
        Self::load_behind(folder, stage, None)
    }

    /// The same with another gateway. Settings that this gateway does not have are ignored.
    ///
    /// # Errors
    ///
    /// As [`Settings::load`].
    pub(crate) fn load_behind(
        folder: &Path,
        stage: &str,
        gateway: Option<Gateway>,
    ) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::from_toml(&text, stage, Some(path), gateway),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self::from_toml("", stage, None, gateway)
            }
            Err(error) => Err(error)
                .with_context(|| format!("cannot read the settings: {}", path.display()))
                .map_err(|failure| failure.exiting(Exit::Input)),
        }
    }

    fn from_toml(
        text: &str,
        stage: &str,
        file: Option<PathBuf>,
        gateway: Option<Gateway>,
    ) -> Result<Self> {
        check_stage(stage)?;
        let mut notes = Vec::new();
        let mut base: Layer = match toml::from_str(text) {
            Ok(base) => base,
            Err(error) => match local::with_old_buckets(text)
                .and_then(|table| Layer::deserialize(table).ok())
            {
                Some(base) => {
                    notes.push(local::old_buckets_note());
                    base
                }
                None => return Err(diagnostics::not_understood(&error, text, file.as_deref())),
            },
        };
        for (name, layer) in &base.stages {
            check_stage(name)?;
            if !layer.stages.is_empty() {
                return Err(Failure::input(format!(
                    "a stage cannot have stages of its own: `stages.{name}.stages`"
                )));
            }
        }
        let stages = base.stages.keys().cloned().collect();
        let own = base.stages.remove(stage);
        named::check(&base, own.as_ref(), stage)?;
        let inherits_policy = own.as_ref().is_some_and(|own| own.policy.is_none());
        let own = own.unwrap_or_default();
        let settings = Self {
            stages,
            notes,
            inherits_policy,
            ..Self::resolve(own.over(base), stage, file, gateway)?
        };
        check::all(&settings)?;
        Ok(settings)
    }

    fn resolve(
        mut layer: Layer,
        stage: &str,
        file: Option<PathBuf>,
        chosen: Option<Gateway>,
    ) -> Result<Self> {
        let gateway = chosen.or(layer.gateway).unwrap_or_default();
        let left_out = if gateway == layer.gateway.unwrap_or_default() {
            if let Some((key, advice)) = gateway::misplaced(&layer, gateway).into_iter().next() {
                let it = gateway.with_article();
                return Err(
                    Failure::input(format!("{it} does not have this setting: `{key}`"))
                        .hint(advice),
                );
            }
            Vec::new()
        } else {
            gateway::leave_out(&mut layer, gateway)
        };
        let mut app = layer.take_function();
        if let Some(most) = gateway.patience().filter(|most| *most < DEFAULT_TIMEOUT) {
            // A REST API waits for 29 s (gateway-truth §2.7).
            app.timeout.get_or_insert(most);
        }
        let named::Tables {
            functions,
            authorizers,
            mappings,
            asynchronous,
        } = named::split(&mut layer);
        let stage_name = layer.stage_name.unwrap_or_else(|| match gateway {
            Gateway::RestApi => stage.to_owned(),
            Gateway::HttpApi | Gateway::FunctionUrl => DEFAULT_API_STAGE.to_owned(),
        });
        Ok(Self {
            stage: stage.to_owned(),
            stages: BTreeSet::new(),
            notes: Vec::new(),
            file,
            app,
            functions,
            mappings,
            asynchronous,
            architecture: layer.architecture.unwrap_or(Architecture::HOST),
            gateway,
            gateway_settings: GatewaySettings {
                payload_format: layer.payload_format.unwrap_or_default(),
                stage_name,
                stage_variables: layer.stage_variables,
                binary_media_types: gateway::binary_media_types(layer.binary_media_types, gateway),
                invoke_mode: layer.invoke_mode.unwrap_or_default(),
                auth: layer.auth.unwrap_or_default(),
                integration_timeout: layer.integration_timeout,
                access_log: layer.access_log,
                domain: layer.domain,
            },
            access: Access {
                jwt: layer.jwt,
                authorizers,
                throttle: layer.throttle.unwrap_or_default(),
                api_keys: layer.api_keys.unwrap_or_default(),
                api_key_source: layer.api_key_source.unwrap_or_default(),
                usage_plans: layer.usage_plans,
                gateway_responses: layer.gateway_responses,
                request_validation: layer.request_validation.unwrap_or_default(),
            },
            left_out,
            permissions_boundary: layer.permissions_boundary,
            tags: layer.tags,
            cors: layer.cors,
            log_retention: layer.log_retention.unwrap_or(Self::LOG_RETENTION),
            health: layer.health,
            keep_versions: layer.keep_versions.unwrap_or(Self::KEEP_VERSIONS),
            artifact_bucket: layer.artifact_bucket,
            policy: layer.policy.unwrap_or_default(),
            inherits_policy: false,
            derive_policy: layer.derive_policy.unwrap_or(true),
            derived_for: None,
            buckets: layer.local.unwrap_or_default().buckets,
            resources: Resources {
                queues: layer.queues,
                buckets: layer.buckets,
                tables: layer.tables,
                topics: layer.topics,
                buses: layer.buses,
                rules: layer.rules,
                schedules: layer.schedules,
            },
            api: layer.api,
        })
    }
}

/// A stage's name is part of every resource's name, so it is short and plain.
fn check_stage(stage: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if stage.is_empty()
        || stage.len() > 16
        || !stage.chars().all(plain)
        || stage.starts_with('-')
        || stage.ends_with('-')
    {
        return Err(Failure::input(format!(
            "not a valid stage name: `{}`",
            stage.escape_debug()
        ))
        .because_of("a stage name has 1 to 16 lower-case letters, digits and inner hyphens")
        .hint("valid names are `dev`, `prod` or `pr-128`"));
    }
    Ok(())
}

/// The keys that could replace an unknown one in this text.
#[cfg(test)]
pub(crate) fn keys(text: &str) -> Vec<String> {
    let read = toml::from_str::<Layer>(text);
    let error = read.err();
    let message = error.as_ref().map(toml::de::Error::message);
    let message = message.filter(|message| message.starts_with("unknown field"));
    let keys = message
        .map(crate::values::unknown::known)
        .unwrap_or_default()
        .into_iter();
    keys.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
