//! Changes of a document with the verdict on each: one JSON object a line in `cases.jsonl`, all of which must hold.

use fw_contract::{Verdict, compare};
use serde_json::Value;

const TODAY: &str = "2026-11-30";

fn cases() -> Vec<Value> {
    include_str!("cases.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_change_has_its_verdict() {
    let cases = cases();
    assert_eq!(cases.len(), 95);
    let mut wrong = Vec::new();
    for case in &cases {
        let report = compare(&case["before"], &case["after"], TODAY);
        if case["verdict"] != report.verdict().as_str() {
            let findings: Vec<String> = report
                .findings
                .iter()
                .map(|f| format!("{}: {f}", f.rule))
                .collect();
            wrong.push(format!(
                "{} is {} ({}), not {}: {findings:?}",
                case["id"],
                case["verdict"],
                case["rule"],
                report.verdict().as_str()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What only widens a request, taken back, breaks somebody.
#[test]
fn a_widened_request_taken_back_is_breaking() {
    for case in cases() {
        let id = case["id"].as_str().unwrap();
        let widens = ["req-", "param-", "body-"]
            .iter()
            .any(|start| id.starts_with(start));
        if !widens || case["verdict"] != "compatible" || id == "req-ref-inlined" {
            continue;
        }
        // What comes as optional and goes again is only no longer read.
        let expected = if id.ends_with("optional-added") {
            Verdict::Info
        } else {
            Verdict::Breaking
        };
        let report = compare(&case["after"], &case["before"], TODAY);
        assert_eq!(report.verdict(), expected, "{id}: {:?}", report.findings);
    }
}

#[test]
fn a_document_is_compatible_with_itself() {
    for case in cases() {
        for side in ["before", "after"] {
            let report = compare(&case[side], &case[side], TODAY);
            assert_eq!(report.findings, [], "{}", case["id"]);
        }
    }
}
