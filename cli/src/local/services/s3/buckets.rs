//! The operations on buckets, and the listings of their objects. Each function is one operation of the S3 API
//! reference, of the same name.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::listing::{self, Entry, KeyEncoding, Page};
use super::object::{self, Meta};
use super::objects::blocking;
use super::store::{BucketInfo, Store};

/// Most buckets in one answer (API reference, `ListBuckets`).
const MAX_BUCKETS: i32 = 10_000;

/// The Region of a bucket that was created without a location constraint.
const DEFAULT_REGION: &str = "us-east-1";

pub(super) async fn create_bucket(
    store: &Arc<Store>,
    request: S3Request<CreateBucketInput>,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let input = request.input;
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(s3_error!(
            NotImplemented,
            "The embedded S3 has no object lock"
        ));
    }
    let location = input
        .create_bucket_configuration
        .and_then(|configuration| configuration.location_constraint);
    let location = location
        .map(|location| location.as_str().to_owned())
        .filter(|location| !location.is_empty());
    let path = format!("/{}", input.bucket);
    let info = BucketInfo {
        created: object::now(),
        location,
    };
    blocking(store, move |store| {
        store.create_bucket(&input.bucket, &info)
    })
    .await?;
    Ok(S3Response::new(CreateBucketOutput {
        location: Some(path),
    }))
}

pub(super) async fn delete_bucket(
    store: &Arc<Store>,
    request: S3Request<DeleteBucketInput>,
) -> S3Result<S3Response<DeleteBucketOutput>> {
    blocking(store, move |store| {
        store.delete_bucket(&request.input.bucket)
    })
    .await?;
    Ok(S3Response::with_status(
        DeleteBucketOutput {},
        http::StatusCode::NO_CONTENT,
    ))
}

pub(super) async fn head_bucket(
    store: &Arc<Store>,
    request: S3Request<HeadBucketInput>,
) -> S3Result<S3Response<HeadBucketOutput>> {
    let info = blocking(store, move |store| {
        Ok(store.bucket(&request.input.bucket)?.info())
    })
    .await?;
    let region = info.location.unwrap_or_else(|| DEFAULT_REGION.to_owned());
    Ok(S3Response::new(HeadBucketOutput {
        bucket_region: Some(region),
        ..Default::default()
    }))
}

pub(super) async fn get_bucket_location(
    store: &Arc<Store>,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    let info = blocking(store, move |store| {
        Ok(store.bucket(&request.input.bucket)?.info())
    })
    .await?;
    // API reference: buckets in us-east-1 have a location constraint of null.
    let location_constraint = info.location.map(BucketLocationConstraint::from);
    Ok(S3Response::new(GetBucketLocationOutput {
        location_constraint,
    }))
}

/// Versioning cannot be turned on here; that a bucket has none is the empty answer.
pub(super) async fn get_bucket_versioning(
    store: &Arc<Store>,
    request: S3Request<GetBucketVersioningInput>,
) -> S3Result<S3Response<GetBucketVersioningOutput>> {
    blocking(store, move |store| {
        store.bucket(&request.input.bucket).map(drop)
    })
    .await?;
    Ok(S3Response::new(GetBucketVersioningOutput::default()))
}

pub(super) async fn list_buckets(
    store: &Arc<Store>,
    request: S3Request<ListBucketsInput>,
) -> S3Result<S3Response<ListBucketsOutput>> {
    let input = request.input;
    let max = input.max_buckets.unwrap_or(MAX_BUCKETS);
    let max = usize::try_from(max.min(MAX_BUCKETS))
        .ok()
        .filter(|max| *max > 0)
        .ok_or_else(|| s3_error!(InvalidArgument, "max-buckets must be 1 to {MAX_BUCKETS}"))?;
    let after = input
        .continuation_token
        .as_deref()
        .map(listing::from_token)
        .transpose()?
        .unwrap_or_default();
    let prefix = input.prefix.clone().unwrap_or_default();
    let region = input.bucket_region;
    let mut all = blocking(store, Store::buckets).await?;
    all.retain(|(name, info)| {
        let located = info.location.as_deref().unwrap_or(DEFAULT_REGION);
        name.starts_with(&prefix)
            && *name > after
            && region.as_deref().is_none_or(|region| region == located)
    });
    let more = all.len() > max;
    all.truncate(max);
    let continuation_token = all
        .last()
        .filter(|_| more)
        .map(|(name, _)| listing::token(name));
    let buckets = all
        .into_iter()
        .map(|(name, info)| Bucket {
            bucket_region: None,
            creation_date: Some(object::from_seconds(info.created)),
            name: Some(name),
        })
        .collect();
    let output = ListBucketsOutput {
        buckets: Some(buckets),
        continuation_token,
        owner: Some(owner()),
        prefix: input.prefix,
    };
    Ok(S3Response::new(output))
}

/// The one account there is.
fn owner() -> Owner {
    Owner {
        display_name: None,
        id: Some("0".repeat(64)),
    }
}

/// A page of objects with what is known about each.
struct Objects {
    contents: Vec<Object>,
    common_prefixes: Vec<CommonPrefix>,
    next: Option<String>,
}

/// What the two listings have in common.
struct List {
    bucket: String,
    prefix: String,
    delimiter: String,
    after: String,
    max: usize,
    encoding: KeyEncoding,
    owner: bool,
}

impl List {
    fn run(self, store: &Store) -> S3Result<Objects> {
        let bucket = store.bucket(&self.bucket)?;
        let Page { entries, next } = listing::page(
            &bucket.keys()?,
            &self.prefix,
            &self.delimiter,
            &self.after,
            self.max,
        );
        let mut objects = Objects {
            contents: Vec::new(),
            common_prefixes: Vec::new(),
            next,
        };
        for entry in entries {
            match entry {
                Entry::Prefix(prefix) => {
                    objects.common_prefixes.push(CommonPrefix {
                        prefix: Some(self.encoding.write(prefix)),
                    });
                }
                // The object may have gone since the keys were read.
                Entry::Key(key) => objects
                    .contents
                    .extend(bucket.find(&key)?.map(|meta| self.object(meta))),
            }
        }
        Ok(objects)
    }

    fn object(&self, meta: Meta) -> Object {
        let checksum = Checksum::from(meta.checksums.clone());
        let algorithms = [
            (checksum.checksum_crc32, ChecksumAlgorithm::CRC32),
            (checksum.checksum_crc32c, ChecksumAlgorithm::CRC32C),
            (checksum.checksum_crc64nvme, ChecksumAlgorithm::CRC64NVME),
            (checksum.checksum_sha1, ChecksumAlgorithm::SHA1),
            (checksum.checksum_sha256, ChecksumAlgorithm::SHA256),
        ];
        let algorithms = algorithms.into_iter().filter(|(value, _)| value.is_some());
        let algorithms: Vec<_> = algorithms
            .map(|(_, name)| ChecksumAlgorithm::from_static(name))
            .collect();
        let class = meta
            .attributes
            .storage_class
            .clone()
            .unwrap_or_else(|| "STANDARD".to_owned());
        Object {
            checksum_algorithm: (!algorithms.is_empty()).then_some(algorithms),
            checksum_type: checksum.checksum_type,
            e_tag: Some(meta.e_tag()),
            last_modified: Some(meta.last_modified()),
            owner: self.owner.then(owner),
            restore_status: None,
            size: i64::try_from(meta.size).ok(),
            storage_class: Some(ObjectStorageClass::from(class)),
            key: Some(self.encoding.write(meta.key)),
        }
    }
}

pub(super) async fn list_objects(
    store: &Arc<Store>,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let (max_keys, max) = listing::page_size(input.max_keys)?;
    let encoding = KeyEncoding::new(input.encoding_type.as_ref().map(EncodingType::as_str))?;
    let list = List {
        bucket: input.bucket.clone(),
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().unwrap_or_default(),
        after: input.marker.clone().unwrap_or_default(),
        max,
        encoding,
        owner: true,
    };
    // API reference: NextMarker is returned only with a delimiter; without one the last key serves.
    let with_marker = !list.delimiter.is_empty();
    let objects = blocking(store, move |store| list.run(store)).await?;
    Ok(S3Response::new(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(encoding.write(input.prefix.unwrap_or_default())),
        marker: Some(encoding.write(input.marker.unwrap_or_default())),
        max_keys: Some(max_keys),
        is_truncated: Some(objects.next.is_some()),
        contents: Some(objects.contents),
        common_prefixes: Some(objects.common_prefixes),
        delimiter: input.delimiter.map(|delimiter| encoding.write(delimiter)),
        next_marker: objects
            .next
            .filter(|_| with_marker)
            .map(|next| encoding.write(next)),
        encoding_type: input.encoding_type,
        request_charged: None,
    }))
}

pub(super) async fn list_objects_v2(
    store: &Arc<Store>,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = request.input;
    let (max_keys, max) = listing::page_size(input.max_keys)?;
    let encoding = KeyEncoding::new(input.encoding_type.as_ref().map(EncodingType::as_str))?;
    // API reference: a continuation token takes precedence over start-after.
    let after = match &input.continuation_token {
        Some(token) => listing::from_token(token)?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let list = List {
        bucket: input.bucket.clone(),
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().unwrap_or_default(),
        after,
        max,
        encoding,
        owner: input.fetch_owner == Some(true),
    };
    let objects = blocking(store, move |store| list.run(store)).await?;
    let key_count = i32::try_from(objects.contents.len() + objects.common_prefixes.len()).ok();
    Ok(S3Response::new(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encoding.write(input.prefix.unwrap_or_default())),
        max_keys: Some(max_keys),
        key_count,
        continuation_token: input.continuation_token,
        is_truncated: Some(objects.next.is_some()),
        next_continuation_token: objects.next.as_deref().map(listing::token),
        contents: Some(objects.contents),
        common_prefixes: Some(objects.common_prefixes),
        delimiter: input.delimiter.map(|delimiter| encoding.write(delimiter)),
        encoding_type: input.encoding_type,
        start_after: input.start_after.map(|after| encoding.write(after)),
        request_charged: None,
    }))
}
