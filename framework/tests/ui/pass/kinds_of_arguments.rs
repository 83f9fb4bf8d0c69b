//! All three kinds of argument, in any order, borrowed or owned.

use std::net::Ipv4Addr;

use fw::{Json, Method, Request, Result, Routes, delete, get, head, options, patch, post, put, route, routes};

struct Store;

/// Fetch or store.
#[route("/objects/<key>?<page>&<tags>&<sort>", methods = [GET, PUT])]
async fn object<'a>(
    Json(body): Json<String>,
    key: &'a str,
    store: &'a Store,
    page: Option<u32>,
    tags: Vec<&str>,
    method: Method,
    sort: Option<String>,
) -> Result<Json<String>> {
    let _ = (store, page, tags, method, sort);
    Ok(Json(format!("{key}{body}")))
}

#[get("/")]
async fn root() {}

#[put("/files/<path..>")]
async fn file(_path: &str) -> impl fw::IntoResponse {
    String::new()
}

#[post("/hosts/<host>/<type>")]
async fn host(mut host: Ipv4Addr, r#type: u8, body: Option<Json<String>>) -> String {
    if r#type == 0 {
        host = Ipv4Addr::LOCALHOST;
    }
    format!("{host}{body:?}")
}

#[patch("/r")]
async fn r#move(_: &Store, _: Result<Json<u8>, <Json<u8> as fw::FromRequest>::Rejection>) {}

#[delete("/never")]
async fn never() -> fw::Response {
    panic!("never")
}

#[head("/h")]
async fn call() {}

#[options("/o")]
async fn state(state: &Store) {
    let _ = state;
}

mod deep {
    pub(super) mod er {
        #[fw::get("/deep")]
        pub(in super::super) async fn handler() {}
    }
}

fn main() {
    let routes: Routes<Store> = routes![
        object,
        root,
        file,
        host,
        r#move,
        never,
        call,
        state,
        self::deep::er::handler,
        #[cfg(any())]
        left_out,
        #[cfg(not(any()))]
        crate::local::inner,
    ];
    assert_eq!(routes.iter().count(), 10);
    let _: Routes<String> = routes![root, call];
    let _: Routes<()> = routes![];
    let _ = fw::Request::new(Method::GET, "/");
    let _ = object(Json(String::new()), "key", &Store, None, vec![], Method::GET, None);
    let _: fn(&Request<'_>) = |_| ();
}

mod local {
    #[fw::get("/inner")]
    pub async fn inner() {}
}
