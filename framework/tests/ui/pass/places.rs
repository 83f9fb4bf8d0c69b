//! Routes in modules, in functions, behind `#[cfg]`, under other names, and in lists of each kind.

use fw::{Routes, routes};

pub mod api {
    pub mod v1 {
        #[fw::get("/v1")]
        pub async fn index() {}

        #[fw::get("/v1/inner")]
        pub(in crate::api) async fn inner() {}
    }

    #[fw::get("/never")]
    #[cfg(any())]
    pub async fn never() {}

    #[fw::get("/always")]
    #[cfg(not(any()))]
    pub async fn always() {}

    pub use v1::index as first;

    pub fn list<S>() -> Routes<S> {
        routes![v1::inner, self::always, super::api::first,]
    }

    use fw::{Routes, routes};
}

use api::{always, v1::*};

const _: () = {
    #[fw::get("/unnamed")]
    async fn unnamed() {}

    #[allow(dead_code)]
    fn list() -> Routes<u8> {
        routes!(unnamed)
    }
};

fn main() {
    #[fw::get("/local")]
    #[deprecated]
    #[must_use]
    async fn local() -> u64_text::Text {
        "local".to_owned()
    }

    mod u64_text {
        pub type Text = String;
    }

    let nothing: Routes<()> = routes![];
    assert_eq!(nothing.iter().count(), 0);
    let all: Routes<()> = routes! {
        index,
        always,
        #[cfg(any())]
        api::never,
        local,
    };
    let paths: Vec<_> = all.iter().map(|route| route.info().path).collect();
    assert_eq!(paths, ["/v1", "/always", "/local"]);
    assert_eq!(api::list::<String>().iter().count(), 3);
    // Twice the same path in two lists is not for a list to tell.
    let _: Routes<()> = routes![crate::api::v1::index];
}
