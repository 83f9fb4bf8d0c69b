//! Behind a REST API: partners call with keys, each within its plan, and the API refuses bodies that do not fit before the function is invoked.

use std::process::ExitCode;

use fw::{App, Json, get, post, routes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a partner orders.
#[derive(Deserialize, JsonSchema)]
struct Order {
    item: String,
    #[schemars(range(min = 1))]
    count: u32,
}

/// What it comes to.
#[derive(Serialize, JsonSchema)]
struct Price {
    item: String,
    cents: u32,
}

/// Say what everybody may know.
#[get("/")]
async fn index() -> &'static str {
    "ask us for a key"
}

/// Tell what an order comes to.
#[post("/prices", api_key, validate)]
async fn price(Json(order): Json<Order>) -> Json<Price> {
    Json(Price {
        item: order.item,
        cents: order.count.saturating_mul(250),
    })
}

fn app() -> App {
    App::stateless("partners").routes(routes![index, price])
}

fn main() -> ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use fw::test::{Client, Gateway};
    use serde_json::{Value, json};

    #[test]
    fn partners_have_keys() {
        let client = Client::new(super::app(), ()).through(Gateway::RestApi);
        let order = json!({ "item": "tulip", "count": 4 });
        let priced = client.post("/prices").json(&order).api_key().send();
        assert_eq!(
            priced.json::<Value>(),
            json!({ "item": "tulip", "cents": 1000 })
        );
        assert_eq!(client.post("/prices").json(&order).send().status(), 403);
        assert_eq!(client.get("/").send().status(), 200);
    }
}
