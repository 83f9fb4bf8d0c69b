//! HTTP/2 without TLS, for clients that know what they speak to (RFC 9113 §3.3), by hyper.

use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf as _, Bytes, BytesMut};
use fw_gateway::{HttpReply, HttpRequest, Unreadable};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::watch,
    time::{Instant, interval_at, timeout},
};

use super::{Answered, BodyError, ReadBody, Shared};
use crate::local::stream::{Cut, Stream};

/// The longest list of fields that is read; the gateways refuse less by themselves.
const LONGEST_FIELDS: u32 = 64 * 1024;
/// How many requests may run on one connection.
const STREAMS: u32 = 128;
/// How long a client may take to answer a ping.
const PING: Duration = Duration::from_secs(20);
/// How much of a body is passed on at once; more follows as the client reads.
const PIECE: usize = 16 * 1024;

/// Serves a connection that starts with HTTP/2.
pub(super) async fn serve(
    stream: TcpStream,
    begun: Bytes,
    peer: IpAddr,
    shared: Arc<Shared>,
    mut ending: watch::Receiver<bool>,
) {
    let patience = shared.patience;
    let progress = Arc::new(Progress::default());
    let service = {
        let (shared, progress) = (Arc::clone(&shared), Arc::clone(&progress));
        service_fn(move |request| {
            let (shared, progress) = (Arc::clone(&shared), Arc::clone(&progress));
            async move { Ok::<_, Infallible>(answer(request, peer, &shared, progress).await) }
        })
    };
    let stream = Begun { begun, stream };
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(LONGEST_FIELDS)
        .keep_alive_interval(patience.head)
        .keep_alive_timeout(PING)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let mut looks = interval_at(Instant::now() + patience.write, patience.write);
    let mut taken = 0;
    let mut is_ending = false;
    loop {
        tokio::select! {
            // The error belongs to the client: it disconnected, or broke the protocol, and hyper
            // has answered.
            ended = &mut connection => {
                if let Err(error) = ended && error.is_parse() {
                    shared.logs.malformed(&error.to_string());
                }
                return;
            }
            _ = ending.wait_for(|ending| *ending), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = looks.tick() => {
                // A client that takes nothing for this long does not read.
                let now = progress.taken.load(Ordering::Relaxed);
                if now == taken && progress.waiting.load(Ordering::Relaxed) > 0 {
                    return;
                }
                taken = now;
            }
        }
    }
}

/// What clients read of the bodies that are ready for them.
#[derive(Debug, Default)]
struct Progress {
    /// How many bodies have not been read to their end.
    waiting: AtomicUsize,
    /// How many pieces were read.
    taken: AtomicU64,
}

/// One request.
async fn answer(
    request: Request<Incoming>,
    peer: IpAddr,
    shared: &Shared,
    progress: Arc<Progress>,
) -> Response<Answer> {
    let is_head = request.method() == http::Method::HEAD;
    // As for an HTTP/1.1 request without `Host` (RFC 9113 §8.3.1).
    if request.uri().authority().is_none() && !request.headers().contains_key(header::HOST) {
        shared
            .logs
            .malformed("there is neither `:authority` nor `Host`");
        let reply = shared.unreadable(Unreadable::Malformed);
        return respond(reply, None, is_head, progress);
    }
    let authority = request.uri().authority().map(ToString::to_string);
    let (request, body) = translate(request, peer);
    let answered = shared.answer(request, authority.as_deref(), body).await;
    let Ok(Answered {
        reply,
        stream,
        mut told,
    }) = answered
    else {
        // The client has disconnected or sends nothing more: nothing reads this.
        let mut response = Response::new(Answer::Whole(Whole::new(Bytes::new(), progress)));
        *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
        return response;
    };
    told.status(reply.status, reply.reason.as_deref());
    respond(reply, stream.filter(|_| !is_head), is_head, progress)
}

/// The request for the gateway model, without its body.
fn translate(request: Request<Incoming>, peer: IpAddr) -> (HttpRequest, Incoming) {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query();
    let target = target.map_or_else(|| head.uri.to_string(), |target| target.as_str().to_owned());
    let mut translated = HttpRequest {
        source_ip: peer,
        ..HttpRequest::new(head.method.as_str(), target)
    };
    translated.headers.reserve(head.headers.len() + 1);
    if !head.headers.contains_key(header::HOST)
        && let Some(authority) = head.uri.authority()
    {
        translated.push_header("host", authority.as_str().as_bytes());
    }
    for (name, value) in &head.headers {
        translated.push_header(name.as_str(), value.as_bytes());
    }
    (translated, body)
}

impl ReadBody for Incoming {
    async fn read(self, limit: usize) -> Result<Bytes, BodyError> {
        if self.is_end_stream() {
            return Ok(Bytes::new());
        }
        // A body that announces too much is not read; the content of refused requests does not
        // matter.
        if self.size_hint().lower() > limit as u64 {
            return Ok(Bytes::from(vec![0; limit.saturating_add(1)]));
        }
        let mut body = self;
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = timeout(super::BODY_TIMEOUT, body.frame())
            .await
            .map_err(|_| BodyError::TooSlow)?
        {
            let Ok(data) = frame.map_err(|_| BodyError::Left)?.into_data() else {
                continue;
            };
            if first.is_empty() {
                // Most bodies come in one piece, which need not be copied.
                first = data;
            } else {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&data);
            }
            if rest.len().max(first.len()) > limit {
                break;
            }
        }
        Ok(if rest.is_empty() {
            first
        } else {
            rest.freeze()
        })
    }
}

/// The reply as hyper sends it: names in lower case, and nothing of the connection (RFC 9113 §8.2).
fn respond(
    reply: HttpReply,
    stream: Option<Stream>,
    is_head: bool,
    progress: Arc<Progress>,
) -> Response<Answer> {
    let body = if is_head { Bytes::new() } else { reply.body };
    let mut response = Response::new(match stream {
        Some(stream) => Answer::Stream(stream),
        None => Answer::Whole(Whole::new(body, progress)),
    });
    *response.status_mut() = StatusCode::from_u16(reply.status)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(reply.headers.len());
    for (name, value) in reply.headers {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            continue;
        };
        if name == header::CONNECTION {
            continue;
        }
        if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
            headers.append(name, value);
        }
    }
    response
}

/// A body: whole, or while it comes.
enum Answer {
    Whole(Whole),
    Stream(Stream),
}

/// A complete body, passed on as the client reads it.
struct Whole {
    rest: Bytes,
    progress: Arc<Progress>,
}

impl Whole {
    fn new(rest: Bytes, progress: Arc<Progress>) -> Self {
        progress.waiting.fetch_add(1, Ordering::Relaxed);
        Self { rest, progress }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.progress.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Self::Stream(stream) => Pin::new(stream).poll_frame(context),
            Self::Whole(whole) => {
                whole.progress.taken.fetch_add(1, Ordering::Relaxed);
                let length = whole.rest.len().min(PIECE);
                let piece = whole.rest.split_to(length);
                Poll::Ready((length > 0).then(|| Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Stream(stream) => stream.is_end_stream(),
            Self::Whole(whole) => whole.rest.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Stream(stream) => stream.size_hint(),
            Self::Whole(whole) => SizeHint::with_exact(whole.rest.len() as u64),
        }
    }
}

/// A connection of which something has been read already.
struct Begun {
    begun: Bytes,
    stream: TcpStream,
}

impl AsyncRead for Begun {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.begun.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, into);
        }
        let length = self.begun.len().min(into.remaining());
        into.put_slice(self.begun.get(..length).unwrap_or_default());
        self.begun.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Begun {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
