//! Forms with files: `multipart/form-data`.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_core::Stream;

use super::{FromRequest, content_type::essence, shorten};
use crate::{error::Error, request::Request};

/// A body of `multipart/form-data`, as HTML forms with files send it: its parts, in the order of the body.
///
/// The body arrives complete, so all parts are there at once, and their data is shared with it. Another content type, or none, is a
/// 415; a body that is cut or malformed is a 400. An API Gateway passes on bodies up to 10 MB, and Lambda up to 6 MB, of which base64 takes a
/// quarter; for larger files give the client a presigned URL.
///
/// ```
/// use fw::{App, Error, Result, extract::Multipart, post, routes, test::Client};
///
/// #[post("/photos")]
/// async fn photo(form: Multipart) -> Result<String> {
///     let title = form.text("title")?;
///     let file = form.get("file").ok_or_else(|| Error::bad_request("the file is missing"))?;
///     Ok(format!("{title}: {} with {} bytes", file.file_name.as_deref().unwrap_or("?"), file.data.len()))
/// }
///
/// let body = "--x\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nSea\r\n\
///             --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\nabc\r\n--x--\r\n";
/// let client = Client::new(App::stateless("photos").routes(routes![photo]), ());
/// let request = client.post("/photos").header("content-type", "multipart/form-data; boundary=x").body(body);
/// assert_eq!(request.send().text(), "Sea: a.png with 3 bytes");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Multipart(Vec<Part>);

/// A part of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The field's name; empty if the part has none.
    pub name: String,
    /// The file's name, as the client calls it. Never use it as a path.
    pub file_name: Option<String>,
    /// The content type that the client gives.
    pub content_type: Option<String>,
    /// The content.
    pub data: Bytes,
}

impl Multipart {
    /// The first part of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Part> {
        self.0.iter().find(|part| part.name == name)
    }

    /// The text of the first part of that name.
    ///
    /// # Errors
    ///
    /// 400 if there is no such part, or it is not UTF-8.
    pub fn text(&self, name: &str) -> Result<&str, Error> {
        let part = self.get(name);
        let part =
            part.ok_or_else(|| Error::bad_request(format!("the part `{name}` is missing")))?;
        std::str::from_utf8(&part.data)
            .map_err(|_| Error::bad_request(format!("the part `{name}` is not UTF-8")))
    }

    /// All parts, in the body's order.
    pub fn iter(&self) -> impl Iterator<Item = &Part> {
        self.0.iter()
    }
}

impl IntoIterator for Multipart {
    type Item = Part;
    type IntoIter = std::vec::IntoIter<Part>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromRequest for Multipart {
    type Rejection = Error;

    fn from_request(request: &Request<'_>) -> Result<Self, Error> {
        let content_type = request.header("content-type").unwrap_or_default();
        let is_form = essence(content_type).eq_ignore_ascii_case("multipart/form-data");
        let boundary = is_form
            .then(|| multer::parse_boundary(content_type).ok())
            .flatten();
        let Some(boundary) = boundary else {
            return Err(Error::unsupported_media_type(
                "the body is not `multipart/form-data` with a boundary",
            ));
        };
        let body = Whole(Some(Bytes::copy_from_slice(request.body())));
        let form = multer::Multipart::new(body, boundary);
        match at_once(read(form)) {
            Some(Ok(parts)) => Ok(Self(parts)),
            Some(Err(error)) => Err(malformed(&error.to_string())),
            // All of the body is there, so the parser never waits.
            None => Err(malformed("it has no end")),
        }
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.body().is_empty()
    }
}

fn malformed(detail: &str) -> Error {
    let detail = shorten(detail.to_owned());
    Error::bad_request(format!("the multipart body is malformed: {detail}"))
}

async fn read(mut form: multer::Multipart<'_>) -> Result<Vec<Part>, multer::Error> {
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await? {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let (name, file_name) = (text(field.name()), text(field.file_name()));
        let content_type = field.content_type().map(ToString::to_string);
        parts.push(Part {
            name: name.unwrap_or_default(),
            file_name,
            content_type,
            data: field.bytes().await?,
        });
    }
    Ok(parts)
}

/// The result of a future that never waits.
fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// A body in one piece.
struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn read(content_type: &str, body: &[u8]) -> Result<Multipart, Error> {
        let request = Request::new(Method::POST, "/").with_header("content-type", content_type);
        Multipart::from_request(&request.with_body(body))
    }

    const TYPE: &str = "multipart/form-data; boundary=AaB03x";

    #[test]
    fn parts_come_in_their_order_with_their_bytes() {
        let body = b"--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
                     --AaB03x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\xff\r\n\x01\r\n\
                     --AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntwo\r\n--AaB03x--\r\n";
        let form = read(TYPE, body).unwrap();
        assert_eq!(form.text("a").unwrap(), "one");
        let file = form.get("f").unwrap();
        assert_eq!(file.file_name.as_deref(), Some("x.bin"));
        assert_eq!(
            file.content_type.as_deref(),
            Some("application/octet-stream")
        );
        assert_eq!(&file.data[..], b"\x00\xff\r\n\x01");
        assert!(form.text("f").is_err());
        assert_eq!(form.text("none").unwrap_err().status(), 400);
        let names: Vec<String> = form.into_iter().map(|part| part.name).collect();
        assert_eq!(names, ["a", "f", "a"]);
    }

    #[test]
    fn what_is_not_such_a_body_is_refused() {
        for content_type in [
            "",
            "text/plain",
            "multipart/form-data",
            "multipart/mixed; boundary=x",
        ] {
            assert_eq!(
                read(content_type, b"x").unwrap_err().status(),
                415,
                "{content_type}"
            );
        }
        for body in [
            &b""[..],
            b"nothing",
            b"--AaB03x\r\n",
            b"--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncut",
            b"--AaB03x\r\n\xff\xfe: x\r\n\r\n\r\n--AaB03x--",
        ] {
            assert_eq!(read(TYPE, body).unwrap_err().status(), 400, "{body:?}");
        }
        let request = Request::new(Method::POST, "/").with_header("content-type", TYPE);
        assert!(
            Option::<Multipart>::from_request(&request)
                .unwrap()
                .is_none()
        );
    }
}
