//! The HTTP server in front: HTTP/1.1 and cleartext HTTP/2, one generation at a time behind it.

use std::{
    cell::RefCell,
    future::Future,
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::{Bytes, BytesMut};
use fw::gateway::{
    Arrival, FrontDoor, HttpReply, HttpRequest, Invocation, Outcome as GatewayOutcome, Received,
};
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header, uri::Authority,
};
use http_body_util::{BodyExt, Either, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    generation::Generation,
    hosts::{Hosts, name_of},
    invoke_api::Functions,
    logs::Logs,
    pool::{Answered, Outcome, Pool},
    stream::{NoPrelude, Stream},
};
use crate::{
    console::Console,
    error::{Failure, Result},
};

/// How long a client may take for its request's head, and a connection be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// The most header fields that are read. Real heads of that many are longer than the 10,240 bytes that HTTP API takes (`[D]`
/// gateway-truth §1), and its model refuses them as it does. Room for many more would cost every request a page fault.
const MOST_HEADERS: usize = 512;
/// How long a client may pause within a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the answers take that tell of the end.
const FAREWELL: Duration = Duration::from_millis(500);
/// How long requests may go on after the server was told to end.
const GRACE: Duration = Duration::from_secs(3);

/// A server that listens, with or without something to serve.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    /// The generations that may still have processes.
    former: Mutex<Vec<Arc<Generation>>>,
}

/// What a connection needs.
#[derive(Debug)]
struct Shared {
    current: watch::Sender<Option<Arc<Generation>>>,
    hosts: Hosts,
    logs: Logs,
}

impl Server {
    /// Listens on that address; port 0 is any free one. Requests for other hosts than those are refused.
    ///
    /// # Errors
    ///
    /// When the port is taken or may not be used; exit code 69.
    pub(crate) async fn bind(address: SocketAddr, hosts: Hosts, console: &Console) -> Result<Self> {
        Self::bind_with(address, hosts, Logs::new(console)).await
    }

    pub(super) async fn bind_with(address: SocketAddr, hosts: Hosts, logs: Logs) -> Result<Self> {
        let failed = |error| cannot_listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            shared: Arc::new(Shared {
                current: watch::Sender::new(None),
                hosts,
                logs,
            }),
            former: Mutex::default(),
        })
    }

    /// The functions that are served, by name.
    pub(crate) fn functions(&self) -> impl Functions {
        Served(Arc::clone(&self.shared))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The log of requests and processes; generations write to it as well.
    pub(crate) fn logs(&self) -> &Logs {
        &self.shared.logs
    }

    /// Serves that generation from the next request on. The one before it finishes the requests that it has, and ends its
    /// processes. Requests that came before the first generation have waited for it.
    pub(crate) fn serve(&self, generation: Generation) {
        let before = self.shared.current.send_replace(Some(Arc::new(generation)));
        if let Some(before) = before {
            before.functions().into_iter().for_each(Pool::retire);
            let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
            former.retain(|one| {
                one.functions().iter().any(|pool| pool.processes() > 0)
                    || Arc::strong_count(one) > 1
            });
            former.push(before);
        }
    }

    /// Serves until `shutdown` is ready, then lets the requests at hand finish, for a moment. No process is left.
    pub(crate) async fn run(&self, shutdown: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => self.connect(stream, peer, &graceful),
                    // Of one connection only: go on. Of the whole process, such as too many open files: let others close theirs.
                    Err(error) if is_transient(&error) => {}
                    Err(_) => sleep(Duration::from_millis(10)).await,
                },
                () = &mut shutdown => break,
            }
        }
        let mut answered = std::pin::pin!(graceful.shutdown());
        // Past the grace period the pools are closed under the requests that are left.
        let in_time = timeout(GRACE, &mut answered).await;
        let current = self.shared.current.send_replace(None);
        let former =
            std::mem::take(&mut *self.former.lock().unwrap_or_else(PoisonError::into_inner));
        for generation in former.iter().chain(&current) {
            generation.close().await;
        }
        if in_time.is_err() {
            // They are answered with the failure that this is, where the client still listens.
            let _ = timeout(FAREWELL, answered).await;
        }
        self.shared.logs.flush().await;
    }

    /// Serves a connection on a task of its own.
    fn connect(&self, stream: TcpStream, peer: SocketAddr, graceful: &GracefulShutdown) {
        // The only failure is a connection that has just been closed.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&self.shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.answer(request, peer.ip()).await }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_headers(MOST_HEADERS)
            // The replies are dated by the gateway model.
            .auto_date_header(false)
            // HTTP API spells its headers so; that of REST APIs keeps the handler's spelling, which hyper cannot. [R]
            // gateway-truth §0 row 7
            .title_case_headers(true);
        builder
            .http2()
            .timer(TokioTimer::new())
            .auto_date_header(false)
            .max_concurrent_streams(128);
        let connection = builder
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let connection = graceful.watch(connection);
        let logs = self.shared.logs.clone();
        tokio::spawn(async move {
            // An error is the client's: it went away, or does not speak HTTP, and hyper has told it.
            if let Err(error) = connection.await
                && let Some(error) = error.downcast_ref::<hyper::Error>()
                && error.is_parse()
            {
                logs.malformed(error);
            }
        });
    }
}

/// The functions of the generation that is served at the time.
#[derive(Clone)]
struct Served(Arc<Shared>);

impl Functions for Served {
    async fn find(&self, name: &str) -> Option<Pool> {
        self.0.generation().await.function(name).cloned()
    }

    async fn all(&self) -> Vec<Pool> {
        let generation = self.0.generation().await;
        generation.functions().into_iter().cloned().collect()
    }
}

impl Shared {
    /// One request. An error closes the connection: the client did not send what it announced.
    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> std::result::Result<Response<Answer>, BodyError> {
        let started = Instant::now();
        let version = request.version();
        let closes = version == Version::HTTP_10
            || request
                .headers()
                .get(header::CONNECTION)
                .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
        let is_head = request.method() == Method::HEAD;
        if let Some(host) = self.stranger(&request) {
            self.logs.stranger(&host);
            return Ok(turn_away(&host).map(Answer::Left));
        }
        let (request, body) = translate(request, peer);
        let arrival = arrival();
        let mut told = Told {
            logs: &self.logs,
            request,
            started,
            done: false,
        };
        let answered = self.reply(&mut told.request, body, &arrival).await;
        let (reply, stream) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                told.client_left();
                return Err(error);
            }
        };
        told.status(reply.status);
        if let Some(reason) = &reply.reason {
            self.logs.reason(reason);
        }
        let stream = stream.filter(|_| !is_head);
        let response = respond(reply, is_head, version == Version::HTTP_2, closes);
        Ok(response.map(|whole| stream.map_or(Answer::Left(whole), Answer::Right)))
    }

    /// The host that the request is for, where it is none of ours. A request of HTTP/1.0 may have none.
    fn stranger(&self, request: &Request<Incoming>) -> Option<String> {
        let named = request.headers().get_all(header::HOST).into_iter();
        let named = named.map(|host| host.to_str().unwrap_or_default());
        let mut hosts = named.chain(request.uri().authority().map(Authority::as_str));
        hosts
            .find(|host| !self.hosts.allow(host))
            .map(|host| name_of(host).to_owned())
    }

    /// What the gateway makes of the request: a reply, or the head of one and the stream behind it.
    async fn reply(
        &self,
        request: &mut HttpRequest,
        body: Incoming,
        arrival: &Arrival,
    ) -> std::result::Result<(HttpReply, Option<Stream>), BodyError> {
        // Which generation answers is decided when all of the request is here.
        let limit = self.generation().await.door.body_limit();
        request.body = read(body, limit).await?;
        let generation = self.generation().await;
        let door = &generation.door;
        let mut received = door.receive(request, arrival);
        // Each answer leads on or ends it; the bound is for a model that would ask for ever.
        for _ in 0..8 {
            let Received::Authorize(pending) = received else {
                break;
            };
            received = generation.authorizers.resume(door, &pending).await;
        }
        if let Received::Invoke(invocation) = &received
            && door.stream(invocation, None).is_some()
        {
            return Ok(stream(door, &generation.pool, invocation).await);
        }
        let reply = match received {
            Received::Answer(mut reply) => {
                if reply.reason.is_none() && matches!(reply.status, 403 | 404) {
                    reply.reason = generation.near.hint(request);
                }
                reply
            }
            Received::Authorize(pending) => {
                door.refuse(&pending, "the gateway model does not come to an end")
            }
            Received::Invoke(invocation) => {
                let outcome = generation.pool.invoke(
                    invocation.request_id.clone(),
                    invocation.trace_id.clone(),
                    invocation.event.clone(),
                );
                let outcome = match generation.door.integration_timeout() {
                    Some(patience) => timeout(patience, outcome).await.ok(),
                    None => Some(outcome.await),
                };
                // The invocation goes on when the gateway has stopped waiting, as it does on Lambda.
                let outcome = outcome
                    .as_ref()
                    .map_or(GatewayOutcome::IntegrationTimeout, Outcome::as_gateway);
                generation.door.answer(&invocation, outcome)
            }
        };
        Ok((reply, None))
    }

    /// What is served now, or will be first.
    async fn generation(&self) -> Arc<Generation> {
        if let Some(generation) = self.current.borrow().as_ref() {
            return Arc::clone(generation);
        }
        let mut current = self.current.subscribe();
        loop {
            if let Some(generation) = current.borrow_and_update().as_ref() {
                return Arc::clone(generation);
            }
            if current.changed().await.is_err() {
                // The sender is our own, so it cannot be gone.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Invokes behind a front door that passes a result on while it comes.
async fn stream(
    door: &FrontDoor,
    pool: &Pool,
    invocation: &Invocation,
) -> (HttpReply, Option<Stream>) {
    let (id, trace) = (&invocation.request_id, &invocation.trace_id);
    let answered = pool.invoke_streaming(id.clone(), trace.clone(), invocation.event.clone());
    let mut stream = match answered.await {
        Answered::Whole(outcome) => return (door.answer(invocation, outcome.as_gateway()), None),
        Answered::Stream(stream) => stream,
    };
    let failed = || door.answer(invocation, GatewayOutcome::FunctionError(b"{}"));
    match stream.prelude().await {
        Ok(prelude) => match door.stream(invocation, prelude.as_ref()) {
            Some(head) => (head, Some(stream)),
            None => (failed(), None),
        },
        Err(NoPrelude(reason)) => {
            let mut reply = failed();
            reply.reason = Some(reason);
            (reply, None)
        }
    }
}

/// A body: whole, or while it comes.
type Answer = Either<Full<Bytes>, Stream>;

/// Says once what became of a request, also when its future is dropped because the client left.
struct Told<'a> {
    logs: &'a Logs,
    request: HttpRequest,
    started: Instant,
    done: bool,
}

impl Told<'_> {
    fn status(&mut self, status: u16) {
        self.done = true;
        let took = self.started.elapsed();
        self.logs
            .request(&self.request.method, &self.request.target, status, took);
    }

    fn client_left(&mut self) {
        self.done = true;
        let took = self.started.elapsed();
        self.logs
            .client_left(&self.request.method, &self.request.target, took);
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.client_left();
        }
    }
}

/// The answer to a request for somebody else's host.
fn turn_away(host: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!(
        "this server does not answer for the host `{host}`; `cargo fw local --allow-host {host}` makes it\n"
    ))));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}

/// The request for the gateway model, without its body.
fn translate(request: Request<Incoming>, peer: IpAddr) -> (HttpRequest, Incoming) {
    let (head, body) = request.into_parts();
    // A URI that hyper accepts has the client's own bytes.
    let target = match (head.uri.authority(), head.uri.path_and_query()) {
        (None, Some(target)) => target.as_str().to_owned(),
        // HTTP/2 has the authority apart; its path is in origin form.
        (Some(_), Some(target)) if head.version == Version::HTTP_2 => target.as_str().to_owned(),
        _ => head.uri.to_string(),
    };
    let mut translated = HttpRequest {
        source_ip: peer,
        ..HttpRequest::new(head.method.as_str(), target)
    };
    translated.headers.reserve(head.headers.len() + 1);
    if head.version == Version::HTTP_2
        && !head.headers.contains_key(header::HOST)
        && let Some(authority) = head.uri.authority()
    {
        translated.push_header("host", authority.as_str().as_bytes());
    }
    for (name, value) in &head.headers {
        translated.push_header(name.as_str(), value.as_bytes());
    }
    (translated, body)
}

/// Why a body could not be read.
#[derive(Debug)]
enum BodyError {
    Broken(hyper::Error),
    TooSlow,
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(error) => error.fmt(f),
            Self::TooSlow => write!(f, "no part of the body came for {BODY_TIMEOUT:?}"),
        }
    }
}

impl std::error::Error for BodyError {}

/// The body: whole, or as much of it as shows that it is over the limit. The front door then refuses it, and hyper closes the
/// connection on which the rest would come.
async fn read(mut body: Incoming, limit: usize) -> std::result::Result<Bytes, BodyError> {
    use hyper::body::Body as _;

    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    // What announces too much is not read at all; nobody looks into what is refused.
    if body.size_hint().lower() > limit as u64 {
        return Ok(Bytes::from(vec![0; limit.saturating_add(1)]));
    }
    while let Some(frame) = timeout(BODY_TIMEOUT, body.frame())
        .await
        .map_err(|_| BodyError::TooSlow)?
    {
        let Ok(data) = frame.map_err(BodyError::Broken)?.into_data() else {
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

/// The moment, and fresh identifiers.
pub(crate) fn arrival() -> Arrival {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let epoch_ms = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    Arrival::new(epoch_ms, entropy())
}

/// Bytes that no other request has had. The system is asked for many at a time.
fn entropy() -> [u8; Arrival::ENTROPY] {
    /// How many requests' bytes are kept by a thread.
    const KEPT: usize = 64;
    static COUNT: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static STORE: RefCell<Vec<[u8; Arrival::ENTROPY]>> = const { RefCell::new(Vec::new()) };
    }
    STORE.with_borrow_mut(|store| {
        store.pop().unwrap_or_else(|| {
            let mut bytes = [[0; Arrival::ENTROPY]; KEPT];
            if getrandom::fill(bytes.as_flattened_mut()).is_err() {
                // Without the system's randomness ids need only differ from each other, as this does in one process.
                let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                let mut counted = [0; Arrival::ENTROPY];
                counted
                    .iter_mut()
                    .zip(count)
                    .for_each(|(to, from)| *to = from);
                return counted;
            }
            let [first, rest @ ..] = bytes;
            store.extend(rest);
            first
        })
    })
}

/// The reply as hyper sends it.
fn respond(reply: HttpReply, is_head: bool, is_http2: bool, closes: bool) -> Response<Full<Bytes>> {
    let body = if is_head { Bytes::new() } else { reply.body };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(reply.headers.len());
    for (name, value) in reply.headers {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            continue;
        };
        // The gateway's `keep-alive` would be wrong where the client closes, and is no header of HTTP/2.
        if (is_http2 || closes) && name == header::CONNECTION {
            continue;
        }
        if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
            headers.append(name, value);
        }
    }
    response
}

/// Whether the error is of one connection that was given up before it was accepted (accept(2)).
fn is_transient(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

/// Why the server cannot listen, and what to do about it.
fn cannot_listen(address: SocketAddr, error: std::io::Error) -> Failure {
    let port = address.port();
    let (message, hint) = match error.kind() {
        ErrorKind::AddrInUse => (
            format!("port {port} is taken on {}", address.ip()),
            "end the program that listens there, or take any free port with `--port 0`",
        ),
        ErrorKind::PermissionDenied => (
            format!("port {port} may not be used"),
            "ports below 1024 are often kept for the system; take any free port with `--port 0`",
        ),
        ErrorKind::AddrNotAvailable => (
            format!("this machine does not have the address {}", address.ip()),
            "leave out `--host` to listen on this machine only",
        ),
        _ => (
            format!("cannot listen on {address}"),
            "try another address with `--host` and `--port`",
        ),
    };
    Failure::unavailable(message)
        .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
        .hint(hint)
}
