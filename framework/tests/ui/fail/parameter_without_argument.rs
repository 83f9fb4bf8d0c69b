use fw::get;

#[get("/objects/<key>?<page>&<type>")] //~ mistake //~ mistake //~ mistake
async fn object() {}

fn main() {}
