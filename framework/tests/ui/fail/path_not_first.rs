use fw::route;

#[route(methods = [GET], "/a")] //~ mistake
async fn a() {}

#[route(path = "/b", methods = [GET])] //~ mistake
async fn b() {}

fn main() {}
