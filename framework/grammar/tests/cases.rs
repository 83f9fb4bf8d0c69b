//! Recorded and documented behaviour of patterns and schedules: one JSON object a line in `cases.jsonl`. Every case must
//! hold, and a case with a key that this runner does not know fails, so that an expectation is never passed over.

use fw_grammar::{
    pattern::Pattern,
    schedule::{Dialect, Schedule},
};
use serde_json::Value;

const CASES: &str = include_str!("cases.jsonl");

#[test]
fn patterns() {
    let count = run("pattern", |case| {
        let text = match case.get("pattern_raw") {
            Some(raw) => raw.as_str().unwrap().to_owned(),
            None => case["pattern"].to_string(),
        };
        match (Pattern::parse(&text), case.get("error")) {
            (Ok(pattern), None) => {
                let expected = case["match"].as_bool().unwrap();
                let found = pattern.matches(&case["event"]);
                (found == expected)
                    .then_some(())
                    .ok_or(format!("matches: {found}"))
            }
            (Err(error), Some(expected)) => same(&error.to_string(), &expected["message"]),
            (found, expected) => Err(format!("{found:?} for {expected:?}")),
        }
    });
    assert_eq!(count, 157);
}

#[test]
fn schedules() {
    let count = run("schedule", |case| {
        let dialect = match case["service"].as_str().unwrap() {
            "events" => Dialect::Rule,
            "scheduler" => Dialect::Scheduler,
            other => return Err(format!("unknown service {other}")),
        };
        let parsed = Schedule::parse(case["expression"].as_str().unwrap(), dialect);
        if let Some(expected) = case.get("error") {
            // That a rule with a schedule stands on the default bus is the bus's to say.
            if expected["message"]
                .as_str()
                .unwrap()
                .contains("default event bus")
            {
                return parsed.map(|_| ()).map_err(|error| error.to_string());
            }
            return match parsed {
                Ok(schedule) => Err(format!("accepted: {schedule:?}")),
                Err(error) => same(&error.message(), &expected["message"]),
            };
        }
        let schedule = parsed.map_err(|error| error.to_string())?;
        let Some(next) = case.get("next") else {
            return Ok(());
        };
        let after: jiff::Timestamp = case["after"].as_str().unwrap().parse().unwrap();
        let zone = case
            .get("timezone")
            .map_or("UTC", |zone| zone.as_str().unwrap());
        let expected: Vec<i64> = next
            .as_array()
            .unwrap()
            .iter()
            .map(|time| {
                time.as_str()
                    .unwrap()
                    .parse::<jiff::Timestamp>()
                    .unwrap()
                    .as_millisecond()
            })
            .collect();
        let found: Vec<i64> = schedule
            .after(after.as_millisecond(), zone, dialect)
            .map_err(|error| error.to_string())?
            .take(expected.len())
            .collect();
        (found == expected)
            .then_some(())
            .ok_or(format!("fires {found:?}"))
    });
    assert_eq!(count, 89);
}

fn same(found: &str, expected: &Value) -> Result<(), String> {
    (Some(found) == expected.as_str())
        .then_some(())
        .ok_or(format!("says: {found}"))
}

/// Runs the cases of one target; returns how many there were.
fn run(target: &str, check: impl Fn(&Value) -> Result<(), String>) -> usize {
    let known = [
        "id",
        "target",
        "title",
        "source",
        "confidence",
        "note",
        "pattern",
        "pattern_raw",
        "event",
        "match",
        "error",
        "service",
        "expression",
        "timezone",
        "after",
        "next",
        "valid",
    ];
    let mut failed = Vec::new();
    let mut count = 0;
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        if case["target"] != target {
            continue;
        }
        count += 1;
        let unknown = case
            .as_object()
            .unwrap()
            .keys()
            .find(|key| !known.contains(&key.as_str()));
        assert!(
            unknown.is_none(),
            "{line}: a key that is not known: {unknown:?}"
        );
        if let Err(problem) = check(&case) {
            failed.push(format!("{}: {problem}\n    {line}", case["id"]));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {count} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    count
}
