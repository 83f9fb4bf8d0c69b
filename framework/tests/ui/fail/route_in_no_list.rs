#![deny(dead_code)]

use fw::{Routes, get, routes};

#[get("/a")]
async fn listed() {}

#[get("/b")]
async fn forgotten() {} //~ mistake

fn main() {
    let _: Routes<()> = routes![listed];
}
