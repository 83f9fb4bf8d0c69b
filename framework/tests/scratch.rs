#![allow(missing_docs)]
use fw::{Json, Method, Result, Routes, get, route, routes};
struct Store;

#[get("/objects/<key>?<page>&<tags>")]
async fn object<'a>(store: &Store, key: &'a str, Json(body): Json<String>, page: Option<u32>, tags: Vec<&str>, method: Method) -> Result<Json<String>> {
    let _ = (store, page, tags, method);
    Ok(Json(format!("{key}{body}")))
}
#[get("/")]
async fn root() {}
#[route("/files/<path..>", methods = [PUT, DELETE])]
async fn file(_path: &str) -> impl fw::IntoResponse { "".to_owned() }

#[test]
fn test() {
    let routes: Routes<Store> = routes![object, root, #[cfg(unix)] file,];
    println!("{routes:?}");
    let none: Routes<Store> = routes![];
    println!("{none:?}");
}
