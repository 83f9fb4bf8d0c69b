//! CORS behind each gateway, with the settings of a stage; and bytes, whose types such settings may change.

use fw::{
    App, Bytes, Error, IntoResponse, Response, Result, get, post, put, routes,
    test::{Client, TestResponse},
};

#[get("/c")]
async fn read() -> &'static str {
    "read"
}

#[put("/c")]
async fn write() -> &'static str {
    "written"
}

#[post("/only-post")]
async fn only_post() {}

#[get("/fails")]
async fn fails() -> Result<()> {
    Err(Error::conflict("no"))
}

#[get("/panics")]
async fn panics() {
    panic!("in a handler")
}

#[get("/own")]
async fn own() -> Response {
    "own".with_header("access-control-allow-origin", "https://own.example")
}

#[get("/guarded", iam)]
async fn guarded() {}

#[get("/large")]
async fn large() -> Bytes {
    Bytes::from(vec![0xff; 7_000_000])
}

#[get("/internal", cors = false)]
async fn internal() -> &'static str {
    "internal"
}

#[get("/list")]
async fn listed() -> &'static str {
    "listed"
}

#[get("/image")]
async fn image() -> Bytes {
    Bytes::from_static(&[0xde, 0xad, 0xbe, 0xef])
}

const CORS: &str = "[cors]\nallow_origins = [\"https://page.example\"]\nexpose_headers = [\"etag\"]\nmax_age = 60\n";

fn client(settings: &str) -> Client {
    let list = routes![
        read, write, only_post, fails, panics, own, guarded, large, internal, image
    ];
    let app = App::stateless("cors")
        .routes(list)
        .routes(routes![listed].without_cors());
    Client::new(app, ()).with_settings(settings, "dev")
}

fn header<'r>(response: &'r TestResponse, name: &str) -> &'r str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

fn origin(response: &TestResponse) -> &str {
    header(response, "access-control-allow-origin")
}

fn preflight(client: &Client, path: &str, method: &str) -> TestResponse {
    let request = client
        .options(path)
        .header("origin", "https://page.example");
    request
        .header("access-control-request-method", method)
        .send()
}

#[test]
fn a_rest_api_has_the_headers_on_every_answer() {
    let client = client(&format!("gateway = \"rest-api\"\n{CORS}"));
    for (path, status) in [
        ("/c", 200),
        ("/fails", 409),
        ("/panics", 500),
        ("/large", 500),
        // The gateway's own refusals.
        ("/guarded", 403),
        ("/nowhere", 403),
    ] {
        let response = client
            .get(path)
            .header("origin", "https://page.example")
            .send();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(origin(&response), "https://page.example", "{path}");
        assert_eq!(
            header(&response, "access-control-expose-headers"),
            "etag",
            "{path}"
        );
    }
    assert_eq!(origin(&client.get("/own").send()), "https://own.example");
    // HEAD and OPTIONS of a route that has them are answers as any other.
    assert_eq!(origin(&client.put("/c").send()), "https://page.example");
}

#[test]
fn a_preflight_of_a_rest_api_names_the_path_s_methods() {
    let client = client(&format!("gateway = \"rest-api\"\n{CORS}"));
    for (path, methods) in [("/c", "GET,OPTIONS,PUT"), ("/only-post", "OPTIONS,POST")] {
        let response = preflight(&client, path, "POST");
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(
            header(&response, "access-control-allow-methods"),
            methods,
            "{path}"
        );
        assert_eq!(
            header(&response, "access-control-allow-headers"),
            "Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key"
        );
        assert_eq!(header(&response, "access-control-max-age"), "60");
    }
}

#[test]
fn a_route_of_a_rest_api_may_be_without_cors() {
    let client = client(&format!("gateway = \"rest-api\"\n{CORS}"));
    for path in ["/internal", "/list"] {
        let response = client
            .get(path)
            .header("origin", "https://page.example")
            .send();
        assert_eq!(
            (response.status().as_u16(), origin(&response)),
            (200, ""),
            "{path}"
        );
        assert_eq!(preflight(&client, path, "GET").status(), 403, "{path}");
    }
}

#[test]
fn the_other_gateways_have_one_configuration() {
    let union = "GET,POST,PUT";
    for gateway in ["http-api", "function-url"] {
        // Without guards and routes of their own CORS, which a function URL or both do not have.
        let app = App::stateless("cors").routes(routes![read, write, only_post]);
        let settings = format!("gateway = \"{gateway}\"\n{CORS}");
        let client = Client::new(app, ()).with_settings(&settings, "dev");
        let response = preflight(&client, "/c", "PUT");
        assert_eq!(
            header(&response, "access-control-allow-methods"),
            union,
            "{gateway}"
        );
        assert!(header(&response, "access-control-allow-headers").contains("Content-Type"));
        let response = client
            .get("/c")
            .header("origin", "https://page.example")
            .send();
        assert_eq!(origin(&response), "https://page.example", "{gateway}");
        let response = client
            .get("/c")
            .header("origin", "https://other.example")
            .send();
        assert_eq!(origin(&response), "", "{gateway}");
    }
}

#[test]
fn what_the_settings_name_is_not_derived() {
    let settings = "gateway = \"rest-api\"\n[cors]\nallow_origins = [\"*\"]\nallow_methods = [\"GET\"]\nallow_headers = [\"x-a\"]\n";
    let response = preflight(&client(settings), "/c", "GET");
    assert_eq!(header(&response, "access-control-allow-methods"), "GET");
    assert_eq!(header(&response, "access-control-allow-headers"), "x-a");
    let none = client("gateway = \"rest-api\"");
    assert_eq!(origin(&none.get("/c").send()), "");
    assert_eq!(preflight(&none, "/c", "GET").status(), 403);
}

#[test]
fn a_stage_overrides_and_changed_refusals_keep_the_headers() {
    let settings = format!(
        "{CORS}[gateway_responses.MISSING_AUTHENTICATION_TOKEN]\nstatus = 404\n\
         [stages.prod]\ngateway = \"rest-api\"\nstage_name = \"v1\"\n"
    );
    let app = || App::stateless("cors").routes(routes![read]);
    let prod = Client::new(app(), ()).with_settings(&settings, "prod");
    let response = prod.get("/nowhere").send();
    assert_eq!(
        (response.status().as_u16(), origin(&response)),
        (404, "https://page.example")
    );
    // Another stage has the default gateway.
    let dev = Client::new(app(), ()).with_settings(&settings, "dev");
    assert_eq!(
        dev.get("/nowhere").send().text(),
        "{\"message\":\"Not Found\"}"
    );
}

#[test]
fn the_manifest_says_which_routes_are_without_cors() {
    let app = App::stateless("cors").routes(routes![read, internal]);
    let manifest = app.manifest();
    let without: Vec<(&str, bool)> = manifest
        .routes
        .iter()
        .map(|route| (route.path.as_str(), route.no_cors))
        .collect();
    assert_eq!(without, [("/c", false), ("/internal", true)]);
    assert_eq!(manifest.schema, fw_manifest::SCHEMA);
    let json = manifest.to_json();
    assert_eq!(json, serde_json::to_string(&manifest).unwrap());
}

#[test]
fn bytes_are_bytes_unless_the_stage_says_otherwise() {
    let bytes = client("gateway = \"rest-api\"").get("/image").send();
    assert_eq!(bytes.bytes(), [0xde, 0xad, 0xbe, 0xef]);
    let text = client("gateway = \"rest-api\"\nbinary_media_types = [\"image/*\"]");
    assert_eq!(text.get("/image").send().text(), "3q2+7w==");
    let accepted = text.get("/image").header("accept", "image/png").send();
    assert_eq!(accepted.bytes(), [0xde, 0xad, 0xbe, 0xef]);
}
