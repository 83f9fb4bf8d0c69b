//! REST API (API Gateway v1): the way of a request, and of its answer.

pub(crate) mod authorizer;
pub(crate) mod config;
mod guard;
pub(crate) mod method;
pub(crate) mod response;
/// What an `Authorization` header lacks of a signature. Where no method takes a request, the header is taken for one, whatever it
/// is. `[R]` aws/chalice issue 828, serverless/serverless issue 3205, svdgraaf/serverless-basic-authentication issue 3
fn incomplete(request: &HttpRequest, header: &str) -> Option<String> {
    let parameters = header.split_once(' ').map_or("", |(_, rest)| rest);
    let parameters = parameters.split([',', ' ']).filter(|one| !one.is_empty());
    let mut names = Vec::new();
    for one in parameters {
        match one.split_once('=') {
            Some((name, _)) => names.push(name),
            None => {
                return Some(format!(
                    "'{one}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
                ));
            }
        }
    }
    let mut text = String::new();
    for name in ["Credential", "Signature", "SignedHeaders"] {
        if !names.contains(&name) {
            text.push_str("Authorization header requires '");
            text.push_str(name);
            text.push_str("' parameter. ");
        }
    }
    if request.header("x-amz-date").is_none() && request.header("date").is_none() {
        text.push_str(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
        );
    }
    (!text.is_empty()).then(|| format!("{text}Authorization={header}"))
}

#[cfg(test)]
mod tests;
pub(crate) mod usage;
mod validate;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use authorizer::{RestAuthorizer, RestAuthorizerKind};
pub use config::RestApiConfig;
pub use method::{
    Integration, ParameterError, ProxyIntegration, RequestParameter, RequestValidation, RestMethod,
};
pub use response::{GatewayResponse, GatewayResponseType, UnknownResponseType};
pub use usage::{ApiKey, ApiKeySource, Quota, QuotaPeriod, UsageMeter, UsagePlan};

use crate::{
    authorize::cache::AnswerCache,
    config::ConfigError,
    cors::CorsConfig,
    event::rest::{RestCall, rest_event},
    event::{EVENT_LIMIT, Trace},
    http::{Arrival, HttpReply, HttpRequest, Invocation, Outcome, Received, Unreadable},
    matcher::{Match, Matcher},
    model::Pattern,
    pattern::RouteKey,
    reply::rest::{RestMessage, RestReply},
    rest_api::authorizer::Guard,
    rest_api::guard::Caller,
    rest_api::response::{ResponseFacts, Responses},
    rest_api::usage::OverLimit,
    rest_api::validate::Validator,
    stream::Prelude,
};

/// The longest URL, in bytes. `[D]` gateway-truth §2.7, regional
const URL_LIMIT: usize = 10_240;

/// The most that all header values may take, in bytes. `[D]` gateway-truth §2.7
const HEADER_LIMIT: usize = 10_240;

/// The methods of `ANY`; there are no others. `[E]` gateway-truth §2.1
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The model of a regional REST API before a Lambda function.
#[derive(Debug, Clone)]
pub struct RestApi {
    // Boxed, because it is much larger than the other front doors' and they share an enum.
    config: Box<RestApiConfig>,
    /// The OPTIONS methods that CORS adds have the indices after the routes.
    matcher: Matcher,
    /// Their answers.
    preflights: Vec<CorsConfig>,
    /// The checks of each route.
    validators: Vec<Validator>,
    /// For a route without its own settings.
    plain: Box<RestMethod>,
    /// What each route requires of its callers.
    guards: Vec<Option<Guard>>,
    /// The form of each authorizer's token.
    validations: Vec<Option<Pattern>>,
    /// Authorizers' answers; copies of the API share them.
    answers: Arc<Mutex<AnswerCache>>,
}

/// A request on its way, with what is known so far.
struct Entered<'r> {
    request: &'r HttpRequest,
    arrival: &'r Arrival,
    method: &'r str,
    /// The path with the stage.
    full_path: &'r str,
    /// The path behind it.
    path: &'r str,
    /// The route and its variables.
    found: Match<'r, 'r>,
    resource: &'r str,
    facts: Option<ResponseFacts>,
}

impl RestApi {
    /// The largest body that the API accepts, in bytes: a server need not read more than one byte
    /// beyond it before it calls [`RestApi::receive`]. `[D]` gateway-truth §2.7: 10 MB, read as 10
    /// MiB
    pub const BODY_LIMIT: usize = 10 * 1024 * 1024;

    /// How long the API waits for the function, unless configured shorter or, since 2024, longer.
    /// `[U]` gateway-truth §2.7
    pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

    /// Checks a configuration and prepares it for serving.
    ///
    /// # Errors
    ///
    /// If two routes answer the same requests or are [siblings](Self::siblings), or one is
    /// `$default` or reserved; if CORS does not name exactly one origin, a model is not a JSON
    /// Schema of draft 4, a gateway response cannot be sent, or a usage plan names a key that does
    /// not exist.
    pub fn new(config: RestApiConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let mut matcher = Matcher::default();
        let mut resources = Vec::with_capacity(config.routes.len());
        for (index, route) in config.routes.iter().enumerate() {
            let RouteKey::Path { method, path } = route else {
                return Err(ConfigError::NoDefaultRoute);
            };
            // [D] gateway-truth §2.1
            if ["/ping", "/sping"].contains(&path.as_str()) {
                return Err(ConfigError::Reserved(route.clone()));
            }
            matcher.insert(index, method, path)?;
            resources.push(path);
        }
        if let Some((first, second)) = Self::siblings(&config.routes) {
            let both = [first, second].map(|route| config.routes[route].clone());
            return Err(ConfigError::Siblings(Box::new(both)));
        }
        let mut preflights = Vec::new();
        for path in resources {
            let own = config.resource_cors.get(path.as_str());
            if let Some(cors) = own.or(config.cors.as_ref()) {
                // A conflict means that the resource already has an OPTIONS method: its own, or
                // this one.
                let index = config.routes.len() + preflights.len();
                if matcher.insert(index, "OPTIONS", path).is_ok() {
                    preflights.push(cors.clone());
                }
            }
        }
        let (validations, guards) = authorizer::guards(&config)?;
        let plain = Box::<RestMethod>::default();
        let validators = config
            .routes
            .iter()
            .enumerate()
            .map(|(index, route)| {
                let method = config.methods.get(&index).unwrap_or(&plain);
                Validator::new(method).map_err(|(media, error)| {
                    ConfigError::Model(Box::new((route.clone(), media, error)))
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            config: Box::new(config),
            matcher,
            preflights,
            validators,
            plain,
            guards,
            validations,
            answers: Arc::default(),
        })
    }

    /// The first two routes that a REST API cannot have together, by their indices: a resource has
    /// one variable child, and so one name for it, as in `/a/{id}` and `/a/{id}/b` but not
    /// `/a/{key}/b`; and it cannot have `/a/{rest+}` next to those.
    ///
    /// AWS refuses the second ("A sibling ({id}) of this resource already has a variable path part
    /// -- only one is allowed"), alone and in an import: `[U]`
    /// amazon-archives/aws-apigateway-importer issue 202; for `{rest+}`
    /// serverless-nextjs/serverless-next.js issue 206. HTTP APIs have no such rule.
    #[must_use]
    pub fn siblings(routes: &[RouteKey]) -> Option<(usize, usize)> {
        let mut known: HashMap<&str, (&str, usize)> = HashMap::new();
        for (index, route) in routes.iter().enumerate() {
            let RouteKey::Path { path, .. } = route else {
                continue;
            };
            for (slash, _) in path.as_str().match_indices("/{") {
                let (parent, rest) = path.as_str().split_at(slash);
                // A variable fills its segment.
                let (own, _) = rest.split_once('}').unwrap_or((rest, ""));
                let (name, first) = *known.entry(parent).or_insert((own, index));
                if name != own {
                    return Some((first, index));
                }
            }
        }
        None
    }

    /// Takes a request to the function's event, to the API's own answer, or to what is needed
    /// first.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        let entered = match self.enter(request, arrival) {
            Ok(entered) => entered,
            Err(reply) => return Received::Answer(reply),
        };
        match self.guards.get(entered.found.index) {
            Some(Some(guard)) => self.ask(guard, entered),
            _ => self.admitted(entered, None),
        }
    }

    fn admitted(&self, entered: Entered<'_>, caller: Option<&Caller>) -> Received {
        match self.admit(entered, caller) {
            Ok(invocation) => Received::Invoke(invocation),
            Err(reply) => Received::Answer(reply),
        }
    }

    /// Converts the outcome of an invocation to the client's response. `[R/U]` gateway-truth §2.3,
    /// §2.7
    #[must_use]
    pub fn answer(&self, invocation: &Invocation, outcome: Outcome<'_>) -> HttpReply {
        let reply = self.reply_to(invocation);
        reply.message(&match outcome {
            Outcome::Payload(_) if self.streams(invocation) => {
                // That the answer is 502 is unverified: no prelude comes, as in a malformed answer.
                return reply.message(&RestMessage::BadGateway).because(
                    "the method streams, but the function's answer does not start with a prelude",
                );
            }
            Outcome::Payload(payload) => {
                return reply.result(payload, &invocation.trace_id, invocation.accepts_binary);
            }
            Outcome::FunctionError(_) => RestMessage::BadGateway,
            // Lambda refuses, and the API owns up to it: both are causes of 500 in AWS Knowledge Center,
            // "api-gateway-internal-server-error". The exact text is unverified.
            Outcome::Throttled | Outcome::NotPermitted => RestMessage::InternalServerError,
            Outcome::IntegrationTimeout => RestMessage::GatewayTimeout,
            Outcome::EventTooLarge => RestMessage::RequestTooLong,
        })
    }

    /// True if the method that was invoked passes on the function's answer as it comes.
    #[must_use]
    pub fn streams(&self, invocation: &Invocation) -> bool {
        let method = self.config.methods.get(&invocation.route);
        method.is_some_and(|method| method.stream)
    }

    /// The start of the answer of a method that streams, before its body, which has no length; `None` if the method does not stream,
    /// or the function's answer does not start with a prelude. `[D]` developer guide, response-transfer-mode-lambda
    #[must_use]
    pub fn stream(&self, invocation: &Invocation, prelude: Option<&Prelude>) -> Option<HttpReply> {
        let prelude = prelude.filter(|_| self.streams(invocation))?;
        Some(
            self.reply_to(invocation)
                .stream(prelude, &invocation.trace_id),
        )
    }

    fn reply_to<'r>(&'r self, invocation: &'r Invocation) -> RestReply<'r> {
        RestReply {
            epoch_ms: invocation.epoch_ms,
            id: &invocation.request_id,
            extended_id: &invocation.extended_id,
            responses: Responses(&self.config.gateway_responses),
            facts: invocation.facts.as_deref(),
        }
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
        let (routes, then) = (&self.config.routes, &former.config.routes);
        self.config.meter.take_over(&former.config.meter, |route| {
            let key = then.get(route)?;
            routes.iter().position(|one| one == key)
        });
    }

    /// Answers input that is not a request: see
    /// [`FrontDoor::unreadable`](super::FrontDoor::unreadable).
    #[must_use]
    pub fn unreadable(&self, why: Unreadable, arrival: &Arrival) -> HttpReply {
        self.reply(arrival, None).message(&match why {
            Unreadable::Malformed => RestMessage::BadRequest,
            Unreadable::HeadTooLarge => RestMessage::HeadersTooLarge,
        })
    }

    /// A route's settings beyond its key.
    fn method(&self, route: usize) -> &RestMethod {
        self.config.methods.get(&route).unwrap_or(&self.plain)
    }

    fn reply<'r>(
        &'r self,
        arrival: &'r Arrival,
        facts: Option<&'r ResponseFacts>,
    ) -> RestReply<'r> {
        RestReply {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.request_id,
            extended_id: &arrival.extended_id,
            responses: Responses(&self.config.gateway_responses),
            facts,
        }
    }

    /// From the socket to the method: limits, stage, resource.
    fn enter<'r>(
        &'r self,
        request: &'r HttpRequest,
        arrival: &'r Arrival,
    ) -> Result<Entered<'r>, HttpReply> {
        let RestApiConfig {
            identity,
            routes,
            gateway_responses,
            ..
        } = &*self.config;
        let mut facts =
            (!gateway_responses.is_empty()).then(|| ResponseFacts::new(request, identity, arrival));
        let refuse = |message, facts: Option<&ResponseFacts>| {
            Err(self.reply(arrival, facts).message(&message))
        };

        if request.target.len() > URL_LIMIT {
            return refuse(RestMessage::UriTooLong, facts.as_ref());
        }
        if request
            .headers
            .iter()
            .map(|(_, value)| value.len())
            .sum::<usize>()
            > HEADER_LIMIT
        {
            return refuse(RestMessage::HeadersTooLarge, facts.as_ref());
        }
        if request.body.len() > Self::BODY_LIMIT {
            return refuse(RestMessage::RequestTooLong, facts.as_ref());
        }
        let (path, _) = request.path_and_query();
        let full_path = collapse(path);
        let Some(path) = behind_stage(full_path, &identity.stage) else {
            return refuse(RestMessage::NoStage, facts.as_ref());
        };
        // [D] gateway-truth §2.1
        let method = request
            .header("x-http-method-override")
            .unwrap_or(&request.method);
        // [R] gateway-truth §0 row 15: one slash at the end is not seen by the resource or its variables.
        let resource_path = path.strip_suffix('/').unwrap_or(path);
        let Some(found) = self
            .matcher
            .find(method, resource_path)
            .filter(|_| METHODS.contains(&method))
        else {
            let message = match request
                .header("authorization")
                .and_then(|it| incomplete(request, it))
            {
                Some(text) => RestMessage::IncompleteSignature(text),
                None => RestMessage::MissingAuthenticationToken,
            };
            return refuse(message, facts.as_ref());
        };
        let Some(RouteKey::Path { path: resource, .. }) = routes.get(found.index) else {
            let reply = self.reply(arrival, facts.as_ref());
            return Err(match self.preflights.get(found.index - routes.len()) {
                Some(cors) => reply.preflight(cors),
                None => reply.message(&RestMessage::MissingAuthenticationToken),
            });
        };
        if let Some(facts) = &mut facts {
            facts.set_resource(resource.as_str(), &found.params);
        }
        Ok(Entered {
            request,
            arrival,
            method,
            full_path,
            path,
            found,
            resource: resource.as_str(),
            facts,
        })
    }

    /// From an admitted caller to the event: keys, limits, validation, integration. AWS documents
    /// the order only for validation (api-gateway-method-request-validation: before the
    /// integration).
    fn admit(
        &self,
        entered: Entered<'_>,
        caller: Option<&Caller>,
    ) -> Result<Invocation, HttpReply> {
        let mut call = self.call(&entered);
        let Entered {
            request,
            arrival,
            found,
            facts,
            ..
        } = &entered;
        let identity = &self.config.identity;
        let reply = self.reply(arrival, facts.as_ref());
        let refuse = |message: RestMessage| {
            let reason = message.reason();
            let reply = reply.message(&message);
            match reason {
                Some(reason) => reply.because(reason),
                None => reply,
            }
        };
        let method = self.method(found.index);
        // [R] gateway-truth §2.6: the header does not replace the authorizer's key.
        let key = match self.config.api_key_source {
            ApiKeySource::Header => request.header("x-api-key"),
            ApiKeySource::Authorizer => caller.and_then(|caller| caller.key.as_deref()),
        };
        let api_key = self.count(found.index, key, arrival).map_err(refuse)?;
        if let Some(validator) = self.validators.get(found.index) {
            validator.check(request, &found.params).map_err(refuse)?;
        }
        match &method.integration {
            Integration::Mock(status) => return Err(reply.mock(*status)),
            Integration::Proxy(proxy) if !proxy.works() => {
                return Err(refuse(RestMessage::InternalServerError));
            }
            Integration::Proxy(_) => {}
        }

        let trace = Trace::new(request, arrival);
        call.api_key = api_key.map(|key| (&*key.name, &*key.value));
        call.access = caller.map(|caller| &caller.access);
        let event = rest_event(request, arrival, identity, &trace, &call);
        if event.len() > EVENT_LIMIT {
            // [E] gateway-truth §1.8, the same tool's REST side.
            return Err(refuse(RestMessage::RequestTooLong));
        }
        Ok(Invocation {
            route: found.index,
            event: event.into(),
            request_id: arrival.request_id.clone(),
            trace_id: trace.full,
            epoch_ms: arrival.epoch_ms,
            extended_id: arrival.extended_id.clone(),
            origin: None,
            accepts_binary: self.is_binary(request.header("accept")),
            facts: entered.facts.map(Arc::new),
        })
    }

    /// What the event says about a request.
    fn call<'e>(&self, entered: &'e Entered<'_>) -> RestCall<'e> {
        RestCall {
            method: entered.method,
            resource: entered.resource,
            params: &entered.found.params,
            path: entered.path,
            full_path: entered.full_path,
            binary: self.is_binary(entered.request.header("content-type")),
            api_key: None,
            access: None,
        }
    }

    /// Finds the API key where one is needed, and counts the request. `[D]` gateway-truth §2.6; the limits of a key go before
    /// those of a method (`[D]` developer guide, api-gateway-request-throttling).
    fn count(
        &self,
        route: usize,
        sent: Option<&str>,
        arrival: &Arrival,
    ) -> Result<Option<&ApiKey>, RestMessage> {
        let RestApiConfig {
            api_keys,
            usage_plans,
            meter,
            throttle,
            ..
        } = &*self.config;
        let method = self.method(route);
        let over = |over| match over {
            OverLimit::Throttled => RestMessage::Throttled,
            OverLimit::QuotaExceeded => RestMessage::QuotaExceeded,
        };
        let now = arrival.epoch_ms;
        let mut api_key = None;
        if method.api_key_required {
            let key = api_keys
                .iter()
                .find(|key| key.enabled && Some(&*key.value) == sent)
                .ok_or(RestMessage::InvalidApiKey {
                    sent: sent.is_some(),
                })?;
            let plan = usage_plans
                .iter()
                .find(|plan| plan.keys.contains(&key.name));
            match plan {
                Some(plan) => meter
                    .take_for_key(plan, &key.name, route, now)
                    .map_err(over)?,
                // A key of no plan opens nothing. [D] developer guide, api-gateway-api-usage-plans
                None if usage_plans.is_empty() => {}
                None => return Err(RestMessage::KeyWithoutPlan),
            }
            api_key = Some(key);
        }
        if let Some(throttle) = &method.throttle {
            meter.take(throttle, Some(route), now).map_err(over)?;
        } else if let Some(throttle) = throttle {
            meter.take(throttle, None, now).map_err(over)?;
        }
        Ok(api_key)
    }

    /// True if the first media type of a header is one of `binaryMediaTypes`. `[R]` gateway-truth
    /// §2.4
    fn is_binary(&self, header: Option<&str>) -> bool {
        let media = header
            .and_then(|header| header.split([',', ';']).next())
            .unwrap_or_default()
            .trim();
        self.config.binary_media_types.iter().any(|binary| {
            // A wildcard is valid only on the right; `*/test` matches nothing, not even itself.
            let Some((kind, subtype)) = binary.split_once('/') else {
                return false;
            };
            let same_kind = || {
                media
                    .split_once('/')
                    .is_some_and(|(own, _)| own.eq_ignore_ascii_case(kind))
            };
            match (kind, subtype) {
                ("*", "*") => true,
                ("*", _) => false,
                (_, "*") => same_kind(),
                _ => binary.eq_ignore_ascii_case(media),
            }
        })
    }
}

/// The path with one leading slash. `[R]` gateway-truth §2.1
fn collapse(path: &str) -> &str {
    let behind = path.trim_start_matches('/');
    // The slash before it, which is one byte; a path without it is unchanged.
    path.get((path.len() - behind.len()).saturating_sub(1)..)
        .unwrap_or(path)
}

/// The path behind the stage, from one slash on. `[R]` gateway-truth §0 row 15, §2.1
fn behind_stage<'p>(path: &'p str, stage: &str) -> Option<&'p str> {
    match path.strip_prefix('/')?.strip_prefix(stage)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then(|| collapse(rest)),
    }
}
