//! The request's method.

use std::convert::Infallible;

use http::Method;

use crate::{extract::FromRequest, request::Request};

impl FromRequest for Method {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(request.method().clone())
    }
}
