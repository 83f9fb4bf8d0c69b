use fw::get;

struct Thing;

#[get("/a")]
async fn a(thing: Thing) { //~ mistake
    let _ = thing;
}

#[get("/b")]
async fn b(thing: Option<Thing>) { //~ mistake
    let _ = thing;
}

fn main() {}
