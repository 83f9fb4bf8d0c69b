//! From what a deployment's buckets should be and what they are to the steps between: a function for each time that buckets have their
//! turn in a plan.

use super::{
    desired::DesiredBucket,
    found::{FoundBucket, WholeBucket},
    step::BucketStep,
};
use crate::{
    aws::{notifications::Notifications, s3::Bucket},
    deploy::{
        change::MISSING,
        model::Desired,
        names::Names,
        observe::Actual,
        step::{Plan, Step},
        tags::Retagged,
    },
    values::notification::{Notification, ids},
};

/// Why something goes.
const GONE: &str = "the app no longer has it";

/// Creates the deployment's own that are missing, and puts their tags and their privacy right.
pub(crate) fn prepare(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in desired.buckets.iter().filter(|one| one.own()) {
        let bucket = one.bucket();
        let tags = one.tags(desired.names.tags());
        let found = find(actual, &one.name);
        match found {
            None => {
                let bucket = bucket.clone();
                push(plan, BucketStep::Create { bucket, tags }, MISSING);
            }
            Some(found) => {
                // S3 sets all tags at once: what others have set stays.
                let mut all = found.tags.clone();
                let gone = Retagged::between(&found.tags, &tags);
                for key in gone.removed.iter().flat_map(|(keys, _)| keys) {
                    all.remove(key);
                }
                all.extend(tags);
                if all != found.tags {
                    let reason = match gone.removed {
                        Some((_, reason)) if gone.missing.is_empty() => reason,
                        _ => gone.why,
                    };
                    let step = BucketStep::Tag {
                        bucket: bucket.clone(),
                        tags: all,
                    };
                    push(plan, step, reason);
                }
            }
        }
        if found.is_none_or(|found| !found.private) {
            let reason = "all public access is blocked";
            push(plan, BucketStep::Close { bucket }, reason);
        }
    }
}

/// Sets what the deployment's buckets report to its functions. The functions' new versions have their traffic by then, and S3 may invoke them.
/// What a bucket reports to others stays.
pub(crate) fn open(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in &desired.buckets {
        let found = find(actual, &one.name).map(|found| &found.notifications);
        notify(plan, &desired.names, one, found);
    }
}

/// Takes away what other buckets report to the deployment's functions, before these go.
pub(crate) fn close(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let all = actual.buckets.iter();
    let gone = all.filter(|whole| !is_wanted(desired, whole));
    silence(plan, &desired.names, gone, GONE);
}

/// Whether the settings or the app have it.
fn is_wanted(desired: &Desired, whole: &WholeBucket) -> bool {
    let mut all = desired.buckets.iter();
    all.any(|one| one.name == whole.bucket.name)
}

fn notify(plan: &mut Plan, names: &Names, one: &DesiredBucket, found: Option<&Notifications>) {
    let held = ours(names, found);
    let missing = one.notifications.iter();
    let set: Vec<Notification> = missing
        .filter(|wanted| !held.contains(wanted))
        .cloned()
        .collect();
    let kept = |id: &String| one.notifications.iter().any(|wanted| wanted.id == *id);
    let drop: Vec<String> = held
        .iter()
        .map(|held| held.id.clone())
        .filter(|id| !kept(id))
        .collect();
    if set.is_empty() && drop.is_empty() {
        return;
    }
    let known = |id: &String| held.iter().any(|held| held.id == *id);
    let word = |one: &Notification| {
        let source = source(names, &one.id);
        match known(&one.id) {
            true => format!("`{source}`: changed"),
            false => format!("`{source}`: {MISSING}"),
        }
    };
    let gone = drop.iter();
    let gone = gone.map(|id| format!("`{}`: {GONE}", source(names, id)));
    let reason: Vec<String> = set.iter().map(word).chain(gone).collect();
    let step = BucketStep::Notify {
        bucket: Bucket {
            name: one.name.clone(),
            owner: None,
        },
        set,
        drop,
    };
    push(plan, step, reason.join(", "));
}

/// Takes what a bucket reports to the deployment's functions away.
fn silence<'a>(
    plan: &mut Plan,
    names: &Names,
    all: impl Iterator<Item = &'a WholeBucket>,
    why: &str,
) {
    for whole in all {
        let found = whole.found.ours().map(|found| &found.notifications);
        let drop: Vec<String> = ours(names, found)
            .iter()
            .map(|held| held.id.clone())
            .collect();
        if drop.is_empty() {
            continue;
        }
        let told: Vec<String> = drop
            .iter()
            .map(|id| format!("`{}`: {why}", source(names, id)))
            .collect();
        let step = BucketStep::Notify {
            bucket: Bucket {
                name: whole.bucket.name.clone(),
                owner: None,
            },
            set: Vec::new(),
            drop,
        };
        push(plan, step, told.join(", "));
    }
}

/// Takes away what all of them report to the deployment.
pub(crate) fn close_all(plan: &mut Plan, names: &Names, actual: &Actual) {
    silence(plan, names, actual.buckets.iter(), "its function goes");
}

/// Deletes the deployment's own that neither the settings nor the app have, and that have no objects. Nothing writes to them by then.
pub(crate) fn remove(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let gone = actual.buckets.iter();
    let gone = gone.filter(|whole| !is_wanted(desired, whole));
    delete(
        plan,
        gone,
        "neither the app nor the settings have it, and it has no objects",
    );
}

/// Deletes all of the deployment's own that have no objects.
pub(crate) fn delete_all(plan: &mut Plan, actual: &Actual) {
    delete(plan, actual.buckets.iter(), "it has no objects");
}

fn delete<'a>(plan: &mut Plan, gone: impl Iterator<Item = &'a WholeBucket>, why: &str) {
    let own = gone.filter(|whole| whole.own());
    for whole in own.filter(|whole| whole.found.ours().is_some_and(|found| !found.full)) {
        let bucket = whole.bucket.clone();
        push(plan, BucketStep::Delete { bucket }, why);
    }
}

/// The deployment's own buckets that stay although nothing wants them, since they have objects; in words. Without `desired` nothing wants
/// any.
pub(crate) fn kept(desired: Option<&Desired>, actual: &Actual) -> Vec<String> {
    let own = actual.buckets.iter().filter(|whole| whole.own());
    let gone = own.filter(|whole| desired.is_none_or(|desired| !is_wanted(desired, whole)));
    let full = gone.filter(|whole| whole.found.ours().is_some_and(|found| found.full));
    full.map(|whole| format!("the bucket `{}` has objects", whole.bucket.name))
        .collect()
}

fn find<'a>(actual: &'a Actual, name: &str) -> Option<&'a FoundBucket> {
    let mut all = actual.buckets.iter();
    all.find(|whole| whole.bucket.name == name)?.found.ours()
}

/// What of it is the deployment's, by its ids.
fn ours<'a>(names: &Names, found: Option<&'a Notifications>) -> Vec<&'a Notification> {
    let ids = ids(&names.app, &names.stage);
    let all = found.into_iter().flat_map(|found| &found.all);
    all.filter(|one| one.id.starts_with(&ids)).collect()
}

/// The app's name for what the notification of that id invokes.
fn source<'a>(names: &Names, id: &'a str) -> &'a str {
    id.strip_prefix(&ids(&names.app, &names.stage))
        .unwrap_or(id)
}

fn push(plan: &mut Plan, step: BucketStep, reason: impl Into<String>) {
    plan.push(Step::Bucket(Box::new(step)), reason);
}
