//! The services as a Rust program embeds them: declared resources, their state, and the log of deliveries.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::support::{Client, pass};
use fw_services::{
    BucketNotifications, Declarations, DeclaredMapping, DeclaredRule, DeclaredSchedule,
    DeclaredSubscription, DeliveryOutcome, FunctionFacts, Functions, Invocation,
    NotificationTarget, Options, Outcome, Redriven, S3Event, Services,
};
use serde_json::{Value, json};

/// A function `f` that keeps its events, and fails on a message `bad` and an object `in/bad`.
#[derive(Default)]
struct Keeper(Mutex<Vec<Value>>);

impl Functions for Keeper {
    fn find(&self, name: &str) -> Option<FunctionFacts> {
        (name == "f").then(FunctionFacts::default)
    }

    fn invoke(
        &self,
        invocation: Invocation,
    ) -> std::pin::Pin<Box<dyn Future<Output = Outcome> + Send + '_>> {
        let event: Value = serde_json::from_slice(&invocation.event).unwrap();
        let record = &event["Records"][0];
        let is_bad = record["body"] == "bad" || record["s3"]["object"]["key"] == "in/bad";
        self.0.lock().unwrap().push(event);
        let outcome = if is_bad {
            Outcome::Failed(r#"{"errorMessage": "a bad message"}"#.into())
        } else {
            Outcome::Returned("null".into())
        };
        Box::pin(std::future::ready(outcome))
    }
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:us-east-1:123456789012:{resource}")
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// An application with a queue and its dead letters, a topic, a rule, a schedule and a bucket.
fn shop() -> Declarations {
    let redrive = json!({"deadLetterTargetArn": arn("sqs", "orders-dead"), "maxReceiveCount": 1});
    let redrive = redrive.to_string();
    Declarations {
        queues: BTreeMap::from([
            (
                "orders".into(),
                map(&[("VisibilityTimeout", "30"), ("RedrivePolicy", &redrive)]),
            ),
            ("orders-dead".into(), map(&[])),
            ("audit".into(), map(&[])),
        ]),
        topics: BTreeMap::from([("placed".into(), map(&[]))]),
        subscriptions: vec![DeclaredSubscription {
            topic: "placed".into(),
            protocol: "sqs".into(),
            endpoint: arn("sqs", "audit"),
            attributes: map(&[("RawMessageDelivery", "true")]),
        }],
        mappings: vec![DeclaredMapping {
            queue: "orders".into(),
            function: "f".into(),
            settings: json!({"BatchSize": 1}),
        }],
        rules: vec![DeclaredRule {
            name: "shipped".into(),
            pattern: Some(r#"{"source": ["shop"]}"#.into()),
            targets: vec![json!({"Id": "1", "Arn": arn("sqs", "audit"), "InputPath": "$.detail"})],
            ..DeclaredRule::default()
        }],
        schedules: vec![DeclaredSchedule {
            name: "nightly".into(),
            settings: json!({
                "ScheduleExpression": "cron(0 3 * * ? *)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": arn("lambda", "function:f"), "RoleArn": arn("iam", "role/r")},
            }),
        }],
        buckets: BTreeMap::from([(
            "uploads".into(),
            BucketNotifications {
                targets: vec![NotificationTarget {
                    id: "in".into(),
                    arn: arn("lambda", "function:f"),
                    events: vec!["s3:ObjectCreated:*".into()],
                    prefix: Some("in/".into()),
                    ..NotificationTarget::default()
                }],
                event_bridge: true,
            },
        )]),
        ..Declarations::default()
    }
}

async fn start() -> (Services, Arc<Keeper>) {
    let keeper = Arc::new(Keeper::default());
    let options = Options {
        functions: Some(Arc::clone(&keeper) as _),
        ..Options::default()
    };
    (Services::start(options).await.unwrap(), keeper)
}

#[tokio::test]
async fn a_declaration_is_idempotent_and_keeps_messages() {
    let (services, _) = start().await;
    services.declare(&shop()).unwrap();
    let first = services.resources();
    let client = Client(&services);
    let url = &first.queues[0].url;
    assert!(url.ends_with("/audit"), "{url}");
    client
        .sqs(
            "SendMessage",
            json!({"QueueUrl": url, "MessageBody": "kept"}),
        )
        .await;
    services.declare(&shop()).unwrap();
    let second = services.resources();
    assert_eq!(second.queues[0].visible, 1);
    assert!(second.queues[0].oldest_ms.is_some());
    assert_eq!(second.topics, first.topics);
    assert_eq!(second.rules, first.rules);
    assert_eq!(second.schedules, first.schedules);
    assert_eq!(second.mappings, first.mappings);
    assert_eq!(
        second.queues[1].dead_letter_queue,
        Some(arn("sqs", "orders-dead"))
    );
    assert_eq!(second.queues[2].sources, [arn("sqs", "orders")]);
    assert_eq!(services.purge_queue("audit"), Some(1));
    assert_eq!(services.purge_queue("none"), None);
}

/// Rules and the like that the settings no longer have go; queues with their messages stay, and so does what clients created.
#[tokio::test]
async fn what_is_no_longer_declared_goes_except_queues_and_topics() {
    let (services, _) = start().await;
    services.declare(&shop()).unwrap();
    let client = Client(&services);
    let pattern = json!({"Name": "of-client", "EventPattern": "{\"source\": [\"s\"]}"});
    client.events("PutRule", pattern).await;
    services.declare(&Declarations::default()).unwrap();
    let left = services.resources();
    assert_eq!(left.queues.len(), 3);
    assert_eq!(left.topics.len(), 1);
    assert!(left.topics[0].subscriptions.is_empty());
    assert!(left.mappings.is_empty() && left.schedules.is_empty() && left.buckets.is_empty());
    let rules: Vec<_> = left.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(rules, ["of-client"]);
}

#[tokio::test]
async fn a_refusal_names_the_resource_and_the_reason() {
    let (services, _) = start().await;
    let mut wrong = shop();
    wrong.rules[0].pattern = Some(r#"{"source": "shop"}"#.into());
    let error = services.declare(&wrong).unwrap_err();
    assert_eq!(error.resource, "rule `shipped`");
    assert!(
        error.reason.contains("must be an object or an array"),
        "{error}"
    );
}

/// A failing message is tried as often as its queue says, is shown as a dead letter, and comes back by a redrive.
#[tokio::test]
async fn failures_are_logged_buried_and_redriven() {
    let (services, keeper) = start().await;
    services.declare(&shop()).unwrap();
    let mut log = services.deliveries();
    let client = Client(&services);
    let url = services.resources().queues[1].url.clone();
    client
        .sqs(
            "SendMessage",
            json!({"QueueUrl": url, "MessageBody": "bad"}),
        )
        .await;
    let failed = log.next().await.unwrap();
    assert_eq!(failed.source, arn("sqs", "orders"));
    assert_eq!(failed.target, arn("lambda", "function:f"));
    assert_eq!(failed.attempt, 1);
    let reason = "a bad message".to_owned();
    assert_eq!(failed.outcome, DeliveryOutcome::Failed { reason });
    pass(&services, 35_000).await;
    let queues = services.resources().queues;
    assert_eq!((queues[1].visible, queues[1].dead_letters), (0, 1));
    let redriven = services.redrive_queue("orders-dead").unwrap();
    assert_eq!(redriven, Redriven { moved: 1, kept: 0 });
    pass(&services, 100).await;
    assert_eq!(keeper.0.lock().unwrap().len(), 2);
}

/// A new object reaches the function of the bucket, and the rules of the default bus.
#[tokio::test]
async fn objects_reach_functions_and_the_bus() {
    let (services, keeper) = start().await;
    let mut wanted = shop();
    wanted.rules.push(DeclaredRule {
        name: "uploads".into(),
        pattern: Some(
            r#"{"source": ["aws.s3"], "detail": {"bucket": {"name": ["uploads"]}}}"#.into(),
        ),
        targets: vec![json!({"Id": "1", "Arn": arn("sqs", "audit")})],
        ..DeclaredRule::default()
    });
    services.declare(&wanted).unwrap();
    let event = S3Event {
        bucket: "uploads".into(),
        name: "ObjectCreated:Put".into(),
        key: "in/a b.txt".into(),
        size: Some(4),
        etag: Some("8d777f385d3dfec8815d20f7496026dc".into()),
        ..S3Event::default()
    };
    assert_eq!(services.deliver_s3_event(&event), 2);
    let other = S3Event {
        key: "out/a.txt".into(),
        ..event.clone()
    };
    assert_eq!(services.deliver_s3_event(&other), 1);
    pass(&services, 100).await;
    let events = keeper.0.lock().unwrap().clone();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["Records"][0]["s3"]["object"]["key"], "in/a+b.txt");
    let client = Client(&services);
    let url = services.resources().queues[0].url.clone();
    let message = client.receive(&url).await.swap_remove(0);
    let body: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
    assert_eq!(body["detail-type"], "Object Created");
    assert_eq!(body["detail"]["object"]["key"], "in/a b.txt");
    assert_eq!(body["detail"]["reason"], "PutObject");
}

/// What is declared of asynchronous invocations holds until a declaration no longer has it.
#[tokio::test]
async fn failed_events_are_retried_and_recorded_as_declared() {
    let (services, keeper) = start().await;
    let mut wanted = shop();
    let config = json!({
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnFailure": {"Destination": arn("sqs", "audit")}},
    });
    wanted.invoke_configs.insert("f".into(), config);
    services.declare(&wanted).unwrap();
    let event = S3Event {
        bucket: "uploads".into(),
        name: "ObjectCreated:Put".into(),
        key: "in/bad".into(),
        ..S3Event::default()
    };
    services.deliver_s3_event(&event);
    pass(&services, 100).await;
    assert_eq!(keeper.0.lock().unwrap().len(), 1);
    let client = Client(&services);
    let url = services.resources().queues[0].url.clone();
    let message = client.receive(&url).await.swap_remove(0);
    let record: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");

    services.declare(&shop()).unwrap();
    services.purge_queue("audit");
    services.deliver_s3_event(&event);
    pass(&services, 200_000).await;
    assert_eq!(keeper.0.lock().unwrap().len(), 4);
    assert_eq!(services.resources().queues[0].visible, 0);

    let mut wrong = shop();
    let config = json!({"MaximumRetryAttempts": 3});
    wrong.invoke_configs.insert("f".into(), config);
    let error = services.declare(&wrong).unwrap_err();
    assert_eq!(error.resource, "asynchronous invocation of `f`");
}

/// All that is declared or created is there after a restart, and a mapping goes on.
#[tokio::test]
async fn a_restart_keeps_everything() {
    let folder = std::env::temp_dir().join(format!("fw-declare-{}", std::process::id()));
    let keeper = Arc::new(Keeper::default());
    let options = || Options {
        functions: Some(Arc::clone(&keeper) as _),
        data: Some(folder.clone()),
        ..Options::default()
    };
    let services = Services::start(options()).await.unwrap();
    services.declare(&shop()).unwrap();
    let before = services.resources();
    services.shutdown().await.unwrap();
    let services = Services::start(options()).await.unwrap();
    let mut after = services.resources();
    for (before, after) in before.queues.iter().zip(&mut after.queues) {
        // The port is another.
        after.url.clone_from(&before.url);
    }
    assert_eq!(after, before);
    let client = Client(&services);
    let url = services.resources().queues[1].url.clone();
    client
        .sqs(
            "SendMessage",
            json!({"QueueUrl": url, "MessageBody": "good"}),
        )
        .await;
    pass(&services, 1000).await;
    assert_eq!(keeper.0.lock().unwrap().len(), 1);
    // What the settings of the first run declared is still known as declared.
    services.declare(&Declarations::default()).unwrap();
    assert!(services.resources().rules.is_empty());
    services.shutdown().await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}
