//! Existing buckets and what they report to others.

use crate::{
    deploy::{model::Desired, observe::Actual},
    error::{Failure, Result},
    values::notification::ids,
};

/// Stops if an existing bucket does not exist, or reports to somebody else what it should report to a function: S3 would refuse that
/// (cases s3e-034 and s3e-035).
///
/// # Errors
///
/// The first such bucket; exit code 65.
pub(super) fn check(desired: &Desired, actual: &Actual) -> Result<()> {
    let ids = ids(&desired.names.app, &desired.names.stage);
    for one in &desired.buckets {
        let mut all = actual.buckets.iter();
        let whole = all.find(|whole| whole.bucket.name == one.name);
        let Some(found) = whole.and_then(|whole| whole.found.ours()) else {
            if one.own() {
                continue;
            }
            return Err(
                Failure::input(format!("the bucket does not exist: {}", one.name))
                    .because_of(format!("`[buckets.{}]` names it as `existing`", one.key))
                    .hint("create it, or remove `existing` to let the deployment create a bucket"),
            );
        };
        let theirs = found.notifications.all.iter();
        let mut theirs = theirs.filter(|held| !held.id.starts_with(&ids));
        let overlap = theirs.find_map(|held| {
            let mut wanted = one.notifications.iter();
            Some((wanted.find(|wanted| wanted.overlaps(held))?, held))
        });
        if let Some((wanted, held)) = overlap {
            let source = wanted.id.strip_prefix(&ids).unwrap_or(&wanted.id);
            return Err(Failure::input(format!(
                "the bucket `{}` cannot report to `{source}`: it reports the same to somebody else",
                one.name
            ))
            .because_of(format!(
                "its notification `{}` is for the same event of the same objects, and S3 takes one receiver",
                held.id
            ))
            .hint("narrow one of them by a prefix or a suffix, or let a topic or the event bus report to both; nothing was changed"));
        }
    }
    Ok(())
}
