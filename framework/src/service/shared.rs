//! The app's state outside handlers: for middleware and for the fallback.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, Weak},
};

use http::Method;

use super::{Body, Inner, Next, under};
use crate::{
    dispatch::{Core, Mounted},
    error::Error,
    response::{IntoResponse, Response},
};

/// The app's state, shared: what [`App::layer_with_state`](crate::App::layer_with_state) calls a function with. It dereferences to the
/// state.
pub struct SharedState<S>(Arc<Core<S>>);

impl<S> SharedState<S> {
    /// A function with the state around a service.
    pub(crate) fn around<F, Fut, R>(core: &Weak<Core<S>>, inner: Inner, function: F) -> Inner
    where
        S: Send + Sync + 'static,
        F: Fn(Self, http::Request<Body>, Next) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let core = Weak::clone(core);
        Inner::from_fn(move |request| match core.upgrade() {
            Some(core) => {
                let answer = function(Self(core), request, Next::new(inner.clone()));
                Box::pin(async move { answer.await.into_response() })
            }
            None => Box::pin(async { gone() }),
        })
    }
}

/// The answer where the app is dropped while it answers.
fn gone() -> Response {
    Error::internal("the app is gone").into_response()
}

impl<S> Deref for SharedState<S> {
    type Target = S;

    fn deref(&self) -> &S {
        self.0.state()
    }
}

// Derived, these would ask for the state to be `Clone` and `Debug`.
impl<S> Clone for SharedState<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for SharedState<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedState").finish_non_exhaustive()
    }
}

/// A request that no route of the app matches: what the function of [`App::fallback`](crate::App::fallback) is called with.
pub struct Unmatched<S = ()> {
    state: SharedState<S>,
    request: http::Request<Body>,
    allowed: Vec<Method>,
}

impl<S> Unmatched<S> {
    /// The request, its path as the client sent it, without the stage.
    #[must_use]
    pub fn request(&self) -> &http::Request<Body> {
        &self.request
    }

    /// The app's state.
    #[must_use]
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The methods that the app's routes answer at this path; empty if no route has the path.
    #[must_use]
    pub fn allowed(&self) -> &[Method] {
        &self.allowed
    }

    /// The answer without a fallback: 405 with `Allow` if a route has the path, otherwise 404.
    #[must_use]
    pub fn error(&self) -> Error {
        let allowed: Vec<&str> = self.allowed.iter().map(Method::as_str).collect();
        no_route(allowed)
    }
}

impl<S> fmt::Debug for Unmatched<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unmatched")
            .field("request", &self.request)
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

/// The error for a path with these methods, none of which is the request's.
pub(crate) fn no_route(allowed: Vec<&str>) -> Error {
    if allowed.is_empty() {
        Error::not_found("no route has this path")
    } else {
        Error::method_not_allowed(allowed)
    }
}

/// Creates the fallback of an app that has its state.
pub(crate) type Fallback<S> = Box<dyn FnOnce(&Weak<Core<S>>) -> Mounted>;

pub(crate) fn fallback<S, F, Fut, R>(function: F) -> Fallback<S>
where
    S: Send + Sync + 'static,
    F: Fn(Unmatched<S>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    Box::new(move |core| {
        let core = Weak::clone(core);
        Arc::new(move |request| {
            let Some(core) = core.upgrade() else {
                return Box::pin(async { gone() });
            };
            let allowed = core.allowed(&request.encoded_path);
            let answer = function(Unmatched {
                request: under("", request),
                allowed,
                state: SharedState(core),
            });
            Box::pin(async move { answer.await.into_response() })
        })
    })
}
