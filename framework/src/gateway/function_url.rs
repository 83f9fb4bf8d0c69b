//! Function URLs: Lambda's own HTTP endpoint.

use super::reply::Message;
use super::{
    ApiIdentity, Arrival, ConfigError, CorsConfig, HttpReply, HttpRequest, Invocation, Outcome,
    Received,
};

/// How a function URL is set up.
#[derive(Debug, Clone)]
pub struct FunctionUrlConfig {
    /// Who the URL is; its stage is always `$default`, and without IAM the event's account is `anonymous`.
    pub identity: ApiIdentity,
    /// CORS by Lambda; without it, all is up to the handler.
    pub cors: Option<CorsConfig>,
    /// `RESPONSE_STREAM`: the handler's result is the body, whatever it looks like.
    pub streaming: bool,
}

impl FunctionUrlConfig {
    /// A URL with the defaults of AWS.
    #[must_use]
    pub fn new(identity: ApiIdentity) -> Self {
        Self {
            identity,
            cors: None,
            streaming: false,
        }
    }
}

/// The model of a function URL of `AuthType` `NONE`.
#[derive(Debug, Clone)]
pub struct FunctionUrl {
    config: FunctionUrlConfig,
}

impl FunctionUrl {
    /// Checks a configuration and makes it ready to serve.
    ///
    /// # Errors
    ///
    /// When CORS allows credentials from every origin.
    pub fn new(config: FunctionUrlConfig) -> Result<Self, ConfigError> {
        if let Some(cors) = &config.cors {
            cors.check()?;
        }
        Ok(Self { config })
    }

    /// Takes a request to the function's event, or to the URL's own answer.
    #[must_use]
    pub fn receive(&self, _request: &HttpRequest, _arrival: &Arrival) -> Received {
        let _ = &self.config;
        Received::Answer(Message::NotFound.reply())
    }

    /// Takes what became of an invocation to what the client sees.
    #[must_use]
    pub fn answer(&self, _invocation: &Invocation, _outcome: Outcome<'_>) -> HttpReply {
        Message::InternalServerError.reply()
    }
}
