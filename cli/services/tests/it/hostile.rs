//! What a hostile client sends: every request is answered, and none stops the services.

use fw_services::{Options, Services};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::Client;

/// Any small JSON document.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "(arn:aws:(sqs|sns|lambda|events):us-east-1:123456789012:(q|function:f|event-bus/default))"
            .prop_map(Value::from),
        "(rate|cron|at)\\([0-9 *?/,LW#-]{0,20}(minutes?|hours?)?\\)".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let name = prop_oneof![
            "[A-Za-z]{1,12}",
            "(Name|Arn|Id|Rule|Targets|Entries|Detail|EventPattern|Event|Input|InputPath|InputTemplate|InputPathsMap|InputTransformer|ScheduleExpression|Target|Tags|QueueUrl|Attributes|MessageBody|Time)",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        "AWSEvents\\.(PutEvents|PutRule|PutTargets|TestEventPattern|CreateEventBus|RemoveTargets|TagResource|ListRules)",
        "AmazonSQS\\.(CreateQueue|SendMessage|ReceiveMessage|SetQueueAttributes|SendMessageBatch)",
        "[ -~]{0,30}",
    ]
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_document_is_answered(
        requests in prop::collection::vec((target(), document()), 1..6),
    ) {
        run(async |services| {
            let client = Client(services);
            for (target, body) in &requests {
                let body = body.to_string();
                let (status, _, _) = client
                    .send(("POST", "/"), "events", Some(target), &body)
                    .await;
                assert!((200..=501).contains(&status), "{target} {body}: {status}");
            }
            let (status, _, _) = client.send(("GET", "/_fw/health"), "", None, "").await;
            assert_eq!(status, 200);
        });
    }

    #[test]
    fn every_schedule_is_answered(
        method in "(GET|POST|PUT|DELETE)",
        path in "/(schedules|schedule-groups|tags)(/[a-z%/.:]{0,12})?(\\?[A-Za-z]{0,8}=[a-z0-9%]{0,4})?",
        body in document(),
    ) {
        run(async |services| {
            let body = body.to_string();
            let (status, _, _) = Client(services)
                .send((&method, &path), "scheduler", None, &body)
                .await;
            assert!((200..=501).contains(&status), "{method} {path} {body}: {status}");
        });
    }

    /// Bytes that may be anything, with a head that is nearly a request.
    #[test]
    fn bytes_do_not_stop_the_services(
        head in "(GET|POST) /[ -~]{0,20} HTTP/1.1\r\nhost: localhost\r\n(authorization: AWS4-HMAC-SHA256 [ -~]{0,60}\r\n)?(content-type: application/x-www-form-urlencoded\r\n)?connection: close\r\ncontent-length: 20\r\n\r\n",
        body in prop::collection::vec(any::<u8>(), 20),
    ) {
        run(async |services| {
            let mut stream = TcpStream::connect(services.address()).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            let _ = stream.write_all(&body).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            let (status, _, _) = Client(services)
                .send(("GET", "/_fw/health"), "", None, "")
                .await;
            assert_eq!(status, 200);
        });
    }
}

/// A template with as many paths as it may have, over a long list, is filled and delivered.
#[test]
fn the_most_paths_over_a_long_list_are_delivered() {
    run(async |services| {
        let client = Client(services);
        let url = client.queue("q").await;
        let rule = json!({"Name": "r", "EventPattern": "{\"source\": [\"s\"]}"});
        client.events("PutRule", rule).await;
        let paths: serde_json::Map<_, _> = (0..100)
            .map(|at| (format!("p{at}"), "$.detail.a[*].b".into()))
            .collect();
        let template: String = (0..100).map(|at| format!("\"<p{at}>\"\n")).collect();
        let target = json!({
            "Id": "1",
            "Arn": "arn:aws:sqs:us-east-1:123456789012:q",
            "InputTransformer": {"InputPathsMap": paths, "InputTemplate": template},
        });
        client
            .events("PutTargets", json!({"Rule": "r", "Targets": [target]}))
            .await;
        let detail = json!({"a": vec![json!({"b": "<<<<"}); 700]}).to_string();
        let entry = json!({"Source": "s", "DetailType": "t", "Detail": detail});
        let output = client
            .events("PutEvents", json!({"Entries": [entry]}))
            .await;
        assert_eq!(output["FailedEntryCount"], 0);
        assert_eq!(client.receive(&url).await.len(), 1);
    });
}
