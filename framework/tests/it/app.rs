//! The app that the tests talk to.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use fw::{App, Error, IntoResponse, Json, Method, Response, Result, get, post, route, routes};
use serde_json::{Value, json};

/// State that counts.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicUsize);

/// Say hello.
#[get("/hello")]
async fn hello() -> &'static str {
    "hello"
}

/// Tell what arrived.
#[route("/echo/<name>?<tag>", methods = [GET, PUT])]
async fn echo(method: Method, name: &str, tag: Vec<String>, body: Bytes) -> Json<Value> {
    Json(json!({
        "method": method.as_str(),
        "name": name,
        "tags": tag,
        "body": String::from_utf8_lossy(&body),
    }))
}

#[get("/files/<path..>")]
async fn file(path: &str) -> String {
    path.to_owned()
}

#[post("/count")]
async fn count(counter: &Counter) -> String {
    (counter.0.fetch_add(1, Ordering::Relaxed) + 1).to_string()
}

#[get("/bytes")]
async fn binary() -> Vec<u8> {
    vec![0, 0xff, 0xfe]
}

#[get("/many")]
async fn many() -> Response {
    let mut response = "many".into_response();
    for (name, value) in [
        ("set-cookie", "a=1; Path=/"),
        ("set-cookie", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ("vary", "accept"),
        ("vary", "origin"),
    ] {
        let value = http::HeaderValue::from_static(value);
        response.headers_mut().append(name, value);
    }
    response
}

#[get("/fail")]
async fn fail() -> Result<String> {
    Err(Error::internal("the secret cause"))
}

#[get("/panic")]
async fn panics() -> String {
    panic!("the secret panic\nforged line")
}

#[get("/large")]
async fn large() -> String {
    "x".repeat(7 << 20)
}

#[get("/log")]
async fn log() -> &'static str {
    tracing::info!(user = "eve\n{}", n = 7, "a line\nand a forged one");
    tracing::debug!("not at this level");
    let job = tracing::info_span!("job", number = 3, state = tracing::field::Empty);
    job.record("state", "open");
    job.in_scope(|| {
        let step = tracing::info_span!("step");
        step.in_scope(|| tracing::warn!(ratio = 0.5, message_ = true, "within"));
    });
    tracing::info!("without");
    "logged"
}

/// Logs from a thread of its own.
#[get("/thread")]
async fn thread() -> &'static str {
    let logs = std::thread::spawn(|| tracing::info!(xray_trace_id = "the app's", "from a thread"));
    logs.join().map_or("it panicked", |()| "logged")
}

/// Tell the invocation's trace.
#[get("/trace")]
async fn trace(lambda: fw::context::LambdaContext) -> String {
    lambda.trace_root().unwrap_or("none").to_owned()
}

/// Tell the trace that libraries find.
#[get("/trace-variable")]
async fn trace_variable() -> String {
    std::env::var("_X_AMZN_TRACE_ID").unwrap_or_else(|_| "none".to_owned())
}

#[get("/<version>/under")]
async fn under(version: &str) -> String {
    version.to_owned()
}

pub(crate) fn app() -> App<Counter> {
    App::new("it", async || Ok::<_, Error>(Counter::default()))
        .routes(routes![hello, echo, file, count, binary, many])
        .routes(routes![
            fail,
            panics,
            large,
            log,
            thread,
            trace,
            trace_variable
        ])
        .mount("/v1", routes![hello, count])
        .mount("/v2", routes![under])
}
