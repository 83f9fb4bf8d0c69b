//! The gateway's id of the request.

use std::{convert::Infallible, fmt, ops::Deref};

use super::FromRequest;
use crate::request::Request;

/// The gateway's id of the request: what its access logs name it by, and on an HTTP API the `apigw-requestid` header of the
/// answer. The log lines and the body of a 500 carry Lambda's id of the invocation instead
/// ([`LambdaContext::request_id`](crate::context::LambdaContext)).
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::RequestId};
///
/// let request = Request::new(Method::GET, "/").with_request_id("JCJJxhz4PHcEJgQ=");
/// let Ok(id) = RequestId::from_request(&request);
/// assert_eq!(id.to_string(), "JCJJxhz4PHcEJgQ=");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestId(pub String);

impl Deref for RequestId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for RequestId {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(Self(request.request_id().to_owned()))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.request_id().is_empty()
    }
}
