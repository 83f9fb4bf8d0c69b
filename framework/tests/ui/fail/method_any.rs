use fw::route;

#[route("/a", methods = [ANY])] //~ mistake
async fn a() {}

#[route("/b", methods = [TRACE])] //~ mistake
async fn b() {}

fn main() {}
