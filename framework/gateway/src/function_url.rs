//! Function URLs, Lambda's own HTTP endpoint: the way of a request, and of its answer.

use std::sync::Arc;

use crate::{
    authorize::signature::{SignatureError, Signed, SigningScope},
    authorize::{Access, Need, Pending, Step, Supplied},
    config::{ApiIdentity, ConfigError},
    cors::{CorsConfig, is_preflight},
    event::v2::function_url_event,
    event::{EVENT_LIMIT, Trace},
    http::{Arrival, HttpReply, HttpRequest, Invocation, Outcome, Received, Unreadable},
    reply::Frame,
    reply::function_url::{FunctionUrlReply, UrlMessage},
    stream::Prelude,
    throttle::{Buckets, Throttle},
};

/// The configuration of a function URL.
#[derive(Debug, Clone)]
pub struct FunctionUrlConfig {
    /// The identity of the URL; its stage is always `$default`, and without IAM the event's account
    /// is `anonymous`.
    pub identity: ApiIdentity,
    /// CORS by Lambda; without it, all is up to the handler.
    pub cors: Option<CorsConfig>,
    /// `RESPONSE_STREAM`: the handler's result is the body, whatever its form.
    pub streaming: bool,
    /// `AuthType` `AWS_IAM`: callers sign their requests.
    pub iam: bool,
    /// The function's reserved concurrency. The URL accepts ten times as many requests per second,
    /// and with 0 none. `[D]` gateway-truth §3
    pub reserved_concurrency: Option<u32>,
}

impl FunctionUrlConfig {
    /// A URL with the defaults of AWS.
    #[must_use]
    pub fn new(identity: ApiIdentity) -> Self {
        Self {
            identity,
            cors: None,
            streaming: false,
            iam: false,
            reserved_concurrency: None,
        }
    }
}

/// The model of a function URL. Copies share what it remembers: how often it was called.
#[derive(Debug, Clone)]
pub struct FunctionUrl {
    config: FunctionUrlConfig,
    bucket: Option<Arc<Buckets>>,
}

impl FunctionUrl {
    /// The largest body that the URL accepts, in bytes: a server need not read more than one byte
    /// beyond it before it calls [`FunctionUrl::receive`]. `[D]` gateway-truth §3, and Lambda's
    /// limit for an event
    pub const BODY_LIMIT: usize = EVENT_LIMIT;

    /// Checks a configuration and prepares it for serving.
    ///
    /// # Errors
    ///
    /// If CORS allows credentials from every origin.
    pub fn new(config: FunctionUrlConfig) -> Result<Self, ConfigError> {
        if let Some(cors) = &config.cors {
            cors.check()?;
        }
        // The number at once is unverified; a second's worth is used.
        let limit = config.reserved_concurrency.map(|reserved| Throttle {
            rate: f64::from(reserved) * 10.0,
            burst: reserved.saturating_mul(10),
        });
        Ok(Self {
            config,
            bucket: Buckets::new([limit]).map(Arc::new),
        })
    }

    /// Takes a request to the function's event, or to the URL's own answer, or to what is needed
    /// first.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        let cors = &self.config.cors;
        let reply = self.reply(request, arrival);
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
        // Whether AWS refuses a long body before it creates an event is unverified; doing so saves
        // the copy.
        if request.body.len() > Self::BODY_LIMIT {
            return Received::Answer(reply.message(UrlMessage::EntityTooLarge));
        }
        let signed = if self.config.iam {
            match Signed::for_path(request, request.path_and_query().0) {
                Ok(signed) => Some(signed),
                // [D] gateway-truth §3
                Err(error @ SignatureError::Missing) => {
                    let reply = reply.message(UrlMessage::Forbidden);
                    return Received::Answer(reply.because(error.to_string()));
                }
                Err(error) => return Received::Answer(reply.signature(&error)),
            }
        } else {
            None
        };
        if let Some(bucket) = &self.bucket
            && !bucket.take(0, arrival.epoch_ms)
        {
            let reply = reply.message(UrlMessage::TooManyRequests);
            return Received::Answer(
                reply.because("the URL gets more requests than ten times its reserved concurrency"),
            );
        }
        match signed {
            None => self.invoke(request, arrival, None),
            Some(signed) => Received::Authorize(Box::new(Pending {
                need: Need::Credentials {
                    access_key_id: signed.access_key_id().to_owned(),
                },
                step: Step::Signature(signed),
                request: request.clone(),
                arrival: arrival.clone(),
                route: 0,
            })),
        }
    }

    /// Continues a waiting request with what was needed: to the function's event, or to the URL's
    /// own answer.
    #[must_use]
    pub fn resume(&self, pending: &Pending, supplied: &Supplied<'_>) -> Received {
        let (request, arrival) = (&pending.request, &pending.arrival);
        let reply = self.reply(request, arrival);
        let scope = SigningScope {
            region: &self.config.identity.region,
            service: "lambda",
        };
        let principal = match (&pending.step, *supplied) {
            (Step::Signature(signed), Supplied::Credentials(known)) => {
                match signed.check(request, known, scope, arrival.epoch_ms) {
                    Ok(principal) => principal,
                    Err(error) => return Received::Answer(reply.signature(&error)),
                }
            }
            (Step::Signature(_), Supplied::Principal(principal)) => principal,
            _ => {
                let reply = reply.message(UrlMessage::InternalServerError);
                return Received::Answer(
                    reply.because("the gateway got something other than it asked for"),
                );
            }
        };
        self.invoke(request, arrival, Some(&Access::Iam(principal.clone())))
    }

    /// Answers a request that waited for what cannot be had. The reason is for the log.
    #[must_use]
    pub fn refuse(&self, pending: &Pending, reason: &str) -> HttpReply {
        self.reply(&pending.request, &pending.arrival)
            .message(UrlMessage::Forbidden)
            .because(reason)
    }

    /// Goes on with what `former` remembers: see [`FrontDoor::take_over`](super::FrontDoor::take_over).
    pub fn take_over(&mut self, former: &Self) {
        if let (Some(bucket), Some(then)) = (&self.bucket, &former.bucket) {
            bucket.take_over(then, Some);
        }
    }

    /// Answers input that is not a request: see
    /// [`FrontDoor::unreadable`](super::FrontDoor::unreadable).
    #[must_use]
    pub fn unreadable(&self, why: Unreadable, arrival: &Arrival) -> HttpReply {
        let reply = FunctionUrlReply(Frame {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.request_id,
            cors: None,
            origin: None,
        });
        reply.message(match why {
            Unreadable::Malformed => UrlMessage::BadRequest,
            Unreadable::HeadTooLarge => UrlMessage::HeadersTooLarge,
        })
    }

    /// The answers that Lambda gives by itself.
    fn reply<'r>(&'r self, request: &'r HttpRequest, arrival: &'r Arrival) -> FunctionUrlReply<'r> {
        let cors = self.config.cors.as_ref();
        FunctionUrlReply(Frame {
            epoch_ms: arrival.epoch_ms,
            id: &arrival.request_id,
            cors,
            origin: cors.and_then(|_| request.header("origin")),
        })
    }

    /// The invocation for a request that may pass.
    fn invoke(
        &self,
        request: &HttpRequest,
        arrival: &Arrival,
        access: Option<&Access>,
    ) -> Received {
        let FunctionUrlConfig { identity, cors, .. } = &self.config;
        let trace = Trace::new(request, arrival);
        let event = function_url_event(request, arrival, identity, &trace, access);
        if event.len() > EVENT_LIMIT {
            let reply = self.reply(request, arrival);
            return Received::Answer(reply.message(UrlMessage::EntityTooLarge));
        }
        let origin = cors.as_ref().and_then(|_| request.header("origin"));
        Received::Invoke(Invocation {
            route: 0,
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

    /// Converts the outcome of an invocation to the client's response.
    #[must_use]
    pub fn answer(&self, invocation: &Invocation, outcome: Outcome<'_>) -> HttpReply {
        let reply = self.reply_to(invocation);
        reply.message(match outcome {
            Outcome::Payload(payload) => return reply.result(payload, self.config.streaming),
            // A function URL waits until the function's timeout, so it has no timeout of its own.
            Outcome::FunctionError(_) | Outcome::IntegrationTimeout => {
                UrlMessage::InternalServerError
            }
            Outcome::NotPermitted => UrlMessage::Forbidden,
            Outcome::Throttled => UrlMessage::TooManyRequests,
            Outcome::EventTooLarge => UrlMessage::EntityTooLarge,
        })
    }

    /// The start of the answer for a streaming function, before its body; `None` unless the URL
    /// streams. The reply has no body and no `Content-Length`: the function's body follows as it is
    /// streamed.
    ///
    /// Without a prelude (the content type is not [`STREAM_MEDIA_TYPE`](super::STREAM_MEDIA_TYPE)) it is 200.
    #[must_use]
    pub fn stream(&self, invocation: &Invocation, prelude: Option<&Prelude>) -> Option<HttpReply> {
        let reply = self.reply_to(invocation);
        self.config.streaming.then(|| reply.stream(prelude))
    }

    /// The URL's answer to the outcome of an invocation.
    fn reply_to<'r>(&'r self, invocation: &'r Invocation) -> FunctionUrlReply<'r> {
        FunctionUrlReply(Frame {
            epoch_ms: invocation.epoch_ms,
            id: &invocation.request_id,
            cors: self.config.cors.as_ref(),
            origin: invocation.origin.as_deref(),
        })
    }

    /// True if a host is that of another function URL. Other hosts are names of the local server.
    fn is_another_url(&self, host: &str) -> bool {
        let Some((id, domain)) = host.split_once('.') else {
            return false;
        };
        domain.starts_with("lambda-url.") && !id.eq_ignore_ascii_case(&self.config.identity.api_id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn url(change: impl FnOnce(&mut FunctionUrlConfig)) -> FunctionUrl {
        let mut config = FunctionUrlConfig::new(ApiIdentity {
            domain_name: "abc.lambda-url.us-east-1.on.aws".into(),
            ..ApiIdentity::new("abc", "$default")
        });
        change(&mut config);
        FunctionUrl::new(config).expect("the configuration is right")
    }

    fn receive(url: &FunctionUrl, request: &HttpRequest) -> Received {
        url.receive(
            request,
            &Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY]),
        )
    }

    #[test]
    fn writes_the_whole_event() {
        let mut request = HttpRequest::new("POST", "/a%20b?q=%31&q=2");
        request.push_header("Cookie", b"k=v; l=w");
        request.body = "hi".into();
        let Received::Invoke(invocation) = receive(&url(|_| {}), &request) else {
            panic!("a URL has one route")
        };
        let event: Value = serde_json::from_slice(&invocation.event).expect("an event is JSON");
        let expected = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/a%20b",
            "rawQueryString": "q=%31&q=2",
            "cookies": ["k=v", "l=w"],
            "headers": {
                "content-length": "2",
                "cookie": "k=v; l=w",
                "host": "abc.lambda-url.us-east-1.on.aws",
                "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
                "x-amzn-tls-version": "TLSv1.3",
                "x-amzn-trace-id": "Root=1-67fd88a4-5a5a5a5a5a5a5a5a5a5a5a5a",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https"
            },
            "queryStringParameters": {"q": "1,2"},
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "abc",
                "domainName": "abc.lambda-url.us-east-1.on.aws",
                "domainPrefix": "abc",
                "http": {
                    "method": "POST",
                    "path": "/a b",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": ""
                },
                "requestId": "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a",
                "routeKey": "$default",
                "stage": "$default",
                "time": "14/Apr/2025:22:13:56 +0000",
                "timeEpoch": 1_744_668_836_000_u64
            },
            "body": "aGk=",
            "isBase64Encoded": true
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn knows_its_own_host() {
        let table = [
            ("abc.lambda-url.us-east-1.on.aws", true),
            ("other.lambda-url.us-east-1.on.aws", false),
            ("localhost:8000", true),
            ("lambda-url.example.com", true),
        ];
        for (host, own) in table {
            let mut request = HttpRequest::new("GET", "/");
            request.push_header("host", host.as_bytes());
            match receive(&url(|_| {}), &request) {
                Received::Invoke(_) => assert!(own, "{host}"),
                Received::Answer(reply) => assert_eq!((own, reply.status), (false, 403), "{host}"),
                Received::Authorize(_) => panic!("the URL asks for nothing"),
            }
        }
    }

    #[test]
    fn answers_for_whatever_happens() {
        let table: [(bool, Outcome<'_>, u16, &str, &str); 9] = [
            (
                false,
                Outcome::Payload(br#"{"a" : 1}"#),
                200,
                "application/json",
                r#"{"a":1}"#,
            ),
            (
                false,
                Outcome::Payload(br#""text""#),
                200,
                "application/json",
                "text",
            ),
            (
                false,
                Outcome::Payload(br#"{"statusCode":201,"body":"x"}"#),
                201,
                "application/json",
                "x",
            ),
            (
                true,
                Outcome::Payload(br#"{"statusCode":201}"#),
                200,
                "application/octet-stream",
                r#"{"statusCode":201}"#,
            ),
            (
                false,
                Outcome::Payload(b"{"),
                502,
                "text/plain",
                "Internal Server Error",
            ),
            (
                false,
                Outcome::FunctionError(b"{}"),
                502,
                "text/plain",
                "Internal Server Error",
            ),
            (
                false,
                Outcome::IntegrationTimeout,
                502,
                "text/plain",
                "Internal Server Error",
            ),
            (
                false,
                Outcome::Throttled,
                429,
                "application/json",
                r#"{"Message":"Rate Exceeded."}"#,
            ),
            (
                false,
                Outcome::EventTooLarge,
                413,
                "application/json",
                r#"{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}"#,
            ),
        ];
        for (streaming, outcome, status, content_type, body) in table {
            let url = url(|config| config.streaming = streaming);
            let Received::Invoke(invocation) = receive(&url, &HttpRequest::new("GET", "/")) else {
                panic!("a URL has one route")
            };
            let reply = url.answer(&invocation, outcome);
            let seen = (reply.status, reply.header("content-type"), &*reply.body);
            assert_eq!(
                seen,
                (status, Some(content_type), body.as_bytes()),
                "{outcome:?}"
            );
            assert_eq!(
                reply.header("x-amzn-requestid"),
                Some(invocation.request_id.as_str())
            );
        }
    }

    #[test]
    fn refuses_a_body_that_lambda_would() {
        let sized = |length: usize| {
            let mut request = HttpRequest::new("POST", "/");
            request.push_header("content-type", b"text/plain");
            request.body = vec![b'a'; length].into();
            match receive(&url(|_| {}), &request) {
                Received::Invoke(_) => 200,
                Received::Answer(reply) => reply.status,
                Received::Authorize(_) => panic!("the URL asks for nothing"),
            }
        };
        assert_eq!(
            (sized(6_000_000), sized(6_291_456), sized(7_000_000)),
            (200, 413, 413)
        );
    }

    #[test]
    fn answers_preflights_only_if_cors_is_configured() {
        let mut request = HttpRequest::new("OPTIONS", "/");
        request.push_header("Origin", b"https://a.example");
        request.push_header("Access-Control-Request-Method", b"PUT");
        assert!(matches!(
            receive(&url(|_| {}), &request),
            Received::Invoke(_)
        ));
        let cors = CorsConfig {
            allow_origins: vec!["*".into()],
            ..CorsConfig::default()
        };
        let Received::Answer(reply) = receive(&url(|config| config.cors = Some(cors)), &request)
        else {
            panic!("a preflight is answered")
        };
        assert_eq!(
            (reply.status, reply.header("access-control-allow-origin")),
            (200, Some("*"))
        );
    }
}
