//! What an app's sources ask of the services: queues with their mappings, topics with their subscriptions, rules, schedules and the
//! notifications of buckets; and the variables by which the code finds them.
//!
//! A resource is named `<app>-<stage>-<name>`, as in the account, so that apps and stages which share a machine do not meet.

use std::collections::BTreeMap;

use fw_manifest::{Manifest, ManifestSource, SourceEvent};
use fw_services::{
    BucketNotifications, Declarations, DeclaredMapping, DeclaredRule, DeclaredSchedule,
    DeclaredSubscription, NotificationTarget,
};
use serde_json::{Value, json};

use crate::{
    settings::Settings,
    values::credentials::{self, ACCOUNT},
};

/// A queue hides a received message for six times the timeout of the function that reads it (Lambda developer guide, "Using Lambda
/// with Amazon SQS").
const TIMEOUTS_HIDDEN: u32 = 6;

/// The names of what belongs to a stage of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalNames {
    deployment: String,
    region: String,
    /// Buckets that the settings name, which keep that name.
    buckets: Vec<String>,
}

impl LocalNames {
    /// Those of an app in that stage.
    pub(crate) fn new(app: &str, settings: &Settings) -> Self {
        Self {
            deployment: format!("{app}-{}", settings.stage),
            region: credentials::region(),
            buckets: settings.buckets.clone(),
        }
    }

    /// Those of a deployment, without settings.
    #[cfg(test)]
    pub(super) fn of(deployment: &str) -> Self {
        Self {
            deployment: deployment.to_owned(),
            region: credentials::REGION.to_owned(),
            buckets: Vec::new(),
        }
    }

    /// What AWS calls the queue, topic, bus, rule, schedule or function that the app calls so.
    pub(crate) fn physical(&self, name: &str) -> String {
        format!("{}-{name}", self.deployment)
    }

    /// What the app calls it, where it is the app's; else the name itself.
    pub(crate) fn logical<'n>(&self, name: &'n str) -> &'n str {
        let inside = name.strip_prefix(&self.deployment);
        let inside = inside.and_then(|rest| rest.strip_prefix('-'));
        inside.filter(|rest| !rest.is_empty()).unwrap_or(name)
    }

    /// The bucket that the app calls so: one of the settings, or else its own.
    pub(crate) fn bucket(&self, name: &str) -> String {
        match self.buckets.iter().any(|known| known == name) {
            true => name.to_owned(),
            false => self.physical(name),
        }
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region)
    }

    fn function(&self, source: &ManifestSource) -> String {
        let name = self.physical(&source.name);
        self.arn("lambda", &format!("function:{name}"))
    }

    fn topic(&self, topic: &str) -> String {
        self.arn("sns", &self.physical(topic))
    }
}

/// Whether an app needs the services: it has functions that something besides the gateway invokes.
pub(crate) fn wants_services(manifest: &Manifest) -> bool {
    !manifest.sources.is_empty()
}

/// What is to be there for the sources of an app.
pub(super) fn declarations(manifest: &Manifest, settings: &Settings) -> Declarations {
    let names = LocalNames::new(&manifest.app, settings);
    let mut all = Declarations::default();
    for source in &manifest.sources {
        declare(source, settings, &names, &mut all);
    }
    all
}

fn declare(
    source: &ManifestSource,
    settings: &Settings,
    names: &LocalNames,
    all: &mut Declarations,
) {
    let function = names.function(source);
    match &source.event {
        SourceEvent::Sqs { queue } => {
            let queue = names.physical(queue);
            let hidden = settings.of(&source.part()).timeout * TIMEOUTS_HIDDEN;
            let attributes = all.queues.entry(queue.clone()).or_default();
            // Of several functions the slowest one counts.
            let before = attributes.get("VisibilityTimeout");
            let before = before.and_then(|before| before.parse().ok()).unwrap_or(0);
            let hidden = hidden.max(before).to_string();
            attributes.insert("VisibilityTimeout".to_owned(), hidden);
            all.mappings.push(DeclaredMapping {
                queue,
                function: names.physical(&source.name),
                settings: json!({ "FunctionResponseTypes": ["ReportBatchItemFailures"] }),
            });
        }
        SourceEvent::Sns { topic } => {
            let topic = names.physical(topic);
            all.topics.entry(topic.clone()).or_default();
            all.subscriptions.push(DeclaredSubscription {
                topic,
                protocol: "lambda".to_owned(),
                endpoint: function,
                attributes: BTreeMap::new(),
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
                id: source.name.clone(),
                arn: function,
                events: events.clone(),
                prefix: prefix.clone(),
                suffix: suffix.clone(),
            });
        }
        SourceEvent::Event { bus, pattern } => {
            let bus = bus.as_ref().map(|bus| names.physical(bus));
            all.buses.extend(bus.clone());
            all.rules.push(DeclaredRule {
                bus: bus.unwrap_or_default(),
                name: names.physical(&source.name),
                pattern: Some(Value::Object(pattern.clone()).to_string()),
                schedule: None,
                targets: vec![json!({ "Id": source.name, "Arn": function })],
            });
        }
        SourceEvent::Schedule {
            expression,
            timezone,
        } => {
            let mut schedule = json!({
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": { "Mode": "OFF" },
                "Target": { "Arn": function, "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/local") },
            });
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

/// The variables by which the code finds what its sources name: a queue's URL, the ARNs of a topic and a bus, a bucket's name.
pub(super) fn variables(
    manifest: &Manifest,
    settings: &Settings,
    endpoint: &str,
) -> BTreeMap<String, String> {
    let names = LocalNames::new(&manifest.app, settings);
    let sources = manifest.sources.iter();
    sources
        .filter_map(|source| match &source.event {
            SourceEvent::Sqs { queue } => {
                let url = format!("{endpoint}/{ACCOUNT}/{}", names.physical(queue));
                Some((variable("QUEUE", queue), url))
            }
            SourceEvent::Sns { topic } => Some((variable("TOPIC", topic), names.topic(topic))),
            SourceEvent::S3 { bucket, .. } => {
                Some((variable("BUCKET", bucket), names.bucket(bucket)))
            }
            SourceEvent::Event { bus, .. } => {
                let bus = bus.as_ref()?;
                let resource = format!("event-bus/{}", names.physical(bus));
                Some((variable("BUS", bus), names.arn("events", &resource)))
            }
            SourceEvent::Schedule { .. } | SourceEvent::Function => None,
        })
        .collect()
}

/// The same variables as they are in the account, where a queue's URL says its region: what a policy is derived from, so that each
/// function may use what it names and nothing else.
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

/// `FW_QUEUE_LATE_ORDERS` for the queue `late-orders`.
fn variable(kind: &str, name: &str) -> String {
    format!("FW_{kind}_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// The buckets that notify a function.
pub(super) fn buckets(declarations: &Declarations) -> impl Iterator<Item = &str> {
    let notify = |notifications: &&BucketNotifications| !notifications.targets.is_empty();
    let buckets = declarations.buckets.iter();
    buckets.filter_map(move |(name, one)| notify(&one).then_some(name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> (Manifest, Settings) {
        let manifest = json!({ "schema": 2, "app": "shop", "routes": [], "sources": [
            { "name": "ship", "event": { "type": "sqs", "queue": "late-orders" } },
            { "name": "pack", "event": { "type": "sqs", "queue": "late-orders" } },
            { "name": "mail", "event": { "type": "sns", "topic": "alerts" } },
            { "name": "thumb", "event": { "type": "s3", "bucket": "uploads", "events": ["s3:ObjectCreated:*"], "suffix": ".png" } },
            { "name": "paid", "event": { "type": "event", "bus": "trade", "pattern": { "source": ["bank"] } } },
            { "name": "nightly", "event": { "type": "schedule", "expression": "cron(0 2 * * ? *)", "timezone": "Europe/Berlin" } },
            { "name": "report", "event": { "type": "function" } },
        ] });
        let folder = tempfile::tempdir().unwrap();
        let text = "timeout = 5\n[functions.pack]\ntimeout = 20\n";
        std::fs::write(folder.path().join("fw.toml"), text).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        (serde_json::from_value(manifest).unwrap(), settings)
    }

    #[test]
    fn each_source_is_fed_by_a_resource_of_its_stage() {
        let (manifest, settings) = app();
        let all = declarations(&manifest, &settings);
        let queue = &all.queues["shop-dev-late-orders"];
        assert_eq!(queue["VisibilityTimeout"], "120", "of the slower function");
        let functions: Vec<_> = all.mappings.iter().map(|one| &one.function).collect();
        assert_eq!(functions, ["shop-dev-ship", "shop-dev-pack"]);
        assert!(all.topics.contains_key("shop-dev-alerts"));
        assert!(
            all.subscriptions[0]
                .endpoint
                .ends_with(":function:shop-dev-mail")
        );
        assert_eq!(buckets(&all).collect::<Vec<_>>(), ["shop-dev-uploads"]);
        assert_eq!(all.buckets["shop-dev-uploads"].targets[0].suffix, ".png");
        assert_eq!(all.rules[0].bus, "shop-dev-trade");
        assert_eq!(
            all.rules[0].pattern.as_deref(),
            Some(r#"{"source":["bank"]}"#)
        );
        let schedule = &all.schedules[0];
        assert_eq!(schedule.name, "shop-dev-nightly");
        assert_eq!(
            schedule.settings["ScheduleExpressionTimezone"],
            "Europe/Berlin"
        );
    }

    #[test]
    fn the_code_finds_each_by_a_variable() {
        let (manifest, settings) = app();
        let all = variables(&manifest, &settings, "http://127.0.0.1:9");
        assert_eq!(
            all["FW_QUEUE_LATE_ORDERS"],
            "http://127.0.0.1:9/123456789012/shop-dev-late-orders"
        );
        assert!(all["FW_TOPIC_ALERTS"].ends_with(":123456789012:shop-dev-alerts"));
        assert!(all["FW_BUS_TRADE"].ends_with(":event-bus/shop-dev-trade"));
        assert_eq!(all["FW_BUCKET_UPLOADS"], "shop-dev-uploads");
        assert_eq!(all.len(), 4);
        let in_policy = &named_resources(&manifest, &settings)["FW_QUEUE_LATE_ORDERS"];
        assert!(in_policy.starts_with("https://sqs."), "{in_policy}");
        assert!(in_policy.ends_with("/123456789012/shop-dev-late-orders"));
    }

    #[test]
    fn the_apps_own_names_are_shown_as_the_app_writes_them() {
        let (manifest, settings) = app();
        let names = LocalNames::new(&manifest.app, &settings);
        assert_eq!(names.logical("shop-dev-late-orders"), "late-orders");
        for other in ["shop-dev-", "shop-dev", "shop-prod-x", "shop-development"] {
            assert_eq!(names.logical(other), other);
        }
    }
}
