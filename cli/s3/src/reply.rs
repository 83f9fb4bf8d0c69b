//! Answers.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::store::RangeReader;

/// Bytes that are read from the disk at once.
const READ: usize = 512 * 1024;
/// A range that is not longer is read at once, and not on another thread: it is in the system's cache, mostly.
const SMALL: u64 = 128 * 1024;

/// The body of an answer.
#[derive(Debug)]
pub struct S3Body(Kind);

#[derive(Debug)]
enum Kind {
    Full(Bytes),
    Reading {
        left: u64,
        next: JoinHandle<(RangeReader, io::Result<Vec<u8>>)>,
    },
    Ended,
}

impl S3Body {
    pub(crate) fn empty() -> Self {
        Self(Kind::Ended)
    }

    pub(crate) fn full(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Full(bytes.into()))
    }

    /// The bytes of a reader, of that length.
    ///
    /// # Errors
    /// Those of reading the first of them.
    pub(crate) fn read(mut reader: RangeReader, length: u64) -> io::Result<Self> {
        if length > SMALL {
            return Ok(Self(Kind::Reading {
                left: length,
                next: read_on(reader),
            }));
        }
        let mut whole = Vec::new();
        loop {
            let piece = reader.read(READ)?;
            if piece.is_empty() {
                break;
            }
            if whole.is_empty() {
                whole = piece;
            } else {
                whole.extend_from_slice(&piece);
            }
        }
        Ok(Self::full(whole))
    }
}

fn read_on(mut reader: RangeReader) -> JoinHandle<(RangeReader, io::Result<Vec<u8>>)> {
    tokio::task::spawn_blocking(move || {
        let piece = reader.read(READ);
        (reader, piece)
    })
}

impl Body for S3Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            Kind::Ended => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Ended;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Kind::Reading { left, next } => {
                let Poll::Ready(done) = Pin::new(&mut *next).poll(context) else {
                    return Poll::Pending;
                };
                let piece = done
                    .map_err(io::Error::other)
                    .and_then(|(reader, piece)| Ok((reader, piece?)));
                match piece {
                    Ok((_, piece)) if piece.is_empty() => {
                        self.0 = Kind::Ended;
                        Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())))
                    }
                    Ok((reader, piece)) => {
                        *left = left.saturating_sub(piece.len() as u64);
                        if *left == 0 {
                            self.0 = Kind::Ended;
                        } else {
                            // The next piece is read while this one is sent.
                            *next = read_on(reader);
                        }
                        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
                    }
                    Err(failed) => {
                        self.0 = Kind::Ended;
                        Poll::Ready(Some(Err(failed)))
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Ended => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Reading { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Ended => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Reading { left, .. } => SizeHint::with_exact(*left),
        }
    }
}

pub(crate) type Reply = Response<S3Body>;

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(S3Body::empty());
    *reply.status_mut() = status;
    reply
}

/// A document.
pub(crate) fn xml(document: String) -> Reply {
    let mut reply = Response::new(S3Body::full(document));
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    reply
}

/// Adds a header, if its value can be one.
pub(crate) fn set(reply: &mut Reply, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        HeaderName::from_bytes(name.as_bytes()),
        HeaderValue::from_bytes(value.as_bytes()),
    ) {
        reply.headers_mut().insert(name, value);
    }
}

/// Says how long the body would be, for an answer to HEAD.
pub(crate) fn set_length(reply: &mut Reply, length: u64) {
    reply
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(length));
}
