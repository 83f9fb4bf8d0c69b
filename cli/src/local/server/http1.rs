//! HTTP/1.1 as clients speak it to the server in front (RFC 9112).
//!
//! A codec of its own, because the gateways differ in details that a library hides: the event of a
//! REST API has the client's spelling of header names, its response the handler's, and a head that
//! is too long gets the gateway's own answer. Input is not trusted: heads, bodies and waits are
//! bounded, ambiguous requests are refused, and nothing can panic.

mod head;

use std::{
    future::poll_fn,
    io::{self, Write as _},
    net::IpAddr,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::{Buf, Bytes};
use fw_gateway::{HttpReply, Unreadable};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

use self::head::{
    Form, Head, LONGEST_HEAD, Length, Over, authority_of, begin_parse, parse, too_large,
};
use super::{Answered, BodyError, Patience, ReadBody, Shared, http2};
use crate::local::{
    chunks::{Chunks, Step, Trailers, end_of_fields},
    input::Input,
    stream::Stream,
};

/// A body up to this length is sent in one write with its head, which costs a copy.
const COPIED: usize = 16 * 1024;
/// How long, and how much, a refused client may continue to send, so that it sees the answer.
const FAREWELL: Duration = Duration::from_secs(2);
const LONGEST_FAREWELL: usize = 64 * 1024 * 1024;
/// The start of an HTTP/2 connection with prior knowledge (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves a connection until either side closes it, in the version of HTTP that the client starts
/// with.
pub(super) async fn serve(
    stream: TcpStream,
    peer: IpAddr,
    shared: Arc<Shared>,
    ending: watch::Receiver<bool>,
) {
    let patience = shared.patience;
    let mut connection = Connection {
        stream,
        input: Input::default(),
        body: BodyState::Ended,
        continue_is_due: false,
        keeps_open: true,
        lingers: false,
        output: Vec::new(),
        patience,
        ending,
    };
    let mut is_first = true;
    loop {
        match connection.head(is_first, peer).await {
            Ok(Begun::Request(head)) => {
                if connection.exchange(head, &shared).await.is_err() {
                    return;
                }
            }
            Ok(Begun::Http2) => {
                let Connection {
                    stream,
                    input,
                    ending,
                    ..
                } = connection;
                let begun = Bytes::copy_from_slice(input.bytes());
                return http2::serve(stream, begun, peer, shared, ending).await;
            }
            Err(Over::Closed) => return,
            Err(Over::Refused(why, reason)) => {
                shared.logs.malformed(&reason);
                let reply = shared.unreadable(why);
                let sent = connection.send(reply, None, Form::REFUSED).await;
                if sent.is_err() {
                    return;
                }
            }
        }
        if !connection.keeps_open {
            break;
        }
        is_first = false;
    }
    connection.close().await;
}

/// The start of a connection.
enum Begun {
    Request(Head),
    Http2,
}

/// The position in the body of the current request.
enum BodyState {
    /// This much is still to come.
    Known(u64),
    Chunked(Chunks),
    Ended,
}

struct Connection {
    stream: TcpStream,
    input: Input,
    body: BodyState,
    /// True if the client waits for `100 Continue`.
    continue_is_due: bool,
    keeps_open: bool,
    /// True if the client may be sending bytes that nothing reads.
    lingers: bool,
    output: Vec<u8>,
    patience: Patience,
    ending: watch::Receiver<bool>,
}

impl Connection {
    /// Reads the next request's head.
    async fn head(&mut self, is_first: bool, peer: IpAddr) -> Result<Begun, Over> {
        let until = Instant::now() + self.patience.head;
        let mut seen = 0;
        loop {
            self.input.skip_empty_lines();
            let bytes = self.input.bytes();
            let may_be_2 = is_first && !bytes.is_empty() && begins_alike(bytes, PREFACE);
            if may_be_2 && bytes.len() >= PREFACE.len() {
                return Ok(Begun::Http2);
            }
            if !may_be_2 {
                if let Some(length) = end_of_fields(bytes, seen) {
                    let head = parse(bytes.get(..length).unwrap_or_default(), peer);
                    self.input.consume(length);
                    return self.begin(head).map(Begun::Request);
                }
                if seen == 0 && !bytes.is_empty() {
                    // If the first bytes are not HTTP, there is no end to wait for.
                    let found = begin_parse(bytes);
                    if let Err(over) = found {
                        return self.begin(Err(over)).map(Begun::Request);
                    }
                }
                seen = bytes.len();
                if seen > LONGEST_HEAD {
                    return self.begin(Err(too_large())).map(Begun::Request);
                }
            }
            let is_empty = self.input.bytes().is_empty();
            let more = timeout_at(until, async {
                // An idle connection has no buffer yet.
                if is_empty {
                    self.stream.readable().await?;
                }
                self.input.fill(&mut self.stream).await
            });
            let read = tokio::select! {
                read = more => read,
                _ = self.ending.wait_for(|ending| *ending) => return Err(Over::Closed),
            };
            match read {
                Ok(Ok(more)) if more > 0 => {}
                _ => return Err(Over::Closed),
            }
        }
    }

    /// Records what the head says about the connection.
    fn begin(&mut self, head: Result<Head, Over>) -> Result<Head, Over> {
        match &head {
            Ok(head) => {
                self.body = match head.length {
                    Length::Known(0) => BodyState::Ended,
                    Length::Known(length) => BodyState::Known(length),
                    Length::Chunked => BodyState::Chunked(Chunks::default()),
                };
                self.continue_is_due = head.expects_continue && head.length != Length::Known(0);
                self.keeps_open = head.keeps_open;
            }
            // The start of the next request would not be known.
            Err(_) => self.give_up_the_rest(),
        }
        head
    }

    /// No request comes after this one.
    fn give_up_the_rest(&mut self) {
        self.keeps_open = false;
        self.lingers = true;
        self.continue_is_due = false;
        self.body = BodyState::Ended;
    }

    /// One request and its answer.
    async fn exchange(&mut self, head: Head, shared: &Shared) -> io::Result<()> {
        let Head { request, form, .. } = head;
        let authority = authority_of(&request.target).map(str::to_owned);
        let answered = shared.answer(request, authority.as_deref(), &mut *self);
        let Answered {
            reply,
            stream,
            mut told,
        } = match answered.await {
            Ok(answered) => answered,
            Err(BodyError::Malformed(reason)) => {
                shared.logs.malformed(&reason);
                self.give_up_the_rest();
                let reply = shared.unreadable(Unreadable::Malformed);
                return self.send(reply, None, form).await;
            }
            Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
        };
        if !matches!(self.body, BodyState::Ended) {
            self.give_up_the_rest();
        }
        // A client that sends no more may still read (RFC 9112 §9.6); sending the answer shows
        // whether it does.
        let is_half_closed = self.is_half_closed().await;
        let (status, reason) = (reply.status, reply.reason.clone());
        if is_half_closed {
            self.keeps_open = false;
        } else {
            told.status(status, reason.as_deref());
        }
        let sent = self.send(reply, stream, form).await;
        if is_half_closed {
            if sent.is_ok() && matches!(self.stream.take_error(), Ok(None)) {
                told.status(status, reason.as_deref());
            } else {
                told.client_left();
            }
        }
        sent
    }

    /// True if the client has closed its sending side.
    async fn is_half_closed(&self) -> bool {
        if !self.input.bytes().is_empty() {
            return false;
        }
        poll_fn(|context| {
            let mut byte = [0];
            let peeked = self.stream.poll_peek(context, &mut ReadBuf::new(&mut byte));
            Poll::Ready(matches!(peeked, Poll::Ready(Ok(0))))
        })
        .await
    }

    /// How many bytes of the body are at the start of the input, once there are some; `None` at the
    /// body's end.
    async fn ready(&mut self) -> Result<Option<usize>, BodyError> {
        loop {
            match &mut self.body {
                BodyState::Ended => return Ok(None),
                BodyState::Known(left) => {
                    let here = self.input.bytes().len();
                    if here > 0 {
                        let left = usize::try_from(*left).unwrap_or(usize::MAX);
                        return Ok(Some(left.min(here)));
                    }
                }
                BodyState::Chunked(chunks) => {
                    // Fields after the body belong to no event.
                    let mut trailers = Trailers::default();
                    match chunks.step(self.input.bytes(), &mut trailers) {
                        Step::Skip(length) => {
                            self.input.consume(length);
                            continue;
                        }
                        Step::Data(length) => return Ok(Some(length)),
                        Step::More => {}
                        Step::End(length) => {
                            self.input.consume(length);
                            self.body = BodyState::Ended;
                            return Ok(None);
                        }
                        Step::Malformed => {
                            return Err(BodyError::Malformed(
                                "the body is not in the chunked transfer coding".to_owned(),
                            ));
                        }
                    }
                }
            }
            self.say_continue().await?;
            match timeout(self.patience.body, self.input.fill(&mut self.stream)).await {
                Ok(Ok(more)) if more > 0 => {}
                Ok(_) => return Err(BodyError::Left),
                Err(_) => return Err(BodyError::TooSlow),
            }
        }
    }

    /// Takes that much of the body away from the front of the input.
    fn take(&mut self, length: usize) {
        self.input.consume(length);
        match &mut self.body {
            BodyState::Known(left) => {
                *left = left.saturating_sub(length as u64);
                if *left == 0 {
                    self.body = BodyState::Ended;
                }
            }
            BodyState::Chunked(chunks) => chunks.took(length as u64),
            BodyState::Ended => {}
        }
    }

    /// Tells a client that asked, and waits, that its body is wanted (RFC 9110 §10.1.1).
    async fn say_continue(&mut self) -> Result<(), BodyError> {
        if std::mem::take(&mut self.continue_is_due) && self.input.bytes().is_empty() {
            let sent = self.write(&b"HTTP/1.1 100 Continue\r\n\r\n"[..]).await;
            sent.map_err(|_| BodyError::Left)?;
        }
        Ok(())
    }

    /// Writes everything to a client that keeps reading.
    async fn write(&mut self, mut bytes: impl Buf) -> io::Result<()> {
        while bytes.has_remaining() {
            let written = timeout(self.patience.write, self.stream.write_buf(&mut bytes));
            match written.await {
                Ok(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written?,
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            };
        }
        Ok(())
    }

    /// Sends an answer, spelt as the gateway spells it.
    async fn send(
        &mut self,
        reply: HttpReply,
        stream: Option<Stream>,
        form: Form,
    ) -> io::Result<()> {
        if *self.ending.borrow() {
            self.keeps_open = false;
        }
        // Without a final status the client would wait for another one (RFC 9110 §15.2).
        let status = StatusCode::from_u16(reply.status)
            .ok()
            .filter(|status| !status.is_informational())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let bodiless = matches!(
            status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        );
        let stream = stream.filter(|_| !bodiless);
        let chunked = stream.is_some() && form.is_1_1;
        if stream.is_some() && !form.is_1_1 {
            self.keeps_open = false;
        }
        let keeps_open = self.keeps_open;
        let out = &mut self.output;
        out.clear();
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(status.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        for (name, value) in &reply.headers {
            let is = |own: &str| name.eq_ignore_ascii_case(own);
            // Only this code decides the length of the message and the state of the connection.
            if is("content-length") || is("transfer-encoding") || is("connection") {
                continue;
            }
            field(out, name, value);
        }
        if !keeps_open {
            field(out, "Connection", "close");
        } else {
            field(out, "Connection", "keep-alive");
        }
        if chunked {
            field(out, "Transfer-Encoding", "chunked");
        } else if stream.is_none() && !(bodiless && status != StatusCode::RESET_CONTENT) {
            let length = if bodiless { 0 } else { reply.body.len() };
            // Writing to a vector cannot fail.
            let _ = write!(out, "\r\nContent-Length: {length}");
        }
        out.extend_from_slice(b"\r\n\r\n");
        let has_body = !form.is_head && !bodiless && stream.is_none();
        let body = if has_body { reply.body } else { Bytes::new() };
        let head = if body.len() <= COPIED {
            out.extend_from_slice(&body);
            std::mem::take(out)
        } else {
            let head = std::mem::take(out);
            self.write(Buf::chain(head.as_slice(), body)).await?;
            Vec::new()
        };
        self.write(head.as_slice()).await?;
        self.output = head;
        match stream.filter(|_| !form.is_head) {
            Some(stream) => self.pass_on(stream, chunked).await,
            None => Ok(()),
        }
    }

    /// Sends a body as a stream. If it breaks off, the connection is closed, because there is no
    /// other way left to report it.
    async fn pass_on(&mut self, mut stream: Stream, chunked: bool) -> io::Result<()> {
        while let Some(frame) = stream.frame().await {
            let frame = frame.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if data.is_empty() {
                continue;
            }
            if chunked {
                let size = format!("{:x}\r\n", data.len());
                let chunk = Buf::chain(size.as_bytes(), data).chain(&b"\r\n"[..]);
                self.write(chunk).await?;
            } else {
                self.write(data).await?;
            }
        }
        if chunked {
            self.write(&b"0\r\n\r\n"[..]).await?;
        }
        Ok(())
    }

    /// Closes the sending side, and reads what the client had under way: to close with something unread would take the
    /// answer from it (RFC 9112 §9.6).
    async fn close(mut self) {
        if self.stream.shutdown().await.is_err() || !self.lingers {
            return;
        }
        let _ = timeout(FAREWELL, async {
            let mut nowhere = vec![0; COPIED];
            let mut read = 0;
            while read < LONGEST_FAREWELL {
                match self.stream.read(&mut nowhere).await {
                    Ok(more) if more > 0 => read += more,
                    _ => break,
                }
            }
        })
        .await;
    }
}

impl ReadBody for &mut Connection {
    /// The whole body, or as much of it as shows that it is over the limit; the rest then stays unread.
    async fn read(self, limit: usize) -> Result<Bytes, BodyError> {
        let mut whole = Vec::new();
        if let BodyState::Known(length) = self.body {
            match usize::try_from(length) {
                // Reserves the announced size; the system provides the memory when it is written.
                Ok(length) if length <= limit => whole.reserve_exact(length),
                // Nobody looks into what is refused.
                _ => return Ok(Bytes::from(vec![0; limit.saturating_add(1)])),
            }
        }
        while let Some(length) = self.ready().await? {
            whole.extend_from_slice(self.input.bytes().get(..length).unwrap_or_default());
            self.take(length);
            if whole.len() > limit {
                break;
            }
        }
        Ok(whole.into())
    }
}

/// Writes a field, unless it has a line break, which would start another field.
fn field(out: &mut Vec<u8>, name: &str, value: &str) {
    let breaks = |byte: u8| matches!(byte, b'\r' | b'\n' | 0);
    if name.is_empty()
        || name.bytes().any(|byte| breaks(byte) || byte == b':')
        || value.bytes().any(breaks)
    {
        return;
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
}

/// True if the shorter of the two is a prefix of the longer one.
fn begins_alike(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}
