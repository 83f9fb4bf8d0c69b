use fw::{App, get};

#[get("/a")]
async fn a() {}

fn main() {
    let _ = App::stateless("x").routes([a]); //~ mistake
}
