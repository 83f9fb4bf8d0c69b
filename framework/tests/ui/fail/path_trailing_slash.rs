use fw::get;

#[get("/objects/")] //~ mistake
async fn a() {}

#[get("//")] //~ mistake
async fn b() {}

fn main() {}
