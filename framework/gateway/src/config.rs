//! The parts that the front doors' configurations share.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use crate::{
    matcher::Conflict, model::ModelError, pattern::RouteKey,
    rest_api::response::GatewayResponseType,
};

/// The identity of the API in the event's `requestContext`.
#[derive(Debug, Clone)]
pub struct ApiIdentity {
    /// The owner, twelve digits.
    pub account_id: String,
    /// The region, such as `us-east-1`: part of the routes' ARNs, and what requests are signed for.
    pub region: String,
    /// The API's id, or the function URL's.
    pub api_id: String,
    /// The host that clients ask for; its first label is the event's `domainPrefix`.
    pub domain_name: String,
    /// The deployed stage. `$default` has no path prefix, any other is the first path segment of each request.
    pub stage: String,
    /// Stage variables, by name.
    pub stage_variables: BTreeMap<String, String>,
}

impl ApiIdentity {
    /// An API of the documentation's account in its default region, without stage variables.
    #[must_use]
    pub fn new(api_id: impl Into<String>, stage: impl Into<String>) -> Self {
        let api_id = api_id.into();
        Self {
            account_id: "123456789012".into(),
            region: "us-east-1".into(),
            domain_name: format!("{api_id}.execute-api.us-east-1.amazonaws.com"),
            api_id,
            stage: stage.into(),
            stage_variables: BTreeMap::new(),
        }
    }

    /// The ARN of a call of the API, as policies name it: `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`. The
    /// path is that of the request behind the stage, undecoded. `[D]` for REST APIs, api-gateway-lambda-authorizer-input;
    /// for HTTP APIs unverified.
    pub(super) fn invoke_arn(&self, method: &str, path: &str) -> String {
        let Self {
            account_id,
            region,
            api_id,
            stage,
            ..
        } = self;
        let path = path.strip_prefix('/').unwrap_or(path);
        format!("arn:aws:execute-api:{region}:{account_id}:{api_id}/{stage}/{method}/{path}")
    }

    /// The first label of the domain name.
    pub(super) fn domain_prefix(&self) -> &str {
        self.domain_name.split('.').next().unwrap_or_default()
    }
}

/// True if an HTTP API accepts `/items/` for the route `/items`.
///
/// Reports about AWS conflict (gateway-truth §1.1). A `{name+}` or `$default` route accepts such a
/// path in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrailingSlash {
    /// `/items/` is another path than `/items`, and no route.
    #[default]
    Distinct,
    /// `/items/` reaches `/items`.
    Ignored,
}

/// Why a front door cannot be configured so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// Two routes answer the same method and path.
    Conflict(Conflict),
    /// There are two `$default` routes.
    DefaultTwice,
    /// A REST API has a `$default` route, which it does not support.
    NoDefaultRoute,
    /// CORS allows credentials from every origin.
    CredentialsFromAnyOrigin,
    /// A REST API's CORS names this many origins; its mock answer is a fixed text with exactly one.
    OneOrigin(usize),
    /// A route has a path that the gateway reserves.
    Reserved(RouteKey),
    /// Two routes of a REST API name the variable at one place differently.
    Siblings(Box<[RouteKey; 2]>),
    /// A route names an authorizer that is not configured, or is of another kind.
    UnknownAuthorizer {
        /// The route.
        route: RouteKey,
        /// The authorizer's name.
        name: String,
    },
    /// An authorizer that AWS would refuse to create.
    Authorizer {
        /// Its name.
        name: String,
        /// The problem, as a clause.
        problem: &'static str,
    },
    /// A gateway response cannot be sent so.
    GatewayResponse(GatewayResponseType, String),
    /// A method's model is not a JSON Schema of draft 4: the method, the media type, and the
    /// problem.
    Model(Box<(RouteKey, String, ModelError)>),
    /// Two API keys have the same name, or the same value. This is the second one's name.
    ApiKeyTwice(String),
    /// A usage plan names an API key that is not there.
    UnknownApiKey {
        /// The plan.
        plan: String,
        /// The key.
        key: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::DefaultTwice => {
                f.write_str("two routes answer the same requests; remove one: `$default`")
            }
            Self::NoDefaultRoute => {
                f.write_str("a REST API has no `$default` route; use `ANY /{proxy+}` and `ANY /`")
            }
            Self::CredentialsFromAnyOrigin => f.write_str(
                "CORS cannot allow credentials from every origin; name the origins instead of `*`",
            ),
            Self::OneOrigin(count) => write!(
                f,
                "CORS of a REST API needs exactly one origin, because its answer is a fixed text; origins given: {count}"
            ),
            Self::Reserved(route) => {
                write!(
                    f,
                    "REST APIs reserve `/ping` and `/sping`; choose another path for: `{route}`"
                )
            }
            Self::Siblings(routes) => {
                let [first, second] = &**routes;
                write!(
                    f,
                    "a REST API has one variable name at each position of a path; use the same name in: `{first}` and `{second}`"
                )
            }
            Self::UnknownAuthorizer { route, name } => write!(
                f,
                "the route `{route}` names an authorizer that does not exist: `{name}`"
            ),
            Self::Authorizer { name, problem } => write!(f, "the authorizer `{name}` {problem}"),
            Self::GatewayResponse(kind, what) => {
                write!(f, "the gateway response `{kind}` cannot be sent: {what}")
            }
            Self::Model(model) => {
                let (route, media, error) = &**model;
                write!(
                    f,
                    "the model of `{route}` for `{media}` is not valid: {error}"
                )
            }
            Self::ApiKeyTwice(name) => {
                write!(
                    f,
                    "two API keys have the same name or value; remove one: `{name}`"
                )
            }
            Self::UnknownApiKey { plan, key } => {
                write!(
                    f,
                    "the usage plan `{plan}` names an API key that does not exist: `{key}`"
                )
            }
        }
    }
}

impl Error for ConfigError {}

impl From<Conflict> for ConfigError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}
