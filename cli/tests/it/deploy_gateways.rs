//! Gateways on moto, through the real binary, read back by boto3.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    deploy_moto::{Moto, python},
    deploy_support::{App, REGION},
};

const GET: &str = "GET /objects/{key}";
const PUT: &str = "PUT /objects/{key}";

/// What boto3 sees of the gateways.
pub(crate) fn read_back(moto: &Moto) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_back.py");
    let python = python().expect("moto's own Python");
    let output = Command::new(python)
        .args([script, &moto.url, REGION])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn routes() -> Value {
    json!([
        {
            "method": "GET",
            "path": "/objects/{key}",
            "authorization": { "type": "jwt", "name": "users", "scopes": ["notes:read"] },
        },
        { "method": "PUT", "path": "/objects/{key}", "authorization": { "type": "iam" } },
    ])
}

const SETTINGS: &str = r#"
payload_format = "1.0"
integration_timeout = 5000
stage_name = "v1"
[stage_variables]
table = "notes"
[throttle]
rate = 100
burst = 200
[throttle.routes."GET /objects/{key}"]
rate = 5
burst = 10
[jwt.users]
issuer = "https://issuer.example.org/"
audience = "notes"
"#;

#[test]
fn an_http_api_is_guarded_limited_and_named_as_the_settings_say() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program_with("one", &routes());
    app.settings(SETTINGS);
    let url = app.fw(&moto, &["deploy"]).ends(0).stdout;
    assert!(url.trim_end().ends_with("/v1"), "{url}");
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let seen = read_back(&moto);
    let api = &seen["http"][0];
    assert_eq!(api["Integrations"][0]["PayloadFormatVersion"], "1.0");
    assert_eq!(api["Integrations"][0]["TimeoutInMillis"], 5000);
    let authorizer = &api["Authorizers"][0];
    assert_eq!(authorizer["AuthorizerType"], "JWT");
    assert_eq!(
        authorizer["JwtConfiguration"],
        json!({ "Audience": ["notes"], "Issuer": "https://issuer.example.org/" })
    );
    assert_eq!(
        authorizer["IdentitySource"],
        json!(["$request.header.Authorization"])
    );
    let routes = &api["Routes"];
    assert_eq!(routes[0]["RouteKey"], GET);
    assert_eq!(routes[0]["AuthorizationType"], "JWT");
    assert_eq!(routes[0]["AuthorizerId"], authorizer["AuthorizerId"]);
    assert_eq!(routes[0]["AuthorizationScopes"], json!(["notes:read"]));
    assert_eq!(routes[1]["RouteKey"], PUT);
    assert_eq!(routes[1]["AuthorizationType"], "AWS_IAM");
    let stage = &api["Stages"][0];
    assert_eq!(stage["StageName"], "v1");
    assert_eq!(stage["StageVariables"], json!({ "table": "notes" }));
    assert_eq!(stage["DefaultRouteSettings"]["ThrottlingRateLimit"], 100.0);
    assert_eq!(stage["DefaultRouteSettings"]["ThrottlingBurstLimit"], 200);
    assert_eq!(stage["RouteSettings"][GET]["ThrottlingRateLimit"], 5.0);
    assert_eq!(stage["Tags"]["fw:app"], "notes");

    // Everything of it changes, and the stage's name with it: a replacement that asks first.
    app.program("two", &[GET, PUT]);
    app.settings("stage_name = \"v2\"");
    let refused = app.fw(&moto, &["deploy"]).ends(64);
    refused.says("stage of the API `v1`");
    let url = app.fw(&moto, &["deploy", "--yes"]).ends(0).stdout;
    assert!(url.trim_end().ends_with("/v2"), "{url}");
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let seen = read_back(&moto);
    let api = &seen["http"][0];
    assert_eq!(api["Authorizers"], json!([]));
    assert_eq!(api["Integrations"][0]["TimeoutInMillis"], 30_000);
    for route in api["Routes"].as_array().unwrap() {
        assert_eq!(route["AuthorizationType"], "NONE");
    }
    let stages = api["Stages"].as_array().unwrap();
    assert_eq!(stages.len(), 1);
    assert_eq!(stages[0]["StageName"], "v2");
    assert_eq!(app.fw(&moto, &["url"]).ends(0).stdout, url);

    // A change of the stage alone is one call.
    app.settings("stage_name = \"v2\"\nthrottle = { rate = 1, burst = 2 }");
    let changed = app.fw(&moto, &["deploy"]).ends(0);
    assert_eq!(changed.steps(), ["Updated stage of the API `v2`"]);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
}

#[test]
fn a_rest_api_is_imported_limited_and_keyed_as_the_settings_say() {
    let moto = Moto::start();
    let app = App::new("notes");
    let routes = json!([
        {
            "method": "GET",
            "path": "/objects/{key}",
            "authorization": { "type": "iam" },
            "api_key": true,
        },
        { "method": "ANY", "path": "/more/{rest+}" },
    ]);
    app.program_with("one", &routes);
    app.settings(
        r#"
gateway = "rest-api"
stage_variables = { table = "notes" }
throttle = { rate = 100, burst = 200 }
[[api_keys]]
name = "acme"
value = "acme-secret-0123456789"
[usage_plans.basic]
keys = ["acme"]
rate = 10
burst = 20
quota = { limit = 1000, period = "month" }
[cors]
allow_origins = ["https://example.org"]
"#,
    );
    let plan = app.fw(&moto, &["deploy", "--plan"]).ends(2);
    assert!(!plan.stdout.contains("acme-secret"), "{}", plan.stdout);
    let first = app.fw(&moto, &["deploy"]).ends(0);
    let url = first.stdout.trim_end().to_owned();
    assert!(
        url.starts_with("https://") && url.ends_with(".amazonaws.com/dev"),
        "{url}"
    );
    assert_eq!(app.fw(&moto, &["url"]).ends(0).stdout.trim_end(), url);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let same = app.fw(&moto, &["deploy"]).ends(0);
    assert_eq!(same.steps(), [""; 0]);

    let seen = read_back(&moto);
    assert_eq!(seen["http"], json!([]));
    let api = &seen["rest"][0];
    assert_eq!(api["tags"]["fw:app"], "notes");
    let resources = api["resources"].as_array().unwrap();
    let of = |path: &str| {
        let found = resources.iter().find(|one| one["path"] == path);
        &found.unwrap_or_else(|| panic!("no {path} in {resources:?}"))["resourceMethods"]
    };
    for (path, method) in [("/objects/{key}", "GET"), ("/more/{rest+}", "ANY")] {
        let integration = &of(path)[method]["methodIntegration"];
        assert_eq!(integration["type"], "aws_proxy");
        assert_eq!(integration["httpMethod"], "POST");
        let uri = integration["uri"].as_str().unwrap();
        assert!(
            uri.ends_with(":function:notes-dev:live/invocations"),
            "{uri}"
        );
        assert!(of(path)["OPTIONS"].is_object());
    }
    let stage = &api["stages"][0];
    assert_eq!(stage["stageName"], "dev");
    assert_eq!(stage["variables"], json!({ "table": "notes" }));
    assert_eq!(stage["methodSettings"]["*/*"]["throttlingRateLimit"], 100.0);
    assert_eq!(stage["deploymentId"], api["deployments"][0]["id"]);
    let key = &seen["keys"][0];
    assert_eq!(key["name"], "notes-dev-acme");
    assert_eq!(key["value"], "acme-secret-0123456789");
    let plan = &seen["plans"][0];
    assert_eq!(plan["quota"], json!({ "limit": 1000, "period": "MONTH" }));
    assert_eq!(plan["keys"], json!(["notes-dev-acme"]));
    assert_eq!(
        plan["apiStages"],
        json!([{ "apiId": api["id"], "stage": "dev" }])
    );

    // A route that goes is asked about; another gateway too.
    let warns = "\n[api]\nbreaking = \"warn\"\n";
    app.settings(&(app.read("fw.toml") + warns));
    app.program_with("two", &json!([routes[0]]));
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("route `ANY /more/{rest+}`");
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    app.program("three", &[GET]);
    app.settings(warns);
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("REST API `notes-dev`");
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let seen = read_back(&moto);
    assert_eq!(seen["rest"], json!([]));
    assert_eq!(seen["keys"], json!([]));
    assert_eq!(seen["plans"], json!([]));
    assert_eq!(seen["http"].as_array().unwrap().len(), 1);
}
