//! Greets.

use std::process::ExitCode;

use fw::{App, Json, get, routes};
use serde::Serialize;

#[derive(Serialize)]
struct Greeting {
    hello: String,
}

/// Say what there is.
#[get("/")]
async fn index() -> &'static str {
    "Try /hello, or /hello/ and a name.\n"
}

/// Greet the world.
#[get("/hello")]
async fn hello() -> Json<Greeting> {
    Json(Greeting {
        hello: "world".to_owned(),
    })
}

/// Greet somebody.
#[get("/hello/<name>")]
async fn hello_name(name: &str) -> Json<Greeting> {
    Json(Greeting {
        hello: name.to_owned(),
    })
}

fn app() -> App {
    App::stateless("hello").routes(routes![index, hello, hello_name])
}

fn main() -> ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use fw::{StatusCode, test::Client};
    use serde_json::{Value, json};

    #[test]
    fn greets_by_name() {
        let client = Client::new(super::app(), ());
        let response = client.get("/hello/Ada%20L.").send();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.json::<Value>(), json!({ "hello": "Ada L." }));
    }
}
