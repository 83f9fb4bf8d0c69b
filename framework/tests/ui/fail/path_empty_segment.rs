use fw::get;

#[get("/objects//all")] //~ mistake
async fn a() {}

fn main() {}
