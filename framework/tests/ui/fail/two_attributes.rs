use fw::{get, route};

#[get("/a")]
#[route("/b", methods = [PUT])] //~ mistake
async fn a() {}

fn main() {}
