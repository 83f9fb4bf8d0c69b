use fw::get;

#[get("/two%20words")] //~ mistake
async fn a() {}

#[get("/two%2Dwords")] //~ mistake
async fn b() {}

fn main() {}
