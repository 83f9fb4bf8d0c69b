//! The framework's hello: what the benchmark `lambda` sets beside `bare.rs`.

use std::process::ExitCode;

use fw::{App, Json, get, routes};
use serde::Serialize;

#[derive(Serialize)]
struct Greeting {
    hello: &'static str,
}

/// Greet the world.
#[get("/hello")]
async fn hello() -> Json<Greeting> {
    Json(Greeting { hello: "world" })
}

fn main() -> ExitCode {
    App::stateless("hello").routes(routes![hello]).run()
}
