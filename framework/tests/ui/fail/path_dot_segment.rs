use fw::get;

#[get("/objects/../all")] //~ mistake
async fn a() {}

#[get("/./objects")] //~ mistake
async fn b() {}

fn main() {}
