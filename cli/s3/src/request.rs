//! A request as the operations see it: decoded path and query, headers, and who calls.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;

use crate::error::{S3Result, error, invalid_argument};
use crate::users::User;

/// The longest key, in bytes of UTF-8 (S3 user guide, "Naming Amazon S3 objects").
pub(crate) const MOST_KEY: usize = 1024;

/// The parameters of a query, in their order, decoded. Of parameters that occur twice the first counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, Option<String>)>);

impl Query {
    /// A query of these parameters.
    pub(crate) fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
                .collect(),
        )
    }

    /// # Errors
    /// `InvalidURI` if a parameter is not UTF-8.
    pub(crate) fn parse(text: &str) -> S3Result<Self> {
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match pair.split_once('=') {
                Some((name, value)) => (name, Some(decode(value)?)),
                None => (pair, None),
            };
            pairs.push((decode(name)?, value));
        }
        Ok(Self(pairs))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The value of a parameter; empty where it has none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name)?;
        Some(found.1.as_deref().unwrap_or_default())
    }

    /// The value of a parameter that is there and not empty.
    pub(crate) fn some(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()))
    }
}

fn decode(text: &str) -> S3Result<String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned);
    decoded.map_err(|_| error("InvalidURI"))
}

/// How a request says who it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    /// Not at all.
    Not,
    Header,
    /// By a presigned URL.
    Query,
    /// By the fields of a form.
    Form,
}

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    Anonymous,
    User { access_key: String, user: Arc<User> },
}

impl Caller {
    pub(crate) fn user(&self) -> Option<&Arc<User>> {
        match self {
            Self::Anonymous => None,
            Self::User { user, .. } => Some(user),
        }
    }

    /// The canonical id, or that of anonymous callers.
    pub(crate) fn id(&self) -> &str {
        self.user()
            .map_or("65a011a29cdf8ec533ec3d1ccaae921c", |user| user.id.as_str())
    }

    pub(crate) fn access_key(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::User { access_key, .. } => access_key,
        }
    }
}

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Empty for the service itself.
    pub(crate) bucket: String,
    /// Empty for a bucket.
    pub(crate) key: String,
    /// The path as it came.
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) signed: Signed,
    pub(crate) caller: Caller,
    /// The region that the signature is for.
    pub(crate) region: Option<String>,
    pub(crate) peer: Option<IpAddr>,
    /// The time by the clock of the services.
    pub(crate) now: u64,
    pub(crate) request_id: String,
    /// The host that the request names.
    pub(crate) host: String,
}

impl Call {
    /// The same caller with a request that is asked about and not made.
    pub(crate) fn for_policy(&self) -> Self {
        Self {
            method: Method::GET,
            bucket: self.bucket.clone(),
            key: String::new(),
            path: self.path.clone(),
            query: Query::default(),
            headers: self.headers.clone(),
            signed: self.signed,
            caller: self.caller.clone(),
            region: self.region.clone(),
            peer: self.peer,
            now: self.now,
            request_id: self.request_id.clone(),
            host: self.host.clone(),
        }
    }

    /// A header's value as text. Bytes that are not UTF-8 are read as Latin-1.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(text)
    }

    /// The values of a header that may occur several times, as the one list that they are (RFC 9110, section 5.3).
    pub(crate) fn joined(&self, name: &str) -> Option<String> {
        let all: Vec<String> = self.headers.get_all(name).iter().map(text).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// A header's value that is there and not empty.
    pub(crate) fn some_header(&self, name: &str) -> Option<String> {
        self.header(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    pub(crate) fn version(&self) -> Option<&str> {
        self.query.get("versionId")
    }

    /// A number in the query.
    ///
    /// # Errors
    /// `InvalidArgument` for what is not a number of that range, in S3's words.
    pub(crate) fn number(&self, name: &str, most: u64) -> S3Result<Option<u64>> {
        let Some(value) = self.query.some(name) else {
            return Ok(None);
        };
        match value.parse::<i64>() {
            Ok(number) if number > i64::from(i32::MAX) => Err(invalid_argument(
                &format!("Provided {name} not an integer or within integer range"),
                name,
                value,
            )),
            Ok(number) => match u64::try_from(number) {
                Ok(number) => Ok(Some(number.min(most))),
                Err(_) => Err(invalid_argument(
                    &format!(
                        "Argument {name} must be an integer between 0 and {}",
                        i32::MAX
                    ),
                    name,
                    value,
                )),
            },
            Err(_) => Err(invalid_argument(
                &format!("Provided {name} not an integer or within integer range"),
                name,
                value,
            )),
        }
    }

    /// Adds what stands for a header, unless the header is there.
    pub(crate) fn stand_in(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) && !self.headers.contains_key(&name)
        {
            self.headers.insert(name, value);
        }
    }
}

pub(crate) fn text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

/// A path, decoded, without the slash that it begins with.
///
/// # Errors
/// `InvalidURI` if the path is not UTF-8.
pub(crate) fn decode_path(path: &str) -> S3Result<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let decoded = percent_decode_str(path).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| error("InvalidURI").member("URI", format!("/{path}")))
}

/// # Errors
/// `KeyTooLongError`.
pub(crate) fn check_key_length(key: &str) -> S3Result<()> {
    if key.len() > MOST_KEY {
        return Err(error("KeyTooLongError")
            .member("Size", key.len().to_string())
            .member("MaxSizeAllowed", MOST_KEY.to_string()));
    }
    Ok(())
}

/// Encodes a text as S3 does in listings with `encoding-type=url`, and as signatures do.
pub(crate) fn uri_encode(text: &str, keep_slash: bool) -> String {
    uri_encode_bytes(text.as_bytes(), keep_slash)
}

pub(crate) fn uri_encode_bytes(bytes: &[u8], keep_slash: bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(bytes.len() + 16);
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(*byte));
            }
            b'/' if keep_slash => encoded.push('/'),
            _ => {
                encoded.push('%');
                encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
                encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    }
    encoded
}
