//! HTTP API (API Gateway v2): the way of a request, and of its answer.

mod guard;

use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::authorize::Access;
use super::cors::is_preflight;
use super::event::{EVENT_LIMIT, HttpApiCall, Trace, http_api_event, http_api_v1_event};
use super::reply::{HttpApiReply, Message};
use super::throttle::Buckets;
use super::{
    AnswerCache, ApiIdentity, Arrival, Authorizer, ConfigError, CorsConfig, HttpReply, HttpRequest,
    Invocation, Matcher, Outcome, PatternError, Received, Requirement, RouteKey, Throttle,
    TrailingSlash, Unreadable,
};
use guard::Guard;

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
    /// Who may call it; everybody, where this is not there.
    pub requirement: Option<Requirement>,
    /// How often it may be called, if not as often as the API's other routes.
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

/// How an HTTP API is set up.
#[derive(Debug, Clone)]
pub struct HttpApiConfig {
    /// Who the API is.
    pub identity: ApiIdentity,
    /// The routes; [`Invocation::route`] is an index into them.
    pub routes: Vec<HttpApiRoute>,
    /// What routes may name in their requirements; [`Question::authorizer`](super::Question::authorizer) is an index into them.
    pub authorizers: Vec<Authorizer>,
    /// How often each route may be called, unless it says otherwise. Without it there is no limit: the account's own of
    /// 10,000 requests a second (`[D]` gateway-truth §1.8) is not imitated.
    pub throttle: Option<Throttle>,
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
            authorizers: Vec::new(),
            throttle: None,
            payload_format: PayloadFormat::default(),
            cors: None,
            trailing_slash: TrailingSlash::default(),
        }
    }
}

/// The model of an HTTP API with one Lambda integration. Copies share what it remembers: kept answers of authorizers, and
/// how often routes were called.
#[derive(Debug, Clone)]
pub struct HttpApi {
    config: HttpApiConfig,
    /// The routes' texts, made once.
    keys: Vec<String>,
    matcher: Matcher,
    default: Option<usize>,
    /// One for each route.
    guards: Vec<Option<Guard>>,
    buckets: Option<Arc<Buckets>>,
    answers: Arc<Mutex<AnswerCache>>,
}

impl HttpApi {
    /// The largest body that the API takes, in bytes: a server need not read more than one byte beyond it before it lets
    /// [`HttpApi::receive`] refuse. `[D]` gateway-truth §1.8: 10 MB, read as 10 MiB
    pub const BODY_LIMIT: usize = 10 * 1024 * 1024;

    /// How long the API waits for the function, unless configured to wait less. `[D]` gateway-truth §1.8
    pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

    /// Checks a configuration and makes it ready to serve.
    ///
    /// # Errors
    ///
    /// When two routes answer the same requests, or CORS allows credentials from every origin, or a route names an
    /// authorizer that there is not, or AWS would not make an authorizer so.
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

    /// Takes a request to the function's event, or to the API's own answer, or to what the API has to be told first.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        let (route, params) = match self.admit(request, arrival) {
            Ok(found) => found,
            Err(reply) => return Received::Answer(reply),
        };
        // Whether AWS counts before it asks who calls is unverified.
        if let Some(buckets) = &self.buckets
            && !buckets.take(route, arrival.epoch_ms)
        {
            let reply = self
                .reply(request, arrival)
                .message(Message::TooManyRequests);
            return Received::Answer(reply.because(format!(
                "the route is called more often than its throttle allows: {}",
                self.keys[route]
            )));
        }
        match &self.guards[route] {
            None => self.invoke(request, arrival, (route, &params), None),
            Some(guard) => self.ask(guard, request, arrival, (route, &params)),
        }
    }

    /// Takes what became of an invocation to what the client sees. `[R/D/U]` gateway-truth §1.8
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
            // Documented for the API's own limits; what it says when Lambda has none free is unverified.
            Outcome::Throttled => Message::TooManyRequests,
            Outcome::IntegrationTimeout => Message::ServiceUnavailable,
            Outcome::EventTooLarge => Message::EntityTooLarge,
        })
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

    /// Answers what is no request: see [`FrontDoor::unreadable`](super::FrontDoor::unreadable).
    #[must_use]
    pub fn unreadable(&self, why: Unreadable, arrival: &Arrival) -> HttpReply {
        let message = match why {
            Unreadable::Malformed => Message::BadRequest,
            Unreadable::HeadTooLarge => Message::HeadersTooLarge,
        };
        let reply = HttpApiReply {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.extended_id,
            cors: None,
            origin: None,
        };
        reply.message(message)
    }

    /// How the API answers a request by itself.
    fn reply<'r>(&'r self, request: &'r HttpRequest, arrival: &'r Arrival) -> HttpApiReply<'r> {
        let cors = self.config.cors.as_ref();
        HttpApiReply {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.extended_id,
            cors,
            origin: cors.and_then(|_| request.header("origin")),
        }
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
                "request line and headers are over {HEAD_LIMIT} bytes"
            )));
        }
        if request.body.len() > Self::BODY_LIMIT {
            return Err(reply
                .message(Message::EntityTooLarge)
                .because(format!("the body is over {} bytes", Self::BODY_LIMIT)));
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
                        "the event is over {EVENT_LIMIT} bytes, the most that Lambda takes"
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
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn api(stage: &str, routes: &[&str], change: impl FnOnce(&mut HttpApiConfig)) -> HttpApi {
        let mut config = HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", stage));
        config.routes = routes
            .iter()
            .map(|route| route.parse().expect(route))
            .collect();
        change(&mut config);
        HttpApi::new(config).expect("the configuration is right")
    }

    fn cors() -> CorsConfig {
        CorsConfig {
            allow_origins: vec!["https://a.example".into()],
            ..CorsConfig::default()
        }
    }

    fn arrival() -> Arrival {
        Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY])
    }

    fn get(target: &str, headers: &[(&str, &str)]) -> HttpRequest {
        let mut request = HttpRequest::new("GET", target);
        request.headers.extend(
            headers
                .iter()
                .map(|&(name, value)| (name.into(), value.into())),
        );
        request
    }

    /// The status of the API's own answer, or the event.
    fn receive(api: &HttpApi, request: &HttpRequest) -> Result<Value, u16> {
        match api.receive(request, &arrival()) {
            Received::Invoke(invocation) => {
                Ok(serde_json::from_slice(&invocation.event).expect("an event is JSON"))
            }
            Received::Answer(reply) => Err(reply.status),
            Received::Authorize(pending) => panic!("nothing is needed: {:?}", pending.need()),
        }
    }

    fn answer(api: &HttpApi, outcome: Outcome<'_>) -> HttpReply {
        let request = get("/a", &[("origin", "https://a.example")]);
        let Received::Invoke(invocation) = api.receive(&request, &arrival()) else {
            panic!("the route exists")
        };
        api.answer(&invocation, outcome)
    }

    #[test]
    fn writes_the_whole_event() {
        let api = api("$default", &["PUT /a/{x}"], |config| {
            config
                .identity
                .stage_variables
                .insert("table".into(), "t1".into());
        });
        let mut request = get(
            "/a/b%20c?q=1&q=2",
            &[
                ("Host", "localhost"),
                ("COOKIE", "k=v; l=w"),
                ("cookie", "m=x"),
            ],
        );
        request.method = "PUT".into();
        request.body = "{}".into();
        request
            .headers
            .push(("content-type".into(), "application/json".into()));
        let expected = json!({
            "version": "2.0",
            "routeKey": "PUT /a/{x}",
            "rawPath": "/a/b c",
            "rawQueryString": "q=1&q=2",
            "cookies": ["k=v", "l=w", "m=x"],
            "headers": {
                "content-length": "2",
                "content-type": "application/json",
                "host": "localhost",
                "x-amzn-trace-id": "Root=1-67fd88a4-5a5a5a5a5a5a5a5a5a5a5a5a",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https"
            },
            "queryStringParameters": {"q": "1,2"},
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3d4e5",
                "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
                "domainPrefix": "a1b2c3d4e5",
                "http": {
                    "method": "PUT",
                    "path": "/a/b c",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": ""
                },
                "requestId": "WlpaWlpaWlpaWlo=",
                "routeKey": "PUT /a/{x}",
                "stage": "$default",
                "time": "14/Apr/2025:22:13:56 +0000",
                "timeEpoch": 1_744_668_836_000_u64
            },
            "pathParameters": {"x": "b c"},
            "stageVariables": {"table": "t1"},
            "body": "{}",
            "isBase64Encoded": false
        });
        assert_eq!(receive(&api, &request), Ok(expected));
    }

    #[test]
    fn a_named_stage_is_the_first_segment() {
        let named = api("prod", &["GET /a", "GET /"], |_| {});
        let path =
            |target| receive(&named, &get(target, &[])).map(|event| event["rawPath"].clone());
        assert_eq!(path("/prod/a"), Ok("/prod/a".into()));
        assert_eq!(path("/prod"), Ok("/prod".into()));
        for target in ["/a", "/", "/production/a", "/dev/a"] {
            assert_eq!(path(target), Err(404), "{target}");
        }
    }

    #[test]
    fn a_trailing_slash_is_a_setting() {
        let routes = &["GET /a", "GET /{x}/b", "GET /c/{rest+}"];
        let distinct = api("$default", routes, |_| {});
        let ignored = api("$default", routes, |config| {
            config.trailing_slash = TrailingSlash::Ignored;
        });
        for (target, key) in [("/a/", "GET /a"), ("/z/b/", "GET /{x}/b")] {
            assert_eq!(receive(&distinct, &get(target, &[])), Err(404), "{target}");
            let event = receive(&ignored, &get(target, &[])).expect("the slash is ignored");
            assert_eq!(
                (&event["routeKey"], &event["rawPath"]),
                (&json!(key), &json!(target))
            );
        }
        for api in [distinct, ignored] {
            let event =
                receive(&api, &get("/c/d/", &[])).expect("a greedy variable takes the slash");
            assert_eq!(event["pathParameters"], json!({"rest": "d/"}));
        }
    }

    #[test]
    fn refuses_what_is_too_large() {
        let api = api("$default", &["GET /a"], |_| {});
        let sized = |head: usize, body: usize, content_type: &str| {
            let mut request = get(
                "/a",
                &[("content-type", content_type), ("x", &"y".repeat(head))],
            );
            request.body = vec![b'a'; body].into();
            receive(&api, &request).map(|_| ())
        };
        assert_eq!(sized(10_000, 0, "text/plain"), Ok(()));
        assert_eq!(sized(10_240, 0, "text/plain"), Err(431));
        assert_eq!(sized(0, HttpApi::BODY_LIMIT + 1, "text/plain"), Err(413));
        // What counts for Lambda is the event: base64 is a third longer.
        assert_eq!(sized(0, 6_000_000, "text/plain"), Ok(()));
        assert_eq!(sized(0, 6_000_000, "image/png"), Err(413));
    }

    #[test]
    fn answers_for_what_goes_wrong() {
        let api = api("$default", &["GET /a"], |_| {});
        let table = [
            (
                Outcome::FunctionError(b"{}"),
                500,
                r#"{"message":"Internal Server Error"}"#,
            ),
            (
                Outcome::NotPermitted,
                500,
                r#"{"message":"Internal Server Error"}"#,
            ),
            (
                Outcome::Payload(b"not JSON"),
                500,
                r#"{"message":"Internal Server Error"}"#,
            ),
            (
                Outcome::Payload(br#"{"statusCode":0}"#),
                500,
                r#"{"message":"Internal Server Error"}"#,
            ),
            (
                Outcome::Payload(br#"{"statusCode":200,"body":{}}"#),
                500,
                r#"{"message":"Internal Server Error"}"#,
            ),
            (
                Outcome::IntegrationTimeout,
                503,
                r#"{"message":"Service Unavailable"}"#,
            ),
            (
                Outcome::EventTooLarge,
                413,
                r#"{"message":"Request Entity Too Large"}"#,
            ),
            (
                Outcome::Throttled,
                429,
                r#"{"message":"Too Many Requests"}"#,
            ),
        ];
        for (outcome, status, body) in table {
            let reply = answer(&api, outcome);
            assert_eq!(
                (reply.status, &*reply.body),
                (status, body.as_bytes()),
                "{outcome:?}"
            );
            assert_eq!(reply.header("content-type"), Some("application/json"));
            assert_eq!(reply.header("apigw-requestid"), Some("WlpaWlpaWlpaWlo="));
        }
    }

    #[test]
    fn tells_the_log_what_is_malformed() {
        let v2 = api("$default", &["GET /a"], |_| {});
        let v1 = api("$default", &["GET /a"], |config| {
            config.payload_format = PayloadFormat::V1;
        });
        let table = [
            (&v2, "not JSON", "it is not JSON"),
            (
                &v2,
                r#"{"statusCode":"x"}"#,
                "its `statusCode` is not a whole number from 200 to 599",
            ),
            (
                &v2,
                r#"{"statusCode":200,"headers":[]}"#,
                "its `headers` are not an object",
            ),
            (
                &v2,
                r#"{"statusCode":200,"headers":{"a":{}}}"#,
                "one of its headers has a list or an object as its value",
            ),
            (
                &v2,
                r#"{"statusCode":200,"cookies":"a=b"}"#,
                "its `cookies` are not a list of texts",
            ),
            (
                &v2,
                r#"{"statusCode":200,"body":{}}"#,
                "its `body` is not a text",
            ),
            (
                &v2,
                r#"{"statusCode":200,"body":"!","isBase64Encoded":true}"#,
                "its `body` is not base64, and `isBase64Encoded` says so",
            ),
            (&v1, r#"{"body":"x"}"#, "it has no `statusCode`"),
            (
                &v1,
                "1",
                "in format 1.0 it has to be an object with a `statusCode`",
            ),
        ];
        for (api, payload, problem) in table {
            let reply = answer(api, Outcome::Payload(payload.as_bytes()));
            let reason = format!("the function's result is malformed: {problem}");
            assert_eq!(
                (reply.status, reply.reason),
                (500, Some(reason)),
                "{payload}"
            );
        }
    }

    #[test]
    fn writes_the_whole_answer() {
        let payload = br#"{
            "statusCode": 201,
            "headers": {"x-API-key": "k", "Content-Type": "text/html", "set-cookie": "c=3", "Content-Length": "99", "n": 1},
            "cookies": ["a=1; Path=/", "b=2"],
            "body": "aGk=",
            "isBase64Encoded": true
        }"#;
        let reply = answer(
            &api("$default", &["GET /a"], |_| {}),
            Outcome::Payload(payload),
        );
        let headers: Vec<(&str, &str)> = reply
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let expected = [
            ("Date", "Mon, 14 Apr 2025 22:13:56 GMT"),
            ("Content-Type", "text/html"),
            ("Content-Length", "2"),
            ("Connection", "keep-alive"),
            ("Set-Cookie", "a=1; Path=/"),
            ("Set-Cookie", "b=2"),
            ("X-Api-Key", "k"),
            ("Set-Cookie", "c=3"),
            ("N", "1"),
            ("Apigw-Requestid", "WlpaWlpaWlpaWlo="),
        ];
        assert_eq!(
            (reply.status, &headers[..], &*reply.body),
            (201, &expected[..], &b"hi"[..])
        );
    }

    #[test]
    fn a_status_without_content_has_neither_length_nor_type() {
        let api = api("$default", &["GET /a"], |_| {});
        let reply = answer(&api, Outcome::Payload(br#"{"statusCode":204,"body":"x"}"#));
        assert_eq!(
            (
                reply.header("content-length"),
                reply.header("content-type"),
                reply.body.len()
            ),
            (None, None, 0)
        );
    }

    #[test]
    fn configured_cors_replaces_the_handlers() {
        let payload = br#"{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*","access-control-x":"y","x":"z"}}"#;
        let named = |reply: &HttpReply| -> Vec<(String, String)> {
            let own = |name: &str| name.starts_with("Access-") || name == "X";
            reply
                .headers
                .iter()
                .filter(|(name, _)| own(name))
                .cloned()
                .collect()
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let with = api("$default", &["GET /a"], |config| config.cors = Some(cors()));
        let expected = vec![
            pair("X", "z"),
            pair("Access-Control-Allow-Origin", "https://a.example"),
        ];
        assert_eq!(named(&answer(&with, Outcome::Payload(payload))), expected);
        let without = api("$default", &["GET /a"], |_| {});
        let expected = vec![
            pair("Access-Control-Allow-Origin", "*"),
            pair("Access-Control-X", "y"),
            pair("X", "z"),
        ];
        assert_eq!(
            named(&answer(&without, Outcome::Payload(payload))),
            expected
        );
    }

    #[test]
    fn only_a_preflight_is_answered_as_one() {
        let api = api("$default", &["OPTIONS /a"], |config| {
            config.cors = Some(cors());
        });
        let ask = ("Access-Control-Request-Method", "PUT");
        let origin = |origin| ("Origin", origin);
        let table = [
            (vec![origin("https://a.example"), ask], Err(204)),
            (vec![origin("https://evil.example"), ask], Err(204)),
            (vec![origin("https://a.example")], Ok(())),
            (vec![ask], Ok(())),
        ];
        for (headers, expected) in table {
            let request = HttpRequest {
                method: "OPTIONS".into(),
                ..get("/a", &headers)
            };
            assert_eq!(receive(&api, &request).map(|_| ()), expected, "{headers:?}");
        }
    }

    #[test]
    fn refuses_a_wrong_configuration() {
        let error = |routes: &[&str], cors| {
            let routes = routes
                .iter()
                .map(|route| route.parse().expect(route))
                .collect();
            let config = HttpApiConfig {
                routes,
                cors,
                ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
            };
            HttpApi::new(config)
                .expect_err("the configuration is wrong")
                .to_string()
        };
        assert_eq!(
            error(&["$default", "$default"], None),
            "two routes answer the same requests; remove one: `$default`"
        );
        assert_eq!(
            error(&["GET /a", "GET /a"], None),
            "two routes answer the same requests; remove one: `GET /a`"
        );
        let any = CorsConfig {
            allow_origins: vec!["*".into()],
            allow_credentials: true,
            ..CorsConfig::default()
        };
        assert_eq!(
            error(&[], Some(any)),
            "CORS cannot allow credentials from every origin; name the origins in place of `*`"
        );
    }
}
