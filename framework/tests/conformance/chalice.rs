//! What Chalice's own tests pin, and what we decided about each: `chalice.jsonl` restates them, `chalice-decisions.jsonl` has a line
//! for each case.
//!
//! `match`: we do the same. `beat`: we do what the cloud does, or what is safer, and say why; the line holds what is expected in
//! place of Chalice's word. `later`: it is about something that we do not have yet, and why that is. Each `match` and each
//! `beat` is run.

mod app;
mod run;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What was decided about a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decided {
    pub(crate) id: String,
    pub(crate) decision: Decision,
    /// Why, where it is no match.
    #[serde(default)]
    pub(crate) because: String,
    /// What is expected in place of what Chalice does.
    expect: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    Match,
    Beat,
    Later,
}

/// The cases by their ids.
fn cases() -> BTreeMap<String, Value> {
    include_str!("chalice.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("each line is a case"))
        .map(|case| {
            (
                case["id"].as_str().expect("a case has an id").to_owned(),
                case,
            )
        })
        .collect()
}

/// The decisions in the order of their file.
pub(crate) fn decisions() -> Vec<Decided> {
    include_str!("chalice-decisions.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Why no app of a user can show a case: the gateway's model has what it needs, and `fw` has no setting for it.
pub(crate) fn of_the_model_alone(id: &str) -> Option<&'static str> {
    let case = cases().remove(id).unwrap_or_default();
    let (setup, request) = (&case["setup"], &case["request"]);
    let routes = setup["routes"].as_array().into_iter().flatten();
    let authorizers = setup["authorizers"].as_object().into_iter().flatten();
    if routes.into_iter().any(|route| route["cors"].is_object()) {
        return Some("the route has CORS of its own, and `[cors]` is the stage's");
    }
    if authorizers
        .into_iter()
        .any(|(_, one)| one["type"] == "cognito")
    {
        return Some(
            "a user pool checks its callers, and a REST API of `fw` has only the app's authorizers and signatures",
        );
    }
    if !request["match_arn"].is_null() || !request["authorizer_event"].is_null() {
        return Some("it is about a policy as such, and an authorizer answers with `Allow`");
    }
    None
}

/// Which test of Chalice's pins a case.
pub(crate) fn source(id: &str) -> String {
    let case = cases().remove(id).unwrap_or_default();
    case["source_test"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_case_is_decided_once_and_with_a_reason() {
    let mut cases = cases();
    for decided in decisions() {
        assert!(
            cases.remove(&decided.id).is_some(),
            "there is no such case, or twice: {}",
            decided.id
        );
        let reasoned = decided.because.len() > 20;
        assert!(
            reasoned || decided.decision == Decision::Match,
            "a reason is missing: {}",
            decided.id
        );
        let replaced = decided.expect.is_some();
        assert_eq!(
            replaced,
            decided.decision == Decision::Beat,
            "what a beat expects, and only a beat: {}",
            decided.id
        );
    }
    assert!(cases.is_empty(), "undecided: {:?}", cases.keys());
}

#[test]
fn every_decision_holds() {
    let cases = cases();
    let mut failures = Vec::new();
    for decided in decisions() {
        let case = &cases[&decided.id];
        let expect = decided.expect.as_ref().unwrap_or(&case["expect"]);
        if decided.decision == Decision::Later {
            continue;
        }
        if let Err(problem) = run::run(case, expect) {
            failures.push(format!("{}: {problem}", decided.id));
        }
    }
    assert!(
        failures.is_empty(),
        "{} do not hold:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
