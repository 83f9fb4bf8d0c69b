//! Streamed answers: the part of a handler's response before the body.
//!
//! A function that streams an HTTP response marks it with the content type [`MEDIA_TYPE`]. Then come a JSON prelude, eight
//! NUL bytes, and the body. `[E]` gateway-truth §3

use std::error::Error;
use std::fmt;

use crate::{
    reply::proxy::Proxy,
    reply::{is_field_value, is_token},
};

/// The content type that a function posts a stream with a prelude under.
pub const MEDIA_TYPE: &str = "application/vnd.awslambda.http-integration-response";

/// The separator between prelude and body.
const SEPARATOR: [u8; 8] = [0; 8];

/// Status and headers of a streamed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prelude {
    /// The status code, 200 to 599.
    pub status: u16,
    /// The header lines, those of cookies first. Each is one that HTTP allows.
    pub headers: Vec<(String, String)>,
}

impl Prelude {
    /// The longest prelude, in bytes: six times the headers that a gateway accepts. AWS names no
    /// limit. A stream that has not ended its prelude by then is malformed.
    pub const LIMIT: usize = 64 * 1024;

    /// Reads the prelude at the start of a stream, of which some has arrived: the prelude and where the body starts, or
    /// nothing if more is needed.
    ///
    /// ```
    /// use fw_gateway::Prelude;
    ///
    /// let stream = b"{\"statusCode\":201,\"headers\":{\"x-a\":\"1\"},\"cookies\":[\"c=1\"]}\0\0\0\0\0\0\0\0body";
    /// assert_eq!(Prelude::read(&stream[..40])?, None);
    ///
    /// let (prelude, body) = Prelude::read(stream)?.expect("it is all there");
    /// assert_eq!((prelude.status, &stream[body..]), (201, &b"body"[..]));
    /// assert_eq!(prelude.headers, [("set-cookie".into(), "c=1".into()), ("x-a".into(), "1".into())]);
    /// # Ok::<(), fw_gateway::PreludeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is too long, or not an object with a status code and headers that HTTP allows.
    pub fn read(start: &[u8]) -> Result<Option<(Self, usize)>, PreludeError> {
        let window = start.get(..Self::LIMIT + SEPARATOR.len()).unwrap_or(start);
        let Some(length) = window
            .windows(SEPARATOR.len())
            .position(|bytes| bytes == SEPARATOR)
        else {
            return if start.len() > Self::LIMIT {
                Err(PreludeError::TooLong)
            } else {
                Ok(None)
            };
        };
        let prelude = start.get(..length).unwrap_or_default();
        Ok(Some((Self::parse(prelude)?, length + SEPARATOR.len())))
    }

    /// Without a status it is 200.
    fn parse(prelude: &[u8]) -> Result<Self, PreludeError> {
        let proxy: Proxy<'_> = serde_json::from_slice(prelude)
            .map_err(|error| PreludeError::NotJson(error.to_string()))?;
        let status = proxy
            .status()
            .map_err(|_| PreludeError::Status)?
            .unwrap_or(200);
        let mut headers = proxy
            .cookies_and_headers()
            .map_err(|_| PreludeError::Headers)?;
        // Of a REST API's prelude. As in a whole answer, a name with both takes the list, whose spelling counts.
        let lists = proxy
            .multi_value_headers()
            .map_err(|_| PreludeError::Headers)?;
        headers.retain(|(name, _)| {
            let listed = lists
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name));
            !listed || name == "set-cookie"
        });
        headers.extend(lists);
        if !headers
            .iter()
            .all(|(name, value)| is_token(name) && is_field_value(value))
        {
            return Err(PreludeError::Headers);
        }
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Ok(Self { status, headers })
    }
}

/// A stream whose start is not a prelude.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreludeError {
    /// The eight NUL bytes do not come.
    TooLong,
    /// It is not a JSON object.
    NotJson(String),
    /// The status code is not valid.
    Status,
    /// HTTP does not allow a header or a cookie.
    Headers,
}

impl fmt::Display for PreludeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream's prelude ")?;
        match self {
            Self::TooLong => write!(f, "does not end within {} bytes", Prelude::LIMIT),
            Self::NotJson(error) => write!(f, "is not a JSON object: {error}"),
            Self::Status => f.write_str("has a `statusCode` that is not 200 to 599"),
            Self::Headers => f.write_str("has headers or cookies that HTTP does not allow"),
        }
    }
}

impl Error for PreludeError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(prelude: &str) -> Result<Option<(Prelude, usize)>, PreludeError> {
        Prelude::read(format!("{prelude}\0\0\0\0\0\0\0\0\0x").as_bytes())
    }

    #[test]
    fn reads_what_it_can_and_refuses_the_rest() {
        let table = [
            ("{}", Ok(200)),
            (r#"{"statusCode":404,"headers":{},"cookies":[]}"#, Ok(404)),
            (r#"{"statusCode":404,"headers":null,"other":1}"#, Ok(404)),
            (r#"{"statusCode":99}"#, Err(PreludeError::Status)),
            (r#"{"headers":{"a b":"c"}}"#, Err(PreludeError::Headers)),
            (
                r#"{"headers":{"a":"b\r\nc: d"}}"#,
                Err(PreludeError::Headers),
            ),
            (r#"{"headers":[]}"#, Err(PreludeError::Headers)),
            (r#"{"cookies":{}}"#, Err(PreludeError::Headers)),
        ];
        for (prelude, expected) in table {
            let seen = read(prelude).map(|found| found.map(|(prelude, _)| prelude.status));
            assert_eq!(seen, expected.map(Some), "{prelude}");
        }
        for prelude in ["", "1", "[]", "{", "text"] {
            let error = read(prelude).expect_err(prelude);
            assert!(
                matches!(error, PreludeError::NotJson(_)),
                "{prelude}: {error}"
            );
        }
    }

    #[test]
    fn waits_for_the_whole_prelude_but_not_for_ever() {
        let whole = b"{\"statusCode\":201}\0\0\0\0\0\0\0\0\0body";
        for length in 0..26 {
            assert_eq!(Prelude::read(&whole[..length]), Ok(None), "{length}");
        }
        let Ok(Some((_, body))) = Prelude::read(whole) else {
            panic!("it is all there")
        };
        assert_eq!(&whole[body..], b"\0body", "the first eight count");
        let endless = vec![b' '; Prelude::LIMIT + 1];
        assert_eq!(Prelude::read(&endless), Err(PreludeError::TooLong));
        assert_eq!(Prelude::read(&endless[1..]), Ok(None));
    }
}
