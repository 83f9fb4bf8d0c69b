//! Path and query parameters.

use std::{borrow::Cow, fmt, str::FromStr};

use super::shorten;
use crate::{escaped::Escaped, request::Request};
use fw_manifest::Place;

/// The values of one parameter in a request.
#[derive(Clone, Copy, Debug)]
pub struct Param<'r> {
    request: &'r Request<'r>,
    name: &'static str,
    place: Place,
    /// The only value where the request has none.
    default: Option<&'static str>,
}

impl<'r> Param<'r> {
    /// The path parameter of that name.
    #[must_use]
    pub fn path(request: &'r Request<'r>, name: &'static str) -> Self {
        Self {
            request,
            name,
            place: Place::Path,
            default: None,
        }
    }

    /// The query parameter of that name.
    #[must_use]
    pub fn query(request: &'r Request<'r>, name: &'static str) -> Self {
        Self {
            request,
            name,
            place: Place::Query,
            default: None,
        }
    }

    /// The same parameter, with this value where the request has none: `<name=value>` in a route's query.
    #[must_use]
    pub fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// Its values, decoded, in the request's order: one for a path parameter, any number for a
    /// query parameter.
    pub fn values(self) -> impl Iterator<Item = &'r str> {
        let path = if self.place == Place::Path {
            self.request.path_param(self.name)
        } else {
            None
        };
        let query = (self.place == Place::Query).then(|| self.request.query_values(self.name));
        let mut values = path
            .into_iter()
            .chain(query.into_iter().flatten())
            .peekable();
        let default = match values.peek() {
            Some(_) => None,
            None => self.default,
        };
        values.chain(default)
    }

    /// The only value, if there is one.
    ///
    /// # Errors
    ///
    /// If the query has it more than once: taking the first or the last would be a guess.
    pub fn at_most_one(self) -> Result<Option<&'r str>, ParamError> {
        let mut values = self.values();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        match values.count() {
            0 => Ok(Some(value)),
            more => Err(self.error(format!("given {} times, expected once", more + 1))),
        }
    }

    /// The one value.
    ///
    /// # Errors
    ///
    /// If there is none, or more than one.
    pub fn one(self) -> Result<&'r str, ParamError> {
        self.at_most_one()?.ok_or_else(|| self.error("missing"))
    }

    fn error(self, detail: impl Into<Cow<'static, str>>) -> ParamError {
        ParamError {
            name: self.name,
            place: self.place,
            detail: detail.into(),
        }
    }

    fn parse<T: FromStr<Err: fmt::Display>>(self, value: &str) -> Result<T, ParamError> {
        value.parse().map_err(|error| self.misfit(&error, value))
    }

    /// Not generic, so that an app contains it once and not for each type.
    #[cold]
    fn misfit(self, error: &dyn fmt::Display, value: &str) -> ParamError {
        self.error(shorten(format!("{error}: `{}`", Escaped(value))))
    }
}

/// Why a path or query parameter could not be read: answered with 400.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParamError {
    /// The parameter's name.
    pub name: &'static str,
    /// Its place.
    pub place: Place,
    /// The problem, for the client.
    pub detail: Cow<'static, str>,
}

/// A path or query parameter's type.
///
/// Any [`FromStr`] type is one, and `&str`; in a query also `Option<T>` (may be missing) and
/// `Vec<T>` (may be repeated). `M` is inferred and only distinguishes these: you never need to name
/// it. To read your own type, implement [`FromStr`] with an error that a client may see.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a path or query parameter",
    label = "not a parameter type",
    note = "a parameter is `&str`, `String`, a number, `bool`, or any type that implements `std::str::FromStr` with an error that implements `Display`; in a query also `Option<T>` or `Vec<T>` of one of them"
)]
pub trait FromParam<'r, M>: Sized {
    /// True if a request without it is refused.
    const REQUIRED: bool = true;
    /// True if it may be repeated.
    const MULTIPLE: bool = false;

    /// Reads it.
    ///
    /// # Errors
    ///
    /// If it is missing, repeated, or does not parse.
    fn from_param(param: Param<'r>) -> Result<Self, ParamError>;
}

/// Marks a parameter that is parsed.
#[derive(Debug)]
pub enum Parsed {}
/// Marks a parameter that is borrowed from the request.
#[derive(Debug)]
pub enum Borrowed {}
/// Marks a parameter that may be missing.
#[derive(Debug)]
pub struct Optional<M>(M);
/// Marks a parameter that may be repeated.
#[derive(Debug)]
pub struct Repeated<M>(M);

#[diagnostic::do_not_recommend]
impl<'r, T: FromStr<Err: fmt::Display>> FromParam<'r, Parsed> for T {
    fn from_param(param: Param<'r>) -> Result<Self, ParamError> {
        param.parse(param.one()?)
    }
}

#[diagnostic::do_not_recommend]
impl<'r> FromParam<'r, Borrowed> for &'r str {
    fn from_param(param: Param<'r>) -> Result<Self, ParamError> {
        param.one()
    }
}

/// The content of `Option` and `Vec`: one value of a parameter.
trait FromValue<'r, M>: Sized {
    fn from_value(param: Param<'r>, value: &'r str) -> Result<Self, ParamError>;
}

impl<'r, T: FromStr<Err: fmt::Display>> FromValue<'r, Parsed> for T {
    fn from_value(param: Param<'r>, value: &'r str) -> Result<Self, ParamError> {
        param.parse(value)
    }
}

impl<'r> FromValue<'r, Borrowed> for &'r str {
    fn from_value(_: Param<'r>, value: &'r str) -> Result<Self, ParamError> {
        Ok(value)
    }
}

#[diagnostic::do_not_recommend]
impl<'r, T: FromValue<'r, M>, M> FromParam<'r, Optional<M>> for Option<T> {
    const REQUIRED: bool = false;

    fn from_param(param: Param<'r>) -> Result<Self, ParamError> {
        param
            .at_most_one()?
            .map(|value| T::from_value(param, value))
            .transpose()
    }
}

#[diagnostic::do_not_recommend]
impl<'r, T: FromValue<'r, M>, M> FromParam<'r, Repeated<M>> for Vec<T> {
    const REQUIRED: bool = false;
    const MULTIPLE: bool = true;

    fn from_param(param: Param<'r>) -> Result<Self, ParamError> {
        param
            .values()
            .map(|value| T::from_value(param, value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    /// The value that `T` reads from the query parameter `p` of this query.
    fn query<M, T>(query: &str, check: impl FnOnce(Result<T, ParamError>))
    where
        T: for<'r> FromParam<'r, M>,
    {
        let target = format!("/?{query}");
        let request = Request::new(Method::GET, &target);
        check(T::from_param(Param::query(&request, "p")));
    }

    fn detail<T: fmt::Debug>(result: Result<T, ParamError>) -> String {
        let error = result.unwrap_err();
        assert_eq!((error.name, error.place), ("p", Place::Query));
        error.detail.into_owned()
    }

    #[test]
    fn one_value_is_parsed() {
        query("p=7&q=8", |value| assert_eq!(value, Ok(7_u8)));
        query("p=a+b%2Fc", |value| {
            assert_eq!(value, Ok("a b/c".to_owned()));
        });
        query("p=true", |value| assert_eq!(value, Ok(true)));
        query("p=", |value| assert_eq!(value, Ok(String::new())));
        query("", |value| assert_eq!(detail::<u8>(value), "missing"));
        query("p=1&p=2&p=3", |value| {
            assert_eq!(detail::<u8>(value), "given 3 times, expected once");
        });
        query("p=300", |value| {
            assert_eq!(
                detail::<u8>(value),
                "number too large to fit in target type: `300`"
            );
        });
        query("p=%0A%1B", |value| {
            assert_eq!(
                detail::<u8>(value),
                "invalid digit found in string: `\\n\\u001b`"
            );
        });
    }

    #[test]
    fn a_client_does_not_choose_how_long_the_answer_is() {
        let long = format!("p={}", "9".repeat(10_000));
        query(&long, |value| {
            let detail = detail::<u8>(value);
            assert!(detail.len() < 400, "{}", detail.len());
            assert!(detail.starts_with("number too large to fit in target type: `999"));
        });
    }

    #[test]
    fn an_option_is_none_only_when_the_parameter_is_missing() {
        query("q=1", |value| assert_eq!(value, Ok(None::<u8>)));
        query("p=1", |value| assert_eq!(value, Ok(Some(1_u8))));
        query("p=", |value| {
            assert_eq!(
                detail::<Option<u8>>(value),
                "cannot parse integer from empty string: ``"
            );
        });
        query("p=1&p=1", |value| {
            assert_eq!(detail::<Option<u8>>(value), "given 2 times, expected once");
        });
    }

    #[test]
    fn a_list_takes_all_values_in_order() {
        query("p=2&q=0&p=1", |value| assert_eq!(value, Ok(vec![2_u8, 1])));
        query("", |value| assert_eq!(value, Ok(Vec::<u8>::new())));
        query("p=1&p=x", |value| {
            assert_eq!(
                detail::<Vec<u8>>(value),
                "invalid digit found in string: `x`"
            );
        });
    }

    #[test]
    fn text_is_borrowed_from_the_request() {
        let request = Request::new(Method::GET, "/?p=x").with_path_param("key", "a/b c");
        let key = <&str>::from_param(Param::path(&request, "key"));
        assert_eq!(key, Ok("a/b c"));
        let p = Option::<&str>::from_param(Param::query(&request, "p"));
        assert_eq!(p, Ok(Some("x")));
        // A name in the path is not looked for in the query, nor the reverse.
        assert!(<&str>::from_param(Param::path(&request, "p")).is_err());
        let key = Vec::<&str>::from_param(Param::query(&request, "key"));
        assert_eq!(key, Ok(vec![]));
    }
}
