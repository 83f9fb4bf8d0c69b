use std::rc::Rc;

use fw::{auth::Deny, authorizer};

async fn wait() {}

#[authorizer]
async fn check() -> Deny { //~ mistake
    let counter = Rc::new(1);
    wait().await;
    drop(counter);
    Deny
}

fn main() {}
