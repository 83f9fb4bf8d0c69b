//! `[queues.NAME]`, `[topics.NAME]`, `[buses.NAME]`: resources that the app knows by a name of its own. `[rules.NAME]` and
//! `[schedules.NAME]` have the names of functions.
//!
//! A table declares a resource and its settings. A queue that a function reads and that no table
//! declares exists with defaults. The code finds each through a variable (`FW_QUEUE_ORDERS`), the
//! same locally and deployed. A stage's table overrides the one of all stages key by key.

mod bucket;
mod external;
mod queue;
mod table;
mod target;
mod topic;

use std::collections::BTreeMap;

use fw_manifest::{Manifest, Part, SourceEvent};

pub(crate) use self::{
    bucket::BucketSettings,
    external::ExternalSettings,
    queue::QueueSettings,
    table::{IndexSettings, Key, Projection, ProjectionWord, TableSettings},
    target::{RuleSettings, ScheduleSettings},
    topic::{FilterScope, Subscribed, TopicSettings},
};
use crate::{
    error::{Failure, Result},
    values::{
        names::is_plain,
        resources::{Arn, BUCKET, FIFO, ResourceKind, TABLE, variable},
    },
};

/// The declared resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    /// The queues.
    pub(crate) queues: BTreeMap<String, QueueSettings>,
    /// The topics.
    pub(crate) topics: BTreeMap<String, TopicSettings>,
    /// The event buses.
    pub(crate) buses: BTreeMap<String, ExternalSettings>,
    /// How rules lead to functions, by the functions' names.
    pub(crate) rules: BTreeMap<String, RuleSettings>,
    /// How schedules call functions, in the same way.
    pub(crate) schedules: BTreeMap<String, ScheduleSettings>,
    /// The tables.
    pub(crate) tables: BTreeMap<String, TableSettings>,
    /// The buckets.
    pub(crate) buckets: BTreeMap<String, BucketSettings>,
}

impl Resources {
    /// All of them: the kind, the logical name, and the ARN of an existing resource.
    pub(crate) fn all(&self) -> impl Iterator<Item = (ResourceKind, &str, Option<&str>)> {
        let queues = self.queues.iter();
        let queues = queues.map(|(name, one)| (ResourceKind::Queue, name, &one.existing));
        let topics = self.topics.iter();
        let topics = topics.map(|(name, one)| (ResourceKind::Topic, name, &one.existing));
        let buses = self.buses.iter();
        let buses = buses.map(|(name, one)| (ResourceKind::Bus, name, &one.existing));
        let all = queues.chain(topics).chain(buses);
        all.map(|(kind, name, existing)| (kind, name.as_str(), existing.as_deref()))
    }

    /// The ARN of one that is used as it is.
    pub(crate) fn existing(&self, kind: ResourceKind, name: &str) -> Option<&str> {
        let mut all = self.all();
        all.find(|(held, key, _)| (*held, *key) == (kind, name))?.2
    }

    /// Declares what functions have as their sources and no table does: that is there with defaults.
    pub(crate) fn declare_used(&mut self, manifest: &Manifest) {
        for source in &manifest.sources {
            match &source.event {
                SourceEvent::Sqs { queue } => {
                    self.queues.entry(queue.clone()).or_default();
                }
                SourceEvent::Sns { topic } => {
                    self.topics.entry(topic.clone()).or_default();
                }
                SourceEvent::Event { bus: Some(bus), .. } => {
                    self.buses.entry(bus.clone()).or_default();
                }
                SourceEvent::S3 { bucket, .. } => {
                    self.buckets.entry(bucket.clone()).or_default();
                }
                SourceEvent::Event { bus: None, .. }
                | SourceEvent::Schedule { .. }
                | SourceEvent::Function => {}
            }
        }
        for source in &manifest.sources {
            if let SourceEvent::S3 { bucket, .. } = &source.event {
                self.buckets.entry(bucket.clone()).or_default();
            }
        }
    }

    /// The end of its name in AWS: `.fifo` for resources that keep the order of their messages.
    pub(crate) fn suffix(&self, kind: ResourceKind, name: &str) -> &'static str {
        let fifo = match kind {
            ResourceKind::Queue => self.queues.get(name).is_some_and(QueueSettings::is_fifo),
            ResourceKind::Topic => self.topics.get(name).is_some_and(TopicSettings::is_fifo),
            ResourceKind::Bus => false,
        };
        if fifo { FIFO } else { "" }
    }

    /// Keeps those whose variable is needed.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&String) -> bool) {
        let by_variable = &wanted;
        let wanted = |kind: ResourceKind, name: &String| by_variable(&kind.variable(name));
        self.queues
            .retain(|name, _| wanted(ResourceKind::Queue, name));
        self.topics
            .retain(|name, _| wanted(ResourceKind::Topic, name));
        self.buses.retain(|name, _| wanted(ResourceKind::Bus, name));
        self.buckets
            .retain(|name, _| by_variable(&variable(BUCKET, name)));
        self.tables
            .retain(|name, _| by_variable(&variable(TABLE, name)));
    }

    /// The resource that a variable is about.
    pub(crate) fn of_variable(&self, variable: &str) -> Option<(ResourceKind, &str)> {
        let mut all = self.all();
        let found = all.find(|(kind, name, _)| kind.variable(name) == variable);
        found.map(|(kind, name, _)| (kind, name))
    }

    /// Refuses what DynamoDB would refuse of the tables, and names that the code could not distinguish.
    fn check_tables(&self) -> Result<()> {
        let mut variables = BTreeMap::new();
        for (name, one) in &self.tables {
            if !is_plain(name) {
                return Err(Failure::input(format!(
                    "not a valid name for a table: `{}`",
                    name.escape_debug()
                ))
                .because_of("it takes letters, digits, hyphens and underscores")
                .hint("write `[tables.orders]`, for example"));
            }
            if let Some(other) = variables.insert(variable(TABLE, name), name) {
                return Err(Failure::input(format!(
                    "two tables have the same variable: `{other}` and `{name}`"
                ))
                .hint("rename one of them"));
            }
            one.check(name)?;
        }
        Ok(())
    }

    /// Refuses what AWS would refuse, and names that the code could not distinguish.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong; exit code 65.
    pub(crate) fn check(&self) -> Result<()> {
        let mut variables = BTreeMap::new();
        for (kind, name, existing) in self.all() {
            kind.check(name)?;
            let variable = kind.variable(name);
            if let Some(other) = variables.insert(variable.clone(), name) {
                return Err(Failure::input(format!(
                    "two {} have the same variable: `{other}` and `{name}`",
                    kind.table()
                ))
                .because_of(format!(
                    "the code finds both by `{variable}`, which is in upper case and has `_` for `-`"
                ))
                .hint("rename one of them"));
            }
            if let Some(arn) = existing {
                self::existing(kind, name, arn)?;
            }
        }
        self.check_tables()?;
        let mut variables = BTreeMap::new();
        for (name, one) in &self.buckets {
            if !is_plain(name) {
                return Err(Failure::input(format!(
                    "not a name for a bucket: `{}`",
                    name.escape_debug()
                ))
                .because_of("it takes letters, digits, hyphens and underscores")
                .hint("write `[buckets.uploads]`, say"));
            }
            if let Some(other) = variables.insert(variable(BUCKET, name), name) {
                return Err(Failure::input(format!(
                    "two buckets have one variable: `{other}` and `{name}`"
                ))
                .hint("rename one of them"));
            }
            one.check(name)?;
        }
        queue::check(&self.queues)?;
        topic::check(&self.topics, &self.queues)?;
        target::check(&self.rules, &self.schedules, &self.queues)
    }
}

/// The timeouts of the functions that read queues, in seconds, by the app's name for the queue: the longest of each.
pub(crate) fn readers(manifest: &Manifest, timeout: impl Fn(&Part) -> u32) -> BTreeMap<&str, u32> {
    let mut all = BTreeMap::new();
    for (queue, part) in read(manifest) {
        let longest: &mut u32 = all.entry(queue).or_default();
        *longest = timeout(&part).max(*longest);
    }
    all
}

/// The queues that functions read, and which.
fn read(manifest: &Manifest) -> impl Iterator<Item = (&str, Part)> {
    let sources = manifest.sources.iter();
    sources.filter_map(|source| match &source.event {
        SourceEvent::Sqs { queue } => Some((queue.as_str(), source.part())),
        _ => None,
    })
}

/// The queue that a part reads.
pub(crate) fn reads<'m>(manifest: &'m Manifest, part: &Part) -> Option<&'m str> {
    let mut all = read(manifest);
    all.find(|(_, reader)| reader == part)
        .map(|(queue, _)| queue)
}

/// Refuses what is not the ARN of a resource of that kind.
fn existing(kind: ResourceKind, name: &str, arn: &str) -> Result<()> {
    if Arn::of(arn).is_some_and(|parts| parts.service == kind.service()) {
        return Ok(());
    }
    let resource = match kind {
        ResourceKind::Queue | ResourceKind::Topic => "NAME",
        ResourceKind::Bus => "event-bus/NAME",
    };
    Err(Failure::input(format!(
        "`{}.{name}.existing` is not the ARN of a {}: `{}`",
        kind.table(),
        kind.word(),
        arn.escape_debug()
    ))
    .hint(format!(
        "write `existing = \"arn:aws:{}:REGION:123456789012:{resource}\"`",
        kind.service()
    )))
}

/// Refuses a key next to `existing`: an existing resource is never changed.
fn alone(kind: ResourceKind, name: &str, others: &[(&str, bool)]) -> Result<()> {
    let Some((key, _)) = others.iter().find(|(_, set)| *set) else {
        return Ok(());
    };
    Err(Failure::input(format!(
        "`{table}.{name}` has `existing` and `{key}`",
        table = kind.table()
    ))
    .because_of(format!(
        "an existing {} is used as it is and never changed",
        kind.word()
    ))
    .hint(format!("remove `{key}`, or `existing`")))
}

/// Refuses a number that SQS would.
fn range(key: &str, value: Option<u32>, least: u32, most: u32, unit: &str) -> Result<()> {
    range_of("SQS", key, value, (least, most), unit)
}

/// Refuses a number that a service would.
fn range_of(
    service: &str,
    key: &str,
    value: Option<u32>,
    (least, most): (u32, u32),
    unit: &str,
) -> Result<()> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(Failure::input(format!("`{key}` is out of range: {value}"))
                .because_of(format!("{service} accepts {least} to {most}{unit}")))
        }
        _ => Ok(()),
    }
}

/// Refuses what is not a key of KMS.
fn key(key: &str, arn: Option<&str>) -> Result<()> {
    let right = |arn: &str| {
        let parts = Arn::of(arn);
        parts.is_some_and(|parts| parts.service == "kms" && parts.resource.starts_with("key/"))
    };
    match arn {
        Some(arn) if !right(arn) => Err(Failure::input(format!(
            "`{key}` is not the ARN of a key: `{}`",
            arn.escape_debug()
        ))
        .because_of(
            "functions that send and read get permission to use the key, which needs its ARN",
        )
        .hint("write `kms_key = \"arn:aws:kms:REGION:123456789012:key/ID\"`")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
