//! A client for services whose SDK crates would cost more than they give: one signed request for each operation, whose form
//! `protocol.rs` says.
//!
//! Credentials, region and endpoint are those of the SDK's clients. Temporary failures (no
//! connection, too many calls, an error of the service itself) are tried three times, as in the
//! SDK.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_sts::config::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connect, HttpConnector},
    },
    rt::TokioExecutor,
};
use serde_json::Value;

use super::protocol::{self, Wire};
use crate::aws::error::{Error, Kind, Operation, Result};

/// The maximum number of attempts of a call.
const TRIES: u32 = 3;
/// The pause after the first try; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// The time limit of one attempt.
const PATIENCE: Duration = Duration::from_secs(30);
/// The maximum size of an answer, in bytes: a secret has at most 64 KiB.
const LIMIT: usize = 1024 * 1024;

/// What every call is signed with.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    region: String,
    endpoint: Option<String>,
    credentials: Option<SharedCredentialsProvider>,
}

impl Signed {
    /// A client next to the SDK's, with the same configuration.
    pub(super) fn new(config: &SdkConfig, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            endpoint: config.endpoint_url().map(str::to_owned),
            credentials: config.credentials_provider(),
        }
    }

    /// Calls the operation of the service that signs as `operation.service`.
    pub(super) async fn json(&self, operation: Operation, parameters: &Value) -> Result<Value> {
        let wire = protocol::wire(operation, parameters);
        let mut tried = 0;
        loop {
            let once = self.once(operation, &wire);
            let result = match tokio::time::timeout(PATIENCE, once).await {
                Ok(result) => result,
                Err(_) => Err(unreachable(operation, "no answer within 30 s")),
            };
            tried += 1;
            let passes = |error: &Error| {
                matches!(error.kind, Kind::Throttled | Kind::Unreachable)
                    || error.code.starts_with("Internal")
            };
            match result {
                Err(error) if tried < TRIES && passes(&error) => {
                    tokio::time::sleep(PAUSE * (1 << (tried - 1))).await;
                }
                result => return result,
            }
        }
    }

    async fn once(&self, operation: Operation, wire: &Wire) -> Result<Value> {
        let (url, host) = self.place(operation.service);
        let url = format!("{url}{}", wire.path);
        let cannot = |error: &dyn std::error::Error| unreachable(operation, error.to_string());
        let mut request = Request::builder()
            .method(wire.method.clone())
            .uri(&url)
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, &wire.content_type);
        if let Some(target) = &wire.target {
            request = request.header("x-amz-target", target);
        }
        let mut request = request
            .body(Full::new(wire.body.clone()))
            .map_err(|error| cannot(&error))?;
        self.sign(operation, &url, &wire.body, &mut request).await?;
        let builder = Client::builder(TokioExecutor::new());
        // A server on this machine needs no root certificates, which a machine may not have.
        if url.starts_with("http://") {
            let client = builder.build(HttpConnector::new());
            return send(operation, &client, request).await;
        }
        // Reads files.
        let connector = tokio::task::spawn_blocking(|| {
            HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
        })
        .await
        .map_err(|error| cannot(&error))?
        .map_err(|error| {
            let reason = format!("the system's root certificates cannot be read: {error}");
            unreachable(operation, reason)
        })?;
        let client = builder.build(connector.https_only().enable_http1().build());
        send(operation, &client, request).await
    }

    /// The address of the service and its host.
    fn place(&self, service: &str) -> (String, String) {
        let region = &self.region;
        let url = match &self.endpoint {
            Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
            // AWS General Reference, "Service endpoints": China has its own domain.
            None if region.starts_with("cn-") => {
                format!("https://{service}.{region}.amazonaws.com.cn/")
            }
            None => format!("https://{service}.{region}.amazonaws.com/"),
        };
        let host = url.split("//").nth(1).unwrap_or_default();
        let host = host.split('/').next().unwrap_or_default().to_owned();
        (url, host)
    }

    async fn sign(
        &self,
        operation: Operation,
        url: &str,
        body: &Bytes,
        request: &mut Request<Full<Bytes>>,
    ) -> Result<()> {
        let refuse =
            |error: String| Error::answered(operation, "MissingAuthenticationToken", error);
        let provider = self.credentials.as_ref();
        let provider = provider.ok_or_else(|| refuse("no credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let identity = credentials
            .map_err(|error| refuse(error.to_string()))?
            .into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(operation.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| refuse(error.to_string()))?
            .into();
        let method = request.method().clone();
        let headers = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable =
            SignableRequest::new(method.as_str(), url, headers, SignableBody::Bytes(body))
                .and_then(|signable| sign(signable, &parameters))
                .map_err(|error| refuse(error.to_string()))?;
        let (instructions, _) = signable.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

async fn send<C>(
    operation: Operation,
    client: &Client<C, Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Value>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let answer = client
        .request(request)
        .await
        .map_err(|error| unreachable(operation, with_source(&error)))?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, LIMIT).collect().await;
    let body = body.map_err(|error| unreachable(operation, error.to_string()))?;
    protocol::read(operation, head.status, &head.headers, &body.to_bytes())
}

fn unreachable(operation: Operation, message: impl Into<String>) -> Error {
    Error {
        operation,
        kind: Kind::Unreachable,
        code: String::new(),
        message: message.into(),
    }
}

fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
