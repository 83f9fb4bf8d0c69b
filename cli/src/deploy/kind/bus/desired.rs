//! What a bus and its rules should be: from tables, and from what functions have as their sources.

use std::collections::{BTreeMap, BTreeSet};

use fw_manifest::{Manifest, SourceEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::DEFAULT;
use crate::{
    deploy::kind::{
        naming::Naming,
        queue::desired::{DesiredQueue, Sender},
    },
    error::Result,
    settings::{Settings, resources::RuleSettings},
    values::resources::{Arn, ResourceKind},
};

/// The service that sends for a rule.
pub(crate) const SERVICE: &str = "events.amazonaws.com";
/// The id of a rule's one target.
pub(crate) const TARGET: &str = "fw";

/// A bus that the deployment creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredBus {
    /// The app's name for it.
    pub(crate) key: String,
    /// AWS's name for it.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
}

/// A rule that the deployment creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredRule {
    /// The name of its bus.
    pub(crate) bus: String,
    /// Its name: the function's.
    pub(crate) name: String,
    /// Which events it takes.
    pub(crate) pattern: Value,
    /// Whether it takes any.
    pub(crate) enabled: bool,
    /// Where it leads, as `PutTargets` has it.
    pub(crate) target: Value,
}

impl DesiredRule {
    /// The ARN of the function's alias.
    pub(crate) fn function(&self) -> &str {
        self.target["Arn"].as_str().unwrap_or_default()
    }

    /// The ARN of the queue of its dead letters.
    pub(crate) fn dead_letter(&self) -> Option<&str> {
        self.target["DeadLetterConfig"]["Arn"].as_str()
    }

    /// What a plan calls it.
    pub(crate) fn called(&self) -> String {
        called(&self.bus, &self.name)
    }
}

/// What a plan calls a rule: its name, behind that of the bus where it is not the default one.
pub(crate) fn called(bus: &str, name: &str) -> String {
    match bus {
        DEFAULT => name.to_owned(),
        bus => format!("{bus}/{name}"),
    }
}

/// The buses that the deployment creates.
///
/// # Errors
///
/// When a name is too long; exit code 65.
pub(crate) fn buses(settings: &Settings, at: &impl Naming) -> Result<Vec<DesiredBus>> {
    let declared = settings.resources.buses.iter();
    let own = declared.filter(|(_, one)| one.existing.is_none());
    own.map(|(key, _)| {
        let arn = at.arn(ResourceKind::Bus, key)?;
        Ok(DesiredBus {
            key: key.clone(),
            name: bus_of(&arn),
            arn,
        })
    })
    .collect()
}

fn bus_of(arn: &str) -> String {
    Arn::of(arn).map_or("", |arn| arn.bus()).to_owned()
}

/// The rules: one for each function that has events as its source.
///
/// # Errors
///
/// When a name is too long; exit code 65.
pub(crate) fn rules(
    manifest: &Manifest,
    settings: &Settings,
    at: &impl Naming,
) -> Result<Vec<DesiredRule>> {
    let mut all = Vec::new();
    for source in &manifest.sources {
        let SourceEvent::Event { bus, pattern } = &source.event else {
            continue;
        };
        let bus = match bus {
            None => DEFAULT.to_owned(),
            Some(bus) => bus_of(&at.arn(ResourceKind::Bus, bus)?),
        };
        let written = settings.resources.rules.get(&source.name);
        let written = written.cloned().unwrap_or_default();
        let name = at.function(&source.part());
        let dead_letter = written.dead_letter.as_ref();
        let dead_letter = dead_letter
            .map(|queue| at.arn(ResourceKind::Queue, queue))
            .transpose()?;
        all.push(DesiredRule {
            bus,
            pattern: Value::Object(pattern.clone()),
            enabled: written.enabled.unwrap_or(true),
            target: target(&written, &at.alias(&name), dead_letter),
            name,
        });
    }
    Ok(all)
}

/// The target of a rule, without what is not set.
fn target(written: &RuleSettings, alias: &str, dead_letter: Option<String>) -> Value {
    let transformer = written.input_template.as_ref().map(|template| {
        let mut all = json!({ "InputTemplate": template });
        if !written.input_paths.is_empty() {
            all["InputPathsMap"] = json!(written.input_paths);
        }
        all
    });
    let retry = [
        ("MaximumEventAgeInSeconds", written.max_age),
        ("MaximumRetryAttempts", written.retries),
    ];
    let retry = retry.into_iter();
    let retry: Map<String, Value> = retry
        .filter_map(|(key, value)| Some((key.to_owned(), json!(value?))))
        .collect();
    let all = [
        ("Id", json!(TARGET)),
        ("Arn", json!(alias)),
        ("InputPath", json!(written.input_path)),
        ("InputTransformer", json!(transformer)),
        (
            "DeadLetterConfig",
            json!(dead_letter.map(|arn| json!({ "Arn": arn }))),
        ),
        ("RetryPolicy", json!((!retry.is_empty()).then_some(retry))),
    ];
    let all = all.into_iter().filter(|(_, value)| !value.is_null());
    let all = all.map(|(key, value)| (key.to_owned(), value));
    Value::Object(all.collect())
}

/// The names of the buses that are there already, and have rules of the deployment's.
pub(crate) fn existing(buses: &[DesiredBus], rules: &[DesiredRule]) -> BTreeSet<String> {
    let own: BTreeSet<&String> = buses.iter().map(|one| &one.name).collect();
    let all = rules.iter().map(|one| &one.bus);
    all.filter(|bus| *bus != DEFAULT && !own.contains(bus))
        .cloned()
        .collect()
}

/// Lets rules send to the queues of their dead letters.
pub(crate) fn send_to(
    queues: &mut [DesiredQueue],
    buses: &[DesiredBus],
    rules: &[DesiredRule],
    at: &impl Naming,
) {
    let others = existing(buses, rules);
    let mut senders: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for one in rules {
        let Some(queue) = one.dead_letter() else {
            continue;
        };
        let prefix = at.prefix();
        let source = match others.contains(&one.bus) {
            true => at.rule(&format!("{}/{prefix}*", one.bus)),
            false => at.rule(&format!("{prefix}*")),
        };
        senders.entry(queue).or_default().insert(source);
    }
    for queue in queues {
        if let Some(sources) = senders.remove(queue.arn.as_str()) {
            let service = SERVICE.to_owned();
            queue.attributes.senders.push(Sender { service, sources });
        }
    }
}
