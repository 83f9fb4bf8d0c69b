use fw::{Json, get};

struct Thing;

#[get("/a")]
async fn a() -> Json<Thing> { //~ mistake
    Json(Thing)
}

fn main() {}
