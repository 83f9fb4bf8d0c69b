//! All headers.

use std::{convert::Infallible, ops::Deref};

use http::HeaderMap;

use super::FromRequest;
use crate::request::Request;

/// All headers of the request, including repeats. For one header, [`Header`](super::Header) is
/// cheaper and gives better errors.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Headers};
///
/// let request = Request::new(Method::GET, "/").with_header("Accept", "text/html").with_header("accept", "*/*");
/// let Ok(headers) = Headers::from_request(&request);
/// assert_eq!(headers.get_all("accept").iter().count(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub HeaderMap);

impl Deref for Headers {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.0
    }
}

impl FromRequest for Headers {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(Self(request.headers().clone()))
    }
}
