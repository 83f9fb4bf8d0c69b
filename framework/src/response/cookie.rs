//! Cookies to be set.

use std::{borrow::Cow, fmt, time::Duration};

use http::HeaderValue;

use crate::escaped::Escaped;

/// A cookie for the client to keep: one `Set-Cookie` header (RFC 6265 §4.1).
///
/// Nothing is set that is not said; what a session should say:
///
/// ```
/// use std::time::Duration;
/// use fw::{IntoResponse, response::{NoContent, SameSite, SetCookie}};
///
/// let session = SetCookie::new("session", "q3J0c2F6")
///     .path("/")
///     .max_age(Duration::from_secs(3600))
///     .http_only()
///     .secure()
///     .same_site(SameSite::Lax);
/// let response = NoContent.with_cookie(session);
/// assert_eq!(
///     response.headers()["set-cookie"],
///     "session=q3J0c2F6; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"
/// );
/// ```
///
/// The value is sent as it is. A name, value, path or domain that the RFC does not allow makes the response a 500: encode
/// what may hold spaces, quotes, commas, semicolons, backslashes or anything outside ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    name: Cow<'static, str>,
    value: Cow<'static, str>,
    path: Option<Cow<'static, str>>,
    domain: Option<Cow<'static, str>>,
    max_age: Option<Duration>,
    http_only: bool,
    secure: bool,
    same_site: Option<SameSite>,
}

/// When a browser sends a cookie with a request that another site causes (RFC 6265bis).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the user follows a link here.
    Lax,
    /// Always; the cookie must then be [secure](SetCookie::secure).
    None,
}

impl SetCookie {
    /// A cookie that lives until the client ends its session.
    pub fn new(name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: None,
            domain: None,
            max_age: None,
            http_only: false,
            secure: false,
            same_site: None,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its value.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// Removes the cookie of that name: no value, and no time to live. Path and domain must be those it was set with.
    ///
    /// ```
    /// # use fw::{IntoResponse, response::SetCookie};
    /// let response = "bye".with_cookie(SetCookie::removal("session").path("/"));
    /// assert_eq!(response.headers()["set-cookie"], "session=; Path=/; Max-Age=0");
    /// ```
    pub fn removal(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, "").max_age(Duration::ZERO)
    }

    /// Sent for paths below this one; by default below the folder of the request's path.
    #[must_use]
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Sent to this domain and all below it; by default to the host that set it alone.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// How long it lives, in whole seconds.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Not readable by scripts.
    #[must_use]
    pub fn http_only(mut self) -> Self {
        self.http_only = true;
        self
    }

    /// Sent over HTTPS alone.
    #[must_use]
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Whether it is sent with requests that another site causes.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = Some(same_site);
        self
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.name.is_empty() || !self.name.bytes().all(is_token) {
            return Err("its name must be letters, digits and `!#$%&'*+-.^_`|~`");
        }
        if !self.value.bytes().all(is_cookie_octet) {
            return Err(
                "its value must be ASCII without spaces, quotes, commas, semicolons and backslashes",
            );
        }
        if let Some(path) = &self.path
            && !path
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~') && byte != b';')
        {
            return Err("its path must be ASCII without semicolons");
        }
        if let Some(domain) = &self.domain
            && (domain.is_empty() || !domain.bytes().all(is_domain_octet))
        {
            return Err("its domain must be letters, digits, hyphens and dots");
        }
        if self.same_site == Some(SameSite::None) && !self.secure {
            return Err("`SameSite=None` needs `Secure`: browsers drop it otherwise");
        }
        // RFC 6265bis §4.1.3: browsers drop a cookie whose name promises what its attributes do not keep.
        if has_prefix(&self.name, "__Secure-") && !self.secure {
            return Err("a name with `__Secure-` needs `Secure`");
        }
        if has_prefix(&self.name, "__Host-")
            && !(self.secure && self.domain.is_none() && self.path.as_deref() == Some("/"))
        {
            return Err("a name with `__Host-` needs `Secure`, `Path=/` and no domain");
        }
        Ok(())
    }
}

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 6265 §4.1.1.
fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

fn is_domain_octet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'
}

/// The header's value; fails where RFC 6265 does not allow the cookie.
impl TryFrom<&SetCookie> for HeaderValue {
    type Error = InvalidCookie;

    fn try_from(cookie: &SetCookie) -> Result<Self, InvalidCookie> {
        let invalid = |reason| InvalidCookie {
            name: cookie.name.clone().into_owned(),
            reason,
        };
        cookie.check().map_err(invalid)?;
        Self::try_from(cookie.to_string())
            .map_err(|_| invalid("it has a character that a header must not have"))
    }
}

/// As it stands in the header, whether or not it may be sent.
impl fmt::Display for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)?;
        if let Some(domain) = &self.domain {
            write!(f, "; Domain={domain}")?;
        }
        if let Some(path) = &self.path {
            write!(f, "; Path={path}")?;
        }
        if let Some(max_age) = self.max_age {
            write!(f, "; Max-Age={}", max_age.as_secs())?;
        }
        if self.http_only {
            f.write_str("; HttpOnly")?;
        }
        if self.secure {
            f.write_str("; Secure")?;
        }
        match self.same_site {
            Some(SameSite::Strict) => f.write_str("; SameSite=Strict"),
            Some(SameSite::Lax) => f.write_str("; SameSite=Lax"),
            Some(SameSite::None) => f.write_str("; SameSite=None"),
            None => Ok(()),
        }
    }
}

/// Why a cookie cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidCookie {
    /// The cookie's name.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl fmt::Display for InvalidCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, reason } = self;
        write!(f, "cookie `{}` cannot be sent: {reason}", Escaped(name))
    }
}

impl std::error::Error for InvalidCookie {}
