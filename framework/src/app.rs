//! `App`: the name, the state's initialiser, the routes and the middleware of an app.
//!
//! The file is long because each method of the builder has an example that is a test.

use std::{error::Error as StdError, fmt, panic::Location, pin::Pin, sync::Arc};

use http_body::Body as HttpBody;
use tower::{Layer, Service};

use crate::{
    dispatch::{Assembly, Endpoint, Table, Target},
    entry::Entry,
    error::{Error, ErrorMap},
    escaped::Escaped,
    response::IntoResponse,
    route::{Routes, RoutesOf},
    service::{
        Body, BoxError, Inner, IntoMount, Mount, Next, SharedState, Unmatched,
        middleware::{ListLayer, Middleware},
        mounted,
        shared::{self, Fallback},
    },
    source::SourcesOf,
};
use fw_manifest::{Manifest, Source};

/// Creates the state, once, on the only thread.
type Init<S> = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = Result<S, Error>>>>>;

/// An app: what `main` runs.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     fw::App::stateless("hello").run()
/// }
/// ```
#[must_use = "an app does nothing until it runs"]
pub struct App<S = ()> {
    name: &'static str,
    init: Init<S>,
    /// Ordered by path and method.
    endpoints: Vec<Endpoint<S>>,
    sources: Vec<Entry<S>>,
    middleware: Option<Middleware<S>>,
    /// The layers of the lists; endpoints name them by their positions.
    list_layers: Vec<ListLayer<S>>,
    fallback: Option<Fallback<S>>,
    error_map: ErrorMap,
    errors: Vec<AppError>,
    #[cfg(feature = "resources")]
    uses: Vec<fw_manifest::ManifestUse>,
}

impl App<()> {
    /// An app without state. For the name see [`App::new`].
    pub fn stateless(name: &'static str) -> Self {
        Self::new(name, async || Ok::<_, Error>(()))
    }
}

impl<S: Send + Sync + 'static> App<S> {
    /// An app whose state `init` creates.
    ///
    /// `init` runs once per cold start, before the first request, and never if only the manifest is
    /// printed. If it fails, its error and all causes are printed, the failure is reported to
    /// Lambda, and the process exits with 1.
    ///
    /// `name` is the stem of the names of all that is deployed, which AWS limits to 64 characters: 1 to 40 letters, digits, `-` and `_`,
    /// the first a letter. [`check`](Self::check) refuses another.
    pub fn new<E, Fut>(name: &'static str, init: impl FnOnce() -> Fut + 'static) -> Self
    where
        Fut: Future<Output = Result<S, E>> + 'static,
        E: Into<Error>,
    {
        Self {
            name,
            init: Box::new(move || {
                let state = init();
                Box::pin(async move { state.await.map_err(Into::into) })
            }),
            endpoints: Vec::new(),
            sources: Vec::new(),
            middleware: None,
            list_layers: Vec::new(),
            fallback: None,
            error_map: ErrorMap::default(),
            errors: Vec::new(),
            #[cfg(feature = "resources")]
            uses: Vec::new(),
        }
    }

    /// Adds routes from [`routes!`](crate::routes).
    pub fn routes(self, routes: impl RoutesOf<S>) -> Self {
        self.add("", routes.into_routes())
    }

    /// Adds routes under a path prefix: with `/v1`, `/objects/{key}` of the list becomes
    /// `/v1/objects/{key}`.
    ///
    /// A prefix starts with a slash, does not end with one, and has no parameters, which belong into the paths of the handlers that
    /// take them; [`check`](Self::check) refuses another.
    pub fn mount(mut self, prefix: &str, routes: impl RoutesOf<S>) -> Self {
        if !is_prefix(prefix) {
            self.errors.push(AppError::Prefix(prefix.to_owned()));
        }
        self.add(prefix, routes.into_routes())
    }

    /// Adds sources from [`sources!`](crate::sources): functions that an event invokes, and not a
    /// request; see [`source`](crate::source).
    ///
    /// Each is a separate Lambda function. An app with only sources has no function for requests.
    pub fn on(mut self, sources: impl SourcesOf<S>) -> Self {
        self.sources.extend(sources.into_sources().list);
        self
    }

    /// Lists a queue, topic, bus or bucket that the code reaches by a handle; see [`resource`](crate::resource).
    ///
    /// A call of a handle that is not listed fails.
    #[cfg(feature = "resources")]
    pub fn uses(mut self, resource: &impl crate::resource::Resource) -> Self {
        let (kind, name) = crate::resource::list(resource);
        self.uses.push(fw_manifest::ManifestUse::new(kind, name));
        self
    }

    /// Hands all requests to a path and to what lies under it to a tower service, an axum router for example.
    ///
    /// The service sees the path without the prefix, as under axum's `nest_service`: of
    /// `/legacy/users` mounted at `/legacy` it sees `/users`. The body arrives complete, and the
    /// response is collected completely before it is sent. An error of the service is logged and
    /// becomes a 500.
    ///
    /// ```no_run
    /// use fw::service::Body;
    /// use tower::service_fn;
    ///
    /// let teapot = service_fn(|request: http::Request<Body>| async move {
    ///     http::Response::builder().status(418).body(Body::from(request.uri().path()))
    /// });
    /// fw::App::stateless("tea").mount_service("/legacy", teapot).run();
    /// ```
    ///
    /// Everybody may call it. [`Mount`](crate::service::Mount) puts a guard around it:
    /// `mount_service("/admin", Mount::new(service).iam())`.
    #[track_caller]
    pub fn mount_service(mut self, prefix: &str, service: impl IntoMount<S>) -> Self {
        let Mount {
            service,
            guard,
            api_key,
            stream,
        } = service.into_mount();
        let prefix = if prefix == "/" { "" } else { prefix };
        if !prefix.is_empty() && !is_prefix(prefix) {
            self.errors.push(AppError::Prefix(prefix.to_owned()));
        }
        let place = Location::caller();
        let service = mounted(prefix.to_owned(), service);
        for path in [prefix.to_owned(), format!("{prefix}/{{proxy+}}")] {
            self.insert(Endpoint {
                method: "ANY",
                path: if path.is_empty() {
                    "/".into()
                } else {
                    path.into()
                },
                info: None,
                source: Source::new(place.file(), place.line()),
                target: Target::Service(Arc::clone(&service)),
                layers: Vec::new(),
                guard,
                api_key,
                no_cors: false,
                stream,
                #[cfg(feature = "schema")]
                description: None,
            });
        }
        self
    }

    /// Puts middleware around all that the app answers: any tower layer over `http` requests and responses.
    ///
    /// A layer added later is further outside. Of the request, handlers see what the layers leave of its method, headers, cookies and
    /// body. Routing belongs to the gateway, so it is done before: a layer that rewrites the path or the query changes neither which
    /// handler is called nor its parameters. An error of a layer is logged and answered with 500. Without a layer nothing is converted
    /// and nothing paid.
    ///
    /// [`from_fn`](crate::service::from_fn) creates a layer from a function; the crates `tower` and
    /// `tower-http` have many ready-made ones.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use fw::{App, IntoResponse, service::from_fn};
    /// use tower::timeout::TimeoutLayer;
    ///
    /// let app = App::stateless("hello")
    ///     .layer(TimeoutLayer::new(Duration::from_secs(2)))
    ///     .layer(from_fn(|request, next| async move {
    ///         let start = Instant::now();
    ///         let response = next.run(request).await;
    ///         response.with_header("server-timing", format!("app;dur={}", start.elapsed().as_millis()))
    ///     }));
    ///
    /// # #[cfg(feature = "test")] {
    /// let response = fw::test::Client::new(app, ()).through(fw::test::Gateway::FunctionUrl).get("/").send();
    /// assert!(response.headers()["server-timing"].to_str().unwrap().starts_with("app;dur="));
    /// # }
    /// ```
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: Layer<Inner> + 'static,
        L::Service:
            Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
        <L::Service as Service<http::Request<Body>>>::Future: Send,
        <L::Service as Service<http::Request<Body>>>::Error: Into<BoxError>,
        B: HttpBody + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        self.middleware
            .get_or_insert_with(Middleware::new)
            .push(move |inner, _| Inner::new(layer.layer(inner)));
        self
    }

    /// Puts a function with the app's state around all that the app answers.
    ///
    /// It is as a [`layer`](Self::layer) of [`from_fn`](crate::service::from_fn) whose function also gets the state.
    /// [`Routes::layer_with_state`] puts one around the routes of a list.
    ///
    /// ```
    /// use fw::{App, Error, IntoResponse, Response, extract::Extension, get, http, routes};
    /// use fw::service::{Body, Next, SharedState};
    ///
    /// struct Sessions(Vec<(&'static str, &'static str)>);
    ///
    /// #[derive(Clone)]
    /// struct User(String);
    ///
    /// async fn session(sessions: SharedState<Sessions>, mut request: http::Request<Body>, next: Next) -> Response {
    ///     let id = request.headers().get("x-session").and_then(|id| id.to_str().ok());
    ///     let Some((_, user)) = sessions.0.iter().find(|(known, _)| Some(*known) == id) else {
    ///         return Error::unauthorized("log in first").into_response();
    ///     };
    ///     request.extensions_mut().insert(User((*user).to_owned()));
    ///     next.run(request).await
    /// }
    ///
    /// #[get("/account")]
    /// async fn account(Extension(User(name)): Extension<User>) -> String {
    ///     name
    /// }
    ///
    /// #[get("/")]
    /// async fn start() -> &'static str {
    ///     "welcome"
    /// }
    ///
    /// let app = App::new("shop", async || Ok::<_, Error>(Sessions(Vec::new())))
    ///     .routes(routes![start])
    ///     .routes(routes![account].layer_with_state(session));
    /// # #[cfg(feature = "test")] {
    /// let client = fw::test::Client::new(app, Sessions(vec![("7f", "ada")]));
    /// assert_eq!(client.get("/").send().text(), "welcome");
    /// assert_eq!(client.get("/account").send().status(), 401);
    /// assert_eq!(client.get("/account").header("x-session", "7f").send().text(), "ada");
    /// # }
    /// ```
    pub fn layer_with_state<F, Fut, R>(mut self, function: F) -> Self
    where
        F: Fn(SharedState<S>, http::Request<Body>, Next) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        self.middleware
            .get_or_insert_with(Middleware::new)
            .push(move |inner, core| SharedState::around(core, inner, function));
        self
    }

    /// Answers the requests that no route of the app matches.
    ///
    /// Without it a REST API and an HTTP API answer them on their own (403 and 404), and the app where the gateway
    /// asks it: 404, or 405 with `Allow` if the path has another method. The fallback adds the routes `ANY /` and `ANY /{proxy+}`, so that
    /// the gateway asks the app for everything. Everybody may call them.
    ///
    /// ```
    /// use fw::{App, IntoResponse, StatusCode, get, response::Html, routes, service::Unmatched};
    ///
    /// #[get("/")]
    /// async fn start() -> &'static str {
    ///     "welcome"
    /// }
    ///
    /// let app = App::stateless("site").routes(routes![start]).fallback(async |request: Unmatched| {
    ///     match request.allowed() {
    ///         [] => (StatusCode::NOT_FOUND, Html("<p>no such page</p>")).into_response(),
    ///         _ => request.error().into_response(),
    ///     }
    /// });
    /// # #[cfg(feature = "test")] {
    /// let client = fw::test::Client::new(app, ());
    /// assert_eq!(client.get("/nowhere").send().text(), "<p>no such page</p>");
    /// let response = client.put("/").send();
    /// assert_eq!(response.status(), 405);
    /// assert_eq!(response.headers()["allow"], "GET");
    /// # }
    /// ```
    #[track_caller]
    pub fn fallback<F, Fut, R>(mut self, function: F) -> Self
    where
        F: Fn(Unmatched<S>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let place = Location::caller();
        // The second call's routes conflict with the first's, which `check` reports.
        self.fallback = Some(shared::fallback(function));
        for path in ["/", "/{proxy+}"] {
            self.insert(Endpoint {
                method: "ANY",
                path: path.into(),
                info: None,
                source: Source::new(place.file(), place.line()),
                target: Target::Fallback,
                layers: Vec::new(),
                guard: None,
                api_key: false,
                no_cors: false,
                stream: false,
                #[cfg(feature = "schema")]
                description: None,
            });
        }
        self
    }

    /// Sets the answer to the errors of one type, wherever `?` or [`Error::internal`] turned one into an [`Error`].
    ///
    /// Without it `?` turns every standard error into a 500. `map` gets the error and returns the
    /// response: an [`Error`], or anything else that a handler may return. It also applies if the
    /// error is the [source](std::error::Error::source) of another one; the outermost error that
    /// has a mapping decides. An [`Error`] that a handler created with a constructor is not mapped.
    ///
    /// A status of 2xx becomes 500. An answer of 5xx has the error as its cause in the log.
    /// [`check`](Self::check) refuses a second mapping of the same type.
    ///
    /// ```
    /// use fw::{App, Error, Result, get, routes};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// enum OrderError {
    ///     #[error("there is no order {0}")]
    ///     Unknown(u32),
    ///     #[error("the database cannot be reached")]
    ///     Database(#[from] std::io::Error),
    /// }
    ///
    /// #[get("/orders/<id>")]
    /// async fn order(id: u32) -> Result<String> {
    ///     Err(OrderError::Unknown(id))?
    /// }
    ///
    /// let app = App::stateless("orders").routes(routes![order]).map_error(|error: &OrderError| match error {
    ///     OrderError::Unknown(_) => Error::not_found(error.to_string()),
    ///     OrderError::Database(_) => Error::unavailable("try again later"),
    /// });
    ///
    /// # #[cfg(feature = "test")] {
    /// let response = fw::test::Client::new(app, ()).get("/orders/7").send();
    /// assert_eq!(response.status(), 404);
    /// assert!(response.text().contains("there is no order 7"));
    /// # }
    /// ```
    pub fn map_error<E, R>(mut self, map: impl Fn(&E) -> R + Send + Sync + 'static) -> Self
    where
        E: StdError + 'static,
        R: IntoResponse,
    {
        let mapped = self.error_map.map(map);
        self.errors
            .extend(mapped.err().map(AppError::ErrorMappedTwice));
        self
    }

    /// Answers the errors of one type with their own responses, wherever `?` turned one into an [`Error`].
    ///
    /// This is for an error type that implements both [`std::error::Error`] and [`IntoResponse`].
    /// `?` cannot use the second, so without this call the response is a 500, and the log has a
    /// hint. The error's own response consumes the error, so an error inside another one stays a
    /// 500; use [`map_error`](Self::map_error) there. [`check`](Self::check) refuses a second
    /// mapping of the same type.
    ///
    /// ```
    /// use fw::{App, IntoResponse, Response, Result, StatusCode, get, routes};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("the course is over")]
    /// struct Over;
    ///
    /// impl IntoResponse for Over {
    ///     fn into_response(self) -> Response {
    ///         (StatusCode::GONE, self.to_string()).into_response()
    ///     }
    /// }
    ///
    /// #[get("/course")]
    /// async fn course() -> Result<String> {
    ///     Err(Over)?
    /// }
    ///
    /// let app = App::stateless("courses").routes(routes![course]).errors::<Over>();
    /// # #[cfg(feature = "test")] {
    /// assert_eq!(fw::test::Client::new(app, ()).get("/course").send().status(), 410);
    /// # }
    /// ```
    pub fn errors<E>(mut self) -> Self
    where
        E: StdError + IntoResponse + Send + Sync + 'static,
    {
        let mapped = self.error_map.own::<E>();
        self.errors
            .extend(mapped.err().map(AppError::ErrorMappedTwice));
        self
    }

    /// The app's description of itself: its name, its routes ordered by path and then by method,
    /// the authorizers that they name, and its sources ordered by name.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        let mut manifest = Manifest::new(self.name);
        manifest.set_routes(self.endpoints.iter().map(Endpoint::manifest).collect());
        // If they conflict, `check` reports it.
        for entry in Table::entries_of(&self.endpoints, &self.sources).unwrap_or_default() {
            entry.describe(&mut manifest);
        }
        #[cfg(feature = "resources")]
        for used in &self.uses {
            manifest.add_use(used.clone());
        }
        #[cfg(feature = "schema")]
        {
            let mut schemas = crate::describe::Describer::default();
            for (route, endpoint) in manifest.routes.iter_mut().zip(&self.endpoints) {
                route.api = endpoint.api(&mut schemas);
            }
            manifest.describe(schemas.finish());
        }
        manifest
    }

    /// Checks what the compiler cannot see: the name, the prefixes, and that no two routes of different lists conflict.
    ///
    /// [`run`](Self::run) does this first. A test that calls it finds the same before a deployment does.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), AppError> {
        self.check_names()?;
        Table::check(&self.endpoints, &self.sources)
    }

    fn check_names(&self) -> Result<(), AppError> {
        match self.errors.first() {
            Some(error) => Err(error.clone()),
            None if is_name(self.name) => Ok(()),
            None => Err(AppError::Name(self.name.to_owned())),
        }
    }

    /// Runs the app. On Lambda it serves; with `FW_MANIFEST` set it prints the manifest and exits;
    /// otherwise it prints how to run it.
    ///
    /// Exit codes: 0 after the manifest; 1 if the state could not be created or the connection to
    /// Lambda is lost; 64 if Lambda did not start the program; 78 if the app (see
    /// [`check`](Self::check)) or Lambda's environment is not valid.
    #[cfg(feature = "runtime")]
    #[must_use = "the exit code is for `main` to return"]
    pub fn run(self) -> std::process::ExitCode {
        crate::runtime::run(self)
    }

    /// The app's name.
    #[cfg(feature = "runtime")]
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The initialiser, and what waits for the state.
    ///
    /// # Errors
    ///
    /// See [`check`](Self::check).
    pub(crate) fn into_parts(self) -> Result<(Init<S>, Assembly<S>), AppError> {
        self.check_names()?;
        let assembly = Assembly {
            table: Table::new(self.endpoints, self.sources)?,
            middleware: self.middleware,
            list_layers: self.list_layers,
            fallback: self.fallback,
            errors: self.error_map,
        };
        Ok((self.init, assembly))
    }

    fn add(mut self, prefix: &str, routes: Routes<S>) -> Self {
        let offset = self.list_layers.len();
        self.list_layers.extend(routes.layers);
        self.errors.extend(routes.errors);
        for mut listed in routes.list {
            for layer in &mut listed.layers {
                *layer += offset;
            }
            for endpoint in Endpoint::of(prefix, listed) {
                self.insert(endpoint);
            }
        }
        self
    }

    /// Adds an endpoint where it belongs, after those that are the same.
    fn insert(&mut self, endpoint: Endpoint<S>) {
        let at = self.endpoints.partition_point(|other| {
            (&other.path, other.method) <= (&endpoint.path, endpoint.method)
        });
        self.endpoints.insert(at, endpoint);
    }
}

impl<S: Send + Sync + 'static> fmt::Debug for App<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("name", &self.name)
            .field("endpoints", &self.endpoints)
            .field("sources", &self.sources)
            .field(
                "layers",
                &self.middleware.as_ref().map_or(0, Middleware::len),
            )
            .field("error_map", &self.error_map)
            .finish_non_exhaustive()
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    name.len() <= 40
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(allowed)
}

pub(crate) fn is_prefix(prefix: &str) -> bool {
    prefix.starts_with('/') && !prefix.ends_with('/') && !prefix.contains(['<', '{'])
}

/// A problem of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppError {
    /// The name cannot be the stem of names in AWS.
    Name(String),
    /// A prefix of `mount` or `mount_service` does not start with a slash, or ends with one, or has a parameter in it.
    Prefix(String),
    /// API Gateway does not accept a path.
    Path {
        /// The problem of the path.
        problem: String,
        /// The handler's place.
        source: Source,
    },
    /// Two authorizers or sources have one name, and so one function.
    Functions {
        /// The name.
        name: String,
        /// The two functions, and their places.
        handlers: Box<[(String, Source); 2]>,
    },
    /// A handler takes the claims of a token that nobody asks for.
    Claims {
        /// The method and the path.
        key: String,
        /// The handler.
        handler: String,
        /// The handler's place.
        source: Source,
    },
    /// The schema of a route with `validate` has what no body can be checked by, as a regular expression with look-around.
    Schema {
        /// The handler.
        handler: String,
        /// The problem, and its place in the schema.
        problem: String,
        /// The handler's place.
        source: Source,
    },
    /// An error type with this name is passed to `map_error` or `errors` twice.
    ErrorMappedTwice(&'static str),
    /// Two handlers answer the same method and path.
    Conflict {
        /// The method and the path.
        key: String,
        /// The two handlers, and their places.
        handlers: Box<[(String, Source); 2]>,
    },
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "not a valid app name (1 to 40 letters, digits, `-` and `_`, starting with a letter): `{}`",
                Escaped(name)
            ),
            Self::Prefix(prefix) => write!(
                f,
                "not a valid prefix (literal segments such as `/v1`, without a slash at the end): `{}`",
                Escaped(prefix)
            ),
            Self::Path { problem, source } => {
                write!(f, "{problem} (at {}:{})", source.file, source.line)
            }
            Self::Functions { name, handlers } => {
                let [(first, here), (second, there)] = &**handlers;
                write!(
                    f,
                    "two functions have the name `{name}`, rename one: `{first}` ({}:{}) and `{second}` ({}:{})",
                    here.file, here.line, there.file, there.line
                )
            }
            Self::Claims {
                key,
                handler,
                source,
            } => write!(
                f,
                "`{handler}` takes `Claims`, but `{key}` asks for no token: add `jwt = \"NAME\"` to the route or `.jwt(\"NAME\")` to its list, or take `Option<Claims<T>>` (at {}:{})",
                source.file, source.line
            ),
            Self::Schema {
                handler,
                problem,
                source,
            } => write!(
                f,
                "the body of `{handler}` cannot be validated: {problem} (at {}:{})",
                source.file, source.line
            ),
            Self::ErrorMappedTwice(name) => write!(
                f,
                "the error type `{name}` has two answers: remove one `map_error` or `errors` of this type"
            ),
            Self::Conflict { key, handlers } => {
                let [(first, here), (second, there)] = &**handlers;
                write!(
                    f,
                    "two handlers answer `{key}`, change the path or the methods of one: `{first}` ({}:{}) and `{second}` ({}:{})",
                    here.file, here.line, there.file, there.line
                )
            }
        }
    }
}

impl std::error::Error for AppError {}
