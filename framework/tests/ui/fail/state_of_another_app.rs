use fw::{Routes, get, routes};

struct Store;
struct Cache;

#[get("/a")]
async fn a(store: &Store) {
    let _ = store;
}

#[get("/b")]
async fn b(cache: &Cache) {
    let _ = cache;
}

fn main() {
    let _: Routes<Store> = routes![
        a,
        b, //~ mistake
    ];
}
