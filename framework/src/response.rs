//! Responses: what a handler may return.
//!
//! | returned | status | content type |
//! |---|---|---|
//! | [`Json<T>`] | 200 | `application/json` |
//! | `String`, `&str`, `Cow<str>` | 200 | `text/plain; charset=utf-8` |
//! | [`Html<T>`] | 200 | `text/html; charset=utf-8` |
//! | `Bytes`, `Vec<u8>`, `&[u8]` | 200 | `application/octet-stream` |
//! | [`Content`] | 200 | the one that it names |
//! | `()`, [`NoContent`] | 204 | none |
//! | `StatusCode` | itself | none |
//! | `(StatusCode, T)` | that one, unless `T` is an error | `T`'s |
//! | [`Stream`] | 200 | `application/octet-stream`, or the one that it names |
//! | [`Sse`] | 200 | `text/event-stream` |
//! | [`Status<202, T>`](Status) | the one in its type, unless `T` is an error | `T`'s |
//! | [`Created<T>`] | 201, with `Location` | `T`'s |
//! | [`WithHeader<T, H>`](WithHeader) | `T`'s, with the header of `H` | `T`'s |
//! | [`Either<A, B>`](Either) | that of the one that it is | that of the one that it is |
//! | [`Redirect`] | 302, 303, 307 or 308 | none |
//! | `Option<T>` | `T`'s; for `None` 404 | `T`'s, or `application/problem+json` |
//! | `Result<T, E>` | `T`'s or `E`'s | `T`'s or `E`'s |
//! | [`Error`] | its own | `application/problem+json` |
//! | [`Response`] | itself | its own |
//!
//! Headers and cookies are added to any of them with [`IntoResponse`]'s methods.

mod body;
mod cookie;
mod json;
mod redirect;
mod sse;
mod status;
pub(crate) mod stream;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header::SET_COOKIE};

pub use self::{
    body::{Content, Html, IntoBody, NoContent},
    cookie::{InvalidCookie, SameSite, SetCookie},
    json::Json,
    redirect::Redirect,
    sse::{IntoSseEvent, Sse, SseEvent},
    status::{Created, Either, Status, WithHeader, WithHeaderField},
    stream::{IntoPiece, Stream, Writer},
};
use crate::error::{BoxError, Error, Failure};

/// A response, its body whole. That of a [`Stream`] or of [`Sse`] has an empty body here, and its stream among the extensions.
pub type Response = http::Response<Bytes>;

/// A value that a handler may return.
///
/// The methods that add to a response can be called on any such value:
///
/// ```
/// use fw::{IntoResponse, Json, StatusCode};
///
/// let response = (StatusCode::CREATED, Json([1, 2]))
///     .with_header("location", "/lists/7")
///     .with_header("cache-control", "no-store");
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers()["location"], "/lists/7");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    label = "not a response",
    note = "return `Json<T>`, a text (`String`, `&str`), `Html<T>`, `Bytes`, a `StatusCode`, `(StatusCode, T)`, `()`, or a `fw::Result` of one of them"
)]
pub trait IntoResponse {
    /// True if the answer may be a stream, so that a REST API passes on the answers of its routes as they come. A handler that returns a
    /// [`Response`] says so in its attribute: `#[get("/path", stream)]`.
    const STREAMS: bool = false;

    /// Makes the response.
    fn into_response(self) -> Response;

    /// The response with that header, in place of any of that name.
    ///
    /// The value is text (visible ASCII, space and tab) or a number. Any other, CR and LF first of all, makes the whole response
    /// a 500 whose cause goes to the log: no part of a header that a client could have forged is ever sent.
    ///
    /// ```
    /// use fw::IntoResponse;
    ///
    /// let response = "hello".with_header("x-note", "one\r\nset-cookie: admin=1");
    /// assert_eq!(response.status(), 500);
    /// assert!(response.headers().get("x-note").is_none());
    /// ```
    #[must_use]
    fn with_header<N, V>(self, name: N, value: V) -> Response
    where
        Self: Sized,
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        extend(self.into_response(), |response| {
            let (name, value) = header_pair(name, value)?;
            response.headers_mut().insert(name, value);
            Ok(())
        })
    }

    /// The response with one more header, beside those of that name. Otherwise as [`with_header`](Self::with_header).
    ///
    /// ```
    /// use fw::IntoResponse;
    ///
    /// let response = "hello".with_added_header("vary", "accept").with_added_header("vary", "origin");
    /// assert_eq!(response.headers().get_all("vary").iter().count(), 2);
    /// ```
    #[must_use]
    fn with_added_header<N, V>(self, name: N, value: V) -> Response
    where
        Self: Sized,
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        extend(self.into_response(), |response| {
            let (name, value) = header_pair(name, value)?;
            response.headers_mut().append(name, value);
            Ok(())
        })
    }

    /// The response with one more cookie.
    ///
    /// A cookie that RFC 6265 does not allow makes it a 500 whose cause goes to the log.
    ///
    /// ```
    /// use fw::{IntoResponse, response::SetCookie};
    ///
    /// let response = "hello".with_cookie(SetCookie::new("theme", "dark").path("/"));
    /// assert_eq!(response.headers()["set-cookie"], "theme=dark; Path=/");
    /// ```
    #[must_use]
    fn with_cookie(self, cookie: SetCookie) -> Response
    where
        Self: Sized,
    {
        extend(self.into_response(), |response| {
            let value = HeaderValue::try_from(&cookie)?;
            response.headers_mut().append(SET_COOKIE, value);
            Ok(())
        })
    }
}

/// Adds to a response. What cannot be added makes it broken; a broken one stays as it is, so that, say, a 500 in place of a
/// document does not get the document's caching headers.
fn extend(
    mut response: Response,
    add: impl FnOnce(&mut Response) -> Result<(), BoxError>,
) -> Response {
    if is_broken(&response) {
        return response;
    }
    match add(&mut response) {
        Ok(()) => response,
        Err(cause) => broken(cause),
    }
}

/// The response in place of one that could not be made as the handler said.
#[cold]
fn broken(cause: impl Into<BoxError>) -> Response {
    let mut response = Error::internal(cause).into_response();
    if let Some(failure) = response.extensions_mut().get_mut::<Failure>() {
        failure.broken = true;
    }
    response
}

fn is_broken(response: &Response) -> bool {
    let failure = response.extensions().get::<Failure>();
    failure.is_some_and(|failure| failure.broken)
}

/// A header's name and value, when both may be sent.
///
/// Text outside ASCII is refused although HTTP tolerates it in a value: how the gateways pass it on is unverified, and a client
/// would read it as Latin-1.
pub(crate) fn header_pair<N, V>(name: N, value: V) -> Result<(HeaderName, HeaderValue), BoxError>
where
    N: TryInto<HeaderName, Error: Into<http::Error>>,
    V: TryInto<HeaderValue, Error: Into<http::Error>>,
{
    let name = name.try_into().map_err(|error| {
        let error: http::Error = error.into();
        format!("a response header cannot be sent, its name is not valid: {error}")
    })?;
    match value.try_into() {
        Ok(value) if value.to_str().is_ok() => Ok((name, value)),
        Ok(_) => Err(format!(
            "response header `{name}` cannot be sent: its value has characters outside ASCII"
        )
        .into()),
        Err(error) => {
            let error: http::Error = error.into();
            Err(format!("response header `{name}` cannot be sent: {error}").into())
        }
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

/// That status and no body.
impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self;
        response
    }
}

/// The second with the first as its status; an error among the second keeps its own.
impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    const STREAMS: bool = T::STREAMS;

    fn into_response(self) -> Response {
        let (status, body) = self;
        let mut response = body.into_response();
        if response.extensions().get::<Failure>().is_none() {
            *response.status_mut() = status;
        }
        response
    }
}

/// The value's response; without a value 404.
impl<T: IntoResponse> IntoResponse for Option<T> {
    const STREAMS: bool = T::STREAMS;

    fn into_response(self) -> Response {
        self.map_or_else(
            || Error::not_found("there is nothing here").into_response(),
            IntoResponse::into_response,
        )
    }
}

/// The value's response, or the error's. What is returned as an error is never answered with the status of a success: a
/// text alone would be a 200, and becomes a 500.
impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    const STREAMS: bool = T::STREAMS || E::STREAMS;

    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => {
                let mut response = error.into_response();
                if response.status().is_success() {
                    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                }
                response
            }
        }
    }
}

impl IntoResponse for std::convert::Infallible {
    fn into_response(self) -> Response {
        match self {}
    }
}
