//! The answers of a REST API. `[R]` gateway-truth §2.3

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;

use crate::{
    cors::CorsConfig,
    http::HttpReply,
    reply::proxy::{Malformed, Payload, decode},
    reply::{Draft, Lines, open},
    rest_api::response::{ErrorFacts, GatewayResponseType, ResponseFacts, Responses},
    stream::Prelude,
};

/// The own answers of a REST API. `[R/U]` gateway-truth §0 rows 12, 13 and 17, §2.3, §2.5, §2.6,
/// §2.7
#[derive(Debug, Clone)]
pub(crate) enum RestMessage {
    /// No method of that name on that resource, or a request that should be signed and is not.
    MissingAuthenticationToken,
    /// No method takes the request, and its `Authorization` header is no signature: what it lacks.
    IncompleteSignature(String),
    /// No stage of that name.
    NoStage,
    /// No API key, or one that is unknown or disabled.
    InvalidApiKey {
        /// True if there was one.
        sent: bool,
    },
    /// An API key of no usage plan.
    KeyWithoutPlan,
    /// A signature that is not right; what is wrong with it.
    InvalidSignature(String),
    /// A signature with an unknown access key.
    UnknownClient,
    /// The authorizer cannot identify the caller.
    Unauthorized,
    /// The authorizer does not let the caller pass.
    AccessDenied {
        /// True if its policy denies explicitly, instead of not allowing.
        explicit: bool,
    },
    /// The authorizer failed, or its answer is malformed.
    AuthorizerMisconfigured,
    /// The authorizer could not be asked.
    AuthorizerFailure,
    /// Requests come too fast.
    Throttled,
    /// The key's quota is used up.
    QuotaExceeded,
    /// Required parameters are missing: their names with commas between.
    MissingParameters(String),
    /// The body does not match its model.
    InvalidBody,
    /// The body, or the event, is too large.
    RequestTooLong,
    /// The input is not a request.
    BadRequest,
    /// The URL is too long.
    UriTooLong,
    /// The headers are too large.
    HeadersTooLarge,
    /// The gateway could not use the integration.
    InternalServerError,
    /// The function failed, or its result is malformed.
    BadGateway,
    /// The integration took too long.
    GatewayTimeout,
}

/// A message, sent unless a gateway response changes it.
struct Parts {
    /// Which gateway response may change it.
    kind: Option<GatewayResponseType>,
    status: u16,
    /// The value of `x-amzn-ErrorType`.
    error: &'static str,
    /// `None` if AWS says `null`.
    message: Option<Cow<'static, str>>,
    /// The body, where it is not `{"message":…}`.
    body: Option<Cow<'static, str>>,
}

impl RestMessage {
    fn parts(&self) -> Parts {
        use GatewayResponseType as Kind;
        let plain = |kind, status, error, message: &'static str| Parts {
            kind: Some(kind),
            status,
            error,
            message: Some(message.into()),
            body: None,
        };
        // A message from the integration has a space after the colon. [R/U] gateway-truth §0 row 12
        let spaced = |kind, status, message: &'static str| Parts {
            kind: Some(kind),
            status,
            error: "InternalServerErrorException",
            message: Some(message.into()),
            body: Some(format!(r#"{{"message": "{message}"}}"#).into()),
        };
        let internal = "Internal server error";
        match self {
            Self::MissingAuthenticationToken => plain(
                Kind::MissingAuthenticationToken,
                403,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            // The error's name is that of AWS's common errors (`IncompleteSignature`); which response type it has is unverified.
            Self::IncompleteSignature(message) => Parts {
                message: Some(message.clone().into()),
                ..plain(
                    Kind::MissingAuthenticationToken,
                    403,
                    "IncompleteSignatureException",
                    "",
                )
            },
            // Unverified for a stage that does not exist. No API is known yet that could have a response for it.
            Self::NoStage => Parts {
                kind: None,
                ..plain(Kind::AccessDenied, 403, "ForbiddenException", "Forbidden")
            },
            Self::InvalidApiKey { .. } | Self::KeyWithoutPlan => {
                plain(Kind::InvalidApiKey, 403, "ForbiddenException", "Forbidden")
            }
            // The texts and types of these two are unverified.
            Self::InvalidSignature(message) => Parts {
                message: Some(message.clone().into()),
                ..plain(Kind::InvalidSignature, 403, "InvalidSignatureException", "")
            },
            Self::UnknownClient => plain(
                Kind::AccessDenied,
                403,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            Self::Unauthorized => plain(
                Kind::Unauthorized,
                401,
                "UnauthorizedException",
                "Unauthorized",
            ),
            // With a capital. [U] gateway-truth §2.6
            Self::AccessDenied { explicit } => {
                let message = if *explicit {
                    "User is not authorized to access this resource with an explicit deny"
                } else {
                    "User is not authorized to access this resource"
                };
                Parts {
                    body: Some(format!(r#"{{"Message":"{message}"}}"#).into()),
                    ..plain(Kind::AccessDenied, 403, "AccessDeniedException", message)
                }
            }
            // [U] gateway-truth §2.6
            Self::AuthorizerMisconfigured => Parts {
                message: None,
                ..plain(
                    Kind::AuthorizerConfigurationError,
                    500,
                    "AuthorizerConfigurationException",
                    "",
                )
            },
            // Type and text are unverified.
            Self::AuthorizerFailure => Parts {
                message: None,
                ..plain(
                    Kind::AuthorizerFailure,
                    500,
                    "AuthorizerConfigurationException",
                    "",
                )
            },
            Self::Throttled => plain(
                Kind::Throttled,
                429,
                "TooManyRequestsException",
                "Too Many Requests",
            ),
            Self::QuotaExceeded => plain(
                Kind::QuotaExceeded,
                429,
                "LimitExceededException",
                "Limit Exceeded",
            ),
            // The type of these two is unverified.
            Self::MissingParameters(names) => Parts {
                message: Some(format!("Missing required request parameters: [{names}]").into()),
                ..plain(Kind::BadRequestParameters, 400, "BadRequestException", "")
            },
            Self::InvalidBody => plain(
                Kind::BadRequestBody,
                400,
                "BadRequestException",
                "Invalid request body",
            ),
            // [E] gateway-truth §2.7 for the body; the error type is unverified.
            Self::RequestTooLong => plain(
                Kind::RequestTooLarge,
                413,
                "RequestTooLargeException",
                "Request Too Long",
            ),
            // Unverified.
            Self::BadRequest => Parts {
                kind: None,
                ..plain(Kind::Default4xx, 400, "BadRequestException", "Bad Request")
            },
            // The limits of the next two are documented; status, type and text are unverified, after RFC 9110 §15.5.15
            // and RFC 6585 §5.
            Self::UriTooLong => Parts {
                kind: None,
                ..plain(Kind::Default4xx, 414, "BadRequestException", "URI Too Long")
            },
            Self::HeadersTooLarge => Parts {
                kind: None,
                ..plain(
                    Kind::Default4xx,
                    431,
                    "BadRequestException",
                    "Request Header Fields Too Large",
                )
            },
            Self::InternalServerError => spaced(Kind::ApiConfigurationError, 500, internal),
            Self::BadGateway => spaced(Kind::IntegrationFailure, 502, internal),
            Self::GatewayTimeout => {
                spaced(Kind::IntegrationTimeout, 504, "Endpoint request timed out")
            }
        }
    }

    /// The reason for the log, if status and body do not say it.
    pub(crate) fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidApiKey { sent: false } => {
                "the method requires an API key, but the request has none"
            }
            Self::InvalidApiKey { sent: true } => "the API key does not exist or is disabled",
            Self::KeyWithoutPlan => "the API key does not belong to a usage plan",
            Self::Throttled => "the throttle of the key, the method or the stage is reached",
            Self::QuotaExceeded => "the key's quota is exhausted",
            Self::InvalidBody => "the body does not match the method's model",
            Self::InternalServerError => "the integration cannot be called with its configuration",
            _ => return None,
        })
    }

    /// A validator's text in templates: unverified beyond the message itself.
    fn validation(&self) -> Option<String> {
        matches!(self, Self::MissingParameters(_) | Self::InvalidBody)
            .then(|| self.parts().message.unwrap_or_default().into_owned())
    }
}

/// What an answer needs from its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RestReply<'r> {
    /// The date of the answer.
    pub(crate) epoch_ms: u64,
    /// The `x-amzn-RequestId`.
    pub(crate) id: &'r str,
    /// The `x-amz-apigw-id`.
    pub(crate) extended_id: &'r str,
    /// The changes to the gateway's own answers.
    pub(crate) responses: Responses<'r>,
    /// What they may use of the request.
    pub(crate) facts: Option<&'r ResponseFacts>,
}

impl RestReply<'_> {
    /// The gateway's own answer, as its gateway response changes it.
    pub(crate) fn message(&self, message: &RestMessage) -> HttpReply {
        let parts = message.parts();
        let own_body = || match (&parts.body, &parts.message) {
            (Some(body), _) => body.clone().into_owned(),
            (None, Some(message)) => {
                format!(r#"{{"message":{}}}"#, serde_json::Value::from(&**message))
            }
            (None, None) => r#"{"message":null}"#.to_owned(),
        };
        let changed = parts
            .kind
            .and_then(|kind| Some((kind, self.responses.find(kind)?, self.facts?)));
        let Some((kind, response, facts)) = changed else {
            return self.error(parts.status, parts.error, "application/json", own_body());
        };
        let validation = message.validation();
        let error = ErrorFacts {
            kind,
            message: parts.message.as_deref(),
            validation: validation.as_deref(),
        };
        let status = response.status.unwrap_or(parts.status);
        let (media, body) = response
            .body(facts, &error)
            .unwrap_or_else(|| ("application/json", own_body()));
        let mut reply = self.error(status, parts.error, media, body);
        for (name, value) in response.header_lines(facts, &error) {
            // The gateway's own lines about the message and itself stay; a type may be changed.
            let fixed = [
                "content-length",
                "connection",
                "date",
                "x-amzn-requestid",
                "x-amz-apigw-id",
            ];
            if fixed.iter().any(|fixed| name.eq_ignore_ascii_case(fixed)) {
                continue;
            }
            reply
                .headers
                .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            reply.headers.push((name.to_owned(), value));
        }
        reply
    }

    fn error(&self, status: u16, error: &str, media: &str, body: String) -> HttpReply {
        let media = if super::is_field_value(media) {
            media
        } else {
            "application/json"
        };
        let mut reply = open(status, self.epoch_ms, Some(media), Bytes::from(body));
        self.close(&mut reply);
        reply
            .headers
            .push(("x-amzn-ErrorType".into(), error.into()));
        reply
    }

    /// The answer of a MOCK integration: a status and nothing else, no trace. `[R]` gateway-truth §2.3
    pub(crate) fn mock(&self, status: u16) -> HttpReply {
        let mut reply = open(
            status,
            self.epoch_ms,
            Some("application/json"),
            Bytes::new(),
        );
        self.close(&mut reply);
        reply
    }

    /// The answer of the MOCK integration behind OPTIONS: 200 with the configured headers, no trace. `[R]` gateway-truth §2.7
    pub(crate) fn preflight(&self, cors: &CorsConfig) -> HttpReply {
        let mut reply = self.mock(200);
        reply.headers.extend(
            cors.all_headers()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        reply
    }

    /// The answer for a handler's result.
    pub(crate) fn result(&self, payload: &[u8], trace: &str, accepts_binary: bool) -> HttpReply {
        match draft(payload, accepts_binary) {
            Ok(draft) => self.dress(draft, trace),
            Err((failure, malformed)) => self.message(&failure).because(malformed.reason()),
        }
    }

    /// The start of a streamed answer: no body, and no length, because it is not known.
    pub(crate) fn stream(&self, prelude: &Prelude, trace: &str) -> HttpReply {
        let lines = prelude.headers.iter();
        let draft = Draft {
            status: prelude.status,
            headers: lines
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
            body: Bytes::new(),
        };
        let mut reply = self.dress(draft, trace);
        reply.headers.retain(|(name, _)| name != "Content-Length");
        reply
    }

    fn dress(&self, mut draft: Draft<'_>, trace: &str) -> HttpReply {
        for (name, _) in &mut draft.headers {
            if is_remapped(name) {
                *name = format!("x-amzn-Remapped-{name}").into();
            }
        }
        let content_type = draft.take_content_type("application/json");
        let mut reply = open(
            draft.status,
            self.epoch_ms,
            content_type.as_deref(),
            draft.body,
        );
        self.close(&mut reply);
        // [R] gateway-truth §2.3: the trace ends with a lineage, whose hash cannot be predicted.
        let lineage = self.id.get(..8).unwrap_or("00000000");
        reply.headers.push((
            "X-Amzn-Trace-Id".into(),
            format!("{trace};Lineage=1:{lineage}:0"),
        ));
        let own = |name: &str| {
            ["x-amz-apigw-id", "x-amzn-trace-id"]
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own))
        };
        reply.headers.extend(
            draft
                .headers
                .into_iter()
                .filter(|(name, _)| !own(name))
                .map(|(name, value)| (name.into_owned(), value.into_owned())),
        );
        reply
    }

    fn close(&self, reply: &mut HttpReply) {
        reply
            .headers
            .push(("x-amzn-RequestId".into(), self.id.into()));
        reply
            .headers
            .push(("x-amz-apigw-id".into(), self.extended_id.into()));
    }
}

/// True if a handler's header is sent as `x-amzn-Remapped-…`: the two reported for Lambda (`[U]`
/// gateway-truth §2.3), and those recorded for `HTTP_PROXY`, which are inferred here.
fn is_remapped(name: &str) -> bool {
    const REMAPPED: [&str; 7] = [
        "authorization",
        "connection",
        "content-length",
        "date",
        "server",
        "www-authenticate",
        "x-amzn-requestid",
    ];
    REMAPPED
        .iter()
        .any(|remapped| name.eq_ignore_ascii_case(remapped))
}

/// The meaning of a result. `[R]` gateway-truth §0 row 10: an object of known keys only, all of
/// them optional.
fn draft(payload: &[u8], accepts_binary: bool) -> Result<Draft<'_>, (RestMessage, Malformed)> {
    let malformed = |what: Malformed| (RestMessage::BadGateway, what);
    let proxy = match Payload::read(payload) {
        Some(Payload::Object(proxy, _)) => proxy,
        Some(Payload::Other(_)) => return Err(malformed(Malformed("it is not an object"))),
        None => return Err(malformed(Malformed::NOT_JSON)),
    };
    if proxy.has_unknown_keys || proxy.has_cookies {
        return Err(malformed(Malformed(
            "it has a key that a REST API does not know: only `statusCode`, `headers`, `multiValueHeaders`, `body` and `isBase64Encoded` are accepted",
        )));
    }
    let status = proxy.status().map_err(malformed)?.unwrap_or(200);
    let headers = merge(
        proxy.multi_value_headers().map_err(malformed)?,
        proxy.headers().map_err(malformed)?,
    );
    let text = proxy.text().map_err(malformed)?;
    // [R] gateway-truth §0 row 9: the flag alone does nothing. §2.4: malformed base64 gives 500,
    // not 502.
    let body = if proxy.is_base64_encoded().map_err(malformed)? && accepts_binary {
        decode(&text).map_err(|what| (RestMessage::InternalServerError, what))?
    } else {
        text.into_owned().into()
    };
    Draft::new(status, headers, body).map_err(malformed)
}

/// Multi values first, and their spelling of the name. `[R]` gateway-truth §0 row 11, §2.3
fn merge<'a>(multi: Lines<'a>, single: Lines<'a>) -> Lines<'a> {
    let spellings: HashMap<String, Cow<'a, str>> = multi
        .iter()
        .map(|(name, _)| (name.to_ascii_lowercase(), name.clone()))
        .collect();
    let single =
        single.into_iter().map(
            |(name, value)| match spellings.get(&name.to_ascii_lowercase()) {
                Some(spelling) => (spelling.clone(), value),
                None => (name, value),
            },
        );
    let mut lines = multi;
    lines.extend(single);
    lines
}
