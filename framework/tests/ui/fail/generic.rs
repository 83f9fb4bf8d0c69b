use fw::get;

#[get("/a")]
async fn a<T>() {} //~ mistake

#[get("/b")]
async fn b<const N: usize>() {} //~ mistake

#[get("/c/<key>")]
async fn c(key: impl Into<String>) { //~ mistake
    let _ = key.into();
}

fn main() {}
