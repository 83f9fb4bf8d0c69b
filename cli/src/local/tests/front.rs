//! What strangers, slow clients and broken ones do to the server in front: they are told so, and the others are served.

use super::{
    http::{Running, exchange, get, start},
    *,
};

/// The status of an answer.
fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

async fn send(running: &Running, head: &str) -> u16 {
    let request = format!("{head}\r\nConnection: close\r\n\r\n");
    status(&exchange(running, &request).await)
}

#[tokio::test]
async fn requests_for_other_hosts_are_refused_and_told_how_to_be_allowed() {
    let running = start().await;
    running.serve(&[]);
    for (head, expected) in [
        ("GET /do:pid HTTP/1.1\r\nHost: localhost:1", 200),
        ("GET /do:pid HTTP/1.1\r\nHost: app.localhost", 200),
        ("GET /do:pid HTTP/1.1\r\nHost: friend.example:8000", 200),
        ("GET /do:pid HTTP/1.0", 200),
        (
            "GET http://127.0.0.1/do:pid HTTP/1.1\r\nHost: localhost",
            200,
        ),
        ("GET /do:pid HTTP/1.1\r\nHost: rebound.example", 403),
        (
            "GET http://rebound.example/do:pid HTTP/1.1\r\nHost: localhost",
            403,
        ),
        (
            "GET /do:pid HTTP/1.1\r\nHost: localhost\r\nHost: rebound.example",
            400,
        ),
        ("GET /do:pid HTTP/1.1\r\nHost: \u{e9}", 403),
    ] {
        assert_eq!(send(&running, head).await, expected, "{head:?}");
    }
    let lines = running.lines.clone();
    running.stop().await;
    lines.position("warning: refused a request for the host `rebound.example`; pass `--allow-host rebound.example` to accept it");
}

#[tokio::test]
async fn targets_in_absolute_form_and_offers_of_another_protocol_change_nothing() {
    let running = start().await;
    running.serve(&[]);
    let absolute = "GET http://localhost:8000/do:echo?a=b HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\n\r\n";
    let answer = exchange(&running, absolute).await;
    let event: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(event["rawPath"], "/do:echo");
    assert_eq!(event["rawQueryString"], "a=b");
    // A server may go on with HTTP/1.1 (RFC 9110 §7.8).
    let offer = "GET /do:pid HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: close, Upgrade, HTTP2-Settings\r\n\r\n";
    let answer = exchange(&running, offer).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn many_headers_are_taken_until_they_are_too_long() {
    let running = start().await;
    running.serve(&[]);
    let head = |count: usize| {
        let fields: String = (0..count)
            .map(|n| format!("\r\nX-{n}: a value, {n}"))
            .collect();
        format!("GET /do:echo HTTP/1.1\r\nHost: localhost{fields}")
    };
    assert_eq!(send(&running, &head(300)).await, 200);
    // Over 10,240 bytes: the gateway's own answer, and a line in the log.
    assert_eq!(send(&running, &head(500)).await, 431);
    assert_eq!(send(&running, &head(5000)).await, 431);
    let long = "x".repeat(20_000);
    let target = format!("GET /{long} HTTP/1.1\r\nHost: localhost");
    assert_eq!(send(&running, &target).await, 431);
    let lines = running.lines.clone();
    running.stop().await;
    lines.position("GET /do:echo 431 ");
    lines.position("request line and headers have more than 10240 bytes");
}

#[tokio::test]
async fn slow_half_open_and_idle_clients_hold_up_nobody() {
    let running = start().await;
    running.serve(&[]);
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(running.connect().await);
    }
    // Half a head, half a body, and then nothing.
    for half in [
        "GET /do:pid HT",
        "POST /do:echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
        "POST /do:echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
        "PRI * HTTP/2.0\r\n\r\nSM",
    ] {
        let mut stream = running.connect().await;
        stream.write_all(half.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    let request = "GET /do:pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut slow = running.connect().await;
    for byte in request.as_bytes() {
        slow.write_all(&[*byte]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert_eq!(status(&answer), 200);
    assert_eq!(get(&running, "/do:pid").await.0, 200);
    // Nor do they hold up the end for longer than its moment of grace, and who is cut off then is told of.
    let lines = running.lines.clone();
    running.stop().await;
    lines.position("the client disconnected before the response");
    drop(idle);
}

#[tokio::test]
async fn clients_that_leave_within_their_request_are_told_of_and_forgotten() {
    let running = start().await;
    running.serve(&[]);
    let gone = "POST /do:echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf";
    for _ in 0..20 {
        let mut stream = running.connect().await;
        stream.write_all(gone.as_bytes()).await.unwrap();
    }
    let told = || {
        let lines = running.lines.all();
        let left = lines
            .iter()
            .filter(|line| line.contains("the client disconnected"));
        left.count()
    };
    eventually(|| told() == 20).await;
    assert_eq!(get(&running, "/do:pid").await.0, 200);
    let lines = running.lines.clone();
    // The log is written beside the answers, and to its end when the server stops.
    running.stop().await;
    let lines = lines.all();
    let started = lines.iter().filter(|line| line.starts_with("START"));
    assert_eq!(started.count(), 1, "what was never whole is no invocation");
}

#[tokio::test]
async fn http_2_is_for_our_hosts_as_well() {
    use http_body_util::{BodyExt as _, Full};

    let running = start().await;
    running.serve(&[]);
    let stream = running.connect().await;
    let (mut client, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(stream),
    )
    .await
    .unwrap();
    let connection = tokio::spawn(connection);
    for (method, uri, expected) in [
        ("POST", "http://localhost:8000/do:echo", 200),
        ("HEAD", "http://localhost:8000/do:pid", 200),
        ("GET", "http://rebound.example/do:pid", 403),
        ("GET", "http://localhost:8000/no/such/route", 404),
    ] {
        let request = ::http::Request::builder().method(method).uri(uri);
        let body = if method == "POST" { "hello" } else { "" };
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), expected, "{uri}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        match method {
            "HEAD" => assert!(body.is_empty(), "{body:?}"),
            "POST" => {
                let event: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(event["headers"]["host"], "localhost:8000");
                assert_eq!(event["rawPath"], "/do:echo");
            }
            _ => assert!(!body.is_empty()),
        }
    }
    drop(client);
    let _ = connection.await;
    running.stop().await;
}

#[tokio::test]
async fn a_request_of_http2_without_any_host_is_none_as_one_of_http1_is_not() {
    let running = start().await;
    running.serve(&[]);
    // An empty SETTINGS frame, and the fields `:method: GET`, `:scheme: http`, `:path: /` (RFC 7541, appendix A) of stream 1.
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend(b"\0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84");
    let mut stream = running.connect().await;
    stream.write_all(&bytes).await.unwrap();
    let status = loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut frame = vec![0; length as usize];
        stream.read_exact(&mut frame).await.unwrap();
        if head[3] == 1 {
            break frame[0];
        }
    };
    // `:status: 400` of the same table.
    assert_eq!(status, 0x8c);
    running.stop().await;
}
