//! The smallest app: one route that answers JSON.

use std::process::ExitCode;

use fw::{
    __private::{BoxFuture, IntoRoute, Request, Route, RouteDecl, RouteInfo, Routes},
    App, IntoResponse, Json, Response,
};
use serde::Serialize;

#[derive(Serialize)]
struct Greeting {
    hello: &'static str,
}

/// Written out until the macros are merged.
struct Hello;

impl RouteDecl for Hello {
    const INFO: RouteInfo = RouteInfo {
        methods: &["GET"],
        path: "/hello",
        handler: "hello::hello",
        file: file!(),
        line: line!(),
        summary: "Say hello.",
        description: "",
        params: &[],
    };
}

impl<S> IntoRoute<S> for Hello {
    fn into_route() -> Route<S> {
        fn call<'r>(_: &'r Request<'r>) -> BoxFuture<'r, Response> {
            Box::pin(async { Json(Greeting { hello: "world" }).into_response() })
        }
        Route::stateless(Self::INFO, call)
    }
}

fn main() -> ExitCode {
    App::stateless("hello")
        .routes(Routes::collect(Routes::add::<Hello>))
        .run()
}
