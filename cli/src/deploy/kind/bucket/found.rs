//! What the account holds of a deployment's buckets, by read calls only.

use super::{KIND, TAG, desired::DesiredBucket};
use crate::{
    aws::{Aws, Kind, error::Result, notifications::Notifications, s3::Bucket},
    deploy::{
        found::{Found, owner},
        kind::found::Left,
        names::{Names, TAG_APP, TAG_STAGE},
        together::all,
    },
    values::names::Tags,
};

/// A bucket that is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundBucket {
    /// Its tags, where it is the deployment's own.
    pub(crate) tags: Tags,
    /// Whether nothing can make it public, where it is the deployment's own.
    pub(crate) private: bool,
    /// Whether objects are in it, where it is the deployment's own.
    pub(crate) full: bool,
    /// All that it reports, to others too.
    pub(crate) notifications: Notifications,
}

/// A bucket, there or not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeBucket {
    /// Which; with an owner where it is the deployment's own.
    pub(crate) bucket: Bucket,
    /// What is there.
    pub(crate) found: Found<FoundBucket>,
}

impl WholeBucket {
    /// Whether the deployment created it, or is to.
    pub(crate) const fn own(&self) -> bool {
        self.bucket.owner.is_some()
    }
}

/// Reads the buckets that the settings have, and those that a deploy before has left: the deployment's own by their tags, and others that
/// may report to its functions by the functions' permissions. No call where there cannot be any.
pub(crate) async fn buckets<A: Aws>(
    aws: &A,
    names: &Names,
    left: &Left,
) -> Result<Vec<WholeBucket>> {
    let mut all_of_them = names.buckets.clone();
    let known = |all: &[Bucket], name: &str| all.iter().any(|bucket| bucket.name == name);
    let wanted = all_of_them.len();
    if names.sought.buckets || left.has(KIND) {
        let tags = [
            (TAG_APP, Some(names.app.as_str())),
            (TAG_STAGE, Some(names.stage.as_str())),
            (TAG, None),
        ];
        let tagged = Box::pin(aws.tagged(&tags)).await?;
        let own = tagged.iter().filter_map(|one| one.arn.split_once(":s3:::"));
        let own: Vec<&str> = own
            .map(|(_, name)| name)
            .filter(|name| !known(&all_of_them, name))
            .collect();
        if !own.is_empty() {
            let account = aws.caller().await?.account;
            all_of_them.extend(own.into_iter().map(|name| Bucket {
                name: name.to_owned(),
                owner: Some(account.clone()),
            }));
        }
    }
    for name in &left.buckets {
        if !known(&all_of_them, name) {
            all_of_them.push(Bucket {
                name: name.clone(),
                owner: None,
            });
        }
    }
    // The tags are listed in no order, and two readings of one account make the same plan.
    all_of_them[wanted..].sort_by(|one, other| one.name.cmp(&other.name));
    let read = all_of_them.into_iter().enumerate();
    let read = read.map(|(at, bucket)| async move {
        let found = whole(aws, names, bucket).await?;
        // What only others' notes and permissions speak of may be gone, or somebody else's by now.
        Ok((at < wanted || found.found.ours().is_some()).then_some(found))
    });
    Ok(all(read).await?.into_iter().flatten().collect())
}

async fn whole<A: Aws>(aws: &A, names: &Names, bucket: Bucket) -> Result<WholeBucket> {
    let found = match bucket.owner {
        Some(_) => Box::pin(own(aws, names, &bucket)).await?,
        None => match Box::pin(aws.notifications(&bucket)).await? {
            None => Found::Absent,
            Some(notifications) => Found::Ours(FoundBucket {
                tags: Tags::new(),
                private: true,
                full: true,
                notifications,
            }),
        },
    };
    Ok(WholeBucket { bucket, found })
}

async fn own<A: Aws>(aws: &A, names: &Names, bucket: &Bucket) -> Result<Found<FoundBucket>> {
    let tags = match Box::pin(aws.bucket_tags(bucket)).await {
        Ok(None) => return Ok(Found::Absent),
        Ok(Some(tags)) if names.own(&tags) => tags,
        Ok(Some(tags)) => return Ok(Found::Foreign(owner(&tags))),
        Err(error) if error.kind == Kind::Denied => {
            let owner = format!(
                "another account, or `{}` is denied to you",
                error.operation.action()
            );
            return Ok(Found::Foreign(owner));
        }
        Err(error) => return Err(error),
    };
    let (private, listed, notifications) = tokio::try_join!(
        Box::pin(aws.is_private(bucket)),
        Box::pin(aws.objects(bucket, "")),
        Box::pin(aws.notifications(bucket)),
    )?;
    let (Some(listed), Some(notifications)) = (listed, notifications) else {
        return Ok(Found::Absent);
    };
    Ok(Found::Ours(FoundBucket {
        tags,
        private,
        full: !listed.keys.is_empty(),
        notifications,
    }))
}

/// The buckets as a deploy of them would have left them, for a plan without an account.
pub(crate) fn after(desired: &[DesiredBucket], tags: &Tags) -> Vec<WholeBucket> {
    let whole = |one: &DesiredBucket| WholeBucket {
        bucket: one.bucket(),
        found: Found::Ours(FoundBucket {
            tags: match one.own() {
                true => one.tags(tags.clone()),
                false => Tags::new(),
            },
            private: true,
            full: !one.own(),
            notifications: Notifications {
                all: one.notifications.clone(),
                event_bridge: false,
            },
        }),
    };
    desired.iter().map(whole).collect()
}
