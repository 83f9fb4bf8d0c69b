//! What `Json<T>` costs to read, beside plain `serde_json`: a body of 20 orders.
//!
//! ```console
//! $ cargo bench --profile cli -p fw-lambda --bench json              # times by criterion
//! $ cargo bench --profile cli -p fw-lambda --bench json -- --check   # fails if `Json<T>` is slower than plain `serde_json`
//! ```
//!
//! The check takes turns and compares the quickest of many batches: a busy machine makes some of them slow, and none of them quick.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

use std::{hint::black_box, process::ExitCode, time::Instant};

use criterion::Criterion;
use fw::{FromRequest, Json, Method, Request};
use serde::Deserialize;

/// `Json<T>` also looks at the content type.
const LIMIT: f64 = 1.03;

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading it is what is measured")]
struct Order {
    id: u64,
    customer: String,
    note: Option<String>,
    express: bool,
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading it is what is measured")]
struct Item {
    sku: String,
    count: u32,
    price: f64,
    tags: Vec<String>,
}

fn body() -> String {
    let item = r#"{"sku":"A-1000","count":3,"price":12.5,"tags":["new","sale"]}"#;
    let order = format!(
        r#"{{"id":12345678,"customer":"Ada Lovelace","note":null,"express":true,"items":[{item},{item}]}}"#
    );
    format!("[{}]", vec![order; 20].join(","))
}

fn main() -> ExitCode {
    let body = body();
    let request = Request::new(Method::POST, "/orders")
        .with_header("content-type", "application/json")
        .with_body(body.as_bytes());
    let plain = || {
        black_box(serde_json::from_slice::<Vec<Order>>(request.body()).is_ok());
    };
    let strict = || {
        black_box(Json::<Vec<Order>>::from_request(&request).is_ok());
    };
    if !std::env::args().any(|argument| argument == "--check") {
        let mut criterion = Criterion::default().configure_from_args();
        criterion.bench_function("serde_json", |bencher| bencher.iter(plain));
        criterion.bench_function("Json<T>", |bencher| bencher.iter(strict));
        criterion.final_summary();
        return ExitCode::SUCCESS;
    }
    let (mut best_plain, mut best_strict) = (f64::MAX, f64::MAX);
    for _ in 0..400 {
        best_plain = best_plain.min(batch(plain));
        best_strict = best_strict.min(batch(strict));
    }
    let ratio = best_strict / best_plain;
    println!("serde_json {best_plain:.0} ns, Json<T> {best_strict:.0} ns: {ratio:.3}");
    if ratio > LIMIT {
        println!("over {LIMIT}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Nanoseconds a call.
fn batch(call: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..50 {
        call();
    }
    start.elapsed().as_secs_f64() * 1e9 / 50.0
}
