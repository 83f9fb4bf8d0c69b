use fw::get;

#[get("/objects/<key>.json")] //~ mistake
async fn a() {}

#[get("/objects/v-<key>")] //~ mistake
async fn b() {}

#[get("/objects/<a>-<b>")] //~ mistake
async fn c() {}

fn main() {}
