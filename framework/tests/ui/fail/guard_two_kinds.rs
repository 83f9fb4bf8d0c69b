use fw::{auth::Deny, authorizer, get};

#[authorizer]
async fn check() -> Deny {
    Deny
}

#[get("/a", jwt = "main", iam)] //~ mistake
async fn a() {}

#[get("/b", public, authorizer = check)] //~ mistake
async fn b() {}

#[get("/c", jwt = "main", jwt = "other")] //~ mistake
async fn c() {}

#[get("/d", api_key, api_key)] //~ mistake
async fn d() {}

#[get("/e", public, api_key)] //~ mistake
async fn e() {}

fn main() {}
