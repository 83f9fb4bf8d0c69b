use fw::get;

#[get("/objects/<key>")]
async fn a(kye: String) { //~ mistake
    let _ = kye;
}

#[get("/objects/<key>")]
async fn b(id: &str) { //~ mistake
    let _ = id;
}

fn main() {}
