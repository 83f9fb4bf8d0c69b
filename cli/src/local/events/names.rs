//! The names and ARNs that resources of an app have on this machine.

use fw_manifest::{ManifestSource, Part};

use crate::{
    settings::{
        Settings,
        asynchronous::{AsyncKeys, Destination},
        resources::{Resources, TableSettings},
    },
    values::{
        asynchronous::Asynchronous,
        credentials::{self, ACCOUNT},
        notification::ids,
        resources::{Arn, Reference, ResourceKind},
    },
};

/// The names of what belongs to a stage of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalNames {
    app: String,
    stage: String,
    deployment: String,
    region: String,
    /// Buckets that the settings name, which keep that name.
    buckets: Vec<String>,
    /// The resources that the settings declare.
    pub(super) resources: Resources,
}

impl LocalNames {
    /// Those of an app in this stage.
    pub(crate) fn new(app: &str, settings: &Settings) -> Self {
        Self {
            app: app.to_owned(),
            stage: settings.stage.clone(),
            deployment: format!("{app}-{}", settings.stage),
            region: credentials::region(),
            buckets: settings.buckets.clone(),
            resources: settings.resources.clone(),
        }
    }

    /// Those of a deployment, without settings.
    #[cfg(test)]
    pub(super) fn of(deployment: &str) -> Self {
        Self {
            app: deployment.to_owned(),
            stage: String::new(),
            deployment: deployment.to_owned(),
            region: credentials::REGION.to_owned(),
            buckets: Vec::new(),
            resources: Resources::default(),
        }
    }

    /// The name in AWS of the rule, schedule or function with this name in the app.
    pub(crate) fn physical(&self, name: &str) -> String {
        format!("{}-{name}", self.deployment)
    }

    /// The name in AWS of the queue, topic or bus with this name in the app. A resource that exists
    /// in the account keeps its name here too.
    pub(crate) fn resource(&self, kind: ResourceKind, name: &str) -> String {
        let mut all = self.resources.all();
        let found = all.find(|(held, key, _)| (*held, *key) == (kind, name));
        if let Some(existing) = found.and_then(|(.., existing)| Arn::of(existing?)) {
            let resource = existing.resource;
            return resource
                .strip_prefix("event-bus/")
                .unwrap_or(resource)
                .to_owned();
        }
        self.physical(name) + self.resources.suffix(kind, name)
    }

    /// The name in the app if it belongs to the app, else the name itself.
    pub(crate) fn logical<'n>(&'n self, name: &'n str) -> &'n str {
        let mut all = self.resources.all();
        if let Some((_, key, _)) = all.find(|(kind, key, _)| self.resource(*kind, key) == name) {
            return key;
        }
        let inside = name.strip_prefix(&self.deployment);
        let inside = inside.and_then(|rest| rest.strip_prefix('-'));
        inside.filter(|rest| !rest.is_empty()).unwrap_or(name)
    }

    /// The bucket that the app calls so: one of the settings, or else its own.
    pub(crate) fn bucket(&self, name: &str) -> String {
        let declared = self.resources.buckets.get(name);
        if let Some(existing) = declared.and_then(|one| one.existing.as_ref()) {
            return existing.clone();
        }
        match self.buckets.iter().any(|known| known == name) {
            true => name.to_owned(),
            false => self.physical(name),
        }
    }

    /// The id of a bucket's notification to the function with this name in the app, as in the account.
    pub(super) fn notification(&self, function: &str) -> String {
        ids(&self.app, &self.stage) + function
    }

    /// The name of the table that the app calls so. One that exists in the account keeps its name here too.
    pub(crate) fn table(&self, name: &str) -> String {
        let declared = self.resources.tables.get(name);
        let existing = declared.and_then(TableSettings::existing_name);
        existing.map_or_else(|| self.physical(name), ToOwned::to_owned)
    }

    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region)
    }

    pub(super) fn function(&self, source: &ManifestSource) -> String {
        let name = self.physical(&source.name);
        self.arn("lambda", &format!("function:{name}"))
    }

    /// How asynchronous invocations are handled, with the ARNs that destinations have here.
    pub(super) fn asynchronous(&self, keys: &AsyncKeys) -> Asynchronous {
        let arn = |to: &Option<String>| {
            Some(match Destination::of(to.as_deref()?)? {
                Destination::Resource(Reference { kind, name }) => match kind {
                    ResourceKind::Queue => self.queue_arn(&name),
                    ResourceKind::Topic => self.topic(&name),
                    ResourceKind::Bus => self.bus(&name),
                },
                Destination::Function(name) => {
                    self.arn("lambda", &format!("function:{}", self.physical(name)))
                }
                Destination::Arn(arn) => arn.to_owned(),
            })
        };
        let defaults = Asynchronous::default();
        Asynchronous {
            retries: keys.retries.unwrap_or(defaults.retries),
            max_event_age: keys.max_event_age.unwrap_or(defaults.max_event_age),
            on_success: arn(&keys.on_success),
            on_failure: arn(&keys.on_failure),
        }
    }

    /// The same for a part, where the settings say it.
    pub(crate) fn asynchronous_of(&self, settings: &Settings, part: &Part) -> Option<Asynchronous> {
        let keys = settings.asynchronous.get(part.name()?)?;
        Some(self.asynchronous(keys))
    }

    pub(super) fn queue_arn(&self, queue: &str) -> String {
        self.arn("sqs", &self.resource(ResourceKind::Queue, queue))
    }

    pub(super) fn topic(&self, topic: &str) -> String {
        self.arn("sns", &self.resource(ResourceKind::Topic, topic))
    }

    pub(super) fn bus(&self, bus: &str) -> String {
        let name = self.resource(ResourceKind::Bus, bus);
        self.arn("events", &format!("event-bus/{name}"))
    }
}
