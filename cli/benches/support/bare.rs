//! The yardstick: the least that a server of hyper's can do which makes the same two hops.
//!
//! hyper in front, hyper as the Runtime API of each process, and between them a stack of idle processes. No gateway: each
//! request gives the process the same event, and the process's result is the body of the answer. No log, no timeouts, no states.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::oneshot,
};

use super::Result;

/// The event of a `GET /hello` behind an HTTP API.
const EVENT: &[u8] = include_bytes!("../../../framework/tests/events/hello.json");

/// An invocation: where its result goes.
type Reply = oneshot::Sender<Bytes>;

struct Shared {
    bootstrap: PathBuf,
    /// The processes that wait for an event.
    idle: Mutex<Vec<oneshot::Sender<Reply>>>,
    processes: Mutex<Vec<Child>>,
}

/// What one process is answering.
type Current = Arc<Mutex<Option<Reply>>>;

/// Serves the executable until it is killed, and tells its URL on standard error.
#[expect(clippy::print_stderr, reason = "who started it reads the URL there")]
pub(crate) fn serve(bootstrap: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let shared = Arc::new(Shared {
            bootstrap: bootstrap.to_owned(),
            idle: Mutex::default(),
            processes: Mutex::default(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        eprintln!("http://localhost:{}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let shared = Arc::clone(&shared);
            tokio::spawn(connection(stream, move |_| front(Arc::clone(&shared))));
        }
    })
}

async fn connection<F, A>(stream: TcpStream, answer: F)
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Result<Response<Full<Bytes>>>>,
{
    let service = service_fn(move |request| {
        let answer = answer(request);
        async move {
            Ok::<_, Infallible>(answer.await.unwrap_or_else(|error| {
                let mut response = Response::new(Full::from(error.to_string()));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }))
        }
    });
    // The other side is a benchmark's: what it breaks, it notices.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn front(shared: Arc<Shared>) -> Result<Response<Full<Bytes>>> {
    let (reply, result) = oneshot::channel();
    let mut reply = Some(reply);
    while let Some(mine) = reply.take() {
        let idle = lock(&shared.idle).pop();
        match idle {
            Some(idle) => reply = idle.send(mine).err(),
            None => start(&shared, mine).await?,
        }
    }
    let mut response = Response::new(Full::new(result.await?));
    let json = hyper::header::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, json);
    Ok(response)
}

/// Starts a process with a Runtime API of its own, for that invocation.
async fn start(shared: &Arc<Shared>, first: Reply) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let process = Command::new(&shared.bootstrap)
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "hello")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "hello")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "hello")
        .env("_HANDLER", "bootstrap")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    lock(&shared.processes).push(process);
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let first = Arc::new(Mutex::new(Some(first)));
        while let Ok((stream, _)) = listener.accept().await {
            // A failure here is a failure there.
            let _ = stream.set_nodelay(true);
            let (shared, first) = (Arc::clone(&shared), Arc::clone(&first));
            let current = Current::default();
            tokio::spawn(connection(stream, move |request| {
                let (shared, first) = (Arc::clone(&shared), Arc::clone(&first));
                runtime_api(shared, first, Arc::clone(&current), request)
            }));
        }
    });
    Ok(())
}

/// A call of the process: its next event, or the last one's result.
async fn runtime_api(
    shared: Arc<Shared>,
    first: Current,
    current: Current,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>> {
    if request.method() == Method::POST {
        let result = request.into_body().collect().await?.to_bytes();
        if let Some(reply) = lock(&current).take() {
            // Who asked may have left.
            let _ = reply.send(result);
        }
        let mut accepted = Response::new(Full::from("{\"status\":\"OK\"}\n"));
        *accepted.status_mut() = StatusCode::ACCEPTED;
        return Ok(accepted);
    }
    let waiting = lock(&first).take();
    let reply = match waiting {
        Some(reply) => reply,
        None => {
            let (idle, next) = oneshot::channel();
            lock(&shared.idle).push(idle);
            next.await?
        }
    };
    *lock(&current) = Some(reply);
    let response = Response::builder()
        .header("content-type", "application/json")
        .header(
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        )
        .header("lambda-runtime-deadline-ms", "9542409706888")
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:hello",
        )
        .header(
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        );
    Ok(response.body(Full::from(EVENT))?)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
