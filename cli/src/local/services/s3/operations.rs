//! The table of operations: which S3 calls the embedded S3 answers, and with what.
//!
//! s3s has read and checked the request before it comes here. Its own answer to every call that is not in the table is
//! 501 `NotImplemented` in S3's XML.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result};

use super::changes::{Change, Changes};
use super::object::Meta;
use super::store::Store;
use super::{buckets, objects, uploads};

/// The operations over one data folder.
#[derive(Debug)]
pub(super) struct Operations {
    store: Arc<Store>,
    changes: Changes,
}

impl Operations {
    /// Those that report what they change.
    pub(super) fn new(store: Arc<Store>, changes: Changes) -> Self {
        Self { store, changes }
    }

    /// Reports an object that was created.
    async fn created(&self, name: &'static str, bucket: String, key: String) {
        if !self.changes.are_heard() {
            return;
        }
        // It may be another's by now: what is reported then is what is there.
        let meta = self.find(&bucket, &key).await;
        self.changes.report(Change {
            bucket,
            key,
            name,
            size: meta.as_ref().map(|meta| meta.size),
            etag: meta.map(|meta| meta.etag),
        });
    }

    /// Those of the keys whose removal is to be reported: the objects that are there. Unverified: that S3 does not report the
    /// removal of an object that does not exist. If it did, a function that removes the reported object would invoke itself forever.
    async fn removable(&self, bucket: &str, keys: Vec<String>) -> Vec<String> {
        let mut there = Vec::new();
        if self.changes.are_heard() {
            for key in keys {
                if self.find(bucket, &key).await.is_some() {
                    there.push(key);
                }
            }
        }
        there
    }

    /// Reports an object that was removed.
    fn removed(&self, bucket: &str, key: String) {
        self.changes.report(Change {
            bucket: bucket.to_owned(),
            key,
            name: "ObjectRemoved:Delete",
            size: None,
            etag: None,
        });
    }

    async fn find(&self, bucket: &str, key: &str) -> Option<Meta> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let found = objects::blocking(&self.store, move |store| store.bucket(&bucket)?.find(&key));
        found.await.ok().flatten()
    }
}

#[async_trait::async_trait]
impl S3 for Operations {
    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        buckets::create_bucket(&self.store, request).await
    }

    async fn delete_bucket(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        buckets::delete_bucket(&self.store, request).await
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        buckets::head_bucket(&self.store, request).await
    }

    async fn list_buckets(
        &self,
        request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        buckets::list_buckets(&self.store, request).await
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        buckets::get_bucket_location(&self.store, request).await
    }

    async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        buckets::get_bucket_versioning(&self.store, request).await
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        buckets::list_objects(&self.store, request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        buckets::list_objects_v2(&self.store, request).await
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        // A form's upload comes here, too.
        let name = match request.method {
            http::Method::POST => "ObjectCreated:Post",
            _ => "ObjectCreated:Put",
        };
        let answer = objects::put_object(&self.store, request).await?;
        self.created(name, bucket, key).await;
        Ok(answer)
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        objects::get_object(&self.store, request).await
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        objects::head_object(&self.store, request).await
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let answer = objects::copy_object(&self.store, request).await?;
        self.created("ObjectCreated:Copy", bucket, key).await;
        Ok(answer)
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let bucket = request.input.bucket.clone();
        let there = self
            .removable(&bucket, vec![request.input.key.clone()])
            .await;
        let answer = objects::delete_object(&self.store, request).await?;
        for key in there {
            self.removed(&bucket, key);
        }
        Ok(answer)
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let bucket = request.input.bucket.clone();
        let named = request.input.delete.objects.iter();
        let named = named.map(|object| object.key.clone()).collect();
        let there = self.removable(&bucket, named).await;
        let answer = objects::delete_objects(&self.store, request).await?;
        let failed = answer.output.errors.as_deref().unwrap_or_default();
        let failed = |key: &str| failed.iter().any(|one| one.key.as_deref() == Some(key));
        for key in there.into_iter().filter(|key| !failed(key)) {
            self.removed(&bucket, key);
        }
        Ok(answer)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        uploads::create_multipart_upload(&self.store, request).await
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        uploads::upload_part(&self.store, request).await
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        uploads::upload_part_copy(&self.store, request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let answer = uploads::complete_multipart_upload(&self.store, request).await?;
        self.created("ObjectCreated:CompleteMultipartUpload", bucket, key)
            .await;
        Ok(answer)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        uploads::abort_multipart_upload(&self.store, request).await
    }

    async fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        uploads::list_parts(&self.store, request).await
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        uploads::list_multipart_uploads(&self.store, request).await
    }
}
