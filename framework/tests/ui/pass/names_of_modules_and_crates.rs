//! A handler may have the name of a module, of a crate, or of a type that is built in; each of them keeps its meaning.

#![deny(warnings)]

use fw::{Routes, get, routes};
use serde::Serialize;

mod orders {
    use fw::get;

    #[derive(serde::Serialize)]
    pub struct Order {
        pub id: u64,
    }

    /// Called as its own module.
    #[get("/orders/all")]
    pub async fn orders() -> String {
        serde_json::to_string(&Order { id: 1 }).unwrap_or_default()
    }

    #[get("/orders/<id>")]
    pub async fn one(id: u64) -> String {
        serde_json::to_string(&Order { id }).unwrap_or_default()
    }

    pub mod tower {
        #[fw::get("/tower")]
        pub async fn tower() {}
    }
}

mod elsewhere {
    #[fw::get("/http")]
    pub async fn http() -> http::StatusCode {
        http::StatusCode::OK
    }

    #[fw::get("/moved")]
    pub async fn moved() {}

    pub use moved as renamed;
}

// Called as the module beside it.
#[get("/orders")]
async fn orders() -> String {
    let order = orders::Order { id: 2 };
    serde_json::to_string(&order).unwrap_or_default()
}

#[get("/elsewhere")]
async fn elsewhere() {
    let _ = elsewhere::http().await;
}

#[get("/serde")]
async fn serde() -> String {
    fn text(value: impl serde::Serialize + Serialize) -> String {
        serde_json::to_string(&value).unwrap_or_default()
    }
    text(1)
}

#[get("/tracing")]
async fn tracing() {
    tracing::info!("it is still the crate");
}

#[get("/std")]
async fn std() -> std::string::String {
    std::string::String::new()
}

#[get("/str/<str>")]
async fn str(str: &str) -> &str {
    str
}

#[get("/u8")]
async fn u8() -> String {
    u8::MAX.to_string()
}

use elsewhere::{moved, renamed as twice};
use orders::one;

fn main() {
    let paths = |routes: Routes<()>| -> Vec<&str> { routes.iter().map(|route| route.info().path).collect() };
    assert_eq!(
        paths(routes![orders, elsewhere, serde, tracing, std, str, u8, one, moved]),
        [
            "/orders", "/elsewhere", "/serde", "/tracing", "/std", "/str/{str}", "/u8", "/orders/{id}", "/moved",
        ]
    );
    assert_eq!(
        paths(routes![orders::orders, crate::orders::one, orders::tower::tower, elsewhere::http]),
        ["/orders/all", "/orders/{id}", "/tower", "/http"]
    );
    assert_eq!(paths(routes![twice]), ["/moved"]);
    assert_eq!(paths(routes![elsewhere::renamed, self::orders]), ["/moved", "/orders"]);

    #[get("/csv")]
    async fn csv() {}
    assert_eq!(paths(routes![csv]), ["/csv"]);

    // A unit test calls them as it calls any function.
    let _ = (orders(), orders::orders(), serde(), str("text"), elsewhere::renamed());
}
