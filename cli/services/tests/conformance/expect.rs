//! What must hold after the steps of a case.

use serde_json::{Value, json};

use crate::case::Expect;
use crate::compare::{any_order, contains_all, meets};
use crate::context::plain;
use crate::functions::Call;
use crate::runner::{Play, is_match};

/// Waits until everything holds, then for the time to settle, and looks again.
///
/// # Errors
/// What does not hold.
pub(crate) async fn hold(play: &Play, expected: &Expect) -> Result<(), String> {
    let mut waited = 0;
    while let Err(difference) = check(play, expected).await {
        if waited >= expected.within_ms {
            if expected.within_ms > 0 {
                return Err(difference);
            }
            break;
        }
        play.pass(500).await;
        waited += 500;
    }
    play.pass(expected.settle_ms).await;
    check(play, expected).await
}

async fn check(play: &Play, expected: &Expect) -> Result<(), String> {
    let calls = |name: &str| -> Result<Vec<Call>, String> {
        let full = play.names.get(name).ok_or("an unknown function")?;
        Ok(play.recorder.calls(full))
    };
    for (name, count) in &expected.invocations {
        let calls = calls(name)?;
        if calls.len() != *count {
            return Err(format!(
                "{name}: {} invocations, wanted {count}",
                calls.len()
            ));
        }
    }
    for event in &expected.events {
        let calls = calls(&event.function)?;
        let call = calls.get(event.index).ok_or("an event is not there")?;
        if let Some(subset) = &event.subset {
            meets(&play.context.expected(subset)?, Some(&call.event), "event")?;
        }
        for (pointer, pattern) in &event.pattern {
            let value = call
                .event
                .pointer(pointer)
                .ok_or("a value of an event is not there")?;
            is_match(&play.context.pattern(pattern)?, &plain(value))?;
        }
        if let Some(there) = event
            .absent
            .iter()
            .find(|path| call.event.pointer(path).is_some())
        {
            return Err(format!("{there} is in the event"));
        }
    }
    for (name, batches) in &expected.batches {
        let got: Vec<Value> = calls(name)?
            .iter()
            .map(|call| bodies(call).into())
            .collect();
        let want = play.context.expected(&json!(batches))?;
        meets(&want, Some(&got.into()), name)?;
    }
    for (name, want) in &expected.bodies {
        let got: Vec<Value> = calls(name)?.iter().flat_map(bodies).collect();
        let want = list(play, want)?;
        if !any_order(&want, &got) {
            return Err(format!("{name}: bodies {got:?}"));
        }
    }
    for (name, most) in &expected.batch_size_max {
        if let Some(call) = calls(name)?.iter().find(|call| bodies(call).len() > *most) {
            return Err(format!("{name}: a batch of {}", bodies(call).len()));
        }
    }
    for (name, most) in &expected.concurrency_max {
        let calls = calls(name)?;
        let running = |at: u64| {
            let runs = |call: &&Call| call.started_ms <= at && at < call.ended_ms;
            calls.iter().filter(runs).count()
        };
        if let Some(call) = calls.iter().find(|call| running(call.started_ms) > *most) {
            return Err(format!("{name}: {} at a time", running(call.started_ms)));
        }
    }
    for (limits, is_least) in [(&expected.min_gap_ms, true), (&expected.max_gap_ms, false)] {
        for (name, limits) in limits {
            let calls = calls(name)?;
            let gaps = calls
                .windows(2)
                .map(|two| two[1].started_ms - two[0].started_ms);
            for (gap, limit) in gaps.zip(limits) {
                if (is_least && gap < *limit) || (!is_least && gap > *limit) {
                    return Err(format!("{name}: a gap of {gap} ms, limit {limit}"));
                }
            }
        }
    }
    for name in &expected.same_request_id {
        let calls = calls(name)?;
        if calls
            .windows(2)
            .any(|two| two[0].request_id != two[1].request_id)
        {
            return Err(format!("{name}: request ids differ"));
        }
    }
    for (name, want) in &expected.request_id {
        let want = play.context.text(want)?;
        if calls(name)?.first().map(|call| &call.request_id) != Some(&want) {
            return Err(format!("{name}: another request id than {want}"));
        }
    }
    queues(play, expected).await
}

async fn queues(play: &Play, expected: &Expect) -> Result<(), String> {
    for (url, want) in &expected.dead_letters {
        let got = messages(play, &play.context.text(url)?).await?;
        let want = list(play, want)?;
        if !any_order(&want, &got) {
            return Err(format!("dead letters {got:?}, wanted {want:?}"));
        }
    }
    for (url, want) in &expected.dead_letters_any {
        let got = messages(play, &play.context.text(url)?).await?;
        let bodies: Vec<_> = got.iter().map(|message| message["Body"].clone()).collect();
        if !contains_all(&list(play, want)?, &bodies) {
            return Err(format!("dead letters {bodies:?}"));
        }
    }
    for url in &expected.queue_empty {
        let names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        let url = play.context.text(url)?;
        let input = json!({"QueueUrl": url, "AttributeNames": names});
        let result = play.result("sqs.GetQueueAttributes", &input).await?;
        for name in names {
            if result["Attributes"][name] != "0" {
                return Err(format!("{url}: {name} {}", result["Attributes"][name]));
            }
        }
    }
    Ok(())
}

/// The visible messages of a queue. They stay visible.
async fn messages(play: &Play, url: &str) -> Result<Vec<Value>, String> {
    let input = json!({
        "QueueUrl": url,
        "MaxNumberOfMessages": 10,
        "VisibilityTimeout": 0,
        "MessageAttributeNames": ["All"],
        "AttributeNames": ["All"],
    });
    let result = play.result("sqs.ReceiveMessage", &input).await?;
    Ok(result["Messages"].as_array().cloned().unwrap_or_default())
}

fn list(play: &Play, want: &[Value]) -> Result<Vec<Value>, String> {
    want.iter()
        .map(|want| play.context.expected(want))
        .collect()
}

fn bodies(call: &Call) -> Vec<Value> {
    let records = call.event["Records"].as_array();
    records
        .into_iter()
        .flatten()
        .map(|record| record["body"].clone())
        .collect()
}
