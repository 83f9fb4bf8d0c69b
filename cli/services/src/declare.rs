//! Resources from settings: declared at a start, and declared again when the settings change.
//!
//! A declaration says what is to be there. What is there already is brought to it and keeps its messages; what an earlier declaration
//! had and this one has not is removed, except queues and topics, whose messages and subscribers somebody may still need.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::notifications::BucketNotifications;
use crate::server::Services;

/// What is to be there. Names are those of this account and region.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declarations {
    /// Queues by name, with attributes as `CreateQueue` takes them: `VisibilityTimeout`, `RedrivePolicy`, …
    pub queues: BTreeMap<String, BTreeMap<String, String>>,
    /// Topics by name, with attributes as `CreateTopic` takes them.
    pub topics: BTreeMap<String, BTreeMap<String, String>>,
    /// Subscriptions of topics.
    pub subscriptions: Vec<DeclaredSubscription>,
    /// Event source mappings.
    pub mappings: Vec<DeclaredMapping>,
    /// How asynchronous invocations of functions are handled: by the function's name, a JSON object as `PutFunctionEventInvokeConfig` takes
    /// it. A function without one has Lambda's defaults.
    pub invoke_configs: BTreeMap<String, Value>,
    /// Buses by name. The default bus needs no declaration.
    pub buses: BTreeSet<String>,
    /// Rules.
    pub rules: Vec<DeclaredRule>,
    /// Schedules.
    pub schedules: Vec<DeclaredSchedule>,
    /// Tables by name.
    pub tables: BTreeMap<String, DeclaredTable>,
    /// The notifications of buckets by name.
    pub buckets: BTreeMap<String, BucketNotifications>,
}

/// A table of the database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeclaredTable {
    /// A JSON object as `CreateTable` takes it, without the name: `KeySchema`, `AttributeDefinitions`, …
    pub create: Value,
    /// The attribute that holds when an item expires.
    pub time_to_live: Option<String>,
}

/// A subscription of a topic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeclaredSubscription {
    /// The name of the topic.
    pub topic: String,
    /// `sqs`, `lambda`, `http` or `https`.
    pub protocol: String,
    /// The ARN of the queue or function, or a URL.
    pub endpoint: String,
    /// Attributes as `Subscribe` takes them: `FilterPolicy`, `RawMessageDelivery`, …
    pub attributes: BTreeMap<String, String>,
}

/// An event source mapping: a queue that feeds a function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeclaredMapping {
    /// The name of the queue.
    pub queue: String,
    /// The name of the function.
    pub function: String,
    /// A JSON object as `CreateEventSourceMapping` takes it, without source and function: `BatchSize`, `FilterCriteria`, …
    pub settings: Value,
}

/// A rule with its targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeclaredRule {
    /// The name of the bus. Empty for the default one.
    pub bus: String,
    /// The name of the rule.
    pub name: String,
    /// The event pattern, JSON text. A rule has a pattern or a schedule.
    pub pattern: Option<String>,
    /// `rate(5 minutes)` or `cron(…)`, in UTC.
    pub schedule: Option<String>,
    /// The targets, each a JSON object as `PutTargets` takes it: `Id`, `Arn`, `InputPath`, …
    pub targets: Vec<Value>,
}

/// A schedule of Scheduler, in the default group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeclaredSchedule {
    /// The name of the schedule.
    pub name: String,
    /// A JSON object as `CreateSchedule` takes it: `ScheduleExpression`, `Target`, …
    pub settings: Value,
}

/// A resource that cannot be declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclareError {
    /// The kind and the name, such as ``queue `orders` ``.
    pub resource: String,
    /// Why, in the words of its service.
    pub reason: String,
}

impl fmt::Display for DeclareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot declare {}: {}", self.resource, self.reason)
    }
}

impl std::error::Error for DeclareError {}

/// What the last declaration had of the kinds that the next one removes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Declared {
    /// Topic, protocol and endpoint.
    subscriptions: BTreeSet<[String; 3]>,
    /// Queue and function.
    mappings: BTreeSet<[String; 2]>,
    /// The functions.
    #[serde(default)]
    invoke_configs: BTreeSet<String>,
    /// Bus and name.
    rules: BTreeSet<[String; 2]>,
    schedules: BTreeSet<String>,
    /// Buckets and the ids of their notifications.
    #[serde(default)]
    notifications: BTreeSet<[String; 2]>,
    /// The buckets whose changes go to the default bus.
    #[serde(default)]
    bridged: BTreeSet<String>,
    /// Buckets all of whose notifications were declared, as earlier versions kept them.
    #[serde(default, skip_serializing)]
    buckets: BTreeSet<String>,
}

impl Services {
    /// Brings the resources to a declaration. To declare the same twice changes nothing.
    ///
    /// What exists keeps its messages. Subscriptions, mappings, invoke configs, rules, schedules and notifications that the last declaration had and
    /// this one has not are removed; those that clients created stay.
    ///
    /// # Errors
    /// The first resource that its service refuses. Those before it are there.
    pub fn declare(&self, wanted: &Declarations) -> Result<(), DeclareError> {
        let shared = &self.shared;
        let error = |kind: &str, name: &str, reason: String| DeclareError {
            resource: format!("{kind} `{name}`"),
            reason,
        };
        // A redrive policy needs its queue, so policies come second.
        for with_redrive in [false, true] {
            for (name, attributes) in &wanted.queues {
                let mut attributes = attributes.clone();
                let redrive = attributes.remove_entry("RedrivePolicy");
                if with_redrive {
                    attributes = redrive.into_iter().collect();
                }
                shared
                    .sqs
                    .declare(name, &attributes)
                    .map_err(|refused| error("queue", name, refused.message.into_owned()))?;
            }
        }
        for (name, attributes) in &wanted.topics {
            shared
                .sns
                .declare_topic(name, attributes)
                .map_err(|reason| error("topic", name, reason))?;
        }
        for one in &wanted.subscriptions {
            shared
                .sns
                .declare_subscription(one)
                .map_err(|reason| error("subscription of", &one.topic, reason))?;
        }
        for bus in &wanted.buses {
            shared
                .events
                .declare_bus(bus)
                .map_err(|reason| error("bus", bus, reason))?;
        }
        for rule in &wanted.rules {
            let declared = shared.events.declare_rule(rule);
            declared.map_err(|reason| error("rule", &rule.name, reason))?;
        }
        for one in &wanted.schedules {
            let declared = shared.scheduler.declare(&one.name, &one.settings);
            declared.map_err(|reason| error("schedule", &one.name, reason))?;
        }
        for (name, table) in &wanted.tables {
            let declared = match &shared.tables {
                Some(tables) => tables.declare(name, table),
                None => Err("this program was built without DynamoDB (feature `dynamodb`)".into()),
            };
            declared.map_err(|reason| error("table", name, reason))?;
        }
        let before = shared.declared().clone();
        for bucket in &before.buckets {
            shared
                .notifications
                .set(bucket, BucketNotifications::default());
        }
        for (bucket, notifications) in &wanted.buckets {
            let ids = before.notifications.iter();
            let ids = ids.filter(|[of, _]| of == bucket).map(|[_, id]| id);
            let ids: Vec<&String> = ids.collect();
            let before = (&ids[..], before.bridged.contains(bucket));
            shared.notifications.declare(bucket, notifications, before);
        }
        for one in &wanted.mappings {
            let declared = match &shared.lambda {
                Some(lambda) => lambda.declare(one),
                None => Err("the services have no functions".into()),
            };
            declared.map_err(|reason| error("mapping of", &one.queue, reason))?;
        }
        for (function, settings) in &wanted.invoke_configs {
            let declared = match &shared.lambda {
                Some(lambda) => lambda.declare_config(function, settings),
                None => Err("the services have no functions".into()),
            };
            declared.map_err(|reason| error("asynchronous invocation of", function, reason))?;
        }
        self.forget_others(wanted);
        shared.changes.notify_one();
        Ok(())
    }

    /// Removes what the last declaration had and this one has not.
    fn forget_others(&self, wanted: &Declarations) {
        let shared = &self.shared;
        let now = Declared::of(wanted);
        let before = std::mem::replace(&mut *shared.declared(), now.clone());
        for key in before.subscriptions.difference(&now.subscriptions) {
            shared.sns.forget_subscription(key);
        }
        for [queue, function] in before.mappings.difference(&now.mappings) {
            if let Some(lambda) = &shared.lambda {
                lambda.forget(queue, function);
            }
        }
        for function in before.invoke_configs.difference(&now.invoke_configs) {
            if let Some(lambda) = &shared.lambda {
                lambda.forget_config(function);
            }
        }
        for [bus, name] in before.rules.difference(&now.rules) {
            shared.events.forget_rule(bus, name);
        }
        for name in before.schedules.difference(&now.schedules) {
            shared.scheduler.forget(name);
        }
        for [bucket, id] in before.notifications.difference(&now.notifications) {
            let nothing = BucketNotifications::default();
            shared
                .notifications
                .declare(bucket, &nothing, (&[id], false));
        }
        for bucket in before.bridged.difference(&now.bridged) {
            let nothing = BucketNotifications::default();
            shared.notifications.declare(bucket, &nothing, (&[], true));
        }
    }
}

impl Declared {
    fn of(wanted: &Declarations) -> Self {
        let subscriptions = wanted.subscriptions.iter();
        let mappings = wanted.mappings.iter();
        let rules = wanted.rules.iter();
        let schedules = wanted.schedules.iter();
        Self {
            subscriptions: subscriptions
                .map(|one| [&one.topic, &one.protocol, &one.endpoint].map(Clone::clone))
                .collect(),
            mappings: mappings
                .map(|one| [one.queue.clone(), one.function.clone()])
                .collect(),
            invoke_configs: wanted.invoke_configs.keys().cloned().collect(),
            rules: rules
                .map(|one| [one.bus.clone(), one.name.clone()])
                .collect(),
            schedules: schedules.map(|one| one.name.clone()).collect(),
            notifications: wanted
                .buckets
                .iter()
                .flat_map(|(bucket, one)| {
                    let ids = one.targets.iter().map(|target| target.id.clone());
                    ids.map(|id| [bucket.clone(), id])
                })
                .collect(),
            bridged: {
                let bridged = wanted.buckets.iter().filter(|(_, one)| one.event_bridge);
                bridged.map(|(bucket, _)| bucket.clone()).collect()
            },
            buckets: BTreeSet::new(),
        }
    }
}
