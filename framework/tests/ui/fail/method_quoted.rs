use fw::route;

#[route("/a", methods = ["GET"])] //~ mistake
async fn a() {}

fn main() {}
