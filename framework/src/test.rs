//! A client for tests: no sockets, no processes, and yet all that happens to a request on AWS.
//!
//! Each request goes through the model of the gateway ([`fw_gateway`]) in both directions, so a
//! test sees what a client of the deployed API would see: the gateway's own 404, its spelling of
//! header names, a binary body through base64.
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
//! In an async test (`#[tokio::test]`) write `.await` instead of `.send()`.
//!
//! Callers are checked as on AWS: the app's own authorizers run, with the client's state, and their
//! answers are cached for their `ttl`. A test has neither an issuer of tokens nor secrets, so it
//! sets the caller: [`claims`](RequestBuilder::claims), [`signed_by`](RequestBuilder::signed_by),
//! [`api_key`](RequestBuilder::api_key), or [`auth_context`](RequestBuilder::auth_context) if the
//! authorizer should not run.
//!
//! The app's [sources](crate::source) are invoked with the documents that AWS sends: [`sqs`](Client::sqs), [`sns`](Client::sns),
//! [`s3`](Client::s3), [`event`](Client::event), [`fire`](Client::fire) and [`call`](Client::call).

mod events;
mod guard;
mod request;
mod response;
#[cfg(feature = "resources")]
mod sent;
mod stage;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    after,
    app::App,
    context::LambdaContext,
    dispatch::{Answer, CorsHeaders, FunctionError},
};
use fw_gateway::{
    Arrival, FrontDoor, HttpReply, HttpRequest, Need, Outcome, Pending, Received, Supplied,
};
use fw_manifest::{DEFAULT_TIMEOUT, Manifest, Part};

#[cfg(feature = "resources")]
pub use self::sent::Sent;
pub use self::{
    events::{Bucket, CallError, Invocation, Invocations, Queue, Topic},
    request::RequestBuilder,
    response::TestResponse,
};
use self::{
    guard::{Caller, Doors},
    stage::StageSettings,
};

/// The gateway in front of the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gateway {
    /// An HTTP API with payload format 2.0, the default of `cargo fw deploy`.
    #[default]
    HttpApi,
    /// An HTTP API with payload format 1.0.
    HttpApiV1,
    /// A REST API. Every media type is binary, unless the [stage](Client::with_stage) says otherwise.
    RestApi,
    /// A function URL. It knows no routes, so not found and wrong method are the app's own answers.
    FunctionUrl,
}

type Answering = Pin<Box<dyn Future<Output = Result<Answer, FunctionError>> + Send>>;

/// One of the app's functions.
type Function = dyn Fn(Part, Bytes, LambdaContext, CorsHeaders) -> Answering + Send + Sync;

/// A client of one app.
#[derive(Clone)]
pub struct Client {
    /// Its routes are in the gateway's order.
    manifest: Arc<Manifest>,
    gateway: Gateway,
    stage: Arc<StageSettings>,
    /// The gateway, or why it cannot have these routes.
    doors: Result<Arc<Doors>, String>,
    app: Arc<Function>,
    #[cfg(feature = "resources")]
    outbox: Arc<crate::resource::sink::Outbox>,
}

impl Client {
    /// A client of that app with that state, through an HTTP API. The app's own initialiser is not called.
    ///
    /// # Panics
    ///
    /// If the app is not valid; see [`App::check`].
    #[track_caller]
    #[must_use]
    pub fn new<S: Send + Sync + 'static>(app: App<S>, state: S) -> Self {
        let manifest = app.manifest();
        let (entries, dispatcher) = match app.into_parts() {
            Ok((_, assembly)) => (
                assembly.table.entries(),
                Arc::new(assembly.with_state(state)),
            ),
            Err(error) => panic!("the app is not valid: {error}"),
        };
        #[cfg(feature = "resources")]
        let outbox = Arc::<crate::resource::sink::Outbox>::default();
        #[cfg(feature = "resources")]
        let around = Arc::clone(&outbox);
        let stage = Arc::<StageSettings>::default();
        Self {
            #[cfg(feature = "resources")]
            outbox,
            doors: Doors::new(Gateway::HttpApi, &manifest, &stage).map(Arc::new),
            stage,
            gateway: Gateway::HttpApi,
            manifest: Arc::new(manifest),
            app: Arc::new(move |part, event, context, cors| {
                let dispatcher = Arc::clone(&dispatcher);
                let entry = entries.iter().find(|it| it.part() == part).copied();
                let answering = async move {
                    let event = String::from_utf8_lossy(&event);
                    let entry = entry.as_ref();
                    let answer = dispatcher.answer_with(entry, &event, context, &cors).await;
                    after::finish().await;
                    answer
                };
                #[cfg(feature = "resources")]
                let answering = Arc::clone(&around).around(answering);
                Box::pin(answering)
            }),
        }
    }

    /// The same client through another gateway, with an empty cache of authorizers' answers.
    ///
    /// # Panics
    ///
    /// If the gateway cannot have the app's routes: a REST API cannot have `jwt`, and a function
    /// URL no authorizers.
    #[track_caller]
    #[must_use]
    pub fn through(mut self, gateway: Gateway) -> Self {
        match Doors::new(gateway, &self.manifest, &self.stage) {
            Ok(doors) => self.doors = Ok(Arc::new(doors)),
            Err(problem) => panic!("{problem}"),
        }
        self.gateway = gateway;
        self
    }

    /// The same client through the gateway of a stage, with its settings in the project's `fw.toml`: `gateway`, `payload_format`,
    /// `stage_name`, `stage_variables`, `binary_media_types`, `request_validation`, `[cors]` and `[gateway_responses]`.
    ///
    /// The file is the one next to the `Cargo.toml` of the package that is tested. Without it the stage has the defaults.
    ///
    /// # Panics
    ///
    /// If the file cannot be read, or the gateway cannot have the app's routes.
    #[track_caller]
    #[must_use]
    pub fn with_stage(self, stage: &str) -> Self {
        match stage::read(stage) {
            Ok(settings) => self.through_stage(settings),
            Err(problem) => panic!("{problem}"),
        }
    }

    /// The same with the text of a settings file, as [`with_stage`](Self::with_stage).
    ///
    /// ```
    /// use fw::{App, get, routes, test::Client};
    ///
    /// #[get("/hello")]
    /// async fn hello() -> &'static str {
    ///     "hello"
    /// }
    ///
    /// let settings = "gateway = \"rest-api\"\n[cors]\nallow_origins = [\"https://example.org\"]";
    /// let client = Client::new(App::stateless("hello").routes(routes![hello]), ()).with_settings(settings, "dev");
    /// let response = client.get("/hello").header("origin", "https://example.org").send();
    /// assert_eq!(response.headers()["access-control-allow-origin"], "https://example.org");
    /// ```
    ///
    /// # Panics
    ///
    /// If the text is not TOML, or the gateway cannot have the app's routes.
    #[track_caller]
    #[must_use]
    pub fn with_settings(self, text: &str, stage: &str) -> Self {
        match StageSettings::parse(text, stage) {
            Ok(settings) => self.through_stage(settings),
            Err(problem) => panic!("{problem}"),
        }
    }

    #[track_caller]
    fn through_stage(mut self, settings: StageSettings) -> Self {
        let gateway = settings.gateway();
        self.stage = Arc::new(settings);
        self.through(gateway)
    }

    /// Passes an event to the app as Lambda does, without the gateway. Returns what the app posts
    /// to the Runtime API, or the text of its error if the event is not an HTTP request.
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
        let event = Bytes::from(event.to_owned());
        let answering = (self.app)(Part::Api, event, context, CorsHeaders::default());
        let answer = block_on(answering, BLOCKS).map_err(|error| error.message)?;
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
    /// If an HTTP API cannot have the app's routes, and no other gateway was chosen with
    /// [`through`](Self::through).
    #[track_caller]
    pub fn request(&self, method: &str, target: &str) -> RequestBuilder<'_> {
        if let Err(problem) = &self.doors {
            panic!("{problem}; choose another gateway with `.through(Gateway::…)`");
        }
        // A REST API has no default stage: its clients always name one.
        let target = match self.gateway {
            Gateway::RestApi => format!("/{}{target}", self.stage.name()),
            _ => target.to_owned(),
        };
        RequestBuilder::new(self, HttpRequest::new(method, target))
    }

    /// The gateway's reply for this app.
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
        let caller = caller.as_ref();
        let supply = async |pending: Box<Pending>| self.supply(door, &pending, caller).await;
        match door.enter(&request, &arrival, supply).await {
            Err(reply) => reply,
            Ok(invocation) => {
                let trace = Some(invocation.trace_id.clone());
                let context = context(invocation.request_id.clone(), trace, &arrival);
                let cors = match self.gateway {
                    Gateway::RestApi => self.stage.cors_headers(),
                    Gateway::HttpApi | Gateway::HttpApiV1 | Gateway::FunctionUrl => {
                        CorsHeaders::default()
                    }
                };
                let answer = (self.app)(Part::Api, invocation.event.clone(), context, cors).await;
                match posted(answer) {
                    Ok(payload) => door.answer(&invocation, Outcome::Payload(&payload)),
                    Err(document) => door.answer(&invocation, Outcome::FunctionError(&document)),
                }
            }
        }
    }

    /// Provides what the gateway needs before it decides.
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
                // An authorizer's invocation has its own id.
                let id = arrival().request_id;
                let context = context(id, Some(question.trace_id.clone()), pending.arrival());
                let part = Part::Authorizer(question.name.clone());
                let cors = CorsHeaders::default();
                let answer = (self.app)(part, question.event.clone(), context, cors).await;
                match posted(answer) {
                    Ok(payload) => door.resume(pending, &Supplied::Answer(&payload)),
                    Err(document) => door.resume(pending, &Supplied::FunctionError(&document)),
                }
            }
            (Need::Keys { .. }, Some(Caller::Claims(_))) => door.resume(pending, &Supplied::Bearer),
            (Need::Keys { .. }, _) => {
                refuse("a test has no issuer: set the claims of the token with `.claims(…)`")
            }
            (Need::Credentials { .. }, Some(Caller::Signer(arn))) => {
                door.resume(pending, &Supplied::Principal(&guard::signer(arn)))
            }
            (Need::Credentials { .. }, _) => {
                refuse("a test has no secrets: set the signer with `.signed_by(…)`")
            }
        }
    }
}

/// What the function posts to the Runtime API: its answer, or its error document.
fn posted(answer: Result<Answer, FunctionError>) -> Result<Vec<u8>, Vec<u8>> {
    let document = |kind: &str, message: &str| {
        let document = json!({ "errorType": kind, "errorMessage": message });
        document.to_string().into_bytes()
    };
    match answer {
        Ok(answer) => serde_json::to_vec(&answer)
            .map_err(|error| document("fw.Unserializable", &error.to_string())),
        Err(error) => Err(document(&error.kind, &error.message)),
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

/// The context from Lambda.
fn context(request_id: String, trace_id: Option<String>, arrival: &Arrival) -> LambdaContext {
    LambdaContext {
        request_id,
        deadline_ms: arrival.epoch_ms + u64::from(DEFAULT_TIMEOUT) * 1000,
        invoked_function_arn: "arn:aws:lambda:us-east-1:123456789012:function:test".to_owned(),
        trace_id,
        function_name: "test".to_owned(),
        function_version: "$LATEST".to_owned(),
        memory_mb: 128,
    }
}

/// What to do about a call without an async form.
const BLOCKS: &str = "write a test that is not async, as this call blocks";

/// Panics in an async test, at the caller's line.
#[track_caller]
fn assert_not_async(instead: &str) {
    assert!(
        tokio::runtime::Handle::try_current().is_err(),
        "this test is async: {instead}"
    );
}

/// Waits for a future on its own runtime. `instead` is what to write in an async test, which cannot
/// block.
#[track_caller]
fn block_on<F: Future>(future: F, instead: &str) -> F::Output {
    assert_not_async(instead);
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("tokio cannot start: {error}"),
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
