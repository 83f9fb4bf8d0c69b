//! What both clients of HTTP/1.1 read: lines and bodies.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// How long a body is (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Length {
    /// So many bytes.
    Bytes(usize),
    /// As its chunks say.
    Chunks,
    /// Up to the end of the connection.
    #[default]
    UntilClose,
}

/// Reads the status of a response, and whether the server closes the connection behind it unless it says otherwise.
///
/// # Errors
///
/// When it is not a status line of HTTP/1.
pub(crate) fn status(line: &str) -> Result<(u16, bool)> {
    let (version, rest) = line.split_once(' ').unwrap_or_default();
    let status = rest.get(..3).and_then(|status| status.parse().ok());
    match status.filter(|_| version.starts_with("HTTP/1.")) {
        Some(status) => Ok((status, version == "HTTP/1.0")),
        None => Err(invalid("not a response of HTTP/1")),
    }
}

/// Reads a line, with its end.
pub(crate) async fn read_line(
    stream: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> Result<()> {
    line.clear();
    stream.read_until(b'\n', line).await?;
    match line.ends_with(b"\n") {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::UnexpectedEof, "it hung up")),
    }
}

/// Adds a body to `body`. `line` is room for a chunk's first line.
pub(crate) async fn read_body(
    stream: &mut (impl AsyncBufRead + Unpin),
    length: Length,
    line: &mut Vec<u8>,
    body: &mut Vec<u8>,
) -> Result<()> {
    match length {
        Length::Bytes(length) => read_exact(stream, length, body).await,
        Length::UntilClose => stream.read_to_end(body).await.map(drop),
        Length::Chunks => {
            loop {
                read_line(stream, line).await?;
                let size = chunk_size(line)?;
                if size == 0 {
                    break;
                }
                read_exact(stream, size, body).await?;
                // The chunk's own end of line.
                read_line(stream, line).await?;
            }
            // A trailer ends with an empty line.
            while line.len() > 2 {
                read_line(stream, line).await?;
            }
            Ok(())
        }
    }
}

/// Adds so many bytes to `body`.
async fn read_exact(
    stream: &mut (impl AsyncBufRead + Unpin),
    length: usize,
    body: &mut Vec<u8>,
) -> Result<()> {
    let start = body.len();
    body.resize(start + length, 0);
    let free = body.get_mut(start..).unwrap_or_default();
    stream.read_exact(free).await.map(drop)
}

/// The size in a chunk's first line, which may have an extension behind it.
fn chunk_size(line: &[u8]) -> Result<usize> {
    let digits = line.split(|byte| !byte.is_ascii_hexdigit()).next();
    let digits = std::str::from_utf8(digits.unwrap_or_default()).unwrap_or_default();
    let size = u32::from_str_radix(digits, 16).ok();
    let size = size.and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| invalid("a chunk without a size"))
}

/// An error about what was read.
pub(crate) fn invalid(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}
