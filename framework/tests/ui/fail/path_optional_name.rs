use fw::get;

#[get("/objects/<id?>")] //~ mistake
async fn a() {}

fn main() {}
