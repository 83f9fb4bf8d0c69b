use fw::{Json, post};
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {}

#[post("/orders", validate)]
async fn order(Json(order): Json<Order>) { //~ mistake
    let _ = order;
}

fn main() {}
