use fw::get;

#[get("/objects/:key")] //~ mistake
async fn a() {}

fn main() {}
