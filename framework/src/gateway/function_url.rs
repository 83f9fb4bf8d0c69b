//! Function URLs: Lambda's own HTTP endpoint.

use super::cors::is_preflight;
use super::event::{EVENT_LIMIT, Trace, function_url_event};
use super::reply::{FunctionUrlReply, UrlMessage};
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
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        let FunctionUrlConfig { identity, cors, .. } = &self.config;
        let origin = cors.as_ref().and_then(|_| request.header("origin"));
        let reply = FunctionUrlReply {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.request_id,
            cors: cors.as_ref(),
            origin,
        };
        // [R] gateway-truth §3
        if request
            .header("host")
            .is_some_and(|host| self.is_another_url(host))
        {
            return Received::Answer(reply.message(UrlMessage::UnknownUrl));
        }
        if cors.is_some() && is_preflight(request) {
            return Received::Answer(reply.preflight());
        }
        // Whether AWS stops a long body before it makes an event of it is unverified; it saves the copy.
        if request.body.len() > EVENT_LIMIT {
            return Received::Answer(reply.message(UrlMessage::EntityTooLarge));
        }
        let trace = Trace::new(request, arrival);
        let event = function_url_event(request, arrival, identity, &trace);
        if event.len() > EVENT_LIMIT {
            return Received::Answer(reply.message(UrlMessage::EntityTooLarge));
        }
        Received::Invoke(Invocation {
            route: 0,
            event: event.into(),
            request_id: arrival.request_id.clone(),
            trace_id: trace.full,
            epoch_ms: arrival.epoch_ms,
            extended_id: arrival.extended_id.clone(),
            origin: origin.map(str::to_owned),
            accepts_binary: false,
        })
    }

    /// Takes what became of an invocation to what the client sees.
    #[must_use]
    pub fn answer(&self, invocation: &Invocation, outcome: Outcome<'_>) -> HttpReply {
        let reply = FunctionUrlReply {
            epoch_ms: invocation.epoch_ms,
            id: &invocation.request_id,
            cors: self.config.cors.as_ref(),
            origin: invocation.origin.as_deref(),
        };
        reply.message(match outcome {
            Outcome::Payload(payload) => return reply.result(payload, self.config.streaming),
            // A function URL waits as long as the function may run, so it has no timeout of its own.
            Outcome::FunctionError(_) | Outcome::IntegrationTimeout => {
                UrlMessage::InternalServerError
            }
            Outcome::NotPermitted => UrlMessage::Forbidden,
            Outcome::Throttled => UrlMessage::TooManyRequests,
            Outcome::EventTooLarge => UrlMessage::EntityTooLarge,
        })
    }

    /// Whether a host is that of a function URL, but not of this one. Other hosts are names of the local server.
    fn is_another_url(&self, host: &str) -> bool {
        let Some((id, domain)) = host.split_once('.') else {
            return false;
        };
        domain.starts_with("lambda-url.") && !id.eq_ignore_ascii_case(&self.config.identity.api_id)
    }
}
