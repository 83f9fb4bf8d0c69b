use fw::get;

#[get("/a", iam = true)] //~ mistake
async fn a() {}

#[get("/b", api_key = "main")] //~ mistake
async fn b() {}

#[get("/c", apikey)] //~ mistake
async fn c() {}

#[get("/d", privat)] //~ mistake
async fn d() {}

fn main() {}
