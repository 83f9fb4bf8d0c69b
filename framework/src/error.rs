//! Errors: a status, a public text, and a private cause.

use std::{convert::Infallible, fmt};

use http::StatusCode;

use crate::{
    extract::ParamError,
    response::{IntoResponse, Response},
};

/// A handler's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that a handler answers with.
pub struct Error {
    status: StatusCode,
    detail: String,
    problems: Vec<ParamError>,
}

impl Error {
    /// 400: the request is malformed.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            detail: detail.into(),
            problems: Vec::new(),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.status)
            .field("detail", &self.detail)
            .finish_non_exhaustive()
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            detail: error.to_string(),
            problems: Vec::new(),
        }
    }
}

impl From<ParamError> for Error {
    fn from(error: ParamError) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            detail: error.detail.to_string(),
            problems: vec![error],
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.detail.into_response();
        *response.status_mut() = self.status;
        response
    }
}

/// Collects all that is wrong with a request's arguments, so that one answer tells it all.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Problems {
    first: Option<Error>,
}

impl Problems {
    /// Nothing wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value, or `None` with the error kept.
    pub fn keep<T, E: Into<Error>>(&mut self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.first.get_or_insert(error.into());
                None
            }
        }
    }

    /// The answer.
    #[must_use]
    pub fn into_response(self) -> Response {
        self.first
            .map_or_else(|| ().into_response(), IntoResponse::into_response)
    }
}

// `Infallible` is a standard error, so the blanket conversion covers extractors that cannot fail.
const _: fn(Infallible) -> Error = <Error as From<Infallible>>::from;
