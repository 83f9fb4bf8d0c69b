use fw::get;

#[get("/objects/<page-size>")] //~ mistake
async fn a() {}

#[get("/objects/<2nd>")] //~ mistake
async fn b() {}

#[get("/objects/<self>")] //~ mistake
async fn c() {}

#[get("/objects/<r#type>")] //~ mistake
async fn d() {}

fn main() {}
