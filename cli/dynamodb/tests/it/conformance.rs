//! Plays the cases against the endpoint, over HTTP.
//!
//! `recorded.jsonl` holds cases whose answers are AWS's, or are said to be by a suite whose authors run it on AWS; each names its source.
//! `own.jsonl` holds cases in the same form for what outside suites showed to be wrong here once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use fw_dynamodb::DynamoDb;
use fw_services::{Options, Services};
use serde_json::{Value, json};

use crate::case::{Case, Names, filled};
use crate::client;

const RECORDED: &str = include_str!("recorded.jsonl");
const OWN: &str = include_str!("own.jsonl");

async fn start() -> Services {
    let database = DynamoDb::open(None).expect("a database");
    let options = Options {
        tables: Some(Arc::new(database)),
        ..Options::default()
    };
    Services::start(options).await.expect("services")
}

/// The input that creates a table of a kind: its keys, its indexes, its stream.
fn table(kind: &str, name: &str) -> Value {
    let mut keys = match kind {
        "h" | "st" => vec![("pk", "S")],
        "hr" | "ix" => vec![("pk", "S"), ("sk", "S")],
        "hn" => vec![("pk", "S"), ("sk", "N")],
        "hb" => vec![("pk", "S"), ("sk", "B")],
        "n" => vec![("pk", "N")],
        other => panic!("unknown table {other}"),
    };
    let schema: Vec<_> = keys
        .iter()
        .zip(["HASH", "RANGE"])
        .map(|((name, _), kind)| json!({"AttributeName": name, "KeyType": kind}))
        .collect();
    let mut input =
        json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema});
    if kind == "ix" {
        keys.extend([("g", "S"), ("h", "S"), ("l", "S")]);
        let key = |hash: &str, range: &str| {
            json!([
                {"AttributeName": hash, "KeyType": "HASH"},
                {"AttributeName": range, "KeyType": "RANGE"},
            ])
        };
        input["LocalSecondaryIndexes"] = json!([{
            "IndexName": "lsi", "KeySchema": key("pk", "l"), "Projection": {"ProjectionType": "KEYS_ONLY"},
        }]);
        input["GlobalSecondaryIndexes"] = json!([{
            "IndexName": "gsi", "KeySchema": key("g", "h"),
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
        }]);
    }
    if kind == "st" {
        input["StreamSpecification"] =
            json!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"});
    }
    let definitions = keys.iter();
    input["AttributeDefinitions"] = definitions
        .map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind}))
        .collect();
    input
}

/// Plays a case. The number keeps its tables apart from those of others.
fn play(address: SocketAddr, case: &Case, number: usize) -> Result<(), String> {
    let mut names = Names::new();
    names.insert("$token".into(), format!("token-{number}").into());
    names.insert("$new".into(), format!("new{number}").into());
    for kind in &case.setup.tables {
        let name = format!("t{kind}{number}");
        let created = client::call(
            address,
            "dynamodb.CreateTable",
            &table(kind, &name).to_string(),
        );
        let description = created.document()["TableDescription"].take();
        assert_eq!(created.status, 200, "{}", created.text);
        names.insert(format!("${kind}.arn"), description["TableArn"].clone());
        names.insert(
            format!("${kind}.stream"),
            description["LatestStreamArn"].clone(),
        );
        names.insert(format!("${kind}"), name.into());
    }
    for (position, step) in case.steps.iter().enumerate() {
        let input = filled(&step.input, &names);
        let answer = client::call(address, &step.op, &input.to_string());
        let document = answer.document();
        step.check(answer.status, &document, &names)
            .map_err(|why| format!("step {position} {}: {why}", step.op))?;
        for (name, pointer) in &step.save {
            let value = document.pointer(pointer).cloned().unwrap_or_default();
            names.insert(name.clone(), value);
        }
    }
    Ok(())
}

/// Plays the cases of a file, and returns what fails by the ids of the cases.
fn failures(address: SocketAddr, file: &str, first: usize) -> (usize, BTreeMap<String, String>) {
    let mut failed = BTreeMap::new();
    let mut count = 0;
    for line in file.lines().filter(|line| !line.is_empty()) {
        let case: Case = serde_json::from_str(line).expect("a case");
        count += 1;
        if let Err(why) = play(address, &case, first + count) {
            failed.insert(case.id, format!("{}: {why}", case.title));
        }
    }
    (count, failed)
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_cases_pass() {
    let services = start().await;
    let address = services.address();
    let played = tokio::task::spawn_blocking(move || failures(address, RECORDED, 0));
    let (count, failed) = played.await.expect("an end");
    assert!(count > 140, "{count} cases");
    assert!(failed.is_empty(), "{failed:#?}");
    services.shutdown().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_cases_pass() {
    let services = start().await;
    let address = services.address();
    let played = tokio::task::spawn_blocking(move || failures(address, OWN, 0));
    let (count, failed) = played.await.expect("an end");
    assert!(count > 0);
    assert!(failed.is_empty(), "{failed:#?}");
    services.shutdown().await.expect("an end");
}
