//! S3: a name is given once, a bucket goes when it is empty, and one of another owner's refuses everything.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Fake, State, missing};
use crate::{
    aws::{
        error::Result,
        notifications::Notifications,
        s3::{
            Bucket, Buckets, CREATE_BUCKET, DELETE_BUCKET, DELETE_OBJECT, GET_BLOCK, GET_TAGS,
            LIST, Listed, PUT_BLOCK, PUT_OBJECT, PUT_TAGS,
        },
    },
    values::names::Tags,
};

/// A bucket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FakeBucket {
    /// The account.
    pub(crate) owner: String,
    pub(crate) tags: Tags,
    pub(crate) private: bool,
    pub(crate) objects: BTreeMap<String, Bytes>,
    /// What it reports.
    pub(crate) notifications: Notifications,
}

type Refused = (&'static str, String);

fn known<'a>(state: &'a mut State, bucket: &Bucket) -> Result<&'a mut FakeBucket, Refused> {
    let found = state.buckets.get_mut(&bucket.name);
    let found = found.ok_or_else(|| missing("NoSuchBucket", &bucket.name))?;
    if bucket
        .owner
        .as_ref()
        .is_some_and(|owner| *owner != found.owner)
    {
        return Err(("AccessDenied", "Access Denied".to_owned()));
    }
    Ok(found)
}

impl Buckets for Fake {
    async fn bucket_tags(&self, bucket: &Bucket) -> Result<Option<Tags>> {
        self.later().await.call(GET_TAGS, |state| {
            if !state.buckets.contains_key(&bucket.name) {
                return Ok(None);
            }
            Ok(Some(known(state, bucket)?.tags.clone()))
        })
    }

    async fn is_private(&self, bucket: &Bucket) -> Result<bool> {
        self.later()
            .await
            .call(GET_BLOCK, |state| Ok(known(state, bucket)?.private))
    }

    async fn objects(&self, bucket: &Bucket, prefix: &str) -> Result<Option<Listed>> {
        self.later().await.call(LIST, |state| {
            if !state.buckets.contains_key(&bucket.name) {
                return Ok(None);
            }
            let keys = known(state, bucket)?.objects.keys();
            let keys = keys.filter(|key| key.starts_with(prefix)).cloned();
            Ok(Some(Listed {
                keys: keys.collect(),
                more: false,
            }))
        })
    }

    async fn create_bucket(&self, bucket: &Bucket, tags: &Tags) -> Result<()> {
        self.later().await.call(CREATE_BUCKET, |state| {
            if state.buckets.contains_key(&bucket.name) {
                return Err(("BucketAlreadyExists", bucket.name.clone()));
            }
            let made = FakeBucket {
                owner: Self::ACCOUNT.to_owned(),
                tags: tags.clone(),
                private: false,
                objects: BTreeMap::new(),
                notifications: Notifications::default(),
            };
            state.buckets.insert(bucket.name.clone(), made);
            Ok(())
        })
    }

    async fn make_private(&self, bucket: &Bucket) -> Result<()> {
        self.later().await.call(PUT_BLOCK, |state| {
            known(state, bucket)?.private = true;
            Ok(())
        })
    }

    async fn tag_bucket(&self, bucket: &Bucket, tags: &Tags) -> Result<()> {
        self.later().await.call(PUT_TAGS, |state| {
            known(state, bucket)?.tags = tags.clone();
            Ok(())
        })
    }

    async fn put_object(&self, bucket: &Bucket, key: &str, bytes: &Bytes) -> Result<()> {
        self.later().await.call(PUT_OBJECT, |state| {
            let found = known(state, bucket)?;
            found.objects.insert(key.to_owned(), bytes.clone());
            Ok(())
        })
    }

    async fn delete_object(&self, bucket: &Bucket, key: &str) -> Result<()> {
        self.later().await.call(DELETE_OBJECT, |state| {
            known(state, bucket)?.objects.remove(key);
            Ok(())
        })
    }

    async fn delete_bucket(&self, bucket: &Bucket) -> Result<()> {
        self.later().await.call(DELETE_BUCKET, |state| {
            if !known(state, bucket)?.objects.is_empty() {
                return Err(("BucketNotEmpty", bucket.name.clone()));
            }
            state.buckets.remove(&bucket.name);
            Ok(())
        })
    }
}
