/// Fetch or store one object.
///
/// The key may be any text.
#[route("/objects/<key>?<page>&<tags>", methods = [GET, PUT])]
pub async fn object<'a>(
    store: &'a Store,
    key: &'a str,
    page: Option<u32>,
    tags: Vec<String>,
    method: Method,
    body: Option<Json<Value>>,
) -> Result<Json<Doc<'a>>> {
    store.answer(key, page, tags, method, body)
}
