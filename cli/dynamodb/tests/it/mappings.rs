//! Mappings of streams: order, retries, checkpoints, cuts, ages, lanes and restarts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fw_services::Outcome;
use serde_json::{Value, json};

use crate::streaming::{Bench, Keeper, eventually, failed};

fn done() -> Outcome {
    Outcome::Returned("null".into())
}

fn item(id: &str, version: u32) -> Value {
    json!({"id": {"S": id}, "v": {"N": version.to_string()}})
}

/// Whether a record of the event is of that item.
fn has(event: &Value, id: &str) -> bool {
    let mut records = event["Records"].as_array().into_iter().flatten();
    records.any(|record| record["dynamodb"]["Keys"]["id"]["S"] == id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_before_a_reported_failure_is_done() {
    let keeper = Keeper::new(|event| {
        let records = event["Records"].as_array().expect("records");
        let bad = records
            .iter()
            .find(|record| record["dynamodb"]["Keys"]["id"]["S"] == "c");
        let failures: Vec<_> = bad
            .map(|record| json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]}))
            .into_iter()
            .collect();
        Outcome::Returned(json!({ "batchItemFailures": failures }).to_string().into())
    });
    let bench = Bench::start(&keeper, "NEW_IMAGE", None).await;
    for id in ["a", "b", "c", "d"] {
        bench.put(item(id, 1)).await;
    }
    let queue = bench.queue().await;
    let mapped = bench
        .map(json!({
            "StartingPosition": "TRIM_HORIZON",
            "MaximumRetryAttempts": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": queue}},
        }))
        .await;
    assert_eq!(mapped.status, 202, "{}", mapped.text);
    let buried = bench.buried().await;
    assert_eq!(buried["DDBStreamBatchInfo"]["batchSize"], 2, "{buried}");
    assert_eq!(keeper.batches(), [vec!["a", "b", "c", "d"], vec!["c", "d"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_cut_finds_the_record_that_fails() {
    let keeper = Keeper::new(|event| if has(event, "c") { failed() } else { done() });
    let bench = Bench::start(&keeper, "KEYS_ONLY", None).await;
    for id in ["a", "b", "c", "d"] {
        bench.put(item(id, 1)).await;
    }
    bench
        .map(json!({
            "StartingPosition": "TRIM_HORIZON",
            "MaximumRetryAttempts": 0,
            "BisectBatchOnFunctionError": true,
        }))
        .await;
    let expected = [
        vec!["a", "b", "c", "d"],
        vec!["a", "b"],
        vec!["c", "d"],
        vec!["c"],
        vec!["d"],
    ];
    eventually("all parts are tried", || keeper.events().len() >= 5).await;
    assert_eq!(keeper.batches(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_too_old_are_given_up() {
    let keeper = Keeper::new(|_| failed());
    let bench = Bench::start(&keeper, "KEYS_ONLY", None).await;
    let queue = bench.queue().await;
    bench.put(item("a", 1)).await;
    bench
        .map(json!({
            "StartingPosition": "TRIM_HORIZON",
            "MaximumRecordAgeInSeconds": 3600,
            "DestinationConfig": {"OnFailure": {"Destination": queue}},
        }))
        .await;
    eventually("the first attempt", || !keeper.events().is_empty()).await;
    bench.services.clock().advance(Duration::from_secs(3700));
    let buried = bench.buried().await;
    assert_eq!(buried["requestContext"]["condition"], "RecordAgeExceeded");
    assert!(buried.get("responseContext").is_none(), "{buried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_for_an_hour_catches_up_in_order() {
    let works = Arc::new(AtomicBool::new(false));
    let keeper = Keeper::new({
        let works = Arc::clone(&works);
        move |_| {
            if works.load(Ordering::SeqCst) {
                done()
            } else {
                failed()
            }
        }
    });
    let bench = Bench::start(&keeper, "NEW_IMAGE", None).await;
    bench
        .map(json!({"StartingPosition": "LATEST", "BatchSize": 2}))
        .await;
    for version in 0..7 {
        bench.put(item("a", version)).await;
    }
    eventually("the first attempt", || !keeper.events().is_empty()).await;
    for _ in 0..6 {
        let before = keeper.events().len();
        bench.services.clock().advance(Duration::from_secs(600));
        eventually("another attempt", || keeper.events().len() > before).await;
    }
    let tries = keeper.events();
    assert!(
        tries.iter().all(|event| *event == tries[0]),
        "a batch blocks what follows it"
    );
    works.store(true, Ordering::SeqCst);
    keeper.events.lock().expect("a lock").clear();
    bench.services.clock().advance(Duration::from_secs(60));
    eventually("all is done", || keeper.batches().concat().len() >= 7).await;
    let versions: Vec<_> = keeper
        .events()
        .iter()
        .flat_map(|event| event["Records"].as_array().cloned().unwrap_or_default())
        .map(|record| {
            record["dynamodb"]["NewImage"]["v"]["N"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(versions, ["0", "1", "2", "3", "4", "5", "6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_run_side_by_side_and_keep_the_order_of_each_item() {
    let keeper = Keeper::new(|_| done());
    let bench = Bench::start(&keeper, "NEW_IMAGE", None).await;
    for version in 0..10 {
        for id in ["a", "b", "c", "d", "e"] {
            bench.put(item(id, version)).await;
        }
    }
    bench
        .map(
            json!({"StartingPosition": "TRIM_HORIZON", "ParallelizationFactor": 4, "BatchSize": 3}),
        )
        .await;
    eventually("all is done", || keeper.batches().concat().len() >= 50).await;
    let mut seen: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for event in keeper.events() {
        for record in event["Records"].as_array().into_iter().flatten() {
            let image = &record["dynamodb"]["NewImage"];
            let version = image["v"]["N"].as_str().and_then(|text| text.parse().ok());
            let id = image["id"]["S"].as_str().unwrap_or_default().to_owned();
            seen.entry(id)
                .or_default()
                .push(version.expect("a version"));
        }
    }
    assert_eq!(seen.len(), 5);
    for (id, versions) in seen {
        assert_eq!(versions, (0..10).collect::<Vec<_>>(), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_goes_on_where_it_was_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let keeper = Keeper::new(|_| done());
    let bench = Bench::start(&keeper, "NEW_IMAGE", Some(folder.path())).await;
    bench.map(json!({"StartingPosition": "LATEST"})).await;
    bench.put(item("a", 1)).await;
    eventually("the first is done", || keeper.batches().concat() == ["a"]).await;
    // The position is noted after the answer of the function.
    tokio::time::sleep(Duration::from_millis(100)).await;
    bench.services.shutdown().await.expect("an end");

    let bench = Bench::start(&keeper, "NEW_IMAGE", Some(folder.path())).await;
    bench.put(item("b", 1)).await;
    eventually("the second is done", || {
        keeper.batches().concat().len() >= 2
    })
    .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(keeper.batches().concat(), ["a", "b"]);
    assert_eq!(bench.services.resources().mappings.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_lambda_refuses_are_refused() {
    let keeper = Keeper::new(|_| done());
    let bench = Bench::start(&keeper, "NEW_IMAGE", None).await;
    let gone = "arn:aws:dynamodb:us-east-1:123456789012:table/items/stream/2020-01-01T00:00:00.000";
    for settings in [
        json!({}),
        json!({"StartingPosition": "AT_TIMESTAMP"}),
        json!({"StartingPosition": "LATEST", "ParallelizationFactor": 11}),
        json!({"StartingPosition": "LATEST", "MaximumRecordAgeInSeconds": 604_801}),
        json!({"StartingPosition": "LATEST", "BatchSize": 0}),
        json!({"StartingPosition": "LATEST", "EventSourceArn": gone}),
    ] {
        let refused = bench.map(settings.clone()).await;
        assert_eq!(refused.status, 400, "{settings}: {}", refused.text);
    }
    let windows = json!({"StartingPosition": "LATEST", "TumblingWindowInSeconds": 60});
    assert_eq!(bench.map(windows).await.status, 501);
}
