use fw::{auth::Deny, authorizer, get};

#[authorizer(identity = "authorization")] //~ mistake
async fn check() -> Deny {
    Deny
}

#[get("/a", auth = check)] //~ mistake
async fn a() {}

fn main() {}
