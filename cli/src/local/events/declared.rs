//! What an app's sources need from the services: queues with their mappings, topics with their
//! subscriptions, rules, schedules and the notifications of buckets; and the variables through
//! which the code finds them.
//!
//! A resource has the name `<app>-<stage>-<name>`, as in the account, so that apps and stages on
//! one machine do not share resources.

use std::collections::BTreeMap;

use fw_manifest::{Manifest, ManifestSource, SourceEvent};
use fw_services::{
    Declarations, DeclaredMapping, DeclaredRule, DeclaredSchedule, DeclaredSubscription,
    NotificationTarget,
};
use serde_json::{Value, json};

use super::{names::LocalNames, tables};
use crate::{
    settings::{
        Settings,
        resources::{FilterScope, QueueSettings, RuleSettings, Subscribed, TopicSettings, readers},
    },
    values::{
        credentials::{self, ACCOUNT},
        resources::{BUCKET, ResourceKind, TABLE, variable},
    },
};

/// True if an app needs the services: it has functions that something other than the gateway
/// invokes, or the settings declare resources that the code sends to.
pub(crate) fn wants_services(manifest: &Manifest, settings: &Settings) -> bool {
    !manifest.sources.is_empty()
        || settings.resources.all().next().is_some()
        || !settings.resources.buckets.is_empty()
        || !settings.resources.tables.is_empty()
}

/// The settings with the defaults for resources that sources use and no table declares.
fn with_used(manifest: &Manifest, settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    settings.resources.declare_used(manifest);
    settings
}

/// The resources for the sources of an app.
pub(super) fn declarations(manifest: &Manifest, settings: &Settings) -> Declarations {
    let settings = &with_used(manifest, settings);
    let names = LocalNames::new(&manifest.app, settings);
    let mut all = Declarations::default();
    let readers = readers(manifest, |part| settings.of(part).timeout);
    for (name, queue) in &settings.resources.queues {
        let attributes = attributes(queue, readers.get(name.as_str()).copied(), &names);
        let name = names.resource(ResourceKind::Queue, name);
        all.queues.insert(name, attributes);
    }
    for (topic, one) in &settings.resources.topics {
        let name = names.resource(ResourceKind::Topic, topic);
        all.topics.insert(name.clone(), topic_attributes(one));
        for (queue, written) in &one.queues {
            let endpoint = names.resource(ResourceKind::Queue, queue);
            all.subscriptions.push(DeclaredSubscription {
                topic: name.clone(),
                protocol: "sqs".to_owned(),
                endpoint: names.arn("sqs", &endpoint),
                attributes: subscribed(&written.subscribed(), &names),
            });
        }
    }
    let buses = settings.resources.buses.keys();
    for (table, one) in &settings.resources.tables {
        if let Some(declared) = tables::declared(one) {
            all.tables.insert(names.table(table), declared);
        }
    }
    for bucket in settings.resources.buckets.keys() {
        all.buckets.entry(names.bucket(bucket)).or_default();
    }
    all.buses
        .extend(buses.map(|bus| names.resource(ResourceKind::Bus, bus)));
    for source in &manifest.sources {
        if let Some(keys) = settings.asynchronous.get(&source.name) {
            let config = names.asynchronous(keys).parameters();
            all.invoke_configs
                .insert(names.physical(&source.name), config);
        }
        declare(source, settings, &names, &mut all);
    }
    all
}

/// What of it is there without the functions: queues, topics that lead to queues, buses and buckets, of which none invokes anything.
pub(super) fn passive(mut all: Declarations) -> Declarations {
    all.mappings.clear();
    all.subscriptions.retain(|one| one.protocol == "sqs");
    all.rules.clear();
    all.schedules.clear();
    for bucket in all.buckets.values_mut() {
        bucket.targets.clear();
    }
    all
}

/// The attributes of a topic, in SNS's words.
fn topic_attributes(topic: &TopicSettings) -> BTreeMap<String, String> {
    let deduplicated = topic.content_based_deduplication.unwrap_or_default();
    let all = [
        ("FifoTopic", topic.is_fifo()),
        ("ContentBasedDeduplication", deduplicated),
    ];
    let set = all.into_iter().filter(|(_, set)| *set);
    set.map(|(name, _)| (name.to_owned(), "true".to_owned()))
        .collect()
}

/// The attributes of a subscription, in SNS's words.
fn subscribed(one: &Subscribed<'_>, names: &LocalNames) -> BTreeMap<String, String> {
    let body = one.filter.is_some() && one.scope == FilterScope::Body;
    let dead = one.dead_letter.map(|queue| {
        let queue = names.arn("sqs", &names.resource(ResourceKind::Queue, queue));
        json!({ "deadLetterTargetArn": queue }).to_string()
    });
    let all = [
        ("FilterPolicy", one.filter.map(Value::to_string)),
        ("FilterPolicyScope", body.then(|| "MessageBody".to_owned())),
        ("RawMessageDelivery", one.raw.then(|| "true".to_owned())),
        ("RedrivePolicy", dead),
    ];
    let all = all.into_iter();
    all.filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// The attributes of a queue, in SQS's words. `slowest` is the longest timeout of the functions that read it, in seconds.
fn attributes(
    queue: &QueueSettings,
    slowest: Option<u32>,
    names: &LocalNames,
) -> BTreeMap<String, String> {
    let hidden = slowest.map(QueueSettings::hidden_for);
    let seconds = |value: Option<u32>| value.map(|value| value.to_string());
    let dead = queue.dead_letter.as_ref().map(|target| {
        let target = names.resource(ResourceKind::Queue, target);
        let receives = queue.max_receives.unwrap_or(QueueSettings::MAX_RECEIVES);
        json!({ "deadLetterTargetArn": names.arn("sqs", &target), "maxReceiveCount": receives })
            .to_string()
    });
    let yes = |set: bool| set.then(|| "true".to_owned());
    let deduplicated = queue.content_based_deduplication.unwrap_or_default();
    [
        (
            "VisibilityTimeout",
            seconds(queue.visibility_timeout.or(hidden)),
        ),
        ("DelaySeconds", seconds(queue.delay)),
        ("MessageRetentionPeriod", seconds(queue.retention)),
        ("RedrivePolicy", dead),
        ("FifoQueue", yes(queue.is_fifo())),
        ("ContentBasedDeduplication", yes(deduplicated)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

fn declare(
    source: &ManifestSource,
    settings: &Settings,
    names: &LocalNames,
    all: &mut Declarations,
) {
    let function = names.function(source);
    match &source.event {
        SourceEvent::Sqs { queue } => all.mappings.push(DeclaredMapping {
            queue: names.resource(ResourceKind::Queue, queue),
            function: names.physical(&source.name),
            settings: settings.polling(&source.name).local(),
        }),
        SourceEvent::Sns { topic } => {
            let declared = names.resources.topics.get(topic);
            let written = declared.and_then(|one| one.functions.get(&source.name));
            let written = written.cloned().unwrap_or_default();
            all.subscriptions.push(DeclaredSubscription {
                topic: names.resource(ResourceKind::Topic, topic),
                protocol: "lambda".to_owned(),
                endpoint: function,
                attributes: subscribed(&written.subscribed(), names),
            });
        }
        SourceEvent::S3 {
            bucket,
            events,
            prefix,
            suffix,
        } => {
            let bucket = all.buckets.entry(names.bucket(bucket)).or_default();
            bucket.targets.push(NotificationTarget {
                id: names.notification(&source.name),
                arn: function,
                events: events.clone(),
                prefix: some(prefix),
                suffix: some(suffix),
            });
        }
        SourceEvent::Event { bus, pattern } => {
            let bus = bus
                .as_ref()
                .map(|bus| names.resource(ResourceKind::Bus, bus));
            let written = names.resources.rules.get(&source.name);
            let written = written.cloned().unwrap_or_default();
            // A rule that takes nothing is not there: the services have no rules that are switched off.
            if written.enabled != Some(false) {
                all.rules.push(DeclaredRule {
                    bus: bus.unwrap_or_default(),
                    name: names.physical(&source.name),
                    pattern: Some(Value::Object(pattern.clone()).to_string()),
                    schedule: None,
                    targets: vec![rule_target(source, &function, &written, names)],
                });
            }
        }
        SourceEvent::Schedule {
            expression,
            timezone,
        } => {
            let written = names.resources.schedules.get(&source.name);
            let written = written.cloned().unwrap_or_default();
            let mut schedule = json!({
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": { "Mode": "OFF" },
                "State": if written.enabled == Some(false) { "DISABLED" } else { "ENABLED" },
                "Target": { "Arn": function, "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/local") },
            });
            let target = &mut schedule["Target"];
            if let Some(policy) = retry(written.max_age, written.retries) {
                target["RetryPolicy"] = policy;
            }
            if let Some(queue) = &written.dead_letter {
                target["DeadLetterConfig"] = json!({ "Arn": names.queue_arn(queue) });
            }
            if let Some(zone) = timezone {
                schedule["ScheduleExpressionTimezone"] = zone.as_str().into();
            }
            all.schedules.push(DeclaredSchedule {
                name: names.physical(&source.name),
                settings: schedule,
            });
        }
        SourceEvent::Function => {}
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The target of a rule, in `EventBridge`'s words.
fn rule_target(
    source: &ManifestSource,
    function: &str,
    written: &RuleSettings,
    names: &LocalNames,
) -> Value {
    let mut target = json!({ "Id": source.name, "Arn": function });
    if let Some(path) = &written.input_path {
        target["InputPath"] = path.as_str().into();
    }
    if let Some(template) = &written.input_template {
        target["InputTransformer"] = json!({ "InputTemplate": template });
        if !written.input_paths.is_empty() {
            target["InputTransformer"]["InputPathsMap"] = json!(written.input_paths);
        }
    }
    if let Some(policy) = retry(written.max_age, written.retries) {
        target["RetryPolicy"] = policy;
    }
    if let Some(queue) = &written.dead_letter {
        target["DeadLetterConfig"] = json!({ "Arn": names.queue_arn(queue) });
    }
    target
}

/// How delivery is tried again, where that is set.
fn retry(max_age: Option<u32>, retries: Option<u32>) -> Option<Value> {
    let all = [
        ("MaximumEventAgeInSeconds", max_age),
        ("MaximumRetryAttempts", retries),
    ];
    let all = all.into_iter();
    let all: serde_json::Map<String, Value> = all
        .filter_map(|(key, value)| Some((key.to_owned(), value?.into())))
        .collect();
    (!all.is_empty()).then(|| all.into())
}

/// The variables by which the code finds what its sources name and the settings declare: a queue's URL, the ARNs of a topic and a
/// bus, a bucket's name.
pub(super) fn variables(
    manifest: &Manifest,
    settings: &Settings,
    endpoint: &str,
) -> BTreeMap<String, String> {
    let settings = &with_used(manifest, settings);
    let names = LocalNames::new(&manifest.app, settings);
    let buckets = settings.resources.buckets.keys();
    let buckets = buckets.map(|bucket| (variable(BUCKET, bucket), names.bucket(bucket)));
    let declared = settings.resources.all().map(|(kind, name, _)| {
        let value = match kind {
            ResourceKind::Queue => format!("{endpoint}/{ACCOUNT}/{}", names.resource(kind, name)),
            ResourceKind::Topic => names.topic(name),
            ResourceKind::Bus => names.bus(name),
        };
        (kind.variable(name), value)
    });
    let tables = settings.resources.tables.keys();
    let tables = tables.map(|table| (variable(TABLE, table), names.table(table)));
    declared.chain(buckets).chain(tables).collect()
}

/// The same variables as in the account, where a queue's URL contains its region. The policy is
/// derived from them, so that each function may use what it names and nothing else.
pub(crate) fn named_resources(
    manifest: &Manifest,
    settings: &Settings,
) -> BTreeMap<String, String> {
    let region = credentials::region();
    variables(
        manifest,
        settings,
        &format!("https://sqs.{region}.amazonaws.com"),
    )
}

/// The buckets that are to be there.
pub(super) fn buckets(declarations: &Declarations) -> impl Iterator<Item = &str> {
    declarations.buckets.keys().map(String::as_str)
}

#[cfg(test)]
mod tests;
