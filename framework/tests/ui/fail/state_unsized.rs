use fw::get;

trait Store {}

#[get("/a")]
async fn a(store: &dyn Store) { //~ mistake
    let _ = store;
}

#[get("/b")]
async fn b(words: &[String]) { //~ mistake
    let _ = words;
}

fn main() {}
