//! The steps on the bucket through which a large zip goes.

use super::{Action, Resource};
use crate::{
    aws::{Aws, error::Result, s3::Bucket},
    values::{code::Code, names::Tags, text::bytes},
};

/// One change of a bucket: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StoreStep {
    /// Makes the deployment's own.
    Create { bucket: Bucket, tags: Tags },
    /// Keeps everything out that could make it public.
    Close { bucket: Bucket },
    /// Sets its tags.
    Tag { bucket: Bucket, tags: Tags },
    /// Uploads a zip.
    Put {
        bucket: Bucket,
        key: String,
        code: Code,
    },
    /// Removes a zip that nobody needs: Lambda has a copy of its own.
    Drop { bucket: Bucket, key: String },
    /// Removes the bucket.
    Delete { bucket: Bucket },
}

impl StoreStep {
    /// What it does, and to what.
    pub(crate) fn subject(&self) -> (Action, Resource<'_>) {
        use Action::{Create, Delete, Update};
        let (action, kind, name) = match self {
            Self::Create { bucket, .. } => (Create, "bucket", &bucket.name),
            Self::Close { bucket } => (Update, "public access of bucket", &bucket.name),
            Self::Tag { bucket, .. } => (Update, "tags of bucket", &bucket.name),
            Self::Put { key, .. } => (Create, "object", key),
            Self::Drop { key, .. } => (Delete, "object", key),
            Self::Delete { bucket } => (Delete, "bucket", &bucket.name),
        };
        (action, Resource { kind, name })
    }

    /// What is said when it begins, where it takes long.
    pub(crate) fn begins(&self) -> Option<String> {
        match self {
            Self::Put { bucket, code, .. } => {
                let size = bytes(code.zip.len() as u64);
                Some(format!("{size} to bucket `{}`", bucket.name))
            }
            _ => None,
        }
    }

    /// Whether it needs a bucket that was perhaps made a moment ago.
    pub(crate) const fn needs_bucket(&self) -> bool {
        matches!(
            self,
            Self::Close { .. } | Self::Tag { .. } | Self::Put { .. }
        )
    }

    /// Whether it makes what a new version needs.
    pub(crate) const fn prepares(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::Put { .. })
    }

    /// Makes the call.
    pub(crate) async fn run<A: Aws>(&self, aws: &A) -> Result<()> {
        match self {
            Self::Create { bucket, tags } => aws.create_bucket(bucket, tags).await,
            Self::Close { bucket } => aws.make_private(bucket).await,
            Self::Tag { bucket, tags } => aws.tag_bucket(bucket, tags).await,
            Self::Put { bucket, key, code } => aws.put_object(bucket, key, &code.zip).await,
            Self::Drop { bucket, key } => aws.delete_object(bucket, key).await,
            Self::Delete { bucket } => aws.delete_bucket(bucket).await,
        }
    }
}
