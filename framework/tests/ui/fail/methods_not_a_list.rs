use fw::route;

#[route("/a", methods = GET)] //~ mistake
async fn a() {}

#[route("/b", methods(GET, PUT))] //~ mistake
async fn b() {}

#[route("/c", methods = (GET))] //~ mistake
async fn c() {}

#[route("/d", methods = [])] //~ mistake
async fn d() {}

#[route("/e", methods = )] //~ mistake
async fn e() {}

#[route("/f", GET)] //~ mistake
async fn f() {}

fn main() {}
