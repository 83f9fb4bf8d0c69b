use fw::{get, route};

#[route("/a", method = [GET])] //~ mistake
async fn a() {}

#[route("/b", methods = [GET], cache = 3)] //~ mistake
async fn b() {}

#[get("/c", crate = 3)] //~ mistake
async fn c() {}

fn main() {}
