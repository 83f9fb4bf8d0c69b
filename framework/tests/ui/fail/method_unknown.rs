use fw::route;

#[route("/a", methods = [
    GTE, //~ mistake
    FETCH, //~ mistake
    OPTION, //~ mistake
])]
async fn a() {}

fn main() {}
