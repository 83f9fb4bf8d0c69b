//! From an event to its answer: the route's handler, or what is answered in its place.
//!
//! The gateway matches paths, so a route that it chose is only looked up. If it chose none
//! (`$default`, function URLs), or one that the app does not have (`ANY /{proxy+}` of another
//! template), the gateway's own matcher decides here.

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

use crate::{
    app::AppError,
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
    route::{BoxFuture, Call, Guard, Listed, RouteInfo},
    service::{
        middleware::{ListLayer, Middleware, Stack},
        shared::{Fallback, no_route},
    },
    source,
};
use fw_gateway::{Matcher, PathPattern, decode_path};
use fw_manifest::{ManifestBody, ManifestParameter, ManifestRoute, Part, Source};

/// One method on one path, and its handler or service.
pub(crate) struct Endpoint<S> {
    pub(crate) method: &'static str,
    pub(crate) path: Cow<'static, str>,
    pub(crate) info: Option<RouteInfo>,
    pub(crate) source: Source,
    pub(crate) target: Target<S>,
    /// The layers of its lists, by their positions in the app, the outermost first.
    pub(crate) layers: Vec<usize>,
    pub(crate) guard: Option<Guard<S>>,
    pub(crate) api_key: bool,
    pub(crate) no_cors: bool,
    /// True if it answers with a stream.
    pub(crate) stream: bool,
    #[cfg(feature = "schema")]
    pub(crate) description: Option<crate::route::Description>,
}

/// The handler or service.
pub(crate) enum Target<S> {
    Handler(Call<S>),
    Service(Mounted),
    /// The app's fallback.
    Fallback,
}

/// A tower service under a path, after the conversion of the request.
pub(crate) type Mounted =
    Arc<dyn for<'r> Fn(&'r Request<'r>) -> BoxFuture<'r, Response> + Send + Sync>;

impl<S> Endpoint<S> {
    /// One endpoint for each method of a route, under a prefix.
    pub(crate) fn of(prefix: &str, listed: Listed<S>) -> impl Iterator<Item = Self> {
        let Listed {
            route,
            prefix: inner,
            layers,
        } = listed;
        let info = route.info;
        let path: Cow<'static, str> = match (prefix, &*inner, info.path) {
            ("", "", path) => path.into(),
            (prefix, inner, "/") => format!("{prefix}{inner}").into(),
            (prefix, inner, path) => format!("{prefix}{inner}{path}").into(),
        };
        let head = route.head && info.methods.contains(&"GET") && !info.methods.contains(&"HEAD");
        let methods = info.methods.iter().copied().chain(head.then_some("HEAD"));
        methods.map(move |method| Self {
            method,
            path: path.clone(),
            info: Some(info),
            source: Source::new(info.file, info.line),
            target: Target::Handler(route.call),
            layers: layers.clone(),
            guard: route.guard,
            api_key: route.api_key,
            no_cors: route.no_cors,
            stream: info.stream,
            #[cfg(feature = "schema")]
            description: route.description,
        })
    }

    /// Its description in the manifest.
    pub(crate) fn manifest(&self) -> ManifestRoute {
        let mut route = ManifestRoute::new(self.method, &*self.path);
        route.handler = self.handler().to_owned();
        route.source = Some(self.source.clone());
        if let Some(info) = &self.info {
            info.summary.clone_into(&mut route.summary);
            info.description.clone_into(&mut route.description);
            route.parameters = info
                .params
                .iter()
                .map(|param| {
                    ManifestParameter::new(param.name, param.place, param.required, param.multiple)
                })
                .collect();
        }
        route.body = self.info.and_then(|info| info.body).map(|info| {
            let mut body = ManifestBody::new(info.content_type, info.required);
            body.schema = info.schema.map(|schema| schema());
            body
        });
        route.authorization = self.guard.as_ref().and_then(Guard::manifest);
        route.api_key = self.api_key;
        route.no_cors = self.no_cors;
        route.stream = self.stream;
        route
    }

    /// What its requests are checked by.
    #[cfg(feature = "schema")]
    fn checks(&self) -> Option<crate::schema::Checks> {
        let info = self.info?;
        let json = info
            .body
            .is_some_and(|body| body.content_type == "application/json");
        let of = |description: &crate::route::Description| {
            let (body, form) = if json {
                (Some(description.body), None)
            } else {
                (None, Some(description.body))
            };
            (body, form, Some(description.query))
        };
        let (body, form, query) = self.description.as_ref().map(of).unwrap_or_default();
        Some(crate::schema::Checks {
            asked: info.body.and_then(|body| body.schema),
            body,
            form,
            query,
        })
    }

    /// What its types say of it.
    #[cfg(feature = "schema")]
    pub(crate) fn api(
        &self,
        schemas: &mut crate::describe::Describer,
    ) -> Option<fw_manifest::RouteApi> {
        let description = self.description?;
        let mut operation = crate::describe::Operation::new(schemas, description.statuses);
        (description.describe)(&mut operation);
        let mut api = operation.finish();
        api.deprecated = description.deprecated;
        if let Some(info) = &self.info {
            crate::describe::complete(&mut api, info.params);
        }
        Some(api)
    }

    /// The authorizer that is asked before it.
    pub(crate) fn authorizer(&self) -> Option<&Entry<S>> {
        match &self.guard {
            Some(Guard::Authorizer(authorizer)) => Some(authorizer),
            _ => None,
        }
    }

    /// The handler's path, `module::function`.
    fn handler(&self) -> &'static str {
        self.info.map_or("a tower service", |info| info.handler)
    }
}

impl<S> fmt::Debug for Endpoint<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} => {}", self.method, self.path, self.handler())
    }
}

/// The position of the endpoint for a request, or the response if there is none.
pub(crate) type Found = Result<usize, Box<Response>>;

/// The endpoints, ready to be found.
pub(crate) struct Table<S> {
    endpoints: Vec<Endpoint<S>>,
    sources: Vec<Entry<S>>,
    matcher: Matcher,
    #[cfg(feature = "schema")]
    models: crate::schema::Models,
}

impl<S> Table<S> {
    /// Takes endpoints that are ordered by path and method, and sources.
    pub(crate) fn new(
        endpoints: Vec<Endpoint<S>>,
        sources: Vec<Entry<S>>,
    ) -> Result<Self, AppError> {
        Self::entries_of(&endpoints, &sources)?;
        let matcher = matcher(&endpoints)?;
        Ok(Self {
            #[cfg(feature = "schema")]
            models: crate::schema::Models::of(endpoints.len()),
            endpoints,
            sources,
            matcher,
        })
    }

    /// The entries that the endpoints name, each once, and the sources. The first of them collects
    /// them all, so that an app without entries does not contain this code.
    pub(crate) fn entries_of(
        endpoints: &[Endpoint<S>],
        sources: &[Entry<S>],
    ) -> Result<Vec<Entry<S>>, AppError> {
        let named: Vec<Entry<S>> = endpoints
            .iter()
            .filter_map(Endpoint::authorizer)
            .chain(sources)
            .copied()
            .collect();
        match named.first() {
            None => Ok(named),
            Some(first) => (first.collect)(named),
        }
    }

    /// The entries, each once.
    pub(crate) fn entries(&self) -> Vec<Entry<S>> {
        Self::entries_of(&self.endpoints, &self.sources).unwrap_or_default()
    }

    /// The entry of this part, or the names of the existing ones; the API has none.
    pub(crate) fn entry(&self, part: &Part) -> Result<Option<Entry<S>>, String> {
        if *part == Part::Api {
            return Ok(None);
        }
        let all = self.entries();
        match all.iter().find(|entry| entry.part() == *part) {
            Some(found) => Ok(Some(*found)),
            None if all.is_empty() => Err("none".to_owned()),
            None => {
                let names: Vec<&str> = all.iter().map(Entry::name).collect();
                Err(names.join(", "))
            }
        }
    }

    /// Finds conflicts between endpoints, and schemas that no body can be checked by.
    pub(crate) fn check(endpoints: &[Endpoint<S>], sources: &[Entry<S>]) -> Result<(), AppError> {
        Self::entries_of(endpoints, sources)?;
        let needs_token = |endpoint: &&Endpoint<S>| {
            let claims = endpoint.info.is_some_and(|info| info.claims);
            claims && matches!(endpoint.guard, None | Some(Guard::Public))
        };
        if let Some(endpoint) = endpoints.iter().find(needs_token) {
            return Err(AppError::Claims {
                key: format!("{} {}", endpoint.method, endpoint.path),
                handler: endpoint.handler().to_owned(),
                source: endpoint.source.clone(),
            });
        }
        #[cfg(feature = "schema")]
        for endpoint in endpoints {
            let body = endpoint.info.and_then(|info| info.body);
            if let Some(schema) = body.and_then(|body| body.schema)
                && let Err(error) = crate::schema::compile(schema)
            {
                return Err(AppError::Schema {
                    handler: endpoint.handler().to_owned(),
                    problem: error.to_string(),
                    source: endpoint.source.clone(),
                });
            }
        }
        matcher(endpoints).map(drop)
    }

    /// The endpoint of exactly that path, for the method or else for `ANY`.
    fn look_up(&self, path: &str, method: &str) -> Option<usize> {
        let of = |method: &str| {
            self.endpoints
                .binary_search_by(|endpoint| {
                    (&*endpoint.path, endpoint.method).cmp(&(path, method))
                })
                .ok()
        };
        of(method).or_else(|| of("ANY"))
    }

    /// The endpoint for a request, and the check of the request's body.
    fn find(&self, route: Option<&str>, request: &mut Request<'_>) -> Found {
        let found = self.find_route(route, request)?;
        #[cfg(feature = "schema")]
        {
            let endpoint = self.endpoints.get(found);
            if let Some(checks) = endpoint.and_then(Endpoint::checks) {
                let attached = self.models.attach(found, &checks, request);
                attached.map_err(|error| Box::new(error.into_response()))?;
            }
        }
        Ok(found)
    }

    /// The endpoint for a request. Where the gateway has not said which, the path parameters are set here.
    fn find_route(&self, route: Option<&str>, request: &mut Request<'_>) -> Found {
        let method = request.method.as_str();
        if let Some(found) = route.and_then(|path| self.look_up(path, method)) {
            return Ok(found);
        }
        if let Some(found) = self.matcher.find(method, &request.encoded_path) {
            // The matcher's values are encoded, and a handler's are not.
            let decode = |value| decode_path(value).into_owned().into();
            request.path_params = found
                .params
                .iter()
                .map(|&(name, value)| (name.to_owned().into(), decode(value)))
                .collect();
            return Ok(found.index);
        }
        let allowed = self.matcher.allowed_methods(&request.encoded_path);
        Err(Box::new(no_route(allowed).into_response()))
    }
}

/// A matcher over the endpoints, by their position.
fn matcher<S>(endpoints: &[Endpoint<S>]) -> Result<Matcher, AppError> {
    let mut matcher = Matcher::default();
    for (index, endpoint) in endpoints.iter().enumerate() {
        let path: PathPattern = endpoint.path.parse().map_err(|error| AppError::Path {
            problem: format!("{error}"),
            source: endpoint.source.clone(),
        })?;
        if let Err(error) = matcher.insert(index, endpoint.method, &path) {
            let first = endpoints
                .iter()
                .find(|first| first.method == endpoint.method && *first.path == *error.first);
            let both = [first.unwrap_or(endpoint), endpoint];
            return Err(AppError::Conflict {
                key: format!("{} {}", endpoint.method, endpoint.path),
                handlers: Box::new(both.map(|it| (it.handler().to_owned(), it.source.clone()))),
            });
        }
    }
    Ok(matcher)
}

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
