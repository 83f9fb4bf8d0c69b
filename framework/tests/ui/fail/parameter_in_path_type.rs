use fw::get;

struct Path<T>(T);

#[get("/a/<id>")]
async fn a(Path(id): Path<u32>) { //~ mistake
    let _ = id;
}

#[get("/b/<id>/<name>?<page>")]
async fn b(
    Path((id, name)): Path<(u32, String)>, //~ mistake
    page: Option<u32>,
) {
    let _ = (id, name, page);
}

fn main() {}
