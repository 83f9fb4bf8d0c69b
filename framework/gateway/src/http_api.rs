//! HTTP API (API Gateway v2): the way of a request, and of its answer.

mod guard;

use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::{
    authorize::cache::AnswerCache,
    authorize::{Access, Authorizer, Requirement},
    config::{ApiIdentity, ConfigError, TrailingSlash},
    cors::{CorsConfig, is_preflight},
    event::v1::http_api_v1_event,
    event::v2::{HttpApiCall, http_api_event},
    event::{EVENT_LIMIT, Trace},
    http::{Arrival, HttpReply, HttpRequest, Invocation, Outcome, Received, Unreadable},
    http_api::guard::Guard,
    matcher::Matcher,
    pattern::{PatternError, RouteKey},
    reply::Frame,
    reply::http_api::{HttpApiReply, Message},
    throttle::{Buckets, Throttle},
};

/// The most that request line and headers may take, in bytes. `[D]` gateway-truth §1.8
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

/// A route of an HTTP API.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpApiRoute {
    /// Method and path, or `$default`.
    pub key: RouteKey,
    /// Who may call it; `None` means everyone.
    pub requirement: Option<Requirement>,
    /// Its request limit, if it differs from the API's other routes.
    pub throttle: Option<Throttle>,
}

impl HttpApiRoute {
    /// The same with a requirement.
    #[must_use]
    pub fn requiring(self, requirement: Requirement) -> Self {
        Self {
            requirement: Some(requirement),
            ..self
        }
    }
}

impl From<RouteKey> for HttpApiRoute {
    fn from(key: RouteKey) -> Self {
        Self {
            key,
            requirement: None,
            throttle: None,
        }
    }
}

impl FromStr for HttpApiRoute {
    type Err = PatternError;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        key.parse().map(RouteKey::into)
    }
}

/// The configuration of an HTTP API.
#[derive(Debug, Clone)]
pub struct HttpApiConfig {
    /// The identity of the API.
    pub identity: ApiIdentity,
    /// The routes; [`Invocation::route`] is an index into them.
    pub routes: Vec<HttpApiRoute>,
    /// The authorizers for the routes' requirements;
    /// [`Question::authorizer`](super::Question::authorizer) is an index into them.
    pub authorizers: Vec<Authorizer>,
    /// The request limit of each route without its own. Without it there is no limit: the account's
    /// 10,000 requests per second (`[D]` gateway-truth §1.8) are not imitated.
    pub throttle: Option<Throttle>,
    /// The integration's payload format; default 2.0.
    pub payload_format: PayloadFormat,
    /// CORS by the gateway; without it, all is up to the handler.
    pub cors: Option<CorsConfig>,
    /// True if `/items/` is `/items`.
    pub trailing_slash: TrailingSlash,
    /// How long the API waits for the function: 50 ms to [`HttpApi::INTEGRATION_TIMEOUT`], the
    /// default.
    pub integration_timeout: Duration,
}

impl HttpApiConfig {
    /// An API without routes, with the defaults of AWS.
    #[must_use]
    pub fn new(identity: ApiIdentity) -> Self {
        Self {
            identity,
            routes: Vec::new(),
            authorizers: Vec::new(),
            throttle: None,
            payload_format: PayloadFormat::default(),
            cors: None,
            trailing_slash: TrailingSlash::default(),
            integration_timeout: HttpApi::INTEGRATION_TIMEOUT,
        }
    }
}

/// The model of an HTTP API with one Lambda integration. Copies share what it remembers: kept answers of authorizers, and
/// how often routes were called.
#[derive(Debug, Clone)]
pub struct HttpApi {
    config: HttpApiConfig,
    /// The routes' texts, built once.
    keys: Vec<String>,
    matcher: Matcher,
    default: Option<usize>,
    /// One for each route.
    guards: Vec<Option<Guard>>,
    buckets: Option<Arc<Buckets>>,
    answers: Arc<Mutex<AnswerCache>>,
}

impl HttpApi {
    /// The largest body that the API accepts, in bytes: a server need not read more than one byte
    /// beyond it before it calls [`HttpApi::receive`]. `[D]` gateway-truth §1.8: 10 MB, read as 10
    /// MiB
    pub const BODY_LIMIT: usize = 10 * 1024 * 1024;

    /// How long the API waits for the function, unless configured shorter. `[D]` gateway-truth §1.8
    pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

    /// Checks a configuration and prepares it for serving.
    ///
    /// # Errors
    ///
    /// If two routes answer the same requests, or CORS allows credentials from every origin, or a
    /// route names an authorizer that does not exist, or AWS would not create an authorizer like
    /// this.
    pub fn new(config: HttpApiConfig) -> Result<Self, ConfigError> {
        if let Some(cors) = &config.cors {
            cors.check()?;
        }
        let mut matcher = Matcher::default();
        let mut default = None;
        for (index, route) in config.routes.iter().enumerate() {
            match &route.key {
                RouteKey::Path { method, path } => matcher.insert(index, method, path)?,
                RouteKey::Default if default.is_none() => default = Some(index),
                RouteKey::Default => return Err(ConfigError::DefaultTwice),
            }
        }
        let keys = config
            .routes
            .iter()
            .map(|route| route.key.to_string())
            .collect();
        let limits = config
            .routes
            .iter()
            .map(|route| route.throttle.or(config.throttle));
        Ok(Self {
            guards: guard::guards(&config)?,
            buckets: Buckets::new(limits).map(Arc::new),
            answers: Arc::default(),
            config,
            keys,
            matcher,
            default,
        })
    }

    /// Takes a request to the function's event, or to the API's own answer, or to what is needed
    /// first.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        let (route, params) = match self.admit(request, arrival) {
            Ok(found) => found,
            Err(reply) => return Received::Answer(reply),
        };
        // Whether AWS counts before it checks the caller is unverified.
        if let Some(buckets) = &self.buckets
            && !buckets.take(route, arrival.epoch_ms)
        {
            let reply = self
                .reply(request, arrival)
                .message(Message::TooManyRequests);
            return Received::Answer(reply.because(format!(
                "the route gets more requests than its throttle allows: {}",
                self.keys[route]
            )));
        }
        match &self.guards[route] {
            None => self.invoke(request, arrival, (route, &params), None),
            Some(guard) => self.ask(guard, request, arrival, (route, &params)),
        }
    }

    /// Converts the outcome of an invocation to the client's response. `[R/D/U]` gateway-truth §1.8
    #[must_use]
    pub fn answer(&self, invocation: &Invocation, outcome: Outcome<'_>) -> HttpReply {
        let reply = HttpApiReply(Frame {
            epoch_ms: invocation.epoch_ms,
            id: &invocation.extended_id,
            cors: self.config.cors.as_ref(),
            origin: invocation.origin.as_deref(),
        });
        reply.message(match outcome {
            Outcome::Payload(payload) => return reply.result(payload, self.config.payload_format),
            Outcome::FunctionError(_) | Outcome::NotPermitted => Message::InternalServerError,
            // Documented for the API's own limits; its answer if Lambda has no capacity is
            // unverified.
            Outcome::Throttled => Message::TooManyRequests,
            Outcome::IntegrationTimeout => Message::ServiceUnavailable,
            Outcome::EventTooLarge => Message::EntityTooLarge,
        })
    }

    /// How long it waits for the function.
    #[must_use]
    pub fn integration_timeout(&self) -> Duration {
        self.config.integration_timeout
    }

    /// Goes on with what `former` remembers: see [`FrontDoor::take_over`](super::FrontDoor::take_over).
    pub fn take_over(&mut self, former: &Self) {
        if self.config.authorizers == former.config.authorizers {
            self.answers = Arc::clone(&former.answers);
        }
        if let (Some(buckets), Some(then)) = (&self.buckets, &former.buckets) {
            buckets.take_over(then, |route| {
                let key = self.keys.get(route)?;
                former.keys.iter().position(|one| one == key)
            });
        }
    }

    /// Answers input that is not a request: see
    /// [`FrontDoor::unreadable`](super::FrontDoor::unreadable).
    #[must_use]
    pub fn unreadable(&self, why: Unreadable, arrival: &Arrival) -> HttpReply {
        let message = match why {
            Unreadable::Malformed => Message::BadRequest,
            Unreadable::HeadTooLarge => Message::HeadersTooLarge,
        };
        let reply = HttpApiReply(Frame {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.extended_id,
            cors: None,
            origin: None,
        });
        reply.message(message)
    }

    /// The answers that the API gives by itself.
    fn reply<'r>(&'r self, request: &'r HttpRequest, arrival: &'r Arrival) -> HttpApiReply<'r> {
        let cors = self.config.cors.as_ref();
        HttpApiReply(Frame {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.extended_id,
            cors,
            origin: cors.and_then(|_| request.header("origin")),
        })
    }

    /// The route that a request is for, and its variables' raw values.
    fn admit<'m>(
        &'m self,
        request: &'m HttpRequest,
        arrival: &Arrival,
    ) -> Result<Found<'m>, HttpReply> {
        let HttpApiConfig { identity, cors, .. } = &self.config;
        let reply = self.reply(request, arrival);
        let refuse = |message| Err(reply.message(message));

        if request.head_len() > HEAD_LIMIT {
            return Err(reply.message(Message::HeadersTooLarge).because(format!(
                "request line and headers have more than {HEAD_LIMIT} bytes"
            )));
        }
        if request.body.len() > Self::BODY_LIMIT {
            return Err(reply
                .message(Message::EntityTooLarge)
                .because(format!("the body has more than {} bytes", Self::BODY_LIMIT)));
        }
        let (full_path, _) = request.path_and_query();
        let Some(path) = behind_stage(full_path, &identity.stage) else {
            return refuse(Message::NotFound);
        };
        // [D] gateway-truth §1.7: before any route.
        if cors.is_some() && is_preflight(request) {
            return Err(reply.preflight());
        }
        match self.route(&request.method, path) {
            Some(found) => Ok(found),
            None => refuse(Message::NotFound),
        }
    }

    /// The invocation for a request that may pass.
    fn invoke(
        &self,
        request: &HttpRequest,
        arrival: &Arrival,
        (route, params): (usize, &[(&str, &str)]),
        access: Option<&Access>,
    ) -> Received {
        let HttpApiConfig {
            identity,
            routes,
            cors,
            ..
        } = &self.config;
        let trace = Trace::new(request, arrival);
        let call = HttpApiCall {
            route: &routes[route].key,
            route_key: &self.keys[route],
            params,
            access,
        };
        let event = match self.config.payload_format {
            PayloadFormat::V1 => http_api_v1_event(request, arrival, identity, &trace, &call),
            PayloadFormat::V2 => http_api_event(request, arrival, identity, &trace, &call),
        };
        if event.len() > EVENT_LIMIT {
            return Received::Answer(
                self.reply(request, arrival)
                    .message(Message::EntityTooLarge)
                    .because(format!(
                        "the event has more than {EVENT_LIMIT} bytes, which is Lambda's limit"
                    )),
            );
        }
        let origin = cors.as_ref().and_then(|_| request.header("origin"));
        Received::Invoke(Invocation {
            route,
            event: event.into(),
            request_id: arrival.request_id.clone(),
            trace_id: trace.full,
            epoch_ms: arrival.epoch_ms,
            extended_id: arrival.extended_id.clone(),
            origin: origin.map(str::to_owned),
            accepts_binary: false,
            facts: None,
        })
    }

    /// The route for a method and a raw path behind the stage, and its variables' raw values.
    fn route<'m>(&'m self, method: &str, path: &'m str) -> Option<Found<'m>> {
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

/// A route's index, and its variables' raw values.
type Found<'m> = (usize, Vec<(&'m str, &'m str)>);

/// The path behind the stage, which is the first segment unless the stage is `$default`. Nothing for another stage's path.
/// `[D]` gateway-truth §1.1
fn behind_stage<'p>(path: &'p str, stage: &str) -> Option<&'p str> {
    if stage == "$default" {
        return Some(path);
    }
    match path.strip_prefix('/')?.strip_prefix(stage)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

#[cfg(test)]
mod tests;
