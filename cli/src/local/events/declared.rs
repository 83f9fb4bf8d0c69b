//! What an app's sources need from the services: queues with their mappings, topics with their
//! subscriptions, rules, schedules and the notifications of buckets; and the variables through
//! which the code finds them.
//!
//! A resource has the name `<app>-<stage>-<name>`, as in the account, so that apps and stages on
//! one machine do not share resources.

use std::collections::BTreeMap;

use fw_manifest::{Manifest, ManifestSource, Part, SourceEvent};
use fw_services::{
    Declarations, DeclaredMapping, DeclaredRule, DeclaredSchedule, DeclaredSubscription,
    NotificationTarget,
};
use serde_json::{Value, json};

use super::tables;
use crate::{
    settings::{
        Settings,
        asynchronous::{AsyncKeys, Destination},
        resources::{
            FilterScope, QueueSettings, Resources, RuleSettings, Subscribed, TableSettings,
            TopicSettings, readers,
        },
    },
    values::{
        asynchronous::Asynchronous,
        credentials::{self, ACCOUNT},
        notification::ids,
        resources::{Arn, BUCKET, Reference, ResourceKind, TABLE, variable},
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
    resources: Resources,
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
    fn notification(&self, function: &str) -> String {
        ids(&self.app, &self.stage) + function
    }

    /// The name of the table that the app calls so. One that exists in the account keeps its name here too.
    pub(crate) fn table(&self, name: &str) -> String {
        let declared = self.resources.tables.get(name);
        let existing = declared.and_then(TableSettings::existing_name);
        existing.map_or_else(|| self.physical(name), ToOwned::to_owned)
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", self.region)
    }

    fn function(&self, source: &ManifestSource) -> String {
        let name = self.physical(&source.name);
        self.arn("lambda", &format!("function:{name}"))
    }

    /// How asynchronous invocations are handled, with the ARNs that destinations have here.
    fn asynchronous(&self, keys: &AsyncKeys) -> Asynchronous {
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

    fn queue_arn(&self, queue: &str) -> String {
        self.arn("sqs", &self.resource(ResourceKind::Queue, queue))
    }

    fn topic(&self, topic: &str) -> String {
        self.arn("sns", &self.resource(ResourceKind::Topic, topic))
    }

    fn bus(&self, bus: &str) -> String {
        let name = self.resource(ResourceKind::Bus, bus);
        self.arn("events", &format!("event-bus/{name}"))
    }
}

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
        assert_eq!(
            all.buckets["shop-dev-uploads"].targets[0].suffix.as_deref(),
            Some(".png")
        );
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
    fn functions_are_invoked_as_their_tables_say() {
        let (manifest, _) = app();
        let folder = tempfile::tempdir().unwrap();
        let text = "[functions.ship]\nbatch_size = 50\nbatch_window = 2\nmax_concurrency = 3\n\
                    filters = [{ body = { kind = [\"order\"] } }]\n\
                    [functions.mail]\nretries = 1\non_success = \"function:report\"\non_failure = \"queue:failed\"\n[queues.failed]";
        std::fs::write(folder.path().join("fw.toml"), text).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        let all = declarations(&manifest, &settings);
        assert_eq!(
            all.mappings[0].settings,
            json!({
                "BatchSize": 50,
                "MaximumBatchingWindowInSeconds": 2,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "FilterCriteria": { "Filters": [{ "Pattern": r#"{"body":{"kind":["order"]}}"# }] },
                "ScalingConfig": { "MaximumConcurrency": 3 },
            })
        );
        assert_eq!(all.mappings[1].settings["BatchSize"], 10);
        let arn = |service: &str, resource: &str| {
            format!(
                "arn:aws:{service}:{}:{ACCOUNT}:{resource}",
                credentials::region()
            )
        };
        assert_eq!(
            all.invoke_configs["shop-dev-mail"],
            json!({
                "MaximumRetryAttempts": 1,
                "MaximumEventAgeInSeconds": 21600,
                "DestinationConfig": {
                    "OnSuccess": { "Destination": arn("lambda", "function:shop-dev-report") },
                    "OnFailure": { "Destination": arn("sqs", "shop-dev-failed") },
                },
            })
        );
        assert_eq!(all.invoke_configs.len(), 1);
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

    #[tokio::test]
    async fn a_topic_leads_on_as_its_table_says() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[queues.late]\n[queues.steps]\nfifo = true\n\
                    [topics.alerts.functions.mail]\nfilter = { kind = [\"urgent\"] }\ndead_letter = \"late\"\n\
                    [topics.alerts.queues.late]\nraw = true\n\
                    [topics.moves]\nfifo = true\ncontent_based_deduplication = true\n\
                    [topics.moves.queues.steps]\nfilter = { kind = { of = [1] } }\nfilter_scope = \"body\"\n";
        std::fs::write(folder.path().join("fw.toml"), text).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        let (manifest, _) = app();
        let all = declarations(&manifest, &settings);
        let one = |topic: &str, protocol: &str| {
            let mut all = all.subscriptions.iter();
            let found = all.find(|one| one.topic == topic && one.protocol == protocol);
            &found.unwrap().attributes
        };
        let mail = one("shop-dev-alerts", "lambda");
        assert_eq!(mail["FilterPolicy"], r#"{"kind":["urgent"]}"#);
        assert!(
            mail["RedrivePolicy"].contains(":shop-dev-late\""),
            "{mail:?}"
        );
        assert!(!mail.contains_key("FilterPolicyScope"));
        assert_eq!(one("shop-dev-alerts", "sqs")["RawMessageDelivery"], "true");
        let steps = one("shop-dev-moves.fifo", "sqs");
        assert_eq!(steps["FilterPolicyScope"], "MessageBody");
        let moves = &all.topics["shop-dev-moves.fifo"];
        assert_eq!(
            (&*moves["FifoTopic"], &*moves["ContentBasedDeduplication"]),
            ("true", "true")
        );
        let options = fw_services::Options::default();
        let services = fw_services::Services::start(options).await.unwrap();
        // The services take all of it.
        let topics = Declarations {
            queues: all.queues.clone(),
            topics: all.topics.clone(),
            subscriptions: all.subscriptions.clone(),
            ..Declarations::default()
        };
        services.declare(&topics).unwrap();
        services.shutdown().await.unwrap();
        // Without the functions, queues get the messages all the same.
        let without = passive(all).subscriptions;
        let protocols: Vec<&str> = without.iter().map(|one| one.protocol.as_str()).collect();
        assert_eq!(protocols, ["sqs", "sqs"]);
    }

    #[test]
    fn what_the_settings_declare_is_there_as_they_say() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[queues.steps]\nfifo = true\ndead_letter = \"failed\"\nmax_receives = 4\ndelay = 3\n\
                    [queues.failed]\nfifo = true\nretention = 1209600\n\
                    [queues.shared]\nexisting = \"arn:aws:sqs:eu-west-1:210987654321:theirs\"\n\
                    [topics.news]\n[buses.trade]\n";
        std::fs::write(folder.path().join("fw.toml"), text).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        let manifest = Manifest::new("shop");
        assert!(wants_services(&manifest, &settings));
        let all = declarations(&manifest, &settings);
        let steps = &all.queues["shop-dev-steps.fifo"];
        assert_eq!(
            (&*steps["FifoQueue"], &*steps["DelaySeconds"]),
            ("true", "3")
        );
        let redrive: Value = serde_json::from_str(&steps["RedrivePolicy"]).unwrap();
        assert_eq!(redrive["maxReceiveCount"], 4);
        let dead = redrive["deadLetterTargetArn"].as_str().unwrap();
        assert!(
            dead.ends_with(":123456789012:shop-dev-failed.fifo"),
            "{dead}"
        );
        assert_eq!(
            all.queues["shop-dev-failed.fifo"]["MessageRetentionPeriod"],
            "1209600"
        );
        assert!(all.queues["theirs"].is_empty());
        assert!(all.topics.contains_key("shop-dev-news"));
        assert!(all.buses.contains("shop-dev-trade"));
        let variables = variables(&manifest, &settings, "http://127.0.0.1:9");
        assert_eq!(
            variables["FW_QUEUE_STEPS"],
            "http://127.0.0.1:9/123456789012/shop-dev-steps.fifo"
        );
        let names = LocalNames::new("shop", &settings);
        assert_eq!(names.logical("shop-dev-steps.fifo"), "steps");
        assert_eq!(names.logical("theirs"), "shared");
    }
}
