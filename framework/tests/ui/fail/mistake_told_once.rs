//! A route with a mistake can be listed and called, and its own mistake is all that is told.

use fw::{Routes, get, routes};

struct Store;

#[get("/objects/{key}")] //~ mistake
async fn object(store: &Store, key: &str) {
    let _ = (store, key);
}

#[get("/b")]
async fn b() {}

fn main() {
    let _: Routes<Store> = routes![object, b, object];
    let _ = object(&Store, "key");
}
