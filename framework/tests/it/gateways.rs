//! The same app behind each gateway.

use fw::{
    App, AppError, get, routes,
    test::{Client, Gateway},
};
use serde_json::{Value, json};

use crate::app::{Counter, app};

const ALL: [Gateway; 4] = [
    Gateway::HttpApi,
    Gateway::HttpApiV1,
    Gateway::RestApi,
    Gateway::FunctionUrl,
];

fn clients() -> impl Iterator<Item = (Gateway, Client)> {
    let client = Client::new(app(), Counter::default());
    ALL.into_iter()
        .map(move |gateway| (gateway, client.clone().through(gateway)))
}

#[test]
fn arguments_arrive_alike() {
    for (gateway, client) in clients() {
        let response = client
            .put("/echo/a%20b%2Fc%2525?tag=x%20y&tag=z&other=1")
            .header("content-type", "text/plain")
            .body("hällo")
            .send();
        assert_eq!(response.status(), 200, "{gateway:?}: {response:?}");
        assert_eq!(
            response.json::<Value>(),
            json!({"method": "PUT", "name": "a b/c%25", "tags": ["x y", "z"], "body": "hällo"}),
            "{gateway:?}"
        );
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
}

#[test]
fn a_greedy_parameter_takes_the_rest() {
    for (gateway, client) in clients() {
        assert_eq!(
            client.get("/files/a/b%20c/d").send().text(),
            "a/b c/d",
            "{gateway:?}"
        );
    }
}

#[test]
fn binary_bodies_survive_both_ways() {
    for (gateway, client) in clients() {
        assert_eq!(
            client.get("/bytes").send().bytes(),
            [0, 0xff, 0xfe],
            "{gateway:?}"
        );
        let response = client
            .put("/echo/x")
            .header("content-type", "application/octet-stream")
            .body(vec![0xf0, 0x9f, 0xa6, 0x80])
            .send();
        assert_eq!(response.json::<Value>()["body"], "🦀", "{gateway:?}");
    }
}

#[test]
fn repeated_headers_and_cookies_survive() {
    for (gateway, client) in clients() {
        let response = client.get("/many").send();
        let cookies: Vec<_> = response.header_values("set-cookie").collect();
        assert_eq!(
            cookies,
            ["a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
            "{gateway:?}"
        );
        let vary: Vec<_> = response.header_values("vary").collect();
        assert_eq!(vary.join(", "), "accept, origin", "{gateway:?}");
        assert_eq!(
            response.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
}

#[test]
fn mounted_routes_answer_under_their_prefix() {
    for (gateway, client) in clients() {
        assert_eq!(
            client.get("/v1/hello").send().text(),
            "hello",
            "{gateway:?}"
        );
        assert_eq!(
            client.get("/v2/seven/under").send().text(),
            "seven",
            "{gateway:?}"
        );
    }
}

#[test]
fn the_state_lives_as_long_as_the_client() {
    let client = Client::new(app(), Counter::default());
    let counts =
        ["/count", "/v1/count", "/count"].map(|path| client.post(path).send().text().to_owned());
    assert_eq!(counts, ["1", "2", "3"]);
}

#[tokio::test]
async fn an_async_test_awaits() {
    let client = Client::new(app(), Counter::default());
    assert_eq!(client.get("/hello").await.text(), "hello");
}

#[test]
fn a_function_url_s_missing_routes_are_told_by_the_app() {
    let client = Client::new(app(), Counter::default()).through(Gateway::FunctionUrl);
    let missing = client.get("/nowhere").send();
    assert_eq!(missing.status(), 404);
    assert_eq!(
        missing.header("content-type"),
        Some("application/problem+json")
    );

    let wrong = client.delete("/echo/x").send();
    assert_eq!(wrong.status(), 405);
    assert_eq!(wrong.header("allow"), Some("GET, PUT"));

    // The gateways answer by themselves.
    let client = client.through(Gateway::HttpApi);
    assert_eq!(client.delete("/echo/x").send().status(), 404);
    assert_eq!(
        client
            .through(Gateway::RestApi)
            .delete("/echo/x")
            .send()
            .status(),
        403
    );
}

#[test]
fn unexpected_errors_and_panics_tell_nothing_and_the_app_lives_on() {
    for (gateway, client) in clients() {
        for path in ["/fail", "/panic", "/large"] {
            let response = client.get(path).send();
            assert_eq!(response.status(), 500, "{gateway:?} {path}");
            let problem: Value = response.json();
            assert_eq!(problem["title"], "Internal Server Error");
            assert!(
                problem["requestId"]
                    .as_str()
                    .is_some_and(|id| id.len() == 36),
                "{problem}"
            );
            assert!(!response.text().contains("secret"));
        }
        assert_eq!(client.get("/hello").send().text(), "hello");
    }
}

#[get("/clash/<first>")]
async fn first(first: &str) -> String {
    first.to_owned()
}

#[get("/clash/<second>")]
async fn second(second: &str) -> String {
    second.to_owned()
}

#[get("/under")]
async fn plain() -> &'static str {
    "plain"
}

#[test]
fn conflicts_between_lists_name_both_handlers_and_their_places() {
    let app = App::stateless("clash")
        .routes(routes![first])
        .mount("/", routes![]);
    assert_eq!(app.check(), Err(AppError::Prefix("/".to_owned())));
    for prefix in ["", "v1", "/v1/", "/<tenant>", "/v1/{tenant}"] {
        let app = App::stateless("app").mount(prefix, routes![]);
        let error = app.check().unwrap_err();
        assert_eq!(error, AppError::Prefix(prefix.to_owned()));
        assert!(
            error.to_string().starts_with("not a valid prefix")
                && error.to_string().ends_with(&format!(": `{prefix}`")),
            "{error}"
        );
    }

    let app = App::stateless("clash")
        .routes(routes![first])
        .routes(routes![second]);
    let error = app.check().unwrap_err().to_string();
    assert!(error.contains("`GET /clash/{second}`"), "{error}");
    assert!(
        error.contains("::first` (framework/tests/it/gateways.rs:"),
        "{error}"
    );
    assert!(
        error.contains("::second` (framework/tests/it/gateways.rs:"),
        "{error}"
    );

    let app = App::stateless("clash")
        .mount("/v1", routes![plain])
        .mount("/v1", routes![plain]);
    assert!(matches!(app.check(), Err(AppError::Conflict { key, .. }) if key == "GET /v1/under"));
}

#[test]
fn a_bad_name_is_refused() {
    for name in [
        "",
        "1st",
        "has space",
        "ünï",
        "a-name-that-is-longer-than-forty-characters",
    ] {
        assert_eq!(
            App::stateless(name).check(),
            Err(AppError::Name(name.to_owned()))
        );
    }
    assert_eq!(App::stateless("My_app-2").check(), Ok(()));
}

#[test]
fn the_manifest_is_ordered_by_path_and_method() {
    let manifest = app().manifest();
    let keys: Vec<_> = manifest
        .routes
        .iter()
        .map(|route| (&route.path, &route.method))
        .collect();
    assert!(keys.is_sorted(), "{keys:?}");
    assert_eq!(manifest.app, "it");
    let echo: Vec<_> = manifest
        .routes
        .iter()
        .filter(|route| route.path == "/echo/{name}")
        .collect();
    assert_eq!(echo.len(), 2);
    assert_eq!(echo[0].key(), "GET /echo/{name}");
    assert_eq!(echo[0].summary, "Tell what arrived.");
    assert_eq!(echo[0].parameters.len(), 2);
    assert!(
        echo[0].handler.ends_with("app::echo"),
        "{}",
        echo[0].handler
    );
}
