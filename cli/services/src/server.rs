//! The endpoint: its socket, its connections and its shared state.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fw_port_guard::PortGuard;
use http::header::AUTHORIZATION;
use http::request::Parts;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::access::{self, Access, Caller, NotLetIn, OpenAccess};
use crate::admit;
use crate::alarm;
use crate::clock::Clock;
use crate::declare::Declared;
use crate::deliveries::{Deliveries, DeliveryLog};
use crate::events::Events;
use crate::functions::Functions;
use crate::lambda::Lambda;
use crate::notifications::Notifications;
use crate::reply::Fallback;
use crate::router;
use crate::scheduler::Scheduler;
use crate::signature;
use crate::snapshot::{self, Store};
use crate::sns::Sns;
use crate::sqs::Sqs;
use crate::tables::{Tables, TablesPlace};
use crate::targets::Targets;

/// How long a client may take to send the head of a request. Clients that keep connections for later have that long, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(120);
/// The most bytes of a request's head.
const MOST_HEAD: usize = 64 * 1024;
/// How long a shutdown waits for answers that are on their way.
const GRACE: Duration = Duration::from_millis(500);

/// How the services start.
pub struct Options {
    /// Where the endpoint listens. Default: a free port of 127.0.0.1. On loopback, callers are processes of this process's user
    /// (on Linux); elsewhere everybody who reaches the port.
    pub address: SocketAddr,
    /// The account of all resources, twelve digits. Default: `123456789012`.
    pub account: String,
    /// The region of all resources. Default: `us-east-1`.
    pub region: String,
    /// The access keys of callers that are let in, each with its secret. Their requests must be signed with it. The key `test` is let in
    /// too, whatever its signature, as the dummy credentials of emulators are.
    pub access_keys: BTreeMap<String, String>,
    /// Names that the endpoint answers to in addition to this machine's own, without a port.
    pub allowed_hosts: Vec<String>,
    /// The folder that keeps all resources, their messages and the clock across restarts. Without it they end with the services.
    pub data: Option<PathBuf>,
    /// Decides which caller may do what. Default: [`OpenAccess`].
    pub access: Arc<dyn Access>,
    /// The functions that queues, topics and asynchronous calls reach. Without them, Lambda's operations are refused with 501.
    pub functions: Option<Arc<dyn Functions>>,
    /// The database, whose tables are on the same endpoint. Without it its operations are refused with 501.
    pub tables: Option<Arc<dyn Tables>>,
    /// Takes the requests of services that are not here. Without it they are refused with 501.
    pub fallback: Option<Arc<dyn Fallback>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            account: "123456789012".into(),
            region: "us-east-1".into(),
            access_keys: BTreeMap::new(),
            allowed_hosts: Vec::new(),
            data: None,
            access: Arc::new(OpenAccess),
            functions: None,
            tables: None,
            fallback: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("address", &self.address)
            .field("account", &self.account)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What the resources of all services share.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) account: Arc<str>,
    pub(crate) region: Arc<str>,
    pub(crate) clock: Clock,
    pub(crate) access: Arc<dyn Access>,
    /// The endpoint's own host and port, for URLs in messages that no request asked for.
    pub(crate) host: Arc<str>,
    /// Notified of each change that is to be written.
    pub(crate) changes: Arc<Notify>,
    pub(crate) deliveries: DeliveryLog,
}

/// What every request sees.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    access_keys: BTreeMap<String, String>,
    access: Arc<dyn Access>,
    /// Who may connect and call.
    pub(crate) guard: PortGuard,
    pub(crate) fallback: Option<Arc<dyn Fallback>>,
    pub(crate) tables: Option<Arc<dyn Tables>>,
    pub(crate) sqs: Arc<Sqs>,
    pub(crate) sns: Arc<Sns>,
    pub(crate) events: Arc<Events>,
    pub(crate) scheduler: Arc<Scheduler>,
    pub(crate) notifications: Notifications,
    /// What the last declaration had.
    declared: Mutex<Declared>,
    pub(crate) lambda: Option<Arc<Lambda>>,
    pub(crate) deliveries: DeliveryLog,
    pub(crate) changes: Arc<Notify>,
    /// The endpoint's own address, for requests without a host.
    pub(crate) address: SocketAddr,
}

impl Shared {
    /// The caller of a request, if its key is known and its signature holds.
    ///
    /// # Errors
    /// Why the request is not let in.
    pub(crate) fn authenticate(&self, parts: &Parts, body: &[u8]) -> Result<Caller, NotLetIn> {
        let Some(caller) = access::caller(&parts.headers, parts.uri.query()) else {
            return Err(if parts.headers.contains_key(AUTHORIZATION) {
                NotLetIn::UnknownKey
            } else {
                NotLetIn::Unsigned
            });
        };
        let secret = self.access_keys.get(&caller.access_key).cloned();
        match secret.or_else(|| self.access.secret(&caller.access_key)) {
            Some(secret) => signature::check(parts, body, &secret)
                .map(|()| caller)
                .map_err(NotLetIn::Signature),
            None if caller.access_key == "test" => Ok(caller),
            None => Err(NotLetIn::UnknownKey),
        }
    }

    pub(crate) fn declared(&self) -> MutexGuard<'_, Declared> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reset(&self) {
        // Mappings go first, so that none sees its queue end.
        if let Some(lambda) = &self.lambda {
            lambda.reset();
        }
        self.scheduler.reset();
        self.events.reset();
        self.notifications.reset();
        *self.declared() = Declared::default();
        self.sns.reset();
        self.sqs.reset();
        if let Some(tables) = &self.tables {
            tables.reset();
        }
        self.changes.notify_one();
    }
}

/// The running services. Dropping it stops them at once; [`Services::shutdown`] lets answers finish.
pub struct Services {
    pub(crate) shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    /// The timers of schedules.
    alarms: Vec<JoinHandle<()>>,
    store: Option<(Arc<Store>, JoinHandle<()>)>,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("endpoint", &self.endpoint())
            .finish_non_exhaustive()
    }
}

impl Services {
    /// Starts the services on the current Tokio runtime.
    ///
    /// # Errors
    /// Those of binding the address, for example if the port is in use, and of reading the data folder.
    pub async fn start(options: Options) -> io::Result<Self> {
        let store = options.data.as_deref().map(Store::open).transpose()?;
        let before = store.as_ref().map(Store::read).transpose()?.flatten();
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let clock = Clock::default();
        let place = Place {
            account: options.account.into(),
            region: options.region.into(),
            clock: clock.clone(),
            access: options.access,
            host: address.to_string().into(),
            changes: Arc::default(),
            deliveries: DeliveryLog::default(),
        };
        let changes = Arc::clone(&place.changes);
        let sqs = Arc::new(Sqs::new(place.clone()));
        let lambda = options.functions.map(|functions| {
            let tables = options.tables.clone();
            Arc::new(Lambda::new(
                place.clone(),
                functions,
                Arc::clone(&sqs),
                tables,
            ))
        });
        let sns = Arc::new(Sns::new(place.clone(), Arc::clone(&sqs), lambda.clone()));
        let targets = Arc::new(Targets::new(
            place.clone(),
            Arc::clone(&sqs),
            Arc::clone(&sns),
            lambda.clone(),
        ));
        let events = Arc::new(Events::new(place.clone(), Arc::clone(&targets)));
        let scheduler = Arc::new(Scheduler::new(place.clone(), Arc::clone(&targets)));
        let notifications =
            Notifications::new(place.clone(), Arc::clone(&targets), events.default_bus());
        let mut declared = Declared::default();
        targets.connect(&events);
        if let Some(lambda) = &lambda {
            lambda.connect(&targets);
        }
        if let Some(before) = &before {
            clock.advance(Duration::from_millis(before.clock_offset_ms));
        }
        if let Some(tables) = &options.tables {
            tables.start(TablesPlace {
                account: Arc::clone(&place.account),
                region: Arc::clone(&place.region),
                clock: clock.clone(),
                access: Arc::clone(&place.access),
            });
        }
        if let Some(before) = before {
            sqs.restore(before.sqs);
            sns.restore(before.sns);
            events.restore(before.events);
            scheduler.restore(before.scheduler);
            notifications.restore(before.buckets);
            if let Some(lambda) = &lambda {
                lambda.restore(before.mappings);
            }
            declared = before.declared;
        }
        let changed = Arc::clone(&events.changed);
        let rules = alarm::run(Arc::downgrade(&events), clock.clone(), changed);
        let changed = Arc::clone(&scheduler.changed);
        let schedules = alarm::run(Arc::downgrade(&scheduler), clock.clone(), changed);
        let alarms = vec![tokio::spawn(rules), tokio::spawn(schedules)];
        let shared = Arc::new(Shared {
            clock,
            access_keys: options.access_keys,
            access: place.access,
            guard: admit::guard(address, &options.allowed_hosts),
            fallback: options.fallback,
            tables: options.tables,
            sqs,
            sns,
            events,
            scheduler,
            notifications,
            declared: Mutex::new(declared),
            lambda,
            deliveries: place.deliveries,
            changes,
            address,
        });
        let store = store.map(|store| {
            let store = Arc::new(store);
            let keeping = snapshot::keep(Arc::downgrade(&shared), Arc::clone(&store));
            (store, tokio::spawn(keeping))
        });
        let (stop, stopping) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared), stopping));
        Ok(Self {
            shared,
            stop,
            accepting,
            alarms,
            store,
        })
    }

    /// The URL of all services, such as `http://127.0.0.1:4566`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The address that the endpoint listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The clock of all services.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The records of what is delivered from now on, across all services.
    ///
    /// A subscriber that does not read loses the oldest records once 4096 wait; [`Deliveries::missed`] counts them.
    #[must_use]
    pub fn deliveries(&self) -> Deliveries {
        self.shared.deliveries.subscribe()
    }

    /// Removes every resource of every service. Waiting calls return or fail as if their resource was deleted. The clock stays.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops the services: nothing new is accepted, answers on their way have half a second, and the state is written.
    ///
    /// # Errors
    /// Those of writing the state.
    pub async fn shutdown(mut self) -> io::Result<()> {
        self.stop.send_replace(true);
        let _ = (&mut self.accepting).await;
        match self.store.take() {
            Some((store, keeping)) => {
                keeping.abort();
                // It may be writing: that ends first.
                let _ = keeping.await;
                store.save(&self.shared)
            }
            None => Ok(()),
        }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.accepting.abort();
        self.alarms.iter().for_each(JoinHandle::abort);
        if let Some((_, keeping)) = &self.store {
            keeping.abort();
        }
        if let Some(lambda) = &self.shared.lambda {
            lambda.reset();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&shared), stopping.clone()));
                }
                // Out of file descriptors, mostly: some are free again soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
            _ = stopping.changed() => break,
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, finish).await;
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, mut stopping: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    // A stranger is answered why.
    let Ok(stream) = shared.guard.receive(stream).await else {
        return;
    };
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, std::convert::Infallible>(router::answer(&shared, request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // A connection's end, with or without an error, is the client's affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
