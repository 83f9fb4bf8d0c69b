//! What the model of API Gateway costs: a request to its event, and a result to its response, for a plain hello.
//!
//! ```console
//! $ cargo bench --profile cli -p fw-lambda --bench gateway              # times by criterion, and allocations
//! $ cargo bench --profile cli -p fw-lambda --bench gateway -- --check   # fails over 3 µs, 2 µs, or where routes cost
//! ```
//!
//! The request is what `curl localhost:8000/hello` sends, the result what `examples/hello` answers. The check takes the quickest of many
//! batches: a busy machine makes some of them slow, and none of them quick.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use criterion::Criterion;
use fw_gateway::{
    ApiIdentity, Arrival, FrontDoor, HttpApi, HttpApiConfig, HttpRequest, Invocation, Outcome,
    Received,
};

/// The limits, in ns.
const RECEIVE_LIMIT: f64 = 3_000.0;
const ANSWER_LIMIT: f64 = 2_000.0;
/// What a request may cost with 1,000 routes where it costs 1 with 10. The look-up is a trie's; what is left is noise.
const ROUTES_LIMIT: f64 = 1.15;

const RESULT: &[u8] = br#"{"statusCode":200,"headers":{"content-type":"application/json"},"multiValueHeaders":{},"body":"{\"hello\":\"world\"}","isBase64Encoded":false,"cookies":[]}"#;

/// The system's allocator, counted.
struct Counted;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counted = Counted;

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe to implement; this one hands every call on as it is"
)]
// SAFETY: each method does what the system's own does, which keeps the contract; counting allocates nothing.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are handed on, and the block is the system's.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are handed on, and the block is the system's.
        unsafe { System.realloc(block, layout, size) }
    }
}

fn main() -> ExitCode {
    let arrival = Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY]);
    let request = request();
    let few = door(10);
    let many = door(1_000);
    let Some(invocation) = invoked(&few, &request, &arrival) else {
        println!("the request does not reach its route");
        return ExitCode::FAILURE;
    };

    let receive = |door: &FrontDoor| {
        let received = door.receive(black_box(&request), black_box(&arrival));
        black_box(received);
    };
    let answer = || {
        let reply = few.answer(black_box(&invocation), Outcome::Payload(black_box(RESULT)));
        black_box(reply);
    };
    for (what, count) in [
        ("request to event", allocations(|| receive(&few))),
        ("result to response", allocations(answer)),
    ] {
        println!("{what:<40}{count:>8} allocations");
    }
    if std::env::args().any(|argument| argument == "--check") {
        return check(|| receive(&few), || receive(&many), answer);
    }
    let mut criterion = Criterion::default().configure_from_args();
    criterion
        .bench_function("request to event, 10 routes", |bench| {
            bench.iter(|| receive(&few));
        })
        .bench_function("request to event, 1,000 routes", |bench| {
            bench.iter(|| receive(&many));
        })
        .bench_function("result to response", |bench| bench.iter(answer));
    criterion.final_summary();
    ExitCode::SUCCESS
}

/// An HTTP API of that many routes, `GET /hello` among them.
fn door(routes: usize) -> FrontDoor {
    let others = (1..routes).map(|number| format!("GET /items{number}/{{id}}/parts/{{part}}"));
    let routes = others
        .chain(["GET /hello".to_owned()])
        .filter_map(|key| key.parse().ok())
        .collect();
    let identity = ApiIdentity::new("a1b2c3d4e5", "$default");
    HttpApi::new(HttpApiConfig {
        routes,
        ..HttpApiConfig::new(identity)
    })
    .expect("the routes differ")
    .into()
}

fn request() -> HttpRequest {
    let mut request = HttpRequest::new("GET", "/hello");
    request.push_header("host", b"localhost:8000");
    request.push_header("user-agent", b"curl/8.14.1");
    request.push_header("accept", b"*/*");
    request
}

fn invoked(door: &FrontDoor, request: &HttpRequest, arrival: &Arrival) -> Option<Invocation> {
    match door.receive(request, arrival) {
        Received::Invoke(invocation) => Some(invocation),
        _ => None,
    }
}

fn allocations(run: impl Fn()) -> usize {
    run();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    run();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

fn check(few: impl Fn(), many: impl Fn(), answer: impl Fn()) -> ExitCode {
    let mut quickest = [f64::MAX; 3];
    // In turns, so that a busy spell hits all.
    for _ in 0..200 {
        for (quickest, time) in quickest
            .iter_mut()
            .zip([batch(&few), batch(&many), batch(&answer)])
        {
            *quickest = quickest.min(time);
        }
    }
    let [few, many, answer] = quickest;
    let mut good = true;
    for (what, figure, limit) in [
        ("request to event, ns", few, RECEIVE_LIMIT),
        ("result to response, ns", answer, ANSWER_LIMIT),
        ("1,000 routes, times 10", many / few, ROUTES_LIMIT),
    ] {
        let holds = figure <= limit;
        good &= holds;
        let verdict = if holds { "" } else { "  missed" };
        println!("{what:<40}{figure:>8.2}   limit {limit}{verdict}");
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The mean of one batch, ns.
fn batch(run: &impl Fn()) -> f64 {
    const RUNS: u32 = 1_000;
    let start = Instant::now();
    for _ in 0..RUNS {
        run();
    }
    let took: Duration = start.elapsed();
    took.as_secs_f64() * 1e9 / f64::from(RUNS)
}
