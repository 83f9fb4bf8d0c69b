//! Scheduler from outside: what no case of the conformance files holds.

use std::time::Duration;

use crate::support::{Client, pass};
use fw_services::{Options, Services};
use serde_json::{Value, json};

async fn call(client: &Client<'_>, request: (&str, &str), input: Value) -> (u16, String, Value) {
    client
        .send(request, "scheduler", None, &input.to_string())
        .await
}

fn schedule(expression: &str, queue: &str) -> Value {
    json!({
        "ScheduleExpression": expression,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "Input": "{\"at\":\"<aws.scheduler.scheduled-time>\"}",
        },
    })
}

#[tokio::test]
async fn schedules_are_created_shown_changed_and_deleted() {
    let services = Services::start(Options::default()).await.unwrap();
    let client = Client(&services);
    let (status, _, created) = call(
        &client,
        ("POST", "/schedules/s"),
        schedule("rate(1 hour)", "q"),
    )
    .await;
    assert_eq!(status, 200, "{created}");
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/s";
    assert_eq!(created["ScheduleArn"], arn);
    let (status, head, error) = call(
        &client,
        ("POST", "/schedules/s"),
        schedule("rate(1 hour)", "q"),
    )
    .await;
    assert_eq!(status, 409);
    assert!(
        head.contains("x-amzn-errortype: conflictexception"),
        "{head}"
    );
    assert!(error["Message"].is_string());
    let (_, _, shown) = call(&client, ("GET", "/schedules/s"), json!({})).await;
    assert_eq!(shown["ScheduleExpressionTimezone"], "UTC");
    assert_eq!(shown["State"], "ENABLED");
    let mut changed = schedule("rate(2 hours)", "q");
    changed["State"] = "DISABLED".into();
    let (status, _, _) = call(&client, ("PUT", "/schedules/s"), changed).await;
    assert_eq!(status, 200);
    let (_, _, listed) = call(&client, ("GET", "/schedules?State=DISABLED"), json!({})).await;
    assert_eq!(listed["Schedules"][0]["Name"], "s");
    let (_, _, listed) = call(&client, ("GET", "/schedules?State=ENABLED"), json!({})).await;
    assert_eq!(listed, json!({"Schedules": []}));
    let (status, _, _) = call(&client, ("DELETE", "/schedules/s"), json!({})).await;
    assert_eq!(status, 200);
    let (status, _, _) = call(&client, ("GET", "/schedules/s"), json!({})).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn groups_hold_schedules_and_tags() {
    let services = Services::start(Options::default()).await.unwrap();
    let client = Client(&services);
    let tags = json!({"Tags": [{"Key": "k", "Value": "v"}]});
    let (_, _, group) = call(&client, ("POST", "/schedule-groups/g"), tags).await;
    let arn = group["ScheduleGroupArn"]
        .as_str()
        .unwrap()
        .replace(':', "%3A")
        .replace('/', "%2F");
    let path = format!("/tags/{arn}");
    let (_, _, tags) = call(&client, ("GET", &path), json!({})).await;
    assert_eq!(tags, json!({"Tags": [{"Key": "k", "Value": "v"}]}));
    let (_, _, _) = call(
        &client,
        ("DELETE", &format!("{path}?TagKeys=k&TagKeys=x")),
        json!({}),
    )
    .await;
    let (_, _, tags) = call(&client, ("GET", &path), json!({})).await;
    assert_eq!(tags, json!({"Tags": []}));
    let mut input = schedule("rate(1 hour)", "q");
    input["GroupName"] = "g".into();
    let (status, _, _) = call(&client, ("POST", "/schedules/s"), input).await;
    assert_eq!(status, 200);
    let (status, _, _) = call(&client, ("GET", "/schedules/s?groupName=g"), json!({})).await;
    assert_eq!(status, 200);
    let (status, _, _) = call(&client, ("DELETE", "/schedule-groups/g"), json!({})).await;
    assert_eq!(status, 200);
    let (status, _, _) = call(&client, ("GET", "/schedules/s?groupName=g"), json!({})).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_bucket_may_have_the_name_of_a_path() {
    let services = Services::start(Options::default()).await.unwrap();
    let client = Client(&services);
    let (status, _, body) = client.send(("GET", "/schedules"), "s3", None, "").await;
    assert_eq!(
        status, 501,
        "S3 is not here, and Scheduler does not answer for it: {body}"
    );
}

/// A rate fires at once, a finished schedule goes if it says so, and a missing target is a dead letter.
#[tokio::test]
async fn schedules_fire_end_and_fail() {
    let services = Services::start(Options::default()).await.unwrap();
    let client = Client(&services);
    let url = client.queue("q").await;
    let dead = client.queue("dead").await;
    let (status, _, _) = call(
        &client,
        ("POST", "/schedules/r"),
        schedule("rate(1 hour)", "q"),
    )
    .await;
    assert_eq!(status, 200);
    pass(&services, 0).await;
    assert_eq!(client.receive(&url).await.len(), 1);
    let ends = services.clock().now_ms() / 1000 + 7300;
    let mut input = schedule("rate(2 hours)", "missing");
    input["EndDate"] = ends.into();
    input["ActionAfterCompletion"] = "DELETE".into();
    input["Target"]["DeadLetterConfig"] = json!({"Arn": "arn:aws:sqs:us-east-1:123456789012:dead"});
    let (status, _, body) = call(&client, ("POST", "/schedules/e"), input).await;
    assert_eq!(status, 200, "{body}");
    services.clock().advance(Duration::from_secs(3 * 3600));
    pass(&services, 100).await;
    let letters = client.receive(&dead).await;
    assert_eq!(letters.len(), 2);
    assert_eq!(
        letters[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"],
        "NO_RESOURCE"
    );
    assert!(
        letters[0]["Body"]
            .as_str()
            .unwrap()
            .starts_with("{\"at\":\"20")
    );
    let (status, _, _) = call(&client, ("GET", "/schedules/e"), json!({})).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn what_is_not_implemented_is_refused_by_its_name() {
    let services = Services::start(Options::default()).await.unwrap();
    let client = Client(&services);
    for (member, value) in [
        ("Arn", json!("arn:aws:scheduler:::aws-sdk:sqs:sendMessage")),
        ("EcsParameters", json!({})),
    ] {
        let mut input = schedule("rate(1 hour)", "q");
        input["Target"][member] = value;
        let (status, _, body) = call(&client, ("POST", "/schedules/s"), input).await;
        assert_eq!(status, 501, "{body}");
    }
}
