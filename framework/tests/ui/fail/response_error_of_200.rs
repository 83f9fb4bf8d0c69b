use fw::{Json, get};

#[get("/a")]
async fn a() -> Result<String, String> { //~ mistake
    Err("there is none".to_owned())
}

#[get("/b")]
async fn b() -> std::result::Result<Json<u8>, &'static str> { //~ mistake
    Err("there is none")
}

#[get("/c")]
async fn c() -> Result<(), ()> { //~ mistake
    Err(())
}

fn main() {}
