//! One header, read into a type.

use std::{convert::Infallible, fmt, str::FromStr};

use super::{FromRequest, content_type::essence};
use crate::{rejection::InvalidHeader, request::Request};

/// One header, read into a type that knows the header's name.
///
/// A missing header answers 400, as does one that does not parse; `Option<Header<H>>` is `None` when it is missing. Of a repeated
/// header the first value is read.
///
/// A type becomes a header with one more item in addition to its [`FromStr`]:
///
/// ```
/// use std::str::FromStr;
/// use fw::{FromRequest, Method, Request, extract::{Header, HeaderField}};
///
/// struct Tenant(u32);
///
/// impl HeaderField for Tenant {
///     const NAME: &'static str = "x-tenant";
/// }
///
/// impl FromStr for Tenant {
///     type Err = &'static str;
///
///     fn from_str(value: &str) -> Result<Self, Self::Err> {
///         value.parse().map(Tenant).map_err(|_| "must be a number")
///     }
/// }
///
/// let request = Request::new(Method::GET, "/").with_header("x-tenant", "7");
/// let Header(tenant) = Header::<Tenant>::from_request(&request).unwrap();
/// assert_eq!(tenant.0, 7);
///
/// let request = Request::new(Method::GET, "/").with_header("x-tenant", "acme");
/// let rejection = Header::<Tenant>::from_request(&request).err().unwrap();
/// assert_eq!(rejection.to_string(), "header `x-tenant`: must be a number");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header<H>(pub H);

/// A type that is read from one header: [`FromStr`] says how, and this trait says which.
///
/// The text of the `FromStr` error is sent to the client; it should not repeat a secret value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which header to read",
    label = "not a header's type",
    note = "write `impl HeaderField for {Self} {{ const NAME: &'static str = \"x-name\"; }}`, and implement `std::str::FromStr`"
)]
pub trait HeaderField: FromStr<Err: fmt::Display> {
    /// The header's name, lower case.
    const NAME: &'static str;
}

impl<H: HeaderField> FromRequest for Header<H> {
    type Rejection = InvalidHeader;

    fn from_request(request: &Request<'_>) -> Result<Self, InvalidHeader> {
        let reject = |detail| InvalidHeader {
            detail,
            name: H::NAME,
        };
        let value = request
            .header(H::NAME)
            .ok_or_else(|| reject("missing".into()))?;
        value
            .parse()
            .map(Header)
            .map_err(|error: H::Err| reject(error.to_string().into()))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.header(H::NAME).is_none()
    }
}

/// The `Authorization` header (RFC 9110 §11.6.2), not verified. `Debug` keeps the credentials to itself.
///
/// To ask for a bearer token, and answer 401 without one, take [`Bearer`](super::Bearer).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// The scheme as sent: `Basic`, `Bearer`, …; compare it without regard to case.
    pub scheme: String,
    /// The part after the scheme.
    pub credentials: String,
}

impl HeaderField for Authorization {
    const NAME: &'static str = "authorization";
}

impl FromStr for Authorization {
    type Err = &'static str;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        match value.trim().split_once(' ') {
            Some((scheme, credentials)) if !scheme.is_empty() => Ok(Self {
                scheme: scheme.to_owned(),
                credentials: credentials.trim_start().to_owned(),
            }),
            _ => Err("must be a scheme, a space and credentials"),
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// The `User-Agent` header: the client's name for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(pub String);

impl HeaderField for UserAgent {
    const NAME: &'static str = "user-agent";
}

impl FromStr for UserAgent {
    type Err = Infallible;

    fn from_str(value: &str) -> Result<Self, Infallible> {
        Ok(Self(value.to_owned()))
    }
}

/// The `Content-Type` header: the body's type, according to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType(pub String);

impl ContentType {
    /// The media type in lower case, without its parameters: `text/plain` of `Text/Plain; charset=utf-8`.
    #[must_use]
    pub fn media_type(&self) -> String {
        essence(&self.0).to_ascii_lowercase()
    }
}

impl HeaderField for ContentType {
    const NAME: &'static str = "content-type";
}

impl FromStr for ContentType {
    type Err = Infallible;

    fn from_str(value: &str) -> Result<Self, Infallible> {
        Ok(Self(value.to_owned()))
    }
}
