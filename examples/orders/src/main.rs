//! An order's way through a shop: a request, a queue, a bucket, a topic; a nightly report, and the events of a carrier.
//!
//! `POST /orders` puts the order into the queue `orders`. `pack` takes it out and writes a label into the bucket `labels`. The new
//! label invokes `announce`, which publishes to the topic `shipped`, and that invokes `notify`. What cannot be packed goes to `failed`.

use std::process::ExitCode;

use fw::{
    App, Error, Json, Result, StatusCode, on_event, on_s3, on_sns, on_sqs, post,
    resource::{Bucket, Queue, Topic},
    routes, schedule,
    source::{Message, ObjectEvent, Schedule},
    sources,
};
use serde::{Deserialize, Serialize};

static ORDERS: Queue<Order> = Queue::new("orders");
static LABELS: Bucket = Bucket::new("labels");
static SHIPPED: Topic<str> = Topic::new("shipped");

/// What a customer wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u32,
    item: String,
}

/// A parcel that came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Returned {
    order: u32,
}

/// Take an order.
#[post("/orders")]
async fn order(Json(order): Json<Order>) -> Result<(StatusCode, Json<Order>)> {
    ORDERS.send(&order).await?;
    Ok((StatusCode::ACCEPTED, Json(order)))
}

/// Pack an order: write its label.
#[on_sqs("orders")]
async fn pack(Json(order): Json<Order>, message: Message) -> Result<()> {
    if order.item == "piano" {
        let attempt = message.receive_count;
        return Err(Error::internal(format!(
            "a piano does not fit a parcel (attempt {attempt})"
        )));
    }
    let key = format!("parcels/{}.json", order.id);
    Ok(LABELS.put_json(&key, &order).await?)
}

/// Announce that a parcel is on its way: its label is there.
#[on_s3("labels", created, prefix = "parcels/", suffix = ".json")]
async fn announce(label: ObjectEvent) -> Result<()> {
    let name = label.key.rsplit('/').next().unwrap_or_default();
    let order = name.trim_end_matches(".json");
    let text = format!("order {order} is on its way");
    Ok(SHIPPED.publish_text(text).await?)
}

/// Tell the customer.
#[on_sns("shipped")]
async fn notify(text: String) {
    println!("to the customer: {text}");
}

/// Write down what the carrier brought back.
#[on_event(source = "carrier", detail_type = "Parcel Returned")]
async fn returned(Json(parcel): Json<Returned>) -> Result<()> {
    let key = format!("returned/{}.txt", parcel.order);
    let put = LABELS.put(&key, "text/plain", "the parcel came back");
    Ok(put.await?)
}

/// Report at two in the morning.
#[schedule("cron(0 2 * * ? *)", timezone = "Europe/Berlin")]
async fn nightly(schedule: Schedule) -> Result<()> {
    let count = LABELS.list("parcels/").await?.len();
    let report = format!("{}: {count} parcels", schedule.time);
    Ok(LABELS.put("report.txt", "text/plain", report).await?)
}

fn app() -> App {
    App::stateless("orders")
        .routes(routes![order])
        .on(sources![pack, announce, notify, returned, nightly])
        .uses(&ORDERS)
        .uses(&LABELS)
        .uses(&SHIPPED)
}

fn main() -> ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use fw::{StatusCode, test::Client};
    use serde_json::json;

    use super::{Order, Returned, app};

    fn order(id: u32, item: &str) -> Order {
        Order {
            id,
            item: item.to_owned(),
        }
    }

    /// What was sent since the last look: where to, and what.
    fn taken(client: &Client) -> Vec<String> {
        let sent = client.take_sent();
        let sent = sent.iter().map(|it| {
            let key = it.key().map(|key| format!("{key} ")).unwrap_or_default();
            format!("{}: {key}{}", it.to(), it.text())
        });
        sent.collect()
    }

    #[test]
    fn an_order_goes_from_the_request_to_the_customer() {
        let client = Client::new(app(), ());
        let answer = client.post("/orders").json(&order(7, "lamp")).send();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert_eq!(client.sent()[0].to(), "queue orders");
        assert_eq!(client.sent()[0].json::<Order>(), order(7, "lamp"));

        client.deliver().done();
        assert_eq!(client.sent()[0].key(), Some("parcels/7.json"));
        assert_eq!(client.sent()[0].json::<Order>(), order(7, "lamp"));

        client.deliver().done();
        assert_eq!(client.sent()[0].to(), "topic shipped");
        assert_eq!(client.sent()[0].text(), "order 7 is on its way");

        client.deliver().done();
        assert!(client.sent().is_empty(), "the customer is the end");
        assert!(client.s3("labels").created("report.txt", 24).is_empty());
    }

    #[test]
    fn what_cannot_be_packed_comes_again() {
        let client = Client::new(app(), ());
        let batch = client
            .sqs("orders")
            .message(&order(8, "piano"))
            .message(&order(9, "lamp"))
            .deliver();
        assert_eq!(batch.come_again().len(), 1, "the piano alone");
        assert_eq!(
            taken(&client),
            [r#"bucket labels: parcels/9.json {"id":9,"item":"lamp"}"#]
        );
    }

    #[test]
    fn returns_and_nights_are_written_down() {
        let client = Client::new(app(), ());
        client.sqs("orders").send(&order(9, "lamp")).done();
        let parcel = Returned { order: 7 };
        client.event("carrier", "Parcel Returned", &parcel).done();
        assert_eq!(
            taken(&client)[1],
            "bucket labels: returned/7.txt the parcel came back"
        );
        assert!(
            client
                .event("carrier", "Parcel Lost", &json!({}))
                .is_empty()
        );
        client.fire("nightly").done();
        assert!(taken(&client).concat().contains("1 parcels"));
    }
}
