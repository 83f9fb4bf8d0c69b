//! What generated code may name. Not public: it changes with any patch version.

pub use crate::{
    auth::{Authorizer, AuthorizerDecl, AuthorizerInfo, Decision, IntoAuthorizer, IntoDecision},
    error::{Error, Problems},
    extract::{FromParam, FromRequest, Param},
    manifest::Place,
    request::Request,
    response::{IntoResponse, Response},
    route::{
        BoxFuture, Guard, IntoRoute, ParamInfo, Route, RouteDecl, RouteInfo, Routes,
        assert_distinct,
    },
};
pub use fw_macros::routes;
pub use std::{marker::Sync, option::Option, result::Result};

use std::future::Future;

/// Boxes a handler's future: the single point where its type is erased, and where it must be [`Send`].
#[inline]
pub fn boxed<'r>(future: impl Future<Output = Response> + Send + 'r) -> BoxFuture<'r, Response> {
    Box::pin(future)
}

/// Boxes an authorizer's future, as [`boxed`] a handler's.
#[inline]
pub fn boxed_decision<'r>(
    future: impl Future<Output = Result<Decision, Error>> + Send + 'r,
) -> BoxFuture<'r, Result<Decision, Error>> {
    Box::pin(future)
}

/// An extractor whose type has no parameters.
///
/// It is [`FromRequest`] by another name, and only for what rustc says of a type that is none: in our words, and without a
/// list of the types that are. (A type with parameters goes by `FromRequest`: rustc then tells which parameter lacks what.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a request",
    label = "not an extractor, and no `<…>` in the path or query has this argument's name",
    note = "a parameter needs a `<name>` of its own in the path; the app's state is taken by reference, `&T`; anything else must implement `fw::FromRequest`, as `Json<T>`, `Query<T>`, `Headers` and the others in `fw::extract` do"
)]
pub trait Extractor: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// The rejection.
    fn extract(request: &Request<'_>) -> Result<Self, Error>;
}

#[diagnostic::do_not_recommend]
impl<T: FromRequest> Extractor for T {
    fn extract(request: &Request<'_>) -> Result<Self, Error> {
        T::from_request(request).map_err(Into::into)
    }
}

/// A response whose type has no parameters: [`IntoResponse`] by another name, for the reason of [`Extractor`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    label = "not a response",
    note = "return `Json<T>`, a text (`String`, `&'static str`), `Html<T>`, `Bytes`, a `StatusCode`, `(StatusCode, T)`, `()`, or a `fw::Result` of one of them; a type of your own implements `fw::IntoResponse`"
)]
pub trait Responder {
    /// Makes the response.
    fn respond(self) -> Response;
}

#[diagnostic::do_not_recommend]
impl<T: IntoResponse> Responder for T {
    fn respond(self) -> Response {
        self.into_response()
    }
}
