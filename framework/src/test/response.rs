//! The response that a test's client received.

use http::{HeaderMap, HeaderName, StatusCode};
use serde::de::DeserializeOwned;

use fw_gateway::HttpReply;

/// The response that the client received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResponse {
    reply: HttpReply,
    headers: HeaderMap,
}

impl TestResponse {
    pub(super) fn new(reply: HttpReply) -> Self {
        let lines = reply.headers.iter();
        let headers = lines.filter_map(|(name, value)| {
            Some((name.parse::<HeaderName>().ok()?, value.parse().ok()?))
        });
        Self {
            headers: headers.collect(),
            reply,
        }
    }

    /// The status; it compares with numbers: `assert_eq!(response.status(), 200)`.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.reply.status).unwrap_or_default()
    }

    /// The headers by their names in any case: `response.headers()["content-type"]`, `.get(…)`, `.get_all(…)`, `.len()`.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of that header, the name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.reply.header(name)
    }

    /// All values of this header in order, each line separately.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.header_lines()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The headers line by line in order, repeats kept, with the names as the gateway spells them over HTTP/1.1.
    pub fn header_lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.reply.headers.iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Why the gateway refused the request or the app's response, if it did: the text in the log of
    /// `cargo fw local`, which no client sees.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reply.reason.as_deref()
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.reply.body
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    #[track_caller]
    #[must_use]
    pub fn text(&self) -> &str {
        match std::str::from_utf8(&self.reply.body) {
            Ok(text) => text,
            Err(error) => panic!("the body is not text: {error}"),
        }
    }

    /// The body, read as JSON.
    ///
    /// # Panics
    ///
    /// If it is not the JSON of a `T`; the message has the whole body.
    #[track_caller]
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.reply.body) {
            Ok(value) => value,
            Err(error) => panic!(
                "the body is not the expected JSON: {error}; status {}, body: {}",
                self.reply.status,
                String::from_utf8_lossy(&self.reply.body)
            ),
        }
    }
}
