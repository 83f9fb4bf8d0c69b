use fw::get;

struct Check;

#[get("/a")]
async fn a() {}

#[get("/b", authorizer = a)] //~ mistake
async fn b(state: &u8) {
    let _ = state;
}

#[get("/c", authorizer = Check)] //~ mistake
async fn c() {}

#[get("/d", authorizer = unknown)] //~ mistake
async fn d() {}

async fn plain() {}

#[get("/e", authorizer = plain)] //~ mistake
async fn e() {}

#[get("/f", authorizer = plain)] //~ mistake
async fn f(state: &u8) {
    let _ = state;
}

fn main() {}
