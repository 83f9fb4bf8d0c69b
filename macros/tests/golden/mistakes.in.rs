#[route("/objects/{key}", methods = [GTE, put])]
pub fn object<T>(key: &str) -> T {
    loop {}
}
