//! The steps on the bucket for a large zip.

use crate::{
    aws::{Aws, error::Error, s3::Bucket},
    deploy::{
        change::{Action, Change, Output, Resource, lost},
        phase::Lane,
        retry::just_made,
        run::{Run, Trouble},
    },
    values::{code::Code, names::Tags, text::bytes},
};

/// One change of a bucket: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ArtifactBucketStep {
    /// Makes the deployment's own.
    Create { bucket: Bucket, tags: Tags },
    /// Blocks all public access.
    Close { bucket: Bucket },
    /// Sets its tags.
    Tag { bucket: Bucket, tags: Tags },
    /// Uploads a zip.
    Put {
        bucket: Bucket,
        key: String,
        code: Code,
    },
    /// Deletes a zip that is no longer needed: Lambda has its own copy.
    Drop { bucket: Bucket, key: String },
    /// Removes the bucket.
    Delete { bucket: Bucket },
}

impl Change for ArtifactBucketStep {
    fn subject(&self) -> (Action, Resource<'_>) {
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

    fn lane(&self) -> Lane<'_> {
        Lane::Store
    }

    fn needs(&self) -> Vec<Output<'_>> {
        Vec::new()
    }

    fn makes(&self) -> Option<Output<'_>> {
        None
    }

    fn prepares(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::Put { .. })
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::Delete { .. } => lost(self),
            // Lambda has its own copy.
            Self::Drop { .. } => Vec::new(),
            Self::Create { .. } | Self::Close { .. } | Self::Tag { .. } | Self::Put { .. } => {
                Vec::new()
            }
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            // The bucket may have been created a moment ago.
            Self::Close { .. } | Self::Tag { .. } | Self::Put { .. } => just_made(error),
            Self::Create { .. } | Self::Drop { .. } | Self::Delete { .. } => None,
        }
    }

    fn begins(&self) -> Option<String> {
        let Self::Put { bucket, code, .. } = self else {
            return None;
        };
        let size = bytes(code.zip.len() as u64);
        Some(format!("{size} to bucket `{}`", bucket.name))
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Create { bucket, tags } => aws.create_bucket(bucket, tags).await?,
            Self::Close { bucket } => aws.make_private(bucket).await?,
            Self::Tag { bucket, tags } => aws.tag_bucket(bucket, tags).await?,
            Self::Put { bucket, key, code } => aws.put_object(bucket, key, &code.zip).await?,
            Self::Drop { bucket, key } => aws.delete_object(bucket, key).await?,
            Self::Delete { bucket } => aws.delete_bucket(bucket).await?,
        }
        Ok(())
    }
}
