//! Services with a table, its stream, and a function `f` that the stream feeds.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fw_dynamodb::DynamoDb;
use fw_services::{FunctionFacts, Functions, Invocation, Options, Outcome, Services};
use serde_json::{Value, json};

use crate::client::{self, Answer};

/// A function that keeps its events and answers by them.
pub(crate) struct Keeper {
    pub(crate) events: Mutex<Vec<Value>>,
    answer: Box<dyn Fn(&Value) -> Outcome + Send + Sync>,
}

impl Keeper {
    pub(crate) fn new(answer: impl Fn(&Value) -> Outcome + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            events: Mutex::default(),
            answer: Box::new(answer),
        })
    }

    pub(crate) fn events(&self) -> Vec<Value> {
        self.events.lock().expect("a lock").clone()
    }

    /// The keys of the items in each batch so far.
    pub(crate) fn batches(&self) -> Vec<Vec<String>> {
        let key = |record: &Value| {
            record["dynamodb"]["Keys"]["id"]["S"]
                .as_str()
                .map(str::to_owned)
        };
        let batch = |event: &Value| {
            let records = event["Records"].as_array().into_iter().flatten();
            records.filter_map(key).collect()
        };
        self.events().iter().map(batch).collect()
    }
}

impl Functions for Keeper {
    fn find(&self, name: &str) -> Option<FunctionFacts> {
        (name == "f").then(FunctionFacts::default)
    }

    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = Outcome> + Send + '_>> {
        let event = serde_json::from_slice(&invocation.event).expect("JSON");
        let outcome = (self.answer)(&event);
        self.events.lock().expect("a lock").push(event);
        Box::pin(std::future::ready(outcome))
    }
}

/// A function's failure.
pub(crate) fn failed() -> Outcome {
    Outcome::Failed(r#"{"errorMessage":"x","errorType":"Exception"}"#.into())
}

/// Services with a table `items`, whose key is `id`.
pub(crate) struct Bench {
    pub(crate) services: Services,
    pub(crate) address: SocketAddr,
    pub(crate) stream: String,
}

impl Bench {
    pub(crate) async fn start(keeper: &Arc<Keeper>, view_type: &str, data: Option<&Path>) -> Self {
        let folder = data.map(|data| data.join("dynamodb"));
        let database = DynamoDb::open(folder.as_deref()).expect("a database");
        let services = Services::start(Options {
            functions: Some(Arc::clone(keeper) as _),
            tables: Some(Arc::new(database)),
            data: data.map(Path::to_owned),
            ..Options::default()
        })
        .await
        .expect("services");
        let address = services.address();
        let mut bench = Self {
            services,
            address,
            stream: String::new(),
        };
        let table = json!({
            "TableName": "items",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": view_type},
        });
        // A table of an earlier run is there already.
        bench.call("dynamodb.CreateTable", table).await;
        let described = bench
            .call("dynamodb.DescribeTable", json!({"TableName": "items"}))
            .await;
        let arn = described.document()["Table"]["LatestStreamArn"].take();
        bench.stream = arn.as_str().expect("a stream").to_owned();
        bench
    }

    /// Calls an operation without holding up the runtime.
    pub(crate) async fn call(&self, operation: &'static str, input: Value) -> Answer {
        let (address, input) = (self.address, input.to_string());
        let called = move || client::call(address, operation, &input);
        tokio::task::spawn_blocking(called)
            .await
            .expect("an answer")
    }

    pub(crate) async fn put(&self, item: Value) {
        let answer = self
            .call(
                "dynamodb.PutItem",
                json!({"TableName": "items", "Item": item}),
            )
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Creates a mapping of the stream to the function, with these settings.
    pub(crate) async fn map(&self, mut settings: Value) -> Answer {
        settings["FunctionName"] = "f".into();
        if settings["EventSourceArn"].is_null() {
            settings["EventSourceArn"] = self.stream.as_str().into();
        }
        let (address, body) = (self.address, settings.to_string());
        let line = "POST /2015-03-31/event-source-mappings/";
        let called = move || client::request(address, line, "", "test", &body);
        tokio::task::spawn_blocking(called)
            .await
            .expect("an answer")
    }

    /// Calls SQS.
    pub(crate) async fn sqs(&self, operation: &'static str, input: Value) -> Value {
        let (address, input) = (self.address, input.to_string());
        let target = format!("AmazonSQS.{operation}");
        let called = move || client::send(address, &target, "test", &input);
        let answer = tokio::task::spawn_blocking(called)
            .await
            .expect("an answer");
        answer.document()
    }

    /// Creates the queue for what fails, and returns its ARN.
    pub(crate) async fn queue(&self) -> String {
        self.sqs("CreateQueue", json!({"QueueName": "failed"}))
            .await;
        "arn:aws:sqs:us-east-1:123456789012:failed".into()
    }

    /// The next message of the queue for what failed.
    pub(crate) async fn buried(&self) -> Value {
        let url = format!("{}/123456789012/failed", self.services.endpoint());
        let input = json!({"QueueUrl": url, "WaitTimeSeconds": 10});
        let received = self.sqs("ReceiveMessage", input).await;
        let body = received["Messages"][0]["Body"].as_str().unwrap_or_default();
        serde_json::from_str(body).unwrap_or_default()
    }
}

/// Waits until something holds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
