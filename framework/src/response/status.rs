//! Answers whose types say their status or a header, so that the document of the API has them.

use std::fmt::Display;

use http::{StatusCode, header::LOCATION};

use super::{IntoResponse, Response, broken};
use crate::error::Failure;

/// An answer with a status that its type says: `Status<202, Json<Order>>`.
///
/// It answers as `(StatusCode, T)` does. A number that is not a status, from 100 to 999, answers 500.
///
/// ```
/// use fw::{IntoResponse, Json, response::Status};
///
/// let response = Status::<202, _>(Json([1, 2])).into_response();
/// assert_eq!(response.status(), 202);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status<const STATUS: u16, T = ()>(pub T);

impl<const STATUS: u16, T: IntoResponse> IntoResponse for Status<STATUS, T> {
    const STREAMS: bool = T::STREAMS;

    fn into_response(self) -> Response {
        match StatusCode::from_u16(STATUS) {
            Ok(status) => (status, self.0).into_response(),
            Err(error) => broken(error),
        }
    }
}

/// 201: the answer to a request that created a resource, with the place of the resource in `Location`.
///
/// ```
/// use fw::{IntoResponse, Json, response::Created};
///
/// let response = Created::at("/orders/7", Json("lamp")).into_response();
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers()["location"], "/orders/7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created<T = ()> {
    location: String,
    body: T,
}

impl<T> Created<T> {
    /// The resource's place, a URI or a path with percent-encoding, and the body.
    pub fn at(location: impl Into<String>, body: T) -> Self {
        Self {
            location: location.into(),
            body,
        }
    }
}

impl<T: IntoResponse> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let response = (StatusCode::CREATED, self.body).into_response();
        if response.extensions().get::<Failure>().is_some() {
            return response;
        }
        response.with_header(LOCATION, self.location)
    }
}

/// A type whose value is sent in one header: [`Display`] says how, and this in which.
pub trait WithHeaderField: Display {
    /// The header's name, lower case.
    const NAME: &'static str;
}

/// An answer with a header that its type says.
///
/// ```
/// use std::fmt;
/// use fw::{IntoResponse, Json, response::{WithHeader, WithHeaderField}};
///
/// struct ETag(u32);
///
/// impl WithHeaderField for ETag {
///     const NAME: &'static str = "etag";
/// }
///
/// impl fmt::Display for ETag {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "\"{}\"", self.0)
///     }
/// }
///
/// let response = WithHeader(Json("lamp"), ETag(7)).into_response();
/// assert_eq!(response.headers()["etag"], "\"7\"");
/// ```
///
/// A value that no header may hold answers 500, as [`with_header`](IntoResponse::with_header) does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WithHeader<T, H>(pub T, pub H);

impl<T: IntoResponse, H: WithHeaderField> IntoResponse for WithHeader<T, H> {
    const STREAMS: bool = T::STREAMS;

    fn into_response(self) -> Response {
        self.0.with_header(H::NAME, self.1.to_string())
    }
}

/// One of two answers, as `Either<Json<Order>, Status<304>>`.
///
/// ```
/// use fw::{IntoResponse, Json, response::{Either, Status}};
///
/// fn answer(known: bool) -> Either<Json<u32>, Status<304>> {
///     if known { Either::Right(Status(())) } else { Either::Left(Json(7)) }
/// }
/// assert_eq!(answer(true).into_response().status(), 304);
/// assert_eq!(answer(false).into_response().status(), 200);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first.
    Left(A),
    /// The second.
    Right(B),
}

impl<A: IntoResponse, B: IntoResponse> IntoResponse for Either<A, B> {
    const STREAMS: bool = A::STREAMS || B::STREAMS;

    fn into_response(self) -> Response {
        match self {
            Self::Left(answer) => answer.into_response(),
            Self::Right(answer) => answer.into_response(),
        }
    }
}
