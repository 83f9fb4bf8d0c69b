use fw::get;

const PATH: &str = "/a";

#[get(PATH)] //~ mistake
async fn a() {}

#[get(/objects)] //~ mistake
async fn b() {}

#[get(b"/c")] //~ mistake
async fn c() {}

#[get(["/d", "/e"])] //~ mistake
async fn d() {}

fn main() {}
