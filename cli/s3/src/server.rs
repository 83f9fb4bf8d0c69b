//! The server: a socket in front of the service.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fw_port_guard::{Hosts, PortGuard, Refusal, guarded};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::changes::Changes;
use crate::names::broken_rule;
use crate::notifications::{Connected, Notifier};
use crate::ops::{cors, lifecycle};
use crate::reply::S3Body;
use crate::service::{Now, S3Service, Shared, refused};
use crate::store::model::{BucketInfo, Owner, Record};
use crate::store::{Store, Written};
use crate::time;
use crate::users::{Access, OpenAccess, User};

/// How long requests under way may go on once the server is to stop.
const GRACE: Duration = Duration::from_secs(3);
/// How long a client may take to send the head of a request. Clients that keep connections for later have that long, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(120);
/// How often lifecycle rules are looked at.
const LIFECYCLE: Duration = Duration::from_secs(1);

/// How S3 starts.
pub struct Options {
    /// Where it listens. Default: a free port of 127.0.0.1.
    pub address: SocketAddr,
    /// The data folder. It is created if it is missing, and is this process's as long as it runs.
    pub data: PathBuf,
    /// Buckets that exist once it runs. Those that exist already keep their objects.
    pub buckets: Vec<String>,
    /// Who may call. The first owns what is created without a caller. Default: the key `test` with the secret `test`.
    pub users: Vec<User>,
    /// Decides which caller may do what, in addition to bucket policies and lists. Default: [`OpenAccess`].
    pub access: Arc<dyn Access>,
    /// The only region that signatures may be for. Default: any.
    pub region: Option<String>,
    /// The hosts that it answers for. Default: this machine's.
    pub hosts: Hosts,
    /// Whether pages of all sites may call. Otherwise those of this machine, of allowed hosts, and of origins that a bucket's CORS rules name.
    pub any_page: bool,
    /// Hosts of which `BUCKET.HOST` is a bucket. Default: `s3.localhost`.
    pub bucket_hosts: Vec<String>,
    /// The time of the services in milliseconds since the epoch: retention and lifecycle go by it. Default: the machine's. Signatures go
    /// by the machine's always, as their makers do.
    pub now: Now,
    /// Whether new buckets are as those created before 2020: they take access control lists and public policies without another setting,
    /// show no default encryption, and take forms with signatures of version 2. Suites of cases of that time expect it.
    pub older_buckets: bool,
}

impl Options {
    /// Everything by default, with that data folder.
    #[must_use]
    pub fn new(data: PathBuf) -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            data,
            buckets: Vec::new(),
            users: vec![User::owner("test", "test")],
            access: Arc::new(OpenAccess),
            region: None,
            hosts: Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]),
            any_page: false,
            bucket_hosts: vec!["s3.localhost".to_owned()],
            now: Arc::new(time::machine_ms),
            older_buckets: false,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("address", &self.address)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// Why S3 did not start.
#[derive(Debug)]
pub enum StartError {
    /// A bucket has a name that S3 does not take.
    BucketName {
        /// The name.
        name: String,
        /// The rule that it breaks, as the end of "a bucket name must …".
        rule: &'static str,
    },
    /// The data folder cannot be created, read or written, is of another version, or another process has it open.
    Data {
        /// The folder.
        root: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The port cannot be listened on.
    Listen(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BucketName { name, rule } => write!(f, "a bucket name must {rule}: `{name}`"),
            Self::Data { root, .. } => {
                write!(
                    f,
                    "the embedded S3 cannot use its data folder; check its permissions: `{}`",
                    root.display()
                )
            }
            Self::Listen(_) => f.write_str("the embedded S3 cannot listen on a port of 127.0.0.1"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::BucketName { .. } => None,
            Self::Data { source, .. } | Self::Listen(source) => Some(source),
        }
    }
}

/// A running S3. Dropping it ends it; [`S3::shutdown`] also waits until the port is free.
#[derive(Debug)]
pub struct S3 {
    address: SocketAddr,
    service: S3Service,
    stop: oneshot::Sender<()>,
    server: AbortOnDrop,
    lifecycle: AbortOnDrop,
}

#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl S3 {
    /// Opens the data folder, creates the buckets that are missing, and serves.
    ///
    /// # Errors
    /// A bucket's name breaks a rule (nothing has been written then), the data folder cannot be used, or the port is not free.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        for name in &options.buckets {
            if let Some(rule) = broken_rule(name) {
                return Err(StartError::BucketName {
                    name: name.clone(),
                    rule,
                });
            }
        }
        let address = options.address;
        let (hosts, any_page) = (options.hosts.clone(), options.any_page);
        let buckets = options.buckets.clone();
        let opened = tokio::task::spawn_blocking(move || open(options));
        let service = opened.await.unwrap_or_else(|failed| {
            Err(StartError::Data {
                root: PathBuf::new(),
                source: io::Error::other(failed),
            })
        })?;
        for bucket in &buckets {
            create_bucket(&service.0, bucket)?;
        }
        let listener = TcpListener::bind(address)
            .await
            .map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let (stop, stopped) = oneshot::channel();
        let port = Port {
            guard: if any_page {
                PortGuard::gateway(hosts)
            } else {
                PortGuard::service(hosts)
            },
            service: service.clone(),
        };
        let server = AbortOnDrop(tokio::spawn(serve(listener, port, stopped)));
        let ruled = Arc::downgrade(&service.0);
        let lifecycle = AbortOnDrop(tokio::spawn(async move {
            loop {
                tokio::time::sleep(LIFECYCLE).await;
                let Some(shared) = ruled.upgrade() else {
                    return;
                };
                let _ = tokio::task::spawn_blocking(move || lifecycle::run(&shared)).await;
            }
        }));
        Ok(Self {
            address,
            service,
            stop,
            server,
            lifecycle,
        })
    }

    /// The URL, such as `http://127.0.0.1:9000`. With an IP address SDKs put the bucket into the path.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same S3 as a service, for another endpoint.
    #[must_use]
    pub fn service(&self) -> S3Service {
        self.service.clone()
    }

    /// The changes of its objects.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.service.0.changes
    }

    /// Creates a bucket if it is missing.
    ///
    /// # Errors
    /// The name breaks a rule, or the data folder cannot be written.
    pub fn create_bucket(&self, name: &str) -> Result<(), StartError> {
        create_bucket(&self.service.0, name)
    }

    /// The names of the buckets that exist now, sorted.
    #[must_use]
    pub fn buckets(&self) -> Vec<String> {
        self.service
            .0
            .store
            .read(|state| state.buckets.keys().cloned().collect())
    }

    /// Does what lifecycle rules say is due by the time of the services. It is done every second, too.
    pub fn run_lifecycle(&self) {
        let _ = lifecycle::run(&self.service.0);
    }

    /// Finishes the requests under way, up to a few seconds, and gives the port back.
    pub async fn shutdown(self) {
        let Self {
            stop,
            mut server,
            mut lifecycle,
            ..
        } = self;
        lifecycle.0.abort();
        let _ = (&mut lifecycle.0).await;
        // The server is gone already if nobody receives this.
        if stop.send(()).is_ok() {
            let _ = (&mut server.0).await;
        }
    }
}

impl S3Service {
    /// S3 without a socket of its own. Lifecycle rules do nothing until [`S3Service::run_lifecycle`] is called.
    ///
    /// # Errors
    /// Those of [`S3::start`], but for the port's.
    pub fn open(options: Options) -> Result<Self, StartError> {
        let buckets = options.buckets.clone();
        let service = open(options)?;
        for bucket in &buckets {
            create_bucket(&service.0, bucket)?;
        }
        Ok(service)
    }

    /// Does what lifecycle rules say is due by the time of the services.
    pub fn run_lifecycle(&self) {
        let _ = lifecycle::run(&self.0);
    }

    /// The changes of its objects.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.0.changes
    }

    /// Keeps and delivers what buckets report through the first notifier that is given; false for others. Without one,
    /// `PutBucketNotificationConfiguration` is answered 501.
    pub fn notify_by(&self, notifier: Arc<dyn Notifier>) -> bool {
        self.0.notifier.connect(notifier)
    }

    /// True if a rule of the request's bucket names that origin, so that a page from there may ask for this. A preflight asks for the method
    /// that it announces.
    #[must_use]
    pub fn admits_page<B>(&self, origin: &str, request: &Request<B>) -> bool {
        let method = match request.headers().get("access-control-request-method") {
            Some(method) if request.method() == http::Method::OPTIONS => {
                method.to_str().unwrap_or_default()
            }
            _ => request.method().as_str(),
        };
        let path = request.uri().path().trim_start_matches('/');
        let bucket = path.split('/').next().unwrap_or_default();
        cors::names_origin(&self.0, bucket, origin, method)
    }
}

fn open(options: Options) -> Result<S3Service, StartError> {
    let Options {
        data,
        users,
        access,
        region,
        now,
        bucket_hosts,
        older_buckets,
        ..
    } = options;
    let users: Vec<Arc<User>> = users.into_iter().map(Arc::new).collect();
    let owner = users.first().map(|user| Owner {
        id: user.id.clone(),
        name: user.display_name.clone(),
    });
    let store = Store::open(&data, &owner.unwrap_or_default())
        .map_err(|source| StartError::Data { root: data, source })?;
    let changes = Changes::default();
    Ok(S3Service(Arc::new(Shared {
        store,
        users,
        access,
        region,
        now,
        changes,
        notifier: Connected::default(),
        bucket_hosts,
        older_buckets,
        completed: crate::ops::Completed::default(),
    })))
}

fn create_bucket(shared: &Shared, name: &str) -> Result<(), StartError> {
    if let Some(rule) = broken_rule(name) {
        return Err(StartError::BucketName {
            name: name.to_owned(),
            rule,
        });
    }
    let made = shared.store.change(&Written::default(), |state| {
        if state.buckets.contains_key(name) {
            return Ok((Vec::new(), ()));
        }
        let mut info = BucketInfo {
            created: (shared.now)(),
            owner: shared.owner_entry(),
            ..BucketInfo::default()
        };
        crate::ops::default_settings(shared, &mut info)?;
        Ok((
            vec![Record::Bucket {
                name: name.to_owned(),
                info,
            }],
            (),
        ))
    });
    made.map_err(|failed| StartError::Data {
        root: PathBuf::new(),
        source: io::Error::other(failed.message().to_owned()),
    })
}

/// The port's guard, and the service behind it. Cheap to clone.
#[derive(Clone)]
struct Port {
    guard: PortGuard,
    service: S3Service,
}

impl Port {
    /// Why the request is refused before S3 looks at it. A page of another site is one that the rules of the bucket may let in.
    fn refuse<B>(&self, request: &Request<B>) -> Option<Refusal> {
        let refusal = guarded(&self.guard, request).err()?;
        if let Refusal::Origin(origin) = &refusal
            && self.service.admits_page(origin, request)
        {
            return None;
        }
        self.report(&refusal);
        Some(refusal)
    }

    fn report(&self, why: &dyn fmt::Display) {
        self.service
            .0
            .access
            .report(&format!("the embedded S3 refused a request: {why}"));
    }
}

/// Serves until `stop` is sent or its sender is dropped; then lets requests finish. Dropping this future ends all connections.
async fn serve(listener: TcpListener, port: Port, mut stop: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = &mut stop => break,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of file descriptors, say: accepting again at once would spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let watcher = graceful.watcher();
        connections.spawn(connection(stream, peer, port.clone(), watcher));
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    connections.shutdown().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    port: Port,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Answers are small and clients wait for them.
    let _ = stream.set_nodelay(true);
    let stream = match port.guard.receive(stream).await {
        Ok(stream) => stream,
        Err(stranger) => return port.report(&stranger),
    };
    let service = service_fn(|request| answer(&port, request, peer));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // A connection's end, with or without an error, is the client's affair.
    let _ = watcher.watch(connection).await;
}

async fn answer(
    port: &Port,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response<S3Body>, Infallible> {
    if let Some(refusal) = port.refuse(&request) {
        return Ok(refused(&refusal.to_string(), request.uri().path()));
    }
    Ok(port.service.handle(request, Some(peer.ip())).await)
}
