//! Sources: invoked with the documents of AWS, in the test client and as processes by their names.

use std::sync::{Arc, Mutex};

use fw::{
    App, AppError, Error, Json, Result,
    context::LambdaContext,
    function, get, on_event, on_s3, on_sns, on_sqs, routes, schedule,
    source::{Batch, BusEvent, Failed, Message, Notification, ObjectEvent, Schedule},
    sources,
    test::Client,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::runtime_api::Lambda;

/// What the handlers have seen, and what arrived last.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    /// What was seen since it was last asked.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn push(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }
}

/// An order: the test fails those with a `fail`.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    id: u32,
    #[serde(default)]
    fail: bool,
}

/// Ships orders.
///
/// One by one.
#[on_sqs("orders")]
async fn ship(
    seen: &Seen,
    Json(order): Json<Order>,
    message: Message,
    lambda: LambdaContext,
) -> Result<()> {
    assert_eq!(message.receive_count, 1);
    assert!(!lambda.request_id.is_empty());
    // Others run while it waits.
    tokio::task::yield_now().await;
    seen.push(format!("ship {}", order.id));
    match (order.id, order.fail) {
        (13, _) => panic!("thirteen"),
        (_, true) => Err(Error::conflict("sold out").with_cause("the secret cause")),
        _ => Ok(()),
    }
}

#[on_sqs("bulk")]
async fn bulk(seen: &Seen, orders: Batch<Json<Order>>) -> Result<Failed> {
    let mut failed = Failed::none();
    for order in &orders {
        seen.push(format!("bulk {}", order.value.0.id));
        if order.value.0.fail {
            failed.add(order);
        }
    }
    Ok(failed)
}

#[on_sns("alerts")]
async fn page(seen: &Seen, text: String, notification: Notification) {
    seen.push(format!("page {text} {:?}", notification.subject));
}

#[on_s3("uploads", created, prefix = "in/", suffix = ".png")]
async fn thumbnail(seen: &Seen, object: ObjectEvent) {
    assert!(object.is_created());
    seen.push(format!("thumbnail {} {:?}", object.key, object.size));
}

#[on_s3("uploads", removed)]
async fn tidy(seen: &Seen, object: ObjectEvent) -> Result<()> {
    assert_eq!((object.size, object.etag), (None, None));
    seen.push(format!("tidy {}", object.key));
    Ok(())
}

#[on_event(source = "shop", detail_type = "Order Placed")]
async fn count(seen: &Seen, event: BusEvent<Order>) {
    seen.push(format!("count {} {}", event.detail.id, event.source));
}

#[on_event(
    pattern = r#"{"detail": {"id": [{"numeric": [">", 100]}]}}"#,
    bus = "trade"
)]
async fn large(seen: &Seen, Json(order): Json<Order>) {
    seen.push(format!("large {}", order.id));
}

#[schedule("cron(0 3 * * ? *)", timezone = "Europe/Berlin")]
async fn nightly(seen: &Seen, schedule: Schedule) {
    assert!(schedule.time.ends_with('Z') && schedule.time.len() == 20);
    seen.push("nightly");
}

#[schedule("rate(5 minutes)")]
async fn tick() -> Result<()> {
    Err(Error::unavailable("not now").with_cause("the secret cause"))
}

#[function]
async fn add(Json(terms): Json<Vec<i64>>) -> Result<Json<i64>> {
    if terms.is_empty() {
        return Err(Error::unprocessable("nothing to add").with_code("empty"));
    }
    Ok(Json(terms.iter().sum()))
}

#[get("/")]
async fn home() {}

/// The app of these tests, which runs as a process as well.
pub(crate) fn app() -> App<Seen> {
    App::new("sourced", async || Ok::<_, Error>(Seen::default())).on(sources![
        ship, bulk, page, thumbnail, tidy, count, large, nightly, tick, add
    ])
}

/// A client, with what its handlers see.
fn client() -> (Client, Seen) {
    let seen = Seen::default();
    (Client::new(app(), seen.clone()), seen)
}

fn order(id: u32, fail: bool) -> Order {
    Order { id, fail }
}

#[test]
fn messages_of_a_standard_queue_fail_alone() {
    let (client, seen) = client();
    client.sqs("orders").send(&order(1, false)).done();
    assert_eq!(seen.take(), ["ship 1"]);
    let batch = client
        .sqs("orders")
        .message(&order(1, false))
        .message(&order(2, true))
        .text("no json")
        .message(&order(13, false))
        .message(&order(5, false));
    assert_eq!(batch.deliver().come_again(), [1, 2, 3]);
    let mut seen = seen.take();
    seen.sort();
    assert_eq!(seen, ["ship 1", "ship 13", "ship 2", "ship 5"]);
}

/// Bug report 24: what follows a failure in its group is reported too, whatever stands between.
#[test]
fn what_follows_a_failure_in_its_group_comes_again_and_does_not_run() {
    let (client, seen) = client();
    let batch = client
        .sqs("orders")
        .message(&order(1, false))
        .in_group("a")
        .message(&order(2, true))
        .in_group("a")
        .message(&order(3, false))
        .in_group("b")
        .message(&order(4, false))
        .in_group("a")
        .text("{")
        .in_group("b")
        .message(&order(6, false))
        .in_group("b");
    assert_eq!(batch.deliver().come_again(), [1, 3, 4, 5]);
    let mut seen = seen.take();
    seen.sort();
    assert_eq!(seen, ["ship 1", "ship 2", "ship 3"]);
}

#[test]
fn a_whole_batch_says_which_failed() {
    let (client, seen) = client();
    let batch = client
        .sqs("bulk")
        .message(&order(1, true))
        .text("no json")
        .message(&order(3, false));
    assert_eq!(batch.deliver().come_again(), [0, 1]);
    assert_eq!(seen.take(), ["bulk 1", "bulk 3"]);
    let batch = client
        .sqs("bulk")
        .message(&order(1, true))
        .in_group("a")
        .message(&order(2, false))
        .in_group("a")
        .text("no json")
        .in_group("b")
        .message(&order(4, false))
        .in_group("b");
    assert_eq!(batch.deliver().come_again(), [0, 1, 2, 3]);
    assert_eq!(seen.take(), ["bulk 1", "bulk 2"]);
}

#[test]
fn other_events_go_to_whom_they_are_for() {
    let (client, seen) = client();
    client.sns("alerts").publish(Some("Fire"), "north").done();
    client.sns("alerts").send(&json!({"a": 1})).done();
    assert_eq!(
        seen.take(),
        ["page north Some(\"Fire\")", "page {\"a\":1} None"]
    );
    // Bug reports 37 and 38.
    let uploads = client.s3("uploads");
    uploads.created("in/a b+c/ü=1.png", 7).done();
    assert!(uploads.created("out/a.png", 7).is_empty());
    assert!(uploads.created("in/a.gif", 7).is_empty());
    uploads.removed("x y").done();
    assert_eq!(
        seen.take(),
        ["thumbnail in/a b+c/ü=1.png Some(7)", "tidy x y"]
    );
    client
        .event("shop", "Order Placed", &order(7, false))
        .done();
    assert!(
        client
            .event("shop", "Order Sent", &order(7, false))
            .is_empty()
    );
    let trade = client.event_on("trade", "x", "y", &order(101, false));
    assert_eq!(trade.handlers().collect::<Vec<_>>(), ["large"]);
    assert_eq!(seen.take(), ["count 7 shop", "large 101"]);
    client.fire("nightly").done();
    assert_eq!(seen.take(), ["nightly"]);
}

#[test]
fn a_failure_shows_its_public_text_alone() {
    let (client, _) = client();
    assert_eq!(client.call("add", &[1, 2, 3]), Ok(json!(6)));
    let error = client.call("add", &json!([])).unwrap_err();
    assert_eq!((&*error.kind, &*error.message), ("empty", "nothing to add"));
    let error = client.call("add", &json!({"a": 1})).unwrap_err();
    assert!(error.message.starts_with("the input is not"), "{error}");
    let fired = client.fire("tick");
    let failed = fired.iter().next().unwrap().result.clone().unwrap_err();
    assert_eq!(failed.to_string(), "unavailable: not now");
}

#[test]
#[should_panic(expected = "no source of the app takes this event of the queue `order`")]
fn a_queue_that_nobody_reads_is_told() {
    let _ = client().0.sqs("order");
}

#[test]
#[should_panic(expected = "no schedule `nighly`: the app has the schedules `nightly`, `tick`")]
fn a_misspelt_name_is_shown_beside_those_that_there_are() {
    let _ = client().0.fire("nighly");
}

#[test]
#[should_panic(expected = "the app has no topic, is its handler in `App::on(sources![…])`?")]
fn a_kind_that_the_app_does_not_have_is_told() {
    let client = Client::new(App::stateless("x"), ());
    let _ = client.sns("alerts");
}

#[test]
#[should_panic(
    expected = "these messages are delivered again: [1]\n  message 1: the message's body is not JSON"
)]
fn why_a_message_comes_again_is_told() {
    let queue = client().0;
    queue
        .sqs("orders")
        .message(&order(7, false))
        .text("x")
        .deliver()
        .done();
}

#[tokio::test]
#[should_panic(expected = "write a test that is not async")]
async fn an_async_test_is_told_that_events_block() {
    let _ = client().0.fire("nightly");
}

#[test]
fn the_manifest_has_the_sources_by_name() {
    let manifest = app().manifest();
    assert_eq!(manifest.schema, 2);
    assert!(!manifest.has_api() && manifest.routes.is_empty());
    let names: Vec<&str> = manifest.sources.iter().map(|it| &*it.name).collect();
    assert!(names.is_sorted() && names.len() == 10, "{names:?}");
    let document: Value = serde_json::from_str(&manifest.to_json()).unwrap();
    let event = |name: &str| {
        let sources = document["sources"].as_array().unwrap().iter();
        let source = sources.clone().find(|it| it["name"] == name).unwrap();
        source["event"].clone()
    };
    let ship = &document["sources"][names.binary_search(&"ship").unwrap()];
    assert_eq!(ship["summary"], "Ships orders.");
    assert_eq!(ship["description"], "One by one.");
    assert_eq!(ship["handler"], "it::sources::ship");
    assert_eq!(event("ship"), json!({"type": "sqs", "queue": "orders"}));
    assert_eq!(event("page"), json!({"type": "sns", "topic": "alerts"}));
    assert_eq!(
        event("thumbnail"),
        json!({"type": "s3", "bucket": "uploads", "events": ["s3:ObjectCreated:*"], "prefix": "in/", "suffix": ".png"})
    );
    assert_eq!(
        event("count"),
        json!({"type": "event", "pattern": {"source": ["shop"], "detail-type": ["Order Placed"]}})
    );
    assert_eq!(event("large")["bus"], "trade");
    assert_eq!(
        event("nightly"),
        json!({"type": "schedule", "expression": "cron(0 3 * * ? *)", "timezone": "Europe/Berlin"})
    );
    assert_eq!(event("add"), json!({"type": "function"}));
    // These tests have the feature `schema`, so a route says what it answers.
    assert_eq!(
        App::stateless("x").routes(routes![home]).manifest().schema,
        3
    );
}

mod other {
    use super::function;

    #[function]
    pub(super) async fn add() {}
}

#[test]
fn two_functions_of_one_name_are_refused() {
    let app = app().on(sources![other::add]);
    let Err(error @ AppError::Functions { .. }) = app.check() else {
        panic!("both are `add`");
    };
    let text = error.to_string();
    assert!(
        text.starts_with("two functions have the name `add`") && text.contains("other::add` ("),
        "{text}"
    );
}

const ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// What a process answers that plays that source, with the end of the path that it posts to.
fn ask(name: &str, event: &str) -> (String, Value) {
    let mut lambda = Lambda::start("sourced", &[("_HANDLER", &format!("source.{name}"))]);
    let posted = lambda.invoke(ID, event);
    lambda.finish();
    let end = posted.line.split(['/', ' ']).rev().nth(2).unwrap();
    let body = serde_json::from_str(&posted.body).unwrap();
    (end.to_owned(), body)
}

/// The log has the cause of a failure once, and the public words only of what nobody logged.
#[test]
fn a_failure_is_logged_once() {
    let invoke = |name: &str, event: &str| {
        let mut lambda = Lambda::start("sourced", &[("_HANDLER", &format!("source.{name}"))]);
        lambda.invoke(ID, event);
        let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
        let errors = stderr.lines().filter(|line| line.contains("\"ERROR\""));
        errors.map(str::to_owned).collect::<Vec<_>>()
    };
    let time = include_str!("../events/schedule.json");
    let logged = invoke("tick", time);
    assert_eq!(logged.len(), 1, "{logged:#?}");
    assert!(logged[0].contains("the secret cause"), "{logged:#?}");
    let logged = invoke("count", r#"{"a":1}"#);
    assert_eq!(logged.len(), 1, "{logged:#?}");
    assert!(logged[0].contains("fw.NotItsEvent"), "{logged:#?}");
}

/// Of an event as AWS sends it; and those that are none of theirs.
#[test]
fn a_process_is_the_source_of_its_name() {
    let sqs = include_str!("../events/sqs.json");
    let (end, answer) = ask("ship", sqs);
    assert_eq!(end, "response");
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
    let (end, answer) = ask("ship", r#"{"a":1}"#);
    assert_eq!(
        (&*end, &answer["errorType"]),
        ("error", &json!("fw.NotItsEvent"))
    );
    assert_eq!(
        ask("ship", r#"{"fw":"warm"}"#),
        ("response".to_owned(), Value::Null)
    );
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"t","Bucket":"b","RequestId":"r","HostId":"h"}"#;
    assert_eq!(ask("thumbnail", test), ("response".to_owned(), Value::Null));
    assert_eq!(ask("nightly", r#"{"fw":"health"}"#).0, "response");
    let (end, answer) = ask("tick", include_str!("../events/schedule.json"));
    assert_eq!(
        (&*end, answer),
        (
            "error",
            json!({"errorType": "unavailable", "errorMessage": "not now"})
        )
    );
}
