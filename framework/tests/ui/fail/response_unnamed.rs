use fw::get;

#[get("/a")]
async fn a() -> impl std::fmt::Display { //~ mistake
    1
}

fn main() {}
