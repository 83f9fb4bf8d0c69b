//! The HTTP server in front: HTTP/1.1 and cleartext HTTP/2, one generation at a time behind it.

mod arrival;
mod http1;
mod http2;

use std::{
    borrow::Cow,
    future::Future,
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use fw_gateway::{
    Arrival, FrontDoor, HttpReply, HttpRequest, Invocation, Outcome as GatewayOutcome, Pending,
    Unreadable,
};
use fw_port_guard::{Hosts, PortGuard, Refusal};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

pub(crate) use self::arrival::arrival;
use super::{
    generation::Generation,
    invoke_api::Functions,
    logs::Logs,
    masks::Masks,
    pool::{Answered as FromPool, Asked, Outcome, Pool},
    stream::{NoPrelude, Stream},
};
use crate::{
    console::Console,
    error::{Failure, Result},
};

/// How long a client may take for its request's head, and how long a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a client may pause within a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may read nothing of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the answers at shutdown may take.
const FAREWELL: Duration = Duration::from_millis(500);
/// How long requests may continue after the server was asked to stop.
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

/// For how long clients are waited for. What AWS's own limits are is unverified.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a request's head, and so for an idle connection's next request.
    pub(super) head: Duration,
    /// For the next part of a body.
    pub(super) body: Duration,
    /// For a client that reads nothing of its answer.
    pub(super) write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: HEAD_TIMEOUT,
            body: BODY_TIMEOUT,
            write: WRITE_TIMEOUT,
        }
    }
}

/// What a connection needs.
#[derive(Debug)]
struct Shared {
    current: watch::Sender<Option<Arc<Generation>>>,
    guard: PortGuard,
    logs: Logs,
    patience: Patience,
}

impl Server {
    /// Listens on that address; port 0 is any free one. Requests for other hosts than those are refused.
    ///
    /// # Errors
    ///
    /// If the port is in use or not allowed; exit code 69.
    pub(crate) async fn bind(address: SocketAddr, hosts: Hosts, console: &Console) -> Result<Self> {
        Self::bind_with(address, hosts, Logs::new(console), Patience::default()).await
    }

    pub(super) async fn bind_with(
        address: SocketAddr,
        hosts: Hosts,
        logs: Logs,
        patience: Patience,
    ) -> Result<Self> {
        let failed = |error| cannot_listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            shared: Arc::new(Shared {
                current: watch::Sender::new(None),
                guard: PortGuard::gateway(hosts),
                logs,
                patience,
            }),
            former: Mutex::default(),
        })
    }

    /// The functions that are served, by name.
    pub(crate) fn functions(&self) -> impl Functions + use<> {
        Served(Arc::clone(&self.shared))
    }

    /// Its address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The log of requests and processes; generations write to it as well.
    pub(crate) fn logs(&self) -> &Logs {
        &self.shared.logs
    }

    /// Serves that generation from the next request on. The one before it finishes the requests that it has, and ends its
    /// processes. Requests that came before the first generation have waited for it.
    pub(crate) fn serve(&self, mut generation: Generation) {
        if let Some(before) = self.shared.current.borrow().as_ref() {
            // The callers' used limits and identities are independent of the code.
            generation.door.take_over(&before.door);
        }
        let before = self.shared.current.send_replace(Some(Arc::new(generation)));
        if let Some(before) = before {
            before.functions().for_each(Pool::retire);
            let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
            former.retain(|one| {
                one.functions().any(|pool| pool.processes() > 0) || Arc::strong_count(one) > 1
            });
            former.push(before);
        }
    }

    /// Serves until `shutdown` is ready, then lets the running requests finish, for a moment. No
    /// process is left.
    pub(crate) async fn run(&self, shutdown: impl Future<Output = ()>) {
        let ending = watch::Sender::new(false);
        // Dropped with this future, and the connections with it.
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        // The only failure is a connection that has just been closed.
                        let _ = stream.set_nodelay(true);
                        let shared = Arc::clone(&self.shared);
                        connections.spawn(receive(stream, peer.ip(), shared, ending.subscribe()));
                    }
                    // Of one connection only: go on. Of the whole process, such as too many open files: let others close theirs.
                    Err(error) if is_transient(&error) => {}
                    Err(_) => sleep(Duration::from_millis(10)).await,
                },
                Some(ended) = connections.join_next(), if !connections.is_empty() => {
                    // Input from a client must not cause this; the other clients are still served.
                    if ended.is_err() {
                        self.shared.logs.bug("a client's request broke its connection");
                    }
                }
                () = &mut shutdown => break,
            }
        }
        ending.send_replace(true);
        // After the grace period the pools are closed under the remaining requests. If nothing was
        // served yet, none of them could be answered.
        let serves = self.shared.current.borrow().is_some();
        let in_time = !serves || timeout(GRACE, ended(&mut connections)).await.is_ok();
        let current = self.shared.current.send_replace(None);
        let former =
            std::mem::take(&mut *self.former.lock().unwrap_or_else(PoisonError::into_inner));
        for generation in former.iter().chain(&current) {
            generation.close().await;
        }
        if !in_time {
            // They are answered with the failure that this is, where the client still listens.
            let _ = timeout(FAREWELL, ended(&mut connections)).await;
        }
        // Interrupted requests are logged as well.
        connections.shutdown().await;
        self.shared.logs.flush().await;
    }
}

/// Serves a connection if the port accepts the owner of its other end.
async fn receive(
    stream: TcpStream,
    peer: IpAddr,
    shared: Arc<Shared>,
    ending: watch::Receiver<bool>,
) {
    match shared.guard.receive(stream).await {
        Ok(stream) => http1::serve(stream, peer, shared, ending).await,
        Err(stranger) => shared.logs.refused(stranger),
    }
}

/// Waits until all connections have ended.
async fn ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// The functions of the generation that is served at the time.
#[derive(Clone)]
struct Served(Arc<Shared>);

impl Functions for Served {
    async fn find(&self, name: &str) -> Option<Pool> {
        self.0.generation().await.function(name).cloned()
    }

    fn served(&self, name: &str) -> Option<Pool> {
        let current = self.0.current.borrow();
        current.as_ref()?.function(name).cloned()
    }

    async fn all(&self) -> Vec<Pool> {
        let generation = self.0.generation().await;
        generation.functions().cloned().collect()
    }
}

impl Shared {
    /// One request, with the authority from its target. An error closes the connection: the client
    /// did not send what it announced.
    async fn answer(
        &self,
        request: HttpRequest,
        authority: Option<&str>,
        body: impl ReadBody,
    ) -> std::result::Result<Answered<'_>, BodyError> {
        let mut told = Told {
            shared: self,
            request,
            started: Instant::now(),
            done: false,
        };
        if let Err(refusal) = self.look(&told.request, authority) {
            self.logs.refused_request(&refusal);
            told.done = true;
            let reply = text(403, format!("{refusal}\n"));
            return Ok(Answered {
                reply,
                stream: None,
                told,
            });
        }
        if told.request.target.starts_with("/_fw/")
            && let Some(reply) = self.generation().await.pages.answer(&told.request)
        {
            return Ok(Answered {
                reply,
                stream: None,
                told,
            });
        }
        let answered = self.reply(&mut told.request, body, arrival()).await;
        match answered {
            Ok((reply, stream)) => Ok(Answered {
                reply,
                stream,
                told,
            }),
            Err(error) => {
                told.client_left();
                Err(error)
            }
        }
    }

    /// The answer to a client whose bytes are not a request, in the words of the current gateway.
    fn unreadable(&self, why: Unreadable) -> HttpReply {
        match self.current.borrow().as_ref() {
            Some(generation) => generation.door.unreadable(why, &arrival()),
            None => text(400, "this is not an HTTP request\n".to_owned()),
        }
    }

    /// True if the port's guard accepts the request. An HTTP/1.0 request may have no host.
    fn look(
        &self,
        request: &HttpRequest,
        authority: Option<&str>,
    ) -> std::result::Result<(), Refusal> {
        let mut look = self.guard.look();
        for (name, value) in &request.headers {
            look.field(name, value.as_bytes());
        }
        if let Some(authority) = authority {
            look.host(authority.as_bytes());
        }
        look.end(matches!(request.method.as_str(), "GET" | "HEAD"))
    }

    /// The gateway's answer to the request: a reply, or the head of one with a stream.
    async fn reply(
        &self,
        request: &mut HttpRequest,
        body: impl ReadBody,
        arrival: Arrival,
    ) -> std::result::Result<(HttpReply, Option<Stream>), BodyError> {
        // Which generation answers is decided when all of the request is here.
        let limit = self.generation().await.door.body_limit();
        request.body = body.read(limit).await?;
        let generation = self.generation().await;
        let door = &generation.door;
        let arrival = Arrival {
            sampled: generation.api().is_some_and(|api| api.function().traces),
            ..arrival
        };
        let supply = async |pending: Box<Pending>| generation.resume(&pending).await;
        let entered = door.enter(request, &arrival, supply).await;
        if let (Ok(invocation), Some(api)) = (&entered, generation.api())
            && door.streams(invocation)
        {
            return Ok(stream(door, api, invocation).await);
        }
        let reply = match entered {
            Err(mut reply) => {
                if reply.reason.is_none() && matches!(reply.status, 403 | 404) {
                    reply.reason = generation.hints.hint(request);
                }
                reply
            }
            Ok(invocation) => {
                let Some(api) = generation.api() else {
                    // An app with only sources behind a function URL: there is no function to
                    // invoke.
                    let failed = GatewayOutcome::FunctionError(b"{}");
                    return Ok((door.answer(&invocation, failed), None));
                };
                let outcome = api.invoke(
                    invocation.request_id.clone(),
                    invocation.trace_id.clone(),
                    invocation.event.clone(),
                );
                let outcome = match generation.door.integration_timeout() {
                    Some(patience) => timeout(patience, outcome).await.ok(),
                    None => Some(outcome.await),
                };
                // The invocation continues after the gateway has stopped waiting, as on Lambda.
                let outcome = outcome
                    .as_ref()
                    .map_or(GatewayOutcome::IntegrationTimeout, Outcome::as_gateway);
                generation.door.answer(&invocation, outcome)
            }
        };
        Ok((reply, None))
    }

    /// What is served now, or first.
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
    let event = invocation.event.clone();
    let answered = pool.invoke_streaming(id.clone(), trace.clone(), event, Asked::default());
    let mut stream = match answered.await {
        FromPool::Whole(outcome) => return (door.answer(invocation, outcome.as_gateway()), None),
        FromPool::Stream(stream) => stream,
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

/// A reply, or its head and what follows it.
struct Answered<'a> {
    reply: HttpReply,
    stream: Option<Stream>,
    told: Told<'a>,
}

/// A request's body, which is yet to be read.
trait ReadBody: Send {
    /// All of it, or as much of it as shows that it is over the limit.
    fn read(
        self,
        limit: usize,
    ) -> impl Future<Output = std::result::Result<Bytes, BodyError>> + Send;
}

/// Why a body could not be read.
#[derive(Debug)]
enum BodyError {
    /// The client has left.
    Left,
    /// No part of it came for too long.
    TooSlow,
    /// The input is not a body.
    Malformed(String),
}

/// Says once what became of a request, also when its future is dropped because the client left.
struct Told<'a> {
    shared: &'a Shared,
    request: HttpRequest,
    started: Instant,
    done: bool,
}

impl Told<'_> {
    fn status(&mut self, status: u16, reason: Option<&str>) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let took = self.started.elapsed();
        let logs = &self.shared.logs;
        logs.request(&self.request.method, &self.target(), status, took);
        if let Some(reason) = reason {
            logs.reason(reason);
        }
    }

    fn client_left(&mut self) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let took = self.started.elapsed();
        let logs = &self.shared.logs;
        logs.client_left(&self.request.method, &self.target(), took);
    }

    /// The request's target as it may be logged.
    fn target(&self) -> Cow<'_, str> {
        let target = &*self.request.target;
        if !target.contains('?') || !self.shared.logs.is_on() {
            return Cow::Borrowed(target);
        }
        match self.shared.current.borrow().as_ref() {
            Some(generation) => generation.masks.apply(target),
            None => Masks::apply_to_all(target),
        }
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.client_left();
    }
}

/// An answer of the server's own, and no gateway's.
fn text(status: u16, body: String) -> HttpReply {
    let content_type = "text/plain; charset=utf-8";
    HttpReply {
        status,
        headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
        body: body.into(),
        reason: None,
    }
}

/// True if the error concerns one connection that was closed before it was accepted (accept(2)).
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
            format!("port {port} is in use on {}", address.ip()),
            "stop the program that listens there, or use a free port with `--port 0`",
        ),
        ErrorKind::PermissionDenied => (
            format!("not allowed to use port {port}"),
            "ports below 1024 are often reserved for the system; use a free port with `--port 0`",
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
