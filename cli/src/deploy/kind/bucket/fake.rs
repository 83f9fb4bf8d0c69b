//! S3's notifications in memory: a bucket reports to functions alone that let it, and never the same twice.

use crate::{
    aws::{
        error::Result,
        fake::{Fake, State},
        notifications::{BucketNotifications, GET, Notifications, PUT},
        s3::Bucket,
    },
    values::notification::Receiver,
};

type Refused = (&'static str, String);

/// What S3 refuses of a bucket's notifications (messaging-truth §4, "Errors").
fn check(state: &State, bucket: &str, all: &Notifications) -> std::result::Result<(), Refused> {
    for one in &all.all {
        let Receiver::Function(arn) = &one.receiver else {
            continue;
        };
        let source = format!("arn:aws:s3:::{bucket}");
        let (function, alias) = arn.rsplit_once(':').unwrap_or_default();
        let name = function.rsplit(':').next().unwrap_or_default();
        let grants = state
            .functions
            .get(name)
            .and_then(|function| function.grants.get(alias));
        let lets = grants.into_iter().flatten().any(|grant| {
            grant.principal == "s3.amazonaws.com"
                && grant.source == source
                && grant
                    .account
                    .as_deref()
                    .is_none_or(|account| account == Fake::ACCOUNT)
        });
        // Another account's is not looked into.
        if !lets && arn.contains(Fake::ACCOUNT) {
            let told = format!(
                "Unable to validate the following destination configurations: Not authorized to invoke function [{arn}]"
            );
            return Err(("InvalidArgument", told));
        }
    }
    for (index, one) in all.all.iter().enumerate() {
        if all.all[index + 1..].iter().any(|other| one.overlaps(other)) {
            let told = "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are \
                        overlapping for the same event type.";
            return Err(("InvalidArgument", told.to_owned()));
        }
    }
    Ok(())
}

impl BucketNotifications for Fake {
    async fn notifications(&self, bucket: &Bucket) -> Result<Option<Notifications>> {
        self.later().await.call(GET, |state| {
            let found = state.buckets.get(&bucket.name);
            Ok(found.map(|found| found.notifications.clone()))
        })
    }

    async fn put_notifications(&self, bucket: &Bucket, all: &Notifications) -> Result<()> {
        self.later().await.call(PUT, |state| {
            check(state, &bucket.name, all)?;
            let found = state.buckets.get_mut(&bucket.name);
            let found = found.ok_or(("NoSuchBucket", bucket.name.clone()))?;
            found.notifications = all.clone();
            Ok(())
        })
    }
}
