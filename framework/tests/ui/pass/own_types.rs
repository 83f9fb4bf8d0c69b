//! Types of the user's own in every place: parameters, extractors, responses.

use std::{fmt, num::ParseIntError, str::FromStr};

use fw::{
    Error, FromParam, FromRequest, IntoResponse, Request, Response, Routes,
    extract::{Param, ParamError},
    get, routes,
};

/// A parameter by its text.
#[derive(Debug)]
struct Id(u32);

impl FromStr for Id {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// A parameter that borrows, by a marker of its own.
#[derive(Debug)]
struct Words<'r>(Vec<&'r str>);

enum ByWords {}

impl<'r> FromParam<'r, ByWords> for Words<'r> {
    fn from_param(param: Param<'r>) -> Result<Self, ParamError> {
        Ok(Self(param.one()?.split(' ').collect()))
    }
}

struct User;

impl FromRequest for User {
    type Rejection = Error;

    fn from_request(request: &Request<'_>) -> Result<Self, Error> {
        match request.header("authorization") {
            Some(_) => Ok(Self),
            None => Err(Error::bad_request("who is it?")),
        }
    }
}

struct Page<T>(T);

impl<T: fmt::Debug> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        format!("{:?}", self.0).into_response()
    }
}

struct Refused;

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        Response::default()
    }
}

#[get("/<id>?<words>&<more>")]
async fn page<'a>(
    id: Id,
    words: Words<'a>,
    more: Vec<Id>,
    _: User,
    maybe: Option<User>,
    tried: Result<User, Error>,
) -> Result<Page<(Id, Words<'a>, Vec<Id>)>, Refused> {
    if maybe.is_none() || tried.is_err() {
        return Err(Refused);
    }
    Ok(Page((id, words, more)))
}

#[get("/opaque")]
async fn opaque() -> Result<impl IntoResponse, impl IntoResponse> {
    Ok::<_, Refused>(Page(1))
}

type Answer<T> = Result<T, Refused>;

#[get("/alias")]
async fn alias() -> Answer<Page<u8>> {
    Ok(Page(1))
}

fn main() {
    let routes: Routes<()> = routes![page, opaque, alias];
    let required: Vec<_> = routes.iter().flat_map(|route| route.info().params).collect();
    assert_eq!(
        required.iter().map(|param| (param.required, param.multiple)).collect::<Vec<_>>(),
        [(true, false), (true, false), (false, true)]
    );
}
