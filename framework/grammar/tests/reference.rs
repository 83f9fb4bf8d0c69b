//! Cron schedules over ten years, held against a second implementation: `cron_reference.py`, which shares no code with this one.

use std::process::Command;

use fw_grammar::schedule::{Dialect, Schedule};
use serde_json::Value;

/// How many random expressions are compared. `FW_CRON_CASES=2000` is the long run.
const CASES: &str = "60";

/// In milliseconds since 1970: the minute before ten years begin, and their end, in UTC and in Berlin.
fn span(zone: &str) -> (i64, i64) {
    let civil = |year| {
        let midnight = jiff::civil::date(year, 1, 1).in_tz(zone).unwrap();
        midnight.timestamp().as_millisecond()
    };
    (civil(2026) - 60_000, civil(2036))
}

#[test]
fn ten_years_are_those_of_a_second_implementation() {
    let count = std::env::var("FW_CRON_CASES").unwrap_or_else(|_| CASES.to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cron_reference.py");
    let output = Command::new("python3")
        .args([script, "20261201", &count])
        .output()
        .expect("python3 runs");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut compared = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        compare(&case);
        compared += 1;
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(compared.to_string(), count, "{errors}");
}

fn compare(case: &Value) {
    let expression = case["expression"].as_str().unwrap();
    let zone = case["zone"].as_str().unwrap();
    let schedule = Schedule::parse(expression, Dialect::Scheduler).expect(expression);
    let (after, end) = span(zone);
    let times = schedule.after(after, zone, Dialect::Scheduler).unwrap();
    let (mut first, mut found, mut sum, mut last) = (Vec::new(), 0_u64, 0_u64, after);
    for time in times.take_while(|time| *time < end) {
        assert!(time > last, "{expression} goes back");
        last = time;
        if first.len() < 50 {
            first.push(time);
        }
        found += 1;
        sum = sum.wrapping_add(u64::try_from(time).unwrap());
    }
    let expected: Vec<i64> = case["first"]
        .as_array()
        .unwrap()
        .iter()
        .map(|time| time.as_i64().unwrap())
        .collect();
    assert_eq!(first, expected, "{expression} in {zone}");
    assert_eq!(found, case["count"], "{expression} in {zone}");
    assert_eq!(sum, case["sum"], "{expression} in {zone}");
}
