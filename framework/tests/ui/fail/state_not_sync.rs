use std::cell::RefCell;

use fw::get;

struct Store {
    seen: RefCell<u32>,
}

#[get("/a")]
async fn a(store: &Store) { //~ mistake
    store.seen.replace(1);
}

fn main() {}
