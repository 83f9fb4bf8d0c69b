//! Answers, and the seam for services that live elsewhere.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{Either, Full};

/// The body of an answer: bytes at hand, or a stream from a [`Fallback`].
pub type Body = Either<Full<Bytes>, UnsyncBoxBody<Bytes, std::convert::Infallible>>;

/// Serves the requests that none of the services here takes, for example those of S3.
pub trait Fallback: Send + Sync + 'static {
    /// True if it takes this request although it comes from a page of another origin. Nothing else here sees the request then. Default: no.
    fn admits_page(&self, _origin: &str, _request: &Request<hyper::body::Incoming>) -> bool {
        false
    }

    /// Answers a request that passed the guards of the endpoint.
    fn call(
        &self,
        request: Request<hyper::body::Incoming>,
    ) -> Pin<Box<dyn Future<Output = Response<Body>> + Send + '_>>;
}

/// An answer of that status and type.
pub(crate) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(body.into())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A document of the endpoint's own.
pub(crate) fn json(status: StatusCode, document: &serde_json::Value) -> Response<Body> {
    reply(status, "application/json", document.to_string())
}
