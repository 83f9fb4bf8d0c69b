use fw::get;

struct Store;

#[get("/objects")]
async fn objects(store: &mut Store) { //~ mistake
    let _ = store;
}

fn main() {}
