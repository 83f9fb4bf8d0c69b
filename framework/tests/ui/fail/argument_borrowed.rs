use fw::get;

#[get("/a/<key>")]
async fn a(key: &String) { //~ mistake
    let _ = key;
}

#[get("/b?<page>")]
async fn b(page: &u32) { //~ mistake
    let _ = page;
}

fn main() {}
