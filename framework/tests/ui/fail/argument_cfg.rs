use fw::get;

#[get("/objects/<key>")]
async fn object(#[cfg(unix)] key: &str) { //~ mistake
    let _ = key;
}

fn main() {}
