//! Event source mappings from outside: batches, windows and failures, with functions of this process.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fw_services::{FunctionFacts, Functions, Invocation, Options, Outcome, Services};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A function `f` that keeps its events and answers by them.
struct Keeper {
    events: Mutex<Vec<Value>>,
    answer: fn(&Value) -> Outcome,
}

impl Functions for Keeper {
    fn find(&self, name: &str) -> Option<FunctionFacts> {
        (name == "f").then_some(FunctionFacts {
            timeout_s: 3,
            dead_letter: None,
        })
    }

    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = Outcome> + Send + '_>> {
        let event = serde_json::from_slice(&invocation.event).unwrap();
        let outcome = (self.answer)(&event);
        self.events.lock().unwrap().push(event);
        Box::pin(std::future::ready(outcome))
    }
}

impl Keeper {
    fn new(answer: fn(&Value) -> Outcome) -> Arc<Self> {
        Arc::new(Self {
            events: Mutex::default(),
            answer,
        })
    }

    /// The bodies of each batch so far.
    fn batches(&self) -> Vec<Vec<String>> {
        let bodies = |event: &Value| {
            let records = event["Records"].as_array().unwrap();
            let body = |record: &Value| record["body"].as_str().unwrap().to_owned();
            records.iter().map(body).collect()
        };
        self.events.lock().unwrap().iter().map(bodies).collect()
    }
}

async fn start(keeper: &Arc<Keeper>) -> Services {
    let options = Options {
        functions: Some(Arc::clone(keeper) as _),
        ..Options::default()
    };
    Services::start(options).await.unwrap()
}

async fn call(services: &Services, path: &str, target: &str, input: Value) -> Value {
    let (head, body) = ask(services, "POST", path, target, input).await;
    assert!(head.starts_with("HTTP/1.1 20"), "{head}\n{body}");
    serde_json::from_str(&body).unwrap()
}

async fn ask(
    services: &Services,
    method: &str,
    path: &str,
    target: &str,
    input: Value,
) -> (String, String) {
    let body = input.to_string();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\nx-amz-target: {target}\r\nauthorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}",
        body.len()
    )
    .replace("x-amz-target: \r\n", "");
    let mut stream = TcpStream::connect(services.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

async fn sqs(services: &Services, operation: &str, input: Value) -> Value {
    call(services, "/", &format!("AmazonSQS.{operation}"), input).await
}

async fn map(services: &Services, queue: &str, mut settings: Value) {
    settings["EventSourceArn"] = format!("arn:aws:sqs:us-east-1:123456789012:{queue}").into();
    settings["FunctionName"] = "f".into();
    call(services, "/2015-03-31/event-source-mappings", "", settings).await;
}

/// Lets time pass in steps, so that tasks run in between.
async fn pass(services: &Services, milliseconds: u64) {
    for _ in 0..milliseconds.div_ceil(100) {
        services.clock().advance(Duration::from_millis(100));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn nothing(_: &Value) -> Outcome {
    Outcome::Returned("null".into())
}

#[tokio::test]
async fn a_window_gathers_and_a_full_batch_does_not_wait_for_its_end() {
    let keeper = Keeper::new(nothing);
    let services = start(&keeper).await;
    sqs(&services, "CreateQueue", json!({"QueueName": "q"})).await;
    map(&services, "q", json!({"MaximumBatchingWindowInSeconds": 2})).await;
    for body in ["1", "2", "3"] {
        sqs(
            &services,
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": body}),
        )
        .await;
        pass(&services, 300).await;
    }
    assert!(keeper.batches().is_empty(), "the window is open");
    pass(&services, 2000).await;
    assert_eq!(keeper.batches(), [["1", "2", "3"]]);
    for _ in 0..25 {
        sqs(
            &services,
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": "x"}),
        )
        .await;
    }
    pass(&services, 3000).await;
    let sizes: Vec<_> = keeper.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes[1..].iter().sum::<usize>(), 25);
    assert!(sizes.iter().all(|size| *size <= 10), "{sizes:?}");
}

#[tokio::test]
async fn a_batch_above_six_megabytes_is_split() {
    let keeper = Keeper::new(nothing);
    let services = start(&keeper).await;
    sqs(&services, "CreateQueue", json!({"QueueName": "q"})).await;
    let body = "x".repeat(1_000_000);
    for _ in 0..8 {
        sqs(
            &services,
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": body}),
        )
        .await;
    }
    map(&services, "q", json!({})).await;
    pass(&services, 1000).await;
    let sizes: Vec<_> = keeper.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 8);
    assert!(sizes.iter().all(|size| *size <= 6), "{sizes:?}");
}

#[tokio::test]
async fn reported_failures_of_a_group_come_back_in_order() {
    // The second message of group a fails the first time, so the function reports it and what follows in its group.
    fn answer(event: &Value) -> Outcome {
        let records = event["Records"].as_array().unwrap();
        let failed = |record: &&Value| {
            let first = record["attributes"]["ApproximateReceiveCount"] == "1";
            first && matches!(record["body"].as_str(), Some("a2" | "a3"))
        };
        let items: Vec<_> = records
            .iter()
            .filter(failed)
            .map(|record| json!({"itemIdentifier": record["messageId"]}))
            .collect();
        Outcome::Returned(json!({"batchItemFailures": items}).to_string().into())
    }
    let keeper = Keeper::new(answer);
    let services = start(&keeper).await;
    let attributes = json!({"FifoQueue": "true", "VisibilityTimeout": "5"});
    sqs(
        &services,
        "CreateQueue",
        json!({"QueueName": "q.fifo", "Attributes": attributes}),
    )
    .await;
    for body in ["a1", "a2", "b1", "a3", "b2"] {
        let input = json!({"QueueUrl": "q.fifo", "MessageBody": body, "MessageGroupId": body[..1], "MessageDeduplicationId": body});
        sqs(&services, "SendMessage", input).await;
    }
    let settings = json!({"BatchSize": 5, "FunctionResponseTypes": ["ReportBatchItemFailures"]});
    map(&services, "q.fifo", settings).await;
    pass(&services, 8000).await;
    let batches = keeper.batches();
    assert_eq!(batches[0], ["a1", "a2", "a3", "b1", "b2"]);
    assert_eq!(batches[1..], [["a2", "a3"]]);
}
