//! REST API (API Gateway v1).

use super::reply::Message;
use super::{
    ApiIdentity, Arrival, ConfigError, CorsConfig, HttpReply, HttpRequest, Invocation, Matcher,
    Outcome, Received, RouteKey,
};

/// How a REST API is set up.
#[derive(Debug, Clone)]
pub struct RestApiConfig {
    /// Who the API is. A REST API always has a named stage.
    pub identity: ApiIdentity,
    /// The methods of the resources; [`Invocation::route`] is an index into them.
    pub routes: Vec<RouteKey>,
    /// Media types whose bodies are binary: `image/png`, `application/*`, `*/*`.
    pub binary_media_types: Vec<String>,
    /// If set, every resource that has no OPTIONS method gets one with a MOCK integration that answers preflights.
    pub cors: Option<CorsConfig>,
}

impl RestApiConfig {
    /// An API without routes, with the defaults of AWS.
    #[must_use]
    pub fn new(identity: ApiIdentity) -> Self {
        Self {
            identity,
            routes: Vec::new(),
            binary_media_types: Vec::new(),
            cors: None,
        }
    }
}

/// The model of a regional REST API with one Lambda proxy integration.
#[derive(Debug, Clone)]
pub struct RestApi {
    config: RestApiConfig,
    matcher: Matcher,
}

impl RestApi {
    /// Checks a configuration and makes it ready to serve.
    ///
    /// # Errors
    ///
    /// When two routes answer the same requests, or one is `$default` or reserved, or CORS names other than one origin.
    pub fn new(config: RestApiConfig) -> Result<Self, ConfigError> {
        let mut matcher = Matcher::default();
        for (index, route) in config.routes.iter().enumerate() {
            match route {
                RouteKey::Path { method, path } => matcher.insert(index, method, path)?,
                RouteKey::Default => return Err(ConfigError::NoDefaultRoute),
            }
        }
        Ok(Self { config, matcher })
    }

    /// Takes a request to the function's event, or to the API's own answer.
    #[must_use]
    pub fn receive(&self, _request: &HttpRequest, _arrival: &Arrival) -> Received {
        let _ = (&self.config, &self.matcher);
        Received::Answer(Message::NotFound.reply())
    }

    /// Takes what became of an invocation to what the client sees.
    #[must_use]
    pub fn answer(&self, _invocation: &Invocation, _outcome: Outcome<'_>) -> HttpReply {
        Message::InternalServerError.reply()
    }
}
