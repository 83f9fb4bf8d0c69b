//! The loop over the Runtime API: what it asks, and what it bears.

use serde_json::{Value, json};

use crate::runtime_api::Lambda;

const ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// The lines that each invocation has.
const NEEDED: &str = "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\nLambda-Runtime-Deadline-Ms: 1893456000000\r\n";

fn event(path: &str) -> String {
    let mut event: Value = serde_json::from_str(include_str!("../events/hello.json")).unwrap();
    event["routeKey"] = json!("$default");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["method"] = json!("GET");
    event.to_string()
}

#[test]
fn an_event_is_read_in_whatever_way_it_is_framed() {
    let event = event("/hello");
    let (start, end) = event.split_at(100);
    let sized = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{NEEDED}\r\n{event}",
        event.len()
    );
    let chunked = format!(
        "HTTP/1.1 200 OK\r\n{NEEDED}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{start}\r\n{:X};name=value\r\n{end}\r\n0\r\nTrailer: x\r\n\r\n",
        start.len(),
        end.len()
    );
    let interim = format!("HTTP/1.1 100 Continue\r\n\r\n{sized}");
    let mut lambda = Lambda::start("it", &[]);
    for response in [&sized, &chunked, &interim] {
        // As a whole, and in pieces that end anywhere.
        for piece in [response.len(), 700, 97] {
            lambda.call();
            for piece in response.as_bytes().chunks(piece) {
                lambda.send(piece);
            }
            let posted = lambda.call();
            assert!(posted.line.contains("/response "), "{posted:?}");
            assert!(posted.body.contains("hello"), "{posted:?}");
            lambda.reply(202, "", "{\"status\":\"OK\"}");
        }
    }
    // Where neither says how long it is, it ends with the connection.
    lambda.call();
    lambda.send(format!("HTTP/1.1 200 OK\r\n{NEEDED}\r\n{event}").as_bytes());
    lambda.hang_up();
    assert!(lambda.call().body.contains("hello"));
    lambda.finish();
}

#[test]
fn a_large_event_arrives_whole() {
    let mut event: Value = serde_json::from_str(&event("/echo/large")).unwrap();
    event["requestContext"]["http"]["method"] = json!("PUT");
    event["body"] = json!("x".repeat(3_000_000));
    let mut lambda = Lambda::start("it", &[]);
    for _ in 0..2 {
        let posted = lambda.invoke(ID, &event.to_string());
        let answer: Value = serde_json::from_str(&posted.body).unwrap();
        assert_eq!(answer["statusCode"], 200);
        assert!(answer["body"].as_str().unwrap().len() > 3_000_000);
    }
    lambda.finish();
}

#[test]
fn a_connection_that_was_closed_is_opened_again() {
    let mut lambda = Lambda::start("it", &[]);
    // Behind each response, as the response says.
    lambda.call();
    let event = event("/hello");
    lambda.reply(200, &format!("{NEEDED}Connection: close\r\n"), &event);
    lambda.hang_up();
    assert!(lambda.call().body.contains("hello"));
    lambda.reply(202, "Connection: close\r\n", "");
    lambda.hang_up();
    // Without a word, while the function waits for its next event.
    lambda.invoke(ID, &event);
    lambda.call();
    lambda.hang_up();
    assert!(lambda.invoke(ID, &event).body.contains("hello"));
    // A second time at once is the end.
    lambda.call();
    lambda.hang_up();
    lambda.call();
    lambda.hang_up();
    let output = lambda.finish();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.contains("the connection to Lambda is lost"),
        "{stderr}"
    );
}

#[test]
fn an_answer_that_lambda_refuses_is_logged_and_the_process_lives_on() {
    let mut lambda = Lambda::start("it", &[]);
    lambda.call();
    lambda.reply(200, NEEDED, &event("/hello"));
    lambda.call();
    lambda.reply(413, "", "{\"errorType\":\"RequestEntityTooLarge\"}");
    assert!(lambda.invoke(ID, &event("/hello")).body.contains("hello"));
    let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
    let line = stderr.lines().find(|line| line.contains("refused"));
    let line: Value = serde_json::from_str(line.unwrap_or_default()).unwrap();
    assert_eq!(
        (&line["status"], &line["requestId"]),
        (&json!(413), &json!(ID))
    );
}

#[test]
fn the_id_of_the_invocation_is_sent_back() {
    let mut lambda = Lambda::start("it", &[]);
    let more = "Lambda-Runtime-Invocation-Id: inv-7\r\n";
    for event in [event("/hello"), "{}".to_owned()] {
        let posted = lambda.invoke_with(ID, more, &event);
        assert!(
            posted
                .head
                .contains("Lambda-Runtime-Invocation-Id: inv-7\r\n"),
            "{posted:?}"
        );
    }
    let posted = lambda.invoke(ID, &event("/hello"));
    assert!(!posted.head.contains("Invocation-Id"), "{posted:?}");
    lambda.finish();
}

#[test]
fn an_event_that_is_not_text_is_an_error_of_the_function() {
    let mut lambda = Lambda::start("it", &[]);
    lambda.call();
    let head = format!("HTTP/1.1 200 OK\r\n{NEEDED}Content-Length: 2\r\n\r\n");
    lambda.send(&[head.as_bytes(), &[0xff, 0xfe]].concat());
    let posted = lambda.call();
    assert!(posted.line.contains("/error "), "{posted:?}");
    assert!(
        posted
            .head
            .contains("Lambda-Runtime-Function-Error-Type: unhandled"),
        "{posted:?}"
    );
    let error: Value = serde_json::from_str(&posted.body).unwrap();
    assert_eq!(error["errorType"], "fw.UnreadableEvent");
    lambda.reply(202, "", "");
    assert!(lambda.invoke(ID, &event("/hello")).body.contains("hello"));
    lambda.finish();
}

#[test]
fn a_runtime_api_that_breaks_its_contract_ends_the_process() {
    for (response, told) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "without an id",
        ),
        (
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\nContent-Length: 2\r\n\r\n{}",
            "without a deadline",
        ),
        (
            "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n",
            "answered with 500",
        ),
        ("SSH-2.0-x\r\n\r\n", "not a response of HTTP/1"),
    ] {
        let mut lambda = Lambda::start("it", &[]);
        lambda.call();
        lambda.send(response.as_bytes());
        let output = lambda.finish();
        assert_eq!(output.status.code(), Some(1), "{response}");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains(told), "{told}: {stderr}");
    }
}

#[test]
fn the_trace_is_in_the_variable_for_the_libraries() {
    let mut lambda = Lambda::start("it", &[("_X_AMZN_TRACE_ID", "Root=stale")]);
    let mut ask = |more: &str| {
        let posted = lambda.invoke_with(ID, more, &event("/trace-variable"));
        let answer: Value = serde_json::from_str(&posted.body).unwrap();
        answer["body"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        ask("Lambda-Runtime-Trace-Id: Root=1;Sampled=1\r\n"),
        "Root=1;Sampled=1"
    );
    assert_eq!(ask("Lambda-Runtime-Trace-Id: Root=2\r\n"), "Root=2");
    assert_eq!(ask(""), "none");
    lambda.finish();
}

#[test]
fn a_function_with_a_snapshot_waits_until_it_is_restored() {
    let snapshot = [("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")];
    let mut lambda = Lambda::start("it", &snapshot);
    let restore = lambda.call();
    assert_eq!(
        restore.line,
        "GET /2018-06-01/runtime/restore/next HTTP/1.1"
    );
    lambda.reply(200, "", "");
    // The connection is not used again: it does not survive the snapshot.
    lambda.hang_up();
    assert!(lambda.invoke(ID, &event("/hello")).body.contains("hello"));
    lambda.finish();

    let mut lambda = Lambda::start("it", &snapshot);
    lambda.call();
    lambda.reply(500, "", "");
    lambda.hang_up();
    let report = lambda.call();
    assert_eq!(report.line, "POST /2018-06-01/runtime/init/error HTTP/1.1");
    assert!(report.body.contains("500"), "{report:?}");
    lambda.reply(202, "", "");
    assert_eq!(lambda.finish().status.code(), Some(1));
}

#[test]
fn the_runtime_api_may_lie_under_a_path() {
    let mut lambda = Lambda::start_at("it", "/base/", &[]);
    let next = lambda.call();
    assert_eq!(
        next.line,
        "GET /base/2018-06-01/runtime/invocation/next HTTP/1.1"
    );
    assert!(next.head.contains("User-Agent: fw/"), "{next:?}");
    lambda.reply(200, NEEDED, &event("/hello"));
    let posted = lambda.call();
    assert_eq!(
        posted.line,
        format!("POST /base/2018-06-01/runtime/invocation/{ID}/response HTTP/1.1")
    );
    lambda.reply(202, "", "");
    lambda.finish();
}

#[fw::get("/after")]
pub(crate) async fn after_it() -> &'static str {
    fw::after(async {
        fw::after(async { tracing::info!("AFTER third") });
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        tracing::info!("AFTER first");
    });
    fw::after(async { panic!("AFTER second") });
    "answered"
}

#[test]
fn work_behind_the_answer_is_done_before_the_next_invocation() {
    let mut lambda = Lambda::start("streams", &[]);
    for _ in 0..2 {
        let posted = lambda.invoke(ID, &event("/after"));
        assert!(posted.body.contains("answered"), "{posted:?}");
    }
    let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
    let places = ["AFTER first", "AFTER second", "AFTER third"].map(|text| stderr.find(text));
    assert!(places[0] < places[1] && places[1] < places[2], "{stderr}");
    assert_eq!(stderr.matches("AFTER third").count(), 2, "{stderr}");
}
