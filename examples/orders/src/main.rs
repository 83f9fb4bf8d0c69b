//! An order's way through a shop: a request, a queue, a bucket, a topic; a nightly report, and the events of a carrier.
//!
//! `POST /orders` puts the order into the queue `orders`. `pack` takes it out and writes a label into the bucket `labels`. The new
//! label invokes `announce`, which publishes to the topic `shipped`, and that invokes `notify`. What cannot be packed goes to `failed`.

mod aws;

use std::process::ExitCode;

use fw::{
    App, Error, Json, Result, StatusCode, on_event, on_s3, on_sns, on_sqs, post, routes, schedule,
    source::{Message, ObjectEvent, Schedule},
    sources,
};
use serde::{Deserialize, Serialize};

use crate::aws::Shop;

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
async fn order(shop: &Shop, Json(order): Json<Order>) -> Result<(StatusCode, Json<Order>)> {
    shop.send(&order).await?;
    Ok((StatusCode::ACCEPTED, Json(order)))
}

/// Pack an order: write its label.
#[on_sqs("orders")]
async fn pack(shop: &Shop, Json(order): Json<Order>, message: Message) -> Result<()> {
    if order.item == "piano" {
        let attempt = message.receive_count;
        return Err(Error::internal(format!(
            "a piano does not fit a parcel (attempt {attempt})"
        )));
    }
    let key = format!("parcels/{}.json", order.id);
    shop.write(&key, &serde_json::to_string(&order)?).await
}

/// Announce that a parcel is on its way: its label is there.
#[on_s3("labels", created, prefix = "parcels/", suffix = ".json")]
async fn announce(shop: &Shop, label: ObjectEvent) -> Result<()> {
    let name = label.key.rsplit('/').next().unwrap_or_default();
    let order = name.trim_end_matches(".json");
    shop.publish(&format!("order {order} is on its way")).await
}

/// Tell the customer.
#[on_sns("shipped")]
async fn notify(text: String) {
    println!("to the customer: {text}");
}

/// Write down what the carrier brought back.
#[on_event(source = "carrier", detail_type = "Parcel Returned")]
async fn returned(shop: &Shop, Json(parcel): Json<Returned>) -> Result<()> {
    let key = format!("returned/{}.txt", parcel.order);
    shop.write(&key, "the parcel came back").await
}

/// Report at two in the morning.
#[schedule("cron(0 2 * * ? *)", timezone = "Europe/Berlin")]
async fn nightly(shop: &Shop, schedule: Schedule) -> Result<()> {
    let count = shop.count("parcels/").await?;
    shop.write("report.txt", &format!("{}: {count} parcels", schedule.time))
        .await
}

fn app() -> App<Shop> {
    App::new("orders", Shop::connect)
        .routes(routes![order])
        .on(sources![pack, announce, notify, returned, nightly])
}

fn main() -> ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use fw::{StatusCode, test::Client};
    use serde_json::json;

    use super::{Order, Returned, app, aws::Shop};

    #[test]
    fn an_order_goes_from_the_request_to_the_customer() {
        let (shop, log) = Shop::in_memory();
        let client = Client::new(app(), shop);
        let order = Order {
            id: 7,
            item: "lamp".to_owned(),
        };
        let answer = client.post("/orders").json(&order).send();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert_eq!(log.take(), [r#"send {"id":7,"item":"lamp"}"#]);

        client.sqs("orders").send(&order).done();
        assert_eq!(
            log.take(),
            [r#"write parcels/7.json {"id":7,"item":"lamp"}"#]
        );

        client.s3("labels").created("parcels/7.json", 24).done();
        assert_eq!(log.take(), ["publish order 7 is on its way"]);
        assert!(client.s3("labels").created("report.txt", 24).is_empty());

        client
            .sns("shipped")
            .publish(None, "order 7 is on its way")
            .done();
    }

    #[test]
    fn what_cannot_be_packed_comes_again() {
        let (shop, log) = Shop::in_memory();
        let client = Client::new(app(), shop);
        let piano = Order {
            id: 8,
            item: "piano".to_owned(),
        };
        let lamp = Order {
            id: 9,
            item: "lamp".to_owned(),
        };
        let batch = client
            .sqs("orders")
            .message(&piano)
            .message(&lamp)
            .deliver();
        assert_eq!(batch.come_again().len(), 1, "the piano alone");
        assert_eq!(
            log.take(),
            [r#"write parcels/9.json {"id":9,"item":"lamp"}"#]
        );
    }

    #[test]
    fn returns_and_nights_are_written_down() {
        let (shop, log) = Shop::in_memory();
        let client = Client::new(app(), shop);
        let parcel = Returned { order: 7 };
        client.event("carrier", "Parcel Returned", &parcel).done();
        assert_eq!(log.take(), ["write returned/7.txt the parcel came back"]);
        assert!(
            client
                .event("carrier", "Parcel Lost", &json!({}))
                .is_empty()
        );
        client.fire("nightly").done();
        assert!(log.take().concat().contains("0 parcels"));
    }
}
