//! A streamed result: from the Runtime API to the client.
//!
//! Few pieces wait at a time, so that a slow client slows the process down and nothing grows. If
//! the reader stops, the process continues. If the process stops in the middle, the client's
//! connection is closed, because there is no other way left to report it. (AWS's behaviour in this
//! case is unverified, and so is a limit of the length, which is not enforced here.)

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use fw_gateway::Prelude;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

/// How many pieces may wait for the client.
const WAITING: usize = 16;
/// One part of it.
#[derive(Debug)]
enum Piece {
    Data(Bytes),
    /// The end: complete, or with the handler's failure.
    End(Result<(), Option<FunctionError>>),
}

/// A failure in the middle of a stream: its type and its document.
pub(super) type FunctionError = (String, String);

/// The end for the Runtime API. Dropping it breaks the stream off.
#[derive(Debug)]
pub(super) struct StreamWriter(mpsc::Sender<Piece>);

impl StreamWriter {
    /// Passes a piece on when there is room for it. The reader may be gone.
    pub(super) async fn send(&self, piece: Bytes) {
        let _ = self.0.send(Piece::Data(piece)).await;
    }

    /// Says that this was all, or that the handler failed, and with what if it said so.
    pub(super) async fn end(self, how: Result<(), Option<FunctionError>>) {
        let _ = self.0.send(Piece::End(how)).await;
    }
}

/// The end for the server, which sends it to the client.
#[derive(Debug)]
pub(super) struct Stream {
    has_prelude: bool,
    /// Bytes that arrived together with the prelude.
    first: Bytes,
    pieces: mpsc::Receiver<Piece>,
    /// Why it breaks off with the next poll, if it does.
    cutting: Option<Cut>,
    ended: bool,
}

/// Both ends of a stream. `has_prelude` says whether it starts with status and headers.
pub(super) fn channel(has_prelude: bool) -> (StreamWriter, Stream) {
    let (sender, pieces) = mpsc::channel(WAITING);
    let stream = Stream {
        has_prelude,
        first: Bytes::new(),
        pieces,
        cutting: None,
        ended: false,
    };
    (StreamWriter(sender), stream)
}

/// It announced a prelude, but has none.
#[derive(Debug)]
pub(super) struct NoPrelude(pub(super) String);

impl Stream {
    /// Waits for the prelude; `None` if the stream has none.
    ///
    /// # Errors
    ///
    /// If it ends, or gets long, without a prelude.
    pub(super) async fn prelude(&mut self) -> Result<Option<Prelude>, NoPrelude> {
        if !self.has_prelude {
            return Ok(None);
        }
        let mut read = BytesMut::new();
        loop {
            let Some(Piece::Data(piece)) = self.pieces.recv().await else {
                return Err(NoPrelude(
                    "the stream ended before its prelude was complete".to_owned(),
                ));
            };
            read.extend_from_slice(&piece);
            let found = Prelude::read(&read).map_err(|error| NoPrelude(error.to_string()))?;
            if let Some((prelude, body)) = found {
                self.first = read.split_off(body).freeze();
                return Ok(Some(prelude));
            }
        }
    }
}

/// The process ended, or its handler failed, in the middle of the stream.
#[derive(Debug)]
pub(super) struct Cut(Option<FunctionError>);

impl Cut {
    /// The handler's failure, or what is known about it.
    pub(super) fn into_error(self) -> FunctionError {
        let text = self.to_string();
        self.0
            .unwrap_or_else(|| ("Runtime.ExitError".to_owned(), text))
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function failed in the middle of its response")
    }
}

impl std::error::Error for Cut {}

impl Body for Stream {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if !self.first.is_empty() {
            let first = std::mem::take(&mut self.first);
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(cut) = self.cutting.take() {
            self.ended = true;
            return Poll::Ready(Some(Err(cut)));
        }
        let error = match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Data(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
            Some(Piece::End(Ok(()))) => {
                self.ended = true;
                return Poll::Ready(None);
            }
            Some(Piece::End(Err(error))) => error,
            None => None,
        };
        // Bytes from before the break are sent first: a server sends them while it waits, and drops
        // them at an error.
        self.cutting = Some(Cut(error));
        self.pieces.close();
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// The prelude, and the body, of a stream that comes in pieces of that length.
    async fn through(bytes: &[u8], length: usize) -> (u16, String) {
        let (writer, mut stream) = channel(true);
        let pieces: Vec<_> = bytes.chunks(length).map(Bytes::copy_from_slice).collect();
        let sending = tokio::spawn(async move {
            for piece in pieces {
                writer.send(piece).await;
            }
            writer.end(Ok(())).await;
        });
        let prelude = stream.prelude().await.unwrap().unwrap();
        let body = stream.collect().await.unwrap().to_bytes();
        sending.await.unwrap();
        (prelude.status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_prelude_is_found_wherever_it_is_cut() {
        let bytes = b"{\"statusCode\":201}\0\0\0\0\0\0\0\0the body";
        for length in 1..=bytes.len() {
            let seen = through(bytes, length).await;
            assert_eq!(seen, (201, "the body".to_owned()), "{length}");
        }
    }

    #[tokio::test]
    async fn what_ends_early_is_cut_and_what_has_no_prelude_is_refused() {
        let (writer, stream) = channel(false);
        writer.send(Bytes::from_static(b"half")).await;
        drop(writer);
        assert!(stream.collect().await.is_err());

        let (writer, stream) = channel(false);
        writer.end(Err(None)).await;
        assert!(stream.collect().await.is_err());

        let (writer, mut stream) = channel(true);
        writer.send(Bytes::from_static(b"{}\0\0\0\0\0\0\0")).await;
        writer.end(Ok(())).await;
        assert!(stream.prelude().await.is_err());
    }
}
