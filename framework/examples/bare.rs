//! The baseline of the benchmark: `lambda_runtime` alone, over `serde_json::Value`, with the same answer as `examples/hello`.

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::{Value, json};

async fn hello(event: LambdaEvent<Value>) -> Result<Value, Error> {
    // What a handler does at least: look at the method and the path.
    let http = &event.payload["requestContext"]["http"];
    Ok(if http["method"] == "GET" && http["path"] == "/hello" {
        json!({
            "statusCode": 200,
            "headers": { "content-type": "application/json" },
            "body": r#"{"hello":"world"}"#,
        })
    } else {
        json!({ "statusCode": 404 })
    })
}

fn main() -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(Runtime::new(service_fn(hello)).run())
}
