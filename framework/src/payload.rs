//! Payloads: a [`Response`] as the JSON that a gateway expects, written directly from the response.
//!
//! Format 2.0 has one value for each header and a list of cookies; format 1.0 has a list for each
//! header. An HTTP API gives a body without content type the type text, the others JSON (`[R]`
//! gateway-truth §0 row 6), so a body is always sent with one.

mod headers;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use self::headers::{Cookies, Joined, Listed};
use crate::response::{Response, stream::BodyStream};

/// The shape of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// REST APIs, and HTTP APIs with the payload format 1.0.
    V1,
    /// HTTP APIs and function URLs.
    V2,
}

/// A function's result: what Lambda hands back to the gateway.
#[derive(Debug)]
pub(crate) struct Payload {
    format: Format,
    response: Response,
    stream: Option<Pieces>,
    /// True if the gateway takes this answer in the streaming form.
    in_stream: bool,
}

/// The body of a streamed response.
struct Pieces(BodyStream);

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces").finish_non_exhaustive()
    }
}

/// A body behind a prelude.
#[cfg(feature = "runtime")]
pub(crate) enum StreamBody {
    Whole(bytes::Bytes),
    Pieces(BodyStream),
}

impl Payload {
    /// The response in that format.
    pub(crate) fn new(format: Format, mut response: Response) -> Self {
        guess_type(&mut response);
        Self {
            format,
            response,
            stream: None,
            in_stream: false,
        }
    }

    /// The response with that stream as its body, for a gateway that streams.
    pub(crate) fn streamed(format: Format, response: Response, stream: BodyStream) -> Self {
        Self {
            format,
            response,
            stream: Some(Pieces(stream)),
            in_stream: true,
        }
    }

    /// The same in the streaming form.
    pub(crate) fn in_stream(self) -> Self {
        Self {
            in_stream: true,
            ..self
        }
    }

    /// True if it is to be sent as a prelude and a body.
    #[cfg(feature = "runtime")]
    pub(crate) fn is_in_stream(&self) -> bool {
        self.in_stream
    }

    /// The response as a stream has it: its prelude in JSON, and its body.
    #[cfg(feature = "runtime")]
    pub(crate) fn into_stream(self) -> (Vec<u8>, StreamBody) {
        let (parts, body) = self.response.into_parts();
        let prelude = Prelude {
            status: parts.status,
            headers: headers::in_ascii(&parts.headers),
        };
        // A vector takes what is written, and the prelude is texts alone.
        let prelude = serde_json::to_vec(&prelude).unwrap_or_default();
        match self.stream {
            Some(Pieces(stream)) => (prelude, StreamBody::Pieces(stream)),
            None => (prelude, StreamBody::Whole(body)),
        }
    }

    /// The largest result that Lambda accepts, in bytes of JSON: 6 MiB and 100 bytes. `[R]`
    /// gateway-truth §0 row 20, §4.2
    pub(crate) const LIMIT: usize = 6_291_556;

    /// The length in bytes of JSON, if it is over [`LIMIT`](Self::LIMIT).
    pub(crate) fn excess(&self) -> Option<usize> {
        // A byte takes at most six, as `\u0000`; a result that is much shorter needs no measuring.
        let headers = self.response.headers().iter();
        let headers: usize = headers
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        let roughly = self.response.body().len() + headers;
        if roughly < Self::LIMIT / 8 {
            return None;
        }
        let mut length = Length(0);
        serde_json::to_writer(&mut length, self).ok()?;
        (length.0 > Self::LIMIT).then_some(length.0)
    }
}

/// Adds a content type to a response that has a body and no type.
pub(crate) fn guess_type(response: &mut Response) {
    let has_type = response.headers().contains_key(CONTENT_TYPE);
    if !has_type && !response.body().is_empty() {
        let guess = if std::str::from_utf8(response.body()).is_ok() {
            HeaderValue::from_static("text/plain; charset=utf-8")
        } else {
            HeaderValue::from_static("application/octet-stream")
        };
        response.headers_mut().insert(CONTENT_TYPE, guess);
    }
}

/// What stands before the body of a stream. `[E]` gateway-truth §3
#[cfg(feature = "runtime")]
struct Prelude {
    status: http::StatusCode,
    headers: HeaderMap,
}

#[cfg(feature = "runtime")]
impl Serialize for Prelude {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut prelude = serializer.serialize_struct("Prelude", 3)?;
        prelude.serialize_field("statusCode", &self.status.as_u16())?;
        prelude.serialize_field("headers", &Joined(&self.headers))?;
        prelude.serialize_field("cookies", &Cookies(&self.headers))?;
        prelude.end()
    }
}

/// Counts what is written to it.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let headers = self.response.headers();
        let mut payload = serializer.serialize_struct("Payload", 5)?;
        payload.serialize_field("statusCode", &self.response.status().as_u16())?;
        match self.format {
            Format::V1 => payload.serialize_field("multiValueHeaders", &Listed(headers))?,
            Format::V2 => {
                payload.serialize_field("headers", &Joined(headers))?;
                // Also if there are none: readers modelled on lambda_http, such as cargo-lambda's
                // server, require the list.
                payload.serialize_field("cookies", &Cookies(headers))?;
            }
        }
        let body = self.response.body();
        match text(body, headers) {
            Some(text) => payload.serialize_field("body", text)?,
            None => {
                payload.serialize_field("body", &STANDARD.encode(body))?;
                payload.serialize_field("isBase64Encoded", &true)?;
            }
        }
        payload.end()
    }
}

/// The body as text, unless it must travel as base64.
///
/// UTF-8 arrives byte for byte as text on every front door; a REST API passes base64 to clients
/// unless its binary types are configured (`[R]` gateway-truth §2.4). So base64 is only for bodies
/// that cannot be text, or are known to be binary.
fn text<'b>(body: &'b [u8], headers: &HeaderMap) -> Option<&'b str> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if content_type.is_some_and(is_binary) {
        return None;
    }
    std::str::from_utf8(body).ok()
}

/// True if a content type is binary.
fn is_binary(content_type: &[u8]) -> bool {
    const BINARY: [&[u8]; 8] = [
        b"image/",
        b"audio/",
        b"video/",
        b"font/",
        b"application/octet-stream",
        b"application/pdf",
        b"application/wasm",
        b"application/zip",
    ];
    const IMAGE_OF_TEXT: &[u8] = b"image/svg+xml";
    let starts_with = |prefix: &[u8]| {
        content_type
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    BINARY.into_iter().any(starts_with) && !starts_with(IMAGE_OF_TEXT)
}

#[cfg(test)]
mod tests;
