use fw::{Json, extract::Form, post};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Order {}

#[post("/a", validate = true)] //~ mistake
async fn a(Json(order): Json<Order>) {
    let _ = order;
}

#[post("/b", validate, validate)] //~ mistake
async fn b(Json(order): Json<Order>) {
    let _ = order;
}

#[post("/c", validated)] //~ mistake
async fn c(Json(order): Json<Order>) {
    let _ = order;
}

#[post("/d", validate)] //~ mistake
async fn d(Form(order): Form<Order>) {
    let _ = order;
}

#[post("/e", validate)] //~ mistake
async fn e() {}

fn main() {}
