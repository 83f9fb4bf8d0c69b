use fw::get;

#[get("/a")]
#[fw::route("/b", methods = [PUT])] //~ mistake
async fn a() {}

fn main() {}
