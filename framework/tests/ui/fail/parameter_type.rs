use fw::get;

struct Thing;

#[get("/a/<thing>")]
async fn a(thing: Thing) { //~ mistake
    let _ = thing;
}

#[get("/b?<thing>&<things>")]
async fn b(
    thing: Option<Thing>, //~ mistake
    things: Vec<Thing>, //~ mistake
) {
    let _ = (thing, things);
}

fn main() {}
