use fw::{Json, function, on_event, on_sqs, schedule, source::Batch};

struct Order;

#[on_sqs("orders")]
async fn returns_text(order: String) -> String { //~ mistake
    order
}

#[on_sqs("orders")]
async fn says_nothing(_: Batch<String>) {} //~ mistake

#[on_sqs("orders")]
async fn plain(order: Order) {} //~ mistake

#[on_sqs("orders")]
async fn parameter(id: u32) {} //~ mistake

#[schedule("rate(1 day)")]
fn not_async() {} //~ mistake

#[on_event(source = "shop")]
#[on_sqs("orders")] //~ mistake
async fn both() {}

#[function]
async fn number() -> u32 { //~ mistake
    1
}

#[function]
async fn without_serde(order: Json<Order>) {} //~ mistake

fn main() {}
