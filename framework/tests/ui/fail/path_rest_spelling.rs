use fw::get;

#[get("/files/<path...>")] //~ mistake
async fn a() {}

#[get("/files/<path*>")] //~ mistake
async fn b() {}

fn main() {}
