//! A client of the endpoint: one request at a time, over a connection of its own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

/// What the endpoint answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) text: String,
}

impl Answer {
    /// The body as a document; null if the body is empty.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Calls an operation, such as `dynamodb.PutItem`.
pub(crate) fn call(address: SocketAddr, operation: &str, body: &str) -> Answer {
    let (service, operation) = operation.split_once('.').expect("service.Operation");
    let version = match service {
        "dynamodb" => "DynamoDB_20120810",
        "dynamodbstreams" => "DynamoDBStreams_20120810",
        other => panic!("unknown service {other}"),
    };
    send(address, &format!("{version}.{operation}"), "test", body)
}

/// Calls a target with an access key.
pub(crate) fn send(address: SocketAddr, target: &str, key: &str, body: &str) -> Answer {
    request(
        address,
        "POST /",
        &format!("x-amz-target: {target}\r\n"),
        key,
        body,
    )
}

/// Sends a request, such as `GET /path`, with headers in addition.
pub(crate) fn request(
    address: SocketAddr,
    line: &str,
    headers: &str,
    key: &str,
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\n{headers}content-type: application/x-amz-json-1.0\r\nauthorization: AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("a request");
    stream.write_all(body.as_bytes()).expect("a body");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (headers, text) = answer.split_once("\r\n\r\n").expect("a head");
    let status = headers.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.expect("a status"),
        headers: headers.to_owned(),
        text: text.to_owned(),
    }
}
