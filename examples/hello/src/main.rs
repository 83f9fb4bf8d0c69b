//! The smallest app: one route that answers JSON.

use std::process::ExitCode;

use fw::{App, Json, get, routes};
use serde::Serialize;

#[derive(Serialize)]
struct Greeting {
    hello: &'static str,
}

/// Say hello.
#[get("/hello")]
async fn hello() -> Json<Greeting> {
    Json(Greeting { hello: "world" })
}

fn app() -> App {
    App::stateless("hello").routes(routes![hello])
}

fn main() -> ExitCode {
    app().run()
}
