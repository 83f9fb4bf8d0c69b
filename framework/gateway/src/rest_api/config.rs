//! The configuration of a REST API.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{
    config::{ApiIdentity, ConfigError},
    cors::CorsConfig,
    pattern::RouteKey,
    rest_api::authorizer::RestAuthorizer,
    rest_api::method::RestMethod,
    rest_api::response::{GatewayResponse, GatewayResponseType},
    rest_api::usage::{ApiKey, ApiKeySource, UsageMeter, UsagePlan},
    throttle::Throttle,
};

/// The configuration of a REST API.
#[derive(Debug, Clone)]
pub struct RestApiConfig {
    /// The identity of the API. A REST API always has a named stage.
    pub identity: ApiIdentity,
    /// The methods of the resources; [`Invocation::route`](super::super::Invocation::route) is an index into them.
    pub routes: Vec<RouteKey>,
    /// A method's settings beyond its route, by the route's index; a route without an entry is a
    /// plain proxy to the function.
    pub methods: BTreeMap<usize, RestMethod>,
    /// Media types of binary bodies: `image/png`, `application/*`, `*/*`.
    pub binary_media_types: Vec<String>,
    /// If set, every resource that has no OPTIONS method gets one with a MOCK integration that answers preflights.
    pub cors: Option<CorsConfig>,
    /// The same for single resources, by their path; it has priority over `cors`.
    pub resource_cors: BTreeMap<String, CorsConfig>,
    /// The authorizers that methods name; a [`Question`](super::super::Question) names one by its index.
    pub authorizers: Vec<RestAuthorizer>,
    /// The API keys. Only methods that require one look at them.
    pub api_keys: Vec<ApiKey>,
    /// The source of a request's API key.
    pub api_key_source: ApiKeySource,
    /// The limits of the keys. AWS needs a plan for a key to open anything; without any plan here,
    /// every key opens everything.
    pub usage_plans: Vec<UsagePlan>,
    /// The limit of all clients together for the methods without a throttle of their own.
    pub throttle: Option<Throttle>,
    /// The usage so far.
    pub meter: UsageMeter,
    /// How long the API waits for the function: 50 ms to
    /// [`RestApi::INTEGRATION_TIMEOUT`](super::RestApi::INTEGRATION_TIMEOUT), the default.
    pub integration_timeout: Duration,
    /// The changes to the API's own answers.
    pub gateway_responses: BTreeMap<GatewayResponseType, GatewayResponse>,
}

impl RestApiConfig {
    /// An API without routes, with the defaults of AWS.
    #[must_use]
    pub fn new(identity: ApiIdentity) -> Self {
        Self {
            identity,
            routes: Vec::new(),
            methods: BTreeMap::new(),
            binary_media_types: Vec::new(),
            cors: None,
            resource_cors: BTreeMap::new(),
            authorizers: Vec::new(),
            api_keys: Vec::new(),
            api_key_source: ApiKeySource::default(),
            usage_plans: Vec::new(),
            throttle: None,
            meter: UsageMeter::default(),
            integration_timeout: super::RestApi::INTEGRATION_TIMEOUT,
            gateway_responses: BTreeMap::new(),
        }
    }

    /// Refuses what AWS refuses, or what names something that is not there.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for cors in self.resource_cors.values().chain(&self.cors) {
            if cors.allow_origins.len() != 1 {
                return Err(ConfigError::OneOrigin(cors.allow_origins.len()));
            }
        }
        for (kind, response) in &self.gateway_responses {
            response.check(*kind)?;
        }
        for (at, key) in self.api_keys.iter().enumerate() {
            let before = self.api_keys.get(..at).unwrap_or_default();
            if before
                .iter()
                .any(|other| other.name == key.name || other.value == key.value)
            {
                return Err(ConfigError::ApiKeyTwice(key.name.clone()));
            }
        }
        for plan in &self.usage_plans {
            let missing = plan
                .keys
                .iter()
                .find(|name| !self.api_keys.iter().any(|key| key.name == **name));
            if let Some(key) = missing {
                return Err(ConfigError::UnknownApiKey {
                    plan: plan.name.clone(),
                    key: key.clone(),
                });
            }
        }
        Ok(())
    }
}
