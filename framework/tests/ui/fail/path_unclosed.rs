use fw::get;

#[get("/objects/<key")] //~ mistake
async fn a() {}

#[get("/objects/key>")] //~ mistake
async fn b() {}

fn main() {}
