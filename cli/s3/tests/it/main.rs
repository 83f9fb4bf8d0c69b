//! The embedded S3 as its clients see it: aws-sdk-rust against a started server, and raw HTTP where the SDK is too
//! polite. Everything is on loopback, in a temporary folder, on a port of its own.

mod buckets;
mod features;
mod hostile;
mod killed;
mod notifications;
mod objects;
mod raw;
mod siblings;
mod sign;
mod storage;
mod strict;
mod uploads;

use std::net::Ipv4Addr;
use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region, RequestChecksumCalculation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use tempfile::TempDir;

use fw_port_guard::Hosts;
use fw_s3::{Options, S3, User};

const ACCESS_KEY: &str = "local-access-key";
const SECRET_KEY: &str = "local-secret-key";

/// A server with the bucket `data`, its folder, and a client.
struct Local {
    s3: S3,
    dir: TempDir,
    client: Client,
}

impl Local {
    async fn start() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let s3 = serve(dir.path(), &["data"]).await;
        let client = client(&s3, SECRET_KEY);
        Self { s3, dir, client }
    }

    /// Store `body` under `key` in `data`; returns the entity tag.
    async fn put(&self, key: &str, body: &[u8]) -> String {
        let body = ByteStream::from(body.to_vec());
        let put = self
            .client
            .put_object()
            .bucket("data")
            .key(key)
            .body(body)
            .send()
            .await;
        put.expect("a put").e_tag.expect("an entity tag")
    }

    /// The object `key` of `data`.
    async fn get(&self, key: &str) -> Vec<u8> {
        let got = self
            .client
            .get_object()
            .bucket("data")
            .key(key)
            .send()
            .await
            .expect("a get");
        got.body.collect().await.expect("a body").to_vec()
    }

    /// All keys of `data` as `ListObjectsV2` gives them.
    async fn keys(&self) -> Vec<String> {
        let list = self
            .client
            .list_objects_v2()
            .bucket("data")
            .send()
            .await
            .expect("a listing");
        list.contents()
            .iter()
            .filter_map(|object| object.key().map(str::to_owned))
            .collect()
    }
}

async fn serve(root: &Path, buckets: &[&str]) -> S3 {
    let mut options = Options::new(root.join("s3"));
    options.users = vec![User::owner(ACCESS_KEY, SECRET_KEY)];
    options.buckets = buckets.iter().map(|&bucket| bucket.to_owned()).collect();
    options.hosts = Hosts::new(Ipv4Addr::LOCALHOST.into(), &["friend.example".to_owned()]);
    S3::start(options).await.expect("the server starts")
}

fn config(s3: &S3, secret_key: &str) -> aws_sdk_s3::config::Builder {
    config_of(&s3.endpoint(), secret_key)
}

fn config_of(endpoint: &str, secret_key: &str) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(aws_sdk_s3::config::Credentials::new(
            ACCESS_KEY, secret_key, None, None, "test",
        ))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::from_static("eu-central-1"))
        .retry_config(RetryConfig::disabled())
}

fn client(s3: &S3, secret_key: &str) -> Client {
    Client::from_conf(config(s3, secret_key).build())
}

/// A client that sends no checksum unless it must, as older SDKs do.
fn plain_client(s3: &S3) -> Client {
    let config = config(s3, SECRET_KEY)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    Client::from_conf(config.build())
}

/// Status and error code of an answer that must be an error.
#[track_caller]
fn refused<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    answer: Result<T, SdkError<E>>,
) -> (u16, String) {
    let error = answer.expect_err("an error");
    let status = error
        .raw_response()
        .map_or(0, |response| response.status().as_u16());
    (status, error.code().unwrap_or_default().to_owned())
}

/// What [`refused`] should return.
fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
