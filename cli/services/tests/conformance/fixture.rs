//! An HTTP server that answers 200 to everything and keeps the requests.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

#[derive(Clone)]
pub(crate) struct HttpServer {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl HttpServer {
    pub(crate) async fn start() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let server = Self {
            url: format!("http://{address}"),
            requests: Arc::default(),
        };
        let requests = Arc::clone(&server.requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let requests = Arc::clone(&requests);
                let service = service_fn(move |request| keep(Arc::clone(&requests), request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Ok(server)
    }

    /// The requests after the first ones.
    pub(crate) fn requests(&self, skip: usize) -> Value {
        let requests = self.requests.lock().unwrap();
        json!({"requests": requests.iter().skip(skip).collect::<Vec<_>>()})
    }
}

async fn keep(
    requests: Arc<Mutex<Vec<Value>>>,
    request: http::Request<hyper::body::Incoming>,
) -> Result<http::Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let headers: Map<_, _> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value.into())
        })
        .collect();
    requests.lock().unwrap().push(json!({
        "method": parts.method.as_str(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }));
    Ok(http::Response::new(Full::default()))
}
