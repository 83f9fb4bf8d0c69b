use fw::get;

#[get("/objects/<id: u32>")] //~ mistake
async fn a() {}

fn main() {}
