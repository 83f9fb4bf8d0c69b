use fw::get;

#[get("/a/<key>")]
async fn a(key: Option<&str>) { //~ mistake
    let _ = key;
}

#[get("/b/<keys>")]
async fn b(keys: Vec<String>) { //~ mistake
    let _ = keys;
}

fn main() {}
