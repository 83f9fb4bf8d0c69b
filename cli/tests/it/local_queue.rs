//! A queue that invokes a function of `cargo fw local`: delivery, another attempt, reloads, restarts, permissions.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    events_support::{
        app, build, command, done, received, received_with, serve, services_port, source,
    },
    local_support::{Local, ask},
};

fn ship() -> Value {
    source("ship", &json!({ "type": "sqs", "queue": "orders" }))
}

/// Has the app send a message.
fn send(local: &Local, text: &str) {
    let (status, body) = ask(local.port, "GET", &format!("/send/{text}"));
    assert_eq!(status, 200, "{body}");
}

fn bodies(events: &[crate::events_support::Event]) -> Vec<String> {
    let records = events.iter().flat_map(|event| {
        let records = event.document["Records"].as_array().expect("records");
        records
            .iter()
            .map(|record| record["body"].as_str().expect("a body").to_owned())
    });
    records.collect()
}

#[test]
fn a_message_reaches_its_function_and_a_failure_is_tried_again() {
    let folder = app("", &json!([ship()]));
    let local = serve(&folder, &[]);
    for shown in ["ship  sqs  queue orders  shop::ship", "FW_QUEUE_ORDERS"] {
        assert!(local.log().contains(shown), "{shown}: {}", local.log());
    }
    let (_, url) = ask(local.port, "GET", "/env/FW_QUEUE_ORDERS");
    let port = services_port(&local);
    assert_eq!(
        url,
        format!("http://127.0.0.1:{port}/123456789012/shop-dev-orders")
    );

    send(&local, "hello");
    let got = received(&folder, "ship", 1);
    assert_eq!(bodies(&got), ["hello"]);
    let record = &got[0].document["Records"][0];
    assert_eq!(
        record["eventSourceARN"],
        "arn:aws:sqs:us-east-1:123456789012:shop-dev-orders"
    );
    local.wait_for_line("queue orders → function ship: delivered (attempt 1)");

    // A process that ends costs a receive, and not the message.
    send(&local, "die");
    let first = received_with(&folder, "ship", "die", 1)[0].process;
    local.wait_for_line("(attempt 1): RequestId: ");
    done(&folder, &["clock", "advance", "30m"]);
    let second = received_with(&folder, "ship", "die", 2)[1].process;
    assert_ne!(first, second, "another process");
    local.wait_for_line("queue orders → function ship: delivered (attempt 2)");

    send(&local, "fail");
    local.wait_for_line("queue orders → function ship: failed (attempt 1): it cannot be shipped");
    done(&folder, &["clock", "advance", "30m"]);
    local.wait_for_line("queue orders → function ship: failed (attempt 2)");
}

#[test]
fn a_queue_is_as_the_settings_say_and_its_dead_letters_come_back() {
    let settings = "[queues.orders]\ndead_letter = \"failed\"\nmax_receives = 1\n[queues.failed]\n[queues.steps]\nfifo = true\n";
    let folder = app(settings, &json!([ship()]));
    let local = serve(&folder, &[]);
    let shown = "ship  sqs  queue orders, dead letters to failed  shop::ship";
    assert!(local.log().contains(shown), "{}", local.log());

    send(&local, "fail");
    received_with(&folder, "ship", "fail", 1);
    local.wait_for_line("queue orders → function ship: failed (attempt 1)");
    done(&folder, &["clock", "advance", "30m"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (_, queues, _) = command(&folder, &["queues", "--output", "json"]);
        let queues: Value = serde_json::from_str(&queues).expect("JSON");
        let mut all = queues.as_array().expect("a list").iter();
        let failed = all.find(|one| one["name"] == "shop-dev-failed");
        if failed.expect("the dead-letter queue")["visible"] == 1 {
            break;
        }
        assert!(Instant::now() < deadline, "no dead letter: {queues}");
    }
    let (code, _, said) = command(&folder, &["queues", "--redrive", "failed"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Redrove 1 message of failed; 0 messages left"),
        "{said}"
    );
    received_with(&folder, "ship", "fail", 2);

    let (code, _, said) = command(&folder, &["send", "steps", "one"]);
    assert_eq!(code, Some(65), "{said}");
    assert!(
        said.contains("needs a group: steps") && said.contains("--group NAME"),
        "{said}"
    );
    let first = [
        "send",
        "steps",
        "one",
        "--group",
        "a",
        "--deduplication-id",
        "1",
    ];
    done(&folder, &first);
}

#[test]
fn a_queue_that_only_the_settings_declare_is_shown_with_its_endpoint() {
    let folder = app("[queues.orders]\n", &json!([]));
    let local = serve(&folder, &[]);
    services_port(&local);
    send(&local, "hello");
    let (_, queues, _) = command(&folder, &["queues"]);
    assert!(queues.contains("orders  1"), "{queues}");
}

#[test]
fn a_reload_loses_no_message_and_removes_what_the_app_no_longer_has() {
    let folder = app("", &json!([ship()]));
    let local = serve(&folder, &[]);
    let texts: Vec<_> = (0..30).map(|number| format!("n{number}")).collect();
    for (number, text) in texts.iter().enumerate() {
        send(&local, text);
        if number == 10 {
            let alerts = source("mail", &json!({ "type": "sns", "topic": "alerts" }));
            build(folder.path(), &json!([ship(), alerts]));
        }
    }
    local.wait_for_line("mail  sns  topic alerts");
    let mut got = Vec::new();
    while got.len() < texts.len() {
        let events = received(&folder, "ship", 1);
        got = bodies(&events);
        got.sort();
        got.dedup();
    }
    let mut wanted = texts;
    wanted.sort();
    assert_eq!(got, wanted);

    // Without the function nothing takes from the queue, and its messages stay.
    build(
        folder.path(),
        &json!([source(
            "other",
            &json!({ "type": "sqs", "queue": "others" })
        )]),
    );
    local.wait_for_line("other  sqs  queue others");
    done(&folder, &["send", "orders", "kept"]);
    let queues = done(&folder, &["queues", "--output", "json"]);
    let queues: Value = serde_json::from_str(&queues).expect("JSON");
    let orders = queues
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["name"] == "shop-dev-orders");
    assert_eq!(orders.expect("the queue")["visible"], 1, "{queues}");
    build(folder.path(), &json!([ship()]));
    // Some of the others may have come two in one event.
    received_with(&folder, "ship", "kept", 1);
}

#[test]
fn messages_outlive_the_server_and_its_data_is_the_users_alone() {
    let folder = app("", &json!([ship()]));
    let mut local = serve(&folder, &[]);
    send(&local, "fail");
    local.wait_for_line("failed (attempt 1)");
    let status = Command::new("kill")
        .args(["-TERM", &local.id().to_string()])
        .status();
    assert!(status.expect("kill").success());
    local.wait();
    let open = crate::local_ports::open_to_others(&folder.path().join("target/fw"));
    assert_eq!(open, [""; 0]);

    let local = serve(&folder, &[]);
    done(&folder, &["clock", "advance", "30m"]);
    local.wait_for_line("queue orders → function ship: failed (attempt 2)");
}

#[test]
fn a_function_is_denied_what_its_policy_does_not_allow() {
    let allow = |queue: &str| {
        format!(
            "[[policy]]\nactions = [\"sqs:SendMessage\"]\nresources = [\"arn:aws:sqs:*:*:{queue}\"]\n"
        )
    };
    let folder = app(&allow("shop-dev-others"), &json!([ship()]));
    let local = serve(&folder, &[]);
    let (status, body) = ask(local.port, "GET", "/send/hello");
    assert_eq!(status, 403, "{body}");
    assert!(
        body.contains("not authorized to perform: sqs:SendMessage"),
        "{body}"
    );
    let line = local.wait_for_line("SQS denied SendMessage");
    assert!(line.contains("`actions = [\"sqs:SendMessage\"]`"), "{line}");
    // The developer's own tools are not the app.
    done(&folder, &["send", "orders", "by hand"]);
    received(&folder, "ship", 1);

    std::fs::write(folder.path().join("fw.toml"), allow("shop-dev-orders")).expect("settings");
    local.wait_for_line("Reloaded");
    send(&local, "hello");
    received(&folder, "ship", 2);
}

#[test]
fn an_app_without_sources_needs_no_services() {
    let folder = app("", &json!([]));
    let local = serve(&folder, &[]);
    assert!(!local.log().contains("EventBridge"), "{}", local.log());
    assert_eq!(
        ask(local.port, "GET", "/env/AWS_ENDPOINT_URL"),
        (200, String::new())
    );
    let (code, _, stderr) = command(&folder, &["queues"]);
    assert_eq!(code, Some(69), "{stderr}");
    assert!(stderr.contains("does not serve queues"), "{stderr}");
    assert!(!folder.path().join("target/fw/services").exists());
}

/// The answer says which message failed, and the function's log why: the line about the delivery has both.
#[test]
fn the_line_of_a_failed_message_has_the_reason() {
    let folder = app("", &json!([ship()]));
    let local = serve(&folder, &[]);
    send(&local, "partial");
    local.wait_for_line("queue orders → function ship: failed (attempt 1): no more of A1");
}

/// Without a server the services are there for the one invocation, and what it sends waits for the next server.
#[test]
fn an_invocation_without_a_server_sends_to_the_app_s_queue() {
    let folder = app("", &json!([ship()]));
    let event = folder.path().join("event.json");
    std::fs::write(&event, r#"{"version":"2.0","rawPath":"/send/early"}"#).expect("an event");
    let answer = done(&folder, &["invoke", "--event", "event.json"]);
    assert!(answer.starts_with(r#"{"statusCode":200"#), "{answer}");
    assert!(!folder.path().join("ship").exists(), "nothing else runs");

    let _local = serve(&folder, &[]);
    assert_eq!(bodies(&received(&folder, "ship", 1)), ["early"]);
}
