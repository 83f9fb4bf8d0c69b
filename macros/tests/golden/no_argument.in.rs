#[get("/")]
async fn hello() -> &'static str {
    "hello"
}
