use fw::get;

#[get("objects/{key}/*?q")] //~ mistake //~ mistake //~ mistake //~ mistake
async fn a() {}

fn main() {}
