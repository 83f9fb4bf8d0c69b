use fw::{Result, get};

struct Thing;

#[get("/a")]
async fn a() -> Thing { //~ mistake
    Thing
}

#[get("/b")]
async fn b() -> Result<Thing> { //~ mistake
    Ok(Thing)
}

fn main() {}
