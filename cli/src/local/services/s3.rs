//! The embedded S3: a server on a loopback port that the app's own AWS SDK talks to, with its data in a folder.
//!
//! s3s does the protocol: signatures and presigned URLs, XML, headers, chunked uploads. The storage is ours instead of
//! s3s-fs's, because what has to hold could not be had by wrapping it. It maps keys to paths, so `a` and `a/b` cannot
//! both exist, `..` and `//` are refused, and empty folders stand for keys; it writes an object's data and its
//! metadata into separate files, one after the other, so a reader or a crash in between sees a mixture; and it checks
//! a condition first and writes later. Here an object is one file that appears by one rename, under a lock that also
//! covers the condition (`store`). The rest follows the S3 API reference, and each function cites its page.
//!
//! What is not kept: tags, ACLs, versions, locks, encryption, bucket settings. Asking for them is an error rather than
//! a silent success, so that an app learns here and not in the cloud; only server-side encryption with AWS's own keys
//! is accepted and has no effect, as no app can see it.

mod access;
mod behind;
mod buckets;
mod changes;
mod conditions;
mod listing;
mod names;
mod object;
mod objects;
mod operations;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod transfer;
mod uploads;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fw_port_guard::{Hosts, PortGuard};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::policy_guard::PolicyGuard;
use crate::values::names::{BucketNameError, check_bucket_name};
pub(crate) use behind::BehindEndpoint;
pub(crate) use changes::{Change, Changes};
use operations::Operations;
use store::{BucketInfo, Store};

/// What the embedded S3 is started with.
#[derive(Debug, Clone)]
pub(crate) struct S3Options {
    /// The data folder; made if missing. Two servers may share one.
    pub(crate) root: PathBuf,
    /// Buckets that exist once it runs; those that exist already keep their objects.
    pub(crate) buckets: Vec<String>,
    /// The key pair it accepts; the access keys of the authorizers' processes go with the same secret.
    pub(crate) credentials: Credentials,
    /// The hosts that it answers for.
    pub(crate) hosts: Hosts,
}

/// A key pair for the app's SDK. It opens nothing but the embedded S3.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// Goes into `AWS_ACCESS_KEY_ID`.
    pub(crate) access_key: String,
    /// Goes into `AWS_SECRET_ACCESS_KEY`.
    pub(crate) secret_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        shown
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// A running embedded S3. Dropping it ends it; [`EmbeddedS3::shutdown`] also waits until the port is free.
#[derive(Debug)]
pub(crate) struct EmbeddedS3 {
    address: SocketAddr,
    store: Arc<Store>,
    service: BehindEndpoint,
    changes: Changes,
    stop: oneshot::Sender<()>,
    server: AbortOnDrop,
}

#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why the embedded S3 did not start.
#[derive(Debug)]
pub(crate) enum S3Error {
    /// A bucket has a name that S3 does not take.
    BucketName(BucketNameError),
    /// The data folder cannot be made, read or written.
    Data {
        /// The folder.
        root: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No loopback port can be had.
    Listen(io::Error),
}

impl fmt::Display for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BucketName(error) => error.fmt(f),
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

impl std::error::Error for S3Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::BucketName(_) => None,
            Self::Data { source, .. } | Self::Listen(source) => Some(source),
        }
    }
}

impl EmbeddedS3 {
    /// The same as [`EmbeddedS3::start_guarded`] with everything allowed.
    #[cfg(test)]
    pub(crate) async fn start(options: S3Options) -> Result<Self, S3Error> {
        Self::start_guarded(options, PolicyGuard::default()).await
    }

    /// Open the data folder, make the buckets that are missing, and serve on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// A bucket name breaks a rule of S3's (nothing has been written then), the data folder cannot be used, or no port
    /// is free.
    pub(crate) async fn start_guarded(
        options: S3Options,
        guard: PolicyGuard,
    ) -> Result<Self, S3Error> {
        for bucket in &options.buckets {
            check_bucket_name(bucket).map_err(S3Error::BucketName)?;
        }
        let S3Options {
            root,
            buckets,
            credentials,
            hosts,
        } = options;
        let store = tokio::task::spawn_blocking(move || open(&root, &buckets))
            .await
            .unwrap_or_else(|error| {
                Err(S3Error::Data {
                    root: PathBuf::new(),
                    source: io::Error::other(error),
                })
            })?;
        let store = Arc::new(store);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(S3Error::Listen)?;
        let address = listener.local_addr().map_err(S3Error::Listen)?;
        let (stop, stopped) = oneshot::channel();
        let port = server::Port {
            guard: PortGuard::service(hosts),
            policy: guard.clone(),
        };
        let changes = Changes::default();
        let operations = Operations::new(Arc::clone(&store), changes.clone());
        let service = server::service(operations, Arc::clone(&store), credentials, guard);
        let behind = BehindEndpoint(service.clone());
        let server = AbortOnDrop(tokio::spawn(server::serve(
            listener, service, port, stopped,
        )));
        Ok(Self {
            address,
            store,
            service: behind,
            changes,
            stop,
            server,
        })
    }

    /// The URL for `AWS_ENDPOINT_URL_S3`: `http://127.0.0.1:PORT`. With an IP address SDKs put the bucket into the path.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same S3 behind another endpoint.
    pub(crate) fn behind(&self) -> BehindEndpoint {
        self.service.clone()
    }

    /// The changes of its objects.
    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Creates a bucket, where it is missing.
    ///
    /// # Errors
    ///
    /// The name breaks a rule of S3's, or the data folder cannot be written.
    pub(crate) fn create_bucket(&self, name: &str) -> Result<(), S3Error> {
        check_bucket_name(name).map_err(S3Error::BucketName)?;
        create(&self.store, name).map_err(|source| S3Error::Data {
            root: PathBuf::new(),
            source,
        })
    }

    /// The names of the buckets that exist now, sorted.
    pub(crate) fn buckets(&self) -> Vec<String> {
        self.store
            .buckets()
            .unwrap_or_default()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    /// Finish the requests under way, up to a few seconds, and give the port back.
    pub(crate) async fn shutdown(self) {
        let Self {
            stop, mut server, ..
        } = self;
        // The server is gone already if nobody receives this.
        if stop.send(()).is_ok()
            && let Err(error) = (&mut server.0).await
        {
            tracing::warn!(%error, "the embedded S3 ended badly");
        }
    }
}

fn open(root: &Path, buckets: &[String]) -> Result<Store, S3Error> {
    let failed = |source| S3Error::Data {
        root: root.to_owned(),
        source,
    };
    let store = Store::open(root.to_owned()).map_err(failed)?;
    for bucket in buckets {
        create(&store, bucket).map_err(failed)?;
    }
    Ok(store)
}

/// Creates a bucket, where it is missing.
fn create(store: &Store, bucket: &str) -> io::Result<()> {
    let info = BucketInfo {
        created: object::now(),
        location: None,
    };
    match store.create_bucket(bucket, &info) {
        Err(error) if *error.code() != s3s::S3ErrorCode::BucketAlreadyOwnedByYou => {
            Err(io::Error::other(error))
        }
        _ => Ok(()),
    }
}
