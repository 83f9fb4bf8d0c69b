use fw::get;

#[get("")] //~ mistake
async fn a() {}

#[get("objects")] //~ mistake
async fn b() {}

#[get("https://example.com/objects")] //~ mistake
async fn c() {}

fn main() {}
