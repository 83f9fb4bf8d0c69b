//! HTTP API (API Gateway v2).

use super::cors::is_preflight;
use super::event::{EVENT_LIMIT, Trace, http_api_event, http_api_v1_event};
use super::reply::{HttpApiReply, Message};
use super::{
    ApiIdentity, Arrival, ConfigError, Conflict, CorsConfig, HttpReply, HttpRequest, Invocation,
    Matcher, Outcome, Received, RouteKey, TrailingSlash,
};

/// The largest body, in bytes. [D] gateway-truth §1.8: 10 MB, read as 10 MiB
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// The most that request line and headers may take, in bytes. [D] gateway-truth §1.8
const HEAD_LIMIT: usize = 10_240;

/// The version of the event and of the result that an integration uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PayloadFormat {
    /// `1.0`, the shape of REST APIs.
    V1,
    /// `2.0`.
    #[default]
    V2,
}

/// How an HTTP API is set up.
#[derive(Debug, Clone)]
pub struct HttpApiConfig {
    /// Who the API is.
    pub identity: ApiIdentity,
    /// The routes; [`Invocation::route`] is an index into them.
    pub routes: Vec<RouteKey>,
    /// The integration's payload format, 2.0 unless said otherwise.
    pub payload_format: PayloadFormat,
    /// CORS by the gateway; without it, all is up to the handler.
    pub cors: Option<CorsConfig>,
    /// Whether `/items/` is `/items`.
    pub trailing_slash: TrailingSlash,
}

impl HttpApiConfig {
    /// An API without routes, with the defaults of AWS.
    #[must_use]
    pub fn new(identity: ApiIdentity) -> Self {
        Self {
            identity,
            routes: Vec::new(),
            payload_format: PayloadFormat::default(),
            cors: None,
            trailing_slash: TrailingSlash::default(),
        }
    }
}

/// The model of an HTTP API with one Lambda integration.
#[derive(Debug, Clone)]
pub struct HttpApi {
    config: HttpApiConfig,
    /// The routes' texts, made once.
    keys: Vec<String>,
    matcher: Matcher,
    default: Option<usize>,
}

impl HttpApi {
    /// Checks a configuration and makes it ready to serve.
    ///
    /// # Errors
    ///
    /// When two routes answer the same requests, or CORS allows credentials from every origin.
    pub fn new(config: HttpApiConfig) -> Result<Self, ConfigError> {
        if let Some(cors) = &config.cors {
            cors.check()?;
        }
        let mut matcher = Matcher::default();
        let mut default = None;
        for (index, route) in config.routes.iter().enumerate() {
            match route {
                RouteKey::Path { method, path } => matcher.insert(index, method, path)?,
                RouteKey::Default if default.is_none() => default = Some(index),
                RouteKey::Default => {
                    let path = "$default".to_owned();
                    return Err(Conflict {
                        method: String::new(),
                        first: path.clone(),
                        second: path,
                    }
                    .into());
                }
            }
        }
        let keys = config.routes.iter().map(ToString::to_string).collect();
        Ok(Self {
            config,
            keys,
            matcher,
            default,
        })
    }

    /// Takes a request to the function's event, or to the API's own answer.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        match self.invoke(request, arrival) {
            Ok(invocation) => Received::Invoke(invocation),
            Err(reply) => Received::Answer(reply),
        }
    }

    /// Takes what became of an invocation to what the client sees. [R/D/U] gateway-truth §1.8
    #[must_use]
    pub fn answer(&self, invocation: &Invocation, outcome: Outcome<'_>) -> HttpReply {
        let reply = HttpApiReply {
            epoch_ms: invocation.epoch_ms,
            id: &invocation.extended_id,
            cors: self.config.cors.as_ref(),
            origin: invocation.origin.as_deref(),
        };
        reply.message(match outcome {
            Outcome::Payload(payload) => return reply.result(payload, self.config.payload_format),
            Outcome::FunctionError(_) | Outcome::NotPermitted => Message::InternalServerError,
            // Recorded for neither the API's own limits ([D] for the status) nor the function's.
            Outcome::Throttled => Message::TooManyRequests,
            Outcome::IntegrationTimeout => Message::ServiceUnavailable,
            Outcome::EventTooLarge => Message::EntityTooLarge,
        })
    }

    fn invoke(&self, request: &HttpRequest, arrival: &Arrival) -> Result<Invocation, HttpReply> {
        let HttpApiConfig {
            identity,
            routes,
            cors,
            ..
        } = &self.config;
        let origin = cors.as_ref().and_then(|_| request.header("origin"));
        let reply = HttpApiReply {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.extended_id,
            cors: cors.as_ref(),
            origin,
        };
        let refuse = |message| Err(reply.message(message));

        if request.head_len() > HEAD_LIMIT {
            return refuse(Message::HeadersTooLarge);
        }
        if request.body.len() > BODY_LIMIT {
            return refuse(Message::EntityTooLarge);
        }
        let (full_path, _) = request.path_and_query();
        let Some(path) = behind_stage(full_path, &identity.stage) else {
            return refuse(Message::NotFound);
        };
        // [D] gateway-truth §1.7: before any route.
        if cors.is_some() && is_preflight(request) {
            return Err(reply.preflight());
        }
        let Some((route, params)) = self.route(&request.method, path) else {
            return refuse(Message::NotFound);
        };

        let trace = Trace::new(request, arrival);
        let key = &routes[route];
        let event = match self.config.payload_format {
            PayloadFormat::V1 => {
                http_api_v1_event(request, arrival, identity, &trace, key, &params)
            }
            PayloadFormat::V2 => http_api_event(
                request,
                arrival,
                identity,
                &trace,
                &self.keys[route],
                &params,
            ),
        };
        if event.len() > EVENT_LIMIT {
            return refuse(Message::EntityTooLarge);
        }
        Ok(Invocation {
            route,
            event: event.into(),
            request_id: arrival.request_id.clone(),
            trace_id: trace.full,
            epoch_ms: arrival.epoch_ms,
            extended_id: arrival.extended_id.clone(),
            origin: origin.map(str::to_owned),
            accepts_binary: false,
        })
    }

    /// The route for a method and a raw path behind the stage, and its variables' raw values.
    fn route<'m>(
        &'m self,
        method: &str,
        path: &'m str,
    ) -> Option<(usize, Vec<(&'m str, &'m str)>)> {
        let exact = || self.matcher.find(method, path);
        let shorter = || match self.config.trailing_slash {
            TrailingSlash::Ignored => self.matcher.find(method, path.strip_suffix('/')?),
            TrailingSlash::Distinct => None,
        };
        let found = exact()
            .or_else(shorter)
            .map(|found| (found.index, found.params));
        found.or_else(|| Some((self.default?, Vec::new())))
    }
}

/// The path behind the stage, which is the first segment unless the stage is `$default`. Nothing for another stage's path.
/// [D] gateway-truth §1.1
fn behind_stage<'p>(path: &'p str, stage: &str) -> Option<&'p str> {
    if stage == "$default" {
        return Some(path);
    }
    match path.strip_prefix('/')?.strip_prefix(stage)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}
