//! A tower service with guards, for [`App::mount_service`](crate::App::mount_service).

use std::fmt;

use http_body::Body as HttpBody;
use tower::Service;

use super::{Body, BoxError, Inner};
use crate::{auth::IntoAuthorizer, route::Guard};

/// A tower service and who may call it: the argument of
/// [`App::mount_service`](crate::App::mount_service) instead of the service alone, which everyone
/// may call. The guards are those of [`Routes`](crate::route::Routes); the gateway checks them
/// before the app is invoked.
///
/// ```
/// use fw::{App, service::{Body, Mount}};
/// use tower::service_fn;
///
/// let admin = service_fn(|_: http::Request<Body>| async {
///     Ok::<_, std::convert::Infallible>(http::Response::new(Body::from("keys")))
/// });
/// let app = App::stateless("house").mount_service("/admin", Mount::new(admin).jwt("users"));
/// assert!(app.manifest().routes.iter().all(|route| route.authorization.is_some()));
/// ```
#[must_use = "a mount does nothing until an app has it"]
pub struct Mount<S> {
    pub(crate) service: Inner,
    pub(crate) guard: Option<Guard<S>>,
    pub(crate) api_key: bool,
    pub(crate) stream: bool,
}

impl<S> Mount<S> {
    /// A tower service, for example an axum router, that everyone may call.
    pub fn new<T, B>(service: T) -> Self
    where
        T: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
        T::Future: Send,
        T::Error: Into<BoxError>,
        B: HttpBody + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        Self {
            service: Inner::new(service),
            guard: None,
            api_key: false,
            stream: false,
        }
    }

    /// An authorizer of the app decides: `Mount::new(service).authorizer::<name>()`.
    pub fn authorizer<A: IntoAuthorizer<S>>(self) -> Self {
        self.guard(Guard::Authorizer(A::into_authorizer()))
    }

    /// Callers bring a JSON Web Token that `[jwt.NAME]` of the settings describes.
    pub fn jwt(self, name: &'static str) -> Self {
        self.jwt_with_scopes(name, &[])
    }

    /// Callers bring such a token with at least one of these scopes.
    pub fn jwt_with_scopes(self, name: &'static str, scopes: &'static [&'static str]) -> Self {
        self.guard(Guard::Jwt { name, scopes })
    }

    /// Callers sign their requests (`AWS_IAM`, Signature Version 4).
    pub fn iam(self) -> Self {
        self.guard(Guard::Iam)
    }

    /// Callers send an API key (REST APIs only), in addition to other requirements.
    pub fn api_key(mut self) -> Self {
        self.api_key = true;
        self
    }

    /// A REST API passes on the service's answers as they come. Without it they are collected first, because a service's type does not
    /// say what it answers.
    pub fn stream(mut self) -> Self {
        self.stream = true;
        self
    }

    /// The first guard counts, as in a list of routes.
    fn guard(mut self, guard: Guard<S>) -> Self {
        self.guard.get_or_insert(guard);
        self
    }
}

impl<S> fmt::Debug for Mount<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mount")
            .field("guarded", &self.guard.is_some())
            .field("api_key", &self.api_key)
            .finish_non_exhaustive()
    }
}

/// The argument of [`App::mount_service`](crate::App::mount_service): a tower service, or a
/// [`Mount`] with guards around one.
#[diagnostic::on_unimplemented(
    message = "this cannot be mounted: it is not a tower service over `http::Request<fw::service::Body>`",
    label = "not a service that is `Clone` and `Send`, nor a `Mount` for this app's state",
    note = "guards go around the service: `Mount::new(service).jwt(\"users\")`"
)]
pub trait IntoMount<S> {
    /// The service with its guards.
    fn into_mount(self) -> Mount<S>;
}

impl<S> IntoMount<S> for Mount<S> {
    fn into_mount(self) -> Self {
        self
    }
}

impl<S, T, B> IntoMount<S> for T
where
    T: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
    T::Future: Send,
    T::Error: Into<BoxError>,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    fn into_mount(self) -> Mount<S> {
        Mount::new(self)
    }
}
