use fw::get;

#[get("/search?")] //~ mistake
async fn a() {}

#[get("/search?<q>&")] //~ mistake
async fn b() {}

fn main() {}
