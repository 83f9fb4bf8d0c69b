use fw::get;

#[get("/a", jwt)] //~ mistake
async fn a() {}

#[get("/b", jwt = main)] //~ mistake
async fn b() {}

#[get("/c", jwt = "https://issuer.example")] //~ mistake
async fn c() {}

#[get("/d", jwt = "")] //~ mistake
async fn d() {}

#[get("/e", jwt = )] //~ mistake
async fn e() {}

#[get("/f", jwt = 7, scopes = ["x"])] //~ mistake
async fn f() {}

fn main() {}
