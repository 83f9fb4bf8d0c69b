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

#[cfg(test)]
mod tests {
    use fw::test::Client;

    use super::app;

    #[test]
    fn says_hello() {
        let response = Client::new(app(), ()).get("/hello").send();
        assert_eq!(response.status(), 200);
        assert_eq!(response.text(), r#"{"hello":"world"}"#);
    }

    #[test]
    fn the_manifest_is_what_it_was() {
        let manifest = serde_json::to_string_pretty(&app().manifest()).unwrap();
        assert_eq!(manifest, include_str!("../manifest.json").trim_end());
    }
}
