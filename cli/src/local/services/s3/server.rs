//! The HTTP side: s3s's service on a listener, with what every answer of S3's has.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use fw_port_guard::{PortGuard, Refusal, guarded};
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::{S3Auth, SecretKey};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::validation::NameValidation;
use s3s::{Body, S3ErrorCode, S3Result, s3_error};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Credentials;
use super::access::Access;
use super::operations::Operations;
use super::store::Store;
use crate::local::services::policy_guard::PolicyGuard;
use crate::values::{credentials, names::check_bucket_name, text::hex};

/// How long requests under way may go on once the server is told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// Largest file in an HTML form's POST: s3s holds it in memory, so less than S3's 5 GiB.
const MAX_FORM_FILE: u64 = 64 * 1024 * 1024;

/// s3s over our operations.
pub(super) fn service(
    operations: Operations,
    store: Arc<Store>,
    credentials: Credentials,
    guard: PolicyGuard,
) -> S3Service {
    let mut config = S3Config::default();
    config.post_object_max_file_size = MAX_FORM_FILE;
    let mut builder = S3ServiceBuilder::new(operations);
    builder.set_access(Access { guard, store });
    builder.set_auth(Keys(credentials));
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.set_validation(Names);
    builder.build()
}

/// One secret for the access keys of all functions.
struct Keys(Credentials);

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.0.access_key || credentials::is_access_key(access_key) {
            return Ok(SecretKey::from(self.0.secret_key.as_str()));
        }
        Err(s3_error!(InvalidAccessKeyId))
    }
}

/// Our rules for bucket names, which are more complete than s3s's.
struct Names;

impl NameValidation for Names {
    fn validate_bucket_name(&self, name: &str) -> bool {
        check_bucket_name(name).is_ok()
    }
}

/// Serve until `stop` is sent or its sender is dropped; then let requests finish. Dropping this future ends all
/// connections.
pub(super) async fn serve(
    listener: TcpListener,
    service: S3Service,
    port: Port,
    mut stop: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, say: accepting again at once would spin.
                tracing::warn!(%error, "the embedded S3 cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Answers are small and clients wait for them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let (service, port, watcher) = (service.clone(), port.clone(), graceful.watcher());
        connections.spawn(async move {
            let stream = match port.guard.receive(stream).await {
                Ok(stream) => stream,
                Err(stranger) => return port.refused(&stranger),
            };
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(
                    TokioIo::new(stream),
                    service_fn(|request| answer(service.clone(), &port, request)),
                );
            let connection = watcher.watch(connection);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the embedded S3 broke");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::debug!("requests to the embedded S3 were cut off");
    }
    connections.shutdown().await;
}

/// The port's guard, and where it says what it refused. Cheap to clone.
#[derive(Clone)]
pub(super) struct Port {
    pub(super) guard: PortGuard,
    pub(super) policy: PolicyGuard,
}

impl Port {
    fn refused(&self, why: &dyn std::fmt::Display) {
        self.policy
            .tell(&format!("the embedded S3 refused a request: {why}"));
    }

    /// Why the request is refused before S3 looks at it.
    ///
    /// A page's `Origin` is one of this machine or of an allowed host. The CORS rules of the bucket, once it has any, are asked here
    /// about a [`Refusal::Origin`].
    fn refuse<B>(&self, request: &Request<B>) -> Option<Refusal> {
        let refusal = guarded(&self.guard, request).err()?;
        self.refused(&refusal);
        Some(refusal)
    }
}

/// One request. Whatever happens inside, the client gets an answer in S3's form.
async fn answer(
    service: S3Service,
    port: &Port,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if let Some(refusal) = port.refuse(&request) {
        let id = request_id();
        let mut error = s3_error!(AccessDenied, "{refusal}");
        error.set_request_id(&id);
        return Ok(with_id(
            error.to_http_response().unwrap_or_else(|_| failure(&id)),
            &id,
        ));
    }
    Ok(admitted(service, request).await)
}

/// One request that may come in.
pub(super) async fn admitted(service: S3Service, request: Request<Incoming>) -> Response<Body> {
    let id = request_id();
    let mut call = pin!(service.call(request.map(Body::from)));
    // s3s has `expect`s on some paths of odd form posts; such a request must not take the connection with it.
    let answered = std::future::poll_fn(|cx| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(answer)) => Poll::Ready(answer.ok()),
            Err(_) => Poll::Ready(None),
        }
    })
    .await;
    with_id(answered.unwrap_or_else(|| failure(&id)), &id)
}

/// Every answer of S3's has a request id, which SDKs show in their errors.
fn with_id(mut response: Response<Body>, id: &str) -> Response<Body> {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert("x-amz-request-id", value);
    }
    headers.insert(http::header::SERVER, HeaderValue::from_static("AmazonS3"));
    response
}

fn failure(id: &str) -> Response<Body> {
    let mut error = s3_error!(
        InternalError,
        "We encountered an internal error. Please try again."
    );
    error.set_request_id(id);
    error.to_http_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = S3ErrorCode::InternalError
            .status_code()
            .unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        response
    })
}

/// Sixteen capital letters and digits, as S3's are.
fn request_id() -> String {
    let mut random = [0; 8];
    // Without randomness all ids are alike, which only makes a log harder to read.
    getrandom::fill(&mut random).unwrap_or_default();
    hex(&random).to_ascii_uppercase()
}
