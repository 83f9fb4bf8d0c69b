use fw::get;

#[get("/objects/<>")] //~ mistake
async fn a() {}

#[get("/objects/<_>")] //~ mistake
async fn b() {}

fn main() {}
