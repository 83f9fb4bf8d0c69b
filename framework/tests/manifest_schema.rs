//! `docs/manifest.schema.json`: what the framework writes and the documentation shows is valid, and mistakes are not.
//!
//! The schema is draft 2020-12 and keeps to keywords that draft 4 reads the same way, so the gateway's models can check it.

use std::{fs, path::Path};

use fw_gateway::Model;
use fw_manifest::Manifest;
use serde_json::{Value, json};

fn read(path: &str) -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().expect("the package is in the repository");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn model() -> Model {
    let text = read("docs/manifest.schema.json").replace("$defs", "definitions");
    let mut schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    let object = schema.as_object_mut().expect("the schema is an object");
    let draft = object.remove("$schema").expect("it names its draft");
    assert_eq!(draft, "https://json-schema.org/draft/2020-12/schema");
    object.remove("$id");
    Model::new(&schema).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_examples_manifests_are_valid() {
    let model = model();
    for path in [
        "examples/catalog/manifest.json",
        "examples/guarded/manifest.json",
        "examples/hello/manifest.json",
        "examples/partners/manifest.json",
        "examples/s3test/manifest.json",
    ] {
        let manifest: Value = serde_json::from_str(&read(path)).expect("a manifest is JSON");
        assert!(model.allows(&manifest), "{path}");
    }
}

#[test]
fn the_documentation_s_manifests_are_valid_and_read() {
    let model = model();
    let page = read("docs/manifest.md");
    let blocks = page.split("```json\n").skip(1);
    let mut blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    blocks.extend(
        page.split("<<'MANIFEST'\n")
            .skip(1)
            .filter_map(|rest| rest.split("MANIFEST").next()),
    );
    assert!(blocks.len() >= 2, "the page has manifests");
    for block in blocks {
        let value: Value =
            serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"));
        assert!(model.allows(&value), "{block}");
        let manifest: Manifest = serde_json::from_value(value.clone())
            .unwrap_or_else(|error| panic!("{error}: {block}"));
        for route in &manifest.routes {
            let key = route.key().parse::<fw_gateway::RouteKey>();
            assert!(key.is_ok(), "{key:?}: {block}");
        }
        // What is read is written again, and is still valid.
        let written = serde_json::to_value(&manifest).expect("a manifest is JSON");
        assert!(model.allows(&written), "{written}");
    }
}

#[test]
fn mistakes_are_not_valid() {
    let model = model();
    let whole = json!({
        "schema": 3,
        "app": "notes",
        "routes": [{
            "method": "GET",
            "path": "/a/{b}",
            "parameters": [{"name": "b", "in": "path", "required": true}],
            "authorization": {"type": "lambda", "name": "owner"},
            "body": {"content_type": "application/json", "required": true, "schema": {}},
            "source": {"file": "src/main.rs", "line": 1},
            "api": {
                "parameters": [{"name": "b", "in": "path", "required": true, "schema": true}],
                "bodies": [{"content_type": "text/plain", "required": false}],
                "responses": [{"status": "4XX", "headers": [{"name": "etag", "schema": {}}]}],
            },
        }],
        "schemas": {"request": {"Note": {"id": "notes::Note", "schema": {}}}},
        "authorizers": [{"name": "owner", "kind": "token", "identity": ["$request.header.A"], "ttl": 60}],
        "sources": [
            {"name": "ship", "event": {"type": "sqs", "queue": "orders"}},
            {"name": "add", "event": {"type": "function"}},
            {"name": "all", "event": {"type": "event", "pattern": {"source": ["a"]}}},
        ],
    });
    assert!(model.allows(&whole));
    let mistakes = [
        ("/schema", json!(4)),
        ("/schema", json!("1")),
        ("/app", json!("")),
        ("/app", json!("1notes")),
        ("/app", json!("no tes")),
        ("/app", json!("a".repeat(41))),
        ("/routes", json!({})),
        ("/routes/0/method", json!("get")),
        ("/routes/0/method", json!(null)),
        ("/routes/0/path", json!("a")),
        ("/routes/0/path", json!("/a/")),
        ("/routes/0/path", json!("/a/<b>/{c")),
        ("/routes/0/path", json!("/{a+}/b")),
        ("/routes/0/path", json!("$default")),
        ("/routes/0/parameters/0/in", json!("cookie")),
        ("/routes/0/parameters/0/required", json!("yes")),
        ("/routes/0/authorization", json!("iam")),
        ("/routes/0/authorization/type", json!("basic")),
        ("/routes/0/authorization", json!({"type": "jwt"})),
        (
            "/routes/0/authorization",
            json!({"type": "jwt", "name": "a", "scopes": "b"}),
        ),
        (
            "/routes/0/body",
            json!({"content_type": "application/json"}),
        ),
        ("/routes/0/body/schema", json!(true)),
        ("/routes/0/source", json!("src/main.rs:1")),
        ("/routes/0/api", json!([])),
        ("/routes/0/api/responses/0/status", json!(404)),
        ("/routes/0/api/responses/0/status", json!("default")),
        ("/routes/0/api/parameters/0/in", json!("body")),
        ("/schemas/request/Note", json!({"type": "object"})),
        ("/authorizers/0/name", json!("a.b")),
        ("/authorizers/0/kind", json!("simple")),
        ("/authorizers/0/identity", json!(["Authorization"])),
        ("/authorizers/0/ttl", json!(3601)),
        ("/authorizers/0/payload_format", json!(2.0)),
        ("/sources/0/name", json!("a.b")),
        ("/sources/0/event", json!("sqs")),
        ("/sources/0/event", json!({"type": "sqs"})),
        (
            "/sources/0/event",
            json!({"type": "sqs", "queue": "a", "topic": "b"}),
        ),
        ("/sources/1/event/type", json!("sqs")),
        ("/sources/2/event/pattern", json!("{}")),
    ];
    for (pointer, mistake) in mistakes {
        let mut manifest = whole.clone();
        let place = manifest.pointer_mut(pointer);
        match place {
            Some(place) => *place = mistake.clone(),
            None => manifest["authorizers"][0]["payload_format"] = mistake.clone(),
        }
        assert!(!model.allows(&manifest), "{pointer} {mistake}");
    }
    assert!(serde_json::from_value::<Manifest>(whole.clone()).is_ok());
    for place in [
        "",
        "/routes/0",
        "/routes/0/parameters/0",
        "/routes/0/authorization",
        "/routes/0/body",
        "/routes/0/source",
        "/routes/0/api",
        "/routes/0/api/parameters/0",
        "/routes/0/api/bodies/0",
        "/routes/0/api/responses/0",
        "/routes/0/api/responses/0/headers/0",
        "/schemas",
        "/schemas/request/Note",
        "/authorizers/0",
        "/sources/0",
        "/sources/0/event",
        "/sources/1/event",
    ] {
        let mut manifest = whole.clone();
        let part = manifest.pointer_mut(place).expect("it is there");
        part["authorisation"] = json!({"type": "iam"});
        assert!(!model.allows(&manifest), "{place}");
        let read = serde_json::from_value::<Manifest>(manifest);
        let error = read.expect_err("nor does a reader take it").to_string();
        assert!(
            error.starts_with("unknown field `authorisation`"),
            "{error}"
        );
    }
    for guard in [
        json!(null),
        json!({"type": "iam", "name": "a"}),
        json!({"type": "lambda", "name": "a", "scopes": []}),
    ] {
        let mut manifest = whole.clone();
        manifest["routes"][0]["authorization"] = guard.clone();
        assert!(!model.allows(&manifest), "{guard}");
        assert!(
            serde_json::from_value::<Manifest>(manifest).is_err(),
            "{guard}"
        );
    }
    for missing in ["schema", "app"] {
        let mut manifest = whole.clone();
        manifest.as_object_mut().expect("an object").remove(missing);
        assert!(!model.allows(&manifest), "{missing}");
    }
}
