//! Errors: what a handler answers with when it cannot do what it was asked.
//!
//! An [`Error`] has two sides. The public side (status, code, detail, problems, headers) is sent as
//! a problem document (RFC 9457). The private side, the cause, is never sent: it goes to the log
//! with the request's id.

mod document;
mod mapping;
mod own_answer;
mod problem;

use std::{any::type_name, borrow::Cow, error::Error as StdError, fmt};

use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ALLOW, WWW_AUTHENTICATE},
};

use crate::{
    extract::ParamError,
    response::{IntoResponse, Response, header_pair},
};

pub use self::{
    document::Failure,
    problem::{Problem, Problems},
};
pub(crate) use self::{document::finish, mapping::ErrorMap};

/// A handler's result; its error is [`Error`] unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A cause that is kept for the log.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The public text of an unexpected error.
const UNEXPECTED: &str = "an unexpected error occurred";

/// An error that a handler answers with: a 4xx or 5xx status, a public text, and a private cause.
///
/// `?` turns any standard error into one: a 500 with a fixed text, and the standard error as the
/// cause. Your own error type keeps its status if the app [maps it](crate::App::map_error). Use a
/// constructor to say what a client should read:
///
/// ```
/// use fw::{Error, Result};
///
/// fn age(text: &str) -> Result<u8> {
///     let age: u8 = text.parse()?; // answers 500: the client learns nothing of the cause
///     if age < 18 {
///         return Err(Error::forbidden("for adults only").with_code("too_young"));
///     }
///     Ok(age)
/// }
///
/// assert_eq!(age("old").unwrap_err().status(), 500);
/// assert_eq!(age("17").unwrap_err().code(), "too_young");
/// # assert_eq!(age("18").unwrap(), 18);
/// ```
///
/// It does not implement [`std::error::Error`]: if it did, the conversion from any standard error
/// could not exist. For the same reason rejections do not. For an error type that is not a standard
/// error (`anyhow::Error`, `Box<dyn Error>`), write `.map_err(Error::internal)?`.
///
/// It has the size of one pointer, so a `Result` of a small value stays small.
pub struct Error(Box<Inner>);

struct Inner {
    status: StatusCode,
    code: Option<Cow<'static, str>>,
    detail: Cow<'static, str>,
    problems: Vec<Problem>,
    headers: HeaderMap,
    cause: Option<BoxError>,
    /// The cause's type, if the cause came by `?` although its type implements [`IntoResponse`].
    own_answer: Option<&'static str>,
}

impl Error {
    /// An error of that status, with a text for the client.
    ///
    /// An error's status is 4xx or 5xx. Any other is a mistake in the program: the response is a
    /// 500, and the cause in the log names the given status.
    ///
    /// ```
    /// use fw::{Error, StatusCode};
    ///
    /// assert_eq!(Error::new(StatusCode::IM_A_TEAPOT, "no coffee here").status(), 418);
    /// assert_eq!(Error::new(StatusCode::OK, "all is well").status(), 500);
    /// ```
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        if status.is_client_error() || status.is_server_error() {
            Self::of(status, detail.into())
        } else {
            Self::internal(format!(
                "`Error::new` takes a 4xx or 5xx status, but was given {status}: {}",
                detail.into()
            ))
        }
    }

    fn of(status: StatusCode, detail: Cow<'static, str>) -> Self {
        Self(Box::new(Inner {
            status,
            code: None,
            detail,
            problems: Vec::new(),
            headers: HeaderMap::new(),
            cause: None,
            own_answer: None,
        }))
    }

    /// 400: the request is malformed.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, detail.into())
    }

    /// 401: the request lacks valid credentials.
    ///
    /// RFC 9110 §15.5.2 asks for a challenge, which here is `WWW-Authenticate: Bearer`;
    /// `.with_header("www-authenticate", …)` replaces it.
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::of(StatusCode::UNAUTHORIZED, detail.into());
        let challenge = HeaderValue::from_static("Bearer");
        error.0.headers.insert(WWW_AUTHENTICATE, challenge);
        error
    }

    /// 403: the client is known, and may not do this.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::FORBIDDEN, detail.into())
    }

    /// 404: the resource does not exist.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::NOT_FOUND, detail.into())
    }

    /// 405: the path exists, but does not answer this method. The methods that it answers are sent
    /// in `Allow`.
    ///
    /// ```
    /// use fw::{Error, IntoResponse};
    ///
    /// let response = Error::method_not_allowed(["GET", "PUT"]).into_response();
    /// assert_eq!(response.headers()["allow"], "GET, PUT");
    /// ```
    pub fn method_not_allowed<M: AsRef<str>>(allowed: impl IntoIterator<Item = M>) -> Self {
        let mut list = String::new();
        for method in allowed {
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push_str(method.as_ref());
        }
        let detail = if list.is_empty() {
            "this path does not answer any method".to_owned()
        } else {
            format!("this path answers: {list}")
        };
        Self::of(StatusCode::METHOD_NOT_ALLOWED, detail.into()).with_header(ALLOW, list)
    }

    /// 409: the request does not fit the state of things.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::CONFLICT, detail.into())
    }

    /// 410: it was here, and will not come back.
    pub fn gone(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::GONE, detail.into())
    }

    /// 413: the body is larger than this handler accepts.
    pub fn payload_too_large(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, detail.into())
    }

    /// 415: the body is of a type that this handler does not read.
    pub fn unsupported_media_type(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail.into())
    }

    /// 422: the request is well formed, but its content is not valid.
    pub fn unprocessable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::UNPROCESSABLE_ENTITY, detail.into())
    }

    /// 429: the client asks too often. Say how long to wait with `.with_header("retry-after", seconds)`.
    pub fn too_many_requests(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::TOO_MANY_REQUESTS, detail.into())
    }

    /// 500: something went wrong that the client has no part in. The client reads a fixed text, the log the cause.
    ///
    /// The cause is any standard error, a text, or a boxed error. So `.map_err(Error::internal)`
    /// accepts errors that `?` alone does not, such as `anyhow::Error`.
    ///
    /// ```
    /// use fw::Error;
    ///
    /// let error = Error::internal("the table has no index");
    /// assert_eq!(error.detail(), "an unexpected error occurred");
    /// assert_eq!(format!("{error:#}"), "an unexpected error occurred: the table has no index");
    /// ```
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, UNEXPECTED.into()).with_cause(cause)
    }

    /// 503: something that this handler needs is not available now. Say when to come back with
    /// `.with_header("retry-after", seconds)`.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::SERVICE_UNAVAILABLE, detail.into())
    }
}

impl Error {
    /// Sets the code: a short word by which a program distinguishes this error from others with its
    /// status.
    ///
    /// By default it follows from the status: `not_found`, `conflict`, ….
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the cause, which goes to the log and which the client never reads.
    ///
    /// ```
    /// use fw::Error;
    ///
    /// let full = std::io::Error::other("disk full");
    /// let error = Error::unavailable("uploads are closed").with_cause(full);
    /// assert_eq!(error.causes().map(ToString::to_string).collect::<Vec<_>>(), ["disk full"]);
    /// ```
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<BoxError>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Sets a response header, which replaces any header with this name.
    ///
    /// A name or value that HTTP does not allow turns the error into a 500 whose cause says so;
    /// nothing of the header is sent.
    ///
    /// ```
    /// use fw::{Error, IntoResponse};
    ///
    /// let response = Error::too_many_requests("ten a minute").with_header("retry-after", 60).into_response();
    /// assert_eq!(response.headers()["retry-after"], "60");
    /// ```
    #[must_use]
    pub fn with_header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        match header_pair(name, value) {
            Ok((name, value)) => {
                self.0.headers.insert(name, value);
                self
            }
            Err(cause) => Self::internal(cause),
        }
    }

    /// Adds a problem of the request's parameters or body.
    ///
    /// If an extractor returns an error with problems and a status of 400 or 422, it is sent
    /// together with all others of its kind.
    ///
    /// ```
    /// use fw::{Error, error::Problem};
    ///
    /// let error = Error::unprocessable("the order is not complete")
    ///     .with_problem(Problem::pointer("/items/0/count", "must be at least 1"))
    ///     .with_problem(Problem::pointer("/address", "missing"));
    /// assert_eq!(error.problems().len(), 2);
    /// ```
    #[must_use]
    pub fn with_problem(mut self, problem: Problem) -> Self {
        self.0.problems.push(problem);
        self
    }

    /// The status, 4xx or 5xx.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code: the one set with [`with_code`](Self::with_code), or the word for the status.
    #[must_use]
    pub fn code(&self) -> &str {
        let given = self.0.code.as_deref();
        given.unwrap_or_else(|| document::code(self.0.status))
    }

    /// The text that the client reads.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The problems of the request's parameters and body, if this error has any.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// The response's further headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The cause, the cause's cause, and so on; nothing where no cause is known.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        chain(self.0.cause.as_deref().map(|cause| cause as _))
    }

    /// The first cause in the chain that is an `E`.
    ///
    /// ```
    /// # use fw::Error;
    /// let error: Error = std::io::Error::other("disk full").into();
    /// assert!(error.find_cause::<std::io::Error>().is_some());
    /// ```
    #[must_use]
    pub fn find_cause<E: StdError + 'static>(&self) -> Option<&E> {
        self.causes().find_map(|cause| cause.downcast_ref())
    }
}

/// An error and all that caused it, the outermost first.
fn chain<'a>(
    first: Option<&'a (dyn StdError + 'static)>,
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(first, |&error| error.source())
}

/// The detail; with `{:#}` followed by the chain of causes, each after a colon.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)?;
        if f.alternate() {
            for cause in self.causes() {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

/// All of it, the cause with its chain.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.0.status)
            .field("code", &self.code())
            .field("detail", &self.0.detail)
            .field("problems", &self.0.problems)
            .field("headers", &self.0.headers)
            .field("cause", &self.0.cause)
            .finish()
    }
}

/// An error that `?` turns into an [`Error`].
///
/// Every standard error is one: it answers 500 unless the app [maps its type](crate::App::map_error). Implement this trait only for an error
/// type that does not implement [`std::error::Error`], and give its answer here. `impl From<YourError> for fw::Error` does the same.
///
/// ```
/// use fw::{Error, error::IntoError};
///
/// struct SoldOut;
///
/// impl IntoError for SoldOut {
///     fn into_error(self) -> Error {
///         Error::conflict("all seats are taken")
///     }
/// }
///
/// fn seat() -> fw::Result<u32> {
///     Err(SoldOut)?
/// }
///
/// assert_eq!(seat().unwrap_err().status(), 409);
/// ```
// rustc shows the trait's name and the label where `?` fails, and nothing else of this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become a `fw::Error`",
    label = "derive `thiserror::Error` for `{Self}` and give its status with `App::map_error(|error: &{Self}| …)`, or write `impl From<{Self}> for fw::Error`",
    note = "derive `thiserror::Error` for `{Self}` and give its status with `App::map_error(|error: &{Self}| …)`, or write `impl From<{Self}> for fw::Error`"
)]
pub trait IntoError {
    /// Returns the error that the client gets.
    fn into_error(self) -> Error;
}

// `Infallible` is a standard error, so this covers extractors that cannot fail as well.
#[diagnostic::do_not_recommend]
impl<E: StdError + Send + Sync + 'static> IntoError for E {
    fn into_error(self) -> Error {
        let mut error = Error::internal(self);
        if own_answer::exists::<E>() {
            error.0.own_answer = Some(type_name::<E>());
        }
        error
    }
}

impl<E: IntoError> From<E> for Error {
    fn from(error: E) -> Self {
        error.into_error()
    }
}

impl From<ParamError> for Error {
    fn from(error: ParamError) -> Self {
        Self::bad_request("").with_sole_problem(Problem::at(error.place, error.name, error.detail))
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        document::render(*self.0)
    }
}
