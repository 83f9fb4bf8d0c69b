//! Lambda's data in the CLI's types.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::values::{gateway::Cors, lambda::Options, names::Tags};

/// A function's configuration without its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    /// The ARN of the role that it runs as.
    pub(crate) role: String,
    /// `provided.al2023`.
    pub(crate) runtime: String,
    /// The value of `_HANDLER` for the app.
    pub(crate) handler: String,
    /// Memory in MB.
    pub(crate) memory: u32,
    /// The timeout in seconds.
    pub(crate) timeout: u32,
    /// The environment variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// All else.
    #[serde(default)]
    pub(crate) options: Options,
}

/// Whether a function can be invoked and changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It can.
    Ready,
    /// Lambda is still making or changing it.
    Pending,
    /// It failed, with Lambda's reason.
    Failed(String),
}

/// A function, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its code's SHA-256 in base64.
    pub(crate) sha256: String,
    /// Its code's size in bytes, zipped.
    pub(crate) size: u64,
    /// Its instruction set, in Lambda's words.
    pub(crate) architecture: String,
    /// Its configuration.
    pub(crate) configuration: Configuration,
    /// Its reserved concurrency, for all versions.
    pub(crate) reserved: Option<u32>,
    /// Whether it can be invoked and changed.
    pub(crate) readiness: Readiness,
    /// The function's tags.
    pub(crate) tags: Tags,
}

/// The result of an invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invoked {
    /// The result, or the error's document.
    pub(crate) payload: Bytes,
    /// True if the payload is a Lambda error document.
    pub(crate) failed: bool,
    /// The end of the log, where Lambda gave it.
    pub(crate) log: Option<String>,
}

/// The traffic of an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// The version that gets all traffic, or the rest.
    pub(crate) version: String,
    /// The version that gets a part of it.
    pub(crate) canary: Option<Canary>,
}

/// A version that gets a part of an alias' traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canary {
    /// Its number.
    pub(crate) version: String,
    /// Its part in percent, 1 to 99.
    pub(crate) percent: u32,
}

/// The configuration of a function URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UrlSettings {
    /// True if callers sign their requests; otherwise everyone may call it.
    pub(crate) iam: bool,
    /// True if responses are streamed.
    pub(crate) stream: bool,
    /// Its CORS configuration.
    pub(crate) cors: Option<Cors>,
}

/// An alias' URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionUrl {
    /// The URL, without a slash at the end.
    pub(crate) url: String,
    /// Its configuration.
    pub(crate) settings: UrlSettings,
}

/// What a statement of a resource policy allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Allows {
    /// Invoking, for a service.
    #[default]
    Service,
    /// Calling the URL without a signature, for everyone.
    Url,
    /// Invoking, for everyone, only through the URL (Lambda developer guide, "Control access to
    /// Lambda function URLs": a URL of `NONE` needs both).
    ThroughUrl,
}

/// One statement of a function's resource policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// The statement's id.
    pub(crate) id: String,
    /// The service that may invoke: `apigateway.amazonaws.com`.
    pub(crate) principal: String,
    /// The ARN pattern that the caller must match.
    pub(crate) source: String,
    /// The account that the caller's resource must be in, where its ARN does not name one: a bucket's.
    pub(crate) account: Option<String>,
    /// What it allows.
    pub(crate) allows: Allows,
}

impl Grant {
    /// Lets everyone call the URL.
    pub(crate) fn of_url(id: impl Into<String>, allows: Allows) -> Self {
        Self {
            id: id.into(),
            principal: "*".to_owned(),
            source: String::new(),
            account: None,
            allows,
        }
    }

    /// Lets API Gateway invoke for every API and route that the ARN pattern matches.
    pub(crate) fn of_api(id: impl Into<String>, source: String) -> Self {
        Self::of_service(id, "apigateway.amazonaws.com", source)
    }

    /// Lets a service invoke for what the ARN pattern matches.
    pub(crate) fn of_service(id: impl Into<String>, principal: &str, source: String) -> Self {
        Self {
            id: id.into(),
            principal: principal.to_owned(),
            source,
            account: None,
            allows: Allows::Service,
        }
    }
}
