//! The objects in the buckets for large zips. Nothing is read if no zip is large.

use super::desired::ArtifactBucket;
use crate::{
    aws::{Aws, Kind, error::Result},
    deploy::{found::Found, names::Names, together::all},
    values::names::Tags,
};

/// An existing bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Its tags, if it is the deployment's own.
    pub(crate) tags: Tags,
    /// True if all public access is blocked, for the deployment's own.
    pub(crate) private: bool,
    /// The keys of the deployment's zips in it.
    pub(crate) keys: Vec<String>,
    /// True if it contains something else, as far as it was listed.
    pub(crate) others: bool,
}

/// A bucket, there or not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundArtifactBucket {
    /// Which.
    pub(crate) store: ArtifactBucket,
    /// Its content.
    pub(crate) found: Found<Held>,
}

/// Reads them side by side.
pub(crate) async fn stores<A: Aws>(aws: &A, names: &Names) -> Result<Vec<FoundArtifactBucket>> {
    let each = names.artifact_buckets.iter().map(async |store| {
        Ok(FoundArtifactBucket {
            store: store.clone(),
            found: held(aws, names, store).await?,
        })
    });
    all(each).await
}

async fn held<A: Aws>(aws: &A, names: &Names, store: &ArtifactBucket) -> Result<Found<Held>> {
    let mut private = true;
    let mut tags = Tags::new();
    let listed = if store.is_own() {
        match Box::pin(aws.bucket_tags(&store.bucket)).await {
            Ok(None) => return Ok(Found::Absent),
            Ok(Some(found)) if names.own(&found) => tags = found,
            Ok(Some(found)) => return Ok(Found::Foreign(crate::deploy::found::owner(&found))),
            Err(error) if error.kind == Kind::Denied => {
                let owner = format!(
                    "another account, or you are not allowed `{}`",
                    error.operation.action()
                );
                return Ok(Found::Foreign(owner));
            }
            Err(error) => return Err(error),
        }
        let (is_private, listed) = tokio::try_join!(
            Box::pin(aws.is_private(&store.bucket)),
            Box::pin(aws.objects(&store.bucket, store.listed())),
        )?;
        private = is_private;
        listed
    } else {
        Box::pin(aws.objects(&store.bucket, store.listed())).await?
    };
    let Some(listed) = listed else {
        return Ok(Found::Absent);
    };
    let (keys, others): (Vec<_>, Vec<_>) =
        listed.keys.into_iter().partition(|key| store.holds(key));
    Ok(Found::Ours(Held {
        tags,
        private,
        keys,
        others: listed.more || !others.is_empty(),
    }))
}
