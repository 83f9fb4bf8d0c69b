//! Stores JSON documents in an S3 bucket, by a client that the first request which needs it creates.

use aws_sdk_s3::{Client, types::error::NoSuchKey};
use fw::{App, Error, Json, Result, aws::Lazy, get, put, routes};
use serde_json::Value;

struct Store(String, Lazy<Client>);

/// Say what there is.
#[get("/")]
async fn index() -> &'static str {
    "PUT a JSON document to /objects/ and a name, then GET it.\n"
}

/// Store a document.
#[put("/objects/<key>")]
async fn save(Store(bucket, s3): &Store, key: &str, document: Json<Value>) -> Result<Json<Value>> {
    let put = s3.get().await.put_object().bucket(bucket).key(key);
    let body = document.0.to_string().into_bytes();
    put.body(body.into()).send().await?;
    Ok(document)
}

/// Fetch a document.
#[get("/objects/<key>")]
async fn load(Store(bucket, s3): &Store, key: &str) -> Result<Json<Value>> {
    let get = s3.get().await.get_object().bucket(bucket).key(key);
    let document = get.send().await?.body.collect().await?.into_bytes();
    Ok(Json(serde_json::from_slice(&document)?))
}

fn app() -> App<Store> {
    let store = async || Ok::<_, Error>(Store(std::env::var("BUCKET")?, Lazy::new(Client::new)));
    let app = App::new("{{name}}", store).routes(routes![index, save, load]);
    app.map_error(|_: &NoSuchKey| Error::not_found("there is no such document"))
}

fn main() -> std::process::ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::Client;
    use fw::{StatusCode, aws::Lazy};

    use super::Store;

    #[test]
    fn a_put_without_a_document_is_refused() {
        let store = Store("documents".to_owned(), Lazy::new(Client::new));
        let client = fw::test::Client::new(super::app(), store);
        let response = client.put("/objects/a.json").send();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
}
