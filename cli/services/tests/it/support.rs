//! A client of the services for tests that write their requests by hand.

use std::time::Duration;

use fw_services::Services;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A client of these services.
pub(crate) struct Client<'a>(pub(crate) &'a Services);

impl Client<'_> {
    /// Sends a request that is signed for a service, and returns the status and the body.
    pub(crate) async fn send(
        &self,
        (method, path): (&str, &str),
        service: &str,
        target: Option<&str>,
        body: &str,
    ) -> (u16, String, Value) {
        let target = target.map_or_else(String::new, |name| format!("x-amz-target: {name}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n{target}authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.0.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head[9..12].parse().unwrap();
        let document = serde_json::from_str(body).unwrap_or(Value::Null);
        (status, head.to_ascii_lowercase(), document)
    }

    /// The output of an operation of EventBridge that must succeed.
    pub(crate) async fn events(&self, operation: &str, input: Value) -> Value {
        let target = format!("AWSEvents.{operation}");
        let (status, _, body) = self
            .send(("POST", "/"), "events", Some(&target), &input.to_string())
            .await;
        assert_eq!(status, 200, "{operation}: {body}");
        body
    }

    /// The code and the text of an error of EventBridge.
    pub(crate) async fn events_error(&self, operation: &str, input: Value) -> (String, String) {
        let target = format!("AWSEvents.{operation}");
        let (status, _, body) = self
            .send(("POST", "/"), "events", Some(&target), &input.to_string())
            .await;
        assert!(status >= 400, "{operation}: {body}");
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (text("__type"), text("message"))
    }

    /// The output of an operation of SQS that must succeed.
    pub(crate) async fn sqs(&self, operation: &str, input: Value) -> Value {
        let target = format!("AmazonSQS.{operation}");
        let (status, _, body) = self
            .send(("POST", "/"), "sqs", Some(&target), &input.to_string())
            .await;
        assert_eq!(status, 200, "{operation}: {body}");
        body
    }

    /// Creates a queue, and returns its URL.
    pub(crate) async fn queue(&self, name: &str) -> String {
        self.queue_with(name, json!({})).await
    }

    /// Creates a queue with attributes, and returns its URL.
    pub(crate) async fn queue_with(&self, name: &str, attributes: Value) -> String {
        let input = json!({"QueueName": name, "Attributes": attributes});
        let output = self.sqs("CreateQueue", input).await;
        output["QueueUrl"].as_str().unwrap().to_owned()
    }

    /// The messages of a queue, once there is one.
    pub(crate) async fn receive(&self, url: &str) -> Vec<Value> {
        let input = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": 10,
            "WaitTimeSeconds": 20,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let output = self.sqs("ReceiveMessage", input).await;
        output["Messages"].as_array().cloned().unwrap_or_default()
    }
}

/// Lets time pass in steps, so that tasks run in between. Tasks run at least once.
pub(crate) async fn pass(services: &Services, milliseconds: u64) {
    for _ in 0..milliseconds.div_ceil(100).max(1) {
        services
            .clock()
            .advance(Duration::from_millis(milliseconds.min(100)));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
