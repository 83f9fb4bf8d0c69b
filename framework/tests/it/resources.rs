//! What the code sends by handles, as a test sees it.

use std::time::Duration;

use fw::{
    App, Json, Result, on_event, on_s3, on_sns, on_sqs, post,
    resource::{Bucket, Bus, Queue, Resource as _, Topic},
    routes,
    source::{Message, ObjectEvent},
    sources,
    test::Client,
};
use serde_json::{Value, json};

static STEPS: Queue<Value> = Queue::new("steps");
static OTHERS: Queue<str> = Queue::new("others");
static NEWS: Topic<Value> = Topic::new("news");
static TRADE: Bus = Bus::new("trade");
static DOCS: Bucket = Bucket::new("docs");
static UNLISTED: Queue<Value> = Queue::new("unlisted");

#[post("/send")]
async fn send(Json(value): Json<Value>) -> Result<()> {
    STEPS
        .send(&value)
        .group("eu")
        .delay(Duration::from_secs(5))
        .deduplication("one")
        .await?;
    OTHERS.send_text("as it is").await?;
    OTHERS.send("quoted").await?;
    NEWS.publish(&value).subject("news").await?;
    TRADE.put("shop", "Paid", &value).await?;
    Ok(())
}

#[on_sqs("steps")]
async fn step(Json(value): Json<Value>, message: Message) -> Result<()> {
    assert_eq!(message.group.as_deref(), Some("eu"));
    Ok(DOCS.put_json("steps/1.json", &value).await?)
}

#[on_sns("news")]
async fn read(Json(value): Json<Value>) {
    assert_eq!(value["id"], 7);
}

#[on_event(source = "shop", bus = "trade")]
async fn paid(Json(value): Json<Value>) {
    assert_eq!(value["id"], 7);
}

#[on_s3("docs", created, prefix = "steps/")]
async fn stored(object: ObjectEvent) -> Result<()> {
    let stored: Option<Value> = DOCS.get_json(&object.key).await?;
    assert_eq!(stored, Some(json!({"id": 7})));
    DOCS.put("b.txt", "text/plain", "b").await?;
    DOCS.put("a.txt", "text/plain", "a").await?;
    assert_eq!(DOCS.list("").await?, ["a.txt", "b.txt", "steps/1.json"]);
    assert_eq!(DOCS.list("steps/").await?, ["steps/1.json"]);
    DOCS.delete("b.txt").await?;
    DOCS.delete("b.txt").await?;
    assert_eq!(DOCS.get("b.txt").await?, None);
    assert_eq!(DOCS.get("a.txt").await?.as_deref(), Some(&b"a"[..]));
    Ok(())
}

#[post("/wrong/<what>")]
async fn wrong(what: &str) -> String {
    let told = match what {
        "unlisted" => UNLISTED.send(&Value::Null).await,
        _ => TRADE.put("shop", "Paid", "a text").await,
    };
    told.map_or_else(|error| error.to_string(), |()| "sent".to_owned())
}

fn app() -> App {
    App::stateless("shop")
        .routes(routes![send, wrong])
        .on(sources![step, read, paid, stored])
        .uses(&STEPS)
        .uses(&OTHERS)
        .uses(&NEWS)
        .uses(&TRADE)
        .uses(&DOCS)
}

#[test]
fn what_is_sent_is_seen_and_delivered_to_the_apps_own_sources() {
    let client = Client::new(app(), ());
    let answer = client.post("/send").json(&json!({"id": 7})).send();
    assert_eq!(answer.status(), 204, "{}", answer.text());
    let sent = client.sent();
    let shown: Vec<_> = sent
        .iter()
        .map(|it| format!("{}: {}", it.to(), it.text()))
        .collect();
    assert_eq!(
        shown,
        [
            r#"queue steps: {"id":7}"#,
            "queue others: as it is",
            r#"queue others: "quoted""#,
            r#"topic news: {"id":7}"#,
            r#"bus trade: {"id":7}"#,
        ]
    );
    assert_eq!(
        (sent[0].group(), sent[0].delay()),
        (Some("eu"), Some(Duration::from_secs(5)))
    );
    assert_eq!(
        (sent[3].subject(), sent[4].detail_type()),
        (Some("news"), Some("Paid"))
    );

    // Each goes to its source; nobody reads `others`.
    let delivered = client.deliver();
    assert_eq!(delivered.iter().count(), 3);
    delivered.done();
    assert_eq!(client.sent()[0].key(), Some("steps/1.json"));
    client.deliver().done();
    let keys: Vec<_> = client
        .take_sent()
        .iter()
        .map(|it| it.key().map(str::to_owned))
        .collect();
    assert_eq!(keys, [Some("b.txt".to_owned()), Some("a.txt".to_owned())]);
    assert!(client.sent().is_empty() && client.deliver().is_empty());
}

#[tokio::test]
async fn each_client_has_what_its_own_app_sends() {
    let (one, other) = (Client::new(app(), ()), Client::new(app(), ()));
    let requests = [&one, &other, &one].map(|client| async {
        client.post("/send").json(&json!({})).await;
    });
    let [a, b, c] = requests;
    tokio::join!(a, b, c);
    assert_eq!((one.sent().len(), other.sent().len()), (10, 5));
}

#[test]
fn a_handle_that_is_not_listed_and_a_detail_that_is_no_object_are_errors() {
    let client = Client::new(app(), ());
    let told = |what: &str| {
        client
            .post(&format!("/wrong/{what}"))
            .send()
            .text()
            .to_owned()
    };
    assert_eq!(
        told("unlisted"),
        "queue unlisted: the app does not list it: add `.uses(&…)` to the `App`"
    );
    assert_eq!(
        told("detail"),
        "bus trade: the detail of an event is an object"
    );
    assert!(client.sent().is_empty());
}

#[test]
fn the_manifest_has_what_the_app_uses() {
    let manifest = app().uses(&NEWS).manifest();
    let listed: Vec<_> = manifest.uses.iter().map(ToString::to_string).collect();
    assert_eq!(
        listed,
        [
            "queue others",
            "queue steps",
            "topic news",
            "bus trade",
            "bucket docs"
        ]
    );
    assert_eq!(manifest.schema, 3);
    assert_eq!((NEWS.kind().word(), NEWS.name()), ("topic", "news"));
    assert_eq!(format!("{NEWS:?}"), r#"Topic("news")"#);
}
