//! `fw.toml`: what is set for the app, with a table per stage over the defaults.
//!
//! The file is optional, and so is every key. Unknown keys are refused, with the nearest known one as a suggestion.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::error::{Context, Exit, Failure, Result};

mod check;

/// The file's name, beside the package's `Cargo.toml`.
pub(crate) const FILE_NAME: &str = "fw.toml";

/// The stage that is meant when none is named.
pub(crate) const DEFAULT_STAGE: &str = "dev";

/// The settings of one stage, resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The stage that they are of.
    pub(crate) stage: String,
    /// The file that they were read from, when there is one.
    pub(crate) file: Option<PathBuf>,
    /// Memory in MB, 128 to 10240.
    pub(crate) memory: u32,
    /// The function's timeout in seconds, 1 to 900.
    pub(crate) timeout: u32,
    /// The function's environment variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// The architecture to build for; the host's when it is not set.
    pub(crate) architecture: Architecture,
    /// The gateway in front.
    pub(crate) gateway: Gateway,
    /// The API's CORS configuration, when there is one.
    pub(crate) cors: Option<Cors>,
    /// Days that logs are kept; one of the numbers that `CloudWatch` Logs takes.
    pub(crate) log_retention: u32,
    /// What the functions may do besides writing their logs.
    pub(crate) policy: Vec<Statement>,
    /// Buckets that the embedded S3 has from the start.
    pub(crate) buckets: Vec<String>,
}

/// An instruction set of Lambda's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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

/// A front door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Gateway {
    /// An HTTP API with payload format 2.0.
    #[default]
    #[serde(rename = "http-api")]
    HttpApi,
}

/// An HTTP API's CORS configuration; the names are API Gateway's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cors {
    /// Origins, `*` or `https://host[:port]`.
    #[serde(default)]
    pub(crate) allow_origins: Vec<String>,
    /// Methods, `*` for all.
    #[serde(default)]
    pub(crate) allow_methods: Vec<String>,
    /// Request headers, `*` for all.
    #[serde(default)]
    pub(crate) allow_headers: Vec<String>,
    /// Response headers that scripts may read.
    #[serde(default)]
    pub(crate) expose_headers: Vec<String>,
    /// Seconds that a preflight's answer may be kept.
    #[serde(default)]
    pub(crate) max_age: Option<u32>,
    /// Whether credentials are allowed; not together with the origin `*`.
    #[serde(default)]
    pub(crate) allow_credentials: bool,
}

/// A statement of the functions' IAM policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    /// `Allow` unless it says `Deny`.
    #[serde(default)]
    pub(crate) effect: Effect,
    /// Actions, such as `s3:GetObject`.
    pub(crate) actions: Vec<String>,
    /// Resources' ARNs.
    pub(crate) resources: Vec<String>,
}

/// A statement's effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Effect {
    /// What the statement lists is allowed.
    #[default]
    #[serde(rename = "allow", alias = "Allow")]
    Allow,
    /// What the statement lists is denied.
    #[serde(rename = "deny", alias = "Deny")]
    Deny,
}

/// The file as it is written, and each of its stages: every key optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    memory: Option<u32>,
    timeout: Option<u32>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    architecture: Option<Architecture>,
    gateway: Option<Gateway>,
    cors: Option<Cors>,
    log_retention: Option<u32>,
    policy: Option<Vec<Statement>>,
    buckets: Option<Vec<String>>,
    #[serde(default)]
    stages: BTreeMap<String, Layer>,
}

/// The keys of the file, as [`Layer`] has them.
const KEYS: [&str; 10] = [
    "architecture",
    "buckets",
    "cors",
    "environment",
    "gateway",
    "log_retention",
    "memory",
    "policy",
    "stages",
    "timeout",
];

impl Settings {
    /// Memory when nothing is set, in MB: the least that Lambda has; a Rust function rarely needs more.
    const MEMORY: u32 = 128;
    /// Timeout when nothing is set, in seconds: an HTTP API waits no longer than 30 (gateway-truth §1.8).
    const TIMEOUT: u32 = 30;
    /// Days that logs are kept when nothing is set.
    const LOG_RETENTION: u32 = 30;

    /// The settings of `stage` from the `fw.toml` in `folder`, or the defaults when there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is not TOML, has an unknown key or a value out of range; exit code 65.
    pub(crate) fn load(folder: &Path, stage: &str) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::from_toml(&text, stage, Some(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self::from_toml("", stage, None)
            }
            Err(error) => Err(error)
                .with_context(|| format!("cannot read the settings: {}", path.display()))
                .map_err(|failure| failure.exiting(Exit::Input)),
        }
    }

    fn from_toml(text: &str, stage: &str, file: Option<PathBuf>) -> Result<Self> {
        check_stage(stage)?;
        let mut base: Layer =
            toml::from_str(text).map_err(|error| not_understood(&error, file.as_deref()))?;
        for (name, layer) in &base.stages {
            check_stage(name)?;
            if !layer.stages.is_empty() {
                return Err(Failure::input(format!(
                    "a stage cannot have stages of its own: `stages.{name}.stages`"
                )));
            }
        }
        let own = base.stages.remove(stage).unwrap_or_default();
        let mut environment = base.environment;
        environment.extend(own.environment);
        let settings = Self {
            stage: stage.to_owned(),
            file,
            memory: own.memory.or(base.memory).unwrap_or(Self::MEMORY),
            timeout: own.timeout.or(base.timeout).unwrap_or(Self::TIMEOUT),
            environment,
            architecture: own
                .architecture
                .or(base.architecture)
                .unwrap_or(Architecture::HOST),
            gateway: own.gateway.or(base.gateway).unwrap_or_default(),
            cors: own.cors.or(base.cors),
            log_retention: own
                .log_retention
                .or(base.log_retention)
                .unwrap_or(Self::LOG_RETENTION),
            policy: own.policy.or(base.policy).unwrap_or_default(),
            buckets: own.buckets.or(base.buckets).unwrap_or_default(),
        };
        check::all(&settings)?;
        Ok(settings)
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

/// The failure for what is no TOML or has an unknown key, with the place as the TOML reader shows it.
fn not_understood(error: &toml::de::Error, file: Option<&Path>) -> Failure {
    let shown = file.map_or_else(|| FILE_NAME.to_owned(), |path| path.display().to_string());
    let failure = Failure::input(format!("cannot understand the settings: {shown}"))
        .because_of(error.to_string().trim_end());
    match suggestion(error.message()) {
        Some(known) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint(format!("the keys are: {}", KEYS.join(", "))),
    }
}

/// The known key nearest to the unknown one, from serde's own words for it.
fn suggestion(message: &str) -> Option<&str> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    if !message.starts_with("unknown") {
        return None;
    }
    quoted
        .map(|known| (strsim::damerau_levenshtein(unknown, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::{Architecture, Settings};
    use crate::error::Exit;

    #[test]
    fn a_stage_goes_over_the_defaults_key_by_key() {
        let text = r#"
            memory = 256
            environment = { BUCKET = "one", MODE = "plain" }
            architecture = "arm64"
            [stages.prod]
            memory = 512
            environment = { BUCKET = "two" }
        "#;
        let dev = Settings::from_toml(text, "dev", None).unwrap();
        let prod = Settings::from_toml(text, "prod", None).unwrap();
        assert_eq!((dev.memory, prod.memory), (256, 512));
        assert_eq!(prod.architecture, Architecture::Arm64);
        assert_eq!(prod.environment["BUCKET"], "two");
        assert_eq!(prod.environment["MODE"], "plain");
        assert_eq!(dev.environment["BUCKET"], "one");
        assert_eq!(dev.timeout, 30);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        for (text, hint) in [
            ("memry = 1", Some("did you mean `memory`?")),
            ("[stages.prod]\ntimeot = 1", Some("did you mean `timeout`?")),
            (
                "[cors]\nallowed_origins = []",
                Some("did you mean `allow_origins`?"),
            ),
            ("architecture = \"x86-64\"", Some("did you mean `x86_64`?")),
            (
                "zzz = 1",
                Some(
                    "the keys are: architecture, buckets, cors, environment, gateway, log_retention, memory, policy, stages, timeout",
                ),
            ),
        ] {
            let failure = Settings::from_toml(text, "dev", None).unwrap_err();
            assert_eq!(failure.exit(), Exit::Input, "{text}");
            assert_eq!(failure.advice(), hint, "{text}");
        }
    }

    #[test]
    fn what_aws_would_refuse_is_refused_here() {
        for text in [
            "memory = 64",
            "timeout = 901",
            "log_retention = 31",
            "environment = { AWS_REGION = \"x\" }",
            "environment = { \"9x\" = \"x\" }",
            "cors = { allow_origins = [\"*\"], allow_credentials = true }",
            "cors = { allow_origins = [\"example.org\"] }",
            "cors = { allow_origins = [\"https://example.org/\"] }",
            "buckets = [\"ab\"]",
            "buckets = [\"Documents\"]",
            "policy = [{ actions = [\"GetObject\"], resources = [\"*\"] }]",
            "policy = [{ actions = [\"s3:GetObject\"], resources = [\"bucket\"] }]",
            "[stages.prod.stages.x]",
            "[stages.Prod]",
        ] {
            let failure = Settings::from_toml(text, "dev", None).unwrap_err();
            assert_eq!(failure.exit(), Exit::Input, "{text}");
        }
    }
}
