//! `cargo fw services`, as another program's tests use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{
    local_ports::{NOBODY, is_root, open_to_others, raw_as},
    local_support::cli,
};

pub(crate) struct Running {
    child: Child,
    pub(crate) address: String,
}

impl Running {
    /// Starts the services, and waits for the endpoint that they print.
    pub(crate) fn start(folder: &Path) -> Self {
        let mut child = cli(folder, &["services", "--port", "0", "--data", "state"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the CLI");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("standard output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().trim_start_matches("http://").to_owned();
        Self { child, address }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let signed = "authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\n{signed}\r\nconnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Calls an operation of DynamoDB, and returns the answer with its head.
    #[cfg(feature = "dynamodb")]
    fn dynamodb(&self, operation: &str, input: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let signed = "authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\n{signed}\r\nx-amz-target: DynamoDB_20120810.{operation}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{input}",
            self.address,
            input.len()
        );
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Stops them as a user does, and returns the exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        self.child.wait().expect("an end").code()
    }
}

#[test]
fn services_are_their_user_s_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = Running::start(folder.path());
    services.get("/?Action=CreateQueue&Version=2012-11-05&QueueName=orders");
    let (_, port) = services.address.rsplit_once(':').expect("a port");
    let port = port.parse().expect("a port");
    if is_root() {
        let text = "POST /_fw/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let (status, body) = raw_as(NOBODY, port, text).expect("an answer");
        assert_eq!(status, 403);
        assert!(body.contains("another user"), "{body}");
        let listed = services.get("/?Action=ListQueues&Version=2012-11-05");
        assert!(listed.contains("/orders</QueueUrl>"), "{listed}");
    }
    assert_eq!(services.stop(), Some(0));
    assert_eq!(open_to_others(&folder.path().join("state")), [""; 0]);
}

#[test]
fn services_need_no_app_and_keep_their_queues() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = Running::start(folder.path());
    assert!(services.get("/_fw/health").contains("\"sqs\":\"running\""));
    let created = services.get("/?Action=CreateQueue&Version=2012-11-05&QueueName=orders");
    assert!(
        created.contains("/123456789012/orders</QueueUrl>"),
        "{created}"
    );

    let (_, port) = services.address.rsplit_once(':').expect("a port");
    let second = cli(folder.path(), &["services", "--port", port])
        .output()
        .expect("the CLI");
    assert_eq!(second.status.code(), Some(69));
    let shown = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(shown.contains(&format!("port {port} is in use")), "{shown}");
    assert_eq!(services.stop(), Some(0));

    let again = Running::start(folder.path());
    let listed = again.get("/?Action=ListQueues&Version=2012-11-05");
    assert!(listed.contains("/orders</QueueUrl>"), "{listed}");
    let (_, port) = again.address.rsplit_once(':').expect("a port");
    let reset = |port: &str| {
        let output = cli(folder.path(), &["services", "--reset", "--port", port]).output();
        let output = output.expect("the CLI");
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), shown)
    };
    assert_eq!(reset(port).0, Some(0));
    let listed = again.get("/?Action=ListQueues&Version=2012-11-05");
    assert!(!listed.contains("/orders</QueueUrl>"), "{listed}");
    let port = port.to_owned();
    assert_eq!(again.stop(), Some(0));
    let (code, shown) = reset(&port);
    assert_eq!(code, Some(69), "{shown}");
    assert!(shown.contains("does not answer"), "{shown}");
}

#[cfg(feature = "dynamodb")]
#[test]
fn tables_are_kept_and_their_files_are_their_user_s_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = Running::start(folder.path());
    assert!(
        services
            .get("/_fw/health")
            .contains("\"dynamodb\":\"running\"")
    );
    let created = services.dynamodb(
        "CreateTable",
        r#"{"TableName":"orders","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}"#,
    );
    assert!(created.starts_with("HTTP/1.1 200"), "{created}");
    let put = services.dynamodb(
        "PutItem",
        r#"{"TableName":"orders","Item":{"id":{"S":"7"},"total":{"N":"12.50"}}}"#,
    );
    assert!(put.starts_with("HTTP/1.1 200"), "{put}");
    assert_eq!(open_to_others(&folder.path().join("state")), [""; 0]);
    assert_eq!(services.stop(), Some(0));

    let again = Running::start(folder.path());
    let found = again.dynamodb(
        "GetItem",
        r#"{"TableName":"orders","Key":{"id":{"S":"7"}}}"#,
    );
    assert!(found.contains(r#""total":{"N":"12.5"}"#), "{found}");
    assert!(
        again
            .get("/_fw/resources")
            .contains(r#""tables":["orders"]"#)
    );
    assert_eq!(again.stop(), Some(0));
}
