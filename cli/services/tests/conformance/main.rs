//! Plays recorded and documented cases of AWS against the services, each against services of its own.
//!
//! `exceptions.jsonl` lists cases that may fail, one `{"id", "reason"}` a line. Recorded cases cannot be among them.

mod case;
mod client;
mod compare;
mod context;
mod expect;
mod fixture;
mod functions;
mod runner;
mod xml;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::Case;

/// How many cases run at a time.
const WORKERS: usize = 2;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    id: String,
    reason: String,
}

fn lines<T: serde::de::DeserializeOwned>(text: &str) -> Vec<Result<T, String>> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            serde_json::from_str(line)
                .map_err(|error| format!("{}: {error}", line.get(..40).unwrap_or(line)))
        })
        .collect()
}

#[test]
fn the_cases_of_messaging_hold() {
    let (cases, mut problems): (Vec<Case>, Vec<String>) = {
        let (good, bad): (Vec<_>, Vec<_>) = lines::<Case>(include_str!("messaging.jsonl"))
            .into_iter()
            .partition(Result::is_ok);
        (
            good.into_iter().flatten().collect(),
            bad.into_iter().filter_map(Result::err).collect(),
        )
    };
    let exceptions: BTreeMap<String, String> = lines::<Exception>(include_str!("exceptions.jsonl"))
        .into_iter()
        .map(|line| line.expect("an exception"))
        .map(|exception| (exception.id, exception.reason))
        .collect();
    let only = std::env::var("FW_CASES").unwrap_or_default();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if case.id.starts_with(&only) {
                        let result = play(case);
                        results.lock().unwrap().push((case, result));
                    }
                }
            });
        }
    });
    let mut score: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for (case, result) in results.into_inner().unwrap() {
        let (passed, all) = score.entry((&case.target, &case.confidence)).or_default();
        *all += 1;
        let excepted = exceptions.get(&case.id);
        if excepted.is_some() && case.confidence == "recorded" {
            problems.push(format!("{}: recorded cases cannot be excepted", case.id));
        }
        match (result, excepted) {
            (Ok(()), None) => *passed += 1,
            (Ok(()), Some(_)) => problems.push(format!("{}: passes, and is excepted", case.id)),
            (Err(_), Some(reason)) => assert!(!reason.is_empty(), "{}: no reason", case.id),
            (Err(error), None) => problems.push(format!("{} ({}): {error}", case.id, case.title)),
        }
    }
    let score: Vec<_> = score
        .iter()
        .map(|((target, confidence), (passed, all))| {
            format!("{target} {confidence} {passed}/{all}")
        })
        .collect();
    assert!(
        problems.is_empty(),
        "{} problems; {}\n{}",
        problems.len(),
        score.join(", "),
        problems.join("\n")
    );
}

/// Plays a case on a runtime of its own, so that no other case delays its tasks.
fn play(case: &Case) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(runner::play(case))
}
