use fw::get;

#[get("/search?q=<q>")] //~ mistake
async fn a() {}

#[get("/search?sort=asc")] //~ mistake
async fn b() {}

fn main() {}
