//! Runs the recorded and documented behaviour of AWS against `fw_gateway`.
//!
//! One JSON object a line in the `.jsonl` files beside this one. Every case runs and must hold unless `exceptions.txt`
//! names it and says why. A case that uses a key which this runner does not know fails, so that no expectation is passed
//! over in silence. What was recorded on AWS may not be named there.
//!
//! `services` reads the cases of queues, topics, buses and schedules, which `fw-services` runs.
//! `chalice` has what Chalice's own tests pin, and what was decided about it; `score` writes `docs/fidelity.md`.

mod authorizer;
mod case;
mod chalice;
mod check;
mod door;
mod handler;
mod pattern;
mod score;
mod services;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use case::Case;

/// Why cases are left out, by id.
const EXCEPTIONS: &str = include_str!("exceptions.txt");

#[test]
fn http_api() {
    run(include_str!("http-api.jsonl"), 80);
}

#[test]
fn function_url() {
    run(include_str!("function-url.jsonl"), 25);
}

#[test]
fn rest_api() {
    run(include_str!("rest-api.jsonl"), 86);
}

/// Every exception is of a case that exists, and has a reason.
#[test]
fn exceptions_are_of_this_day() {
    let files = [
        include_str!("http-api.jsonl"),
        include_str!("function-url.jsonl"),
        include_str!("rest-api.jsonl"),
    ];
    let ids: BTreeSet<String> = files
        .iter()
        .flat_map(|file| file.lines())
        .map(case::id)
        .collect();
    let recorded: BTreeSet<String> = files
        .iter()
        .flat_map(|file| file.lines())
        .filter(|line| line.contains(r#""confidence": "recorded""#))
        .map(case::id)
        .collect();
    assert!(recorded.len() > 100, "the recorded cases are found");
    for (id, reason) in exceptions() {
        assert!(
            ids.contains(id),
            "exceptions.txt names a case that does not exist: {id}"
        );
        assert!(
            !recorded.contains(id),
            "what was recorded on AWS has to hold: {id}"
        );
        assert!(
            reason.len() > 20,
            "exceptions.txt gives no reason for: {id}"
        );
    }
}

/// Runs the cases of a file; all must hold, and their number is known, so that none can be lost.
fn run(file: &str, expected: usize) {
    let exceptions = exceptions();
    let mut ran = 0;
    let mut failures = Vec::new();
    for line in file.lines().filter(|line| !line.trim().is_empty()) {
        let id = case::id(line);
        if exceptions.contains_key(id.as_str()) {
            continue;
        }
        ran += 1;
        let outcome = serde_json::from_str(line)
            .map_err(|error| error.to_string())
            .and_then(|case: Case| door::run(&case));
        if let Err(problem) = outcome {
            failures.push(format!("{id}: {problem}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {ran} cases do not hold:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert_eq!(
        ran, expected,
        "the number of cases changed; if that is meant, correct it here"
    );
}

/// Lines of `id reason`; `#` starts a comment.
fn exceptions() -> BTreeMap<&'static str, &'static str> {
    let lines = EXCEPTIONS
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .collect()
}
