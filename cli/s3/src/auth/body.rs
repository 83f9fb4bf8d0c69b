//! The body of a request, read and held against what the request says about it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use sha2::{Digest as _, Sha256};

use super::Payload;
use super::chunked::Chunked;
use crate::checksum::hex;
use crate::error::{S3Result, error};
use crate::request::Call;

/// How long a client may be silent in the middle of a body.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes from the client, whatever carries them.
pub(crate) type Source = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The body of a request.
pub(crate) struct BodyReader {
    source: Source,
    mode: Mode,
    /// Bytes that are still to come, where the request says how many come.
    remaining: Option<u64>,
}

impl std::fmt::Debug for BodyReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BodyReader")
            .field("remaining", &self.remaining)
            .finish_non_exhaustive()
    }
}

enum Mode {
    Plain,
    Hashed { sha: Sha256, expected: String },
    Chunked(Box<Chunked>),
    Ended,
}

impl BodyReader {
    /// # Errors
    /// Those of headers that say something impossible about the body.
    pub(crate) fn new<B>(body: B, payload: Payload, call: &Call) -> S3Result<Self>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let source = body.map_err(Into::into).boxed_unsync();
        let declared = match call.header("content-length") {
            Some(text) => Some(
                text.parse::<u64>()
                    .map_err(|_| error("MissingContentLength"))?,
            ),
            None => None,
        };
        let (mode, remaining) = match payload {
            Payload::Unsigned => (Mode::Plain, declared),
            Payload::Sha256(expected) => (
                Mode::Hashed {
                    sha: Sha256::new(),
                    expected,
                },
                declared,
            ),
            Payload::Chunks { signing, trailer } => {
                let decoded = call
                    .some_header("x-amz-decoded-content-length")
                    .ok_or_else(|| error("MissingContentLength"))?;
                let decoded = decoded
                    .parse::<u64>()
                    .map_err(|_| error("MissingContentLength"))?;
                let chunked = Chunked::new(
                    signing,
                    trailer,
                    decoded,
                    call.header("x-amz-trailer").as_deref(),
                )?;
                (Mode::Chunked(Box::new(chunked)), Some(decoded))
            }
        };
        Ok(Self {
            source,
            mode,
            remaining,
        })
    }

    /// A body that is at hand.
    pub(crate) fn of(bytes: Bytes) -> Self {
        let remaining = Some(bytes.len() as u64);
        let source = http_body_util::Full::new(bytes)
            .map_err(|never| match never {})
            .boxed_unsync();
        Self {
            source,
            mode: Mode::Plain,
            remaining,
        }
    }

    /// Bytes that the object will have, where the request says so.
    pub(crate) fn length(&self) -> Option<u64> {
        self.remaining
    }

    /// The trailers that came after the chunks. Complete once the body has ended.
    pub(crate) fn trailer(&self, name: &str) -> Option<&str> {
        match &self.mode {
            Mode::Chunked(chunked) => chunked.trailer(name),
            _ => None,
        }
    }

    /// The trailer that the request announces.
    pub(crate) fn announced(&self) -> Option<&str> {
        match &self.mode {
            Mode::Chunked(chunked) => chunked.announced(),
            _ => None,
        }
    }

    /// The next bytes, or `None` at the end of a body that is what it was said to be.
    ///
    /// # Errors
    /// `IncompleteBody`, `XAmzContentSHA256Mismatch`, those of chunks, `RequestTimeout`.
    pub(crate) async fn next(&mut self) -> S3Result<Option<Bytes>> {
        loop {
            if let Mode::Chunked(chunked) = &mut self.mode {
                if let Some(bytes) = chunked.take()? {
                    return Ok(Some(bytes));
                }
                if chunked.is_done() {
                    if chunked.has_more() {
                        return Err(error("IncompleteBody"));
                    }
                    return self.rest_is_nothing().await;
                }
            }
            if matches!(self.mode, Mode::Ended) {
                return Ok(None);
            }
            let frame = self.frame().await?;
            match (&mut self.mode, frame) {
                (Mode::Chunked(chunked), Some(bytes)) => chunked.feed(&bytes),
                (Mode::Chunked(chunked), None) => {
                    chunked.end()?;
                    return Ok(None);
                }
                (Mode::Plain, Some(bytes)) => return Ok(Some(bytes)),
                (Mode::Hashed { sha, .. }, Some(bytes)) => {
                    sha.update(&bytes);
                    return Ok(Some(bytes));
                }
                (Mode::Plain | Mode::Ended, None) => {
                    self.mode = Mode::Ended;
                    return Ok(None);
                }
                (Mode::Hashed { sha, expected }, None) => {
                    let computed = hex(&std::mem::take(sha).finalize());
                    let expected = std::mem::take(expected);
                    self.mode = Mode::Ended;
                    if computed != expected {
                        return Err(error("XAmzContentSHA256Mismatch")
                            .member("ClientComputedContentSHA256", expected)
                            .member("S3ComputedContentSHA256", computed));
                    }
                    return Ok(None);
                }
                (Mode::Ended, Some(_)) => return Ok(None),
            }
        }
    }

    /// After the last chunk and its trailers nothing may come.
    async fn rest_is_nothing(&mut self) -> S3Result<Option<Bytes>> {
        while let Some(bytes) = self.frame().await? {
            if !bytes.is_empty() {
                return Err(error("IncompleteBody"));
            }
        }
        Ok(None)
    }

    async fn frame(&mut self) -> S3Result<Option<Bytes>> {
        loop {
            let Ok(frame) = tokio::time::timeout(PATIENCE, self.source.frame()).await else {
                return Err(error("RequestTimeout"));
            };
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Some(Err(_)) => return Err(error("IncompleteBody")),
            }
        }
    }

    /// The whole body, for documents.
    ///
    /// # Errors
    /// Those of [`BodyReader::next`], and that of a body longer than `most`.
    pub(crate) async fn whole(&mut self, most: usize, too_long: &'static str) -> S3Result<Bytes> {
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > most {
                return Err(error(too_long));
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }
}
