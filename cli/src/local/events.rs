//! The services that invoke an app's sources: SQS, SNS, EventBridge, Scheduler, DynamoDB, and the notifications of the embedded S3, on
//! one endpoint and under one clock (`fw_services`).
//!
//! `declared` is what the manifest and the settings need from the services, `names` has the names of it, `functions` calls the
//! processes that are currently served, `access` enforces each caller's policy, and `log` prints
//! deliveries, with the `reasons` of failures.

mod access;
mod declared;
mod functions;
mod log;
mod names;
mod reasons;
mod tables;

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    net::Ipv4Addr,
    path::Path,
    sync::Arc,
};

use fw_manifest::Manifest;
use fw_services::{Declarations, Fallback, Options, Resources};
use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    task::JoinHandle,
};

use self::{access::Policed, functions::ServedFunctions};
pub(crate) use self::{
    declared::{named_resources, wants_services},
    names::LocalNames,
};
use super::{
    announcement::{Announcement, Endpoint},
    invoke_api::Functions,
    logs::Logs,
    services::{
        dynamodb,
        policy_guard::PolicyGuard,
        s3::{self, EmbeddedS3},
    },
};
use crate::{
    env,
    error::{Context as _, Failure, Result},
    settings::Settings,
    values::credentials::{self, ACCOUNT, LocalCredentials},
};

/// The running services.
#[derive(Debug)]
pub(crate) struct EventServices {
    services: Arc<fw_services::Services>,
    /// The names of the app that is served, for the log.
    names: watch::Sender<Option<LocalNames>>,
    tasks: Vec<JoinHandle<()>>,
    /// For the commands that talk to the running server.
    _announcement: Announcement,
}

/// The configuration of the services.
#[derive(Debug)]
pub(crate) struct Start<'a, F> {
    /// The port on loopback; 0 chooses a free one.
    pub(crate) port: u16,
    /// The stage's data folder; the state is in a subfolder.
    pub(crate) data: &'a Path,
    /// Hosts that the endpoint answers for in addition to this machine's names.
    pub(crate) allowed_hosts: Vec<String>,
    /// The functions that are served at the time. Without them nothing is invoked, and what waits goes on waiting.
    pub(crate) functions: Option<F>,
    /// The policies of the functions; `None` allows everything.
    pub(crate) guard: Option<PolicyGuard>,
    /// The credentials of the processes.
    pub(crate) credentials: LocalCredentials,
    /// Other keys that the app signs with, each with its secret.
    pub(crate) own_keys: BTreeMap<String, String>,
    /// The embedded S3, which answers on the same endpoint and whose changes are delivered; `None`
    /// if S3 is elsewhere.
    pub(crate) s3: Option<&'a EmbeddedS3>,
    /// Where deliveries are printed.
    pub(crate) logs: Logs,
}

impl EventServices {
    /// Starts them, with the state of the last run.
    ///
    /// # Errors
    ///
    /// If the port is in use, another process has the state open, or it cannot be read or written;
    /// exit codes 69 and 65.
    pub(crate) async fn start<F: Functions>(start: Start<'_, F>) -> Result<Self> {
        let state = start.data.join("services");
        let fallback = start
            .s3
            .map(|s3| Arc::new(s3.behind()) as Arc<dyn Fallback>);
        let tables = dynamodb::open(Some(&state.join("dynamodb")))
            .map_err(|error| cannot_start(start.port, &state, &error))?;
        let services = fw_services::Services::start(Options {
            address: (Ipv4Addr::LOCALHOST, start.port).into(),
            account: ACCOUNT.to_owned(),
            region: credentials::region(),
            access_keys: start.own_keys,
            allowed_hosts: start.allowed_hosts,
            data: Some(state.clone()),
            access: Arc::new(Policed {
                guard: start.guard,
                credentials: start.credentials,
            }),
            functions: start
                .functions
                .map(|functions| Arc::new(ServedFunctions::new(functions)) as _),
            tables,
            fallback,
        })
        .await
        .map_err(|error| cannot_start(start.port, &state, &error))?;
        if let Some(s3) = start.s3 {
            s3.follow(services.clock());
        }
        let services = Arc::new(services);
        if let Some(s3) = start.s3 {
            s3.report_to(&services);
        }
        let announcement = Announcement::write(start.data, Endpoint::Services, services.endpoint())
            .with_context(|| {
                format!("cannot write to the data folder: {}", start.data.display())
            })?;
        let names = watch::Sender::new(None);
        let printed = log::print(services.deliveries(), names.subscribe(), start.logs);
        let mut tasks = vec![tokio::spawn(printed)];
        if let Some(changes) = start.s3.and_then(|s3| s3.changes().listen()) {
            tasks.push(tokio::spawn(deliver(changes, Arc::clone(&services))));
        }
        Ok(Self {
            services,
            names,
            tasks,
            _announcement: announcement,
        })
    }

    /// The URL for `AWS_ENDPOINT_URL`.
    pub(crate) fn endpoint(&self) -> String {
        self.services.endpoint()
    }

    /// The variables for an app with this manifest: the endpoint, and the addresses of its queues,
    /// topics, buses and buckets.
    pub(crate) fn variables(
        &self,
        manifest: &Manifest,
        settings: &Settings,
    ) -> Vec<(String, String)> {
        let endpoint = self.endpoint();
        let all = declared::variables(manifest, settings, &endpoint);
        let urls = [env::AWS_ENDPOINT_URL, env::AWS_ENDPOINT_URL_DYNAMODB]
            .map(|name| (name.to_owned(), endpoint.clone()));
        urls.into_iter().chain(all).collect()
    }

    /// Brings the queues, topics and buses to what an app with that manifest uses, for one invocation: nothing else is invoked by them.
    ///
    /// # Errors
    ///
    /// The first resource that its service refuses; exit code 65.
    pub(crate) fn bring_passive(
        &self,
        manifest: &Manifest,
        settings: &Settings,
        s3: Option<&EmbeddedS3>,
    ) -> Result<()> {
        let wanted = declared::declarations(manifest, settings);
        self.declare(&declared::passive(wanted), s3)
    }

    /// Brings the resources to what the sources of the served app need: new ones appear, and what invokes a function that is gone is
    /// removed. Queues and topics stay, with their messages and subscribers.
    ///
    /// # Errors
    ///
    /// The first resource that its service refuses; exit code 65.
    pub(crate) fn bring(
        &self,
        manifest: &Manifest,
        settings: &Settings,
        s3: Option<&EmbeddedS3>,
    ) -> Result<()> {
        let names = LocalNames::new(&manifest.app, settings);
        self.names.send_replace(Some(names));
        self.declare(&declared::declarations(manifest, settings), s3)
    }

    fn declare(&self, wanted: &Declarations, s3: Option<&EmbeddedS3>) -> Result<()> {
        if let Some(s3) = s3 {
            for bucket in declared::buckets(wanted) {
                s3.create_bucket(bucket)
                    .with_context(|| format!("cannot create the bucket: {bucket}"))?;
            }
        }
        self.services
            .declare(wanted)
            .map_err(|error| Failure::input(error.to_string()))
    }

    /// The current resources.
    pub(crate) fn resources(&self) -> Resources {
        self.services.resources()
    }

    /// Ends them and writes their state.
    pub(crate) async fn shutdown(self) {
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks {
            // Aborted, as it should be.
            let _ = task.await;
        }
        // Nothing else holds them now.
        if let Ok(services) = Arc::try_unwrap(self.services)
            && let Err(error) = services.shutdown().await
        {
            tracing::warn!(%error, "the state of the services was not written");
        }
    }
}

/// Delivers what the embedded S3 reports.
async fn deliver(
    mut changes: UnboundedReceiver<fw_s3::Change>,
    services: Arc<fw_services::Services>,
) {
    while let Some(change) = changes.recv().await {
        services.deliver_s3_event(&s3::event_of(change));
    }
}

fn cannot_start(port: u16, state: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::AddrInUse => Failure::unavailable(format!("port {port} is in use"))
            .hint("pass another port with `--services-port`, or leave it out to use a free port"),
        ErrorKind::ResourceBusy => {
            Failure::unavailable("another `cargo fw local` of this app and stage is running")
                .because_of(error.to_string())
                .hint("stop it, or serve another stage with `--stage`")
        }
        ErrorKind::InvalidData => Failure::input("cannot read the state of the services")
            .because_of(error.to_string())
            .hint(format!("delete the folder: {}", state.display())),
        _ => {
            Failure::unavailable("the embedded services do not start").because_of(error.to_string())
        }
    }
}
