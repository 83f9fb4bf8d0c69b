//! The endpoint from outside: guards, refusals, reset, restart, and the behaviour that no case of the conformance file holds.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fw_services::{Access, Body, Caller, Fallback, Options, Services};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

const SIGNED: &str = "authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0\r\n";

/// Sends bytes as they are, and reads to the end.
async fn raw(services: &Services, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(services.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

async fn send(services: &Services, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        services.address(),
        body.len(),
    );
    raw(services, request.as_bytes()).await
}

async fn sqs(services: &Services, operation: &str, input: Value) -> Answer {
    let headers = format!("{SIGNED}x-amz-target: AmazonSQS.{operation}\r\n");
    send(services, "POST", "/", &headers, &input.to_string()).await
}

/// The output of an operation that must succeed.
async fn ok(services: &Services, operation: &str, input: Value) -> Value {
    let answer = sqs(services, operation, input).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
    answer.json()
}

/// The type and the text of an operation's error.
async fn refused(services: &Services, operation: &str, input: Value) -> (String, String) {
    let answer = sqs(services, operation, input).await;
    assert!(answer.status >= 400, "{operation}: {}", answer.body);
    let document = answer.json();
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    (
        text("__type").replace("com.amazonaws.sqs#", ""),
        text("message"),
    )
}

async fn start() -> Services {
    Services::start(Options::default()).await.unwrap()
}

async fn queue(services: &Services, name: &str, attributes: Value) -> String {
    let input = json!({"QueueName": name, "Attributes": attributes});
    let output = ok(services, "CreateQueue", input).await;
    output["QueueUrl"].as_str().unwrap().to_owned()
}

async fn receive(services: &Services, url: &str) -> Vec<Value> {
    let input = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]});
    let output = ok(services, "ReceiveMessage", input).await;
    output["Messages"].as_array().cloned().unwrap_or_default()
}

fn bodies(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|message| message["Body"].as_str())
        .collect()
}

fn temporary_folder() -> PathBuf {
    let unique = format!("fw-services-{}-{:?}", std::process::id(), Instant::now());
    let unique: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
    std::env::temp_dir().join(unique)
}

#[tokio::test]
async fn health_and_reset_need_no_signature() {
    let services = start().await;
    for path in ["/_fw/health", "/_localstack/health"] {
        let health = send(&services, "GET", path, "", "").await.json();
        assert_eq!(health["services"]["sqs"], "running", "{path}");
    }
    queue(&services, "q", json!({})).await;
    assert_eq!(
        send(&services, "POST", "/_fw/reset", "", "").await.status,
        200
    );
    assert_eq!(ok(&services, "ListQueues", json!({})).await, json!({}));
    let wrong = send(&services, "POST", "/_fw/clock", "", "{\"advance\": 1}").await;
    assert_eq!(wrong.status, 400);
    assert_eq!(
        send(&services, "DELETE", "/_fw/clock", "", "").await.status,
        405
    );
}

#[tokio::test]
async fn queue_urls_lie_on_the_host_that_was_asked() {
    let services = start().await;
    let port = services.address().port();
    let body = json!({"QueueName": "q"}).to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: sqs.localhost:{port}\r\nconnection: close\r\n{SIGNED}x-amz-target: AmazonSQS.CreateQueue\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let url = raw(&services, request.as_bytes()).await.json()["QueueUrl"].clone();
    assert_eq!(url, format!("http://sqs.localhost:{port}/123456789012/q"));
}

#[tokio::test]
async fn unknown_callers_hosts_and_origins_are_refused() {
    let services = start().await;
    let target = "x-amz-target: AmazonSQS.ListQueues\r\n";
    assert_eq!(send(&services, "POST", "/", target, "{}").await.status, 403);
    let other = SIGNED.replace("Credential=test", "Credential=other");
    let answer = send(&services, "POST", "/", &format!("{other}{target}"), "{}").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("InvalidClientTokenId"));
    let origin = format!("{SIGNED}{target}origin: https://evil.example\r\n");
    assert_eq!(
        send(&services, "POST", "/", &origin, "{}").await.status,
        403
    );
}

/// The key `test` is public and passes with any signature, so only the head shows that a page of another site sent a request.
#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let services = start().await;
    let delete = "/?Action=PurgeQueue&Version=2012-11-05&X-Amz-Credential=test/20260101/us-east-1/sqs/aws4_request&X-Amz-Signature=0";
    for path in ["/_fw/health", "/_fw/reset", delete] {
        for method in ["GET", "POST", "HEAD", "OPTIONS"] {
            for (head, code) in [
                ("host: evil.example\r\n", "host_not_allowed"),
                ("host: [::1].evil.example\r\n", "host_not_allowed"),
                ("host: [::1]evil\r\n", "host_not_allowed"),
                ("host: [localhost]\r\n", "host_not_allowed"),
                ("host: localhost.evil.example\r\n", "host_not_allowed"),
                (
                    "host: 127.0.0.1\r\nhost: evil.example\r\n",
                    "host_not_allowed",
                ),
                ("host: 0.0.0.0\r\n", "host_not_allowed"),
                (
                    "host: localhost\r\norigin: http://evil.example\r\n",
                    "origin_not_allowed",
                ),
                ("host: localhost\r\norigin: null\r\n", "origin_not_allowed"),
                (
                    "host: localhost\r\norigin: http://[::1].evil.example\r\n",
                    "origin_not_allowed",
                ),
                (
                    "host: localhost\r\norigin: chrome-extension://localhost\r\n",
                    "origin_not_allowed",
                ),
                // An image, a form of another port of a name that is not this machine's.
                (
                    "host: localhost\r\nsec-fetch-site: cross-site\r\n",
                    "page_not_allowed",
                ),
                (
                    "host: localhost\r\nSec-Fetch-Site: same-site\r\n",
                    "page_not_allowed",
                ),
            ] {
                let request =
                    format!("{method} {path} HTTP/1.1\r\n{head}connection: close\r\n\r\n");
                let answer = raw(&services, request.as_bytes()).await;
                assert_eq!(answer.status, 403, "{request}");
                assert!(
                    method == "HEAD" || answer.body.contains(code),
                    "{request}: {}",
                    answer.body
                );
            }
        }
    }
    // The developer's own page, and what is not a page.
    for head in [
        "host: localhost\r\n",
        "host: [::1]:4566\r\n",
        "host: sqs.us-east-1.localhost:4566\r\n",
        "host: localhost\r\norigin: http://localhost:3000\r\nsec-fetch-site: same-site\r\n",
        "host: localhost\r\nsec-fetch-site: none\r\n",
    ] {
        let request = format!("GET /_fw/health HTTP/1.1\r\n{head}connection: close\r\n\r\n");
        assert_eq!(
            raw(&services, request.as_bytes()).await.status,
            200,
            "{head}"
        );
    }
    let absolute = b"GET http://evil.example/_fw/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(raw(&services, absolute).await.status, 403);
}

#[tokio::test]
async fn a_name_that_is_allowed_is_answered() {
    let services = Services::start(Options {
        allowed_hosts: vec!["host.docker.internal".into()],
        ..Options::default()
    })
    .await
    .unwrap();
    for (host, expected) in [("host.docker.internal:4566", 200), ("evil.example", 403)] {
        let request =
            format!("GET /_fw/health HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(
            raw(&services, request.as_bytes()).await.status,
            expected,
            "{host}"
        );
    }
}

#[tokio::test]
async fn the_access_hook_decides_by_action_and_resource() {
    struct Only;
    impl Access for Only {
        fn decide(&self, _: &Caller, action: &str, resource: &str) -> Result<(), String> {
            let allowed = action == "sqs:CreateQueue" && resource.ends_with(":q");
            if allowed {
                Ok(())
            } else {
                Err(format!("not {action} on {resource}"))
            }
        }
    }
    let options = Options {
        access: Arc::new(Only),
        ..Options::default()
    };
    let services = Services::start(options).await.unwrap();
    let url = queue(&services, "q", json!({})).await;
    let input = json!({"QueueUrl": url, "MessageBody": "x"});
    let (kind, text) = refused(&services, "SendMessage", input).await;
    assert_eq!(kind, "AccessDeniedException");
    assert_eq!(
        text,
        "not sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:q"
    );
}

#[tokio::test]
async fn what_is_not_implemented_is_refused_by_its_name() {
    let services = start().await;
    let target = format!("{SIGNED}x-amz-target: DynamoDB_20120810.ListTables\r\n");
    for (headers, method, path, name) in [
        (target.as_str(), "POST", "/", "DynamoDB_20120810.ListTables"),
        (SIGNED, "GET", "/bucket?list-type=2", "GET /bucket"),
        (
            SIGNED,
            "POST",
            "/2015-03-31/event-source-mappings",
            "event-source-mappings",
        ),
        (
            SIGNED,
            "GET",
            "/?Action=Nothing&Version=2010-03-31",
            "SNS Nothing",
        ),
    ] {
        let answer = send(&services, method, path, headers, "{}").await;
        assert_eq!(answer.status, 501, "{name}: {}", answer.body);
        assert!(answer.body.contains(name), "{name}: {}", answer.body);
    }
    let (kind, text) = refused(&services, "NoSuchOperation", json!({})).await;
    assert_eq!(kind, "NotImplemented");
    assert!(text.contains("AmazonSQS.NoSuchOperation"));
}

#[tokio::test]
async fn requests_that_make_no_sense_get_an_error_and_not_a_panic() {
    let services = start().await;
    let url = queue(&services, "q", json!({})).await;
    let inputs = [
        "",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{\"QueueUrl\":1}",
        "{\"QueueUrl\":null}",
        "{\"QueueUrl\":\"\"}",
        "{\"Entries\":[null]}",
        "{\"Attributes\":[1]}",
        "{\"QueueUrl\":\"/////\"}",
        "{\"QueueUrl\":\"q\",\"DelaySeconds\":9223372036854775807,\"MessageBody\":\"x\"}",
        "{\"QueueUrl\":\"q\",\"VisibilityTimeout\":-9223372036854775808,\"ReceiptHandle\":\"AAAA\"}",
        "{\"QueueUrl\":\"q\",\"MaxNumberOfMessages\":0}",
        "{\"QueueUrl\":\"q\",\"Entries\":[]}",
        "{\"TaskHandle\":\"e30=\"}",
        "{\"SourceArn\":\":::\"}",
        "{\"NextToken\":\"!\",\"MaxResults\":1}",
        "{\"QueueName\":\"ü\"}",
        "{\"QueueName\":\".fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}",
    ];
    let operations = [
        "SendMessage",
        "ReceiveMessage",
        "DeleteMessage",
        "SendMessageBatch",
        "DeleteMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        "CreateQueue",
        "GetQueueUrl",
        "ListQueues",
        "GetQueueAttributes",
        "SetQueueAttributes",
        "ListQueueTags",
        "TagQueue",
        "UntagQueue",
        "AddPermission",
        "RemovePermission",
        "ListDeadLetterSourceQueues",
        "StartMessageMoveTask",
        "CancelMessageMoveTask",
        "ListMessageMoveTasks",
    ];
    for operation in operations {
        let headers = format!("{SIGNED}x-amz-target: AmazonSQS.{operation}\r\n");
        for input in inputs {
            let answer = send(&services, "POST", "/", &headers, input).await;
            assert!(
                (200..500).contains(&answer.status),
                "{operation} {input}: {}",
                answer.status
            );
        }
    }
    for query in [
        "Action=",
        "Action=SendMessage&Version=2012-11-05&%%%&=&MessageBody=%FF",
        "Action=CreateTopic&Version=2010-03-31",
        "Action=Publish&Version=2010-03-31&TopicArn=::::::&Message=x&MessageAttributes.entry.x.Name=a",
        "Action=Subscribe&Version=2010-03-31&TopicArn=a:b:c:d:e:f",
        "Action=ReceiveMessage&Version=2012-11-05&WaitTimeSeconds=x",
        "Action=ConfirmSubscription&Token=%00",
        "Action=Unsubscribe&SubscriptionArn=",
        "Action=SendMessageBatch&Version=2012-11-05&SendMessageBatchRequestEntry.99999999999.Id=x",
    ] {
        let path = format!("/?{query}");
        let answer = send(&services, "GET", &path, SIGNED, "").await;
        assert!(
            (200..502).contains(&answer.status),
            "{query}: {}",
            answer.status
        );
    }
    let large = "x".repeat(9 * 1024 * 1024);
    let headers = format!("{SIGNED}x-amz-target: AmazonSQS.SendMessage\r\n");
    let answer = send(&services, "POST", "/", &headers, &large).await;
    assert!(matches!(answer.status, 0 | 413), "{}", answer.status);
    // The services are still there.
    ok(
        &services,
        "SendMessage",
        json!({"QueueUrl": url, "MessageBody": "x"}),
    )
    .await;
}

#[tokio::test]
async fn queues_topics_and_the_clock_survive_a_restart() {
    let folder = temporary_folder();
    let open = || {
        Services::start(Options {
            data: Some(folder.clone()),
            ..Options::default()
        })
    };
    let services = open().await.unwrap();
    let busy = open().await.unwrap_err();
    assert_eq!(busy.kind(), std::io::ErrorKind::ResourceBusy);
    let fifo = queue(
        &services,
        "f.fifo",
        json!({"FifoQueue": "true", "VisibilityTimeout": "600"}),
    )
    .await;
    for (group, id) in [("a", "1"), ("a", "2"), ("b", "3")] {
        let input = json!({"QueueUrl": fifo, "MessageBody": id, "MessageGroupId": group, "MessageDeduplicationId": id});
        ok(&services, "SendMessage", input).await;
    }
    let one = json!({"QueueUrl": fifo, "MaxNumberOfMessages": 1});
    let received = ok(&services, "ReceiveMessage", one).await;
    let handle = received["Messages"][0]["ReceiptHandle"].clone();
    let topic = send(
        &services,
        "GET",
        "/?Action=CreateTopic&Version=2010-03-31&Name=t",
        SIGNED,
        "",
    )
    .await;
    assert_eq!(topic.status, 200);
    services.clock().advance(Duration::from_secs(60));
    let before = services.clock().now_ms();
    services.shutdown().await.unwrap();

    let services = open().await.unwrap();
    assert!(services.clock().now_ms() >= before);
    // Group a is in flight, and what was sent is remembered.
    assert_eq!(bodies(&receive(&services, "f.fifo").await), ["3"]);
    ok(
        &services,
        "DeleteMessage",
        json!({"QueueUrl": "f.fifo", "ReceiptHandle": handle}),
    )
    .await;
    let again = json!({"QueueUrl": "f.fifo", "MessageBody": "x", "MessageGroupId": "a", "MessageDeduplicationId": "2"});
    ok(&services, "SendMessage", again).await;
    assert_eq!(bodies(&receive(&services, "f.fifo").await), ["2"]);
    let topics = send(
        &services,
        "GET",
        "/?Action=ListTopics&Version=2010-03-31",
        SIGNED,
        "",
    )
    .await;
    assert!(topics.body.contains(":t</TopicArn>"), "{}", topics.body);
    services.shutdown().await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_change_is_on_disk_without_a_shutdown() {
    let folder = temporary_folder();
    let options = Options {
        data: Some(folder.clone()),
        ..Options::default()
    };
    let services = Services::start(options).await.unwrap();
    queue(&services, "kept", json!({})).await;
    let file = folder.join("services.json");
    let ends = Instant::now() + Duration::from_secs(10);
    while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains("kept")) {
        assert!(Instant::now() < ends, "nothing is written");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(services);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_expired_handle_of_a_fifo_queue_is_refused() {
    let services = start().await;
    let url = queue(
        &services,
        "q.fifo",
        json!({"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "1"}),
    )
    .await;
    ok(
        &services,
        "SendMessage",
        json!({"QueueUrl": url, "MessageBody": "x", "MessageGroupId": "g"}),
    )
    .await;
    let handle = receive(&services, &url).await[0]["ReceiptHandle"].clone();
    services.clock().advance(Duration::from_secs(2));
    let input = json!({"QueueUrl": url, "ReceiptHandle": handle});
    let (kind, text) = refused(&services, "DeleteMessage", input).await;
    assert_eq!(kind, "InvalidParameterValueException");
    assert!(
        text.ends_with("Reason: The receipt handle has expired."),
        "{text}"
    );
}

#[tokio::test]
async fn extending_a_message_of_a_group_hides_it_and_those_after_it() {
    let services = start().await;
    for (extended, visible) in [(0, vec![]), (1, vec!["0"]), (2, vec!["0", "1"])] {
        let name = format!("q{extended}.fifo");
        let url = queue(
            &services,
            &name,
            json!({"FifoQueue": "true", "VisibilityTimeout": "1"}),
        )
        .await;
        for id in ["0", "1", "2"] {
            let input = json!({"QueueUrl": url, "MessageBody": id, "MessageGroupId": "g", "MessageDeduplicationId": id});
            ok(&services, "SendMessage", input).await;
        }
        let handle = receive(&services, &url).await[extended]["ReceiptHandle"].clone();
        let input = json!({"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 4});
        ok(&services, "ChangeMessageVisibility", input).await;
        services.clock().advance(Duration::from_millis(2500));
        assert_eq!(bodies(&receive(&services, &url).await), visible);
    }
}

#[tokio::test]
async fn a_receive_attempt_can_be_repeated() {
    let services = start().await;
    let url = queue(
        &services,
        "q.fifo",
        json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}),
    )
    .await;
    for body in ["1", "2"] {
        ok(
            &services,
            "SendMessage",
            json!({"QueueUrl": url, "MessageBody": body, "MessageGroupId": "g"}),
        )
        .await;
    }
    let attempt = |id: &str| json!({"QueueUrl": url, "ReceiveRequestAttemptId": id});
    let first = ok(&services, "ReceiveMessage", attempt("a")).await;
    assert_eq!(ok(&services, "ReceiveMessage", attempt("a")).await, first);
    assert_eq!(
        ok(&services, "ReceiveMessage", attempt("b")).await,
        json!({})
    );
}

#[tokio::test]
async fn visibility_ends_twelve_hours_after_the_receive() {
    let services = start().await;
    let url = queue(&services, "q", json!({})).await;
    ok(
        &services,
        "SendMessage",
        json!({"QueueUrl": url, "MessageBody": "x"}),
    )
    .await;
    let handle = receive(&services, &url).await[0]["ReceiptHandle"].clone();
    let change = |seconds: u64| json!({"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": seconds});
    let (_, text) = refused(&services, "ChangeMessageVisibility", change(43_200)).await;
    assert!(text.contains("beyond the limit [43200 seconds]"), "{text}");
    ok(&services, "ChangeMessageVisibility", change(40_000)).await;
}

#[tokio::test]
async fn retention_counts_from_the_sending_also_in_flight_and_for_dead_letters() {
    let services = start().await;
    let dead = queue(&services, "dead", json!({"MessageRetentionPeriod": "60"})).await;
    let policy = json!({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 1});
    let url = queue(
        &services,
        "q",
        json!({"VisibilityTimeout": "0", "RedrivePolicy": policy.to_string()}),
    )
    .await;
    ok(
        &services,
        "SendMessage",
        json!({"QueueUrl": url, "MessageBody": "x"}),
    )
    .await;
    services.clock().advance(Duration::from_secs(50));
    assert_eq!(receive(&services, &url).await.len(), 1);
    assert_eq!(receive(&services, &url).await.len(), 0);
    let moved = receive(&services, &dead).await;
    assert_eq!(moved[0]["Attributes"]["ApproximateReceiveCount"], "2");
    services.clock().advance(Duration::from_secs(11));
    let names = json!({"QueueUrl": dead, "AttributeNames": ["All"]});
    let left = ok(&services, "GetQueueAttributes", names).await;
    assert_eq!(
        left["Attributes"]["ApproximateNumberOfMessagesNotVisible"],
        "0"
    );
}

#[tokio::test]
async fn a_deleted_queue_ends_its_long_polls_and_keeps_its_name_for_a_minute() {
    let services = Arc::new(start().await);
    let url = queue(&services, "q", json!({})).await;
    let poll = tokio::spawn({
        let (services, input) = (
            Arc::clone(&services),
            json!({"QueueUrl": url, "WaitTimeSeconds": 20}),
        );
        async move { sqs(&services, "ReceiveMessage", input).await.status }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    ok(&services, "DeleteQueue", json!({"QueueUrl": url})).await;
    let ended = tokio::time::timeout(Duration::from_secs(5), poll).await;
    assert_eq!(ended.unwrap().unwrap(), 400);
    let (kind, _) = refused(&services, "CreateQueue", json!({"QueueName": "q"})).await;
    assert_eq!(kind, "QueueDeletedRecently");
    services.clock().advance(Duration::from_secs(60));
    queue(&services, "q", json!({})).await;
}

#[tokio::test]
async fn a_body_survives_the_query_protocol_byte_for_byte() {
    let services = start().await;
    let url = queue(&services, "q", json!({"VisibilityTimeout": "0"})).await;
    let body = "\"&quot;<&\r\n\t";
    ok(
        &services,
        "SendMessage",
        json!({"QueueUrl": url, "MessageBody": body}),
    )
    .await;
    let path = "/123456789012/q?Action=ReceiveMessage&Version=2012-11-05";
    let answer = send(&services, "GET", path, SIGNED, "").await;
    assert!(answer.head.contains("text/xml"), "{}", answer.head);
    let expected = "<Body>&quot;&amp;quot;&lt;&amp;&#xD;\n\t</Body>";
    assert!(answer.body.contains(expected), "{}", answer.body);
    let without_action = send(&services, "GET", "/123456789012/q", SIGNED, "").await;
    assert_eq!(without_action.status, 404);
}

/// Takes what no service takes, and lets the pages of one site ask for one path.
struct Buckets;

impl Fallback for Buckets {
    fn admits_page(&self, origin: &str, request: &http::Request<hyper::body::Incoming>) -> bool {
        origin == "https://app.example" && request.uri().path() == "/photos/k"
    }

    fn call(
        &self,
        _request: http::Request<hyper::body::Incoming>,
    ) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send + '_>> {
        Box::pin(async { http::Response::new(Body::Left("an object".into())) })
    }
}

/// A page that a bucket lets in reaches the bucket, and nothing else on the port.
#[tokio::test]
async fn a_page_reaches_what_lets_it_in_alone() {
    let services = Services::start(Options {
        fallback: Some(Arc::new(Buckets)),
        ..Options::default()
    })
    .await
    .unwrap();
    let page = |origin: &str| format!("{SIGNED}origin: {origin}\r\n");
    let ask = async |path: &str, headers: &str| {
        let answer = send(&services, "POST", path, headers, "").await;
        (answer.status, answer.body.contains("an object"))
    };
    let named = page("https://app.example");
    assert_eq!(ask("/photos/k", &named).await, (200, true));
    assert_eq!(ask("/photos/other", &named).await, (403, false));
    assert_eq!(ask("/_fw/reset", &named).await, (403, false));
    assert_eq!(
        ask("/photos/k", &page("https://evil.example")).await,
        (403, false)
    );
    // A header of another service does not lead there.
    let target = format!("{named}x-amz-target: AmazonSQS.ListQueues\r\n");
    assert_eq!(ask("/photos/k", &target).await, (200, true));
    assert_eq!(ask("/", &target).await, (403, false));
}
