use fw::get;

#[get("/search?q")] //~ mistake
async fn a() {}

fn main() {}
