//! `fw.toml`: what is set for the app, with a table per stage over the defaults.
//!
//! The file is optional, and so is every key. Unknown keys are refused, with the nearest known one as a suggestion.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;

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
mod check;
pub(crate) mod domain;
pub(crate) mod door;
pub(crate) mod fit;
pub(crate) mod function;
mod local;
pub(crate) mod secret;
mod stage;
mod words;

use access::{
    Access, ApiKey, ApiKeySource, AuthorizerSettings, GatewayResponse, Jwt, Throttle, UsagePlan,
};
use access_log::AccessLog;
use domain::Domain;
use door::Door;
use function::{FunctionSettings, Tracing, Vpc};

/// What the settings call the function that answers requests, beside the authorizers' names.
pub(crate) const APP: &str = "app";

/// The settings of one stage, resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The stage that they are of.
    pub(crate) stage: String,
    /// The stages that have a table in the file.
    pub(crate) stages: BTreeSet<String>,
    /// What there is to say of how the file is written.
    pub(crate) notes: Vec<String>,
    /// The file that they were read from, when there is one.
    pub(crate) file: Option<PathBuf>,
    /// Memory in MB, 128 to 10240.
    pub(crate) memory: u32,
    /// The function's timeout in seconds, 1 to 900.
    pub(crate) timeout: u32,
    /// The function's reserved concurrency, when it has one: it may run so many invocations at once, and they are kept for it.
    pub(crate) concurrency: Option<u32>,
    /// What else is set of the function.
    pub(crate) function: FunctionSettings,
    /// The function's environment variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// The variables whose values are secrets that were looked up: they are never told.
    pub(crate) secrets: BTreeSet<String>,
    /// The architecture to build for; the host's when it is not set.
    pub(crate) architecture: Architecture,
    /// The gateway in front.
    pub(crate) gateway: Gateway,
    /// What is set of that gateway.
    pub(crate) door: Door,
    /// Who may call.
    pub(crate) access: Access,
    /// The keys that were left out, because the command line chose a gateway that does not have them.
    pub(crate) left_out: Vec<&'static str>,
    /// The API's CORS configuration, when there is one.
    pub(crate) cors: Option<Cors>,
    /// Tags of everything that is deployed, besides those of `cargo fw`.
    pub(crate) tags: BTreeMap<String, String>,
    /// The ARN of the policy that bounds what the deployment's role may be allowed.
    pub(crate) permissions_boundary: Option<String>,
    /// Days that logs are kept; one of the numbers that `CloudWatch` Logs takes.
    pub(crate) log_retention: u32,
    /// The path of a route that tells whether a new version works; a built-in event does where none is named.
    pub(crate) health: Option<String>,
    /// How many published versions are kept to roll back to, 2 or more.
    pub(crate) keep_versions: u32,
    /// The bucket through which a zip goes that is too large for a call; one of the deployment's own where none is named.
    pub(crate) artifact_bucket: Option<String>,
    /// What the functions may do besides writing their logs.
    pub(crate) policy: Vec<Statement>,
    /// Whether they are those of all stages, and the stage has a table of its own without any.
    pub(crate) inherits_policy: bool,
    /// Whether what the sources need is added to it.
    pub(crate) derive_policy: bool,
    /// The functions whose needs were derived from the sources, once they were.
    pub(crate) derived_for: Option<BTreeSet<String>>,
    /// Buckets that the embedded S3 has from the start.
    pub(crate) buckets: Vec<String>,
}

/// The file as it is written, and each of its stages: every key optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    memory: Option<u32>,
    timeout: Option<u32>,
    concurrency: Option<u32>,
    ephemeral_storage: Option<u32>,
    log_format: Option<LogFormat>,
    log_level: Option<AppLevel>,
    system_log_level: Option<SystemLevel>,
    kms_key: Option<String>,
    vpc: Option<Vpc>,
    layers: Option<Vec<String>>,
    tracing: Option<Tracing>,
    dead_letter: Option<String>,
    role: Option<String>,
    provisioned_concurrency: Option<u32>,
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    architecture: Option<Architecture>,
    gateway: Option<Gateway>,
    payload_format: Option<PayloadFormat>,
    stage_name: Option<String>,
    #[serde(default)]
    stage_variables: BTreeMap<String, String>,
    binary_media_types: Option<Vec<String>>,
    invoke_mode: Option<InvokeMode>,
    integration_timeout: Option<u32>,
    access_log: Option<AccessLog>,
    domain: Option<Domain>,
    auth: Option<Auth>,
    cors: Option<Cors>,
    #[serde(default)]
    jwt: BTreeMap<String, Jwt>,
    #[serde(default)]
    authorizers: BTreeMap<String, AuthorizerSettings>,
    throttle: Option<Throttle>,
    api_keys: Option<Vec<ApiKey>>,
    api_key_source: Option<ApiKeySource>,
    #[serde(default)]
    usage_plans: BTreeMap<String, UsagePlan>,
    #[serde(default)]
    gateway_responses: BTreeMap<String, GatewayResponse>,
    request_validation: Option<bool>,
    log_retention: Option<u32>,
    health: Option<String>,
    keep_versions: Option<u32>,
    artifact_bucket: Option<String>,
    policy: Option<Vec<Statement>>,
    derive_policy: Option<bool>,
    local: Option<local::Local>,
    #[serde(default)]
    stages: BTreeMap<String, Layer>,
}

impl Layer {
    /// What is written of the function itself.
    fn function(&self) -> FunctionSettings {
        FunctionSettings {
            ephemeral_storage: self.ephemeral_storage,
            log_format: self.log_format,
            log_level: self.log_level,
            system_log_level: self.system_log_level,
            kms_key: self.kms_key.clone(),
            vpc: self.vpc.clone(),
            layers: self.layers.clone(),
            tracing: self.tracing,
            dead_letter: self.dead_letter.clone(),
            role: self.role.clone(),
            concurrency: self.concurrency,
            provisioned_concurrency: self.provisioned_concurrency,
        }
    }

    /// A stage's own layer over the defaults: tables of things with names are merged name by name, all else is replaced.
    fn over(self, mut base: Self) -> Self {
        base.tags.extend(self.tags);
        base.environment.extend(self.environment);
        base.stage_variables.extend(self.stage_variables);
        base.jwt.extend(self.jwt);
        for (name, mut own) in self.authorizers {
            let before = base.authorizers.remove(&name).unwrap_or_default();
            own.environment = before
                .environment
                .into_iter()
                .chain(own.environment)
                .collect();
            base.authorizers.insert(name, own);
        }
        base.usage_plans.extend(self.usage_plans);
        base.gateway_responses.extend(self.gateway_responses);
        Self {
            memory: self.memory.or(base.memory),
            timeout: self.timeout.or(base.timeout),
            concurrency: self.concurrency.or(base.concurrency),
            ephemeral_storage: self.ephemeral_storage.or(base.ephemeral_storage),
            log_format: self.log_format.or(base.log_format),
            log_level: self.log_level.or(base.log_level),
            system_log_level: self.system_log_level.or(base.system_log_level),
            kms_key: self.kms_key.or(base.kms_key),
            vpc: self.vpc.or(base.vpc),
            layers: self.layers.or(base.layers),
            tracing: self.tracing.or(base.tracing),
            dead_letter: self.dead_letter.or(base.dead_letter),
            role: self.role.or(base.role),
            provisioned_concurrency: self
                .provisioned_concurrency
                .or(base.provisioned_concurrency),
            permissions_boundary: self.permissions_boundary.or(base.permissions_boundary),
            architecture: self.architecture.or(base.architecture),
            gateway: self.gateway.or(base.gateway),
            payload_format: self.payload_format.or(base.payload_format),
            stage_name: self.stage_name.or(base.stage_name),
            binary_media_types: self.binary_media_types.or(base.binary_media_types),
            invoke_mode: self.invoke_mode.or(base.invoke_mode),
            integration_timeout: self.integration_timeout.or(base.integration_timeout),
            access_log: self.access_log.or(base.access_log),
            domain: self.domain.or(base.domain),
            auth: self.auth.or(base.auth),
            cors: self.cors.or(base.cors),
            throttle: self.throttle.or(base.throttle),
            api_keys: self.api_keys.or(base.api_keys),
            api_key_source: self.api_key_source.or(base.api_key_source),
            request_validation: self.request_validation.or(base.request_validation),
            log_retention: self.log_retention.or(base.log_retention),
            health: self.health.or(base.health),
            keep_versions: self.keep_versions.or(base.keep_versions),
            artifact_bucket: self.artifact_bucket.or(base.artifact_bucket),
            policy: self.policy.or(base.policy),
            derive_policy: self.derive_policy.or(base.derive_policy),
            local: self.local.or(base.local),
            ..base
        }
    }
}

impl Settings {
    /// Gives a variable the value of a secret: the app's, or an authorizer's own.
    fn secret(&mut self, of: Option<&str>, key: String, value: String) {
        let own = of.and_then(|name| self.access.authorizers.get_mut(name));
        let (secrets, environment) = match own {
            Some(own) => (&mut own.secrets, &mut own.environment),
            None => (&mut self.secrets, &mut self.environment),
        };
        secrets.insert(key.clone());
        environment.insert(key, value);
    }

    /// The settings as the function sees them that they call so: an authorizer's own variables go over the app's.
    pub(crate) fn seen_by(&self, part: &str) -> Cow<'_, Self> {
        let own = self.access.authorizers.get(part);
        let Some(own) = own.filter(|own| part != APP && !own.environment.is_empty()) else {
            return Cow::Borrowed(self);
        };
        let mut all = self.clone();
        for (key, value) in &own.environment {
            all.secrets.remove(key);
            all.environment.insert(key.clone(), value.clone());
        }
        all.secrets.extend(own.secrets.iter().cloned());
        Cow::Owned(all)
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

    /// Memory when nothing is set, in MB: the least that Lambda has; a Rust function rarely needs more.
    const MEMORY: u32 = 128;
    /// Timeout when nothing is set, in seconds; less where the gateway waits for less: a REST API for 29 (gateway-truth §2.7).
    const TIMEOUT: u32 = fw_manifest::DEFAULT_TIMEOUT;
    /// Days that logs are kept when nothing is set.
    const LOG_RETENTION: u32 = 30;
    /// Versions that are kept when nothing is set.
    const KEEP_VERSIONS: u32 = 5;

    /// The settings of `stage` from the `fw.toml` in `folder`, or the defaults when there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is not TOML, has an unknown key or a value out of range; exit code 65.
    pub(crate) fn load(folder: &Path, stage: &str) -> Result<Self> {
        Self::load_behind(folder, stage, None)
    }

    /// The same with another gateway than the file's. What that gateway does not have is left out.
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
                None => return Err(words::not_understood(&error, text, file.as_deref())),
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
            if let Some((key, advice)) = door::misplaced(&layer, gateway).into_iter().next() {
                let it = gateway.with_article();
                return Err(
                    Failure::input(format!("{it} does not have this setting: `{key}`"))
                        .hint(advice),
                );
            }
            Vec::new()
        } else {
            door::leave_out(&mut layer, gateway)
        };
        let function = layer.function();
        let stage_name = layer.stage_name.unwrap_or_else(|| match gateway {
            Gateway::RestApi => stage.to_owned(),
            Gateway::HttpApi | Gateway::FunctionUrl => DEFAULT_API_STAGE.to_owned(),
        });
        Ok(Self {
            stage: stage.to_owned(),
            stages: BTreeSet::new(),
            notes: Vec::new(),
            file,
            memory: layer.memory.unwrap_or(Self::MEMORY),
            timeout: layer.timeout.unwrap_or_else(|| {
                gateway
                    .patience()
                    .map_or(Self::TIMEOUT, |patience| patience.min(Self::TIMEOUT))
            }),
            concurrency: layer.concurrency,
            function,
            environment: layer.environment,
            secrets: BTreeSet::new(),
            architecture: layer.architecture.unwrap_or(Architecture::HOST),
            gateway,
            door: Door {
                payload_format: layer.payload_format.unwrap_or_default(),
                stage_name,
                stage_variables: layer.stage_variables,
                binary_media_types: layer.binary_media_types.unwrap_or_default(),
                invoke_mode: layer.invoke_mode.unwrap_or_default(),
                auth: layer.auth.unwrap_or_default(),
                integration_timeout: layer.integration_timeout,
                access_log: layer.access_log,
                domain: layer.domain,
            },
            access: Access {
                jwt: layer.jwt,
                authorizers: layer.authorizers,
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
        return Err(
            Failure::input(format!("not a stage's name: `{}`", stage.escape_debug()))
                .because_of(
                    "a stage's name has 1 to 16 lower-case letters, digits and inner hyphens",
                )
                .hint("`dev`, `prod` and `pr-128` are stages"),
        );
    }
    Ok(())
}

/// The keys that could stand in the place of an unknown one in that text; none where it has none.
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
