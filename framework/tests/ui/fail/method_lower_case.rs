use fw::route;

#[route("/a", methods = [get])] //~ mistake
async fn a() {}

fn main() {}
