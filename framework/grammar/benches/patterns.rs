//! What patterns cost: one on an event, and all rules of a bus on one event.
//!
//! ```console
//! $ cargo bench --profile cli -p fw-grammar --bench patterns              # with `-- --check` it fails where a limit is missed
//! ```
//!
//! The quickest of many batches counts: a busy machine makes some of them slow, and none of them quick.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{hint::black_box, process::ExitCode, time::Instant};

use fw_grammar::pattern::{FlatEvent, Pattern, PatternIndex};
use serde_json::{Value, json};

/// The limits: a pattern on an event in ns, and 1,000 rules as a multiple of 10.
const ONE: f64 = 2_000.0;
const THOUSAND: f64 = 10.0;

fn main() -> ExitCode {
    let event = event();
    let pattern = Pattern::from_value(&json!({
        "source": ["shop"],
        "detail-type": [{"prefix": "order-"}],
        "detail": {"kind": ["kind7", "kind8"], "total": [{"numeric": [">", 100, "<=", 1000]}], "note": [{"anything-but": "test"}]},
    }));
    let Ok(pattern) = pattern else {
        println!("the pattern is refused");
        return ExitCode::FAILURE;
    };
    let one = quickest(|| pattern.matches(black_box(&event)));
    println!("a pattern on an event: {one:.0} ns");
    let few = quickest_on_bus(10, &event);
    let many = quickest_on_bus(1_000, &event);
    let ratio = many / few;
    println!(
        "an event on a bus with 10 rules: {few:.0} ns, with 1,000: {many:.0} ns, {ratio:.2} of it"
    );
    let missed = one > ONE || ratio > THOUSAND;
    if missed {
        println!(
            "missed: a pattern in {ONE} ns, and 1,000 rules at {THOUSAND} times the cost of 10"
        );
    }
    if missed && std::env::args().any(|argument| argument == "--check") {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// An event as a shop sends it.
fn event() -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "order-placed",
        "source": "shop",
        "account": "123456789012",
        "time": "2026-12-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "kind": "kind7",
            "total": 150,
            "note": "leave it at the door",
            "lines": [{"sku": "A1", "quantity": 3}, {"sku": "B2", "quantity": 1}],
        },
    })
}

/// The rules differ in one field of the detail, which every tenth shares with others.
fn quickest_on_bus(rules: usize, event: &Value) -> f64 {
    let patterns = (0..rules).filter_map(|number| {
        let kind = format!("kind{number}");
        let total = json!([{"numeric": [">", 100]}]);
        let detail = json!({"kind": [kind], "total": total});
        Pattern::from_value(&json!({"source": ["shop"], "detail": detail})).ok()
    });
    let index = PatternIndex::new(patterns.zip(0..));
    quickest(|| index.matching(&FlatEvent::new(black_box(event))).len() == 1)
}

/// The time of a call in ns, in the quickest of 200 batches. Each call must return true.
fn quickest(call: impl Fn() -> bool) -> f64 {
    let mut quickest = f64::INFINITY;
    for _ in 0..200 {
        let start = Instant::now();
        let all = (0..100).all(|_| black_box(call()));
        assert!(all, "each event matches");
        quickest = quickest.min(start.elapsed().as_secs_f64() * 1e9 / 100.0);
    }
    quickest
}
