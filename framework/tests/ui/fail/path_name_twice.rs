use fw::get;

#[get("/objects/<key>/versions/<key>")] //~ mistake
async fn a() {}

#[get("/objects/<key>?<key>")] //~ mistake
async fn b() {}

fn main() {}
