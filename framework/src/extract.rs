//! Extractors: how a handler's arguments are read from a request.
//!
//! | argument | is | fails with |
//! |---|---|---|
//! | a name of the path or query | [`FromParam`] | 400 |
//! | [`Query<T>`] | the query as a type | 400 |
//! | [`Json<T>`](crate::Json) | a JSON body | 400, 415, 422 |
//! | `Valid<Json<T>>` | a JSON body that `garde` has checked (feature `garde`) | as `Json<T>` |
//! | [`Form<T>`] | a form body | 400, 415, 422 |
//! | `Multipart` | a form with files (feature `multipart`) | 400, 415 |
//! | `Bytes`, `Vec<u8>`, `String` | the body as it is | 400 where it is no text |
//! | [`Headers`], [`Header<H>`] | all headers, or one | 400 |
//! | [`Bearer`] | the token of `Authorization` | 401 |
//! | [`Claims<T>`] | the claims of a verified token | 403, 500 |
//! | [`AuthContext<T>`], [`Principal`], [`IamIdentity`] | what the gateway knows of the caller | 500 |
//! | [`Token`] | in an authorizer: what it is asked about | 401 |
//! | [`Cookies`], [`CookieJar`], `Method` | cookies, those to be changed, the method | – |
//! | [`RequestId`], [`Stage`], [`StageVariables`] | what the gateway tells | – |
//! | [`SourceIp`] | the client's address | 500 |
//! | [`LambdaContext`](crate::context::LambdaContext) | what Lambda tells | – |
//! | [`Event<T>`] | the event itself | 500 |
//! | [`Extension<T>`] | what middleware adds | 500 |
//!
//! Around any of them, `Option<T>` is `None` if the request does not have the value; a value that
//! is present but wrong is still a rejection. `Result<T, T::Rejection>` passes the rejection to the
//! handler; the structs are in [`rejection`](crate::rejection).

mod bearer;
mod body;
mod caller;
mod content_type;
mod cookies;
mod event;
mod extension;
mod form;
mod header;
mod headers;
mod jar;
mod json;
mod lambda;
mod loose;
mod method;
#[cfg(feature = "multipart")]
mod multipart;
mod param;
mod query;
mod request_id;
mod source_ip;
mod stage;
pub(crate) mod strict;
mod urlencoded;
#[cfg(feature = "garde")]
mod valid;

pub use self::{
    bearer::Bearer,
    caller::{AuthContext, Claims, IamIdentity, Principal, Token},
    cookies::Cookies,
    event::Event,
    extension::Extension,
    form::Form,
    header::{Authorization, ContentType, Header, HeaderField, UserAgent},
    headers::Headers,
    jar::CookieJar,
    param::{FromParam, Param, ParamError},
    query::Query,
    request_id::RequestId,
    source_ip::SourceIp,
    stage::{Stage, StageVariables},
};

#[cfg(feature = "multipart")]
pub use self::multipart::{Multipart, Part};
#[cfg(feature = "garde")]
pub use self::valid::Valid;

#[doc(hidden)]
pub use self::param::{Borrowed, Optional, Parsed, Repeated};

use std::convert::Infallible;

use crate::{error::Error, request::Request};

/// An argument that is read from a request.
///
/// Bodies arrive complete, so extraction is synchronous and the order of arguments does not matter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a request",
    label = "not an extractor, and no `<…>` in the path or query has this argument's name",
    note = "for a parameter write its name into the path, `/<name>`, or into the query, `?<name>`; for the app's state take a reference, `&T`, also instead of an `Arc<T>`; any other argument needs `fw::FromRequest`, which `Json<T>`, `Query<T>`, `Headers` and the other types in `fw::extract` implement"
)]
pub trait FromRequest: Sized {
    /// Why it could not be read.
    type Rejection: Into<Error>;

    /// Reads it.
    ///
    /// # Errors
    ///
    /// The rejection, which becomes the response unless the handler takes a `Result`.
    fn from_request(request: &Request<'_>) -> Result<Self, Self::Rejection>;

    /// True if the request does not have the value, so that an `Option` of it is `None`.
    ///
    /// A value that is present but wrong is never absent: an `Option<Json<T>>` of a malformed body
    /// is a rejection.
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
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(T::from_request(request))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        T::is_absent(request)
    }
}

/// The longest text that a rejection repeats of what a client sent, in bytes.
const LONGEST_DETAIL: usize = 300;

/// The text, cut where it is long: serde repeats the value that it did not expect, and a client chooses how long that is.
fn shorten(mut text: String) -> String {
    if text.len() > LONGEST_DETAIL {
        text.truncate(text.floor_char_boundary(LONGEST_DETAIL));
        text.push('…');
    }
    text
}
