use fw::{get, route};

#[route("/a", methods = [GET], methods = [PUT])] //~ mistake
async fn a() {}

#[get("/b", "/c")] //~ mistake
async fn b() {}

fn main() {}
