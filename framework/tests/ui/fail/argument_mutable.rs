use fw::get;

#[get("/objects/<key>")]
async fn object(key: &mut str) { //~ mistake
    let _ = key;
}

fn main() {}
