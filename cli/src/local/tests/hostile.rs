//! Hostile clients: what could be read in two ways, what has no end, and who never reads. They are refused in the gateway's words or
//! forgotten, nothing of theirs reaches the function, and the others are served.

use super::{
    http::{Running, exchange, get, start, start_with},
    *,
};

fn status(answer: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(answer);
    text.split(' ').nth(1)?.parse().ok()
}

/// Sends the bytes and reads what comes until the server closes.
async fn send(running: &Running, bytes: &[u8]) -> Vec<u8> {
    let mut stream = running.connect().await;
    // The server may close before it has read all.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

fn starts(running: &Running) -> usize {
    let lines = running.lines.all();
    lines
        .iter()
        .filter(|line| line.starts_with("START"))
        .count()
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused() {
    let running = start().await;
    running.serve(&[]);
    let smuggled = "GET /do:pid HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let head = "POST /do:echo HTTP/1.1\r\nHost: localhost\r\n";
    let requests: [Vec<u8>; 31] = [
        format!("{head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("{head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("{head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello{smuggled}"),
        format!("{head}Content-Length: 5, 6\r\n\r\nhello{smuggled}"),
        format!("{head}Content-Length: +5\r\n\r\nhello"),
        format!("{head}Content-Length: -1\r\n\r\nhello"),
        format!("{head}Content-Length: 0x5\r\n\r\nhello"),
        format!("{head}Content-Length: 5 5\r\n\r\nhello"),
        format!("{head}Content-Length:\r\n\r\nhello"),
        format!("{head}Content-Length: 99999999999999999999999\r\n\r\nhello"),
        format!("{head}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        "POST /do:echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\nhello\r\n0\r\n\r\n"),
        format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n{}\r\n",
            "f".repeat(8000)
        ),
        format!("{head}X-Folded: a\r\n b\r\n\r\n"),
        format!("{head}X-Nul: a\0b\r\n\r\n"),
        format!("{head}X Space: a\r\n\r\n"),
        "GET /do:pid HTTP/1.1\r\n\r\n".to_owned(),
        "GET /do:pid HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET do:pid HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET /do:pid HTTP/9.9\r\nHost: localhost\r\n\r\n".to_owned(),
    ]
    .map(String::into_bytes);
    for request in &requests {
        let answer = send(&running, request).await;
        let shown = String::from_utf8_lossy(request);
        assert_eq!(status(&answer), Some(400), "{shown}");
        let text = String::from_utf8_lossy(&answer);
        assert!(text.ends_with("{\"message\":\"Bad Request\"}"), "{text}");
        assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{shown} {text}");
    }
    assert_eq!(starts(&running), 0, "nothing of it is an invocation");
    // The same length twice says one thing (RFC 9110 §8.6).
    let twice = format!(
        "{head}Content-Type: text/plain\r\nContent-Length: 5\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    );
    let answer = exchange(&running, &twice).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for given in [
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5, 5",
    ] {
        let request = format!(
            "POST /do:echo HTTP/1.1\r\nHost: localhost\r\n{given}\r\nConnection: close\r\n\r\nhello"
        );
        let answer = exchange(&running, &request).await;
        assert!(answer.contains("\"content-length\":\"5\""), "{answer}");
    }
    let lines = running.lines.clone();
    running.stop().await;
    lines.position(
        "warning: refused a malformed HTTP request: there is more than one `Content-Length`",
    );
}

#[tokio::test]
async fn odd_targets_and_methods_are_the_gateways_to_answer() {
    let running = start().await;
    running.serve(&[]);
    for (line, expected) in [
        ("OPTIONS * HTTP/1.1", 404),
        ("TRACE /do:pid HTTP/1.1", 404),
        ("BREW /do:pid HTTP/1.1", 404),
        ("get /do:pid HTTP/1.1", 404),
        ("GET /%zz%f%00%c0%ae%c0%ae HTTP/1.1", 200),
        ("GET /%2e%2e%2f..%2f HTTP/1.1", 200),
        ("GET /../../etc/passwd HTTP/1.1", 404),
        ("GET /do:pid?%ff=%&%00=\" HTTP/1.1", 200),
        ("GET /é HTTP/1.1", 200),
        ("GET /do:pid#fragment HTTP/1.1", 200),
        ("GET http://localhost/do:pid HTTP/1.1", 200),
        ("GET HTTP://LOCALHOST:1?do:pid HTTP/1.1", 404),
        ("GET ftp://localhost/do:pid HTTP/1.1", 400),
        ("GET http://localhost@rebound.example/ HTTP/1.1", 403),
    ] {
        let request = format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = send(&running, request.as_bytes()).await;
        assert_eq!(status(&answer), Some(expected), "{line}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_head_of_any_length_is_answered_in_the_gateways_words() {
    // The limits are documented (gateway-truth §1.8, §2.7), the statuses unverified.
    for (settings, prefix, expected) in [
        ("", "", "{\"message\":\"Request Header Fields Too Large\"}"),
        (
            "gateway = \"rest-api\"",
            "/dev",
            "{\"message\":\"Request Header Fields Too Large\"}",
        ),
    ] {
        let running = start().await;
        running.serve_behind(settings, &[]);
        let few: String = (0..400)
            .map(|n| format!("X-{n}: {}\r\n", "v".repeat(20)))
            .collect();
        let many: String = (0..6000).map(|n| format!("X-{n}: vvv\r\n")).collect();
        let huge = "x: ".to_owned() + &"v".repeat(400_000);
        let endless = "x: ".to_owned() + &"v".repeat(100_000);
        for fields in [&few, &many, &huge, &endless] {
            let end = if std::ptr::eq(fields, &endless) {
                ""
            } else {
                "\r\n\r\n"
            };
            let request = format!(
                "GET {prefix}/do:pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}{end}"
            );
            let answer = String::from_utf8(send(&running, request.as_bytes()).await).unwrap();
            // 400 fields are within the REST API's limit, which counts values alone.
            if std::ptr::eq(fields, &few) && !settings.is_empty() {
                continue;
            }
            assert!(answer.starts_with("HTTP/1.1 431 "), "{settings}: {answer}");
            assert!(answer.ends_with(expected), "{settings}: {answer}");
        }
        let long = format!(
            "GET {prefix}/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "x".repeat(11_000)
        );
        let answer = send(&running, long.as_bytes()).await;
        let url_status = if settings.is_empty() { 431 } else { 414 };
        assert_eq!(status(&answer), Some(url_status), "{settings}");
        let lines = running.lines.clone();
        running.stop().await;
        lines.position(" 431 ");
        lines.position("request line and headers have more than 65536 bytes");
    }
}

#[tokio::test]
async fn one_who_speaks_tls_is_told_so_in_the_log() {
    let running = start().await;
    running.serve(&[]);
    // The head of a TLS record with a ClientHello (RFC 8446 §5.1).
    let answer = send(&running, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
    assert_eq!(status(&answer), Some(400));
    let lines = running.lines.clone();
    running.stop().await;
    lines.position("the client speaks TLS; use an address that starts with `http://`");
}

#[tokio::test]
async fn one_who_has_said_all_still_gets_the_answer() {
    let running = start().await;
    running.serve(&[]);
    let mut stream = running.connect().await;
    let request = "GET /do:sleep:50 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let lines = running.lines.clone();
    running.stop().await;
    lines.position("GET /do:sleep:50 200 ");
}

#[tokio::test]
async fn a_client_of_http_1_0_is_kept_where_it_asks_for_it() {
    let running = start().await;
    running.serve(&[]);
    let one = "GET /do:pid HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let last = "GET /do:pid HTTP/1.0\r\n\r\n";
    let answer = exchange(&running, &format!("{one}{one}{last}")).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    assert_eq!(answer.matches("\r\nConnection: keep-alive\r\n").count(), 2);
    assert_eq!(answer.matches("\r\nConnection: close\r\n").count(), 1);
    running.stop().await;
}

/// Waits that are long for a machine and short for a test.
const BRIEF: Duration = Duration::from_millis(400);

fn hurried() -> Patience {
    Patience {
        head: BRIEF,
        body: BRIEF,
        write: BRIEF,
    }
}

#[tokio::test]
async fn who_is_idle_or_slow_for_too_long_is_let_go() {
    let running = start_with(hurried()).await;
    running.serve(&[]);
    for begun in [
        "",
        "\r\n\r\n",
        "GET /do:pid HT",
        "PRI * HTTP/2.0\r\n\r\nS",
        "POST /do:echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
        "POST /do:echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
        "GET /do:pid HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let mut stream = running.connect().await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // Ends only when the server closes: there is no other end to the wait.
        let _ = stream.read_to_string(&mut answer).await;
        let is_whole = begun.starts_with("GET /do:pid HTTP");
        assert_eq!(
            answer.starts_with("HTTP/1.1 200"),
            is_whole,
            "{begun:?} {answer}"
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn who_never_reads_is_let_go_and_what_was_kept_for_them_with_them() {
    let running = start_with(hurried()).await;
    running.serve(&[]);
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut stream = running.connect().await;
        let request = "GET /do:large:6000000 HTTP/1.1\r\nHost: localhost\r\n\r\n";
        // More than the sockets' buffers hold, asked for over and over and never read.
        stream
            .write_all(request.repeat(8).as_bytes())
            .await
            .unwrap();
        clients.push(stream);
    }
    assert_eq!(get(&running, "/do:pid").await.0, 200);
    for mut stream in clients {
        // The rest of what had been sent, and then the end: the server has let go.
        eventually_closed(&mut stream).await;
    }
    assert_eq!(get(&running, "/do:pid").await.0, 200);
    running.stop().await;
}

/// Waits until the other side has closed, without reading a byte before that.
async fn eventually_closed(stream: &mut TcpStream) {
    let started = Instant::now();
    loop {
        match stream.write(b"\r\n").await {
            Err(_) => return,
            Ok(_) => assert!(
                started.elapsed() < Duration::from_secs(20),
                "waited in vain"
            ),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn who_takes_nothing_over_http_2_is_let_go() {
    use http_body_util::Empty;

    let running = start_with(hurried()).await;
    running.serve(&[]);
    let stream = running.connect().await;
    let (mut client, connection) =
        hyper::client::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new())
            .initial_stream_window_size(1)
            .handshake::<_, Empty<Bytes>>(hyper_util::rt::TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let request = ::http::Request::builder().uri("http://localhost/do:large:100000");
    let request = request.body(Empty::new()).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    // The body is not read; the connection ends all the same.
    let _ = connection.await.unwrap();
    drop(response);
    assert_eq!(get(&running, "/do:pid").await.0, 200);
    running.stop().await;
}

/// Opens and resets streams as fast as it can (CVE-2023-44487).
#[tokio::test]
async fn a_flood_of_resets_over_http_2_stalls_nobody() {
    let running = start().await;
    running.serve(&[]);
    let mut stream = running.connect().await;
    let mut flood = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    flood.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    // `GET`, `http` and `/` from the static table, and an authority (RFC 7541 §6.1, §6.2.2).
    let block = b"\x82\x86\x84\x01\x09localhost";
    for id in (1..4001_u32).step_by(2) {
        let length = u8::try_from(block.len()).unwrap();
        flood.extend([0, 0, length, 1, 5]);
        flood.extend(id.to_be_bytes());
        flood.extend(block);
        flood.extend([0, 0, 4, 3, 0]);
        flood.extend(id.to_be_bytes());
        flood.extend(8_u32.to_be_bytes());
    }
    let _ = stream.write_all(&flood).await;
    assert_eq!(get(&running, "/do:pid").await.0, 200);
    let mut answer = Vec::new();
    // The server breaks the connection off.
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(get(&running, "/do:pid").await.0, 200);
    running.stop().await;
}
