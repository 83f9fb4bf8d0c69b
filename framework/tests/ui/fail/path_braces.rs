use fw::get;

#[get("/objects/{key}")] //~ mistake
async fn a() {}

#[get("/files/{path+}")] //~ mistake
async fn b() {}

fn main() {}
