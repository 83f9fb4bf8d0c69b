//! What was deployed is run: the zip that moto holds, behind the local server as the API that boto3 reads back says it is, answers
//! as the app did before it was deployed.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    deploy_moto::{Moto, python},
    deploy_support::{App, REGION},
    doors_support::{Answer, call},
    local_support::Local,
};

/// A bootstrap that answers with its event, with the manifest in it instead of beside it.
fn program(app: &App, routes: &Value, authorizers: &Value) {
    let source = include_str!("../fixtures/guarded.rs");
    let beside = "std::fs::read_to_string(own.with_file_name(\"manifest.json\"))";
    assert!(source.contains(beside));
    let source = source.replace(
        beside,
        "own.to_str().map(|_| include_str!(\"manifest.json\"))",
    );
    app.write("src/main.rs", &source);
    let manifest =
        json!({ "schema": 1, "app": "notes", "routes": routes, "authorizers": authorizers });
    app.write("src/manifest.json", &manifest.to_string());
}

/// A request: method, path behind the stage's, headers, body.
type Request = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

/// What is alike of two answers to one request: not when it came, from where, and under which ids.
fn alike(answer: &Answer) -> Value {
    let headers = [
        "content-type",
        "access-control-allow-origin",
        "access-control-allow-methods",
    ];
    let headers = headers.map(|name| answer.header(name));
    let event: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    if event["requestContext"].is_null() {
        return json!([answer.status, headers, answer.body]);
    }
    let kept = [
        "version",
        "routeKey",
        "rawPath",
        "rawQueryString",
        "resource",
        "path",
        "httpMethod",
        "pathParameters",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "cookies",
        "body",
        "isBase64Encoded",
    ];
    let context = &event["requestContext"];
    let told = [
        &context["stage"],
        &context["routeKey"],
        &context["resourcePath"],
    ];
    let who = [
        &context["authorizer"]["lambda"]["who"],
        &context["authorizer"]["who"],
    ];
    let kept = kept.map(|name| &event[name]);
    json!([
        answer.status,
        headers,
        kept,
        told,
        who,
        event["headers"]["x-own"]
    ])
}

/// What the requests are answered by that server.
fn answers(local: &Local, prefix: &str, requests: &[Request]) -> Vec<Value> {
    let answer = |(method, path, headers, body): &Request| {
        let target = format!("{prefix}{path}");
        alike(&call(local.port, method, &target, headers, body))
    };
    requests.iter().map(answer).collect()
}

/// Serves the app, deploys it, serves what was deployed, and compares; gives what both answered.
fn compared(
    settings: &str,
    manifest: (&Value, &Value),
    prefix: &str,
    requests: &[Request],
) -> Vec<Value> {
    let app = App::new("notes");
    program(&app, manifest.0, manifest.1);
    app.settings(settings);
    let local = Local::run(app.command(&["local", "--port", "0"]), "http://localhost:");
    let before = answers(&local, prefix, requests);
    drop(local);

    let moto = Moto::start();
    app.fw(&moto, &["deploy"]).ends(0);
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/served_as.py");
    let output = Command::new(python().expect("moto's own Python"))
        .arg(script)
        .args([moto.url.as_str(), REGION])
        .arg(folder.path())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let args = ["local", "--port", "0", "--bootstrap", "./bootstrap"];
    let local = Local::start(folder.path(), &args);
    let after = answers(&local, prefix, requests);
    assert_eq!(after, before, "{}", local.log());
    after
}

fn statuses(answers: &[Value]) -> Vec<u64> {
    answers.iter().map(|one| one[0].as_u64().unwrap()).collect()
}

const ORIGIN: (&str, &str) = ("origin", "https://example.org");

#[test]
fn behind_an_http_api_the_deployed_zip_answers_as_the_local_server_did() {
    let routes = json!([
        { "method": "GET", "path": "/objects/{key}" },
        { "method": "PUT", "path": "/objects/{key}", "authorization": { "type": "iam" } },
        { "method": "GET", "path": "/seats", "authorization": { "type": "lambda", "name": "simple" } },
        { "method": "GET", "path": "/notes", "authorization": { "type": "jwt", "name": "users", "scopes": ["read"] } },
        { "method": "ANY", "path": "/more/{rest+}" },
    ]);
    let authorizers =
        json!([{ "name": "simple", "identity": ["$request.header.x-key"], "ttl": 0 }]);
    let settings = "stage_name = \"v1\"\nstage_variables = { table = \"notes\" }\n[cors]\nallow_origins = \
                    [\"https://example.org\"]\nallow_methods = [\"GET\"]\n[jwt.users]\nissuer = \
                    \"https://issuer.example.org/\"\naudience = [\"notes\"]\n";
    let requests: &[Request] = &[
        (
            "GET",
            "/objects/a%20b?x=1&x=2&y=",
            &[("x-own", "one"), ("cookie", "a=1; b=2")],
            "",
        ),
        ("PUT", "/objects/a", &[], "{}"),
        ("GET", "/seats", &[("x-key", "allow")], ""),
        ("GET", "/seats", &[("x-key", "deny")], ""),
        ("GET", "/seats", &[], ""),
        ("GET", "/notes", &[], ""),
        (
            "POST",
            "/more/a/b",
            &[("content-type", "text/plain"), ORIGIN],
            "text",
        ),
        ("GET", "/nowhere", &[], ""),
        (
            "OPTIONS",
            "/objects/a",
            &[ORIGIN, ("access-control-request-method", "GET")],
            "",
        ),
    ];
    let answers = compared(settings, (&routes, &authorizers), "/v1", requests);
    assert_eq!(
        statuses(&answers),
        [200, 403, 200, 403, 401, 401, 200, 404, 204]
    );
}

#[test]
fn behind_a_rest_api_the_deployed_zip_answers_as_the_local_server_did() {
    let routes = json!([
        { "method": "GET", "path": "/objects/{key}" },
        { "method": "PUT", "path": "/objects/{key}", "authorization": { "type": "iam" } },
        { "method": "GET", "path": "/seats", "authorization": { "type": "lambda", "name": "policy" } },
        { "method": "GET", "path": "/paid", "api_key": true },
        { "method": "ANY", "path": "/more/{rest+}" },
    ]);
    let authorizers = json!([{ "name": "policy", "identity": ["$request.header.x-key"], "ttl": 0, "simple": false }]);
    let settings = "gateway = \"rest-api\"\nstage_name = \"v1\"\nstage_variables = { table = \"notes\" }\n[cors]\n\
                    allow_origins = [\"https://example.org\"]\nallow_methods = [\"GET\", \"PUT\"]\n[[api_keys]]\nname = \
                    \"acme\"\nvalue = \"acme-secret-0123456789\"\n[usage_plans.basic]\nkeys = [\"acme\"]\nrate = \
                    10\nburst = 20\n";
    let requests: &[Request] = &[
        ("GET", "/objects/a%20b?x=1&x=2&y=", &[("x-own", "one")], ""),
        ("PUT", "/objects/a", &[], "{}"),
        ("GET", "/seats", &[("x-key", "allow")], ""),
        ("GET", "/seats", &[("x-key", "deny")], ""),
        ("GET", "/seats", &[], ""),
        ("GET", "/paid", &[], ""),
        (
            "GET",
            "/paid",
            &[("x-api-key", "acme-secret-0123456789")],
            "",
        ),
        (
            "POST",
            "/more/a/b",
            &[("content-type", "text/plain"), ORIGIN],
            "text",
        ),
        ("GET", "/nowhere", &[], ""),
        (
            "OPTIONS",
            "/objects/a",
            &[ORIGIN, ("access-control-request-method", "GET")],
            "",
        ),
    ];
    let answers = compared(settings, (&routes, &authorizers), "/v1", requests);
    assert_eq!(
        statuses(&answers),
        [200, 403, 200, 403, 401, 403, 200, 200, 403, 200]
    );
}

#[test]
fn behind_a_function_url_the_deployed_zip_answers_as_the_local_server_did() {
    let routes = json!([{ "method": "ANY", "path": "$default" }]);
    let settings =
        "gateway = \"function-url\"\n[cors]\nallow_origins = [\"https://example.org\"]\n";
    let requests: &[Request] = &[
        (
            "GET",
            "/objects/a%20b?x=1&x=2&y=",
            &[("x-own", "one"), ("cookie", "a=1; b=2")],
            "",
        ),
        (
            "POST",
            "/more/a/b",
            &[("content-type", "text/plain"), ORIGIN],
            "text",
        ),
    ];
    let answers = compared(settings, (&routes, &json!([])), "", requests);
    assert_eq!(statuses(&answers), [200, 200]);
    let settings = "gateway = \"function-url\"\nauth = \"iam\"\n";
    let answers = compared(settings, (&routes, &json!([])), "", &requests[..1]);
    assert_eq!(statuses(&answers), [403]);
}
