//! The Runtime API as a client sees it: HTTP/1.1 over one connection to a server on the same machine.
//!
//! Four kinds of requests are all there is, so the client is written by hand: a general one costs a function a third of its size and half
//! of its instructions (`docs/benchmarks.md`). `[D/E]` gateway-truth §4.6

use std::io::{ErrorKind, Result, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{io::BufReader, net::TcpStream};

use super::{address::Address, head::Head, invocations::ErrorDocument};
use crate::{
    dispatch::caught,
    http1::{self, Length},
    log,
    response::stream::{self, BodyStream},
};

/// Buffers that have grown beyond this are given back before the next request.
const KEPT: usize = 1 << 18;

/// The body of a request.
#[derive(Clone, Copy)]
pub(super) enum Body<'b> {
    /// A `GET`.
    None,
    /// A JSON document.
    Json(&'b [u8]),
    /// The prelude of a streamed answer, and its body.
    Stream(&'b [u8], &'b [u8]),
    /// The prelude of a streamed answer whose body follows in pieces.
    Open(&'b [u8]),
}

/// What the head of a streamed answer says of it. `[D/E]` gateway-truth §4.6
const STREAMING: &[u8] = b"Lambda-Runtime-Function-Response-Mode: streaming\r\n\
    Content-Type: application/vnd.awslambda.http-integration-response\r\n\
    Transfer-Encoding: chunked\r\n";

/// Announces where a stream says that it failed.
const TRAILER: &[u8] =
    b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n";

/// The connection, which is opened when it is needed.
pub(super) struct RuntimeApi {
    address: Address,
    stream: Option<BufReader<TcpStream>>,
    request: Vec<u8>,
    line: Vec<u8>,
    /// The body of the last response.
    pub(super) body: Vec<u8>,
}

impl RuntimeApi {
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            stream: None,
            request: Vec::new(),
            line: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Where it is.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Forgets the connection, which does not survive a snapshot.
    pub(super) fn disconnect(&mut self) {
        self.stream = None;
    }

    /// Sends a request and waits for its response. The path begins behind the version, as `/runtime/invocation/next`.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, hangs up within a response, or does not speak HTTP/1. A connection that served an earlier
    /// request may have been closed meanwhile. If it ends before the response begins, the request is sent once more on a new one.
    pub(super) async fn exchange(
        &mut self,
        path: &[&str],
        headers: &[(&str, &str)],
        body: Body<'_>,
    ) -> Result<Head> {
        self.compose(path, headers, body);
        let reused = self.stream.is_some();
        let mut begun = self.begin().await;
        if begun.is_err() && reused {
            self.stream = None;
            begun = self.begin().await;
        }
        begun?;
        self.receive().await
    }

    /// Posts an answer piece by piece, each as soon as it is there. Returns the head of the response, and why the stream failed if it did:
    /// Lambda then reads that in trailers, and cuts the client off.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or hangs up. Pieces that were sent cannot be sent again.
    pub(super) async fn stream(
        &mut self,
        path: &[&str],
        headers: &[(&str, &str)],
        prelude: &[u8],
        pieces: &mut BodyStream,
    ) -> Result<(Head, Option<String>)> {
        self.compose(path, headers, Body::Open(prelude));
        let reused = self.stream.is_some();
        let mut begun = self.send().await;
        if begun.is_err() && reused {
            self.stream = None;
            begun = self.send().await;
        }
        begun?;
        let failure = loop {
            let piece = match caught(stream::next(pieces)).await {
                Ok(Some(Ok(piece))) => piece,
                Ok(None) => break None,
                Ok(Some(Err(error))) => break Some(error.to_string()),
                Err(panic) => break Some(format!("panicked: {}", log::message(&*panic))),
            };
            self.request.clear();
            chunk(&mut self.request, &piece)?;
            self.send().await?;
        };
        self.request.clear();
        self.request.extend_from_slice(b"0\r\n");
        if let Some(message) = &failure {
            trailers(&mut self.request, message)?;
        }
        self.request.extend_from_slice(b"\r\n");
        self.begin().await?;
        Ok((self.receive().await?, failure))
    }

    /// Reads a response whose first line is there.
    async fn receive(&mut self) -> Result<Head> {
        let mut head = Head::start(&self.line)?;
        loop {
            self.read_line().await?;
            if self.line.len() > 2 {
                head.header(&self.line)?;
            } else if head.status >= 200 {
                break;
            } else {
                // An interim response, as `100 Continue`, stands before the response.
                self.read_line().await?;
                head = Head::start(&self.line)?;
            }
        }
        self.read_body(head.length()).await?;
        if head.closes() {
            self.stream = None;
        }
        Ok(head)
    }

    /// Writes the request into its buffer: one call of the system's sends it all.
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
        let out = &mut self.request;
        out.clear();
        out.shrink_to(KEPT);
        let before = [method, &self.address.base, "/2018-06-01"];
        let after = [agent, &*self.address.host, "\r\n"];
        let headers = headers
            .iter()
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"]);
        for text in before
            .iter()
            .chain(path)
            .chain(&after)
            .copied()
            .chain(headers)
        {
            out.extend_from_slice(text.as_bytes());
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
                out.extend_from_slice(STREAMING);
                out.extend_from_slice(b"\r\n");
                chunk(out, prelude)
                    .and_then(|()| chunk(out, body))
                    .and_then(|()| out.write_all(b"0\r\n\r\n"))
            }
            Body::Open(prelude) => {
                out.extend_from_slice(STREAMING);
                out.extend_from_slice(TRAILER);
                chunk(out, prelude)
            }
        };
    }

    /// Sends the request, and reads the first line of the response.
    async fn begin(&mut self) -> Result<()> {
        self.send().await?;
        self.read_line().await
    }

    /// Sends what is in the buffer, over a new connection if there is none.
    async fn send(&mut self) -> Result<()> {
        use tokio::io::AsyncWriteExt as _;

        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                // It is on the same machine, and there is nothing else to be done before.
                let stream = std::net::TcpStream::connect(&self.address.host)?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                none.insert(BufReader::new(TcpStream::from_std(stream)?))
            }
        };
        stream.write_all(&self.request).await
    }

    async fn read_line(&mut self) -> Result<()> {
        let stream = self.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        http1::read_line(stream, &mut self.line).await
    }

    async fn read_body(&mut self, length: Length) -> Result<()> {
        let stream = self.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        self.body.clear();
        self.body.shrink_to(KEPT);
        http1::read_body(stream, length, &mut self.line, &mut self.body).await
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

/// Writes the trailers that say why a stream failed. `[D/E]` gateway-truth §4.6
fn trailers(out: &mut Vec<u8>, message: &str) -> Result<()> {
    const KIND: &str = "fw.StreamFailed";
    let document = ErrorDocument {
        error_type: KIND,
        error_message: message,
    };
    let document = STANDARD.encode(serde_json::to_vec(&document)?);
    write!(
        out,
        "Lambda-Runtime-Function-Error-Type: {KIND}\r\nLambda-Runtime-Function-Error-Body: {document}\r\n"
    )
}
