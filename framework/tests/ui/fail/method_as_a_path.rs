use fw::{Method, route};

#[route("/a", methods = [Method::GET])] //~ mistake
async fn a() {}

fn _used(_: Method) {}

fn main() {}
