use std::borrow::Cow;

use fw::{StatusCode, get, response::Html, routes};

#[get("/a/<name>")]
async fn a(name: &str) -> &str {
    name
}

#[get("/b/<name>")]
async fn b(name: &str) -> Cow<'_, str> {
    name.into()
}

#[get("/c/<name>")]
async fn c(name: &str) -> Html<&str> {
    Html(name)
}

#[get("/d")]
async fn d(state: &State) -> (StatusCode, &[u8]) {
    (StatusCode::OK, &state.0)
}

struct State(Vec<u8>);

fn main() {
    let _ = routes![a, b, c, d];
}
