//! The embedded S3: `fw-s3` with the settings, the credentials and the policies of the local server.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, OnceLock, Weak},
    task::{Context, Poll},
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use fw_port_guard::Hosts;
use fw_s3::{
    Access, BucketReports, Changes, Notifier, Options, Receiver, S3, S3Body, S3Service, StartError,
    TestIds, User,
};
use fw_services::{BucketNotifications, Clock, Fallback, NotificationTarget, S3Event, Services};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Either};
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::policy_guard::{Attempt, PolicyGuard};
use crate::values::credentials;

/// What the embedded S3 is started with.
#[derive(Debug, Clone)]
pub(crate) struct S3Options {
    /// The data folder; created if missing.
    pub(crate) root: PathBuf,
    /// Buckets that exist once it runs; those that exist already keep their objects.
    pub(crate) buckets: Vec<String>,
    /// The key pair it accepts; the access keys of the other functions' processes go with the same secret.
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
    /// The secret of the developer's own key, which no policy limits.
    pub(crate) developer_secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        shown
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// The clock that the embedded S3 goes by: that of the event services once they run, and the machine's before.
#[derive(Clone, Debug, Default)]
pub(crate) struct S3Clock(Arc<OnceLock<Clock>>);

impl S3Clock {
    /// Goes by that clock from now on. The first one stays.
    pub(crate) fn follow(&self, clock: &Clock) {
        let _ = self.0.set(clock.clone());
    }

    /// The time as S3 asks for it.
    pub(crate) fn source(&self) -> fw_s3::Now {
        let clock = self.clone();
        Arc::new(move || match clock.0.get() {
            Some(clock) => clock.now_ms(),
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                since.map_or(0, |since| {
                    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
                })
            }
        })
    }
}

/// A running embedded S3. Dropping it ends it; [`EmbeddedS3::shutdown`] also waits until the port is free.
#[derive(Debug)]
pub(crate) struct EmbeddedS3 {
    s3: S3,
    clock: S3Clock,
}

impl EmbeddedS3 {
    /// Opens the data folder, creates the buckets that are missing, and serves on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// A bucket name breaks a rule of S3's (nothing has been written then), the data folder cannot be used, or no port
    /// is free.
    pub(crate) async fn start_guarded(
        options: S3Options,
        guard: PolicyGuard,
    ) -> Result<Self, StartError> {
        let Credentials {
            access_key,
            secret_key,
            developer_secret,
        } = options.credentials;
        let clock = S3Clock::default();
        let mut start = Options::new(options.root);
        start.buckets = options.buckets;
        start.users = vec![User {
            account: credentials::ACCOUNT.to_owned(),
            ..User::owner(&access_key, &secret_key)
        }];
        start.access = Arc::new(Policed {
            guard,
            secret_key,
            developer_secret,
        });
        start.hosts = options.hosts;
        start.now = clock.source();
        let s3 = S3::start(start).await?;
        Ok(Self { s3, clock })
    }

    /// The URL for `AWS_ENDPOINT_URL_S3`: `http://127.0.0.1:PORT`. With an IP address SDKs put the bucket into the path.
    pub(crate) fn endpoint(&self) -> String {
        self.s3.endpoint()
    }

    /// The same S3 behind another endpoint.
    pub(crate) fn behind(&self) -> BehindEndpoint {
        BehindEndpoint(self.s3.service())
    }

    /// The changes of its objects.
    pub(crate) fn changes(&self) -> &Changes {
        self.s3.changes()
    }

    /// Keeps what buckets report in the event services, which deliver it.
    pub(crate) fn report_to(&self, services: &Arc<Services>) {
        report_to(&self.s3.service(), services);
    }

    /// Goes by the clock of the event services: retention and lifecycle do.
    pub(crate) fn follow(&self, clock: &Clock) {
        self.clock.follow(clock);
    }

    /// Creates a bucket, where it is missing.
    ///
    /// # Errors
    ///
    /// The name breaks a rule of S3's, or the data folder cannot be written.
    pub(crate) fn create_bucket(&self, name: &str) -> Result<(), StartError> {
        self.s3.create_bucket(name)
    }

    /// The names of the buckets that exist now, sorted.
    pub(crate) fn buckets(&self) -> Vec<String> {
        self.s3.buckets()
    }

    /// Finish the requests under way, up to a few seconds, and give the port back.
    pub(crate) async fn shutdown(self) {
        self.s3.shutdown().await;
    }
}

/// The policies of the functions, asked before each operation.
struct Policed {
    guard: PolicyGuard,
    /// One secret for the access keys of all functions.
    secret_key: String,
    developer_secret: String,
}

impl Access for Policed {
    fn secret(&self, access_key: &str) -> Option<String> {
        if access_key == credentials::DEVELOPER_KEY {
            return Some(self.developer_secret.clone());
        }
        credentials::is_access_key(access_key).then(|| self.secret_key.clone())
    }

    fn decide(&self, attempt: &fw_s3::Attempt<'_>) -> Result<(), String> {
        if attempt.access_key == credentials::DEVELOPER_KEY {
            return Ok(());
        }
        self.guard.check(Attempt {
            key: attempt.access_key,
            service: "S3",
            operation: attempt.operation,
            action: attempt.action,
            resource: attempt.resource,
        })
    }

    fn allows(&self, attempt: &fw_s3::Attempt<'_>) -> bool {
        let allowed = || {
            self.guard
                .allowed(attempt.access_key, attempt.action, attempt.resource)
        };
        attempt.access_key == credentials::DEVELOPER_KEY || allowed().is_ok()
    }

    fn report(&self, line: &str) {
        self.guard.tell(line);
    }

    fn report_missing_bucket(&self, name: &str) {
        let shown = name.escape_debug();
        self.guard.tell(&format!(
            "S3 has no bucket `{shown}`: add it to `buckets` in `[local]` of `fw.toml`, or create it"
        ));
    }

    fn report_hidden(&self, attempt: &fw_s3::Attempt<'_>, key: &str) {
        let (action, resource) = (attempt.action, attempt.resource);
        if let Err(whose) = self.guard.allowed(attempt.access_key, action, resource) {
            self.guard.tell(&format!(
                "S3 answers 403 and not 404 to {} of `{}`, which does not exist: {whose} policy does not allow \
                 `{action}` on `{resource}`",
                attempt.operation,
                key.escape_debug()
            ));
        }
    }
}

/// Keeps what the buckets of an S3 report in the event services, which deliver it.
pub(crate) fn report_to(s3: &S3Service, services: &Arc<Services>) {
    s3.notify_by(Arc::new(KeptByServices(Arc::downgrade(services))));
}

/// What buckets report, kept by the event services. These have S3 behind them, so they are not held here.
struct KeptByServices(Weak<Services>);

impl Notifier for KeptByServices {
    fn reports(&self, bucket: &str) -> BucketReports {
        let services = self.0.upgrade();
        let found = services.map(|services| services.bucket_notifications(bucket));
        let found = found.unwrap_or_default();
        let receiver = |one: NotificationTarget| Receiver {
            id: one.id,
            arn: one.arn,
            events: one.events,
            prefix: one.prefix,
            suffix: one.suffix,
        };
        BucketReports {
            receivers: found.targets.into_iter().map(receiver).collect(),
            event_bridge: found.event_bridge,
        }
    }

    fn refuses(&self, arn: &str) -> Option<String> {
        self.0.upgrade()?.notification_refusal(arn)
    }

    fn replace(&self, bucket: &str, reports: BucketReports, tested: &[String], ids: &TestIds) {
        let Some(services) = self.0.upgrade() else {
            return;
        };
        let target = |one: Receiver| NotificationTarget {
            id: one.id,
            arn: one.arn,
            events: one.events,
            prefix: one.prefix,
            suffix: one.suffix,
        };
        let notifications = BucketNotifications {
            targets: reports.receivers.into_iter().map(target).collect(),
            event_bridge: reports.event_bridge,
        };
        services.set_bucket_notifications(bucket, notifications);
        services.test_bucket_notifications(bucket, tested, (&ids.request, &ids.host));
    }
}

/// What the services deliver of a change.
pub(crate) fn event_of(change: fw_s3::Change) -> S3Event {
    S3Event {
        bucket: change.bucket,
        name: change.name.to_owned(),
        key: change.key,
        size: change.size,
        etag: change.etag,
        version_id: change.version,
        ..S3Event::default()
    }
}

/// The embedded S3 behind an endpoint that has let the request in and does not take it itself. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct BehindEndpoint(pub(crate) S3Service);

impl Fallback for BehindEndpoint {
    fn admits_page(&self, origin: &str, request: &Request<Incoming>) -> bool {
        self.0.admits_page(origin, request)
    }

    fn call(
        &self,
        request: Request<Incoming>,
    ) -> Pin<Box<dyn Future<Output = Response<fw_services::Body>> + Send + '_>> {
        Box::pin(async {
            let answer = self.0.handle(request, None).await;
            answer.map(|body| Either::Right(Unbroken(body).boxed_unsync()))
        })
    }
}

/// A body that ends where reading it fails. The client sees that less came than the answer's `Content-Length` says.
struct Unbroken(S3Body);

impl Body for Unbroken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = Pin::new(&mut self.0).poll_frame(context);
        frame.map(|frame| frame.and_then(Result::ok).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests;
