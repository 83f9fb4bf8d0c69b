//! The objects of an embedded S3, as `cargo fw s3` reads and writes them.

use std::time::Duration;

use aws_sdk_s3::{
    config::{
        BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig, retry::RetryConfig,
    },
    error::DisplayErrorContext,
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::error::{Error, Operation, Result};
use crate::values::credentials;

const LIST_BUCKETS: Operation = Operation::new("s3", "ListBuckets");
const LIST_OBJECTS: Operation = Operation::new("s3", "ListObjectsV2");
const CREATE_BUCKET: Operation = Operation::new("s3", "CreateBucket");
const GET_OBJECT: Operation = Operation::new("s3", "GetObject");
const PUT_OBJECT: Operation = Operation::new("s3", "PutObject");
const COPY_OBJECT: Operation = Operation::new("s3", "CopyObject");
const CREATE_UPLOAD: Operation = Operation::new("s3", "CreateMultipartUpload");
const UPLOAD_PART: Operation = Operation::new("s3", "UploadPart");
const COMPLETE_UPLOAD: Operation = Operation::new("s3", "CompleteMultipartUpload");

/// The size of a part of an upload. The 10,000 parts that S3 allows are 312 GiB.
const PART: usize = 32 * 1024 * 1024;

/// A client of an embedded S3.
#[derive(Clone, Debug)]
pub(crate) struct ObjectStore(aws_sdk_s3::Client);

/// A bucket in a listing.
#[derive(Clone, Debug)]
pub(crate) struct BucketEntry {
    pub(crate) name: String,
    /// When it was created, in milliseconds since the Unix epoch.
    pub(crate) created: i64,
}

/// An object or a common prefix in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Keys that continue after the next slash.
    Prefix(String),
    /// An object.
    Object {
        key: String,
        size: u64,
        /// When it was written, in milliseconds since the Unix epoch.
        modified: i64,
        etag: String,
    },
}

/// A page of a listing, and what to ask the next one with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Option<String>,
}

impl ObjectStore {
    /// A client of the S3 at that address, with that key pair.
    pub(crate) fn new(endpoint: &str, access_key: &str, secret_key: &str) -> Self {
        let keys = Credentials::new(access_key, secret_key, None, None, "fw");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(keys)
            .endpoint_url(endpoint)
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(Region::new(credentials::region()))
            // Standard output may be a pipe whose reader takes its time.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::disabled());
        Self(aws_sdk_s3::Client::from_conf(config.build()))
    }

    /// `ListBuckets`.
    pub(crate) async fn buckets(&self) -> Result<Vec<BucketEntry>> {
        let mut all = Vec::new();
        let mut pages = self.0.list_buckets().into_paginator().send();
        while let Some(page) = pages.next().await {
            for bucket in LIST_BUCKETS.sort(page)?.buckets.unwrap_or_default() {
                all.push(BucketEntry {
                    name: bucket.name.unwrap_or_default(),
                    created: bucket.creation_date.map_or(0, milliseconds),
                });
            }
        }
        Ok(all)
    }

    /// `ListObjectsV2`, one page: all objects below the prefix, or those before the next slash.
    pub(crate) async fn page(
        &self,
        bucket: &str,
        prefix: &str,
        recursive: bool,
        from: Option<String>,
    ) -> Result<Page> {
        let request = self.0.list_objects_v2().bucket(bucket).prefix(prefix);
        let request = request
            .set_delimiter((!recursive).then(|| "/".to_owned()))
            .set_continuation_token(from);
        let answer = LIST_OBJECTS.sort(request.send().await)?;
        let prefixes = answer.common_prefixes.unwrap_or_default().into_iter();
        let prefixes = prefixes.filter_map(|one| one.prefix).map(Entry::Prefix);
        let objects = answer.contents.unwrap_or_default().into_iter();
        let objects = objects.map(|object| Entry::Object {
            key: object.key.unwrap_or_default(),
            size: u64::try_from(object.size.unwrap_or_default()).unwrap_or_default(),
            modified: object.last_modified.map_or(0, milliseconds),
            etag: object.e_tag.unwrap_or_default(),
        });
        Ok(Page {
            entries: prefixes.chain(objects).collect(),
            next: answer.next_continuation_token,
        })
    }

    /// `CreateBucket`.
    pub(crate) async fn create_bucket(&self, bucket: &str) -> Result<()> {
        let request = self.0.create_bucket().bucket(bucket);
        CREATE_BUCKET.sort(request.send().await).map(drop)
    }

    /// `GetObject`: the bytes as they come.
    pub(crate) async fn read(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<impl AsyncRead + Unpin + use<>> {
        let request = self.0.get_object().bucket(bucket).key(key);
        let answer = GET_OBJECT.sort(request.send().await)?;
        Ok(answer.body.into_async_read())
    }

    /// `CopyObject`.
    pub(crate) async fn copy(&self, from: (&str, &str), to: (&str, &str)) -> Result<()> {
        let key = percent_encoding::utf8_percent_encode(from.1, percent_encoding::NON_ALPHANUMERIC);
        let request = self.0.copy_object().bucket(to.0).key(to.1);
        let request = request.copy_source(format!("{}/{key}", from.0));
        COPY_OBJECT.sort(request.send().await).map(drop)
    }

    /// Writes an object: with `PutObject` if it fits into one part, else in parts. An upload that fails is aborted.
    pub(crate) async fn write(
        &self,
        bucket: &str,
        key: &str,
        content_type: Option<&str>,
        mut from: impl AsyncRead + Unpin,
    ) -> Result<()> {
        let first = part(&mut from).await?;
        if first.len() < PART {
            let request = self.0.put_object().bucket(bucket).key(key);
            let request = request
                .set_content_type(content_type.map(str::to_owned))
                .body(ByteStream::from(first));
            return PUT_OBJECT.sort(request.send().await).map(drop);
        }
        let request = self.0.create_multipart_upload().bucket(bucket).key(key);
        let request = request.set_content_type(content_type.map(str::to_owned));
        let upload = CREATE_UPLOAD.sort(request.send().await)?.upload_id;
        let upload = upload.unwrap_or_default();
        let written = self.parts(bucket, key, &upload, first, from).await;
        if written.is_err() {
            let abort = self.0.abort_multipart_upload().bucket(bucket).key(key);
            // The first failure is the one to show.
            let _ = abort.upload_id(&upload).send().await;
        }
        written
    }

    async fn parts(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        first: Bytes,
        mut from: impl AsyncRead + Unpin,
    ) -> Result<()> {
        let mut parts = Vec::new();
        let mut bytes = first;
        for number in 1.. {
            let request = self.0.upload_part().bucket(bucket).key(key);
            let request = request
                .upload_id(upload)
                .part_number(number)
                .body(ByteStream::from(bytes));
            let answer = UPLOAD_PART.sort(request.send().await)?;
            let part_done = CompletedPart::builder()
                .part_number(number)
                .set_e_tag(answer.e_tag)
                .set_checksum_crc32(answer.checksum_crc32);
            parts.push(part_done.build());
            bytes = part(&mut from).await?;
            if bytes.is_empty() {
                break;
            }
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts));
        let request = self.0.complete_multipart_upload().bucket(bucket).key(key);
        let request = request.upload_id(upload).multipart_upload(parts.build());
        COMPLETE_UPLOAD.sort(request.send().await).map(drop)
    }

    /// A presigned URL that gets or puts the object for that long. Nothing is sent.
    pub(crate) async fn presign(
        &self,
        bucket: &str,
        key: &str,
        put: bool,
        lifetime: Duration,
    ) -> Result<String> {
        let operation = if put { PUT_OBJECT } else { GET_OBJECT };
        let config = PresigningConfig::expires_in(lifetime)
            .map_err(|error| Error::answered(operation, "", error.to_string()))?;
        let signed = if put {
            let request = self.0.put_object().bucket(bucket).key(key);
            request
                .presigned(config)
                .await
                .map_err(|e| local(operation, &e))
        } else {
            let request = self.0.get_object().bucket(bucket).key(key);
            request
                .presigned(config)
                .await
                .map_err(|e| local(operation, &e))
        };
        Ok(signed?.uri().to_owned())
    }
}

/// A request that could not be built or signed.
fn local<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    Error::answered(operation, "", DisplayErrorContext(error).to_string())
}

/// The next bytes, as many as a part has unless the end comes first.
async fn part(from: &mut (impl AsyncRead + Unpin)) -> Result<Bytes> {
    let mut bytes = Vec::new();
    let mut from = from.take(PART as u64);
    let read = from.read_to_end(&mut bytes).await;
    read.map_err(|error| Error::answered(PUT_OBJECT, "", format!("cannot read: {error}")))?;
    Ok(bytes.into())
}

fn milliseconds(time: aws_sdk_s3::primitives::DateTime) -> i64 {
    time.to_millis().unwrap_or_default()
}
