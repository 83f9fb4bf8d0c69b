//! The cases of queues, topics, buckets' events, buses, schedules and tables, for the score.
//!
//! `fw-services` and `fw-grammar` run them, and their tests fail if a case does not hold that `exceptions.jsonl` does not name. So what is
//! not named passes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::score::{Behaviour, Result, Scored, root};

const MESSAGING: &str = "cli/services/tests/conformance/messaging.jsonl";
const SOURCES: &str = "cli/services/tests/conformance/events.jsonl";
const LANGUAGES: &str = "framework/grammar/tests/cases.jsonl";
/// DynamoDB's. `fw-dynamodb` runs them, with a list of exceptions of its own that is empty.
const TABLES: &str = "cli/dynamodb/tests/it/recorded.jsonl";
const OWN_TABLES: &str = "cli/dynamodb/tests/it/own.jsonl";
const STREAMS: &str = "cli/dynamodb/tests/it/mappings.jsonl";
const STREAM_EXCEPTIONS: &str = "cli/dynamodb/tests/it/exceptions.jsonl";
const EXCEPTIONS: &str = "cli/services/tests/conformance/exceptions.jsonl";

/// The parts of the score, in the order of its rows.
const TARGETS: [&str; 11] = [
    "SQS",
    "SNS",
    "S3 events",
    "SQS mappings",
    "asynchronous calls",
    "event patterns",
    "buses and rules",
    "schedules",
    "tables",
    "streams of tables",
    "stream mappings",
];

/// The cases of all services.
pub(crate) struct Services {
    pub(crate) targets: Vec<(&'static str, Scored)>,
    /// How many cases were recorded on AWS.
    pub(crate) recorded: usize,
    /// How many of them have no recording of their values.
    pub(crate) markers: usize,
}

/// Reads the cases. Nothing where the packages that run them are not there.
pub(crate) fn read() -> Services {
    let exceptions: BTreeMap<String, String> = lines(EXCEPTIONS)
        .chain(lines(STREAM_EXCEPTIONS))
        .map(|line| (text(&line, "id"), text(&line, "reason")))
        .collect();
    let mut by_target: BTreeMap<&str, Scored> = BTreeMap::new();
    let (mut recorded, mut markers) = (0, 0);
    let files = [MESSAGING, SOURCES, LANGUAGES, TABLES, OWN_TABLES, STREAMS];
    for case in files.into_iter().flat_map(lines) {
        let behaviour = Behaviour {
            id: text(&case, "id"),
            title: title(&case),
            source: text(&case, "source"),
            confidence: text(&case, "confidence"),
        };
        recorded += usize::from(behaviour.confidence == "recorded");
        markers += usize::from(case["evidence"] == "marker");
        let result = match exceptions.get(&behaviour.id) {
            Some(reason) => Result::Listed(reason.clone()),
            None => Result::Passed,
        };
        let target = target(&case);
        by_target
            .entry(target)
            .or_default()
            .push((behaviour, result));
    }
    let targets = TARGETS
        .into_iter()
        .filter_map(|name| Some((name, by_target.remove(name)?)))
        .collect();
    assert!(by_target.is_empty(), "each target has a row");
    Services {
        targets,
        recorded,
        markers,
    }
}

fn lines(path: &str) -> impl Iterator<Item = Value> + use<> {
    let text = std::fs::read_to_string(root().join(path)).unwrap_or_default();
    let lines: Vec<Value> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).expect("each line is a case"))
        .collect();
    lines.into_iter()
}

fn text(case: &Value, name: &str) -> String {
    case[name].as_str().unwrap_or_default().to_owned()
}

/// What a case is about. Cases of the two languages may have the text itself in the place of a title.
fn title(case: &Value) -> String {
    let title = text(case, "title");
    if !title.is_empty() {
        return title;
    }
    match (case["expression"].as_str(), case["pattern_raw"].as_str()) {
        (Some(expression), _) => format!("`{expression}`"),
        (_, Some(pattern)) => format!("`{pattern}`"),
        _ => format!("`{}`", case["pattern"]),
    }
}

/// The row that a case is counted in. Cases of sources are told apart by what triggers the function.
fn target(case: &Value) -> &'static str {
    match case["target"].as_str().unwrap_or_default() {
        "sqs" => "SQS",
        "sns" => "SNS",
        "s3-events" => "S3 events",
        "esm-sqs" => "SQS mappings",
        "async" => "asynchronous calls",
        "pattern" => "event patterns",
        "schedule" => "schedules",
        "dynamodb" => match case["steps"].to_string().contains("dynamodbstreams.") {
            true => "streams of tables",
            false => "tables",
        },
        "events" => match case["setup"]["trigger"].as_str().unwrap_or_default() {
            "sqs" => "SQS mappings",
            "sns" => "SNS",
            "s3" => "S3 events",
            "eventbridge" | "event-bus" => "buses and rules",
            "schedule" | "scheduler" => "schedules",
            "dynamodb-stream" => "stream mappings",
            other => panic!("a trigger without a row: {other}"),
        },
        other => panic!("a target without a row: {other}"),
    }
}
