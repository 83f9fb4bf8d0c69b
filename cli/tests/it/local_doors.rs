//! The three gateways in front of one executable, tried from outside.

use serde_json::{Value, json};

use crate::{
    doors_support::{app, app_with, borrowed, call, get, guarded, serve, sign},
    local_support::cli,
};

const REST: &str = "gateway = \"rest-api\"\n";

/// Status and body.
fn said(answer: &crate::doors_support::Answer) -> (u16, &str) {
    (answer.status, answer.body.as_str())
}

#[test]
fn one_executable_is_served_behind_three_gateways() {
    let routes =
        json!([{ "method": "GET", "path": "/items/{id}" }, { "method": "POST", "path": "/items" }]);
    let folder = app("stage_variables = { table = \"t1\" }\n", &routes);
    for (gateway, prefix, nowhere) in [
        ("http-api", "", (404, "{\"message\":\"Not Found\"}")),
        (
            "rest-api",
            "/dev",
            (403, "{\"message\":\"Missing Authentication Token\"}"),
        ),
        ("function-url", "", (200, "")),
    ] {
        let local = serve(&folder, &["--gateway", gateway]);
        let target = format!("{prefix}/items/a%20b?x=1");
        let event = get(local.port, &target, &[("x-own", "1")]).event();
        let path = event["rawPath"].as_str().or(event["path"].as_str());
        let expected = match gateway {
            "http-api" => "/items/a b",
            _ => "/items/a%20b",
        };
        assert_eq!(path, Some(expected), "{gateway}");
        assert_eq!(event["queryStringParameters"]["x"], "1", "{gateway}");
        let posted = call(
            local.port,
            "POST",
            &format!("{prefix}/items"),
            &[("content-type", "application/json")],
            "{}",
        )
        .event();
        // Every media type is binary behind a REST API.
        let body = if gateway == "rest-api" { "e30=" } else { "{}" };
        assert_eq!(posted["body"], body, "{gateway}");
        let answer = get(local.port, &format!("{prefix}/nowhere"), &[]);
        assert_eq!(answer.status, nowhere.0, "{gateway}");
        if !nowhere.1.is_empty() {
            assert_eq!(answer.body, nowhere.1, "{gateway}");
        }
        let log = local.log();
        assert!(
            log.contains(&format!("http://localhost:{}{prefix}\n", local.port)),
            "{log}"
        );
        assert_eq!(
            log.contains("does not have these settings"),
            gateway == "function-url",
            "{log}"
        );
    }
}

#[test]
fn a_near_miss_is_told_in_the_log() {
    let folder = app("", &json!([{ "method": "GET", "path": "/hello" }]));
    let local = serve(&folder, &[]);
    assert_eq!(
        said(&get(local.port, "/hello/", &[])),
        (404, "{\"message\":\"Not Found\"}")
    );
    local.wait_for_line("`/hello` exists");
    assert_eq!(call(local.port, "POST", "/hello", &[], "").status, 404);
    local.wait_for_line("`/hello` accepts GET, not POST");
}

#[test]
fn a_rest_api_asks_its_authorizers() {
    let by = |name: &str| {
        guarded(
            &format!("/{name}"),
            &json!({ "type": "lambda", "name": name }),
        )
    };
    let authorizers = json!([
        { "name": "token", "kind": "token", "identity": ["$request.header.Authorization"], "ttl": 0 },
        { "name": "request", "identity": ["$request.header.x-key"], "ttl": 0 },
        { "name": "kept", "identity": ["$request.header.x-key"], "ttl": 300 },
    ]);
    let folder = app_with(
        REST,
        &json!([by("token"), by("request"), by("kept")]),
        &authorizers,
    );
    let local = serve(&folder, &[]);
    for (path, header) in [
        ("/dev/token", "Authorization"),
        ("/dev/request", "x-key"),
        ("/dev/kept", "X-Key"),
    ] {
        let with = |value: &str| get(local.port, path, &[(header, value)]);
        assert_eq!(
            said(&get(local.port, path, &[])),
            (401, "{\"message\":\"Unauthorized\"}"),
            "{path}"
        );
        let event = with("allow").event();
        let authorizer = &event["requestContext"]["authorizer"];
        assert_eq!(
            (&authorizer["who"], &authorizer["principalId"]),
            (&json!("ann"), &json!("ann")),
            "{path}"
        );
        let denied = with("deny");
        assert_eq!(denied.status, 403, "{path}");
        assert!(
            denied
                .body
                .starts_with("{\"Message\":\"User is not authorized to access this resource"),
            "{path}: {denied:?}"
        );
        assert_eq!(
            denied.header("x-amzn-errortype"),
            "AccessDeniedException",
            "{path}"
        );
        assert_eq!(
            said(&with("Unauthorized")),
            (401, "{\"message\":\"Unauthorized\"}"),
            "{path}"
        );
        assert_eq!(with("exit").status, 500, "{path}");
    }
}

#[test]
fn a_rest_api_asks_for_keys_and_counts_them() {
    let settings = format!(
        "{REST}{}",
        r#"
        [[api_keys]]
        name = "acme"
        value = "acme-0123456789abcdef"
        [[api_keys]]
        name = "basic"
        [[api_keys]]
        name = "off"
        value = "off-0123456789abcdefg"
        enabled = false
        [usage_plans.all]
        keys = ["acme", "off"]
        [usage_plans.basic]
        keys = ["basic"]
        quota = { limit = 2, period = "month" }
        "#
    );
    let folder = app_with(
        &settings,
        &json!([{ "method": "GET", "path": "/keyed", "api_key": true }, { "method": "GET", "path": "/open" }]),
        &json!([]),
    );
    let local = serve(&folder, &[]);
    let with = |key: &str| get(local.port, "/dev/keyed", &[("x-api-key", key)]);
    assert_eq!(get(local.port, "/dev/open", &[]).status, 200);
    assert_eq!(
        said(&get(local.port, "/dev/keyed", &[])),
        (403, "{\"message\":\"Forbidden\"}")
    );
    for wrong in ["guessed-0123456789abcd", "off-0123456789abcdefg"] {
        assert_eq!(with(wrong).status, 403, "{wrong}");
    }
    assert_eq!(with("acme-0123456789abcdef").status, 200);
    // The key without a value is printed, the secret one is not.
    let log = local.log();
    assert!(
        log.contains("API key basic: here only local-key-basic") && !log.contains("acme-0123"),
        "{log}"
    );
    let basic = "local-key-basic-----";
    let statuses: Vec<_> = (0..3).map(|_| with(basic).status).collect();
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(
        said(&with(basic)),
        (429, "{\"message\":\"Limit Exceeded\"}")
    );
}

#[test]
fn a_rest_api_validates_if_it_is_told_to() {
    let routes = json!([{
        "method": "POST",
        "path": "/items",
        "parameters": [{ "name": "kind", "in": "query", "required": true }],
        "body": { "content_type": "application/json", "required": true, "schema": { "type": "object", "required": ["name"] } },
    }]);
    let folder = app_with(
        &format!("{REST}request_validation = true\n"),
        &routes,
        &json!([]),
    );
    let local = serve(&folder, &[]);
    let json = [("content-type", "application/json")];
    let post = |target: &str, body: &str| call(local.port, "POST", target, &json, body);
    assert_eq!(
        said(&post("/dev/items", "{}")),
        (
            400,
            "{\"message\":\"Missing required request parameters: [kind]\"}"
        )
    );
    assert_eq!(
        said(&post("/dev/items?kind=a", "{}")),
        (400, "{\"message\":\"Invalid request body\"}")
    );
    assert_eq!(post("/dev/items?kind=a", "{\"name\":\"x\"}").status, 200);

    let folder = app_with(REST, &routes, &json!([]));
    let local = serve(&folder, &[]);
    assert_eq!(
        call(local.port, "POST", "/dev/items", &json, "{}").status,
        200,
        "off unless it is set"
    );
}

#[test]
fn a_rest_api_says_what_it_is_told_to_say() {
    let settings = format!(
        "{REST}{}",
        r#"
        stage_name = "v1"
        binary_media_types = ["image/*"]
        [cors]
        allow_origins = ["https://example.org"]
        [throttle.routes."GET /slow"]
        rate = 0.001
        burst = 1
        [gateway_responses.MISSING_AUTHENTICATION_TOKEN]
        status = 404
        headers = { x-reason = "'no route'" }
        templates = { "application/json" = '{"error":$context.error.messageString}' }
        "#
    );
    let routes = json!([{ "method": "GET", "path": "/slow" }, { "method": "POST", "path": "/image" }, guarded("/signed", &json!({ "type": "iam" }))]);
    let folder = app_with(&settings, &routes, &json!([]));
    let local = serve(&folder, &[]);
    let nowhere = get(local.port, "/v1/nowhere", &[]);
    assert_eq!(
        said(&nowhere),
        (404, "{\"error\":\"Missing Authentication Token\"}")
    );
    assert_eq!(nowhere.header("x-reason"), "no route");
    assert_eq!(get(local.port, "/v1/slow", &[]).status, 200);
    assert_eq!(
        said(&get(local.port, "/v1/slow", &[])),
        (429, "{\"message\":\"Too Many Requests\"}")
    );
    let image = call(
        local.port,
        "POST",
        "/v1/image",
        &[("content-type", "image/png")],
        "abc",
    )
    .event();
    assert_eq!(
        (&image["isBase64Encoded"], &image["body"]),
        (&json!(true), &json!("YWJj"))
    );
    let preflight = call(
        local.port,
        "OPTIONS",
        "/v1/slow",
        &[
            ("origin", "https://example.org"),
            ("access-control-request-method", "GET"),
        ],
        "",
    );
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        "https://example.org"
    );
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        "GET,OPTIONS"
    );
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("Content-Type")
    );
    assert_eq!(
        nowhere.header("access-control-allow-origin"),
        "https://example.org",
        "a page can read the gateway's refusal"
    );
    let path = "/v1/signed";
    assert_eq!(
        get(local.port, path, &[]).status,
        404,
        "the type of the answer that is changed above"
    );
    let signed = sign(local.port, path, "execute-api", "local");
    assert_eq!(get(local.port, path, &borrowed(&signed)).status, 200);
}

#[test]
fn what_a_gateway_cannot_do_is_refused_with_advice() {
    let refused = |settings: &str, routes: &Value, more: &[&str]| {
        let folder = app_with(settings, routes, &json!([]));
        let args = [&["local", "--port", "0", "--bootstrap", "bootstrap"], more].concat();
        let output = cli(folder.path(), &args).output().expect("the CLI");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(65), "{said}");
        said
    };
    let open = json!([{ "method": "GET", "path": "/" }]);
    let keyed = json!([{ "method": "GET", "path": "/", "api_key": true, "source": { "file": "src/main.rs", "line": 7 } }]);
    let said = refused("", &keyed, &[]);
    assert!(
        said.contains("an HTTP API cannot require API keys: `GET /` at src/main.rs:7")
            && said.contains("gateway = \"rest-api\""),
        "{said}"
    );
    let said = refused(
        "",
        &json!([{ "method": "ANY", "path": "$default" }]),
        &["--gateway", "rest-api"],
    );
    assert!(said.contains("`/<rest..>`"), "{said}");
    let said = refused("auth = \"iam\"", &open, &[]);
    assert!(said.contains("gateway = \"function-url\""), "{said}");
    let said = refused(
        "[cors]\nallow_origins = [\"https://a.example\", \"https://b.example\"]",
        &open,
        &["--gateway", "rest-api"],
    );
    assert!(said.contains("one origin"), "{said}");
}

#[test]
fn a_timeout_that_the_gateway_does_not_wait_for_is_a_warning() {
    let folder = app("timeout = 60\n", &json!([{ "method": "GET", "path": "/" }]));
    for (gateway, warned) in [
        ("http-api", "an HTTP API answers 503 after 30 s"),
        ("rest-api", "a REST API answers 504 after 29 s"),
        ("function-url", ""),
    ] {
        let local = serve(&folder, &["--gateway", gateway]);
        let log = local.log();
        assert_eq!(log.contains("warning"), !warned.is_empty(), "{log}");
        assert!(log.contains(warned), "{log}");
    }
}
