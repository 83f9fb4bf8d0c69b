//! A client for tests: no sockets, no processes, and yet all that happens to a request on AWS.
//!
//! Each request passes the model of the gateway ([`fw::gateway`](crate::gateway)) on its way in and on its way out, so a test sees what
//! a client of the deployed API would see: the gateway's own 404, header names as it spells them, a binary body through base64.
//!
//! ```
//! use fw::{App, test::Client};
//!
//! let client = Client::new(App::stateless("hello"), ());
//! let response = client.get("/nowhere").send();
//!
//! assert_eq!(response.status(), 404);
//! assert_eq!(response.json::<serde_json::Value>()["message"], "Not Found");
//! ```
//!
//! In an async test (`#[tokio::test]`) write `.await` in place of `.send()`.

mod guard;

use std::{
    fmt,
    future::{Future, IntoFuture},
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    app::App,
    auth::PRINCIPAL,
    context::LambdaContext,
    dispatch::{Answer, FunctionError},
    gateway::{
        ApiIdentity, Arrival, FrontDoor, FunctionUrl, FunctionUrlConfig, HttpApi, HttpApiConfig,
        HttpReply, HttpRequest, Outcome, PayloadFormat, Received, RestApi, RestApiConfig, RouteKey,
    },
    manifest::{Manifest, ManifestRoute},
};

use self::guard::{Caller, admit};

/// What stands before the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gateway {
    /// An HTTP API with payload format 2.0: what `cargo fw deploy` makes unless told otherwise.
    #[default]
    HttpApi,
    /// An HTTP API with payload format 1.0.
    HttpApiV1,
    /// A REST API, for which every media type is binary.
    RestApi,
    /// A function URL. It knows no routes, so not found and wrong method are the app's own answers.
    FunctionUrl,
}

type Answering = Pin<Box<dyn Future<Output = Result<Answer, FunctionError>> + Send>>;

/// One of the app's functions: an authorizer by its name, or the API.
type Function = dyn Fn(Option<String>, Bytes, LambdaContext) -> Answering + Send + Sync;

/// A client of one app.
#[derive(Clone)]
pub struct Client {
    /// Its routes stand in the order in which the gateway knows them.
    manifest: Arc<Manifest>,
    gateway: Gateway,
    door: Arc<FrontDoor>,
    app: Arc<Function>,
}

impl Client {
    /// A client of that app with that state, through an HTTP API. The app's own initialiser is not called.
    ///
    /// # Panics
    ///
    /// When the app is ill-formed; see [`App::check`].
    #[track_caller]
    #[must_use]
    pub fn new<S: Send + Sync + 'static>(app: App<S>, state: S) -> Self {
        let manifest = app.manifest();
        let (authorizers, dispatcher) = match app.into_parts() {
            Ok((_, assembly)) => (
                assembly.table.all_authorizers(),
                Arc::new(assembly.with_state(state)),
            ),
            Err(error) => panic!("the app is ill-formed: {error}"),
        };
        Self {
            door: Arc::new(front_door(Gateway::HttpApi, &manifest)),
            gateway: Gateway::HttpApi,
            manifest: Arc::new(manifest),
            app: Arc::new(move |name, event, context| {
                let dispatcher = Arc::clone(&dispatcher);
                let named = |name| authorizers.iter().find(|it| it.info().name == name);
                let authorizer = name.as_deref().and_then(named).copied();
                Box::pin(async move {
                    let event = String::from_utf8_lossy(&event);
                    let authorizer = authorizer.as_ref();
                    dispatcher.answer(authorizer, &event, context).await
                })
            }),
        }
    }

    /// The same client through another gateway.
    ///
    /// # Panics
    ///
    /// When the gateway cannot have the app's routes, as a REST API cannot have `$default`, and a function URL no authorizers.
    #[track_caller]
    #[must_use]
    pub fn through(mut self, gateway: Gateway) -> Self {
        self.door = Arc::new(front_door(gateway, &self.manifest));
        self.gateway = gateway;
        self
    }

    /// Hands an event to the app as Lambda does, past the gateway: what the app posts to the Runtime API, or the text of its
    /// error where the event is no HTTP request.
    ///
    /// # Errors
    ///
    /// The error's text.
    ///
    /// # Panics
    ///
    /// In an async test.
    #[track_caller]
    pub fn invoke(&self, event: &str) -> Result<Value, String> {
        let arrival = arrival();
        let context = context(arrival.request_id.clone(), None, &arrival);
        let answering = (self.app)(None, Bytes::from(event.to_owned()), context);
        let answer = block_on(answering).map_err(|error| error.message)?;
        serde_json::to_value(&answer).map_err(|error| error.to_string())
    }

    /// Starts a `GET` request for a target: path and query, percent-encoded, as `/objects/a%20b?limit=3`.
    pub fn get(&self, target: &str) -> RequestBuilder<'_> {
        self.request("GET", target)
    }

    /// Starts a `POST` request.
    pub fn post(&self, target: &str) -> RequestBuilder<'_> {
        self.request("POST", target)
    }

    /// Starts a `PUT` request.
    pub fn put(&self, target: &str) -> RequestBuilder<'_> {
        self.request("PUT", target)
    }

    /// Starts a `PATCH` request.
    pub fn patch(&self, target: &str) -> RequestBuilder<'_> {
        self.request("PATCH", target)
    }

    /// Starts a `DELETE` request.
    pub fn delete(&self, target: &str) -> RequestBuilder<'_> {
        self.request("DELETE", target)
    }

    /// Starts a `HEAD` request.
    pub fn head(&self, target: &str) -> RequestBuilder<'_> {
        self.request("HEAD", target)
    }

    /// Starts an `OPTIONS` request.
    pub fn options(&self, target: &str) -> RequestBuilder<'_> {
        self.request("OPTIONS", target)
    }

    /// Starts a request of any method.
    pub fn request(&self, method: &str, target: &str) -> RequestBuilder<'_> {
        // A REST API has no default stage: its clients always name one.
        let target = match self.gateway {
            Gateway::RestApi => format!("/{REST_STAGE}{target}"),
            _ => target.to_owned(),
        };
        RequestBuilder {
            client: self,
            request: HttpRequest::new(method, target),
            caller: Caller::default(),
        }
    }

    async fn answer(&self, request: HttpRequest, caller: Caller) -> TestResponse {
        let arrival = arrival();
        let reply = match self.door.receive(&request, &arrival) {
            Received::Answer(reply) => reply,
            Received::Authorize(pending) => {
                panic!("the test client cannot supply: {:?}", pending.need())
            }
            Received::Invoke(invocation) => {
                let trace = Some(invocation.trace_id.clone());
                let context = context(invocation.request_id.clone(), trace, &arrival);
                let route = self.manifest.routes.get(invocation.route);
                let admitted = match route {
                    None => Ok(invocation.event.clone()),
                    Some(route) => {
                        let asked = context.clone();
                        let ask = |name, event| (self.app)(Some(name), event, asked);
                        let authorizers = &self.manifest.authorizers;
                        let event = &invocation.event;
                        admit(route, authorizers, self.gateway, &caller, event, ask).await
                    }
                };
                let payload = match admitted {
                    Ok(event) => match (self.app)(None, event, context).await {
                        Ok(answer) => {
                            serde_json::to_vec(&answer).map_err(|error| error.to_string())
                        }
                        Err(error) => Err(error.message),
                    },
                    Err(refusal) => Ok(refusal.payload(self.gateway)),
                };
                match &payload {
                    Ok(payload) => self.door.answer(&invocation, Outcome::Payload(payload)),
                    Err(error) => self
                        .door
                        .answer(&invocation, Outcome::FunctionError(error.as_bytes())),
                }
            }
        };
        TestResponse { reply }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("gateway", &self.gateway)
            .field("routes", &self.manifest.routes)
            .finish_non_exhaustive()
    }
}

/// What Lambda tells the function.
fn context(request_id: String, trace_id: Option<String>, arrival: &Arrival) -> LambdaContext {
    LambdaContext {
        request_id,
        deadline_ms: arrival.epoch_ms + TIMEOUT_MS,
        invoked_function_arn: "arn:aws:lambda:us-east-1:123456789012:function:test".to_owned(),
        trace_id,
        function_name: "test".to_owned(),
        function_version: "$LATEST".to_owned(),
        memory_mb: 128,
    }
}

/// Waits for a future on a runtime of its own.
#[track_caller]
fn block_on<F: Future>(future: F) -> F::Output {
    assert!(
        tokio::runtime::Handle::try_current().is_err(),
        "this test is async: write `.await` in place of `.send()`"
    );
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("tokio cannot start: {error}"),
    }
}

const REST_STAGE: &str = "test";

/// What a function is given unless its settings say otherwise.
const TIMEOUT_MS: u64 = 30_000;

#[track_caller]
fn front_door(gateway: Gateway, manifest: &Manifest) -> FrontDoor {
    let routes = manifest.routes.iter();
    let routes: Result<Vec<RouteKey>, _> = routes.map(|route| route.key().parse()).collect();
    let routes = match routes {
        Ok(routes) => routes,
        Err(error) => panic!("no gateway can have these routes: {error}"),
    };
    let identity = ApiIdentity::new("testapi", "$default");
    let door: Result<FrontDoor, _> = match gateway {
        Gateway::HttpApi | Gateway::HttpApiV1 => HttpApi::new(HttpApiConfig {
            routes: routes.into_iter().map(Into::into).collect(),
            payload_format: if gateway == Gateway::HttpApi {
                PayloadFormat::V2
            } else {
                PayloadFormat::V1
            },
            ..HttpApiConfig::new(identity)
        })
        .map(FrontDoor::from),
        Gateway::RestApi => RestApi::new(RestApiConfig {
            routes,
            binary_media_types: vec!["*/*".to_owned()],
            ..RestApiConfig::new(ApiIdentity::new("testapi", REST_STAGE))
        })
        .map(FrontDoor::from),
        Gateway::FunctionUrl => {
            let guarded = |route: &&ManifestRoute| route.authorization.is_some() || route.api_key;
            if let Some(route) = manifest.routes.iter().find(guarded) {
                panic!(
                    "a function URL asks nobody for each route, so it cannot have: {}",
                    route.key()
                );
            }
            FunctionUrl::new(FunctionUrlConfig::new(identity)).map(FrontDoor::from)
        }
    };
    match door {
        Ok(door) => door,
        Err(error) => panic!("{gateway:?} cannot have these routes: {error}"),
    }
}

/// The moment, and identifiers that differ between requests.
fn arrival() -> Arrival {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let epoch_ms = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or_default());
    let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut entropy = [0; Arrival::ENTROPY];
    for (byte, count) in entropy.iter_mut().zip(count.into_iter().cycle()) {
        *byte = count;
    }
    Arrival::new(epoch_ms, entropy)
}

/// A request on its way: `.send()` it, or `.await` it.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder<'c> {
    client: &'c Client,
    request: HttpRequest,
    caller: Caller,
}

impl<'c> RequestBuilder<'c> {
    /// Adds a header; a name that is there already is repeated.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request.push_header(name, value.as_ref());
        self
    }

    /// Adds a cookie, in a `cookie` header of its own.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header("cookie", format!("{name}={value}"))
    }

    /// Sets the body to a value as JSON, and the content type with it.
    ///
    /// # Panics
    ///
    /// When the value cannot be written as JSON.
    #[track_caller]
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.header("content-type", "application/json").body(body),
            Err(error) => panic!("the value cannot be written as JSON: {error}"),
        }
    }

    /// Sets the body to a form of these fields, and the content type with it.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let encode = percent_encoding::NON_ALPHANUMERIC;
        let encoded = |text| percent_encoding::utf8_percent_encode(text, encode);
        let pairs = fields
            .iter()
            .map(|&(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Sets the body. As on AWS, one without a content type reaches the app all the same.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.request.body = body.into();
        self
    }

    /// Sets the client's address, which is 127.0.0.1 otherwise.
    pub fn source_ip(mut self, address: impl Into<IpAddr>) -> Self {
        self.request.source_ip = address.into();
        self
    }

    /// Says that the caller brings a token of these claims, which the gateway has verified; for routes with `jwt`. A route with
    /// `scopes` wants them in `scope`. Without this such a route answers 401.
    ///
    /// # Panics
    ///
    /// When the claims are no object in JSON.
    #[track_caller]
    pub fn claims<T: Serialize + ?Sized>(mut self, claims: &T) -> Self {
        self.caller.claims = Some(object("claims", claims));
        self
    }

    /// Says that the route's authorizer has let the caller through with that context. Without this, the app's authorizer is asked.
    ///
    /// The principal is the context's `principalId`, or `test`.
    ///
    /// # Panics
    ///
    /// When the context is no object in JSON.
    #[track_caller]
    pub fn auth_context<T: Serialize + ?Sized>(mut self, context: &T) -> Self {
        let mut context = object("the context", context);
        context.retain(|_, value| !value.is_null());
        context
            .entry(PRINCIPAL)
            .or_insert_with(|| Value::from("test"));
        self.caller.context = Some(context);
        self
    }

    /// Says that the user or role session of that ARN has signed the request; for routes with `iam`, which answer 403 without this.
    pub fn signed_by(mut self, arn: &str) -> Self {
        self.caller.user_arn = Some(arn.to_owned());
        self
    }

    /// Says that the request has a valid API key; for routes with `api_key` behind a REST API, which answer 403 without this.
    pub fn api_key(mut self) -> Self {
        self.caller.api_key = true;
        self
    }

    /// Sends the request and waits for the answer.
    ///
    /// # Panics
    ///
    /// In an async test, where `.await` does the same without blocking what the handler waits for.
    #[track_caller]
    #[must_use]
    pub fn send(self) -> TestResponse {
        block_on(self.into_future())
    }
}

impl<'c> IntoFuture for RequestBuilder<'c> {
    type Output = TestResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = TestResponse> + Send + 'c>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.client.answer(self.request, self.caller))
    }
}

/// The value as an object in JSON.
#[track_caller]
fn object<T: Serialize + ?Sized>(what: &str, value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        Ok(other) => panic!("{what} must be an object in JSON, not: {other}"),
        Err(error) => panic!("{what} cannot be written as JSON: {error}"),
    }
}

/// What the client received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResponse {
    reply: HttpReply,
}

impl TestResponse {
    /// The status; it compares with numbers: `assert_eq!(response.status(), 200)`.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.reply.status).unwrap_or_default()
    }

    /// The first value of that header, the name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.reply.header(name)
    }

    /// All values of that header in order, each line by itself.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.reply
            .headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All headers in order, repeats kept, with the names as the gateway spells them over HTTP/1.1.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.reply.headers.iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.reply.body
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is no UTF-8.
    #[track_caller]
    #[must_use]
    pub fn text(&self) -> &str {
        match std::str::from_utf8(&self.reply.body) {
            Ok(text) => text,
            Err(error) => panic!("the body is no text: {error}"),
        }
    }

    /// The body, read as JSON.
    ///
    /// # Panics
    ///
    /// When it is not the JSON of a `T`; the message has the whole body.
    #[track_caller]
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.reply.body) {
            Ok(value) => value,
            Err(error) => panic!(
                "the body is not the expected JSON: {error}; status {}, body: {}",
                self.reply.status,
                String::from_utf8_lossy(&self.reply.body)
            ),
        }
    }
}
