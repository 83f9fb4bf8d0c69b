// The text is rustc's own. A trait of ours in place of `Send` could say it in our words, but then rustc would no longer point at the
// value and the `.await`, which is what has to be mended; so the function that asks for `Send` has the advice as its name.
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
