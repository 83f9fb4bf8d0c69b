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
//!
//! Who calls is asked as on AWS: the app's own authorizers run, with the client's state, and what they answer is kept for their `ttl`. A
//! test has no issuer of tokens and no secrets, so it says who calls: [`claims`](RequestBuilder::claims),
//! [`signed_by`](RequestBuilder::signed_by), [`api_key`](RequestBuilder::api_key); and
//! [`auth_context`](RequestBuilder::auth_context) where the authorizer shall not run.

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
use http::{HeaderMap, HeaderName, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    auth::PRINCIPAL,
    context::LambdaContext,
    dispatch::{Answer, FunctionError},
    gateway::{
        Arrival, FrontDoor, HttpReply, HttpRequest, Need, Outcome, Pending, Received, Supplied,
    },
    manifest::Manifest,
};

use self::guard::{Caller, Doors, REST_STAGE};

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
    /// The gateway, or why it cannot have these routes.
    doors: Result<Arc<Doors>, String>,
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
            doors: Doors::new(Gateway::HttpApi, &manifest).map(Arc::new),
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

    /// The same client through another gateway, which remembers nothing: no authorizer's answer is kept from before.
    ///
    /// # Panics
    ///
    /// When the gateway cannot have the app's routes, as a REST API cannot have `jwt`, and a function URL no authorizers.
    #[track_caller]
    #[must_use]
    pub fn through(mut self, gateway: Gateway) -> Self {
        match Doors::new(gateway, &self.manifest) {
            Ok(doors) => self.doors = Ok(Arc::new(doors)),
            Err(problem) => panic!("{problem}"),
        }
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
    #[track_caller]
    pub fn get(&self, target: &str) -> RequestBuilder<'_> {
        self.request("GET", target)
    }

    /// Starts a `POST` request.
    #[track_caller]
    pub fn post(&self, target: &str) -> RequestBuilder<'_> {
        self.request("POST", target)
    }

    /// Starts a `PUT` request.
    #[track_caller]
    pub fn put(&self, target: &str) -> RequestBuilder<'_> {
        self.request("PUT", target)
    }

    /// Starts a `PATCH` request.
    #[track_caller]
    pub fn patch(&self, target: &str) -> RequestBuilder<'_> {
        self.request("PATCH", target)
    }

    /// Starts a `DELETE` request.
    #[track_caller]
    pub fn delete(&self, target: &str) -> RequestBuilder<'_> {
        self.request("DELETE", target)
    }

    /// Starts a `HEAD` request.
    #[track_caller]
    pub fn head(&self, target: &str) -> RequestBuilder<'_> {
        self.request("HEAD", target)
    }

    /// Starts an `OPTIONS` request.
    #[track_caller]
    pub fn options(&self, target: &str) -> RequestBuilder<'_> {
        self.request("OPTIONS", target)
    }

    /// Starts a request of any method.
    ///
    /// # Panics
    ///
    /// When an HTTP API cannot have the app's routes, and the client was not told to go [`through`](Self::through) another gateway.
    #[track_caller]
    pub fn request(&self, method: &str, target: &str) -> RequestBuilder<'_> {
        if let Err(problem) = &self.doors {
            panic!("{problem}; `.through(Gateway::…)` chooses another gateway");
        }
        // A REST API has no default stage: its clients always name one.
        let target = match self.gateway {
            Gateway::RestApi => format!("/{REST_STAGE}{target}"),
            _ => target.to_owned(),
        };
        RequestBuilder {
            client: self,
            request: HttpRequest::new(method, target),
            caller: None,
            api_key: false,
        }
    }

    /// The gateway's reply, as it stands before the app.
    async fn answer(&self, mut request: HttpRequest, caller: Option<Caller>) -> HttpReply {
        let doors = match &self.doors {
            Ok(doors) => doors,
            Err(problem) => panic!("{problem}"),
        };
        if let Some(caller) = &caller {
            caller.prove(&mut request);
        }
        let door = match &caller {
            Some(Caller::Context(_)) => &doors.vouched,
            _ => &doors.asking,
        };
        let arrival = arrival();
        let mut received = door.receive(&request, &arrival);
        // Each answer leads on or ends it; the bound is for a model that would ask for ever.
        for _ in 0..8 {
            let Received::Authorize(pending) = received else {
                break;
            };
            received = self.supply(door, &pending, caller.as_ref()).await;
        }
        match received {
            Received::Answer(reply) => reply,
            Received::Authorize(pending) => door.refuse(&pending, "the gateway asks without end"),
            Received::Invoke(invocation) => {
                let trace = Some(invocation.trace_id.clone());
                let context = context(invocation.request_id.clone(), trace, &arrival);
                let answer = (self.app)(None, invocation.event.clone(), context).await;
                match posted(answer) {
                    Ok(payload) => door.answer(&invocation, Outcome::Payload(&payload)),
                    Err(document) => door.answer(&invocation, Outcome::FunctionError(&document)),
                }
            }
        }
    }

    /// What the gateway has to be told before it decides.
    async fn supply(
        &self,
        door: &FrontDoor,
        pending: &Pending,
        caller: Option<&Caller>,
    ) -> Received {
        let refuse = |reason| Received::Answer(door.refuse(pending, reason));
        match (pending.need(), caller) {
            (Need::Answer(question), Some(Caller::Context(context))) => {
                let simple =
                    self.gateway != Gateway::RestApi
                        && self.manifest.authorizers.iter().any(|authorizer| {
                            authorizer.name == question.name && authorizer.simple
                        });
                let consent = guard::consent(context, simple);
                door.resume(pending, &Supplied::Answer(&consent))
            }
            (Need::Answer(question), _) => {
                // An authorizer's invocation has an id of its own.
                let id = arrival().request_id;
                let context = context(id, Some(question.trace_id.clone()), pending.arrival());
                let name = Some(question.name.clone());
                let answer = (self.app)(name, question.event.clone(), context).await;
                match posted(answer) {
                    Ok(payload) => door.resume(pending, &Supplied::Answer(&payload)),
                    Err(document) => door.resume(pending, &Supplied::FunctionError(&document)),
                }
            }
            (Need::Keys { .. }, Some(Caller::Claims(_))) => door.resume(pending, &Supplied::Bearer),
            (Need::Keys { .. }, _) => {
                refuse("a test has no issuer: say with `.claims(…)` what the token would have")
            }
            (Need::Credentials { .. }, Some(Caller::Signer(arn))) => {
                door.resume(pending, &Supplied::Principal(&guard::signer(arn)))
            }
            (Need::Credentials { .. }, _) => {
                refuse("a test has no secrets: say with `.signed_by(…)` who has signed")
            }
        }
    }
}

/// What the function posts to the Runtime API: its answer, or its error's document.
fn posted(answer: Result<Answer, FunctionError>) -> Result<Vec<u8>, Vec<u8>> {
    let document = |kind: &str, message: &str| {
        let document = json!({ "errorType": kind, "errorMessage": message });
        document.to_string().into_bytes()
    };
    match answer {
        Ok(answer) => serde_json::to_vec(&answer)
            .map_err(|error| document("fw.Unserializable", &error.to_string())),
        Err(error) => Err(document(error.kind, &error.message)),
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

/// What a function is given unless its settings say otherwise.
const TIMEOUT_MS: u64 = 30_000;

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
    caller: Option<Caller>,
    api_key: bool,
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

    /// Says that the caller brings a token of these claims, which the gateway has verified; for routes with `jwt`, which answer 401
    /// without this. A route with `scopes` wants one of them in `scope`, as `"scope": "items:read profile"`.
    ///
    /// The request has an `authorization` header then, with the claims in a token that nobody signed. Members that are `null` are left
    /// out. Of this, [`auth_context`](Self::auth_context) and [`signed_by`](Self::signed_by) the last holds.
    ///
    /// # Panics
    ///
    /// When the claims are no object in JSON.
    #[track_caller]
    pub fn claims<T: Serialize + ?Sized>(mut self, claims: &T) -> Self {
        let mut claims = object("claims", claims);
        claims.retain(|_, value| !value.is_null());
        self.caller = Some(Caller::Claims(claims));
        self
    }

    /// Says that an authorizer lets the caller through with that context: it is not run, and what it identifies callers by may be missing.
    /// Without this, the app's own authorizer is asked.
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
        self.caller = Some(Caller::Context(context));
        self
    }

    /// Says that the user or role session of that ARN has signed the request; for routes with `iam`, which answer 403 without this.
    pub fn signed_by(mut self, arn: &str) -> Self {
        self.caller = Some(Caller::Signer(arn.to_owned()));
        self
    }

    /// Says that the request has a valid API key; for routes with `api_key` behind a REST API, which answer 403 without this.
    pub fn api_key(mut self) -> Self {
        self.api_key = true;
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
        let Self {
            client,
            mut request,
            caller,
            api_key,
        } = self;
        if api_key {
            guard::bring_api_key(&mut request);
        }
        Box::pin(async move { TestResponse::new(client.answer(request, caller).await) })
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
    headers: HeaderMap,
}

impl TestResponse {
    fn new(reply: HttpReply) -> Self {
        let lines = reply.headers.iter();
        let headers = lines.filter_map(|(name, value)| {
            Some((name.parse::<HeaderName>().ok()?, value.parse().ok()?))
        });
        Self {
            headers: headers.collect(),
            reply,
        }
    }

    /// The status; it compares with numbers: `assert_eq!(response.status(), 200)`.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.reply.status).unwrap_or_default()
    }

    /// The headers by their names in any case: `response.headers()["content-type"]`, `.get(…)`, `.get_all(…)`, `.len()`.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of that header, the name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.reply.header(name)
    }

    /// All values of that header in order, each line by itself.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.header_lines()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The headers line by line in order, repeats kept, with the names as the gateway spells them over HTTP/1.1.
    pub fn header_lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.reply.headers.iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Why the gateway refused the request or the app's answer, where it did: what `cargo fw local` writes to its log, and no client
    /// is told.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reply.reason.as_deref()
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
