use fw::get;

#[get("/files/*")] //~ mistake
async fn a() {}

#[get("/files/*path")] //~ mistake
async fn b() {}

fn main() {}
