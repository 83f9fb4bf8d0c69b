//! What invokes the sources of the app: started with the first build that has one, and brought to what each build needs.

use std::{collections::BTreeMap, path::PathBuf};

use fw_manifest::Manifest;

use super::Services;
use crate::{
    env,
    error::Result,
    local::{
        events::{EventServices, Start, wants_services},
        invoke_api::Functions,
        logs::Logs,
        pool::Pool,
        server::Server,
    },
    settings::Settings,
};

/// The functions of services that invoke none.
#[derive(Clone, Debug)]
enum NoFunctions {}

impl Functions for NoFunctions {
    async fn find(&self, _: &str) -> Option<Pool> {
        match *self {}
    }

    fn served(&self, _: &str) -> Option<Pool> {
        match *self {}
    }

    async fn all(&self) -> Vec<Pool> {
        match *self {}
    }
}

/// How the services that invoke sources are to be started.
#[derive(Debug)]
pub(super) struct HowEvents {
    pub(super) port: u16,
    pub(super) data: PathBuf,
    pub(super) allowed_hosts: Vec<String>,
    /// Whether the app talks to the account's own services, which do not know this machine.
    pub(super) in_account: bool,
}

impl Services {
    /// Starts what invokes sources, unless it runs.
    ///
    /// # Errors
    ///
    /// As for [`EventServices::start`].
    pub(in crate::command::local) async fn start_events(&self, server: &Server) -> Result<()> {
        if self.events.get().is_some() || self.how.in_account {
            return Ok(());
        }
        let started = EventServices::start(Start {
            port: self.how.port,
            data: &self.how.data,
            allowed_hosts: self.how.allowed_hosts.clone(),
            functions: Some(server.functions()),
            guard: self.guard.clone(),
            credentials: self.credentials.clone(),
            own_keys: self.own_keys(),
            s3: self.s3.as_ref(),
            logs: server.logs().clone(),
        })
        .await?;
        // Builds are served one after the other, so nobody else started them meanwhile.
        let _ = self.events.set(started);
        Ok(())
    }

    /// Starts what invokes sources, if that app has any or its settings declare a resource.
    ///
    /// # Errors
    ///
    /// As for [`EventServices::start`].
    pub(in crate::command::local) async fn prepare_events(
        &self,
        manifest: &Manifest,
        settings: &Settings,
        server: &Server,
    ) -> Result<()> {
        if !wants_services(manifest, settings) {
            return Ok(());
        }
        self.start_events(server).await
    }

    /// Starts the services for one invocation, if that app uses any: queues, topics, buses and buckets are there, and invoke nothing. What the
    /// function sends to a queue waits there for the next server.
    ///
    /// # Errors
    ///
    /// As for [`EventServices::start`] and [`EventServices::bring`].
    pub(in crate::command::local) async fn start_passive(
        &self,
        manifest: &Manifest,
        settings: &Settings,
        logs: &Logs,
    ) -> Result<()> {
        if self.how.in_account || !wants_services(manifest, settings) {
            return Ok(());
        }
        let started = EventServices::start(Start {
            port: self.how.port,
            data: &self.how.data,
            allowed_hosts: self.how.allowed_hosts.clone(),
            functions: None::<NoFunctions>,
            guard: self.guard.clone(),
            credentials: self.credentials.clone(),
            own_keys: self.own_keys(),
            s3: self.s3.as_ref(),
            logs: logs.clone(),
        })
        .await?;
        started.bring_passive(manifest, settings, self.s3.as_ref())?;
        let _ = self.events.set(started);
        Ok(())
    }

    /// Why some of an app's sources are not invoked here, a sentence each.
    pub(in crate::command::local) fn not_invoked(&self, manifest: &Manifest) -> Vec<&'static str> {
        let has = |kind: &str| manifest.sources.iter().any(|one| one.event.kind() == kind);
        if self.how.in_account {
            let any = manifest
                .sources
                .iter()
                .any(|one| one.event.kind() != "function");
            let note =
                "`--aws`: nothing invokes the app's sources here; `cargo fw invoke NAME` calls one";
            return if any { vec![note] } else { Vec::new() };
        }
        match self.s3 {
            None if has("s3") => {
                vec!["`--s3-endpoint`: that server's buckets do not invoke sources"]
            }
            _ => Vec::new(),
        }
    }

    /// The keys that the app signs with in place of the local ones.
    fn own_keys(&self) -> BTreeMap<String, String> {
        let of = |wanted: &str| {
            let found = self.environment.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        let pair = of(env::AWS_ACCESS_KEY_ID).zip(of(env::AWS_SECRET_ACCESS_KEY));
        pair.into_iter().collect()
    }

    /// Brings the queues, topics, rules and schedules to what the served app needs.
    ///
    /// # Errors
    ///
    /// As for [`EventServices::bring`].
    pub(in crate::command::local) fn bring_events(
        &self,
        manifest: &Manifest,
        settings: &Settings,
    ) -> Result<()> {
        match self.events.get() {
            Some(events) => events.bring(manifest, settings, self.s3.as_ref()),
            None => Ok(()),
        }
    }

    /// What invokes sources, where it runs.
    pub(in crate::command::local) fn events(&self) -> Option<&EventServices> {
        self.events.get()
    }
}
