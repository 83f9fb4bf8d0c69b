use fw::{auth::{Allow, Deny}, authorizer};

#[authorizer]
fn a() -> Deny { //~ mistake
    Deny
}

#[authorizer]
async fn b<T>() -> Deny { //~ mistake
    Deny
}

#[authorizer]
async fn c(key: &str) -> Deny { //~ mistake
    let _ = key;
    Deny
}

#[authorizer]
async fn d() -> bool { //~ mistake
    true
}

#[authorizer]
async fn e() {} //~ mistake

#[authorizer]
async fn prüfer() -> Deny { //~ mistake
    Deny
}

#[authorizer] //~ mistake
#[fw::get("/f")]
async fn f() -> Option<Allow> {
    None
}

#[fw::get("/g")]
#[authorizer] //~ mistake
async fn g() {}

#[authorizer]
struct H; //~ mistake

struct Members;

impl Members {
    #[authorizer]
    async fn i(&self) -> Deny { //~ mistake
        Deny
    }
}

fn main() {}
