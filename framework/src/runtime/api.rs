//! The Runtime API as a client sees it: HTTP/1.1 over one connection to a server on the same machine.
//!
//! Four kinds of requests are all there is, so the client is written by hand: a general one costs every function a third of its size and half
//! of its instructions (`docs/benchmarks.md`). `[D/E]` gateway-truth §4.6

use std::io::{Error, ErrorKind, Result, Write as _};

use tokio::net::TcpStream;

use super::head::{Head, Length};

/// Buffers that have grown beyond this are given back after the exchange.
const KEPT: usize = 1 << 18;

/// How much is read at once at least.
const READ: usize = 8 * 1024;

/// Where the Runtime API is.
#[derive(Debug)]
pub(super) struct Address {
    /// `host:port`.
    pub(super) host: String,
    /// What stands before each path, without a slash at its end.
    pub(super) base: String,
}

impl Address {
    /// Reads `host:port`; a scheme and a base path are allowed. Returns `None` if it is not an address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("http://").unwrap_or(text);
        let (host, base) = text.split_at(text.find('/').unwrap_or(text.len()));
        if host.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        // A bracket closes an IPv6 address, whose colons are not the port's.
        let host = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => {
                port.parse::<u16>().ok().filter(|_| !name.is_empty())?;
                host.to_owned()
            }
            _ => format!("{host}:80"),
        };
        let base = base.trim_end_matches('/').to_owned();
        Some(Self { host, base })
    }
}

/// The body of a request.
#[derive(Clone, Copy)]
pub(super) enum Body<'b> {
    /// A `GET`.
    None,
    /// A JSON document.
    Json(&'b [u8]),
    /// The prelude of a streamed answer, and its body.
    Stream(&'b [u8], &'b [u8]),
}

/// The connection, which is opened when it is needed.
pub(super) struct RuntimeApi {
    address: Address,
    stream: Option<TcpStream>,
    /// What was read: `filled` bytes of it are of the response.
    input: Vec<u8>,
    filled: usize,
    output: Vec<u8>,
}

impl RuntimeApi {
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            stream: None,
            input: Vec::new(),
            filled: 0,
            output: Vec::new(),
        }
    }

    /// Where it is.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Sends a request and waits for its response: the head, and where the body stands in the input.
    ///
    /// `path` begins behind the version, as `/runtime/invocation/next`. Each of `headers` is a name and a value.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, hangs up within a response, or does not speak HTTP/1. A connection that was open for an earlier
    /// request may have been closed meanwhile, so where it ends before the response begins, the request is sent once more on a new one.
    pub(super) async fn exchange(
        &mut self,
        path: &[&str],
        headers: &[(&str, &str)],
        body: Body<'_>,
    ) -> Result<Head> {
        self.compose(path, headers, body);
        let reused = self.stream.is_some();
        let head = match self.attempt().await {
            Err(_) if reused && self.filled == 0 => {
                self.stream = None;
                self.attempt().await?
            }
            head => head?,
        };
        if head.closes {
            self.stream = None;
        }
        Ok(head)
    }

    /// Gives the response's bytes away, so that they can be read while the next request is sent. [`put_back`](Self::put_back) saves the
    /// allocation.
    pub(super) fn take_input(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.input)
    }

    /// Takes the buffer for the next response.
    pub(super) fn put_back(&mut self, input: Vec<u8>) {
        if input.len() <= KEPT {
            self.input = input;
        }
    }

    /// Forgets the connection, which does not survive a snapshot.
    pub(super) fn disconnect(&mut self) {
        self.stream = None;
    }

    /// Writes the request into the buffer for it: one write of the system's sends it all.
    fn compose(&mut self, path: &[&str], headers: &[(&str, &str)], body: Body<'_>) {
        let method = if matches!(body, Body::None) {
            "GET "
        } else {
            "POST "
        };
        let agent = concat!(
            " HTTP/1.1\r\nUser-Agent: fw/",
            env!("CARGO_PKG_VERSION"),
            "\r\nHost: "
        );
        let out = &mut self.output;
        out.clear();
        out.shrink_to(KEPT);
        let before = [method, &self.address.base, "/2018-06-01"];
        for text in before
            .iter()
            .chain(path)
            .chain(&[agent, &*self.address.host, "\r\n"])
        {
            out.extend_from_slice(text.as_bytes());
        }
        for (name, value) in headers {
            for text in [name, ": ", value, "\r\n"] {
                out.extend_from_slice(text.as_bytes());
            }
        }
        // Writing to a vector cannot fail.
        let _ = match body {
            Body::None => out.write_all(b"\r\n"),
            Body::Json(json) => {
                let length = json.len();
                write!(
                    out,
                    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
                )
                .and_then(|()| out.write_all(json))
            }
            Body::Stream(prelude, body) => {
                let head = "Lambda-Runtime-Function-Response-Mode: streaming\r\n\
                    Content-Type: application/vnd.awslambda.http-integration-response\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
                out.write_all(head.as_bytes())
                    .and_then(|()| chunk(out, prelude))
                    .and_then(|()| chunk(out, body))
                    .and_then(|()| out.write_all(b"0\r\n\r\n"))
            }
        };
    }

    /// Sends what is in the buffer and reads the response.
    async fn attempt(&mut self) -> Result<Head> {
        self.filled = 0;
        if self.stream.is_none() {
            // It is on the same machine, and nothing else is there to be done before.
            let stream = std::net::TcpStream::connect(&self.address.host)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            self.stream = Some(TcpStream::from_std(stream)?);
        }
        let Some(stream) = &self.stream else {
            return Err(ErrorKind::NotConnected.into());
        };
        let mut rest = &*self.output;
        while !rest.is_empty() {
            match stream.try_write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        loop {
            let end = self.read_until(|input, from| {
                let from = from.saturating_sub(3);
                let tail = input.get(from..)?;
                let at = tail.windows(4).position(|four| four == b"\r\n\r\n")?;
                Some(from + at + 4)
            });
            let end = end.await?;
            let mut head = Head::parse(self.input.get(..end).unwrap_or_default())?;
            // An interim response, as `100 Continue`, stands before the response.
            if head.status < 200 {
                self.input.copy_within(end..self.filled, 0);
                self.filled -= end;
                continue;
            }
            head.body = self.read_body(end, head.length).await?;
            return Ok(head);
        }
    }

    /// Reads the body that begins there, and says where it stands in the input.
    async fn read_body(&mut self, start: usize, length: Length) -> Result<std::ops::Range<usize>> {
        let mut end = start;
        match length {
            Length::Bytes(length) => {
                end = start.checked_add(length).ok_or(ErrorKind::InvalidData)?;
                if self.input.len() < end {
                    self.input.resize(end, 0);
                }
                self.read_until(|input, _| (input.len() >= end).then_some(end))
                    .await?;
            }
            Length::Chunks => {
                // Each chunk is moved to the end of those before it.
                let mut next = start;
                loop {
                    let line = self.read_line(next).await?;
                    let size = chunk_size(self.input.get(next..line).unwrap_or_default())?;
                    if size == 0 {
                        next = line;
                        break;
                    }
                    next = line.checked_add(size + 2).ok_or(ErrorKind::InvalidData)?;
                    self.read_until(|input, _| (input.len() >= next).then_some(next))
                        .await?;
                    self.input.copy_within(line..line + size, end);
                    end += size;
                }
                // The trailer ends with an empty line.
                loop {
                    let line = self.read_line(next).await?;
                    if line - next <= 2 {
                        break;
                    }
                    next = line;
                }
            }
            Length::UntilClose => {
                while self.read_some().await? != 0 {}
                end = self.filled;
            }
        }
        Ok(start..end)
    }

    /// Where the line that begins there ends, its line feed included.
    async fn read_line(&mut self, start: usize) -> Result<usize> {
        self.read_until(|input, _| {
            let line = input.get(start..)?;
            let feed = line.iter().position(|&byte| byte == b'\n')?;
            Some(start + feed + 1)
        })
        .await
    }

    /// Reads until `done` finds what it looks for. It gets the input, and how much of it was there before the last read.
    async fn read_until(&mut self, done: impl Fn(&[u8], usize) -> Option<usize>) -> Result<usize> {
        let mut seen = 0;
        loop {
            if let Some(found) = done(self.input.get(..self.filled).unwrap_or_default(), seen) {
                return Ok(found);
            }
            seen = self.filled;
            if self.read_some().await? == 0 {
                return Err(Error::new(
                    ErrorKind::UnexpectedEof,
                    "it hung up before its response was complete",
                ));
            }
        }
    }

    /// Reads what has come, and waits for something if there is nothing. 0 bytes are the end of the connection.
    async fn read_some(&mut self) -> Result<usize> {
        let Some(stream) = &self.stream else {
            return Err(ErrorKind::NotConnected.into());
        };
        if self.filled == self.input.len() {
            // Twice as much each time, so that a body of unknown length takes few reads.
            let length = (self.filled * 2).max(READ);
            self.input.resize(length, 0);
        }
        loop {
            stream.readable().await?;
            let free = self.input.get_mut(self.filled..).unwrap_or_default();
            match stream.try_read(free) {
                Ok(read) => {
                    self.filled += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Writes a chunk. An empty one would end the body.
fn chunk(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    write!(out, "{:x}\r\n", bytes.len())?;
    out.write_all(bytes)?;
    out.write_all(b"\r\n")
}

/// The size in a chunk's first line, which may have an extension behind it.
fn chunk_size(line: &[u8]) -> Result<usize> {
    let digits = line.split(|byte| !byte.is_ascii_hexdigit()).next();
    let digits = std::str::from_utf8(digits.unwrap_or_default()).unwrap_or_default();
    // A size near the largest number would overflow where the line's end is added.
    match u32::from_str_radix(digits, 16) {
        Ok(size) => usize::try_from(size).map_err(Error::other),
        Err(_) => Err(Error::new(ErrorKind::InvalidData, "a chunk without a size")),
    }
}
