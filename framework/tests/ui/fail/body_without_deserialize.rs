use fw::{Json, post};

struct Thing;

#[post("/a")]
async fn a(Json(thing): Json<Thing>) { //~ mistake
    let _ = thing;
}

fn main() {}
