use std::rc::Rc;

use fw::get;

async fn wait() {}

#[get("/a")]
async fn a() { //~ mistake
    let counter = Rc::new(1);
    wait().await;
    drop(counter);
}

fn main() {}
