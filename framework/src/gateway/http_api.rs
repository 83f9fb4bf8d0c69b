//! HTTP API (API Gateway v2).

use super::reply::Message;
use super::{
    ApiIdentity, Arrival, ConfigError, Conflict, CorsConfig, HttpReply, HttpRequest, Invocation,
    Matcher, Outcome, Received, RouteKey, TrailingSlash,
};

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
        Ok(Self {
            config,
            matcher,
            default,
        })
    }

    /// Takes a request to the function's event, or to the API's own answer.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        let (path, _) = request.path_and_query();
        let found = self.matcher.find(&request.method, path);
        let Some(route) = found.map(|found| found.index).or(self.default) else {
            return Received::Answer(Message::NotFound.reply());
        };
        let _ = &self.config;
        Received::Invoke(Invocation {
            route,
            event: "{}".into(),
            request_id: arrival.request_id.clone(),
            trace_id: format!(
                "Root={};Parent={};Sampled=0",
                arrival.trace_root, arrival.span_id
            ),
            epoch_ms: arrival.epoch_ms,
            extended_id: arrival.extended_id.clone(),
            origin: None,
            accepts_binary: false,
        })
    }

    /// Takes what became of an invocation to what the client sees.
    #[must_use]
    pub fn answer(&self, _invocation: &Invocation, _outcome: Outcome<'_>) -> HttpReply {
        Message::InternalServerError.reply()
    }
}
