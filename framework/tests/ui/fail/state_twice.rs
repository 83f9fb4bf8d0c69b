use fw::get;

struct Store;
struct Cache;

#[get("/objects")]
async fn objects(store: &Store, cache: &Cache) { //~ mistake
    let _ = (store, cache);
}

fn main() {}
