use fw::get;

#[get("/objects")]
async fn a(key: &str) { //~ mistake
    let _ = key;
}

#[get("/search?<q>")]
async fn b(q: &str, page: u32) { //~ mistake
    let _ = (q, page);
}

fn main() {}
