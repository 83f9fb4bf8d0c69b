//! The invocation's context.

use std::convert::Infallible;

use super::FromRequest;
use crate::{context::LambdaContext, request::Request};

/// The invocation's context: its deadline, and the function's name, version and memory.
impl FromRequest for LambdaContext {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(request.lambda().clone())
    }
}
