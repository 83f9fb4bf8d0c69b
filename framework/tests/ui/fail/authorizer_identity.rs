use fw::{auth::Deny, authorizer};

#[authorizer(identity = "header:authorization")] //~ mistake
async fn a() -> Deny {
    Deny
}

#[authorizer(identity = [])] //~ mistake
async fn b() -> Deny {
    Deny
}

#[authorizer(identity = ["Authorization", "$request.querystring.key"])] //~ mistake //~ mistake
async fn c() -> Deny {
    Deny
}

#[authorizer(identity = ["cookie:session", "heder:x-key"])] //~ mistake //~ mistake
async fn d() -> Deny {
    Deny
}

#[authorizer(identity = ["header:x", "header:x"])] //~ mistake
async fn e() -> Deny {
    Deny
}

#[authorizer(identity = [authorization])] //~ mistake
async fn f() -> Deny {
    Deny
}

#[authorizer(identity)] //~ mistake
async fn g() -> Deny {
    Deny
}

#[authorizer("header:authorization")] //~ mistake
async fn h() -> Deny {
    Deny
}

fn main() {}
