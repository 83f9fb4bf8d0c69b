use fw::get;

#[get("/search?<q>?<page>")] //~ mistake
async fn a() {}

fn main() {}
