//! REST API (API Gateway v1): the way of a request, and of its answer.

use std::time::Duration;

use super::event::{EVENT_LIMIT, RestCall, Trace, rest_event};
use super::reply::{RestMessage, RestReply};
use super::{
    ApiIdentity, Arrival, ConfigError, CorsConfig, HttpReply, HttpRequest, Invocation, Matcher,
    Outcome, Pending, Received, RouteKey, Supplied,
};

/// The longest URL, in bytes. `[D]` gateway-truth §2.7, regional
const URL_LIMIT: usize = 10_240;

/// The most that all header values may take, in bytes. `[D]` gateway-truth §2.7
const HEADER_LIMIT: usize = 10_240;

/// What `ANY` stands for; there are no other methods. `[E]` gateway-truth §2.1
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

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
    /// The OPTIONS methods that CORS adds have the index after the last route.
    matcher: Matcher,
}

impl RestApi {
    /// The largest body that the API takes, in bytes: a server need not read more than one byte beyond it before it lets
    /// [`RestApi::receive`] refuse. `[D]` gateway-truth §2.7: 10 MB, read as 10 MiB
    pub const BODY_LIMIT: usize = 10 * 1024 * 1024;

    /// How long the API waits for the function, unless configured to wait less or, since 2024, more. `[U]` gateway-truth §2.7
    pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

    /// Checks a configuration and makes it ready to serve.
    ///
    /// # Errors
    ///
    /// When two routes answer the same requests, or one is `$default` or reserved, or CORS names other than one origin.
    pub fn new(config: RestApiConfig) -> Result<Self, ConfigError> {
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
        if let Some(cors) = &config.cors {
            if cors.allow_origins.len() != 1 {
                return Err(ConfigError::OneOrigin(cors.allow_origins.len()));
            }
            for path in resources {
                // A conflict says that the resource has an OPTIONS method already: its own, or this one.
                let _ = matcher.insert(config.routes.len(), "OPTIONS", path);
            }
        }
        Ok(Self { config, matcher })
    }

    /// Takes a request to the function's event, or to the API's own answer.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        match self.invoke(request, arrival) {
            Ok(invocation) => Received::Invoke(invocation),
            Err(reply) => Received::Answer(reply),
        }
    }

    /// Goes on with a request that waited. No method asks who calls, so it is refused.
    #[must_use]
    pub fn resume(&self, pending: &Pending, _supplied: &Supplied<'_>) -> Received {
        Received::Answer(self.refuse(pending, "no method of the REST API asked for it"))
    }

    /// Answers a request that waited for what cannot be had. The reason is for the log.
    #[must_use]
    pub fn refuse(&self, pending: &Pending, reason: &str) -> HttpReply {
        let reply = RestReply {
            epoch_ms: pending.arrival.epoch_ms,
            id: &pending.arrival.request_id,
            extended_id: &pending.arrival.extended_id,
        };
        reply
            .message(RestMessage::InternalServerError)
            .because(reason)
    }

    /// Takes what became of an invocation to what the client sees. `[R/U]` gateway-truth §2.3, §2.7
    #[must_use]
    pub fn answer(&self, invocation: &Invocation, outcome: Outcome<'_>) -> HttpReply {
        let reply = RestReply {
            epoch_ms: invocation.epoch_ms,
            id: &invocation.request_id,
            extended_id: &invocation.extended_id,
        };
        reply.message(match outcome {
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

    fn invoke(&self, request: &HttpRequest, arrival: &Arrival) -> Result<Invocation, HttpReply> {
        let RestApiConfig {
            identity,
            routes,
            cors,
            ..
        } = &self.config;
        let reply = RestReply {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.request_id,
            extended_id: &arrival.extended_id,
        };
        let refuse = |message| Err(reply.message(message));

        if request.target.len() > URL_LIMIT {
            return refuse(RestMessage::UriTooLong);
        }
        if request
            .headers
            .iter()
            .map(|(_, value)| value.len())
            .sum::<usize>()
            > HEADER_LIMIT
        {
            return refuse(RestMessage::HeadersTooLarge);
        }
        if request.body.len() > Self::BODY_LIMIT {
            return refuse(RestMessage::RequestTooLong);
        }
        let (path, _) = request.path_and_query();
        let full_path = collapse(path);
        let Some(path) = behind_stage(full_path, &identity.stage) else {
            return refuse(RestMessage::Forbidden);
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
            return refuse(RestMessage::MissingAuthenticationToken);
        };
        let Some(RouteKey::Path { path: resource, .. }) = routes.get(found.index) else {
            return match cors {
                Some(cors) => Err(reply.preflight(cors)),
                None => refuse(RestMessage::MissingAuthenticationToken),
            };
        };

        let trace = Trace::new(request, arrival);
        let call = RestCall {
            method,
            resource: resource.as_str(),
            params: &found.params,
            path,
            full_path,
            binary: self.is_binary(request.header("content-type")),
        };
        let event = rest_event(request, arrival, identity, &trace, &call);
        if event.len() > EVENT_LIMIT {
            // [E] gateway-truth §1.8, the same tool's REST side.
            return refuse(RestMessage::RequestTooLong);
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
        })
    }

    /// Whether the first media type of a header is one of `binaryMediaTypes`. `[R]` gateway-truth §2.4
    fn is_binary(&self, header: Option<&str>) -> bool {
        let media = header
            .and_then(|header| header.split([',', ';']).next())
            .unwrap_or_default()
            .trim();
        self.config.binary_media_types.iter().any(|binary| {
            // A wildcard stands on the right only; `*/test` matches nothing, not even itself.
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
    // The slash before, which is one byte; a path that has none is as it was.
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn with_routes(routes: &[&str], cors: Option<CorsConfig>) -> Result<RestApi, ConfigError> {
        let routes = routes
            .iter()
            .map(|route| route.parse().expect(route))
            .collect();
        RestApi::new(RestApiConfig {
            routes,
            cors,
            ..RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"))
        })
    }

    fn cors(origins: &[&str]) -> Option<CorsConfig> {
        let allow_origins = origins.iter().map(ToString::to_string).collect();
        Some(CorsConfig {
            allow_origins,
            ..CorsConfig::default()
        })
    }

    fn receive(api: &RestApi, request: &HttpRequest) -> Received {
        api.receive(
            request,
            &Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY]),
        )
    }

    fn answer(api: &RestApi, outcome: Outcome<'_>) -> HttpReply {
        match receive(api, &HttpRequest::new("GET", "/dev/a")) {
            Received::Invoke(invocation) => api.answer(&invocation, outcome),
            other => panic!("the route exists: {other:?}"),
        }
    }

    #[test]
    fn writes_the_whole_event() {
        let api = with_routes(&["PUT /a/{x+}"], None).expect("one route");
        let mut request = HttpRequest::new("PUT", "/dev/a/b%20c/?q=1;q=2");
        for (name, value) in [
            ("host", "localhost"),
            ("x-B", "1"),
            ("X-b", "2"),
            ("user-agent", "ua"),
            ("te", "gzip"),
        ] {
            request.push_header(name, value.as_bytes());
        }
        request.body = "é".into();
        let Received::Invoke(invocation) = receive(&api, &request) else {
            panic!("the route exists")
        };
        let event: Value = serde_json::from_slice(&invocation.event).expect("an event is JSON");
        let trace = "Root=1-67fd88a4-5a5a5a5a5a5a5a5a5a5a5a5a";
        let expected = json!({
            "resource": "/a/{x+}",
            "path": "/a/b%20c/",
            "httpMethod": "PUT",
            "headers": {
                "Host": "localhost",
                "User-Agent": "ua",
                "X-Amzn-Trace-Id": trace,
                "x-B": "2",
                "X-Forwarded-For": "127.0.0.1",
                "X-Forwarded-Port": "443",
                "X-Forwarded-Proto": "https"
            },
            "multiValueHeaders": {
                "Host": ["localhost"],
                "User-Agent": ["ua"],
                "X-Amzn-Trace-Id": [trace],
                "x-B": ["1", "2"],
                "X-Forwarded-For": ["127.0.0.1"],
                "X-Forwarded-Port": ["443"],
                "X-Forwarded-Proto": ["https"]
            },
            "queryStringParameters": {"q": "2"},
            "multiValueQueryStringParameters": {"q": ["1", "2"]},
            "pathParameters": {"x": "b%20c"},
            "stageVariables": null,
            "requestContext": {
                "resourceId": event["requestContext"]["resourceId"],
                "resourcePath": "/a/{x+}",
                "httpMethod": "PUT",
                "extendedRequestId": "WlpaWlpaWlpaWlo=",
                "requestTime": "14/Apr/2025:22:13:56 +0000",
                "path": "/dev/a/b%20c/",
                "accountId": "123456789012",
                "protocol": "HTTP/1.1",
                "stage": "dev",
                "domainPrefix": "a1b2c3d4e5",
                "requestTimeEpoch": 1_744_668_836_000_u64,
                "requestId": "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a",
                "identity": {
                    "cognitoIdentityPoolId": null,
                    "accountId": null,
                    "cognitoIdentityId": null,
                    "caller": null,
                    "sourceIp": "127.0.0.1",
                    "principalOrgId": null,
                    "accessKey": null,
                    "cognitoAuthenticationType": null,
                    "cognitoAuthenticationProvider": null,
                    "userArn": null,
                    "userAgent": "ua",
                    "user": null
                },
                "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
                "deploymentId": event["requestContext"]["deploymentId"],
                "apiId": "a1b2c3d4e5"
            },
            "body": "é",
            "isBase64Encoded": false
        });
        assert_eq!(event, expected);
        let id = event["requestContext"]["resourceId"]
            .as_str()
            .expect("an id");
        assert!(
            id.len() == 10
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
            "{id}"
        );
    }

    #[test]
    fn writes_the_whole_answer() {
        let payload = br#"{
            "headers": {"x-one": "single", "server": "mine", "Date": "then"},
            "multiValueHeaders": {"X-One": ["a", "b"]},
            "body": "aGk=",
            "isBase64Encoded": true
        }"#;
        let reply = answer(
            &with_routes(&["GET /a"], None).expect("one route"),
            Outcome::Payload(payload),
        );
        let headers: Vec<(&str, &str)> = reply
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let trace = "Root=1-67fd88a4-5a5a5a5a5a5a5a5a5a5a5a5a;Parent=5a5a5a5a5a5a5a5a;Sampled=0;Lineage=1:5a5a5a5a:0";
        let expected = [
            ("Date", "Mon, 14 Apr 2025 22:13:56 GMT"),
            ("Content-Type", "application/json"),
            ("Content-Length", "4"),
            ("Connection", "keep-alive"),
            ("x-amzn-RequestId", "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a"),
            ("x-amz-apigw-id", "WlpaWlpaWlpaWlo="),
            ("X-Amzn-Trace-Id", trace),
            ("X-One", "a"),
            ("X-One", "b"),
            ("X-One", "single"),
            ("x-amzn-Remapped-server", "mine"),
            ("x-amzn-Remapped-Date", "then"),
        ];
        assert_eq!(
            (reply.status, &headers[..], &*reply.body),
            (200, &expected[..], &b"aGk="[..])
        );
    }

    #[test]
    fn answers_for_what_goes_wrong() {
        let plain = with_routes(&["GET /a"], None).expect("one route");
        let mut binary = plain.clone();
        binary.config.binary_media_types.push("*/*".into());
        let internal = r#"{"message": "Internal server error"}"#;
        let table = [
            (&plain, Outcome::FunctionError(b"{}"), 502, internal),
            (&plain, Outcome::Payload(b"not JSON"), 502, internal),
            (&plain, Outcome::Payload(b"null"), 502, internal),
            (
                &plain,
                Outcome::Payload(br#"{"cookies":[]}"#),
                502,
                internal,
            ),
            (
                &plain,
                Outcome::Payload(br#"{"StatusCode":200}"#),
                502,
                internal,
            ),
            (&plain, Outcome::Payload(br#"{"body":{}}"#), 502, internal),
            (
                &binary,
                Outcome::Payload(br#"{"body":"!","isBase64Encoded":true}"#),
                500,
                internal,
            ),
            (&plain, Outcome::Throttled, 500, internal),
            (&plain, Outcome::NotPermitted, 500, internal),
            (
                &plain,
                Outcome::IntegrationTimeout,
                504,
                r#"{"message": "Endpoint request timed out"}"#,
            ),
            (
                &plain,
                Outcome::EventTooLarge,
                413,
                r#"{"message":"Request Too Long"}"#,
            ),
        ];
        for (api, outcome, status, body) in table {
            let reply = answer(api, outcome);
            assert_eq!(
                (reply.status, &*reply.body),
                (status, body.as_bytes()),
                "{outcome:?}"
            );
            assert!(
                reply.header("x-amzn-errortype").is_some()
                    && reply.header("x-amzn-trace-id").is_none()
            );
        }
    }

    #[test]
    fn a_header_can_replace_the_method() {
        let api = with_routes(&["PUT /a", "ANY /b"], None).expect("two routes");
        let table = [
            ("POST", "/dev/a", Some("PUT"), Some("PUT")),
            ("PUT", "/dev/a", None, Some("PUT")),
            ("PUT", "/dev/a", Some("GET"), None),
            ("TRACE", "/dev/b", None, None),
            ("GET", "/dev/b", Some("PURGE"), None),
        ];
        for (method, target, header, expected) in table {
            let mut request = HttpRequest::new(method, target);
            if let Some(header) = header {
                request.push_header("X-HTTP-Method-Override", header.as_bytes());
            }
            let method = match receive(&api, &request) {
                Received::Invoke(invocation) => {
                    let event: Value =
                        serde_json::from_slice(&invocation.event).expect("an event is JSON");
                    event["httpMethod"].as_str().map(str::to_owned)
                }
                Received::Answer(reply) => {
                    assert_eq!(reply.status, 403);
                    None
                }
                Received::Authorize(_) => panic!("nobody asks who calls"),
            };
            assert_eq!(
                method.as_deref(),
                expected,
                "{method:?} {target} {header:?}"
            );
        }
    }

    #[test]
    fn the_mock_answers_where_there_is_no_options_method() {
        let api = with_routes(&["GET /a", "PUT /a", "OPTIONS /b", "ANY /c"], cors(&["*"]))
            .expect("the routes differ");
        for (target, mocked) in [("/dev/a", true), ("/dev/b", false), ("/dev/c", true)] {
            match receive(&api, &HttpRequest::new("OPTIONS", target)) {
                Received::Answer(reply) => {
                    let origin = reply.header("access-control-allow-origin");
                    assert_eq!(
                        (mocked, reply.status, origin),
                        (true, 200, Some("*")),
                        "{target}"
                    );
                }
                Received::Invoke(_) => assert!(!mocked, "{target}"),
                Received::Authorize(_) => panic!("nobody asks who calls"),
            }
        }
    }

    #[test]
    fn refuses_a_wrong_configuration() {
        let error = |routes: &[&str], cors| {
            with_routes(routes, cors)
                .expect_err("it is wrong")
                .to_string()
        };
        assert_eq!(
            error(&["$default"], None),
            "a REST API has no `$default` route; use `ANY /{proxy+}` and `ANY /`"
        );
        assert_eq!(
            error(&["GET /ping"], None),
            "REST APIs keep `/ping` and `/sping` for themselves; choose another path for: `GET /ping`"
        );
        assert_eq!(
            error(
                &["GET /a"],
                cors(&["https://a.example", "https://b.example"])
            ),
            "CORS of a REST API needs exactly one origin, as its answer is a fixed text; origins given: 2"
        );
        assert_eq!(
            error(&["GET /a", "GET /a"], None),
            "two routes answer the same requests; remove one: `GET /a`"
        );
    }

    fn api(binary_media_types: &[&str]) -> RestApi {
        let config = RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"));
        let binary_media_types = binary_media_types.iter().map(ToString::to_string).collect();
        RestApi::new(RestApiConfig {
            binary_media_types,
            ..config
        })
        .expect("no routes, no conflict")
    }

    #[test]
    fn the_first_media_type_decides() {
        let table: [(&[&str], Option<&str>, bool); 14] = [
            (&[], Some("image/png"), false),
            (&["image/png"], None, false),
            (&["image/png"], Some("IMAGE/png"), true),
            (&["image/png"], Some("image/png;q=0.1, text/html"), true),
            (&["image/png"], Some("text/html, image/png"), false),
            (&["image/png"], Some("image/*"), false),
            (&["image/png"], Some("*/*"), false),
            (&["application/*"], Some("application/whatever"), true),
            (&["application/*"], Some("application/*"), true),
            (&["application/*"], Some("application"), false),
            (&["*/test"], Some("image/test"), false),
            (&["*/test"], Some("*/test"), false),
            (&["*/*"], Some("text/html"), true),
            (&["*/*"], None, true),
        ];
        for (types, header, expected) in table {
            assert_eq!(
                api(types).is_binary(header),
                expected,
                "{types:?} {header:?}"
            );
        }
    }

    #[test]
    fn finds_the_path_behind_the_stage() {
        let table = [
            ("/dev/a", "/dev/a", Some("/a")),
            ("//dev/a", "/dev/a", Some("/a")),
            ("/dev//a", "/dev//a", Some("/a")),
            ("/dev/a//b/", "/dev/a//b/", Some("/a//b/")),
            ("/dev", "/dev", Some("/")),
            ("/dev/", "/dev/", Some("/")),
            ("/device/a", "/device/a", None),
            ("/", "/", None),
            ("///", "/", None),
        ];
        for (path, full, behind) in table {
            assert_eq!(
                (collapse(path), behind_stage(collapse(path), "dev")),
                (full, behind),
                "{path}"
            );
        }
    }
}
