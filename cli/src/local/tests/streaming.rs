//! Results that are passed on while they come, behind a function URL that streams; and the gateway cases of the conformance
//! suite that need a process.

use super::{
    http::{Running, exchange, start},
    *,
};

const STREAMING: &str = "gateway = \"function-url\"\ninvoke_mode = \"RESPONSE_STREAM\"\n";

/// A server with the conformance cases' bootstrap in that role.
async fn serve(settings: &str, handler: &str) -> Running {
    let running = start().await;
    running.serve_app(&compiled("handlers.rs"), settings, &[("HANDLER", handler)]);
    running
}

/// Status line, head in lower case, and what follows it as it was sent.
async fn ask(running: &Running, target: &str) -> (String, String) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = exchange(running, &request).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_lowercase(), body.to_owned())
}

/// The body of the chunked transfer coding, and whether it was whole.
fn unchunked(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("a length");
        if length == 0 {
            return (body, true);
        }
        body.push_str(&after[..length]);
        rest = &after[length + 2..];
    }
    (body, false)
}

#[tokio::test]
async fn a_stream_reaches_the_client_with_or_without_a_prelude() {
    // Case furl-023.
    let plain = serve(STREAMING, "stream:Hello, |world!").await;
    let (head, body) = ask(&plain, "/").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(!head.contains("content-length"), "{head}");
    assert_eq!(unchunked(&body), ("Hello, world!".to_owned(), true));
    plain.stop().await;

    let handler = "stream-with-prelude:{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain\",\"x-own\":\"1\"},\
                   \"cookies\":[\"a=1\",\"b=2\"]}|one|two";
    let dressed = serve(STREAMING, handler).await;
    for _ in 0..2 {
        let (head, body) = ask(&dressed, "/any/path").await;
        assert!(head.starts_with("http/1.1 201"), "{head}");
        for line in [
            "content-type: text/plain",
            "x-own: 1",
            "set-cookie: a=1",
            "set-cookie: b=2",
        ] {
            assert!(head.contains(line), "{head}");
        }
        assert_eq!(unchunked(&body), ("onetwo".to_owned(), true));
    }
    let starts = || {
        let lines = dressed.lines.all();
        lines
            .iter()
            .filter(|line| line.starts_with("START"))
            .count()
    };
    // The log is written beside the answers.
    eventually(|| starts() == 2).await;
    dressed.stop().await;
}

#[tokio::test]
async fn a_stream_that_breaks_is_cut_and_one_without_its_prelude_is_502() {
    for handler in ["stream-and-exit", "stream-with-error:{}|half"] {
        let running = serve(STREAMING, handler).await;
        let (head, body) = ask(&running, "/").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert_eq!(unchunked(&body), ("half".to_owned(), false), "{handler}");
        // Others are served, by this process or the next.
        let (head, _) = ask(&running, "/").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        running.stop().await;
    }
    for prelude in ["[]", "{\"statusCode\":\"abc\"}", "no json"] {
        let running = serve(STREAMING, &format!("stream-with-prelude:{prelude}|x")).await;
        let (head, body) = ask(&running, "/").await;
        assert!(head.starts_with("http/1.1 502"), "{prelude}: {head}");
        assert_eq!(body, "Internal Server Error");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_whole_result_behind_a_url_that_streams_is_the_body_and_a_stream_elsewhere_is_one_result()
{
    let running = serve(STREAMING, "return-json:{}").await;
    let (_, body) = ask(&running, "/").await;
    assert!(body.contains("\"statusCode\":200"), "{body}");
    running.stop().await;

    let running = serve("", "stream:{\"a\":|1}").await;
    let (head, body) = ask(&running, "/x").await;
    assert!(
        head.starts_with("http/1.1 200") && head.contains("content-length"),
        "{head}"
    );
    assert_eq!(body, "{\"a\":1}");
    let lines = running.lines.clone();
    running.stop().await;
    lines.position("which only a function URL with `invoke_mode = \"response-stream\"` passes on");
}

/// No event says how the URL takes answers, so a variable does.
#[tokio::test]
async fn the_process_behind_a_url_that_streams_has_the_variable_that_says_so() {
    for (settings, there) in [
        (STREAMING, true),
        ("gateway = \"function-url\"\n", false),
        ("", false),
    ] {
        let running = serve(settings, "env").await;
        let (_, body) = ask(&running, "/x").await;
        let told = body.contains("\"FW_INVOKE_MODE\":\"response-stream\"");
        assert_eq!(told, there, "{settings}: {body}");
        running.stop().await;
    }
}

/// The gateways' cases that the pure runner can only imitate: here a real process runs into Lambda's limits.
#[tokio::test]
async fn gateways_answer_timeouts_oversize_and_exits_of_real_processes() {
    let rest = "gateway = \"rest-api\"\ntimeout = 1\n";
    let http = "timeout = 1\n";
    let url = "gateway = \"function-url\"\ntimeout = 1\n";
    let internal = "{\"message\":\"Internal Server Error\"}";
    for (case, settings, handler, status, body) in [
        ("http-err-004", http, "sleep:5", 500, internal),
        ("http-err-008", http, "large-body:6400000", 500, internal),
        (
            "rest-resp-022",
            rest,
            "sleep:5",
            502,
            "{\"message\": \"Internal server error\"}",
        ),
        (
            "rest, oversize",
            rest,
            "large-body:6400000",
            502,
            "{\"message\": \"Internal server error\"}",
        ),
        ("http, exit", http, "exit:0", 500, internal),
        ("url, timeout", url, "sleep:5", 502, "Internal Server Error"),
        (
            "url, init",
            url,
            "init-exit:1",
            502,
            "Internal Server Error",
        ),
        (
            "http, throttled",
            "concurrency = 0\n",
            "echo-event",
            429,
            "{\"message\":\"Too Many Requests\"}",
        ),
        (
            "url, throttled",
            "gateway = \"function-url\"\nconcurrency = 0\n",
            "echo-event",
            429,
            "{\"Message\":\"Rate Exceeded.\"}",
        ),
    ] {
        let running = serve(settings, handler).await;
        let prefix = if settings.contains("rest-api") {
            "/dev"
        } else {
            ""
        };
        let (head, seen) = ask(&running, &format!("{prefix}/r")).await;
        assert!(
            head.starts_with(&format!("http/1.1 {status}")),
            "{case}: {head} {seen}"
        );
        assert_eq!(seen, body, "{case}");
        running.stop().await;
    }
}

const CASES: &str = include_str!("../../../tests/conformance/streaming.jsonl");

/// A head in lower case, the body, whether it was whole, and after how many milliseconds its first byte came.
struct Streamed {
    head: String,
    body: Vec<u8>,
    whole: bool,
    first: u128,
}

/// Asks, and leaves after `leave` bytes of the body.
async fn streamed(running: &Running, target: &str, leave: Option<usize>) -> Streamed {
    let started = Instant::now();
    let mut stream = running.connect().await;
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut all, mut first, mut piece) = (Vec::new(), 0, vec![0; 1 << 16]);
    let at = |all: &[u8]| all.windows(4).position(|end| end == b"\r\n\r\n");
    loop {
        let read = stream.read(&mut piece).await.unwrap();
        if read == 0 {
            break;
        }
        all.extend_from_slice(&piece[..read]);
        let body = at(&all).map_or(0, |end| all.len() - end - 4);
        if body > 0 && first == 0 {
            first = started.elapsed().as_millis();
        }
        if leave.is_some_and(|leave| body >= leave) {
            break;
        }
    }
    let end = at(&all).expect("a head");
    let head = String::from_utf8(all[..end].to_vec())
        .unwrap()
        .to_lowercase();
    let rest = &all[end + 4..];
    let (mut body, mut whole) = (Vec::new(), true);
    if head.contains("transfer-encoding: chunked") {
        (body, whole) = unchunked_bytes(rest);
    } else {
        body.extend_from_slice(rest);
    }
    Streamed {
        head,
        body,
        whole,
        first,
    }
}

/// As [`unchunked`], for bytes.
fn unchunked_bytes(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|end| end == b"\r\n") {
        let length = std::str::from_utf8(&rest[..end]).expect("a length");
        let length = usize::from_str_radix(length, 16).expect("a length");
        if length == 0 {
            return (body, true);
        }
        let after = &rest[end + 2..];
        if after.len() < length {
            break;
        }
        body.extend_from_slice(&after[..length]);
        rest = &after[length + 2..];
    }
    (body, false)
}

/// The cases of streams through a gateway: what AWS documents, and two things that are inferred.
#[tokio::test]
async fn streams_are_passed_on_as_the_cases_say() {
    let mut ran = 0;
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        // Of the Runtime API alone: see `runtime_api`.
        if case["target"] == "lambda" {
            continue;
        }
        let setup = &case["setup"];
        let route = &setup["routes"][0];
        let rest = case["target"] == "rest-api";
        let (settings, handler) = match rest {
            true => (
                "gateway = \"rest-api\"\nstage_name = \"prod\"\n",
                &route["handler"],
            ),
            false => (STREAMING, &setup["handler"]),
        };
        let mut one = ManifestRoute::new("GET", "/s");
        one.stream = route["response_transfer_mode"] == "STREAM";
        let running = start().await;
        let handler = &handler.as_str().unwrap().replace("\\n", "\n");
        running.serve_routes(
            &compiled("handlers.rs"),
            settings,
            vec![one],
            &[("HANDLER", handler)],
        );
        ran += 1;
        let request = &case["request"];
        if request.is_null() {
            // It is accepted: the generation above exists.
            running.stop().await;
            continue;
        }
        let path = request["path"].as_str().unwrap();
        let target = if rest {
            format!("/prod{path}")
        } else {
            path.to_owned()
        };
        let leave = request["abort_after_bytes"]
            .as_u64()
            .map(|bytes| bytes as usize);
        let answer = streamed(&running, &target, leave).await;
        check(id, &case["expect"], &answer, &running).await;
        running.stop().await;
    }
    assert_eq!(ran, 10);
}

async fn check(id: &str, expect: &Value, answer: &Streamed, running: &Running) {
    let Streamed {
        head,
        body,
        whole,
        first,
    } = answer;
    let status: u64 = head[9..12].parse().unwrap();
    let text = || String::from_utf8_lossy(body);
    for (key, value) in expect.as_object().unwrap() {
        match key.as_str() {
            "status" => assert_eq!(value, status, "{id}: {head}"),
            "status_any" => assert!(
                value.as_array().unwrap().contains(&json!(status)),
                "{id}: {head}"
            ),
            "headers" => {
                for (name, value) in value.as_object().unwrap() {
                    let line = format!("\r\n{name}: {}", value.as_str().unwrap());
                    assert!(head.contains(&line), "{id}: {head}");
                }
            }
            "headers_list" => {
                for (name, values) in value.as_object().unwrap() {
                    for value in values.as_array().unwrap() {
                        let line = format!("\r\n{name}: {}", value.as_str().unwrap());
                        assert!(head.contains(&line), "{id}: {head}");
                    }
                }
            }
            "headers_absent" => {
                for name in value.as_array().unwrap() {
                    assert!(
                        !head.contains(&format!("\r\n{}:", name.as_str().unwrap())),
                        "{id}: {head}"
                    );
                }
            }
            "body" => assert_eq!(
                (text().as_ref(), *whole),
                (value.as_str().unwrap(), true),
                "{id}"
            ),
            "body_json" => assert_eq!(
                &serde_json::from_slice::<Value>(body).unwrap(),
                value,
                "{id}"
            ),
            "body_length" => assert_eq!((json!(body.len()), *whole), (value.clone(), true), "{id}"),
            "body_base64" => assert_eq!(
                (&**body, value),
                (&[0, 1, 2, 3, 0xfe, 0xff][..], &json!("AAECA/7/")),
                "{id}"
            ),
            "first_byte_before_ms" => assert!(
                u128::from(value.as_u64().unwrap()) > *first,
                "{id}: {first} ms"
            ),
            "handler_completed" => {
                // The client has left; the handler runs to its end and prints.
                eventually(|| {
                    running
                        .lines
                        .all()
                        .iter()
                        .any(|line| line.contains("HANDLER DONE"))
                })
                .await;
            }
            // A local server need not slow a stream down (the case's own note).
            "min_duration_ms" => {}
            other => panic!("{id}: this runner does not know `{other}`"),
        }
    }
}
