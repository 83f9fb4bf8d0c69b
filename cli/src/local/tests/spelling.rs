//! How header names are spelt on the wire, both ways, behind each gateway; over a plain socket, as no library shows it.

use super::{
    http::{Running, exchange, start},
    *,
};

const ANSWER: &str = r#"return-raw:{"statusCode":200,"headers":{"x-lower":"1","X-MiXeD":"2","WWW-Authenticate":"Basic"},"body":"ok"}"#;

async fn serve(settings: &str, handler: &str) -> Running {
    let running = start().await;
    running.serve_app(&compiled("handlers.rs"), settings, &[("HANDLER", handler)]);
    running
}

/// The header names of an answer, in order, as they were sent.
fn names(answer: &str) -> Vec<&str> {
    let head = answer.split_once("\r\n\r\n").expect("a head").0;
    let lines = head.lines().skip(1);
    lines
        .map(|line| line.split_once(": ").expect("a header").0)
        .collect()
}

#[tokio::test]
async fn answers_are_spelt_as_each_gateway_spells_them() {
    let request = |target: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    };
    // [R] gateway-truth §0 row 7: an HTTP API changes the handler's spelling, a REST API keeps it, and §2.3: a challenge is
    // remapped there.
    let table: [(&str, &str, &[&str], &[&str]); 3] = [
        (
            "",
            "/a",
            &["Apigw-Requestid", "X-Lower", "X-Mixed", "Www-Authenticate"],
            &["x-lower", "X-MiXeD"],
        ),
        (
            "gateway = \"rest-api\"",
            "/dev/a",
            &[
                "x-lower",
                "X-MiXeD",
                "x-amzn-RequestId",
                "x-amz-apigw-id",
                "X-Amzn-Trace-Id",
                "x-amzn-Remapped-WWW-Authenticate",
            ],
            &["X-Lower", "WWW-Authenticate"],
        ),
        (
            "gateway = \"function-url\"",
            "/a",
            &["x-lower", "X-MiXeD", "x-amzn-RequestId", "WWW-Authenticate"],
            &["X-Lower"],
        ),
    ];
    for (settings, target, present, absent) in table {
        let running = serve(settings, ANSWER).await;
        let answer = exchange(&running, &request(target)).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let names = names(&answer);
        for name in present
            .iter()
            .chain(&["Date", "Content-Type", "Content-Length"])
        {
            let count = names.iter().filter(|one| *one == name).count();
            assert_eq!(count, 1, "{settings}: {name} in {names:?}");
        }
        for name in absent {
            assert!(!names.contains(name), "{settings}: {name} in {names:?}");
        }
        running.stop().await;
    }
    // What a REST API says by itself.
    let running = serve("gateway = \"rest-api\"", ANSWER).await;
    let answer = exchange(&running, &request("/dev/no/such")).await;
    assert!(names(&answer).contains(&"x-amzn-ErrorType"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn events_have_the_clients_spelling_where_the_gateway_keeps_it() {
    // [R] gateway-truth §1.2, §1.6, §2.2
    let table = [
        ("", "/a", "x-own-header"),
        ("payload_format = \"1.0\"", "/a", "X-Own-Header"),
        ("gateway = \"rest-api\"", "/dev/a", "x-oWn-HEADER"),
        ("gateway = \"function-url\"", "/a", "x-own-header"),
    ];
    for (settings, target, spelt) in table {
        let running = serve(settings, "raw-runtime").await;
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: localhost\r\nx-oWn-HEADER: 1\r\nConnection: close\r\n\r\n"
        );
        exchange(&running, &request).await;
        let event = |line: &String| line.contains("EVENT {");
        eventually(|| running.lines.all().iter().any(event)).await;
        let lines = running.lines.all();
        let line = lines.iter().find(|line| event(line)).expect("the event");
        let (_, event) = line.split_once("EVENT ").expect("the event");
        let event: Value = serde_json::from_str(event).expect("JSON");
        assert_eq!(event["headers"][spelt], "1", "{settings}: {event}");
        running.stop().await;
    }
}
