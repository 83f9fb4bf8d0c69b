//! The bucket for a large zip: the zip is there before a function needs it, and deleted when Lambda
//! has it.

use super::{found::FoundArtifactBucket, step::ArtifactBucketStep};
use crate::{
    deploy::{
        change::MISSING,
        found::Found,
        kind::function::plan::uploads,
        model::Desired,
        observe::Actual,
        step::{Plan, Step},
    },
    values::{
        code::{Code, Way},
        text::bytes,
    },
};

/// Creates the bucket if necessary, and uploads the zip unless it already exists: once for all
/// functions.
pub(crate) fn prepare(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let Way::Stored { key, .. } = &desired.code.way else {
        return;
    };
    let mut functions = desired.functions.iter();
    let needed = functions.any(|one| uploads(desired, actual.function(&one.name)));
    for FoundArtifactBucket { store, found } in &actual.artifact_buckets {
        let bucket = &store.bucket;
        let tags = desired.names.tags();
        let held = found.ours();
        match held {
            None if needed && store.is_own() => {
                let bucket = bucket.clone();
                let step = ArtifactBucketStep::Create { bucket, tags };
                push(plan, step, MISSING);
            }
            Some(held) if store.is_own() && held.tags != tags => {
                let bucket = bucket.clone();
                let step = ArtifactBucketStep::Tag { bucket, tags };
                push(plan, step, "not as in the settings");
            }
            _ => {}
        }
        let open = held.map_or(needed && store.is_own(), |held| !held.private);
        if open {
            let bucket = bucket.clone();
            push(
                plan,
                ArtifactBucketStep::Close { bucket },
                "only you can read it",
            );
        }
        let there = held.is_some_and(|held| held.keys.contains(key));
        if needed && !there {
            let step = ArtifactBucketStep::Put {
                bucket: bucket.clone(),
                key: key.clone(),
                code: desired.code.clone(),
            };
            let size = bytes(desired.code.zip.len() as u64);
            let most = Code::MOST_SENT / 1024 / 1024;
            let name = &bucket.name;
            let reason = format!("{size} to `{name}`: Lambda accepts {most} MB in a call");
            push(plan, step, reason);
        }
    }
}

/// Removes the zip that Lambda has by then, and those of deploys that were interrupted.
pub(crate) fn tidy(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let uploaded: Vec<String> = plan
        .steps
        .iter()
        .filter_map(|planned| match &planned.step {
            Step::ArtifactBucket(step) => match &**step {
                ArtifactBucketStep::Put { key, .. } => Some(key.clone()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    for FoundArtifactBucket { store, found } in &actual.artifact_buckets {
        let held = found.ours().map(|held| held.keys.as_slice());
        let held = held.unwrap_or_default();
        for key in held.iter().chain(&uploaded) {
            let reason = match *key == store.key(&desired.code) {
                true => "Lambda has its own copy",
                false => "left by an interrupted deploy",
            };
            let (bucket, key) = (store.bucket.clone(), key.clone());
            push(plan, ArtifactBucketStep::Drop { bucket, key }, reason);
        }
    }
}

/// Removes the deployment's remaining objects in its buckets, and its own bucket unless somebody
/// else uses it.
pub(crate) fn remove(plan: &mut Plan, actual: &Actual) {
    for FoundArtifactBucket { store, found } in &actual.artifact_buckets {
        let Found::Ours(held) = found else { continue };
        for key in &held.keys {
            let (bucket, key) = (store.bucket.clone(), key.clone());
            let reason = "left by an interrupted deploy";
            push(plan, ArtifactBucketStep::Drop { bucket, key }, reason);
        }
        if store.is_own() && !held.others {
            let bucket = store.bucket.clone();
            push(
                plan,
                ArtifactBucketStep::Delete { bucket },
                "nothing else is in it",
            );
        }
    }
}

fn push(plan: &mut Plan, step: ArtifactBucketStep, reason: impl Into<String>) {
    plan.push(Step::ArtifactBucket(Box::new(step)), reason);
}
