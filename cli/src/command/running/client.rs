//! A client of the services' endpoint on this machine.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use crate::error::{Context as _, Failure, Result};

/// The most bytes of an answer.
const LARGEST: usize = 64 * 1024 * 1024;

/// The endpoint.
pub(super) struct Client {
    url: String,
    http: HttpClient<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            http: HttpClient::builder(TokioExecutor::new()).build(HttpConnector::new()),
        }
    }

    /// The endpoint's URL.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Reads one of the endpoint's own paths.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.call(Method::GET, path, HeaderMap::new(), String::new());
        json(&answer.await?)
    }

    /// Posts to one of the endpoint's own paths.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.call(Method::POST, path, HeaderMap::new(), body.to_string());
        json(&answer.await?)
    }

    /// Calls an operation of a JSON protocol: `AmazonSQS.SendMessage`.
    pub(super) async fn target(&self, target: &'static str, body: &Value) -> Result<Value> {
        let mut headers = signed();
        headers.insert("x-amz-target", HeaderValue::from_static(target));
        let json_type = HeaderValue::from_static("application/x-amz-json-1.0");
        headers.insert(header::CONTENT_TYPE, json_type);
        let answer = self.call(Method::POST, "/", headers, body.to_string());
        json(&answer.await?)
    }

    /// Calls an operation of the query protocol and returns the document.
    pub(super) async fn form(&self, parameters: &[(&str, &str)]) -> Result<String> {
        let mut headers = signed();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        let encode =
            |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
        let pairs = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        self.call(Method::POST, "/", headers, body).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: String,
    ) -> Result<String> {
        let failed = || format!("the running server does not answer: {}", self.url);
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}{path}", self.url).parse().with_context(failed)?;
        *request.headers_mut() = headers;
        let answer = self.http.request(request).await.with_context(failed)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body =
            body.map_err(|error| Failure::unavailable(failed()).because_of(error.to_string()))?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        if status.is_success() {
            return Ok(text);
        }
        Err(refused(status, &text))
    }
}

/// The developer's key, which the services accept with any signature.
fn signed() -> HeaderMap {
    const DEVELOPER: HeaderValue = HeaderValue::from_static(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/services/aws4_request, SignedHeaders=host, Signature=0",
    );
    HeaderMap::from_iter([(header::AUTHORIZATION, DEVELOPER)])
}

fn json(text: &str) -> Result<Value> {
    match text.trim() {
        "" => Ok(Value::Null),
        text => serde_json::from_str(text).context("the running server did not answer JSON"),
    }
}

/// The service's error message from a JSON or XML document.
fn refused(status: StatusCode, text: &str) -> Failure {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let said = ["message", "Message", "detail"]
        .iter()
        .find_map(|key| document[*key].as_str());
    let said = said.or_else(|| inside(text, "Message")).unwrap_or(text);
    Failure::input(format!("the services refused the request ({status})"))
        .because_of(said.to_owned())
}

/// The content of the first element with this name.
pub(super) fn inside<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}
