//! The embedded S3 behind another endpoint, which has let the request in and does not take it itself.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use fw_services::Fallback;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Either};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use s3s::service::S3Service;

use super::server;

/// Answers as the embedded S3 does on its own port. Cheap to clone.
#[derive(Clone)]
pub(crate) struct BehindEndpoint(pub(super) S3Service);

impl fmt::Debug for BehindEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BehindEndpoint").finish_non_exhaustive()
    }
}

impl Fallback for BehindEndpoint {
    fn call(
        &self,
        request: Request<Incoming>,
    ) -> Pin<Box<dyn Future<Output = Response<fw_services::Body>> + Send + '_>> {
        Box::pin(async {
            let answer = server::admitted(self.0.clone(), request).await;
            answer.map(|body| Either::Right(Unbroken(body).boxed_unsync()))
        })
    }
}

/// A body that ends where reading it fails. The client sees that less came than the answer's `Content-Length` says.
struct Unbroken(s3s::Body);

impl Body for Unbroken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = Pin::new(&mut self.0).poll_frame(context);
        frame.map(|frame| frame.and_then(Result::ok).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
