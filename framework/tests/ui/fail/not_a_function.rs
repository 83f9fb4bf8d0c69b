use fw::{get, route};

#[get("/a")]
struct A; //~ mistake

#[route("/b", methods = [GET])]
mod b {} //~ mistake

fn main() {}
