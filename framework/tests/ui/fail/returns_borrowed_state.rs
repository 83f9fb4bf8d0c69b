use fw::{Json, get};

struct Store(String);

#[get("/a/<key>")]
async fn a(store: &Store, key: &str) -> &str { //~ mistake
    let _ = key;
    &store.0
}

#[get("/b")]
async fn b() -> Json<&str> { //~ mistake
    Json("b")
}

fn main() {}
