//! Middleware as a function: `from_fn(|request, next| async move { … })`.

use std::{
    convert::Infallible,
    fmt,
    task::{Context, Poll},
};

use tower::{Layer, Service};

use super::{Body, Inner, ResponseBody};
use crate::{
    response::{IntoResponse, Response},
    route::BoxFuture,
};

/// Creates a layer from a function that gets the request and the [`next`](Next) service.
///
/// It may change the request, respond instead of the handlers, change the response, or look at
/// both. Handlers read what it inserts into the request's extensions with
/// [`Extension<T>`](crate::extract::Extension). It returns anything that a handler may return.
///
/// ```
/// use fw::{App, Error, IntoResponse, extract::Extension, get, routes, service::from_fn};
///
/// #[derive(Clone)]
/// struct Tenant(String);
///
/// #[get("/hello")]
/// async fn hello(Extension(Tenant(name)): Extension<Tenant>) -> String {
///     format!("hello, {name}")
/// }
///
/// let app = App::stateless("hello").routes(routes![hello]).layer(from_fn(|mut request, next| async move {
///     let tenant = request.headers().get("x-tenant").and_then(|value| value.to_str().ok());
///     let Some(tenant) = tenant.map(str::to_owned) else {
///         return Error::bad_request("the header `x-tenant` is missing").into_response();
///     };
///     request.extensions_mut().insert(Tenant(tenant));
///     next.run(request).await.with_header("vary", "x-tenant")
/// }));
///
/// # #[cfg(feature = "test")] {
/// let client = fw::test::Client::new(app, ());
/// let response = client.get("/hello").header("x-tenant", "acme").send();
/// assert_eq!(response.text(), "hello, acme");
/// assert_eq!(response.headers()["vary"], "x-tenant");
/// assert_eq!(client.get("/hello").send().status(), 400);
/// # }
/// ```
pub fn from_fn<F, Fut, R>(function: F) -> FromFn<F>
where
    F: Fn(http::Request<Body>, Next) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    FromFn(function)
}

/// The result of [`from_fn`]: a tower layer.
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}

impl<F: Clone> Layer<Inner> for FromFn<F> {
    type Service = FromFnService<F>;

    fn layer(&self, inner: Inner) -> FromFnService<F> {
        FromFnService {
            function: self.0.clone(),
            next: Next(inner),
        }
    }
}

/// A function around what it is laid over.
#[derive(Clone)]
pub struct FromFnService<F> {
    function: F,
    next: Next,
}

impl<F> fmt::Debug for FromFnService<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFnService").finish_non_exhaustive()
    }
}

impl<F, Fut, R> Service<http::Request<Body>> for FromFnService<F>
where
    F: Fn(http::Request<Body>, Next) -> Fut,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    type Response = http::Response<ResponseBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = (self.function)(request, self.next.clone());
        Box::pin(async move { Ok(ResponseBody::of(answer.await.into_response())) })
    }
}

/// The service after this middleware: the next middleware, or the handlers.
#[derive(Clone, Debug)]
pub struct Next(Inner);

impl Next {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(inner)
    }

    /// Has it answer. The request keeps its extensions: the framework's own are among them.
    pub async fn run(self, request: http::Request<Body>) -> Response {
        self.0.call(request).await
    }
}
