//! Traits that the compiler names if a handler is not valid. There is nothing to call here.

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
/// A value that a handler holds across an `.await` must be `Send`. Drop a value that is not (an
/// `Rc`, a `MutexGuard`) before the `.await`, in its own block, or use one that is (an `Arc`, a
/// guard of tokio).
#[inline]
pub fn hold_only_send_values_across_await<'r, T>(
    future: impl Future<Output = T> + Send + 'r,
) -> BoxFuture<'r, T> {
    Box::pin(future)
}

/// An extractor whose type has no parameters.
///
/// It is [`FromRequest`] with another name, only for rustc's message about a type that is not one:
/// in our words, and without a list of the types that are. (A type with parameters uses
/// `FromRequest`: rustc then says which parameter lacks what.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a request",
    label = "not an extractor, and no `<…>` in the path or query has this argument's name",
    note = "for a parameter write its name into the path, `/<name>`, or into the query, `?<name>`; for the app's state take a reference, `&T`, also instead of an `Arc<T>`; any other argument needs `fw::FromRequest`, which `Json<T>`, `Query<T>`, `Headers` and the other types in `fw::extract` implement"
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

/// A response whose type has no parameters: [`IntoResponse`] with another name, for the reason of
/// [`Extractor`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    label = "not a response",
    note = "return `Json<T>`, a text (`String`, `&str`), `Html<T>`, `Bytes`, a `StatusCode`, `(StatusCode, T)`, `()`, or a `fw::Result` of one of them; add headers with `.with_header(name, value)`; implement `fw::IntoResponse` for your own type"
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
