//! Bearer tokens.

use std::fmt;

use super::FromRequest;
use crate::{rejection::NoCredentials, request::Request};

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1), not verified. `Debug` keeps it to itself.
///
/// A request without one gets 401 with `WWW-Authenticate: Bearer`; `Option<Bearer>` is `None` if
/// there is no `Authorization` header.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Bearer};
///
/// let request = Request::new(Method::GET, "/").with_header("authorization", "bearer a.b.c");
/// assert_eq!(Bearer::from_request(&request).unwrap().0, "a.b.c");
///
/// let request = Request::new(Method::GET, "/");
/// assert_eq!(Bearer::from_request(&request).unwrap_err().status(), 401);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(pub String);

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bearer").finish_non_exhaustive()
    }
}

impl FromRequest for Bearer {
    type Rejection = NoCredentials;

    fn from_request(request: &Request<'_>) -> Result<Self, NoCredentials> {
        let value = request.header("authorization").unwrap_or_default();
        match value.trim().split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Ok(Self(token.trim_start().to_owned()))
            }
            _ => Err(NoCredentials {}),
        }
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.header("authorization").is_none()
    }
}
