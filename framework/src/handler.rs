//! What the compiler names when a handler is not as it must be. There is nothing to call here.

mod argument;

use std::future::Future;

use crate::{
    error::Error,
    extract::FromRequest,
    request::Request,
    response::{IntoResponse, Response},
    route::BoxFuture,
};

pub use self::argument::{
    BatchArgument, BusArgument, InputArgument, MessageArgument, NotificationArgument,
    ObjectArgument, ScheduleArgument,
};
pub use crate::{
    entry::Entry,
    extract::{Borrowed, Optional, Parsed, Repeated},
    schema::{HasSchema, schema},
};

/// Boxes the future of a handler, an authorizer or a source: the single point where its type is erased, and where it must be [`Send`].
///
/// What a handler still holds while it waits must be `Send`: drop what is not (an `Rc`, a `MutexGuard`) before the `.await`, in a block of
/// its own, or take what is (an `Arc`, a guard of tokio's).
#[inline]
pub fn hold_only_send_values_across_await<'r, T>(
    future: impl Future<Output = T> + Send + 'r,
) -> BoxFuture<'r, T> {
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
    note = "return `Json<T>`, a text (`String`, `&str`), `Html<T>`, `Bytes`, a `StatusCode`, `(StatusCode, T)`, `()`, or a `fw::Result` of one of them; a type of your own implements `fw::IntoResponse`"
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
