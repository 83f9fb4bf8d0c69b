//! A whole life behind each gateway on moto, through the real binary, read back by boto3: made, each setting changed by itself, new
//! code, killed half-way, rolled back, in part, and gone.
//!
//! moto has no provisioned concurrency and no invoke mode of a URL, and of a function's disk, tracing, logging, key and dead-letter target it keeps or changes
//! nothing: those are tried on the account in memory.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::{
    deploy_gateways::read_back,
    deploy_moto::Moto,
    deploy_support::{App, Ran},
};

const GET: &str = "GET /objects/{key}";
const PUT: &str = "PUT /objects/{key}";
const NEW: &str = "GET /new";

/// A setting, and where boto3 sees it as what.
type Seen = (&'static str, &'static str, Value);

/// What every gateway's function has.
fn of_functions() -> Vec<Seen> {
    let main = |key: &str| -> &'static str { Box::leak(format!("/functions/0/{key}").into()) };
    vec![
        ("memory = 256", main("MemorySize"), json!(256)),
        ("timeout = 7", main("Timeout"), json!(7)),
        (
            "environment = { A1 = \"1\" }",
            main("Environment/Variables/A1"),
            json!("1"),
        ),
        (
            "tags = { team = \"shop\" }",
            main("tags/team"),
            json!("shop"),
        ),
        ("concurrency = 7", main("reserved"), json!(7)),
        (
            "vpc = { subnets = [\"subnet-1\"], security_groups = [\"sg-1\"] }",
            main("VpcConfig/SubnetIds/0"),
            json!("subnet-1"),
        ),
        ("log_retention = 7", "/groups/0/retentionInDays", json!(7)),
        (
            "permissions_boundary = \"arn:aws:iam::123456789012:policy/most\"",
            "/roles/0/boundary",
            json!("arn:aws:iam::123456789012:policy/most"),
        ),
        (
            "policy = [{ actions = [\"s3:GetObject\"], resources = [\"*\"] }]",
            "/roles/0/policy/Statement/1/Action/0",
            json!("s3:GetObject"),
        ),
    ]
}

fn of_http() -> Vec<Seen> {
    vec![
        (
            "payload_format = \"1.0\"",
            "/http/0/Integrations/0/PayloadFormatVersion",
            json!("1.0"),
        ),
        (
            "stage_variables = { table = \"notes\" }",
            "/http/0/Stages/0/StageVariables/table",
            json!("notes"),
        ),
        (
            "throttle = { rate = 3, burst = 4 }",
            "/http/0/Stages/0/DefaultRouteSettings/ThrottlingBurstLimit",
            json!(4),
        ),
        (
            "cors = { allow_origins = [\"*\"] }",
            "/http/0/CorsConfiguration/AllowOrigins/0",
            json!("*"),
        ),
        (
            "stage_name = \"v1\"",
            "/http/0/Stages/0/StageName",
            json!("v1"),
        ),
    ]
}

fn of_rest() -> Vec<Seen> {
    vec![
        (
            "tags = { team = \"pay\" }",
            "/rest/0/tags/team",
            json!("pay"),
        ),
        (
            "stage_variables = { table = \"notes\" }",
            "/rest/0/stages/0/variables/table",
            json!("notes"),
        ),
        (
            "throttle = { rate = 3, burst = 4 }",
            "/rest/0/stages/0/methodSettings/*~1*/throttlingBurstLimit",
            json!(4),
        ),
        (
            "stage_name = \"v1\"",
            "/rest/0/stages/0/stageName",
            json!("v1"),
        ),
        (
            "[[api_keys]]\nname = \"acme\"\nvalue = \"acme-secret-0123456789\"",
            "/keys/0/value",
            json!("acme-secret-0123456789"),
        ),
        (
            "[[api_keys]]\nname = \"acme\"\n[usage_plans.basic]\nkeys = [\"acme\"]\nquota = { limit = 9, period = \"day\" }",
            "/plans/0/quota/limit",
            json!(9),
        ),
    ]
}

fn of_urls() -> Vec<Seen> {
    vec![
        (
            "auth = \"iam\"",
            "/functions/0/url/AuthType",
            json!("AWS_IAM"),
        ),
        (
            "cors = { allow_origins = [\"*\"] }",
            "/functions/0/url/Cors/AllowOrigins/0",
            json!("*"),
        ),
    ]
}

/// The routes of the API, as boto3 sees them served.
fn routes(seen: &Value) -> Option<Vec<String>> {
    if let Some(api) = seen.pointer("/http/0") {
        let all = api["Routes"].as_array()?.iter();
        return all
            .map(|route| Some(route["RouteKey"].as_str()?.to_owned()))
            .collect();
    }
    // What a stage of a REST API serves is a deployment: its description tells one from another.
    let api = seen.pointer("/rest/0")?;
    let served = &api["stages"][0]["deploymentId"];
    let mut all = api["deployments"].as_array()?.iter();
    let found = all.find(|one| one["id"] == *served)?;
    Some(vec![found["description"].as_str()?.to_owned()])
}

/// What it is but for when and by whom it was made, and what was published meanwhile.
fn steady(mut seen: Value) -> Value {
    for function in seen["functions"].as_array_mut().into_iter().flatten() {
        for key in ["versions", "alias", "RevisionId", "LastModified", "Version"] {
            function[key].take();
        }
        if let Some(url) = function["url"].as_object_mut() {
            url.remove("LastModifiedTime");
        }
        if let Some(tags) = function["tags"].as_object_mut() {
            tags.remove("fw:at");
            tags.remove("fw:served");
        }
    }
    for api in seen["http"].as_array_mut().into_iter().flatten() {
        for route in api["Routes"].as_array_mut().into_iter().flatten() {
            route["RouteId"].take();
        }
        for stage in api["Stages"].as_array_mut().into_iter().flatten() {
            stage["LastUpdatedDate"].take();
            stage["CreatedDate"].take();
        }
    }
    for api in seen["rest"].as_array_mut().into_iter().flatten() {
        api["deployments"].take();
        for stage in api["stages"].as_array_mut().into_iter().flatten() {
            stage["deploymentId"].take();
            stage["lastUpdatedDate"].take();
            stage["createdDate"].take();
        }
        // Each import makes the paths anew.
        for resource in api["resources"].as_array_mut().into_iter().flatten() {
            resource["id"].take();
            resource["parentId"].take();
        }
    }
    seen
}

/// Whether a value says no more than one that is not there.
fn bare(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(bare),
        _ => false,
    }
}

/// Where two documents differ, as paths.
fn differences(one: &Value, other: &Value, path: &str, all: &mut Vec<String>) {
    match (one, other) {
        (one, other) if bare(one) && bare(other) => {}
        (Value::Array(ones), Value::Array(others)) if ones.len() == others.len() => {
            for (at, (one, other)) in ones.iter().zip(others).enumerate() {
                differences(one, other, &format!("{path}/{at}"), all);
            }
        }
        (Value::Object(ones), Value::Object(others)) => {
            let mut keys: Vec<&String> = ones.keys().chain(others.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let (one, other) = (ones.get(key), others.get(key));
                let (one, other) = (one.unwrap_or(&Value::Null), other.unwrap_or(&Value::Null));
                differences(one, other, &format!("{path}/{key}"), all);
            }
        }
        (one, other) if one == other => {}
        (one, other) => all.push(format!("{path}: {one} and {other}")),
    }
}

/// Both are the same, but for what differs from deploy to deploy.
#[track_caller]
fn assert_alike(one: &Value, other: &Value) {
    let mut all = Vec::new();
    let (one, other) = (steady(one.clone()), steady(other.clone()));
    differences(&one, &other, "", &mut all);
    assert_eq!(all, [""; 0]);
}

/// Runs a deploy and kills it after so many of its steps.
fn killed(app: &App, moto: &Moto, after: usize) {
    let mut command = app.command(&["deploy", "--yes", "--endpoint-url", &moto.url]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let verbs = ["Created ", "Updated ", "Deleted ", "Checked "];
    let steps = lines.map_while(Result::ok).filter(|line| {
        let line = line.trim_start();
        verbs.iter().any(|verb| line.starts_with(verb))
    });
    let seen = steps.take(after).count();
    assert_eq!(seen, after, "it ended before");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn lived(gateway: &str, settings: Vec<Seen>) {
    let moto = Moto::start();
    let app = App::new("notes");
    // moto gives a version a number that was pruned before.
    let base =
        format!("gateway = \"{gateway}\"\nkeep_versions = 100\napi = {{ breaking = \"warn\" }}\n");
    let deploy = |settings: &str| -> Ran {
        app.settings(&format!("{base}{settings}\n"));
        app.fw(&moto, &["deploy", "--yes"]).ends(0)
    };
    let settled = || {
        app.fw(&moto, &["deploy", "--plan"]).ends(0);
    };
    app.program("one", &[GET, PUT]);
    deploy("");
    settled();
    let bare = read_back(&moto);

    // Each setting by itself; the next deploy takes the one before back.
    for (setting, place, wanted) in of_functions().into_iter().chain(settings) {
        let before = read_back(&moto);
        let before = before.pointer(place).cloned().unwrap_or_default();
        deploy(setting);
        let after = read_back(&moto);
        let after = after.pointer(place).cloned().unwrap_or_default();
        assert_eq!(after, wanted, "{setting}");
        assert!(
            before != wanted || wanted.is_null(),
            "{setting} was set before"
        );
        settled();
    }
    deploy("");
    settled();
    assert_alike(&read_back(&moto), &bare);

    // New code alone is an upload and a flip.
    app.program("two", &[GET, PUT]);
    let steps = deploy("").steps();
    assert_eq!(
        steps,
        [
            "Updated code of function `notes-dev`",
            "Updated alias of function `notes-dev`"
        ]
    );
    let old = read_back(&moto);

    // Killed after each of its first steps, and gone on with.
    app.program("three", &[GET, NEW]);
    let count = 3;
    for after in 1..=count {
        app.settings(&format!("{base}memory = {}\n", 128 + after));
        killed(&app, &moto, after);
        app.fw(&moto, &["unlock"]).ends(0);
        app.fw(&moto, &["deploy", "--yes"]).ends(0);
        settled();
        let seen = read_back(&moto);
        assert_eq!(seen["functions"][0]["MemorySize"], 128 + after);
    }
    let new = read_back(&moto);
    assert_eq!(routes(&new) == routes(&old), gateway == "function-url");

    // Back to the version before all that, and forward again.
    let version = old["functions"][0]["alias"]["FunctionVersion"]
        .as_str()
        .unwrap();
    app.fw(&moto, &["rollback", "--to", version]).ends(0);
    let back = read_back(&moto);
    assert_eq!(back["functions"][0]["alias"]["FunctionVersion"], version);
    assert_eq!(routes(&back), routes(&old));
    app.fw(&moto, &["deploy", "--plan"]).ends(2);
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    settled();
    assert_alike(&read_back(&moto), &new);
    assert_eq!(routes(&read_back(&moto)), routes(&new));

    // A tenth of the traffic, and then all of it.
    app.program("four", &[GET, NEW]);
    app.fw(&moto, &["deploy", "--yes", "--canary", "10%"])
        .ends(0);
    let canary = read_back(&moto);
    let weights = &canary["functions"][0]["alias"]["RoutingConfig"]["AdditionalVersionWeights"];
    let weights = weights.as_object().unwrap();
    assert_eq!(weights.values().collect::<Vec<_>>(), [&json!(0.1)]);
    app.fw(&moto, &["promote"]).ends(0);
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    settled();
    let promoted = read_back(&moto);
    assert_eq!(
        Some(&promoted["functions"][0]["alias"]["FunctionVersion"]),
        weights.keys().next().map(|key| json!(key)).as_ref()
    );

    app.fw(&moto, &["delete", "--yes", "--logs"]).ends(0);
    let gone = read_back(&moto);
    for (what, left) in gone.as_object().unwrap() {
        assert_eq!(*left, json!([]), "{what}");
    }
}

#[test]
fn a_life_behind_an_http_api() {
    lived("http-api", of_http());
}

#[test]
fn a_life_behind_a_rest_api() {
    lived("rest-api", of_rest());
}

#[test]
fn a_life_behind_a_function_url() {
    lived("function-url", of_urls());
}
