//! Server-sent events (HTML standard, section 9.2).

use std::{fmt, fmt::Write as _};

use bytes::Bytes;
use futures_core::Stream as Pieces;
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde::Serialize;

use super::{
    IntoResponse, Response,
    stream::{BodyStream, Mapped, Writer, Written, with_stream},
};
use crate::error::BoxError;

/// A server-sent event.
///
/// ```
/// use fw::response::SseEvent;
///
/// let event = SseEvent::new("one\ntwo").name("tick").id("7");
/// assert_eq!(event.to_string(), "event: tick\nid: 7\ndata: one\ndata: two\n\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    name: Option<String>,
    id: Option<String>,
    retry_ms: Option<u64>,
    comment: Option<String>,
    data: Option<String>,
}

impl SseEvent {
    /// An event with that text, of one or more lines.
    pub fn new(data: impl Into<String>) -> Self {
        Self {
            data: Some(data.into()),
            ..Self::default()
        }
    }

    /// An event with that value as JSON.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
    pub fn json(data: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_string(data).map(Self::new)
    }

    /// A comment, which clients ignore. Send one from time to time to keep an idle connection open.
    pub fn comment(comment: impl Into<String>) -> Self {
        Self {
            comment: Some(comment.into()),
            ..Self::default()
        }
    }

    /// Sets the name by which a client listens; without one it is `message`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the id, which a client that reconnects sends as `Last-SseEvent-ID`.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets how long a client waits before it reconnects, in milliseconds.
    #[must_use]
    pub fn retry_ms(mut self, retry_ms: u64) -> Self {
        self.retry_ms = Some(retry_ms);
        self
    }
}

/// The event as it is sent. A line end within a name or an id would begin another field, so what follows it is left out.
impl fmt::Display for SseEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = |text: &'_ str| -> String { lines(text).next().unwrap_or_default().to_owned() };
        for line in self.comment.iter().flat_map(|comment| lines(comment)) {
            writeln!(f, ": {line}")?;
        }
        if let Some(name) = &self.name {
            writeln!(f, "event: {}", first(name))?;
        }
        // A client ignores an id with NUL.
        if let Some(id) = &self.id {
            writeln!(f, "id: {}", first(id))?;
        }
        if let Some(retry) = self.retry_ms {
            writeln!(f, "retry: {retry}")?;
        }
        for line in self.data.iter().flat_map(|data| lines(data)) {
            writeln!(f, "data: {line}")?;
        }
        f.write_char('\n')
    }
}

/// The lines of a text, by each of the line ends that a client knows: at least one.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let (line, tail) = text.split_at(end);
        rest = Some(
            tail.strip_prefix("\r\n")
                .unwrap_or_else(|| tail.get(1..).unwrap_or_default()),
        );
        Some(line)
    })
}

impl From<SseEvent> for Bytes {
    fn from(event: SseEvent) -> Self {
        event.to_string().into()
    }
}

/// Server-sent events: a `text/event-stream` that a browser reads with `EventSource`.
///
/// As with [`Stream`](super::Stream), the client gets each event at once where the gateway streams. Any other gateway delivers all of them
/// when the stream has ended.
///
/// ```
/// use fw::{App, get, response::{SseEvent, Sse}, routes};
///
/// #[get("/ticks")]
/// async fn ticks() -> Sse {
///     Sse::writer(async |mut events| {
///         for tick in 1..=2 {
///             events.send(SseEvent::json(&tick)?.name("tick")).await;
///         }
///         Ok(())
///     })
/// }
///
/// # #[cfg(feature = "test")] {
/// let client = fw::test::Client::new(App::stateless("ticks").routes(routes![ticks]), ());
/// let response = client.get("/ticks").send();
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// assert_eq!(response.text(), "event: tick\ndata: 1\n\nevent: tick\ndata: 2\n\n");
/// # }
/// ```
pub struct Sse(BodyStream);

impl Sse {
    /// The events of any `futures` stream of [`SseEvent`]s, or of `Result`s of them. An error cuts the stream and goes to the log.
    pub fn new<S>(stream: S) -> Self
    where
        S: Pieces<Item: IntoSseEvent> + Send + 'static,
    {
        Self(Box::pin(Mapped {
            stream: Box::pin(stream),
            map: |event| event.into_sse_event().map(Bytes::from),
        }))
    }

    /// The events that an async closure [sends](Writer::send). An error that it returns cuts the stream.
    pub fn writer<F, Fut>(write: F) -> Self
    where
        F: FnOnce(Writer<SseEvent>) -> Fut,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self::new(Written::new(write))
    }
}

impl fmt::Debug for Sse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse").finish_non_exhaustive()
    }
}

impl IntoResponse for Sse {
    const STREAMS: bool = true;

    fn into_response(self) -> Response {
        let mut response = Response::default();
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static("text/event-stream");
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        with_stream(response, self.0)
    }
}

/// An [`SseEvent`], or a `Result` of one whose error can be boxed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a server-sent event",
    note = "an item is an `SseEvent`, or a `Result` of one"
)]
pub trait IntoSseEvent {
    /// The event.
    ///
    /// # Errors
    ///
    /// Why the stream cannot be continued.
    fn into_sse_event(self) -> Result<SseEvent, BoxError>;
}

impl IntoSseEvent for SseEvent {
    fn into_sse_event(self) -> Result<SseEvent, BoxError> {
        Ok(self)
    }
}

impl<E: Into<BoxError>> IntoSseEvent for Result<SseEvent, E> {
    fn into_sse_event(self) -> Result<SseEvent, BoxError> {
        self.map_err(Into::into)
    }
}
