//! Random calls of the query protocol, filter policies and patterns: each call is answered, and soon.
//!
//! `PROPTEST_CASES=100000` is the long run.

use std::time::{Duration, Instant};

use fw_services::{Options, Services};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::Client;

/// How long an answer may take, on a machine that does other things.
const SOON: Duration = Duration::from_secs(5);

/// The names of parameters, mostly those that operations have.
fn parameter() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(Attribute|Attributes\\.entry|MessageAttribute|MessageAttributes\\.entry|SendMessageBatchRequestEntry|PublishBatchRequestEntries\\.member|DeleteMessageBatchRequestEntry|AttributeName|Tag|Tags\\.member|AWSAccountId|ActionName|TopicArn|QueueUrl)\\.[0-9]{1,2}(\\.(Name|name|key|value|Value|Key|Id|MessageBody|Message|ReceiptHandle|MessageAttribute\\.1\\.Name|Value\\.StringValue|Value\\.BinaryValue|Value\\.DataType|MessageAttributes\\.entry\\.1\\.Name))?",
        4 => "(QueueName|QueueUrl|TopicArn|MessageBody|Message|Subject|DelaySeconds|MaxNumberOfMessages|VisibilityTimeout|ReceiptHandle|MessageGroupId|MessageDeduplicationId|Name|Protocol|Endpoint|SubscriptionArn|AttributeName|AttributeValue|NextToken|MaxResults|Label|SourceArn|Token|MessageStructure|TargetArn|Version)",
        1 => "[ -~]{0,20}",
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("http://localhost/123456789012/q".to_owned()),
        2 => Just("arn:aws:sns:us-east-1:123456789012:t".to_owned()),
        2 => "(q|t|q\\.fifo|sqs|lambda|http|String|Number|Binary|All|FilterPolicy|RawMessageDelivery|RedrivePolicy|VisibilityTimeout|Policy|true|json)",
        2 => "-?[0-9]{1,20}",
        2 => "\\PC{0,30}",
        1 => document().prop_map(|document| document.to_string()),
    ]
}

/// Any small JSON document, with the operators of patterns among its names.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c*\\\\/:.0-9]{0,12}".prop_map(Value::from),
        Just(json!("arn:aws:sqs:us-east-1:123456789012:q")),
    ];
    leaf.prop_recursive(5, 32, 5, |inner| {
        let name = prop_oneof![
            "[a-c.]{1,3}",
            "(prefix|suffix|anything-but|exists|numeric|cidr|wildcard|equals-ignore-case|\\$or|default|sqs|deadLetterTargetArn|maxReceiveCount|Statement|Effect|Action|Principal|Resource)",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// A pattern as services take it: lists of conditions below some names.
fn pattern() -> impl Strategy<Value = Value> {
    let text = "[a-c*]{0,6}";
    let condition = prop_oneof![
        text.prop_map(Value::from),
        (-3_i32..3).prop_map(Value::from),
        Just(Value::Null),
        (
            "(prefix|suffix|wildcard|equals-ignore-case|anything-but|cidr)",
            text
        )
            .prop_map(|(name, text)| json!({ name: text })),
        any::<bool>().prop_map(|exists| json!({"exists": exists})),
        (-3_i32..3, 0_i32..3).prop_map(
            |(low, more)| json!({"numeric": [">=", low, "<", f64::from(low + more) + 0.5]})
        ),
        prop::collection::vec(text, 1..3).prop_map(|texts| json!({"anything-but": texts})),
        text.prop_map(|text| json!({"anything-but": {"prefix": text}})),
    ];
    let leaf = prop::collection::vec(condition, 1..4).prop_map(Value::from);
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::btree_map("[a-c]", inner.clone(), 1..3).prop_map(|members| members
                .into_iter()
                .collect::<serde_json::Map<_, _>>()
                .into()),
            prop::collection::vec(inner, 2..3).prop_map(|either| json!({ "$or": either })),
        ]
    })
}

/// Text as a form has it. Some of it is left as it is, so that percent signs and line breaks arrive as well.
fn encoded(text: &str, strict: bool) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let kept = |byte: u8| !strict && byte.is_ascii_graphic() && byte != b'&';
    text.bytes()
        .map(|byte| {
            if plain(byte) || kept(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn run<T>(test: impl AsyncFnOnce(&Services) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let services = Services::start(Options::default()).await.unwrap();
        test(&services).await
    })
}

/// A call of the query protocol: its status.
async fn query(services: &Services, service: &str, form: &str, by_get: bool) -> u16 {
    let signed = format!(
        "host: localhost\r\nconnection: close\r\nauthorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n"
    );
    let request = if by_get {
        format!("GET /?{form} HTTP/1.1\r\n{signed}\r\n")
    } else {
        format!(
            "POST / HTTP/1.1\r\n{signed}content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    let mut stream = TcpStream::connect(services.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(SOON, read)
        .await
        .unwrap_or_else(|_| panic!("no answer: {form}"))
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    answer
        .get(9..12)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no status: {form}: {answer}"))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(192),
    ) })]

    #[test]
    fn every_call_of_the_query_protocol_is_answered(
        service in "(sqs|sns)",
        action in "(CreateQueue|SendMessage|SendMessageBatch|ReceiveMessage|DeleteMessage|DeleteMessageBatch|ChangeMessageVisibility|SetQueueAttributes|GetQueueAttributes|AddPermission|TagQueue|ListQueues|StartMessageMoveTask|CreateTopic|Publish|PublishBatch|Subscribe|SetSubscriptionAttributes|SetTopicAttributes|ConfirmSubscription|ListSubscriptions|TagResource|[A-Za-z]{0,12})",
        parameters in prop::collection::vec((parameter(), value(), any::<bool>()), 0..10),
        by_get in any::<bool>(),
    ) {
        run(async |services| {
            let version = if service == "sqs" { "2012-11-05" } else { "2010-03-31" };
            for (action, more) in [("CreateQueue", "QueueName=q"), ("CreateTopic", "Name=t")] {
                let version = if action == "CreateQueue" { "2012-11-05" } else { "2010-03-31" };
                let form = format!("Action={action}&Version={version}&{more}");
                prop_assert_eq!(query(services, "sqs", &form, false).await, 200);
            }
            let mut form = format!("Action={action}&Version={version}");
            for (name, value, strict) in &parameters {
                form += &format!("&{}={}", encoded(name, true), encoded(value, *strict));
            }
            // A space or a fragment would end the target of the request, which is another test's.
            let by_get = by_get && !form.contains('#');
            let status = query(services, &service, &form, by_get).await;
            prop_assert!((200..=501).contains(&status) && status != 500, "{form}: {status}");
            let (status, _, _) = Client(services).send(("GET", "/_fw/health"), "", None, "").await;
            prop_assert_eq!(status, 200);
            Ok(())
        })?;
    }

    #[test]
    fn every_filter_policy_is_taken_or_refused_and_messages_go_on(
        policy in prop_oneof![pattern(), document()],
        body in document(),
        attribute in "[a-c*]{1,6}",
        by_body in any::<bool>(),
    ) {
        run(async |services| {
            let started = Instant::now();
            query(services, "sqs", "Action=CreateQueue&Version=2012-11-05&QueueName=q", false).await;
            query(services, "sns", "Action=CreateTopic&Version=2010-03-31&Name=t", false).await;
            let scope = if by_body { "MessageBody" } else { "MessageAttributes" };
            let subscribe = format!(
                "Action=Subscribe&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:123456789012:t&Protocol=sqs&Endpoint=arn:aws:sqs:us-east-1:123456789012:q&Attributes.entry.1.key=FilterPolicyScope&Attributes.entry.1.value={scope}&Attributes.entry.2.key=FilterPolicy&Attributes.entry.2.value={}",
                encoded(&policy.to_string(), true)
            );
            let status = query(services, "sns", &subscribe, false).await;
            prop_assert!(status == 200 || status == 400, "{policy}: {status}");
            let publish = format!(
                "Action=Publish&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:123456789012:t&Message={}&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue={}",
                encoded(&body.to_string(), true),
                encoded(&attribute, true)
            );
            prop_assert_eq!(query(services, "sns", &publish, false).await, 200);
            prop_assert!(started.elapsed() < SOON, "{policy} on {body}: {:?}", started.elapsed());
            Ok(())
        })?;
    }

    #[test]
    fn every_pattern_is_answered_by_the_bus_as_by_the_test_of_patterns(
        pattern in prop_oneof![pattern(), document()],
        detail in document(),
    ) {
        run(async |services| {
            let client = Client(services);
            let url = client.queue("q").await;
            let wanted = json!({"detail": pattern});
            let rule = json!({"Name": "r", "EventPattern": wanted.to_string()}).to_string();
            let (put, _, _) = client.send(("POST", "/"), "events", Some("AWSEvents.PutRule"), &rule).await;
            let event = json!({"id": "1", "account": "123456789012", "source": "s", "time": "2026-12-01T00:00:00Z", "region": "us-east-1", "resources": [], "detail-type": "t", "detail": {"a": detail}});
            let test = json!({"EventPattern": wanted.to_string(), "Event": event.to_string()}).to_string();
            let (tested, _, verdict) = client.send(("POST", "/"), "events", Some("AWSEvents.TestEventPattern"), &test).await;
            prop_assert_eq!(put, tested, "{}", wanted);
            if put != 200 {
                prop_assert_eq!(put, 400, "{}", wanted);
                return Ok(());
            }
            let target = json!({"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"});
            client.events("PutTargets", json!({"Rule": "r", "Targets": [target]})).await;
            let entry = json!({"Source": "s", "DetailType": "t", "Detail": event["detail"].to_string()});
            client.events("PutEvents", json!({"Entries": [entry]})).await;
            let input = json!({"QueueUrl": url, "WaitTimeSeconds": 0});
            tokio::time::sleep(Duration::from_millis(2)).await;
            let arrived = client.sqs("ReceiveMessage", input).await["Messages"].is_array();
            prop_assert_eq!(arrived, verdict["Result"] == true, "{} on {}", wanted, event);
            Ok(())
        })?;
    }
}
