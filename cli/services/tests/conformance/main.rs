//! Plays recorded and documented cases of AWS against the services, each against services of its own.
//!
//! Three forms of cases: calls step by step (`messaging.jsonl`), declared event sources (`events.jsonl`), and patterns and schedule
//! expressions (`fw-grammar`'s own `cases.jsonl`). `exceptions.jsonl` lists cases that may fail, one `{"id", "reason"}` a line.
//! Recorded cases cannot be among them. The score of each test is printed with `--nocapture`.

mod case;
mod client;
mod compare;
mod context;
mod declared;
mod expect;
mod fixture;
mod functions;
mod language;
mod runner;
mod s3;
mod xml;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::Case;
use declared::DeclaredCase;
use language::LanguageCase;

/// How many cases run at a time.
const WORKERS: usize = 2;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    id: String,
    reason: String,
}

/// A case of any form.
trait Playable: serde::de::DeserializeOwned + Sync {
    /// The id, the title, the target and the confidence.
    fn head(&self) -> [&str; 4];

    /// Plays the case to its end.
    fn play(&self) -> impl Future<Output = Result<(), String>>;
}

impl Playable for Case {
    fn head(&self) -> [&str; 4] {
        [&self.id, &self.title, &self.target, &self.confidence]
    }

    async fn play(&self) -> Result<(), String> {
        runner::play(self).await
    }
}

impl Playable for DeclaredCase {
    fn head(&self) -> [&str; 4] {
        [&self.id, &self.title, &self.target, &self.confidence]
    }

    async fn play(&self) -> Result<(), String> {
        declared::play(self).await
    }
}

impl Playable for LanguageCase {
    fn head(&self) -> [&str; 4] {
        [&self.id, &self.title, &self.target, &self.confidence]
    }

    async fn play(&self) -> Result<(), String> {
        language::play(self).await
    }
}

#[test]
fn the_cases_of_messaging_hold() {
    hold::<Case>(include_str!("messaging.jsonl"));
}

#[test]
fn the_cases_of_event_sources_hold() {
    hold::<DeclaredCase>(include_str!("events.jsonl"));
}

#[test]
fn the_cases_of_patterns_and_schedules_hold() {
    hold::<LanguageCase>(include_str!(
        "../../../../framework/grammar/tests/cases.jsonl"
    ));
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

/// Plays the cases of a file, and panics with those that fail.
fn hold<T: Playable>(file: &str) {
    let (good, bad): (Vec<_>, Vec<_>) = lines::<T>(file).into_iter().partition(Result::is_ok);
    let cases: Vec<T> = good.into_iter().flatten().collect();
    let mut problems: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
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
                    if case.head()[0].starts_with(&only) {
                        let result = play(case);
                        results.lock().unwrap().push((case.head(), result));
                    }
                }
            });
        }
    });
    let mut score: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for ([id, title, target, confidence], result) in results.into_inner().unwrap() {
        let (passed, all) = score.entry((target, confidence)).or_default();
        *all += 1;
        let excepted = exceptions.get(id);
        if excepted.is_some() && confidence == "recorded" {
            problems.push(format!("{id}: recorded cases cannot be excepted"));
        }
        match (result, excepted) {
            (Ok(()), None) => *passed += 1,
            (Ok(()), Some(_)) => problems.push(format!("{id}: passes, and is excepted")),
            (Err(_), Some(reason)) => assert!(!reason.is_empty(), "{id}: no reason"),
            (Err(error), None) => problems.push(format!("{id} ({title}): {error}")),
        }
    }
    let score: Vec<_> = score
        .iter()
        .map(|((target, confidence), (passed, all))| {
            format!("{target} {confidence} {passed}/{all}")
        })
        .collect();
    let score = score.join(", ");
    assert!(
        problems.is_empty(),
        "{} problems; {score}\n{}",
        problems.len(),
        problems.join("\n")
    );
    show(&score);
}

/// Prints the score, which `cargo test -- --nocapture` shows.
#[expect(
    clippy::print_stdout,
    reason = "the score is what a reader runs these tests for"
)]
fn show(score: &str) {
    println!("{score}");
}

/// Plays a case on a runtime of its own, so that no other case delays its tasks.
fn play<T: Playable>(case: &T) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(case.play())
}
