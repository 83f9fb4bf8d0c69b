//! The bytes that a connection has read but not used: few system calls for small messages, large
//! reads for large ones.

use tokio::io::{AsyncRead, AsyncReadExt};

/// The size of a read, unless reads come back full.
const READ: usize = 8 * 1024;
/// The most that a read asks for.
const LARGEST_READ: usize = 128 * 1024;
/// Bytes that were read but not used.
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: Vec<u8>,
    used: usize,
    /// True if the last read came back full.
    full: bool,
}

impl Input {
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.used..).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, length: usize) {
        self.used = self.used.saturating_add(length).min(self.buffer.len());
        if self.used == self.buffer.len() {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.used = 0;
        if self.buffer.capacity() > LARGEST_READ {
            self.buffer = Vec::new();
        }
    }

    /// A server ignores empty lines before a request (RFC 9112 §2.2).
    pub(super) fn skip_empty_lines(&mut self) {
        let bytes = self.bytes();
        let empty = bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let length = empty.count();
        if length > 0 {
            self.consume(length);
        }
    }

    pub(super) async fn fill(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> std::io::Result<usize> {
        if self.used > 0 {
            self.buffer.drain(..self.used);
            self.used = 0;
        }
        // Full reads mean that much comes: then fewer and larger ones.
        let room = if self.full {
            self.buffer.capacity().clamp(READ, LARGEST_READ)
        } else {
            READ / 2
        };
        if self.buffer.capacity() - self.buffer.len() < room {
            self.buffer.reserve(room.max(READ));
        }
        let room = self.buffer.capacity() - self.buffer.len();
        let read = stream.read_buf(&mut self.buffer).await?;
        self.full = read >= room;
        Ok(read)
    }
}
