use fw::route;

#[route("/a", methods = [GET, PUT, GET])] //~ mistake
async fn a() {}

fn main() {}
