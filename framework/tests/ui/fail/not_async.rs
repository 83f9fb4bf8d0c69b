use fw::get;

#[get("/objects")]
fn objects() {} //~ mistake

fn main() {}
