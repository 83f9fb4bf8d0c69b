//! Problems of a request's parameters and body, and how all of them get into one response.

use std::{borrow::Cow, fmt};

use http::StatusCode;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Error, Result};
use crate::response::{IntoResponse, Response};
use fw_manifest::Place;

/// One problem of a request, and its place: an entry of a problem document's `errors`.
///
/// ```
/// use fw::error::Problem;
///
/// let problem = Problem::query("page", "must be at least 1");
/// assert_eq!(problem.to_string(), "query parameter `page`: must be at least 1");
/// assert_eq!(
///     serde_json::to_string(&problem).unwrap(),
///     r#"{"in":"query","name":"page","detail":"must be at least 1"}"#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    spot: Spot,
    detail: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Spot {
    Named(&'static str, Cow<'static, str>),
    Pointer(Cow<'static, str>),
    Whole(&'static str),
}

impl Problem {
    /// Of the path parameter of that name.
    pub fn path(name: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::at(Place::Path, name, detail)
    }

    /// Of the query parameter of that name.
    pub fn query(name: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::at(Place::Query, name, detail)
    }

    /// Of the header of that name.
    pub fn header(
        name: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::at(Place::Header, name, detail)
    }

    /// Of the cookie of that name.
    pub fn cookie(
        name: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(Spot::Named("cookie", name.into()), detail)
    }

    /// Of the body's place that a JSON pointer (RFC 6901) names: `/items/0/count`, or `""` for all of it.
    pub fn pointer(
        pointer: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(Spot::Pointer(pointer.into()), detail)
    }

    /// Of the form field of that name, in the body.
    pub fn field(name: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::at(Place::Body, name, detail)
    }

    /// For the body as a whole; the detail is then a sentence that says so: `body is empty`.
    pub fn body(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Spot::Whole(Place::Body.as_str()), detail)
    }

    pub(crate) fn at(
        place: Place,
        name: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(Spot::Named(place.as_str(), name.into()), detail)
    }

    /// For the query, if no single parameter is the cause.
    pub(crate) fn whole_query(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Spot::Whole(Place::Query.as_str()), detail)
    }

    fn new(spot: Spot, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self { spot, detail }
    }

    /// Its place: `path`, `query`, `header`, `cookie` or `body`.
    #[must_use]
    pub fn place(&self) -> &'static str {
        match self.spot {
            Spot::Named(place, _) | Spot::Whole(place) => place,
            Spot::Pointer(_) => Place::Body.as_str(),
        }
    }

    /// The parameter's name, where one is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.spot {
            Spot::Named(_, name) => Some(name),
            Spot::Pointer(_) | Spot::Whole(_) => None,
        }
    }

    /// The JSON pointer, where the problem is a place in a JSON body.
    #[must_use]
    pub fn json_pointer(&self) -> Option<&str> {
        match &self.spot {
            Spot::Pointer(pointer) => Some(pointer),
            Spot::Named(..) | Spot::Whole(_) => None,
        }
    }

    /// The problem, for the client.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.spot {
            Spot::Named("header", name) => write!(f, "header `{name}`")?,
            Spot::Named("cookie", name) => write!(f, "cookie `{name}`")?,
            Spot::Named("body", name) => write!(f, "form field `{name}`")?,
            Spot::Named(place, name) => write!(f, "{place} parameter `{name}`")?,
            Spot::Pointer(pointer) if pointer.is_empty() => f.write_str("body")?,
            Spot::Pointer(pointer) => write!(f, "body at `{pointer}`")?,
            Spot::Whole(_) => return f.write_str(&self.detail),
        }
        write!(f, ": {}", self.detail)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("in", self.place())?;
        if let Some(name) = self.name() {
            map.serialize_entry("name", name)?;
        }
        if let Some(pointer) = self.json_pointer() {
            map.serialize_entry("pointer", pointer)?;
        }
        map.serialize_entry("detail", &*self.detail)?;
        map.end()
    }
}

impl Error {
    /// Sets this problem as the only one; its text becomes the error's.
    pub(crate) fn with_sole_problem(mut self, problem: Problem) -> Self {
        self.0.detail = problem.to_string().into();
        self.0.problems = vec![problem];
        self
    }

    /// Sets these problems as the only ones. If there is only one, its text becomes the error's.
    pub(crate) fn with_problems(mut self, problems: Vec<Problem>) -> Self {
        self.0.detail = match problems.as_slice() {
            [problem] => problem.to_string().into(),
            problems => summary(problems).into(),
        };
        self.0.problems = problems;
        self
    }

    /// True if it has problems of parameters, so that it can be sent with others in one response.
    fn is_of_parameters(&self) -> bool {
        !self.0.problems.is_empty()
            && matches!(
                self.0.status,
                StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
            )
    }

    /// Takes over the problems of another.
    fn absorb(&mut self, other: Self) {
        if other.0.status == StatusCode::BAD_REQUEST {
            self.0.status = StatusCode::BAD_REQUEST;
        }
        if self.0.code != other.0.code {
            self.0.code = None;
        }
        self.0.problems.extend(other.0.problems);
        self.0.detail = summary(&self.0.problems).into();
        if self.0.cause.is_none() {
            self.0.cause = other.0.cause;
        }
        for (name, value) in &other.0.headers {
            if !self.0.headers.contains_key(name) {
                self.0.headers.insert(name, value.clone());
            }
        }
    }
}

fn summary(problems: &[Problem]) -> String {
    format!("{} problems, listed in `errors`", problems.len())
}

/// Collects all problems of a request's arguments, so that one response has them all.
///
/// Errors with [problems](Error::problems) and a status of 400 or 422 become one, in the order of
/// the arguments: 400 if any is, because a malformed request cannot be judged further. Any other
/// error (401, 413, 415, 500) is sent alone, the first of them.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Problems {
    alone: Option<Error>,
    together: Option<Error>,
}

impl Problems {
    /// No problems yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value, or `None` with the error kept.
    pub fn keep<T, E: Into<Error>>(&mut self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(error.into());
                None
            }
        }
    }

    #[cold]
    fn add(&mut self, error: Error) {
        if !error.is_of_parameters() {
            self.alone.get_or_insert(error);
        } else if let Some(first) = &mut self.together {
            first.absorb(error);
        } else {
            self.together = Some(error);
        }
    }

    /// The answer.
    #[must_use]
    pub fn into_response(self) -> Response {
        self.into_error().into_response()
    }

    /// The same for a returned error.
    ///
    /// # Errors
    ///
    /// Always: all of it as one.
    pub fn refuse<T>(self) -> Result<T> {
        Err(self.into_error())
    }

    fn into_error(self) -> Error {
        self.alone
            .or(self.together)
            .unwrap_or_else(|| Error::internal("an extractor failed without an error"))
    }
}
