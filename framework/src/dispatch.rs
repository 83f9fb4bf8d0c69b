//! From an event to its answer: the route's handler, or what is answered in its place.
//!
//! The gateway matches paths, so a route that it chose is only looked up. If it chose none
//! (`$default`, function URLs), or one that the app does not have (`ANY /{proxy+}` of another
//! template), the gateway's own matcher decides here.

mod table;

use std::{
    any::Any,
    borrow::Cow,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

pub(crate) use self::table::{Endpoint, Found, Mounted, Table, Target};
use crate::{
    context::{self, LambdaContext},
    entry::Entry,
    error::{self, Error, ErrorMap},
    event::{self, NotHttp, Refusal},
    payload::{self, Payload},
    request::Request,
    response::{
        IntoResponse, Response,
        stream::{self, BodyStream},
    },
    route::{BoxFuture, Call},
    service::{
        middleware::{ListLayer, Middleware, Stack},
        shared::{Fallback, no_route},
    },
    source,
};

/// A failure for which Lambda gets an error document, because nobody waits for an HTTP response.
pub(crate) struct FunctionError {
    /// The document's `errorType`.
    pub(crate) kind: Cow<'static, str>,
    /// Its `errorMessage`.
    pub(crate) message: String,
}

/// As the log has it.
impl fmt::Debug for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl From<NotHttp> for FunctionError {
    fn from(error: NotHttp) -> Self {
        Self {
            kind: NotHttp::TYPE.into(),
            message: error.to_string(),
        }
    }
}

/// The answer of a function.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The API.
    Http(Payload),
    /// An entry.
    Json(Box<RawValue>),
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Http(payload) => payload.serialize(serializer),
            Self::Json(json) => json.serialize(serializer),
        }
    }
}

/// An app with its state, ready to answer.
pub(crate) struct Dispatcher<S> {
    core: Arc<Core<S>>,
    stack: Option<Stack>,
    /// Which responses are streamed. Streams do not have the limit of a whole result.
    pub(crate) streams: Streams,
    /// The CORS headers of every answer, unless it has its own.
    pub(crate) cors: CorsHeaders,
}

/// The headers that let pages of another origin read an answer.
pub(crate) type CorsHeaders = Vec<(HeaderName, HeaderValue)>;

/// The headers of a text `name=value; name=value`. What no header can be is left out.
pub(crate) fn cors_headers(text: &str) -> CorsHeaders {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .filter_map(|(name, value)| Some((name.trim().parse().ok()?, value.trim().parse().ok()?)))
        .collect()
}

/// Which responses are sent in the streaming form, because of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streams {
    None,
    /// Those of the routes that stream.
    Routes,
    All,
}

/// The table and the state: the app without its middleware.
pub(crate) struct Core<S> {
    table: Table<S>,
    errors: ErrorMap,
    state: S,
    /// The layers of lists, each once.
    layers: Vec<Stack>,
    fallback: Option<Mounted>,
}

/// How a route's answers are sent.
#[derive(Clone, Copy, Default)]
struct Traits {
    no_cors: bool,
    stream: bool,
}

/// An app that waits for its state.
pub(crate) struct Assembly<S> {
    pub(crate) table: Table<S>,
    pub(crate) middleware: Option<Middleware<S>>,
    pub(crate) list_layers: Vec<ListLayer<S>>,
    pub(crate) fallback: Option<Fallback<S>>,
    pub(crate) errors: ErrorMap,
}

impl<S: Send + Sync + 'static> Assembly<S> {
    /// The app with that state.
    pub(crate) fn with_state(self, state: S) -> Dispatcher<S> {
        let layers = self.list_layers.into_iter().enumerate();
        // The layers reach the table and the state, which hold the layers.
        let core = Arc::new_cyclic(|core| Core {
            table: self.table,
            errors: self.errors,
            state,
            layers: layers
                .map(|(number, layer)| layer.around(core, number))
                .collect(),
            fallback: self.fallback.map(|fallback| fallback(core)),
        });
        let stack = self.middleware.map(|middleware| middleware.around(&core));
        Dispatcher {
            core,
            stack,
            streams: Streams::None,
            cors: Vec::new(),
        }
    }
}

impl<S: Send + Sync + 'static> Dispatcher<S> {
    /// The answer to an event: that of an entry, or of the API.
    ///
    /// # Errors
    ///
    /// If the event is of another kind, or the entry fails.
    pub(crate) async fn answer(
        &self,
        entry: Option<&Entry<S>>,
        event: &str,
        lambda: LambdaContext,
    ) -> Result<Answer, FunctionError> {
        self.answer_with(entry, event, lambda, &self.cors).await
    }

    /// The same with these CORS headers.
    pub(crate) async fn answer_with(
        &self,
        entry: Option<&Entry<S>>,
        event: &str,
        lambda: LambdaContext,
        cors: &CorsHeaders,
    ) -> Result<Answer, FunctionError> {
        let answer = match entry {
            None => {
                let answer = self.answer_request(event, lambda, cors).await;
                answer.map(Answer::Http).map_err(FunctionError::from)
            }
            Some(entry) => {
                let answer = entry.answer(&self.core.state, event, lambda).await;
                answer.map(Answer::Json)
            }
        };
        match answer {
            // It keeps a process awake, or tries a version: no handler is meant.
            Err(_) if source::is_built_in(event) => source::nothing().map(Answer::Json),
            answer => answer,
        }
    }

    /// The answer to a request, in the format of the gateway that sent it.
    ///
    /// # Errors
    ///
    /// If it is not an HTTP request.
    async fn answer_request(
        &self,
        event: &str,
        lambda: LambdaContext,
        cors: &CorsHeaders,
    ) -> Result<Payload, NotHttp> {
        let lambda = context::enter(lambda);
        let request_id = &*lambda.request_id;
        let (mut head, mut with_cors) = (false, true);
        let mut streams = self.streams == Streams::All;
        let (format, response) = match event::read(event, Arc::clone(&lambda)) {
            Ok(arrival) => {
                head = arrival.request.method == Method::HEAD;
                let route = arrival.route.as_deref();
                let (response, traits) = self.respond(route, arrival.request).await;
                with_cors = !traits.no_cors;
                streams |= traits.stream && self.streams == Streams::Routes;
                (arrival.format, response)
            }
            Err(Refusal::BadBody(format)) => {
                let error = "the body is not base64, but the event says so";
                (format, Error::bad_request(error).into_response())
            }
            Err(Refusal::NotHttp(error)) => return Err(error),
        };
        let mut response = finished(response, request_id);
        let cors = if with_cors { &**cors } else { &[] };
        add_missing(&mut response, cors);
        if head || has_no_body(response.status()) {
            payload::guess_type(&mut response);
            // A stream is dropped before its first piece is created.
            drop(stream::take_stream(&mut response));
            *response.body_mut() = Bytes::new();
        }
        let payload = match stream::take_stream(&mut response) {
            Some(stream) if streams => {
                return Ok(Payload::streamed(format, response, stream));
            }
            Some(stream) => match gathered(response, stream).await {
                Ok(response) => Payload::new(format, response),
                Err(error) => Payload::new(format, failed(error, cors, request_id)),
            },
            None => Payload::new(format, response),
        };
        if streams {
            return Ok(payload.in_stream());
        }
        Ok(match payload.excess() {
            None => payload,
            // Lambda would answer with an error document of its own, of which the gateway makes an answer that says nothing.
            Some(length) => {
                let error = too_large(&format!("{length} bytes of JSON"));
                Payload::new(format, failed(error, cors, request_id))
            }
        })
    }

    /// The answer, and how its route wants it sent.
    async fn respond(&self, route: Option<&str>, mut request: Request<'_>) -> (Response, Traits) {
        let found = self.core.table.find(route, &mut request);
        let endpoint = found.as_ref().ok();
        let endpoint = endpoint.and_then(|index| self.core.table.endpoints.get(*index));
        let traits = endpoint.map_or(Traits::default(), |endpoint| Traits {
            no_cors: endpoint.no_cors,
            stream: endpoint.stream,
        });
        (self.answer_found(found, request).await, traits)
    }

    async fn answer_found(&self, found: Found, request: Request<'_>) -> Response {
        let stack = match (&self.stack, found.as_ref()) {
            (Some(stack), _) => Some(stack),
            (None, Ok(index)) => self.core.layer(*index, |_| 0),
            (None, Err(_)) => None,
        };
        let Some(stack) = stack else {
            return match found {
                Ok(index) => self.core.call(index, &request).await,
                Err(response) => *response,
            };
        };
        // Once more, for the errors of the layers themselves.
        let answer = async { self.core.errors.apply(stack.call(request, found).await) };
        caught(answer).await.unwrap_or_else(|_| Panicked::answer())
    }
}

impl<S> Core<S> {
    pub(crate) fn state(&self) -> &S {
        &self.state
    }

    /// The layer around an endpoint that `next` names by its position, if there are so many.
    pub(crate) fn layer(&self, index: usize, next: impl Fn(&[usize]) -> usize) -> Option<&Stack> {
        let layers = &*self.table.endpoints.get(index)?.layers;
        self.layers.get(*layers.get(next(layers))?)
    }

    /// The methods that routes answer at a path, the fallback's own `ANY` left out.
    pub(crate) fn allowed(&self, path: &str) -> Vec<Method> {
        let methods = self.table.matcher.allowed_methods(path).into_iter();
        methods
            .filter(|method| *method != "ANY")
            .filter_map(|method| method.parse().ok())
            .collect()
    }
}

impl<S: Send + Sync + 'static> Core<S> {
    /// Has the endpoint answer.
    pub(crate) async fn call(&self, index: usize, request: &Request<'_>) -> Response {
        let Some(endpoint) = self.table.endpoints.get(index) else {
            return Error::internal("a route's index is out of bounds").into_response();
        };
        context::enter_handler(endpoint.handler());
        let answer = catch_unwind(AssertUnwindSafe(|| -> BoxFuture<'_, Response> {
            match &endpoint.target {
                Target::Handler(Call::WithState(handler)) => handler(&self.state, request),
                Target::Handler(Call::Stateless(handler)) => handler(request),
                Target::Service(service) => service(request),
                Target::Fallback => match &self.fallback {
                    Some(fallback) => fallback(request),
                    None => Box::pin(async { no_route(Vec::new()).into_response() }),
                },
            }
        }));
        let answer = match answer {
            Ok(answer) => caught(async { self.errors.apply(answer.await) }).await,
            Err(panic) => Err(panic),
        };
        answer.unwrap_or_else(|_| Panicked::answer())
    }
}

/// True if a response with this status never has a body (RFC 9110 §15.3.5, §15.3.6, §15.4.5), so that none is built.
fn has_no_body(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    )
}

/// The last step of every response: the request id goes into the document of an unexpected error,
/// and its causes go to the log.
fn finished(mut response: Response, request_id: &str) -> Response {
    if let Some(failure) = error::finish(&mut response, request_id)
        && response.extensions().get::<Panicked>().is_none()
    {
        let (status, handler) = (response.status().as_u16(), context::current_handler());
        if response.status().is_server_error() {
            tracing::error!(handler, status, hint = failure.hint(), "{failure}");
        } else {
            tracing::warn!(handler, status, "{failure}");
        }
    }
    response
}

/// The answer where the handler's cannot be sent.
fn failed(error: Error, cors: &[(HeaderName, HeaderValue)], request_id: &str) -> Response {
    let mut response = finished(error.into_response(), request_id);
    add_missing(&mut response, cors);
    response
}

/// Adds the headers that the answer does not have.
fn add_missing(response: &mut Response, headers: &[(HeaderName, HeaderValue)]) {
    for (name, value) in headers {
        if !response.headers().contains_key(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
}

/// A streamed response as a whole, for a gateway that does not stream.
///
/// # Errors
///
/// 500 where the stream fails, panics, or is longer than Lambda delivers.
async fn gathered(mut response: Response, stream: BodyStream) -> Result<Response, Error> {
    match caught(stream::collect(stream, Payload::LIMIT)).await {
        Ok(Ok(body)) => {
            *response.body_mut() = body;
            Ok(response)
        }
        Ok(Err(Some(error))) => Err(Error::internal(error)),
        Ok(Err(None)) => Err(too_large("a streamed body")),
        Err(_) => Err(Error::internal("a panic")),
    }
}

#[cold]
fn too_large(what: &str) -> Error {
    let limit = Payload::LIMIT;
    Error::internal(format!(
        "the response is larger than Lambda delivers: {what}, of {limit} at the most"
    ))
}

/// Marks the answer to a panic, of which the panic hook has told already.
#[derive(Clone)]
struct Panicked;

impl Panicked {
    fn answer() -> Response {
        let mut response = Error::internal("a panic").into_response();
        response.extensions_mut().insert(Self);
        response
    }
}

/// Drives a future; a panic in it ends the future and not the process.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut future = std::pin::pin!(future);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        },
    )
    .await
}
