//! Lists of routes: what `routes!` creates, with the lists mounted in it and the layers around it.

use std::fmt;

use http_body::Body as HttpBody;
use tower::{Layer, Service};

use super::{IntoRoute, Route};
use crate::{
    app::{AppError, is_prefix},
    response::IntoResponse,
    service::{Body, BoxError, Inner, Next, SharedState, middleware::ListLayer},
};

/// A list of routes, created by [`routes!`](crate::routes).
///
/// [`mount`](Self::mount) adds the list of a nested module, and [`layer`](Self::layer) puts middleware around the routes.
pub struct Routes<S = ()> {
    pub(crate) list: Vec<Listed<S>>,
    pub(crate) layers: Vec<ListLayer<S>>,
    pub(crate) errors: Vec<AppError>,
}

/// A route in a list.
pub(crate) struct Listed<S> {
    pub(crate) route: Route<S>,
    /// The prefixes of the lists that it is mounted in, the outermost first.
    pub(crate) prefix: String,
    /// The positions of the layers around it among the list's, the outermost first.
    pub(crate) layers: Vec<usize>,
}

/// A list of routes of an app with the state `S`: [`Routes<S>`](Routes), and nothing else. It is a
/// trait because of rustc's message about other types.
#[diagnostic::on_unimplemented(
    message = "this is not a list of routes for an app with the state `{S}`",
    label = "not a `routes![…]`, or a handler or an authorizer in it takes another state",
    note = "write a list: `routes![handler, module::handler]`",
    note = "a handler with a `&T` argument needs an app with the state `T`: create it with `App::new(\"name\", init)`, where `init` is an async function that returns the `T`; `App::stateless` has the state `()`"
)]
pub trait RoutesOf<S> {
    /// The list.
    fn into_routes(self) -> Routes<S>;
}

impl<S> RoutesOf<S> for Routes<S> {
    fn into_routes(self) -> Self {
        self
    }
}

impl<S> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<S> Routes<S> {
    /// The list that `fill` adds to; what `routes!` expands to.
    #[doc(hidden)]
    #[must_use]
    pub fn collect(fill: impl FnOnce(&mut Self)) -> Self {
        let mut routes = Self {
            list: Vec::new(),
            layers: Vec::new(),
            errors: Vec::new(),
        };
        fill(&mut routes);
        routes
    }

    /// The routes, in the list's order; those of mounted lists follow.
    pub fn iter(&self) -> impl Iterator<Item = &Route<S>> {
        self.list.iter().map(|listed| &listed.route)
    }

    /// Adds a route.
    #[doc(hidden)]
    pub fn add<R: IntoRoute<S>>(&mut self) {
        self.list.push(Listed {
            route: R::into_route(),
            prefix: String::new(),
            layers: Vec::new(),
        });
    }

    /// Adds another list under a path prefix, with its guards and layers. The rules for prefixes are those of
    /// [`App::mount`](crate::App::mount).
    ///
    /// Guards and layers that are set on this list afterwards also apply to the mounted one; a route with a guard keeps its guard.
    ///
    /// ```
    /// use fw::{App, Routes, get, routes};
    ///
    /// #[get("/")]
    /// async fn orders() -> &'static str {
    ///     "orders"
    /// }
    ///
    /// #[get("/items")]
    /// async fn items() -> &'static str {
    ///     "items"
    /// }
    ///
    /// fn shop() -> Routes {
    ///     routes![].mount("/orders", routes![orders].mount("/archive", routes![items]))
    /// }
    ///
    /// let manifest = App::stateless("shop").mount("/v1", shop()).manifest();
    /// let paths: Vec<String> = manifest.routes.into_iter().map(|it| it.path).collect();
    /// assert_eq!(paths, ["/v1/orders", "/v1/orders/archive/items"]);
    /// ```
    #[must_use]
    pub fn mount(mut self, prefix: &str, routes: impl RoutesOf<S>) -> Self {
        if !is_prefix(prefix) {
            self.errors.push(AppError::Prefix(prefix.to_owned()));
        }
        let mounted = routes.into_routes();
        let offset = self.layers.len();
        self.errors.extend(mounted.errors);
        self.layers.extend(mounted.layers);
        self.list.extend(mounted.list.into_iter().map(|mut listed| {
            listed.prefix.insert_str(0, prefix);
            for layer in &mut listed.layers {
                *layer += offset;
            }
            listed
        }));
        self
    }

    /// Has each route that answers `GET` answer `HEAD` too: with the same status and headers, and without a body.
    ///
    /// No gateway derives `HEAD` from `GET`, so without this a `HEAD` request is a 404 or 403 of the gateway. The handler runs as
    /// for `GET`. A path that has a route for `HEAD` in this list keeps it.
    ///
    /// ```
    /// use fw::{App, get, routes, test::Client};
    ///
    /// #[get("/text")]
    /// async fn text() -> &'static str {
    ///     "hello"
    /// }
    ///
    /// let client = Client::new(App::stateless("texts").routes(routes![text].with_head()), ());
    /// let response = client.head("/text").send();
    /// assert_eq!((response.status().as_u16(), response.text().len()), (200, 0));
    /// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    /// ```
    #[must_use]
    pub fn with_head(mut self) -> Self {
        let heads = |listed: &&Listed<S>| listed.route.info.methods.contains(&"HEAD");
        let path = |listed: &Listed<S>| (listed.prefix.clone(), listed.route.info.path);
        let own: Vec<_> = self.list.iter().filter(heads).map(path).collect();
        for listed in &mut self.list {
            listed.route.head = !own.contains(&path(listed));
        }
        self
    }

    /// Leaves these routes out of the settings' `[cors]`: their paths have no preflight, and their answers no CORS headers. The
    /// attribute's `cors = false` does it for one route.
    ///
    /// Only a REST API has CORS per route. With another gateway and a `[cors]` the app is refused.
    #[must_use]
    pub fn without_cors(mut self) -> Self {
        for listed in &mut self.list {
            listed.route.no_cors = true;
        }
        self
    }

    /// Puts middleware around the routes that are in the list now, those of mounted lists included: any tower layer over
    /// `http` requests and responses.
    ///
    /// It is as [`App::layer`](crate::App::layer), inside the layers of the app: a layer added later is further outside. It does not
    /// see requests that no route of the list matches.
    ///
    /// ```
    /// use fw::{App, Error, IntoResponse, Bytes, get, post, routes, service::from_fn, test::Client};
    ///
    /// #[get("/health")]
    /// async fn health() -> &'static str {
    ///     "well"
    /// }
    ///
    /// #[post("/upload")]
    /// async fn upload(body: Bytes) -> String {
    ///     format!("{} bytes", body.len())
    /// }
    ///
    /// let limit = from_fn(async |request, next| match request.body().len() {
    ///     ..=1000 => next.run(request).await,
    ///     _ => Error::payload_too_large("1000 bytes at the most").into_response(),
    /// });
    /// let app = App::stateless("files").routes(routes![health]).routes(routes![upload].layer(limit));
    ///
    /// let client = Client::new(app, ());
    /// assert_eq!(client.post("/upload").body("x".repeat(1000)).send().text(), "1000 bytes");
    /// assert_eq!(client.post("/upload").body("x".repeat(1001)).send().status(), 413);
    /// ```
    #[must_use]
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        S: Send + Sync + 'static,
        L: Layer<Inner> + 'static,
        L::Service:
            Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
        <L::Service as Service<http::Request<Body>>>::Future: Send,
        <L::Service as Service<http::Request<Body>>>::Error: Into<BoxError>,
        B: HttpBody + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        self.add_layer(ListLayer::new(move |inner, _| {
            Inner::new(layer.layer(inner))
        }));
        self
    }

    /// Puts a function with the app's state around the routes that are in the list now; see
    /// [`App::layer_with_state`](crate::App::layer_with_state).
    #[must_use]
    pub fn layer_with_state<F, Fut, R>(mut self, function: F) -> Self
    where
        S: Send + Sync + 'static,
        F: Fn(SharedState<S>, http::Request<Body>, Next) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        self.add_layer(ListLayer::new(move |inner, core| {
            SharedState::around(core, inner, function)
        }));
        self
    }

    fn add_layer(&mut self, layer: ListLayer<S>) {
        let number = self.layers.len();
        self.layers.push(layer);
        for listed in &mut self.list {
            listed.layers.insert(0, number);
        }
    }
}
