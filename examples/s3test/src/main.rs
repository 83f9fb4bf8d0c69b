//! Stores JSON documents in an S3 bucket.

use std::process::ExitCode;

use aws_sdk_s3::{Client, operation::get_object::GetObjectError};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use fw::{App, Error, Json, Method, Result, get, route, routes};
use serde_json::Value;
use tokio::sync::OnceCell;

/// The app's state, made once per cold start.
struct Store {
    bucket: String,
    client: OnceCell<Client>,
}

impl Store {
    /// Reads the settings and makes no client yet: loading the root certificates is most of what an AWS client costs
    /// at the start, and a request that needs none should not wait for it.
    async fn connect() -> Result<Self> {
        let bucket =
            std::env::var("BUCKET").map_err(|error| Error::internal(format!("BUCKET: {error}")))?;
        Ok(Self {
            bucket,
            client: OnceCell::new(),
        })
    }

    /// The client, made by the first request that asks for it.
    async fn client(&self) -> &Client {
        self.client
            .get_or_init(|| async {
                let tls = tls::Provider::Rustls(CryptoMode::Ring);
                let http = aws_smithy_http_client::Builder::new()
                    .tls_provider(tls)
                    .build_https();
                let config =
                    aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http);
                Client::new(&config.load().await)
            })
            .await
    }

    async fn put(&self, key: &str, document: &Value) -> Result<()> {
        let request = self
            .client()
            .await
            .put_object()
            .bucket(&self.bucket)
            .key(key);
        request
            .content_type("application/json")
            .body(document.to_string().into_bytes().into())
            .send()
            .await?;
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Value> {
        let request = self
            .client()
            .await
            .get_object()
            .bucket(&self.bucket)
            .key(key);
        let object = request
            .send()
            .await
            .map_err(|error| match error.into_service_error() {
                GetObjectError::NoSuchKey(_) => {
                    Error::not_found(format!("there is no document `{key}`"))
                }
                error => error.into(),
            })?;
        Ok(serde_json::from_slice(
            &object.body.collect().await?.into_bytes(),
        )?)
    }
}

/// Say what there is.
#[get("/")]
async fn index() -> &'static str {
    "PUT a JSON document to /objects/ and a name, then GET it.\n"
}

/// Store a document, or fetch it.
///
/// `PUT` takes any JSON and answers with it; `GET` answers with what was stored.
#[route("/objects/<key>", methods = [GET, PUT])]
async fn object(
    store: &Store,
    key: &str,
    method: Method,
    body: Option<Json<Value>>,
) -> Result<Json<Value>> {
    if method == Method::PUT {
        let Json(document) = body.ok_or_else(|| {
            Error::bad_request("the body is empty, and a JSON document is needed")
        })?;
        store.put(key, &document).await?;
        return Ok(Json(document));
    }
    store.get(key).await.map(Json)
}

fn app() -> App<Store> {
    App::new("s3test", Store::connect).routes(routes![index, object])
}

fn main() -> ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use fw::{StatusCode, test::Client};
    use tokio::sync::OnceCell;

    use super::Store;

    #[test]
    fn a_put_without_a_document_is_refused() {
        let store = Store {
            bucket: "documents".to_owned(),
            client: OnceCell::new(),
        };
        let client = Client::new(super::app(), store);
        let response = client.put("/objects/a.json").send();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
}
