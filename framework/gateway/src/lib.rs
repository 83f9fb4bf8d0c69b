//! The model of the products in front of a Lambda function: HTTP API, REST API and function URL.
//!
//! Pure code. Sockets, the clock, randomness and the environment are arguments, so the local server, the in-process
//! test client and the conformance suite run the same functions.
//!
//! A front door has two methods. `receive` takes a request to the function's event, or to the
//! gateway's own answer. `answer` converts the outcome of the invocation to the client's response.
//!
//! ```
//! use fw_gateway::{ApiIdentity, Arrival, HttpApi, HttpApiConfig, HttpRequest, Outcome, Received};
//!
//! let api = HttpApi::new(HttpApiConfig {
//!     routes: vec!["GET /hello/{name}".parse()?],
//!     ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
//! })?;
//! let request = HttpRequest::new("GET", "/hello/w%C3%B6rld?loud=1");
//! let arrival = Arrival::new(1_700_000_000_000, [7; Arrival::ENTROPY]);
//!
//! let Received::Invoke(invocation) = api.receive(&request, &arrival) else { panic!("the route exists") };
//! assert_eq!(invocation.route, 0);
//! assert!(String::from_utf8_lossy(&invocation.event).contains(r#""pathParameters":{"name":"wörld"}"#));
//!
//! let reply = api.answer(&invocation, Outcome::Payload(br#"{"hello":"world"}"#));
//! assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same client request gives each front door a different event, and the same handler result a
//! different answer. Each behaviour cites its source, such as `[R] gateway-truth §1.2`: a section
//! of our notes on the recordings of AWS, and the confidence. R: recorded on AWS, D: documented by
//! AWS, U: reported by users, E: seen in an emulator, I: inferred. Without a source it is marked
//! `unverified`.
//!
//! A route may require a caller. Then `receive` may need keys, credentials or an authorizer's
//! answer, and the request waits for them as [`Received::Authorize`]; see [`Need`]. Here an
//! authorizer of the app is invoked:
//!
//! ```
//! use fw_gateway::{
//!     ApiIdentity, Arrival, Authorizer, HttpApi, HttpApiConfig, HttpApiRoute, HttpRequest, LambdaAuthorizer, Need, Received,
//!     Requirement, Supplied,
//! };
//!
//! let route: HttpApiRoute = "GET /private".parse()?;
//! let api = HttpApi::new(HttpApiConfig {
//!     routes: vec![route.requiring(Requirement::Lambda { authorizer: "guard".into() })],
//!     authorizers: vec![Authorizer::Lambda(LambdaAuthorizer::new("guard"))],
//!     ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
//! })?;
//! let arrival = Arrival::new(1_700_000_000_000, [7; Arrival::ENTROPY]);
//! let received = api.receive(&HttpRequest::new("GET", "/private"), &arrival);
//!
//! let Received::Authorize(pending) = received else { panic!("the route is guarded") };
//! let Need::Answer(question) = pending.need() else { panic!("by a function") };
//! assert_eq!(question.name, "guard");
//! // Its function is invoked with `question.event`, and answers:
//! let answer = br#"{"isAuthorized": true, "context": {"user": "mary"}}"#;
//!
//! let Received::Invoke(invocation) = api.resume(&pending, &Supplied::Answer(answer)) else { panic!("it may pass") };
//! assert!(String::from_utf8_lossy(&invocation.event).contains(r#""lambda":{"user":"mary"}"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The repository's `docs/fidelity.md` lists what is left out.

mod authorize;
mod config;
mod cors;
mod event;
mod front_door;
mod function_url;
mod http;
mod http_api;
mod matcher;
mod model;
mod pattern;
mod reply;
mod rest_api;
mod stream;
mod text;
mod throttle;

pub use authorize::{
    AUTHORIZER_TIMEOUT, AnswerCache, Authorizer, CallArns, ContextVariable, Credentials, Decision,
    Denial, Grant, IdentityError, IdentitySource, JwtAuthorizer, KEYS_TIMEOUT, KeyError,
    LambdaAuthorizer, Need, Pending, Policy, Principal, Question, Requirement, RsaAlgorithm,
    SignatureError, Signed, SigningScope, Supplied, Token, TokenKeys, Unusable, Verdict, is_like,
};
#[cfg(feature = "verify")]
pub use authorize::{JwkError, JwkSet};
pub use config::{ApiIdentity, ConfigError, TrailingSlash};
pub use cors::CorsConfig;
pub use front_door::FrontDoor;
pub use function_url::{FunctionUrl, FunctionUrlConfig};
pub use http::{Arrival, HttpReply, HttpRequest, Invocation, Outcome, Received, Unreadable};
pub use http_api::{HttpApi, HttpApiConfig, HttpApiRoute, PayloadFormat};
pub use matcher::{Conflict, Match, Matcher};
pub use model::{Model, ModelError, Violation};
pub use pattern::{PathPattern, PatternError, RouteKey, Segment};
pub use rest_api::{
    ApiKey, ApiKeySource, GatewayResponse, GatewayResponseType, Integration, ParameterError,
    ProxyIntegration, Quota, QuotaPeriod, RequestParameter, RequestValidation, RestApi,
    RestApiConfig, RestAuthorizer, RestAuthorizerKind, RestMethod, UnknownResponseType, UsageMeter,
    UsagePlan,
};
pub use stream::{MEDIA_TYPE as STREAM_MEDIA_TYPE, Prelude, PreludeError};
pub use throttle::{Throttle, TokenBucket};

// The app's side of an event and of the log needs the same decoding and the same dates.
pub use text::{civil, decode_path, decode_query};
