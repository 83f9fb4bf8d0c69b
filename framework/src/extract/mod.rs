//! Extractors: how a handler's arguments are read from a request.

mod json;
mod method;
mod param;

pub use self::param::{FromParam, Param, ParamError};

use crate::{error::Error, request::Request};

/// An argument that is read from a request.
///
/// Bodies arrive whole, so extraction is synchronous and an argument may stand anywhere in the list.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a request",
    label = "not an extractor, and no `<…>` in the path or query has this argument's name",
    note = "a parameter needs a `<name>` of its own in the path; the app's state is taken by reference, `&T`; anything else must implement `fw::FromRequest`, as `Json<T>`, `Query<T>`, `Headers` and the others in `fw::extract` do"
)]
pub trait FromRequest: Sized {
    /// Why it could not be read.
    type Rejection: Into<Error>;

    /// Reads it.
    ///
    /// # Errors
    ///
    /// The rejection, which becomes the answer unless the handler takes a `Result`.
    fn from_request(request: &Request<'_>) -> Result<Self, Self::Rejection>;

    /// Whether the request has nothing of this kind, so that an `Option` of it is `None`.
    ///
    /// What is there but wrong is never absent: an `Option<Json<T>>` of a malformed body is a rejection.
    fn is_absent(request: &Request<'_>) -> bool {
        let _ = request;
        false
    }
}

impl<T: FromRequest> FromRequest for Option<T> {
    type Rejection = T::Rejection;

    fn from_request(request: &Request<'_>) -> Result<Self, Self::Rejection> {
        if T::is_absent(request) {
            Ok(None)
        } else {
            T::from_request(request).map(Some)
        }
    }
}

impl<T: FromRequest> FromRequest for Result<T, T::Rejection> {
    type Rejection = Error;

    fn from_request(request: &Request<'_>) -> Result<Self, Self::Rejection> {
        Ok(T::from_request(request))
    }
}
