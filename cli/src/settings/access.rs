//! Who may call: JWT issuers, authorizers, API keys and their plans, throttling, and the gateway's
//! answers to others.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::over::Over;
use crate::values::{gateway::Rate, statement::one_or_several};

/// The settings about access, resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Access {
    /// The JWT authorizers, by the name that routes use.
    pub(crate) jwt: BTreeMap<String, Jwt>,
    /// Settings that override the app's Lambda authorizers, by their names.
    pub(crate) authorizers: BTreeMap<String, AuthorizerSettings>,
    /// The request limits of the gateway.
    pub(crate) throttle: Throttle,
    /// A REST API's keys.
    pub(crate) api_keys: Vec<ApiKey>,
    /// The source of the key for a REST API.
    pub(crate) api_key_source: ApiKeySource,
    /// A REST API's usage plans, by name.
    pub(crate) usage_plans: BTreeMap<String, UsagePlan>,
    /// A REST API's own answers that are changed, by type: `ACCESS_DENIED`, `DEFAULT_4XX`, ….
    pub(crate) gateway_responses: BTreeMap<String, GatewayResponse>,
    /// True if a REST API checks parameters and bodies before it invokes the function.
    pub(crate) request_validation: bool,
}

/// A JWT authorizer of an HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jwt {
    /// The issuer of the tokens: their `iss`, and the address of the keys.
    pub(crate) issuer: String,
    /// One of them must be the token's `aud` or `client_id`.
    #[serde(deserialize_with = "one_or_several")]
    pub(crate) audience: Vec<String>,
    /// The place of the token in the request.
    #[serde(default = "authorization_header")]
    pub(crate) identity: String,
}

impl Jwt {
    /// The lines to write for a JWT authorizer with this name.
    pub(crate) fn example(name: &str) -> String {
        format!(
            "[jwt.{name}]\nissuer = \"https://issuer.example.org/\"   # `iss` of the tokens\naudience = [\"my-app\"]                    # one of them must be `aud` of the tokens"
        )
    }
}

/// The default of an HTTP API.
fn authorization_header() -> String {
    "$request.header.Authorization".to_owned()
}

/// Settings that override an authorizer's declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuthorizerSettings {
    /// For how many seconds an answer is kept, 0 to 3600.
    pub(crate) ttl: Option<u32>,
    /// What identifies a caller.
    pub(crate) identity: Option<Vec<String>>,
}

/// These are replaced as a whole.
macro_rules! replaced {
    ($($Type:ty),*) => {
        $( impl Over for $Type {
            fn over(self, _: Self) -> Self {
                self
            }
        } )*
    };
}
replaced!(Jwt, UsagePlan, GatewayResponse);

/// A request limit of the gateway: a token bucket that refills with `rate` per second and holds
/// `burst`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttle {
    /// Requests a second.
    pub(crate) rate: Option<f64>,
    /// Requests at once.
    pub(crate) burst: Option<u32>,
    /// Routes with their own limit, by route key.
    #[serde(default)]
    pub(crate) routes: BTreeMap<String, Rate>,
}

/// A key that callers of a REST API send.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKey {
    /// Its name.
    pub(crate) name: String,
    /// The value that the caller sends, 20 to 128 characters. Without it API Gateway generates one,
    /// and the local server another.
    pub(crate) value: Option<String>,
    /// True if it is enabled.
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
}

impl ApiKey {
    /// The shortest value that API Gateway accepts.
    pub(super) const SHORTEST: usize = 20;
}

fn yes() -> bool {
    true
}

/// The source of the key for a REST API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum ApiKeySource {
    /// In the header `x-api-key`.
    #[default]
    #[serde(rename = "header", alias = "HEADER")]
    Header,
    /// In the authorizer's answer, `usageIdentifierKey`.
    #[serde(rename = "authorizer", alias = "AUTHORIZER")]
    Authorizer,
}

/// The limits of some keys.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsagePlan {
    /// The keys' names.
    pub(crate) keys: Vec<String>,
    /// Requests a second, for each key.
    pub(crate) rate: Option<f64>,
    /// Requests at once, for each key.
    pub(crate) burst: Option<u32>,
    /// Requests in a longer time, for each key.
    pub(crate) quota: Option<Quota>,
}

/// Requests in a longer time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    /// How many.
    pub(crate) limit: u32,
    /// In which time.
    pub(crate) period: Period,
}

/// A quota's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Period {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
}

/// A response that a REST API gives by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GatewayResponse {
    /// The status, where it is another than AWS's.
    pub(crate) status: Option<u16>,
    /// Headers to add.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The body's template by media type.
    #[serde(default)]
    pub(crate) templates: BTreeMap<String, String>,
}

/// The types of a REST API's own answers (gateway-truth §2.6).
pub(super) const RESPONSE_TYPES: [&str; 21] = [
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
];
