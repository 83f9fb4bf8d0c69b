//! HTTP/1.1 as the Runtime API needs it: one connection of one process, read and written with few system calls.
//!
//! Any correct client of HTTP/1.1 is served (RFC 9112): bodies of a known length and in chunks with trailers,
//! `Expect: 100-continue`, requests sent before their turn, targets in absolute form, a client that closes its sending side and
//! waits. What comes from a process is not trusted: the head is bounded, a body is handed on in pieces and never kept whole
//! unless the caller sets a limit, and nothing of it can panic.
//!
//! The states of an invocation are not known here; see [`super`].

use std::{fmt::Write as _, mem::MaybeUninit, time::SystemTime};

use bytes::{Buf, BufMut, Bytes};
use fw_port_guard::PortGuard;
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::super::{
    chunks::{Chunks, Step, Trailers, end_of_fields},
    fields::{number, token, tokens},
    input::Input,
};

/// The longest head. The error causes that a runtime puts into a header have some ten kilobytes.
const LONGEST_HEAD: usize = 512 * 1024;
/// The most header fields of a request.
const MOST_FIELDS: usize = 64;
/// A body up to this length is sent in one write with its head, which costs a copy.
const COPIED: usize = 16 * 1024;

/// Why a connection is over.
#[derive(Debug)]
pub(super) enum Broken {
    /// The process closed it, or it failed.
    Closed,
    /// The input is not a request; this is the answer.
    Refused(StatusCode),
}

impl From<std::io::Error> for Broken {
    fn from(_: std::io::Error) -> Self {
        // Other failures belong to the process: its exit or its timeout explains them.
        Self::Closed
    }
}

/// The methods that the Runtime API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Post,
    Other,
}

/// A request's head: what of it matters here.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: Method,
    /// The target's path, as it was sent.
    pub(super) path: String,
    /// `Lambda-Runtime-Function-Response-Mode`.
    pub(super) response_mode: Option<Vec<u8>>,
    /// `Lambda-Runtime-Function-Error-Type`.
    pub(super) error_type: Option<Vec<u8>>,
    /// `Lambda-Runtime-Invocation-Id`, as the process sends it back.
    pub(super) invocation_id: Option<Vec<u8>>,
    /// True if the content type says that a streamed response starts with a prelude.
    pub(super) has_prelude: bool,
    length: Length,
    expects_continue: bool,
    keeps_open: bool,
}

/// The content type of a stream that starts with status and headers. `[E]` gateway-truth §3
const WITH_PRELUDE: &[u8] = b"application/vnd.awslambda.http-integration-response";

/// How a body is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Known(u64),
    Chunked,
}

/// The position in the body of the current request.
#[derive(Debug)]
enum BodyState {
    /// This much is still to come.
    Known(u64),
    Chunked(Chunks),
    Ended,
}

/// One connection. Its calls follow each other: a head, a body, an answer.
#[derive(Debug)]
pub(super) struct Connection<S> {
    stream: S,
    guard: PortGuard,
    input: Input,
    body: BodyState,
    trailers: Trailers,
    /// True if the process waits for `100 Continue`.
    continue_is_due: bool,
    keeps_open: bool,
    is_head: bool,
    output: Vec<u8>,
    date: Date,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(stream: S, guard: PortGuard) -> Self {
        Self {
            stream,
            guard,
            input: Input::default(),
            body: BodyState::Ended,
            trailers: Trailers::default(),
            continue_is_due: false,
            keeps_open: true,
            is_head: false,
            output: Vec::new(),
            date: Date::default(),
        }
    }

    /// Reads the next request's head.
    ///
    /// # Errors
    ///
    /// [`Broken::Closed`] as well where the process has closed the connection between two requests.
    pub(super) async fn head(&mut self) -> Result<Head, Broken> {
        let mut seen = 0;
        loop {
            self.input.skip_empty_lines();
            if let Some(length) = end_of_fields(self.input.bytes(), seen) {
                let bytes = self.input.bytes().get(..length).unwrap_or_default();
                let head = parse(bytes, &self.guard).map_err(Broken::Refused)?;
                self.input.consume(length);
                self.body = match head.length {
                    Length::Known(0) => BodyState::Ended,
                    Length::Known(length) => BodyState::Known(length),
                    Length::Chunked => BodyState::Chunked(Chunks::default()),
                };
                self.trailers = Trailers::default();
                self.continue_is_due = head.expects_continue && head.length != Length::Known(0);
                self.keeps_open = head.keeps_open;
                self.is_head = head.method == Method::Head;
                return Ok(head);
            }
            seen = self.input.bytes().len();
            if seen > LONGEST_HEAD {
                return Err(Broken::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
            }
            self.fill().await?;
        }
    }

    /// True if another request may follow.
    pub(super) fn keeps_open(&self) -> bool {
        self.keeps_open
    }

    /// The next piece of the body as it arrived; `None` at its end. For callers that pass a body on
    /// as a stream.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Broken> {
        let Some(length) = self.ready().await? else {
            return Ok(None);
        };
        let piece = self.input.bytes().get(..length).unwrap_or_default();
        let piece = Bytes::copy_from_slice(piece);
        self.take(length);
        Ok(Some(piece))
    }

    /// The trailers after the last chunk; complete once the body has ended.
    pub(super) fn trailers(&self) -> &Trailers {
        &self.trailers
    }

    /// The whole body, or `None` if it is longer than `limit`. It is always read to its end, so
    /// that the answer reaches a process that writes everything before it reads.
    pub(super) async fn whole(&mut self, limit: usize) -> Result<Option<Bytes>, Broken> {
        if let BodyState::Known(length) = self.body {
            return match usize::try_from(length) {
                Ok(length) if length <= limit => self.exactly(length).await.map(Some),
                _ => self.discard().await.map(|()| None),
            };
        }
        let mut whole = Vec::new();
        while let Some(length) = self.ready().await? {
            if whole.len().saturating_add(length) > limit {
                self.discard().await?;
                return Ok(None);
            }
            whole.extend_from_slice(self.input.bytes().get(..length).unwrap_or_default());
            self.take(length);
        }
        Ok(Some(whole.into()))
    }

    /// Reads the rest of the body for nothing.
    pub(super) async fn discard(&mut self) -> Result<(), Broken> {
        while let Some(length) = self.ready().await? {
            self.take(length);
        }
        Ok(())
    }

    /// A body of that length. What has not come yet is read to where it stays.
    async fn exactly(&mut self, length: usize) -> Result<Bytes, Broken> {
        let here = self.input.bytes();
        let body = if let Some(body) = here.get(..length) {
            let body = Bytes::copy_from_slice(body);
            self.input.consume(length);
            body
        } else {
            let mut body = Vec::with_capacity(length);
            body.extend_from_slice(here);
            self.input.consume(body.len());
            self.say_continue().await?;
            while body.len() < length {
                let left = length - body.len();
                let mut rest = (&mut body).limit(left);
                if self.stream.read_buf(&mut rest).await? == 0 {
                    return Err(Broken::Closed);
                }
            }
            body.into()
        };
        self.body = BodyState::Ended;
        Ok(body)
    }

    /// How many bytes of the body are at the start of the input, once there are some; `None` at the
    /// body's end.
    async fn ready(&mut self) -> Result<Option<usize>, Broken> {
        loop {
            match &mut self.body {
                BodyState::Ended => return Ok(None),
                BodyState::Known(left) => {
                    let here = self.input.bytes().len();
                    if here > 0 {
                        return Ok(Some(
                            usize::try_from(*left).map_or(here, |left| left.min(here)),
                        ));
                    }
                }
                BodyState::Chunked(chunks) => {
                    match chunks.step(self.input.bytes(), &mut self.trailers) {
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
                        Step::Malformed => return Err(Broken::Refused(StatusCode::BAD_REQUEST)),
                    }
                }
            }
            self.fill().await?;
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

    /// Waits until the process has closed its sending side, or the connection has failed. What it sends before is kept for the next
    /// request.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn hung_up(&mut self) {
        while self.input.bytes().len() < LONGEST_HEAD {
            match self.input.fill(&mut self.stream).await {
                Ok(more) if more > 0 => {}
                _ => return,
            }
        }
        // More is read when its turn comes.
        std::future::pending::<()>().await;
    }

    /// Reads more.
    async fn fill(&mut self) -> Result<(), Broken> {
        self.say_continue().await?;
        if self.input.fill(&mut self.stream).await? == 0 {
            return Err(Broken::Closed);
        }
        Ok(())
    }

    /// Sends `100 Continue` to a process that waits for it. A process that has already sent some of
    /// the body does not get it (RFC 9110 §10.1.1).
    async fn say_continue(&mut self) -> Result<(), Broken> {
        if std::mem::take(&mut self.continue_is_due) && self.input.bytes().is_empty() {
            self.stream
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                .await?;
        }
        Ok(())
    }

    /// Sends an answer, in one write unless it is large. A field with a value that a header cannot
    /// have is left out.
    pub(super) async fn send(
        &mut self,
        status: StatusCode,
        fields: &[(&str, &[u8])],
        body: &Bytes,
    ) -> Result<(), Broken> {
        let out = &mut self.output;
        out.clear();
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(status.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        for (name, value) in fields.iter().filter(|(_, value)| may_be_a_value(value)) {
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
        }
        if !self.keeps_open {
            out.extend_from_slice(b"\r\nConnection: close");
        }
        out.extend_from_slice(b"\r\nContent-Length: ");
        put_number(out, body.len());
        out.extend_from_slice(b"\r\nDate: ");
        out.extend_from_slice(self.date.now());
        out.extend_from_slice(b"\r\n\r\n");
        if self.is_head {
            self.stream.write_all(out).await?;
        } else if body.len() <= COPIED {
            out.extend_from_slice(body);
            self.stream.write_all(out).await?;
        } else {
            let mut both = Buf::chain(out.as_slice(), body.as_ref());
            self.stream.write_all_buf(&mut both).await?;
        }
        Ok(())
    }

    /// Answers that the input is not a request.
    pub(super) async fn refuse(&mut self, status: StatusCode) {
        self.keeps_open = false;
        let fields = [("Content-Type", "text/plain; charset=utf-8".as_bytes())];
        let text = Bytes::from(format!("{status}\n"));
        // It may have disconnected.
        let _ = self.send(status, &fields, &text).await;
    }

    /// Closes the sending side, and reads what the process had under way: to close with something unread would take the
    /// answer from it (RFC 9112 §9.6).
    pub(super) async fn close(&mut self) -> Result<(), Broken> {
        self.stream.shutdown().await?;
        let mut read = 0;
        while read < LONGEST_HEAD {
            self.input.clear();
            match self.input.fill(&mut self.stream).await? {
                0 => break,
                more => read += more,
            }
        }
        Ok(())
    }
}

/// The `Date` of an answer, built once per second.
#[derive(Debug, Default)]
struct Date {
    second: u64,
    text: String,
}

impl Date {
    fn now(&mut self) -> &[u8] {
        let now = SystemTime::now();
        let second = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        if self.text.is_empty() || self.second != second {
            self.second = second;
            self.text.clear();
            // Writing to a string cannot fail.
            let _ = write!(self.text, "{}", httpdate::HttpDate::from(now));
        }
        self.text.as_bytes()
    }
}

/// Reads a whole head, or returns the status with which it is refused.
fn parse(bytes: &[u8], guard: &PortGuard) -> Result<Head, StatusCode> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut fields) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(StatusCode::BAD_REQUEST),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        Err(httparse::Error::Version) => return Err(StatusCode::HTTP_VERSION_NOT_SUPPORTED),
        Err(_) => return Err(StatusCode::BAD_REQUEST),
    }
    let is_1_1 = request.version == Some(1);
    let mut head = Head {
        method: match request.method {
            Some("GET") => Method::Get,
            Some("HEAD") => Method::Head,
            Some("POST") => Method::Post,
            _ => Method::Other,
        },
        path: path_of(request.path.unwrap_or_default()).to_owned(),
        response_mode: None,
        error_type: None,
        invocation_id: None,
        has_prelude: false,
        length: Length::Known(0),
        expects_continue: false,
        // An HTTP/1.0 client could ask for it; a client that polls for hours does not.
        keeps_open: is_1_1,
    };
    let (mut length, mut chunked) = (None, false);
    let mut look = guard.look();
    for field in request.headers.iter() {
        let (name, value) = (field.name, field.value);
        look.field(name, value);
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        // Most names differ in length.
        match name.len() {
            6 if is("expect") => head.expects_continue = is_1_1 && token(value, "100-continue"),
            10 if is("connection") => {
                head.keeps_open &= !tokens(value).any(|one| token(one, "close"));
            }
            14 if is("content-length") => {
                for one in tokens(value) {
                    let one = number(one).ok_or(StatusCode::BAD_REQUEST)?;
                    if length.is_some_and(|length| length != one) {
                        return Err(StatusCode::BAD_REQUEST);
                    }
                    length = Some(one);
                }
            }
            17 if is("transfer-encoding") => {
                if chunked || !is_1_1 {
                    return Err(StatusCode::BAD_REQUEST);
                }
                if !token(value, "chunked") {
                    return Err(StatusCode::NOT_IMPLEMENTED);
                }
                chunked = true;
            }
            12 if is("content-type") => {
                head.has_prelude = value.eq_ignore_ascii_case(WITH_PRELUDE);
            }
            37 if is("lambda-runtime-function-response-mode") => {
                head.response_mode = Some(value.to_vec());
            }
            28 if is("lambda-runtime-invocation-id") => {
                head.invocation_id = Some(value.to_vec());
            }
            34 if is("lambda-runtime-function-error-type") => {
                head.error_type = Some(value.to_vec());
            }
            _ => {}
        }
    }
    let reads = matches!(head.method, Method::Get | Method::Head);
    look.end(reads).map_err(|_| StatusCode::FORBIDDEN)?;
    head.length = match (length, chunked) {
        // Two lengths are how requests are smuggled; no correct client sends both (RFC 9112 §6.1).
        (Some(_), true) => return Err(StatusCode::BAD_REQUEST),
        (None, true) => Length::Chunked,
        (length, false) => Length::Known(length.unwrap_or(0)),
    };
    Ok(head)
}

/// The path of a target in origin form or in absolute form (RFC 9112 §3.2), without its query.
fn path_of(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
        }
        _ => target,
    };
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// True if a field may have this value: no control characters except the tab (RFC 9110 §5.5).
fn may_be_a_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f))
}

fn put_number(out: &mut Vec<u8>, number: usize) {
    // Writing to a vector cannot fail.
    let _ = std::io::Write::write_fmt(out, format_args!("{number}"));
}
