//! What Lambda holds, in our words.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::values::{gateway::Cors, lambda::Options, names::Tags};

/// A function's configuration, besides its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    /// The ARN of the role that it runs as.
    pub(crate) role: String,
    /// `provided.al2023`.
    pub(crate) runtime: String,
    /// What the app finds in `_HANDLER`.
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
    /// Lambda gave up, and says why.
    Failed(String),
}

/// A function, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its code's SHA-256 in base64.
    pub(crate) sha256: String,
    /// Its code's size in bytes, zipped.
    pub(crate) size: u64,
    /// Its instruction set, by Lambda's name.
    pub(crate) architecture: String,
    /// Its configuration.
    pub(crate) configuration: Configuration,
    /// How many invocations are kept for the function, whatever its version.
    pub(crate) reserved: Option<u32>,
    /// Whether it can be invoked and changed.
    pub(crate) readiness: Readiness,
    /// The function's tags.
    pub(crate) tags: Tags,
}

/// What came of an invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invoked {
    /// The result, or the error's document.
    pub(crate) payload: Bytes,
    /// Whether it is an error's document.
    pub(crate) failed: bool,
    /// The end of the log, where Lambda gave it.
    pub(crate) log: Option<String>,
}

/// Where an alias sends the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// The version that takes all of it, or what the other one leaves.
    pub(crate) version: String,
    /// The version that takes a part of it.
    pub(crate) canary: Option<Canary>,
}

/// A version that takes a part of an alias' traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canary {
    /// Its number.
    pub(crate) version: String,
    /// Its part in percent, 1 to 99.
    pub(crate) percent: u32,
}

/// How a function URL is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UrlSettings {
    /// Whether callers sign their requests; everybody may call where they do not.
    pub(crate) iam: bool,
    /// Whether answers go out as they come.
    pub(crate) stream: bool,
    /// Its CORS configuration.
    pub(crate) cors: Option<Cors>,
}

/// An alias' URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionUrl {
    /// The URL, without a slash at the end.
    pub(crate) url: String,
    /// How it is set up.
    pub(crate) settings: UrlSettings,
}

/// What a statement of a resource policy allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Allows {
    /// Invoking, for a service.
    #[default]
    Service,
    /// Calling the URL without a signature, for everybody.
    Url,
    /// Invoking, for everybody, through the URL alone (Lambda developer guide, "Control access to Lambda function URLs": a
    /// URL of `NONE` needs both).
    ThroughUrl,
}

/// One statement of a function's resource policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The statement's id.
    pub(crate) id: String,
    /// The service that may invoke: `apigateway.amazonaws.com`.
    pub(crate) principal: String,
    /// The ARN pattern that the caller must match.
    pub(crate) source: String,
    /// What it allows.
    pub(crate) allows: Allows,
}

impl Grant {
    /// Lets everybody call the URL.
    pub(crate) fn of_url(id: impl Into<String>, allows: Allows) -> Self {
        Self {
            id: id.into(),
            principal: "*".to_owned(),
            source: String::new(),
            allows,
        }
    }

    /// Lets API Gateway invoke for every API and route that the ARN pattern matches.
    pub(crate) fn of_api(id: impl Into<String>, source: String) -> Self {
        Self {
            id: id.into(),
            principal: "apigateway.amazonaws.com".to_owned(),
            source,
            allows: Allows::Service,
        }
    }
}
