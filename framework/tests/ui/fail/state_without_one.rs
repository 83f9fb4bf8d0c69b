use fw::{App, get, routes};

struct Store;

#[get("/a")]
async fn a(store: &Store) {
    let _ = store;
}

#[get("/b")]
async fn b() {}

fn main() {
    let _ = App::stateless("a").routes(routes![a, b]); //~ mistake
    let _ = App::stateless("a").mount("/v1", routes![a]); //~ mistake
    let _ = App::stateless("b").routes(routes![b]).mount("/v1", routes![b]);
}
