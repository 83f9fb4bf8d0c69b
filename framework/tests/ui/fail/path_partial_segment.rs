use fw::get;

#[get("/objects/<key>.json")] //~ mistake
async fn a() {}

#[get("/objects/v-<key>")] //~ mistake
async fn b() {}

fn main() {}
