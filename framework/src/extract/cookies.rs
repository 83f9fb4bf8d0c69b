//! The cookies that the client sends back.

use std::convert::Infallible;

use super::FromRequest;
use crate::request::Request;

/// The request's cookies (RFC 6265 §4.2), as sent: nothing is decoded, and quotes stay.
///
/// A name may occur several times, with paths or domains that the client does not send. Clients put
/// the one with the longest path first (§5.4), so [`get`](Self::get) returns the first. Parts that
/// are not `name=value` are ignored.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Cookies};
///
/// let request = Request::new(Method::GET, "/").with_cookie("theme=dark").with_cookie("session=q3J0");
/// let Ok(cookies) = Cookies::from_request(&request);
/// assert_eq!(cookies.get("session"), Some("q3J0"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// The first cookie of that name. Names are compared to the letter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// All cookies, name and value, in the request's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl FromRequest for Cookies {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        let pairs = request
            .cookies()
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.split_once('='))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .filter(|(name, _)| !name.is_empty());
        Ok(Self(pairs.collect()))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.cookies().next().is_none()
    }
}
