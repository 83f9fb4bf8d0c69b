//! The front door: which gateway, what is set of it, and what only some of the gateways have.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{Layer, access_log::AccessLog, domain::Domain};

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

    /// What people call it, with its article.
    pub(crate) const fn with_article(self) -> &'static str {
        match self {
            Self::HttpApi => "an HTTP API",
            Self::RestApi => "a REST API",
            Self::FunctionUrl => "a function URL",
        }
    }

    /// For how many seconds it waits for the function; a function URL waits as long as the function may run. `[D]`
    /// gateway-truth §1.8, `[U]` §2.7
    pub(crate) const fn patience(self) -> Option<u32> {
        match self {
            Self::HttpApi => Some(30),
            Self::RestApi => Some(29),
            Self::FunctionUrl => None,
        }
    }

    /// What it answers when it has waited that long.
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
            "{it} answers {status} after {patience} s, and the function's `timeout` is {timeout} s"
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

/// What is set of the front door, resolved. What the gateway does not have is at its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Door {
    /// The version of an HTTP API's events and answers.
    pub(crate) payload_format: PayloadFormat,
    /// The gateway's stage: `$default`, or the first segment of every path.
    pub(crate) stage_name: String,
    /// The gateway's stage variables, which every event carries.
    pub(crate) stage_variables: BTreeMap<String, String>,
    /// A REST API's binary media types.
    pub(crate) binary_media_types: Vec<String>,
    /// How a function URL takes the answer.
    pub(crate) invoke_mode: InvokeMode,
    /// Who may call a function URL.
    pub(crate) auth: Auth,
    /// For how many milliseconds an API waits for the function, if not for as long as it can.
    pub(crate) integration_timeout: Option<u32>,
    /// An API's access log, when there is one.
    pub(crate) access_log: Option<AccessLog>,
    /// A domain in front of an API, when there is one.
    pub(crate) domain: Option<Domain>,
}

impl Door {
    /// The stage that has no name in the path.
    pub(crate) const DEFAULT_STAGE: &'static str = "$default";

    /// The keys that are set and mean nothing to the local server.
    pub(crate) fn only_deployed(&self) -> Vec<&'static str> {
        let set = [
            ("access_log", self.access_log.is_some()),
            ("domain", self.domain.is_some()),
        ];
        let set = set.into_iter().filter(|(_, set)| *set);
        set.map(|(key, _)| key).collect()
    }

    /// What stands before each route's path: `/dev`, or nothing.
    pub(crate) fn prefix(&self) -> String {
        match self.stage_name.as_str() {
            Self::DEFAULT_STAGE => String::new(),
            stage => format!("/{stage}"),
        }
    }
}

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

/// How a function URL takes the function's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum InvokeMode {
    /// Whole, up to 6 MiB.
    #[default]
    #[serde(rename = "buffered", alias = "BUFFERED")]
    Buffered,
    /// As it comes.
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
    /// Who signs the request and may invoke the URL.
    #[serde(rename = "iam", alias = "AWS_IAM")]
    Iam,
}

/// A key that only some gateways have.
struct Special {
    key: &'static str,
    gateways: &'static [Gateway],
    /// What to do where the gateway does not have it.
    instead: &'static str,
    /// Whether the layer sets it.
    is_set: fn(&Layer) -> bool,
    /// Takes it out of the layer.
    unset: fn(&mut Layer),
}

macro_rules! special {
    ($key:ident, $gateways:expr, $instead:literal) => {
        Special {
            key: stringify!($key),
            gateways: $gateways,
            instead: $instead,
            is_set: |layer| layer.$key != Default::default(),
            unset: |layer| layer.$key = Default::default(),
        }
    };
}

const APIS: &[Gateway] = &[Gateway::HttpApi, Gateway::RestApi];
const HTTP: &[Gateway] = &[Gateway::HttpApi];
const REST: &[Gateway] = &[Gateway::RestApi];
const URL: &[Gateway] = &[Gateway::FunctionUrl];

/// The keys that only some gateways have.
const SPECIAL: [Special; 17] = [
    special!(
        payload_format,
        HTTP,
        "the events of a REST API are always 1.0, those of a function URL 2.0"
    ),
    special!(stage_name, APIS, "a function URL has no stages"),
    special!(
        integration_timeout,
        APIS,
        "a function URL waits as long as the function may run"
    ),
    special!(
        access_log,
        APIS,
        "a function URL keeps no log; the function's own has a line for each request"
    ),
    special!(
        domain,
        APIS,
        "a function URL has a host of its own; a CDN can stand in front of it"
    ),
    special!(stage_variables, APIS, "use `[environment]`"),
    special!(
        binary_media_types,
        REST,
        "the other gateways decode each answer that says `isBase64Encoded`"
    ),
    special!(invoke_mode, URL, "API Gateway takes whole answers only"),
    special!(
        auth,
        URL,
        "the routes of an API say it themselves: `#[route(…, iam)]`"
    ),
    special!(
        jwt,
        HTTP,
        "have the tokens checked by the app: `#[authorizer]`, or in the handlers"
    ),
    special!(
        authorizers,
        APIS,
        "the handlers of a function URL check themselves who calls"
    ),
    special!(
        throttle,
        APIS,
        "a function URL is limited by the function's concurrency alone"
    ),
    special!(api_keys, REST, "the other gateways have no API keys"),
    special!(api_key_source, REST, "the other gateways have no API keys"),
    special!(usage_plans, REST, "the other gateways have no usage plans"),
    special!(
        gateway_responses,
        REST,
        "the other gateways' own answers are fixed"
    ),
    special!(
        request_validation,
        REST,
        "the extractors check the request behind every gateway"
    ),
];

/// The keys of the layer that the gateway does not have: the key, and a sentence that says what to do.
pub(super) fn misplaced(layer: &Layer, gateway: Gateway) -> Vec<(&'static str, String)> {
    let misplaced =
        |special: &&Special| !special.gateways.contains(&gateway) && (special.is_set)(layer);
    SPECIAL
        .iter()
        .filter(misplaced)
        .map(|special| {
            let names: Vec<_> = special
                .gateways
                .iter()
                .map(|gateway| format!("\"{}\"", gateway.as_str()))
                .collect();
            (
                special.key,
                format!(
                    "remove it, or set `gateway = {}`; {}",
                    names.join("` or `gateway = "),
                    special.instead
                ),
            )
        })
        .collect()
}

/// Takes out of the layer what the gateway does not have, and gives the keys.
pub(super) fn leave_out(layer: &mut Layer, gateway: Gateway) -> Vec<&'static str> {
    let mut left_out = Vec::new();
    for special in &SPECIAL {
        if !special.gateways.contains(&gateway) && (special.is_set)(layer) {
            (special.unset)(layer);
            left_out.push(special.key);
        }
    }
    left_out
}
