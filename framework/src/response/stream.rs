//! Bodies that are sent while they are created.
//!
//! A [`Response`] holds its body whole. The stream of a streamed one travels among its extensions, and its body is empty. Where a
//! response leaves the app, the runtime sends the stream piece by piece if the gateway takes streams, and collects it otherwise.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use futures_core::Stream as Pieces;
use http::{HeaderValue, header::CONTENT_TYPE};

use super::{IntoResponse, Response, broken, header_pair};
use crate::error::BoxError;

/// The pieces of a body.
pub(crate) type BodyStream = Pin<Box<dyn Pieces<Item = Result<Bytes, BoxError>> + Send>>;

/// The body of a response among its extensions, which are shared; only one owner can take it.
#[derive(Clone)]
struct Streamed(Arc<Mutex<Option<BodyStream>>>);

/// The response with that stream as its body.
pub(crate) fn with_stream(mut response: Response, stream: BodyStream) -> Response {
    let stream = Streamed(Arc::new(Mutex::new(Some(stream))));
    response.extensions_mut().insert(stream);
    response
}

/// True if the body of a response is a stream.
pub(crate) fn is_stream(response: &Response) -> bool {
    response.extensions().get::<Streamed>().is_some()
}

/// The stream of a response, the first time that it is asked for.
pub(crate) fn take_stream(response: &mut Response) -> Option<BodyStream> {
    let Streamed(stream) = response.extensions_mut().remove()?;
    lock(&stream).take()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next piece of a stream.
pub(crate) async fn next(stream: &mut BodyStream) -> Option<Result<Bytes, BoxError>> {
    std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await
}

/// The whole of a stream.
///
/// # Errors
///
/// The stream's own, or `None` as soon as there are more than `limit` bytes.
pub(crate) async fn collect(
    mut stream: BodyStream,
    limit: usize,
) -> Result<Bytes, Option<BoxError>> {
    let mut whole = Vec::new();
    while let Some(piece) = next(&mut stream).await {
        whole.extend_from_slice(&piece.map_err(Some)?);
        if whole.len() > limit {
            return Err(None);
        }
    }
    Ok(whole.into())
}

/// The pieces of a body of `http_body`. Trailers are left out: no gateway delivers them.
pub(crate) struct Frames<B>(pub(crate) Pin<Box<B>>);

impl<B> Pieces for Frames<B>
where
    B: http_body::Body<Error: Into<BoxError>>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = match ready!(self.0.as_mut().poll_frame(context)) {
                Some(frame) => frame.map_err(Into::into)?,
                None => return Poll::Ready(None),
            };
            if let Ok(mut data) = frame.into_data() {
                return Poll::Ready(Some(Ok(data.copy_to_bytes(data.remaining()))));
            }
        }
    }
}

/// A piece of a body: a text or bytes, or a `Result` of one whose error can be boxed.
///
/// An error ends the body. It goes to the log, and the client sees a body that was cut.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a piece of a body",
    label = "not text, and not bytes",
    note = "a piece is a `String`, a `&'static str`, `Bytes`, a `Vec<u8>`, or a `Result` of one of them"
)]
pub trait IntoPiece {
    /// The bytes.
    ///
    /// # Errors
    ///
    /// Why the body cannot be continued.
    fn into_piece(self) -> Result<Bytes, BoxError>;
}

macro_rules! pieces {
    ($($type:ty),*) => {
        $(impl IntoPiece for $type {
            fn into_piece(self) -> Result<Bytes, BoxError> {
                Ok(self.into())
            }
        })*
    };
}

pieces!(String, &'static str, Bytes, Vec<u8>);

impl<T: IntoPiece, E: Into<BoxError>> IntoPiece for Result<T, E> {
    fn into_piece(self) -> Result<Bytes, BoxError> {
        self.map_err(Into::into)?.into_piece()
    }
}

/// A body that is sent while it is created: `application/octet-stream`, or the [type](Self::with_type) that you name.
///
/// The client gets each piece at once where the gateway streams: a REST API, and a function URL with `invoke_mode = "response-stream"`, up
/// to 200 MB. Any other gateway needs the response whole: the body is collected, up to the 6 MB that Lambda delivers, and a longer one is a 500.
///
/// The body outlives the handler, so it cannot borrow the state or the request. Clone what it needs.
///
/// ```
/// use fw::{App, get, response::Stream, routes};
///
/// #[get("/numbers?<count>")]
/// async fn numbers(count: u32) -> Stream {
///     Stream::writer(async move |mut body| {
///         for number in 0..count {
///             body.send(format!("{number}\n")).await;
///         }
///         Ok(())
///     })
///     .with_type("text/plain")
/// }
///
/// # #[cfg(feature = "test")] {
/// let client = fw::test::Client::new(App::stateless("numbers").routes(routes![numbers]), ());
/// assert_eq!(client.get("/numbers?count=3").send().text(), "0\n1\n2\n");
/// # }
/// ```
pub struct Stream {
    pieces: BodyStream,
    content_type: Result<HeaderValue, BoxError>,
}

impl Stream {
    /// The pieces of any `futures` stream.
    pub fn new<S>(stream: S) -> Self
    where
        S: Pieces<Item: IntoPiece> + Send + 'static,
    {
        Self {
            pieces: Box::pin(Mapped {
                stream: Box::pin(stream),
                map: IntoPiece::into_piece,
            }),
            content_type: Ok(HeaderValue::from_static("application/octet-stream")),
        }
    }

    /// The pieces that an async closure [sends](Writer::send). An error that it returns cuts the body.
    ///
    /// The closure runs as the client takes the pieces, and not at all after the body is no longer needed.
    pub fn writer<F, Fut>(write: F) -> Self
    where
        F: FnOnce(Writer<Bytes>) -> Fut,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self::new(Written::new(write))
    }

    /// Sets the content type. One that is not a valid header value makes the response a 500, with the cause in the log.
    #[must_use]
    pub fn with_type(mut self, content_type: &str) -> Self {
        self.content_type = header_pair(CONTENT_TYPE, content_type).map(|(_, value)| value);
        self
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

impl IntoResponse for Stream {
    const STREAMS: bool = true;

    fn into_response(self) -> Response {
        let content_type = match self.content_type {
            Ok(content_type) => content_type,
            Err(cause) => return broken(cause),
        };
        let mut response = Response::default();
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        with_stream(response, self.pieces)
    }
}

/// A stream whose items become pieces.
pub(super) struct Mapped<S: Pieces> {
    pub(super) stream: Pin<Box<S>>,
    pub(super) map: fn(S::Item) -> Result<Bytes, BoxError>,
}

impl<S: Pieces> Pieces for Mapped<S> {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.stream.as_mut().poll_next(context));
        Poll::Ready(item.map(self.map))
    }
}

/// What the closure of a written body sends with.
pub struct Writer<T> {
    slot: Arc<Mutex<Option<T>>>,
}

impl<T> Writer<T> {
    /// Sends a piece, and waits until it is taken. So a client that reads slowly slows the closure down, and memory stays flat.
    pub async fn send(&mut self, piece: impl Into<T>) {
        *lock(&self.slot) = Some(piece.into());
        // The stream takes it as soon as this future is pending, and polls again.
        std::future::poll_fn(|_| match lock(&self.slot).is_some() {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
    }
}

impl<T> fmt::Debug for Writer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

/// The items that a closure sends: its future is driven by whoever reads them.
pub(super) struct Written<T, Fut> {
    slot: Arc<Mutex<Option<T>>>,
    /// Gone once it has ended.
    write: Option<Pin<Box<Fut>>>,
}

impl<T, Fut> Written<T, Fut> {
    pub(super) fn new(write: impl FnOnce(Writer<T>) -> Fut) -> Self {
        let slot = Arc::new(Mutex::new(None));
        let writer = Writer {
            slot: Arc::clone(&slot),
        };
        Self {
            slot,
            write: Some(Box::pin(write(writer))),
        }
    }
}

impl<T, Fut: Future<Output = Result<(), BoxError>>> Pieces for Written<T, Fut> {
    type Item = Result<T, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(write) = &mut self.write else {
            return Poll::Ready(None);
        };
        let ended = write.as_mut().poll(context);
        if ended.is_ready() {
            self.write = None;
        }
        let sent = lock(&self.slot).take();
        match (sent, ended) {
            (_, Poll::Ready(Err(error))) => Poll::Ready(Some(Err(error))),
            (Some(item), _) => Poll::Ready(Some(Ok(item))),
            (None, Poll::Pending) => Poll::Pending,
            (None, Poll::Ready(Ok(()))) => Poll::Ready(None),
        }
    }
}

/// The body of a response as layers see it: whole, or a stream.
pub struct ResponseBody(Kind);

enum Kind {
    Whole(Option<Bytes>),
    Stream(BodyStream),
}

impl ResponseBody {
    /// The response with its body where layers look for it.
    pub(crate) fn of(mut response: Response) -> http::Response<Self> {
        let stream = take_stream(&mut response);
        response.map(|whole| match stream {
            Some(stream) => Self(Kind::Stream(stream)),
            None => Self(Kind::Whole(Some(whole).filter(|whole| !whole.is_empty()))),
        })
    }

    /// The response with a stream among its extensions, or its body whole.
    ///
    /// # Errors
    ///
    /// The body's.
    pub(crate) async fn settle<B>(response: http::Response<B>) -> Result<Response, BoxError>
    where
        B: http_body::Body<Error: Into<BoxError>, Data: Send> + Send + 'static,
    {
        use http_body_util::BodyExt as _;

        let (parts, body) = response.into_parts();
        // Without a length the body may take any time.
        if body.size_hint().exact().is_none() {
            let response = Response::from_parts(parts, Bytes::new());
            return Ok(with_stream(response, Box::pin(Frames(Box::pin(body)))));
        }
        let body = body.collect().await.map_err(Into::into)?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Whole(whole) => f.debug_tuple("Whole").field(whole).finish(),
            Kind::Stream(_) => f.debug_struct("Stream").finish_non_exhaustive(),
        }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        let piece = match &mut self.0 {
            Kind::Whole(whole) => whole.take().map(Ok),
            Kind::Stream(stream) => ready!(stream.as_mut().poll_next(context)),
        };
        Poll::Ready(piece.map(|piece| piece.map(http_body::Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Whole(None))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match &self.0 {
            Kind::Whole(whole) => {
                let length = whole.as_ref().map_or(0, Bytes::len);
                http_body::SizeHint::with_exact(length.try_into().unwrap_or(u64::MAX))
            }
            Kind::Stream(_) => http_body::SizeHint::default(),
        }
    }
}

impl IntoPiece for Infallible {
    fn into_piece(self) -> Result<Bytes, BoxError> {
        match self {}
    }
}
