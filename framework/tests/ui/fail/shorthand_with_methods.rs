use fw::get;

#[get("/a", methods = [GET, PUT])] //~ mistake
async fn a() {}

fn main() {}
