use fw::get;

#[get("/a", authorizer)] //~ mistake
async fn a() {}

#[get("/b", authorizer = "check")] //~ mistake
async fn b() {}

#[get("/c", authorizer = auth::check())] //~ mistake
async fn c() {}

#[get("/d", authorizer = )] //~ mistake
async fn d() {}

#[get("/e", authoriser = check)] //~ mistake
async fn e() {}

fn main() {}
