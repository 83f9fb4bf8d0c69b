//! S3: the bucket through which zips reach Lambda that are too large to be sent with a call.

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{
        BucketLocationConstraint, CreateBucketConfiguration, PublicAccessBlockConfiguration, Tag,
        Tagging,
    },
};
use bytes::Bytes;

use crate::{
    aws::{
        account::Account,
        error::{Kind, Operation, Result},
    },
    values::names::Tags,
};

pub(crate) const GET_TAGS: Operation = Operation::new("s3", "GetBucketTagging");
pub(crate) const GET_BLOCK: Operation = Operation::new("s3", "GetPublicAccessBlock");
pub(crate) const LIST: Operation = Operation::new("s3", "ListObjectsV2");
pub(crate) const CREATE_BUCKET: Operation = Operation::new("s3", "CreateBucket");
pub(crate) const PUT_BLOCK: Operation = Operation::new("s3", "PutPublicAccessBlock");
pub(crate) const PUT_TAGS: Operation = Operation::new("s3", "PutBucketTagging");
pub(crate) const PUT_OBJECT: Operation = Operation::new("s3", "PutObject");
pub(crate) const DELETE_OBJECT: Operation = Operation::new("s3", "DeleteObject");
pub(crate) const DELETE_BUCKET: Operation = Operation::new("s3", "DeleteBucket");
/// What Lambda does with the caller's credentials where it takes code from a bucket.
pub(crate) const GET_OBJECT: Operation = Operation::new("s3", "GetObject");

/// A bucket without tags (S3 API reference, "List of error codes").
const NO_TAGS: &str = "NoSuchTagSet";
/// A bucket whose public access is not blocked (there).
const NO_BLOCK: &str = "NoSuchPublicAccessBlockConfiguration";
/// The region whose buckets have no location constraint (S3 API reference, `CreateBucket`).
const NO_CONSTRAINT: &str = "us-east-1";

/// A bucket with its expected owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Its name.
    pub(crate) name: String,
    /// The account that must own it. Bucket names are shared by all accounts, and anyone may take a
    /// name that can be guessed: S3 refuses every call for a bucket of another owner (S3 user
    /// guide, "Verifying bucket ownership with bucket owner condition").
    pub(crate) owner: Option<String>,
}

/// The objects in a bucket under a prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The keys, the first thousand of them.
    pub(crate) keys: Vec<String>,
    /// True if there are more.
    pub(crate) more: bool,
}

/// The calls used.
pub(crate) trait Buckets {
    /// `GetBucketTagging`; `None` if the bucket does not exist.
    async fn bucket_tags(&self, bucket: &Bucket) -> Result<Option<Tags>>;
    /// `GetPublicAccessBlock`: true if all public access is blocked.
    async fn is_private(&self, bucket: &Bucket) -> Result<bool>;
    /// `ListObjectsV2`, one page; `None` if the bucket does not exist.
    async fn objects(&self, bucket: &Bucket, prefix: &str) -> Result<Option<Listed>>;
    /// `CreateBucket` in the account's region, with its tags.
    async fn create_bucket(&self, bucket: &Bucket, tags: &Tags) -> Result<()>;
    /// `PutPublicAccessBlock` of everything.
    async fn make_private(&self, bucket: &Bucket) -> Result<()>;
    /// `PutBucketTagging`, which replaces its tags.
    async fn tag_bucket(&self, bucket: &Bucket, tags: &Tags) -> Result<()>;
    /// `PutObject`.
    async fn put_object(&self, bucket: &Bucket, key: &str, bytes: &Bytes) -> Result<()>;
    /// `DeleteObject`; S3 reports no error for a missing object.
    async fn delete_object(&self, bucket: &Bucket, key: &str) -> Result<()>;
    /// `DeleteBucket`, which is empty.
    async fn delete_bucket(&self, bucket: &Bucket) -> Result<()>;
}

impl Buckets for Account {
    async fn bucket_tags(&self, bucket: &Bucket) -> Result<Option<Tags>> {
        let request = self.s3.get_bucket_tagging().bucket(&bucket.name);
        let request = request.set_expected_bucket_owner(bucket.owner.clone());
        match GET_TAGS.sort(request.send().await) {
            Err(error) if error.code == NO_TAGS => Ok(Some(Tags::new())),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            answer => {
                let tags = answer?.tag_set.into_iter();
                Ok(Some(tags.map(|tag| (tag.key, tag.value)).collect()))
            }
        }
    }

    async fn is_private(&self, bucket: &Bucket) -> Result<bool> {
        let request = self.s3.get_public_access_block().bucket(&bucket.name);
        let request = request.set_expected_bucket_owner(bucket.owner.clone());
        let answer = match GET_BLOCK.sort(request.send().await) {
            Err(error) if error.code == NO_BLOCK => return Ok(false),
            answer => answer?,
        };
        Ok(answer
            .public_access_block_configuration
            .is_some_and(|found| found == everything()))
    }

    async fn objects(&self, bucket: &Bucket, prefix: &str) -> Result<Option<Listed>> {
        let request = self.s3.list_objects_v2().bucket(&bucket.name);
        let request = request.set_expected_bucket_owner(bucket.owner.clone());
        let Some(answer) = LIST.sort_found(request.prefix(prefix).send().await)? else {
            return Ok(None);
        };
        Ok(Some(Listed {
            more: answer.is_truncated() == Some(true),
            keys: answer
                .contents
                .unwrap_or_default()
                .into_iter()
                .filter_map(|object| object.key)
                .collect(),
        }))
    }

    async fn create_bucket(&self, bucket: &Bucket, tags: &Tags) -> Result<()> {
        // With the tags in the call no bucket is ever there without them (S3 API reference, `CreateBucketConfiguration`).
        let mut configuration =
            CreateBucketConfiguration::builder().set_tags(Some(sdk_tags(CREATE_BUCKET, tags)?));
        if self.region != NO_CONSTRAINT {
            let place = BucketLocationConstraint::from(self.region.as_str());
            configuration = configuration.location_constraint(place);
        }
        let request = self.s3.create_bucket().bucket(&bucket.name);
        let request = request.create_bucket_configuration(configuration.build());
        CREATE_BUCKET.sort(request.send().await).map(drop)
    }

    async fn make_private(&self, bucket: &Bucket) -> Result<()> {
        let request = self.s3.put_public_access_block().bucket(&bucket.name);
        let request = request
            .set_expected_bucket_owner(bucket.owner.clone())
            .public_access_block_configuration(everything());
        PUT_BLOCK.sort(request.send().await).map(drop)
    }

    async fn tag_bucket(&self, bucket: &Bucket, tags: &Tags) -> Result<()> {
        let tags = Tagging::builder().set_tag_set(Some(sdk_tags(PUT_TAGS, tags)?));
        let tags = tags.build().map_err(|error| built(PUT_TAGS, &error))?;
        let request = self.s3.put_bucket_tagging().bucket(&bucket.name);
        let request = request
            .set_expected_bucket_owner(bucket.owner.clone())
            .tagging(tags);
        PUT_TAGS.sort(request.send().await).map(drop)
    }

    async fn put_object(&self, bucket: &Bucket, key: &str, bytes: &Bytes) -> Result<()> {
        let request = self.s3.put_object().bucket(&bucket.name).key(key);
        let request = request
            .set_expected_bucket_owner(bucket.owner.clone())
            .content_type("application/zip")
            .body(ByteStream::from(bytes.clone()));
        PUT_OBJECT.sort(request.send().await).map(drop)
    }

    async fn delete_object(&self, bucket: &Bucket, key: &str) -> Result<()> {
        let request = self.s3.delete_object().bucket(&bucket.name).key(key);
        let request = request.set_expected_bucket_owner(bucket.owner.clone());
        DELETE_OBJECT.sort(request.send().await).map(drop)
    }

    async fn delete_bucket(&self, bucket: &Bucket) -> Result<()> {
        let request = self.s3.delete_bucket().bucket(&bucket.name);
        let request = request.set_expected_bucket_owner(bucket.owner.clone());
        DELETE_BUCKET.sort(request.send().await).map(drop)
    }
}

/// All four blocks. Every new bucket has them since April 2023 (S3 user guide, "Blocking public
/// access to your Amazon S3 storage"), unless an account or an organization has changed this.
fn everything() -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build()
}

fn sdk_tags(operation: Operation, tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.map_err(|error| built(operation, &error))
        })
        .collect()
}

/// A request that lacks what it must have is never built here.
fn built(operation: Operation, error: &dyn std::error::Error) -> super::Error {
    super::Error::answered(operation, "", error.to_string())
}
