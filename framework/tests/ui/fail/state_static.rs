use fw::get;

struct Store;

#[get("/objects")]
async fn objects(store: &'static Store) { //~ mistake
    let _ = store;
}

fn main() {}
