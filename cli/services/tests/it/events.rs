//! Buses, rules and schedules from outside: what no case of the conformance files holds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{Client, pass};
use fw_services::{
    DeliveryOutcome, FunctionFacts, Functions, Invocation, Options, Outcome, Services,
};
use serde_json::{Value, json};

/// A function `f` that keeps its events and succeeds.
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
        let event = serde_json::from_slice(&invocation.event).unwrap();
        self.0.lock().unwrap().push(event);
        Box::pin(std::future::ready(Outcome::Returned("null".into())))
    }
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:us-east-1:123456789012:{resource}")
}

async fn start() -> (Services, Arc<Keeper>) {
    let keeper = Arc::new(Keeper::default());
    let options = Options {
        functions: Some(Arc::clone(&keeper) as _),
        ..Options::default()
    };
    (Services::start(options).await.unwrap(), keeper)
}

/// A rule with a target, on a bus.
async fn rule(client: &Client<'_>, bus: &str, name: &str, pattern: Value, target: Value) {
    let input = json!({"Name": name, "EventBusName": bus, "EventPattern": pattern.to_string()});
    client.events("PutRule", input).await;
    let input = json!({"Rule": name, "EventBusName": bus, "Targets": [target]});
    client.events("PutTargets", input).await;
}

async fn put(client: &Client<'_>, bus: &str, source: &str) {
    let entry = json!({"Source": source, "DetailType": "T", "Detail": "{}", "EventBusName": bus});
    let output = client
        .events("PutEvents", json!({"Entries": [entry]}))
        .await;
    assert_eq!(output["FailedEntryCount"], 0, "{output}");
}

#[tokio::test]
async fn rules_are_put_shown_and_deleted() {
    let (services, _) = start().await;
    let client = Client(&services);
    client
        .events(
            "CreateEventBus",
            json!({"Name": "b", "Tags": [{"Key": "k", "Value": "v"}]}),
        )
        .await;
    let target = json!({"Id": "1", "Arn": arn("lambda", "function:f")});
    rule(&client, "b", "r", json!({"source": ["s"]}), target.clone()).await;
    let of_rule = json!({"Name": "r", "EventBusName": arn("events", "event-bus/b")});
    let shown = client.events("DescribeRule", of_rule.clone()).await;
    assert_eq!(shown["Arn"], arn("events", "rule/b/r"));
    assert_eq!(shown["State"], "ENABLED");
    let listed = client
        .events(
            "ListTargetsByRule",
            json!({"Rule": "r", "EventBusName": "b"}),
        )
        .await;
    assert_eq!(listed, json!({"Targets": [target]}));
    let by_target = json!({"TargetArn": arn("lambda", "function:f"), "EventBusName": "b"});
    let names = client.events("ListRuleNamesByTarget", by_target).await;
    assert_eq!(names, json!({"RuleNames": ["r"]}));
    let tags = json!({"ResourceARN": arn("events", "event-bus/b")});
    let tags = client.events("ListTagsForResource", tags).await;
    assert_eq!(tags, json!({"Tags": [{"Key": "k", "Value": "v"}]}));
    let (code, text) = client.events_error("DeleteRule", of_rule.clone()).await;
    assert_eq!(code, "ValidationException");
    assert_eq!(text, "Rule can't be deleted since it has targets.");
    let remove = json!({"Rule": "r", "EventBusName": "b", "Ids": ["1"]});
    client.events("RemoveTargets", remove).await;
    client.events("DeleteRule", of_rule).await;
    client.events("DeleteEventBus", json!({"Name": "b"})).await;
    let (code, text) = client
        .events_error("DescribeEventBus", json!({"Name": "b"}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(text, "Event bus b does not exist.");
}

#[tokio::test]
async fn what_is_not_implemented_is_refused_by_its_name() {
    let (services, _) = start().await;
    let client = Client(&services);
    let (code, text) = client.events_error("CreateArchive", json!({})).await;
    assert_eq!(code, "NotImplemented");
    assert!(text.contains("AWSEvents.CreateArchive"), "{text}");
    client
        .events(
            "PutRule",
            json!({"Name": "r", "EventPattern": "{\"source\": [\"s\"]}"}),
        )
        .await;
    let arns = [
        json!({"Id": "1", "Arn": arn("states", "stateMachine:m")}),
        json!({"Id": "1", "Arn": arn("sqs", "q"), "EcsParameters": {}}),
    ];
    for target in arns {
        let input = json!({"Rule": "r", "Targets": [target]});
        let (code, _) = client.events_error("PutTargets", input).await;
        assert_eq!(code, "NotImplemented");
    }
}

#[tokio::test]
async fn events_go_over_buses_and_a_circle_of_buses_ends() {
    let (services, keeper) = start().await;
    let client = Client(&services);
    client.events("CreateEventBus", json!({"Name": "b"})).await;
    let all = json!({"version": ["0"]});
    let to = |bus: &str| json!({"Id": "1", "Arn": arn("events", &format!("event-bus/{bus}"))});
    rule(&client, "default", "there", all.clone(), to("b")).await;
    rule(&client, "b", "back", all.clone(), to("default")).await;
    let function = json!({"Id": "1", "Arn": arn("lambda", "function:f")});
    rule(&client, "b", "call", all, function).await;
    put(&client, "default", "s").await;
    pass(&services, 100).await;
    let events = keeper.0.lock().unwrap().clone();
    assert!((1..=8).contains(&events.len()), "{}", events.len());
    assert!(events.iter().all(|event| event["id"] == events[0]["id"]));
}

#[tokio::test]
async fn a_missing_target_goes_to_the_dead_letters_with_its_reasons() {
    let (services, _) = start().await;
    let client = Client(&services);
    let mut log = services.deliveries();
    let url = client.queue("dead").await;
    let missing = arn("sqs", "missing");
    let target = json!({
        "Id": "1",
        "Arn": missing,
        "DeadLetterConfig": {"Arn": arn("sqs", "dead")},
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60},
    });
    rule(&client, "default", "r", json!({"source": ["s"]}), target).await;
    put(&client, "default", "s").await;
    let message = client.receive(&url).await.swap_remove(0);
    let attribute = |name: &str| message["MessageAttributes"][name]["StringValue"].clone();
    assert_eq!(attribute("RULE_ARN"), arn("events", "rule/r"));
    assert_eq!(attribute("TARGET_ARN"), missing);
    assert_eq!(attribute("ERROR_CODE"), "NO_RESOURCE");
    assert!(
        message["Body"]
            .as_str()
            .unwrap()
            .contains("\"source\":\"s\"")
    );
    let failed = log.next().await.unwrap();
    assert_eq!(failed.source, arn("events", "rule/r"));
    assert_eq!(failed.target, missing);
    assert!(matches!(failed.outcome, DeliveryOutcome::Failed { .. }));
    let queue = arn("sqs", "dead");
    let buried = log.next().await.unwrap();
    assert_eq!(buried.outcome, DeliveryOutcome::DeadLettered { queue });
}

#[tokio::test]
async fn fifo_targets_get_the_group_of_their_rule() {
    let (services, _) = start().await;
    let client = Client(&services);
    let url = client
        .queue_with(
            "q.fifo",
            json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}),
        )
        .await;
    let target =
        json!({"Id": "1", "Arn": arn("sqs", "q.fifo"), "SqsParameters": {"MessageGroupId": "g"}});
    rule(&client, "default", "r", json!({"source": ["s"]}), target).await;
    put(&client, "default", "s").await;
    let message = client.receive(&url).await.swap_remove(0);
    assert_eq!(message["Attributes"]["MessageGroupId"], "g");
}

/// A rate waits a period after it is enabled, and a jump of the clock makes up for what it passes.
#[tokio::test]
async fn schedules_fire_by_the_clock() {
    let (services, keeper) = start().await;
    let client = Client(&services);
    client
        .events(
            "PutRule",
            json!({"Name": "r", "ScheduleExpression": "rate(5 minutes)"}),
        )
        .await;
    let target = json!({"Id": "1", "Arn": arn("lambda", "function:f")});
    client
        .events("PutTargets", json!({"Rule": "r", "Targets": [target]}))
        .await;
    services.clock().advance(Duration::from_secs(299));
    pass(&services, 0).await;
    assert!(keeper.0.lock().unwrap().is_empty());
    services.clock().advance(Duration::from_secs(3600));
    pass(&services, 100).await;
    let events = keeper.0.lock().unwrap().clone();
    assert_eq!(events.len(), 12);
    assert_eq!(events[0]["resources"][0], arn("events", "rule/r"));
    client.events("DisableRule", json!({"Name": "r"})).await;
    services.clock().advance(Duration::from_secs(3600));
    pass(&services, 100).await;
    assert_eq!(keeper.0.lock().unwrap().len(), 12);
}
