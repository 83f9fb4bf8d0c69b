//! Bodies in the chunks of `aws-chunked`: each with its size, a signature where chunks are signed, and trailers at the end.
//!
//! S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks", and the page on
//! trailing checksums.

use bytes::{Bytes, BytesMut};
use sha2::{Digest as _, Sha256};

use super::{ChunkSigning, same};
use crate::checksum::{Algorithm, hex, hmac, sha256_of};
use crate::error::{S3Error, S3Result, error, error_with};

/// All chunks but the last have this many bytes at least.
const LEAST_CHUNK: u64 = 8192;
/// The longest line with a chunk's size or a trailer.
const LONGEST_LINE: usize = 4096;

/// The decoder. Bytes are fed in and taken out.
pub(super) struct Chunked {
    signing: Option<ChunkSigning>,
    has_trailer: bool,
    /// The trailer that `x-amz-trailer` announces, in lower case.
    announced: Option<String>,
    buffer: BytesMut,
    state: State,
    /// Bytes that the request says will come, and those that came.
    declared: u64,
    seen: u64,
    /// The size of a chunk below the least, which must be the last.
    small: Option<u64>,
    chunks: u64,
    trailers: Vec<(String, String)>,
    trailer_signature: Option<String>,
}

enum State {
    /// Before a line with a size.
    Size,
    /// Within a chunk: bytes to come, what is hashed so far, the signature that it must have.
    Data {
        left: u64,
        sha: Option<Sha256>,
        signature: String,
    },
    /// Before the line end after a chunk.
    DataEnd,
    Trailers,
    Done,
}

fn malformed_trailer() -> S3Error {
    error("MalformedTrailerError")
}

impl Chunked {
    pub(super) fn new(
        signing: Option<ChunkSigning>,
        has_trailer: bool,
        declared: u64,
        announced: Option<&str>,
    ) -> S3Result<Self> {
        let announced = announced
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty());
        if let Some(name) = &announced
            && Algorithm::of_header(name).is_none()
        {
            return Err(error_with(
                "InvalidRequest",
                "The value specified in the x-amz-trailer header is not supported",
            ));
        }
        Ok(Self {
            signing,
            has_trailer,
            announced: announced.filter(|_| has_trailer),
            buffer: BytesMut::new(),
            state: State::Size,
            declared,
            seen: 0,
            small: None,
            chunks: 0,
            trailers: Vec::new(),
            trailer_signature: None,
        })
    }

    pub(super) fn announced(&self) -> Option<&str> {
        self.announced.as_deref()
    }

    pub(super) fn trailer(&self, name: &str) -> Option<&str> {
        self.trailers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn feed(&mut self, bytes: &Bytes) {
        self.buffer.extend_from_slice(bytes);
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Whether something came after the end.
    pub(super) fn has_more(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The client has sent everything.
    pub(super) fn end(&mut self) -> S3Result<()> {
        match self.state {
            State::Done => Ok(()),
            // The empty line at the end is missing. The body is complete, or the error says what is missing.
            State::Trailers if self.buffer.is_empty() => self.finish(),
            State::Trailers => Err(malformed_trailer()),
            _ => Err(error("IncompleteBody")),
        }
    }

    /// Bytes of the object, if there are any in what was fed.
    pub(super) fn take(&mut self) -> S3Result<Option<Bytes>> {
        loop {
            match &mut self.state {
                State::Size => {
                    let Some(line) = self.line()? else {
                        return Ok(None);
                    };
                    self.start_chunk(&line)?;
                }
                State::Data {
                    left,
                    sha,
                    signature,
                } => {
                    if *left == 0 {
                        let (sha, signature) = (sha.take(), std::mem::take(signature));
                        self.end_chunk(sha, &signature)?;
                        self.state = State::DataEnd;
                        continue;
                    }
                    if self.buffer.is_empty() {
                        return Ok(None);
                    }
                    let most = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(self.buffer.len());
                    let bytes = self.buffer.split_to(most).freeze();
                    *left -= bytes.len() as u64;
                    if let Some(sha) = sha {
                        sha.update(&bytes);
                    }
                    return Ok(Some(bytes));
                }
                State::DataEnd => {
                    if self.buffer.len() < 2 {
                        return Ok(None);
                    }
                    if self.buffer.split_to(2).as_ref() != b"\r\n" {
                        return Err(error("IncompleteBody"));
                    }
                    self.state = State::Size;
                }
                State::Trailers => {
                    let Some(line) = self.line().map_err(|_| malformed_trailer())? else {
                        return Ok(None);
                    };
                    if line.is_empty() {
                        self.finish()?;
                    } else {
                        self.trailer_line(&line)?;
                    }
                }
                State::Done => return Ok(None),
            }
        }
    }

    fn line(&mut self) -> S3Result<Option<String>> {
        let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') else {
            return if self.buffer.len() > LONGEST_LINE {
                Err(error("IncompleteBody"))
            } else {
                Ok(None)
            };
        };
        if end > LONGEST_LINE {
            return Err(error("IncompleteBody"));
        }
        let line = self.buffer.split_to(end + 1);
        let line = line[..end].strip_suffix(b"\r").unwrap_or(&line[..end]);
        String::from_utf8(line.to_vec())
            .map(Some)
            .map_err(|_| error("IncompleteBody"))
    }

    /// A line such as `10000;chunk-signature=…`.
    fn start_chunk(&mut self, line: &str) -> S3Result<()> {
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        let digits = !size.is_empty()
            && size.len() <= 16
            && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = u64::from_str_radix(size, 16)
            .ok()
            .filter(|_| digits)
            .ok_or_else(|| error("IncompleteBody"))?;
        let signature = extension
            .trim()
            .strip_prefix("chunk-signature=")
            .unwrap_or_default()
            .to_owned();
        if self.signing.is_some() && signature.is_empty() {
            return Err(error("IncompleteBody"));
        }
        if size == 0 {
            let sha = self.signing.is_some().then(Sha256::new);
            self.end_chunk(sha, &signature)?;
            self.state = State::Trailers;
            return Ok(());
        }
        if let Some(small) = self.small {
            return Err(error("InvalidChunkSizeError")
                .member("Chunk", self.chunks.to_string())
                .member("BadChunkSize", small.to_string()));
        }
        self.chunks += 1;
        self.small = (size < LEAST_CHUNK).then_some(size);
        self.seen = self.seen.saturating_add(size);
        if self.seen > self.declared {
            return Err(error("IncompleteBody"));
        }
        let sha = self.signing.is_some().then(Sha256::new);
        self.state = State::Data {
            left: size,
            sha,
            signature,
        };
        Ok(())
    }

    /// Holds a chunk's signature against its bytes.
    fn end_chunk(&mut self, sha: Option<Sha256>, signature: &str) -> S3Result<()> {
        let (Some(signing), Some(sha)) = (&mut self.signing, sha) else {
            return Ok(());
        };
        let digest = hex(&sha.finalize());
        let to_sign = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{}\n{digest}",
            signing.date,
            signing.scope,
            signing.seed,
            hex(&sha256_of(b""))
        );
        let expected = hex(&hmac(&signing.key, to_sign.as_bytes()));
        if !same(&expected, signature) {
            return Err(error("SignatureDoesNotMatch"));
        }
        signing.seed = expected;
        Ok(())
    }

    fn trailer_line(&mut self, line: &str) -> S3Result<()> {
        let (name, value) = line.split_once(':').ok_or_else(malformed_trailer)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if name == "x-amz-trailer-signature" {
            self.trailer_signature = Some(value);
            return Ok(());
        }
        let twice = self.trailers.iter().any(|(known, _)| *known == name);
        if twice || self.announced.as_deref() != Some(&name) {
            return Err(malformed_trailer());
        }
        self.trailers.push((name, value));
        Ok(())
    }

    /// Everything came: it must be what was declared.
    fn finish(&mut self) -> S3Result<()> {
        if self.seen != self.declared {
            return Err(error("IncompleteBody"));
        }
        if self.announced.is_some() && self.trailers.is_empty() {
            return Err(malformed_trailer());
        }
        if let (Some(signing), true) = (&self.signing, self.has_trailer) {
            let canonical: String = self
                .trailers
                .iter()
                .map(|(name, value)| format!("{name}:{value}\n"))
                .collect();
            let digest = hex(&sha256_of(canonical.as_bytes()));
            let to_sign = format!(
                "AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{digest}",
                signing.date, signing.scope, signing.seed
            );
            let expected = hex(&hmac(&signing.key, to_sign.as_bytes()));
            // Without trailers there is nothing to sign.
            let given = self.trailer_signature.as_deref();
            if !self.trailers.is_empty() && !given.is_some_and(|given| same(&expected, given)) {
                return Err(error("SignatureDoesNotMatch"));
            }
        }
        self.state = State::Done;
        Ok(())
    }
}
