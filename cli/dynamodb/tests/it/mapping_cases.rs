//! Plays the recorded cases of mappings of streams.

use std::time::Duration;

use fw_services::Outcome;
use serde_json::{Value, json};

use crate::streaming::{Bench, Keeper, eventually, failed};

const CASES: &str = include_str!("mappings.jsonl");
/// Cases that are not played, with the reasons.
const EXCEPTIONS: &str = include_str!("exceptions.jsonl");

fn behaviour(handler: &str) -> Outcome {
    match handler.split_once(':') {
        Some(("batch-failures", answer)) => Outcome::Returned(answer.to_owned().into()),
        Some(("raise", _)) => failed(),
        _ => Outcome::Returned("null".into()),
    }
}

/// A mapping's settings as the API takes them.
fn settings(source: &Value, on_failure: &str) -> Value {
    let mut settings = json!({});
    for (name, member) in [
        ("batch_size", "BatchSize"),
        ("starting_position", "StartingPosition"),
        ("maximum_retry_attempts", "MaximumRetryAttempts"),
        ("function_response_types", "FunctionResponseTypes"),
    ] {
        if !source[name].is_null() {
            settings[member] = source[name].clone();
        }
    }
    let patterns = source["filters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string);
    let raw = source["filters_raw"].as_array().into_iter().flatten();
    let raw = raw.filter_map(|text| text.as_str().map(str::to_owned));
    let filters: Vec<_> = patterns
        .chain(raw)
        .map(|text| json!({ "Pattern": text }))
        .collect();
    if !filters.is_empty() {
        settings["FilterCriteria"] = json!({ "Filters": filters });
    }
    if !source["on_failure"].is_null() {
        settings["DestinationConfig"] = json!({"OnFailure": {"Destination": on_failure}});
    }
    settings
}

fn expect_all(found: &Value, expected: &Value, id: &str) {
    for (pointer, value) in expected.as_object().into_iter().flatten() {
        let there = found.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(&there, value, "{id}: {pointer} in {found}");
    }
}

async fn play(case: &Value) {
    let id = case["id"].as_str().expect("an id").to_owned();
    let (setup, event, expect) = (&case["setup"], &case["event"], &case["expect"]);
    let handler = setup["handler"].as_str().expect("a handler").to_owned();
    let keeper = Keeper::new(move |_| behaviour(&handler));
    let source = &setup["event_source"];
    let view_type = source["view_type"].as_str().unwrap_or("NEW_AND_OLD_IMAGES");
    let bench = Bench::start(&keeper, view_type, None).await;
    let queue = bench.queue().await;
    let mut created = bench.map(settings(source, &queue)).await;
    if event["create_twice"] == true {
        created = bench.map(settings(source, &queue)).await;
    }
    if event["create_only"] == true {
        let document = created.document();
        assert_eq!(json!(created.status), expect["status"], "{id}: {document}");
        if let Some(code) = expect["error_code"].as_str() {
            assert_eq!(created.header("x-amzn-errortype"), Some(code), "{id}");
        }
        let message = document["Message"].as_str().unwrap_or_default();
        if let Some(expected) = expect["error_message"].as_str() {
            assert_eq!(message, expected, "{id}");
        }
        if let Some(pattern) = expect["error_message_pattern"].as_str() {
            let pattern = regex_lite::Regex::new(pattern).expect("a pattern");
            assert!(pattern.is_match(message), "{id}: {message}");
        }
        for (name, value) in expect["body_json_subset"].as_object().into_iter().flatten() {
            assert_eq!(&document[name], value, "{id}: {name}");
        }
        return;
    }
    assert_eq!(created.status, 202, "{id}: {}", created.text);
    for item in event["put_items"].as_array().into_iter().flatten() {
        bench.put(item.clone()).await;
    }
    for key in event["delete_keys"].as_array().into_iter().flatten() {
        bench
            .call(
                "dynamodb.DeleteItem",
                json!({"TableName": "items", "Key": key}),
            )
            .await;
    }
    if let Some(item) = event.get("failing_conditional_put") {
        let input = json!({"TableName": "items", "Item": item, "ConditionExpression": "attribute_not_exists(id)"});
        let refused = bench.call("dynamodb.PutItem", input).await;
        assert_eq!(refused.status, 400, "{id}");
    }
    if let Some(attribute) = event["ttl_attribute"].as_str() {
        // A time of 1970 is too old to expire: it would be a mistake.
        let soon = bench.services.clock().now_ms() / 1000 + 1;
        bench
            .put(json!({"id": {"S": "a"}, attribute: {"N": soon.to_string()}}))
            .await;
        let ttl = json!({"Enabled": true, "AttributeName": attribute});
        let input = json!({"TableName": "items", "TimeToLiveSpecification": ttl});
        bench.call("dynamodb.UpdateTimeToLive", input).await;
        bench.services.clock().advance(Duration::from_secs(60));
        let is_gone = || {
            keeper
                .events()
                .iter()
                .any(|event| event["Records"][0]["eventName"] == "REMOVE")
        };
        eventually("the item expires", is_gone).await;
    }
    if let Some(count) = expect["invocations"].as_u64() {
        let count = usize::try_from(count).expect("a count");
        eventually(&id, || keeper.events().len() >= count).await;
        // Nothing comes in addition.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(keeper.events().len(), count, "{id}");
    }
    eventually(&id, || !keeper.events().is_empty()).await;
    let events = keeper.events();
    let last = events.last().expect("an event");
    expect_all(&events[0], &expect["event"], &id);
    expect_all(last, &expect["last_event"], &id);
    for pointer in expect["event_absent"].as_array().into_iter().flatten() {
        let pointer = pointer.as_str().expect("a pointer");
        assert_eq!(last.pointer(pointer), None, "{id}: {pointer}");
    }
    if !expect["destination_record"].is_null() {
        let record = bench.buried().await;
        expect_all(&record, &expect["destination_record"], &id);
        for (pointer, pattern) in expect["destination_pattern"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let pattern =
                regex_lite::Regex::new(pattern.as_str().expect("a pattern")).expect("a pattern");
            let found = record
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default();
            assert!(pattern.is_match(found), "{id}: {pointer} in {record}");
        }
        for pointer in expect["destination_absent"]
            .as_array()
            .into_iter()
            .flatten()
        {
            assert_eq!(
                record.pointer(pointer.as_str().expect("a pointer")),
                None,
                "{id}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_cases_of_mappings_pass() {
    let mut count = 0;
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        if EXCEPTIONS.contains(&format!("{{\"id\":{}", case["id"])) {
            continue;
        }
        play(&case).await;
        count += 1;
    }
    assert_eq!(count, 19);
}
