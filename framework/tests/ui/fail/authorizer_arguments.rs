use fw::{auth::Deny, authorizer};

#[authorizer(identity = ["header:x"], ttl = 7200)] //~ mistake
async fn a() -> Deny {
    Deny
}

#[authorizer(identity = ["header:x"], ttl = "5m")] //~ mistake
async fn b() -> Deny {
    Deny
}

#[authorizer(ttl = 300)] //~ mistake
async fn c() -> Deny {
    Deny
}

#[authorizer(ttl)] //~ mistake
async fn d() -> Deny {
    Deny
}

#[authorizer(token = true)] //~ mistake
async fn e() -> Deny {
    Deny
}

#[authorizer(token, identity = ["query:key"])] //~ mistake
async fn f() -> Deny {
    Deny
}

#[authorizer(token, token)] //~ mistake
async fn g() -> Deny {
    Deny
}

#[authorizer(tlt = 300)] //~ mistake
async fn h() -> Deny {
    Deny
}

#[authorizer(name = "check")] //~ mistake
async fn i() -> Deny {
    Deny
}

#[authorizer(token,,)] //~ mistake
async fn j() -> Deny {
    Deny
}

fn main() {}
