use fw::{extract::Query, get};

struct Search {}

#[get("/a")]
async fn a(Query(search): Query<Search>) { //~ mistake
    let _ = search;
}

fn main() {}
