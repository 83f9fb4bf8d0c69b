//! Bodies of text and bytes, and the lack of one.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

use super::{IntoResponse, Response, broken, header_pair};

/// A response of that body and content type.
pub(super) fn with_type(body: Bytes, content_type: HeaderValue) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn text(body: Bytes) -> Response {
    with_type(body, HeaderValue::from_static("text/plain; charset=utf-8"))
}

/// Plain text.
impl IntoResponse for String {
    fn into_response(self) -> Response {
        text(self.into())
    }
}

/// Plain text. What is borrowed from the request or the state is copied.
impl IntoResponse for &str {
    fn into_response(self) -> Response {
        text(Bytes::copy_from_slice(self.as_bytes()))
    }
}

/// Plain text.
impl IntoResponse for Cow<'_, str> {
    fn into_response(self) -> Response {
        match self {
            Cow::Borrowed(body) => body.into_response(),
            Cow::Owned(body) => body.into_response(),
        }
    }
}

/// Bytes of no named type: `application/octet-stream`. To name it, use [`Content`].
impl IntoResponse for Bytes {
    fn into_response(self) -> Response {
        with_type(self, HeaderValue::from_static("application/octet-stream"))
    }
}

/// As `Bytes`.
impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        Bytes::from(self).into_response()
    }
}

/// As `Bytes`.
impl IntoResponse for &[u8] {
    fn into_response(self) -> Response {
        Bytes::copy_from_slice(self).into_response()
    }
}

/// What a document can be made of: `String`, `&str`, `Cow<str>`, `Bytes`, `Vec<u8>`, `&[u8]`. What is borrowed is copied.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a document",
    label = "neither text nor bytes",
    note = "a document is a `String`, a `&str`, a `Cow<str>`, `Bytes`, a `Vec<u8>` or a `&[u8]`"
)]
pub trait IntoBody {
    /// The bytes.
    fn into_body(self) -> Bytes;
}

macro_rules! bodies {
    ($($type:ty => |$body:ident| $bytes:expr;)*) => {
        $(impl IntoBody for $type {
            fn into_body(self) -> Bytes {
                let $body = self;
                $bytes
            }
        })*
    };
}

bodies! {
    String => |body| body.into();
    &str => |body| Bytes::copy_from_slice(body.as_bytes());
    Cow<'_, str> => |body| body.into_owned().into();
    Bytes => |body| body;
    Vec<u8> => |body| body.into();
    &[u8] => |body| Bytes::copy_from_slice(body);
}

/// An HTML document: a `String`, a `&str`, or bytes.
///
/// ```
/// use fw::{IntoResponse, response::Html};
///
/// let response = Html("<h1>Hello</h1>").into_response();
/// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Html<T>(pub T);

impl<T: IntoBody> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        with_type(self.0.into_body(), html)
    }
}

/// A body with the content type that it names.
///
/// ```
/// use fw::{IntoResponse, response::Content};
///
/// let response = Content::new("image/svg+xml", "<svg/>").into_response();
/// assert_eq!(response.headers()["content-type"], "image/svg+xml");
/// assert_eq!(response.body(), "<svg/>");
/// ```
///
/// A content type that no header may hold answers 500, with the cause in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    content_type: Cow<'static, str>,
    body: Bytes,
}

impl Content {
    /// That body, a text or bytes, of that type.
    pub fn new(content_type: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Self {
        Self {
            content_type: content_type.into(),
            body: body.into(),
        }
    }
}

impl IntoResponse for Content {
    fn into_response(self) -> Response {
        match header_pair(CONTENT_TYPE, &*self.content_type) {
            Ok((_, content_type)) => with_type(self.body, content_type),
            Err(cause) => broken(cause),
        }
    }
}

/// 204: done, and there is nothing to send.
///
/// The unit type `()` answers the same; this says it in a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// 204, since there is no content: a client that reads every 200 as JSON does not trip over an empty body.
impl IntoResponse for () {
    fn into_response(self) -> Response {
        NoContent.into_response()
    }
}
