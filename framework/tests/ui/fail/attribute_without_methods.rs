use fw::route;

#[route("/objects")] //~ mistake
async fn a() {}

fn main() {}
