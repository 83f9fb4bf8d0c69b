use fw::get;

#[get("/two words")] //~ mistake
async fn a() {}

#[get("/café")] //~ mistake
async fn b() {}

#[get("/events:batch")] //~ mistake
async fn c() {}

#[get("/page#top")] //~ mistake
async fn d() {}

fn main() {}
