use fw::get;

#[get("/objects/<key>")]
async fn object(key: &'static str) { //~ mistake
    let _ = key;
}

fn main() {}
