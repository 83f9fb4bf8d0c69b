//! The gateway, in the words that settings, plans and calls share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A front door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
pub(crate) enum Gateway {
    /// An HTTP API (API Gateway v2)
    #[default]
    #[serde(rename = "http-api")]
    HttpApi,
    /// A REST API (API Gateway v1)
    #[serde(rename = "rest-api")]
    RestApi,
    /// The function's own URL, without API Gateway
    #[serde(rename = "function-url")]
    FunctionUrl,
}

impl Gateway {
    /// The name in the settings.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::HttpApi => "http-api",
            Self::RestApi => "rest-api",
            Self::FunctionUrl => "function-url",
        }
    }

    /// Its name with an article, for messages.
    pub(crate) const fn with_article(self) -> &'static str {
        match self {
            Self::HttpApi => "an HTTP API",
            Self::RestApi => "a REST API",
            Self::FunctionUrl => "a function URL",
        }
    }

    /// For how many seconds it waits for the function; a function URL waits until the function's timeout. `[D]`
    /// gateway-truth §1.8, `[U]` §2.7
    pub(crate) const fn patience(self) -> Option<u32> {
        match self {
            Self::HttpApi => Some(30),
            Self::RestApi => Some(29),
            Self::FunctionUrl => None,
        }
    }

    /// Its status after this wait.
    const fn impatience(self) -> u16 {
        match self {
            Self::HttpApi => 503,
            Self::RestApi | Self::FunctionUrl => 504,
        }
    }

    /// A warning for a function that may run for longer than the gateway waits.
    pub(crate) fn timeout_warning(self, timeout: u32) -> Option<String> {
        let patience = self.patience().filter(|patience| timeout > *patience)?;
        let (it, status) = (self.with_article(), self.impatience());
        Some(format!(
            "{it} answers {status} after {patience} s, but the function's `timeout` is {timeout} s"
        ))
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HttpApi => "HTTP API",
            Self::RestApi => "REST API",
            Self::FunctionUrl => "function URL",
        })
    }
}

/// The stage of an HTTP API that has no name in the path.
pub(crate) const DEFAULT_API_STAGE: &str = "$default";

/// The version of the event that an HTTP API sends, and of the answer that it understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PayloadFormat {
    /// The shape of REST APIs.
    #[serde(rename = "1.0")]
    V1,
    /// The HTTP APIs' own.
    #[default]
    #[serde(rename = "2.0")]
    V2,
}

impl PayloadFormat {
    /// The number that AWS and the settings give it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }
}

impl From<PayloadFormat> for fw_gateway::PayloadFormat {
    fn from(format: PayloadFormat) -> Self {
        match format {
            PayloadFormat::V1 => Self::V1,
            PayloadFormat::V2 => Self::V2,
        }
    }
}

/// How a function URL reads the function's response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum InvokeMode {
    /// Whole, up to 6 MiB.
    #[default]
    #[serde(rename = "buffered", alias = "BUFFERED")]
    Buffered,
    /// As it is streamed.
    #[serde(rename = "response-stream", alias = "RESPONSE_STREAM")]
    ResponseStream,
}

/// Who may call a function URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Auth {
    /// Everybody.
    #[default]
    #[serde(rename = "none", alias = "NONE")]
    None,
    /// Callers that sign the request and may invoke the URL.
    #[serde(rename = "iam", alias = "AWS_IAM")]
    Iam,
}

/// The gateway's CORS configuration; the names are those of HTTP APIs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// True if credentials are allowed. The origin `*` does not allow them.
    #[serde(default)]
    pub(crate) allow_credentials: bool,
}

/// A bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Requests at once.
    pub(crate) burst: u32,
}
