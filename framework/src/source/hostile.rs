//! Events that are nearly those of AWS, with any part of them missing or another: each source answers, and none panics.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    info::{EventInfo, SourceInfo},
    outcome::Failed,
    serve::{Run, serve},
};
use crate::context::LambdaContext;

static SOURCE: SourceInfo = SourceInfo {
    event: EventInfo::Sqs("orders"),
    name: "ship",
    ..SourceInfo::NONE
};

/// A source of each kind, whose handler is content.
fn sources() -> [Run<()>; 7] {
    [
        Run::Message(|_, _| Box::pin(async { Ok(()) })),
        Run::Batch(|_, _| Box::pin(async { Ok(Failed::none()) })),
        Run::Notification(|_, _| Box::pin(async { Ok(()) })),
        Run::Object(|_, _| Box::pin(async { Ok(()) })),
        Run::Bus(|_, _| Box::pin(async { Ok(()) })),
        Run::Schedule(|_, _| Box::pin(async { Ok(()) })),
        Run::Input(|_, _| {
            Box::pin(async {
                serde_json::value::to_raw_value(&()).map_err(crate::error::Error::internal)
            })
        }),
    ]
}

/// Events of each kind, as AWS sends them.
fn events() -> [Value; 5] {
    let sqs: Value = serde_json::from_str(include_str!("../../tests/events/sqs.json")).unwrap();
    let bus: Value =
        serde_json::from_str(include_str!("../../tests/events/schedule.json")).unwrap();
    let sns = json!({"Records": [{
        "EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": "arn:aws:sns:us-east-1:123456789012:t:1",
        "Sns": {
            "Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Subject": null,
            "Message": "m", "Timestamp": "2026-12-01T00:00:00.000Z",
            "MessageAttributes": {"k": {"Type": "String", "Value": "v"}},
        },
    }]});
    let s3 = json!({"Records": [{
        "eventVersion": "2.5", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-12-01T00:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": "b", "arn": "arn:aws:s3:::b"},
            "object": {"key": "in/a+b%2Bc", "size": 7, "eTag": "x", "sequencer": "00"},
        },
    }]});
    [sqs, bus, sns, s3, json!({"a": 1})]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "(%[0-9A-Fa-f]{0,2}|\\+|[a-z]){0,8}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{}, 1, "x"])),
        // A list in the place of a member, and what a member may hold.
        Just(json!({"stringValue": 1, "dataType": []})),
    ]
}

/// Puts something else in a place of a document, or takes out what is there.
fn change(document: &mut Value, path: &[u8], to: Option<&Value>) {
    let Some((first, rest)) = path.split_first() else {
        if let Some(to) = to {
            to.clone_into(document);
        }
        return;
    };
    let first = usize::from(*first);
    match document {
        Value::Array(items) if !items.is_empty() => {
            let at = first % items.len();
            if rest.is_empty() && to.is_none() {
                items.remove(at);
            } else {
                change(&mut items[at], rest, to);
            }
        }
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(first % members.len()).unwrap().clone();
            if rest.is_empty() && to.is_none() {
                members.remove(&name);
            } else {
                change(&mut members[&name], rest, to);
            }
        }
        _ => change(document, &[], to),
    }
}

proptest! {
    #[test]
    fn each_source_answers_whatever_an_event_is(
        base in 0_usize..5,
        changes in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..7), prop::option::of(value())), 0..4),
    ) {
        let mut event = events()[base].clone();
        for (path, to) in &changes {
            change(&mut event, path, to.as_ref());
        }
        let event = event.to_string();
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for run in sources() {
            let answer = tokio.block_on(serve(&SOURCE, run, &(), &event, LambdaContext::default()));
            if let Err(failure) = answer {
                prop_assert_eq!(&*failure.kind, "fw.NotItsEvent", "{}: {}", event, failure.message);
            }
        }
    }

    #[test]
    fn each_source_answers_whatever_arrives(event in "\\PC{0,60}") {
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for run in sources() {
            // What is not an event is a failure, and what is one is answered.
            let _ = tokio.block_on(serve(&SOURCE, run, &(), &event, LambdaContext::default()));
        }
    }
}
