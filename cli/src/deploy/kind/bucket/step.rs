//! The steps on a bucket.

use super::{KIND, NOTIFICATIONS};
use crate::{
    aws::{Aws, error::Error, notifications::Notifications, s3::Bucket},
    deploy::{
        change::{Action, Change, Output, Resource, lost},
        phase::Lane,
        retry::just_made,
        run::{Run, Trouble},
    },
    values::{names::Tags, notification::Notification},
};

/// What S3 says of a function that it may not invoke yet (case s3e-025).
const NOT_AUTHORIZED: &str = "Unable to validate the following destination configurations";

/// One change of a bucket: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BucketStep {
    /// Creates it.
    Create { bucket: Bucket, tags: Tags },
    /// Keeps everything out that could make it public.
    Close { bucket: Bucket },
    /// Sets its tags.
    Tag { bucket: Bucket, tags: Tags },
    /// Sets those notifications and removes those of these ids. What else the bucket reports stays.
    Notify {
        bucket: Bucket,
        set: Vec<Notification>,
        drop: Vec<String>,
    },
    /// Deletes it, which is empty.
    Delete { bucket: Bucket },
}

impl Change for BucketStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        let (action, kind, name) = match self {
            Self::Create { bucket, .. } => (Action::Create, KIND, &bucket.name),
            Self::Close { bucket } => (Action::Update, "public access of bucket", &bucket.name),
            Self::Tag { bucket, .. } => (Action::Update, "tags of bucket", &bucket.name),
            Self::Notify { bucket, .. } => (Action::Update, NOTIFICATIONS, &bucket.name),
            Self::Delete { bucket } => (Action::Delete, KIND, &bucket.name),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        match self {
            Self::Create { bucket, .. }
            | Self::Close { bucket }
            | Self::Tag { bucket, .. }
            | Self::Notify { bucket, .. }
            | Self::Delete { bucket } => Lane::Bucket(&bucket.name),
        }
    }

    fn needs(&self) -> Vec<Output<'_>> {
        Vec::new()
    }

    fn makes(&self) -> Option<Output<'_>> {
        None
    }

    fn prepares(&self) -> bool {
        matches!(self, Self::Create { .. })
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::Delete { .. } => lost(self),
            Self::Create { .. } | Self::Close { .. } | Self::Tag { .. } | Self::Notify { .. } => {
                Vec::new()
            }
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            // The permission was added a moment ago.
            Self::Notify { .. } if error.message.contains(NOT_AUTHORIZED) => {
                Some("until S3 may invoke the function")
            }
            Self::Close { .. } | Self::Tag { .. } | Self::Notify { .. } => just_made(error),
            Self::Create { .. } | Self::Delete { .. } => None,
        }
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Create { bucket, tags } => aws.create_bucket(bucket, tags).await?,
            Self::Close { bucket } => aws.make_private(bucket).await?,
            Self::Tag { bucket, tags } => aws.tag_bucket(bucket, tags).await?,
            Self::Notify { bucket, set, drop } => {
                // One call sets all, so what others have is read right before it.
                let found = aws.notifications(bucket).await?.unwrap_or_default();
                let all = merged(found, set, drop);
                aws.put_notifications(bucket, &all).await?;
            }
            Self::Delete { bucket } => aws.delete_bucket(bucket).await?,
        }
        Ok(())
    }
}

/// What a bucket reports with those in place of its own of the same ids, and without these.
fn merged(mut found: Notifications, set: &[Notification], drop: &[String]) -> Notifications {
    let replaced = |id: &String| set.iter().any(|one| one.id == *id) || drop.contains(id);
    found.all.retain(|one| !replaced(&one.id));
    found.all.extend(set.iter().cloned());
    found
}
