//! Who may call: JWT issuers, authorizers, API keys and their plans, throttling, and what the gateway answers to the others.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::over::Over;
use crate::values::{gateway::Rate, statement::one_or_several};

/// What is set about access, resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Access {
    /// The JWT authorizers, by the name that routes use.
    pub(crate) jwt: BTreeMap<String, Jwt>,
    /// What goes over the app's own words about its Lambda authorizers, by their names.
    pub(crate) authorizers: BTreeMap<String, AuthorizerSettings>,
    /// How many requests the gateway lets through.
    pub(crate) throttle: Throttle,
    /// A REST API's keys.
    pub(crate) api_keys: Vec<ApiKey>,
    /// Where a REST API looks for the key.
    pub(crate) api_key_source: ApiKeySource,
    /// A REST API's usage plans, by name.
    pub(crate) usage_plans: BTreeMap<String, UsagePlan>,
    /// A REST API's own answers that are changed, by type: `ACCESS_DENIED`, `DEFAULT_4XX`, ….
    pub(crate) gateway_responses: BTreeMap<String, GatewayResponse>,
    /// Whether a REST API checks parameters and bodies before it invokes the function.
    pub(crate) request_validation: bool,
}

/// A JWT authorizer of an HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jwt {
    /// Who signs the tokens: their `iss`, and where the keys are found.
    pub(crate) issuer: String,
    /// Of which one has to be the token's `aud` or `client_id`.
    #[serde(deserialize_with = "one_or_several")]
    pub(crate) audience: Vec<String>,
    /// Where the token stands in the request.
    #[serde(default = "authorization_header")]
    pub(crate) identity: String,
}

impl Jwt {
    /// The lines that are to be written for one of that name.
    pub(crate) fn example(name: &str) -> String {
        format!(
            "[jwt.{name}]\nissuer = \"https://issuer.example.org/\"   # the tokens' `iss`\naudience = [\"my-app\"]                    # one of them is the tokens' `aud`"
        )
    }
}

/// What an HTTP API takes when nothing else is said.
fn authorization_header() -> String {
    "$request.header.Authorization".to_owned()
}

/// What goes over an authorizer's own words.
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

/// How many requests the gateway lets through: a bucket that refills with `rate` a second and holds `burst`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttle {
    /// Requests a second.
    pub(crate) rate: Option<f64>,
    /// Requests at once.
    pub(crate) burst: Option<u32>,
    /// Routes that have a bucket of their own, by route key.
    #[serde(default)]
    pub(crate) routes: BTreeMap<String, Rate>,
}

/// A key that callers of a REST API send.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKey {
    /// Its name.
    pub(crate) name: String,
    /// What the caller sends, 20 to 128 characters. Where it is not set API Gateway makes one, and the local server another.
    pub(crate) value: Option<String>,
    /// Whether it is taken.
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
}

impl ApiKey {
    /// The shortest value that API Gateway takes.
    pub(super) const SHORTEST: usize = 20;
}

fn yes() -> bool {
    true
}

/// Where a REST API looks for the key.
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

/// How much the holders of some keys may call.
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

/// What a REST API answers by itself.
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
