//! `cargo fw event` for sources: the events of queues, topics, buckets, buses and schedules, and `cargo fw invoke` taking them.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    events_support::{app, received, serve},
    local_support::run,
};

/// The event that the command prints, with that on its standard input.
fn printed(folder: &Path, args: &[&str], input: &str) -> Value {
    let (code, stdout, stderr) = run(folder, &[&["event"], args].concat(), input);
    assert_eq!(code, Some(0), "{args:?}: {stderr}");
    assert_eq!(stderr, "", "{args:?}");
    let event = stdout.strip_suffix('\n').expect("a line");
    assert!(!event.contains('\n'), "{args:?}: {stdout}");
    serde_json::from_str(event).expect("JSON")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Takes a member out: what differs from one event to the next.
fn take(value: &mut Value, key: &str) -> String {
    match value[key].take() {
        Value::String(text) => text,
        other => panic!("`{key}` is not a text: {other}"),
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

#[test]
fn a_queues_event_has_a_record_for_each_body() {
    let folder = folder();
    fs::write(folder.path().join("order.json"), "{\"id\": 9}\n").expect("a file");
    let args = [
        "sqs",
        "orders",
        "{\"id\": 7}",
        "-",
        "@order.json",
        "--attribute",
        "kind=gift",
    ];
    let mut event = printed(folder.path(), &args, "ü\n");
    let records = event["Records"].as_array_mut().expect("records");
    let bodies: Vec<_> = records.iter_mut().map(|it| take(it, "body")).collect();
    assert_eq!(bodies, ["{\"id\": 7}", "ü\n", "{\"id\": 9}\n"]);
    let ids: Vec<_> = records.iter_mut().map(|it| take(it, "messageId")).collect();
    assert!(ids.iter().all(|id| is_uuid(id)), "{ids:?}");
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
    let first = &mut records[0];
    assert_ne!(take(first, "receiptHandle"), ids[0]);
    let sent = take(&mut first["attributes"], "SentTimestamp");
    let received = take(&mut first["attributes"], "ApproximateFirstReceiveTimestamp");
    assert_eq!((sent.len(), &sent), (13, &received));
    assert_eq!(
        *first,
        json!({
            "messageId": null,
            "receiptHandle": null,
            "body": null,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": null,
                "SenderId": "123456789012",
                "ApproximateFirstReceiveTimestamp": null,
            },
            "messageAttributes": { "kind": {
                "stringValue": "gift",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            } },
            // Of `printf '{"id": 7}' | md5sum`.
            "md5OfBody": "02bdf15d4b421ca9bc33f0e538cfce98",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:orders",
            "awsRegion": "us-east-1",
            "md5OfMessageAttributes": "7b1715559493b2826f06f55b7a96b139",
        })
    );

    let args = ["sqs", "orders.fifo", "a", "b", "--group", "customer-1"];
    let event = printed(folder.path(), &args, "");
    let fifo = |number: usize, key: &str| event["Records"][number]["attributes"][key].clone();
    assert_eq!(fifo(1, "MessageGroupId"), "customer-1");
    assert_eq!(
        fifo(1, "MessageDeduplicationId"),
        event["Records"][1]["messageId"]
    );
    let sequence = |number| fifo(number, "SequenceNumber").as_str().map(str::to_owned);
    assert!(sequence(0) < sequence(1) && sequence(0).is_some());

    let event = printed(folder.path(), &["sqs"], "");
    assert_eq!(event["Records"].as_array().map(Vec::len), Some(1));
    assert_eq!(event["Records"][0]["body"], "{}");
}

#[test]
fn a_topics_event_has_the_message_and_its_subject() {
    let folder = folder();
    let args = [
        "sns",
        "alerts",
        "@-",
        "--subject",
        "Disk",
        "--attribute",
        "level=high",
    ];
    let event = printed(folder.path(), &args, "the disk is full");
    let record = &event["Records"][0];
    assert_eq!(record["EventSource"], "aws:sns");
    let sns = &record["Sns"];
    assert_eq!(sns["Message"], "the disk is full");
    assert_eq!(sns["Subject"], "Disk");
    assert_eq!(sns["TopicArn"], "arn:aws:sns:us-east-1:123456789012:alerts");
    assert_eq!(
        sns["MessageAttributes"],
        json!({ "level": { "Type": "String", "Value": "high" } })
    );
    assert!(sns["MessageId"].as_str().is_some_and(is_uuid), "{sns}");
    let time = sns["Timestamp"].as_str().expect("a time");
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    let event = printed(folder.path(), &["sns", "alerts", "{}"], "");
    assert_eq!(event["Records"][0]["Sns"]["Subject"], json!(null));
}

#[test]
fn a_buckets_event_has_the_key_as_s3_encodes_it() {
    let folder = folder();
    let args = ["s3", "uploads", "in/my cat+ü.png", "--size", "1024"];
    let event = printed(folder.path(), &args, "");
    let record = &event["Records"][0];
    assert_eq!(record["eventName"], "ObjectCreated:Put");
    assert_eq!(record["s3"]["bucket"]["name"], "uploads");
    let object = &record["s3"]["object"];
    assert_eq!(object["key"], "in/my+cat%2B%C3%BC.png");
    assert_eq!(object["size"], 1024);
    let event = printed(folder.path(), &["s3", "uploads", "a", "--removed"], "");
    let record = &event["Records"][0];
    assert_eq!(record["eventName"], "ObjectRemoved:Delete");
    assert_eq!(record["s3"]["object"].get("size"), None);
}

#[test]
fn a_buss_event_has_the_detail_and_a_schedules_the_time() {
    let folder = folder();
    let args = [
        "eventbridge",
        "--source",
        "shop",
        "--detail-type",
        "order-placed",
        "{\"z\": 1, \"a\": [2.5, \"ü\"]}",
    ];
    let mut event = printed(folder.path(), &args, "");
    assert!(is_uuid(&take(&mut event, "id")));
    assert_eq!(take(&mut event, "time").len(), 20);
    let expected = json!({
        "version": "0",
        "id": null,
        "detail-type": "order-placed",
        "source": "shop",
        "account": "123456789012",
        "time": null,
        "region": "us-east-1",
        "resources": [],
        "detail": { "z": 1, "a": [2.5, "ü"] },
    });
    assert_eq!(event, expected);

    let args = [
        "schedule",
        "nightly",
        "--time",
        "2027-01-31T03:00:00.5+01:00",
    ];
    let event = printed(folder.path(), &args, "");
    assert_eq!(event["source"], "aws.scheduler");
    assert_eq!(event["time"], "2027-01-31T02:00:00Z");
    assert_eq!(
        event["resources"][0],
        "arn:aws:scheduler:us-east-1:123456789012:schedule/default/nightly"
    );
    let now = printed(folder.path(), &["schedule"], "")["time"].clone();
    let now = now.as_str().expect("a time");
    assert!(now.len() == 20 && now > "2026", "{now}");
}

#[test]
fn what_no_service_would_send_is_refused() {
    let folder = folder();
    fs::write(folder.path().join("bytes"), [0xff, 0xfe]).expect("a file");
    fs::write(folder.path().join("large"), vec![b'a'; 1_048_577]).expect("a file");
    let eleven = [&["sqs", "orders"][..], &["x"; 11]].concat();
    let attributes: Vec<_> = (0..11)
        .map(|number| format!("--attribute=a{number}=b"))
        .collect();
    let mut many = vec!["sqs", "orders", "x"];
    many.extend(attributes.iter().map(String::as_str));
    let bus = ["eventbridge", "--source", "a", "--detail-type", "b"];
    let detail = |detail| [&bus[..], &[detail]].concat();
    for (args, code, said) in [
        (
            vec!["kafka", "x"],
            64,
            "http-api, rest-api, function-url, sqs, sns, s3, eventbridge, schedule",
        ),
        (
            vec!["sqs", "{\"id\": 7}"],
            64,
            "a body comes after the name",
        ),
        (vec!["sqs", "orders.fifo", "x"], 64, "--group customer-1"),
        (
            vec!["sqs", "orders", "x", "--group", "a"],
            64,
            "write `orders.fifo`",
        ),
        (vec!["sqs", "orders", "-", "@-"], 64, "only one message"),
        (
            vec!["sqs", "orders", "x", "--attribute", "kind"],
            64,
            "`kind=gift`",
        ),
        (
            vec![
                "sqs",
                "orders",
                "x",
                "--attribute",
                "a=b",
                "--attribute",
                "a=c",
            ],
            64,
            "only once in a message: `a`",
        ),
        (many, 64, "at most 10 attributes, not 11"),
        (eleven, 64, "at most 10 messages, not 11"),
        (vec!["sqs", "orders", ""], 65, "the body is empty"),
        (vec!["sqs", "orders", "a\u{1}b"], 65, "`\\u{1}`"),
        (
            vec!["sqs", "orders", "@bytes"],
            65,
            "not UTF-8 text: @bytes",
        ),
        (vec!["sqs", "orders", "@large"], 65, "1048577 bytes"),
        (
            vec!["sqs", "orders", "@nowhere"],
            65,
            "cannot read the body: nowhere",
        ),
        (
            vec!["sns", "alerts", "@ann: hello"],
            65,
            "through standard input, with `-`",
        ),
        (
            vec!["sns", "a b", "x"],
            64,
            "a message comes after the name",
        ),
        (
            vec!["sns", "alerts", "x", "--subject", "a\nb"],
            64,
            "no line break",
        ),
        (vec!["s3", "uploads"], 64, "<KEY>"),
        (vec!["s3", "Uploads", "a"], 64, "lower-case letters"),
        (
            vec!["s3", "uploads", "a", "--removed", "--size", "1"],
            64,
            "cannot be used with",
        ),
        (vec!["s3", "uploads", "a", "--size", "1KB"], 64, "--size"),
        (detail("[1]"), 65, "the detail is not a JSON object"),
        (detail("nonsense"), 65, "write `'{\"id\": 7}'`"),
        (vec!["eventbridge", "--source", "a"], 64, "--detail-type"),
        (
            vec!["eventbridge", "--source", "", "--detail-type", "b"],
            64,
            "--source",
        ),
        (vec!["schedule", "a b"], 64, "1 to 64 letters"),
        (vec!["schedule", "--time", "tomorrow"], 64, "--time"),
        (vec![], 64, "eventbridge"),
    ] {
        let args = [&["event"], &args[..]].concat();
        let (seen, stdout, stderr) = run(folder.path(), &args, "x");
        assert_eq!(seen, Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert_eq!(stdout, "", "{args:?}");
    }
}

#[test]
fn invoke_takes_each_event_with_and_without_a_server() {
    let events: [(&str, Value, &[&str]); 5] = [
        (
            "ship",
            json!({ "type": "sqs", "queue": "orders" }),
            &["sqs", "orders", "{\"id\": 7}"],
        ),
        (
            "mail",
            json!({ "type": "sns", "topic": "alerts" }),
            &["sns", "alerts", "the disk is full"],
        ),
        (
            "thumb",
            json!({ "type": "s3", "bucket": "uploads", "events": ["s3:ObjectCreated:*"] }),
            &["s3", "uploads", "in/cat.png"],
        ),
        (
            "placed",
            json!({ "type": "event", "pattern": { "detail-type": ["placed"] } }),
            &["eventbridge", "--source", "shop", "--detail-type", "placed"],
        ),
        (
            "nightly",
            json!({ "type": "schedule", "expression": "cron(0 2 * * ? *)" }),
            &["schedule", "nightly"],
        ),
    ];
    let sources: Vec<_> = events
        .iter()
        .map(|(name, event, _)| json!({ "name": name, "event": event }))
        .collect();
    let folder = app("", &Value::Array(sources));
    let invoke = |count: usize| {
        for (name, _, args) in &events {
            let args = [&["event"], *args].concat();
            let (code, event, stderr) = run(folder.path(), &args, "");
            assert_eq!(code, Some(0), "{args:?}: {stderr}");
            let args = ["invoke", name, "--event", "-", "--bootstrap", "bootstrap"];
            let (code, stdout, stderr) = run(folder.path(), &args, &event);
            assert_eq!(code, Some(0), "{name}: {stderr}");
            assert_eq!(stdout, "{\"batchItemFailures\":[]}\n");
            let got = received(&folder, name, count).pop().expect("an event");
            let sent: Value = serde_json::from_str(&event).expect("JSON");
            assert_eq!(got.document, sent, "{name}");
        }
    };
    invoke(1);
    let local = serve(&folder, &[]);
    invoke(2);
    drop(local);
}
