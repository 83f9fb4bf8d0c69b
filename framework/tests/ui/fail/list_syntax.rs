use fw::{Routes, get, routes};

#[get("/a")]
async fn a() {}

fn main() {
    let _: Routes<()> = routes![a()]; //~ mistake
    let _: Routes<()> = routes!["a"]; //~ mistake
    let _: Routes<()> = routes![a; a]; //~ mistake
    let _: Routes<()> = routes![#[inline] a]; //~ mistake
}
