//! Rejections: why an argument could not be read from a request, a struct for each way it fails.
//!
//! A rejection becomes an [`Error`] through `From`, and so the response, unless the handler takes a
//! `Result<T, T::Rejection>`. If an extractor can fail in several ways, its rejection is an enum of
//! these structs.
//!
//! They do not implement [`std::error::Error`], although each has `Debug` and `Display`: the
//! conversion that turns an unexpected error into a 500 takes every standard error, and these have
//! their own status.
//!
//! | rejection | status | where |
//! |---|---|---|
//! | [`EmptyBody`] | 400 | body |
//! | [`JsonSyntax`] | 400 | body, line and column |
//! | [`JsonShape`] | 422 | body, JSON pointer |
//! | [`InvalidBody`] | 422 | body, a JSON pointer for each |
//! | [`FormShape`] | 422 | body, field |
//! | [`InvalidUtf8`] | 400 | body, byte |
//! | [`UnsupportedContentType`] | 415 | – |
//! | [`InvalidQuery`] | 400 | query, parameter |
//! | [`InvalidHeader`] | 400 | header |
//! | [`NoCredentials`] | 401 | – |
//! | [`UnexpectedClaims`] | 403 | – |
//! | [`UnknownSourceIp`], [`UnexpectedEvent`], [`MissingExtension`], [`NoAuthorizer`] | 500 | – |

use std::{borrow::Cow, fmt};

use http::{HeaderValue, StatusCode, header::ACCEPT};

use crate::{
    error::{Error, Problem},
    escaped::Escaped,
};

pub use crate::extract::ParamError;

/// Gives a struct its status, its text and its error: the problem that it is.
macro_rules! problem {
    ($name:ident, $status:ident, |$this:ident| $problem:expr) => {
        problem!(@display $name, $status, |$this| $problem);

        impl From<$name> for Error {
            fn from(rejection: $name) -> Self {
                Self::new(rejection.status(), "").with_sole_problem(rejection.problem())
            }
        }
    };
    // With a list of further problems.
    ($name:ident, $status:ident, |$this:ident| $problem:expr, more) => {
        problem!(@display $name, $status, |$this| $problem);

        impl From<$name> for Error {
            fn from(rejection: $name) -> Self {
                #[cfg(feature = "schema")]
                if !rejection.more.is_empty() {
                    let mut problems = vec![rejection.problem()];
                    problems.extend(rejection.more.iter().map($name::problem));
                    return Self::new(rejection.status(), "").with_problems(problems);
                }
                Self::new(rejection.status(), "").with_sole_problem(rejection.problem())
            }
        }
    };
    (@display $name:ident, $status:ident, |$this:ident| $problem:expr) => {
        impl $name {
            /// The status that it answers with.
            #[must_use]
            pub fn status(&self) -> StatusCode {
                StatusCode::$status
            }

            fn problem(&self) -> Problem {
                let $this = self;
                $problem
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.problem().fmt(f)
            }
        }
    };
}

/// Makes an enum of such structs.
macro_rules! either {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident($inner:ident),)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant($inner),)+
        }

        impl $name {
            /// The status that it answers with.
            #[must_use]
            pub fn status(&self) -> StatusCode {
                match self {
                    $(Self::$variant(inner) => inner.status(),)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant(inner) => inner.fmt(f),)+
                }
            }
        }

        impl From<$name> for Error {
            fn from(rejection: $name) -> Self {
                match rejection {
                    $($name::$variant(inner) => inner.into(),)+
                }
            }
        }

        $(impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self::$variant(inner)
            }
        })+
    };
}

/// 400: there is no body, but one is required.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmptyBody {}

problem!(EmptyBody, BAD_REQUEST, |_this| Problem::body(
    "body is empty"
));

/// 400: the body is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonSyntax {
    /// The problem, for the client.
    pub detail: String,
    /// The line of the first wrong byte, from 1.
    pub line: usize,
    /// The bytes of that line up to and with it.
    pub column: usize,
}

problem!(JsonSyntax, BAD_REQUEST, |this| Problem::body(format!(
    "body is not JSON: {} at line {} column {}",
    this.detail, this.line, this.column
)));

/// 422: the body is JSON, but does not match the handler's type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonShape {
    /// The problem, for the client.
    pub detail: String,
    /// The place, as a JSON pointer (RFC 6901); empty for the whole body.
    pub pointer: String,
}

problem!(JsonShape, UNPROCESSABLE_ENTITY, |this| Problem::pointer(
    this.pointer.clone(),
    this.detail.clone()
));

/// 422: the body was read, but its values do not match its schema, or its own check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidBody {
    /// All that is wrong, each with its place; at least one.
    pub problems: Vec<Problem>,
}

impl InvalidBody {
    /// The status that it answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

impl fmt::Display for InvalidBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let semicolon = if index == 0 { "" } else { "; " };
            write!(f, "{semicolon}{problem}")?;
        }
        Ok(())
    }
}

impl From<InvalidBody> for Error {
    fn from(rejection: InvalidBody) -> Self {
        Self::new(rejection.status(), "").with_problems(rejection.problems)
    }
}

/// 422: the body is a form, but does not match the handler's type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormShape {
    /// The problem, for the client.
    pub detail: String,
    /// The field, if a single one is the cause.
    pub field: Option<String>,
    /// What else is wrong, where the form is read and its values are not as its schema says.
    #[cfg(feature = "schema")]
    pub more: Vec<Self>,
}

problem!(
    FormShape,
    UNPROCESSABLE_ENTITY,
    |this| match &this.field {
        Some(field) => Problem::field(field.clone(), this.detail.clone()),
        None => Problem::body(format!("body is not the expected form: {}", this.detail)),
    },
    more
);

/// 400: the body is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidUtf8 {
    /// The offset of the first wrong byte, from 0.
    pub offset: usize,
}

problem!(InvalidUtf8, BAD_REQUEST, |this| Problem::body(format!(
    "body is not UTF-8 at byte {}",
    this.offset
)));

/// 400: the query is not of the shape that the handler reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidQuery {
    /// The problem, for the client.
    pub detail: String,
    /// The parameter, if a single one is the cause.
    pub name: Option<String>,
    /// What else is wrong, where the query is read and its values are not as its schema says.
    #[cfg(feature = "schema")]
    pub more: Vec<Self>,
}

problem!(
    InvalidQuery,
    BAD_REQUEST,
    |this| match &this.name {
        Some(name) => Problem::query(name.clone(), this.detail.clone()),
        None => Problem::whole_query(format!("query: {}", this.detail)),
    },
    more
);

/// 400: a header is missing or cannot be read.
///
/// The detail does not repeat the header's value, which may be a secret, unless the value's own type does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidHeader {
    /// The problem, for the client.
    pub detail: Cow<'static, str>,
    /// The header's name.
    pub name: &'static str,
}

problem!(InvalidHeader, BAD_REQUEST, |this| Problem::header(
    this.name,
    this.detail.clone()
));

/// 415: the body's content type is not one that the handler reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsupportedContentType {
    /// The content type of the request, when it has one.
    pub found: Option<String>,
    /// The one to send instead.
    pub expected: &'static str,
}

impl UnsupportedContentType {
    /// The status that it answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    }
}

impl fmt::Display for UnsupportedContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, expected } = self;
        match found {
            Some(found) => write!(
                f,
                "body is `{}`: send `content-type: {expected}`",
                Escaped(found)
            ),
            None => write!(f, "body has no type: send `content-type: {expected}`"),
        }
    }
}

/// RFC 9110 §15.5.16: `Accept` names what would have been taken.
impl From<UnsupportedContentType> for Error {
    fn from(rejection: UnsupportedContentType) -> Self {
        Self::unsupported_media_type(rejection.to_string())
            .with_header(ACCEPT, HeaderValue::from_static(rejection.expected))
    }
}

/// 401: the request brings no bearer token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoCredentials {}

impl NoCredentials {
    /// The status that it answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::UNAUTHORIZED
    }
}

impl fmt::Display for NoCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bearer token is required: send `authorization: Bearer …`")
    }
}

impl From<NoCredentials> for Error {
    fn from(rejection: NoCredentials) -> Self {
        Self::unauthorized(rejection.to_string())
    }
}

/// Gives a struct the status 500: its text is the cause in the log, and the client reads none of
/// it.
macro_rules! internal {
    ($name:ident) => {
        impl $name {
            /// The status that it answers with.
            #[must_use]
            pub fn status(&self) -> StatusCode {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }

        impl From<$name> for Error {
            fn from(rejection: $name) -> Self {
                Self::internal(rejection.to_string())
            }
        }
    };
}

/// 500: the event has no source address, as when a function is invoked by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownSourceIp {}

internal!(UnknownSourceIp);

impl fmt::Display for UnknownSourceIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event has no source address: take `Option<SourceIp>` if that can happen")
    }
}

/// 500: the event does not match the handler's type. The gateway created it, not the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnexpectedEvent {
    /// The problem and its place: for the log.
    pub detail: String,
    /// The type that it was read as.
    pub expected: &'static str,
}

internal!(UnexpectedEvent);

impl fmt::Display for UnexpectedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { detail, expected } = self;
        write!(f, "the event cannot be read as `{expected}`: {detail}")
    }
}

/// 500: no middleware has added this value to the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingExtension {
    /// The type of the value.
    pub expected: &'static str,
}

internal!(MissingExtension);

impl fmt::Display for MissingExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected } = self;
        write!(
            f,
            "no middleware has inserted a `{expected}` into the request's extensions: is its layer on this route?"
        )
    }
}

/// 500: the handler needs the caller, but the route does not check callers. The route lacks
/// something, not the request; and a handler that relies on the caller must not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoAuthorizer {
    /// The missing value, and where to look.
    pub(crate) what: &'static str,
}

internal!(NoAuthorizer);

impl fmt::Display for NoAuthorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event has no {}?", self.what)
    }
}

/// 403: the token is valid, but lacks a claim that the handler needs, or has it in another shape.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnexpectedClaims {
    /// The problem: for the log.
    pub detail: String,
    /// The type that they were read as.
    pub expected: &'static str,
}

impl UnexpectedClaims {
    /// The status that it answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
}

impl fmt::Display for UnexpectedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { detail, expected } = self;
        write!(f, "the claims cannot be read as `{expected}`: {detail}")
    }
}

impl From<UnexpectedClaims> for Error {
    fn from(rejection: UnexpectedClaims) -> Self {
        Self::forbidden("the token does not have a claim that this route needs")
            .with_cause(rejection.to_string())
    }
}

either! {
    /// Why [`Claims`](crate::extract::Claims) could not be read.
    ClaimsRejection {
        /// Nobody asked for a token.
        NoAuthorizer(NoAuthorizer),
        /// The token has others.
        Claims(UnexpectedClaims),
    }
}

either! {
    /// Why an [`AuthContext`](crate::extract::AuthContext) could not be read.
    ContextRejection {
        /// No authorizer was asked.
        NoAuthorizer(NoAuthorizer),
        /// The context is of another shape.
        Context(UnexpectedEvent),
    }
}

either! {
    /// Why a [`Json`](crate::Json) could not be read.
    JsonRejection {
        /// There is no body.
        EmptyBody(EmptyBody),
        /// The body is of another type.
        ContentType(UnsupportedContentType),
        /// It is not JSON.
        Syntax(JsonSyntax),
        /// It is JSON of another shape.
        Shape(JsonShape),
        /// Its values are not allowed.
        Invalid(InvalidBody),
    }
}

either! {
    /// Why a [`Form`](crate::extract::Form) could not be read.
    FormRejection {
        /// There is no body.
        EmptyBody(EmptyBody),
        /// The body is of another type.
        ContentType(UnsupportedContentType),
        /// It is not UTF-8.
        Utf8(InvalidUtf8),
        /// It is a form of another shape.
        Shape(FormShape),
    }
}
