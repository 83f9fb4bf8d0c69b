use fw::{Routes, get, route, routes};

#[route("/objects/<key>", methods = [GET, PUT])]
async fn object(key: &str) {
    let _ = key;
}

mod more {
    #[fw::put("/objects/<id>")]
    pub async fn store(id: &str) {
        let _ = id;
    }
}

#[get("/objects")]
async fn objects() {}

fn main() {
    let _: Routes<()> = routes![
        object,
        objects,
        more::store, //~ mistake
        objects, //~ mistake
    ];
}
