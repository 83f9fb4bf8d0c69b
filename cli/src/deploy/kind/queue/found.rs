//! What the account holds of a deployment's queues, by read calls only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    calls::{self, names as listed},
    desired::{Attributes, DesiredQueue, url},
};
use crate::{
    aws::{
        Aws,
        error::{Kind, Result},
    },
    deploy::{found::Found, names::Names, together::all},
    values::names::Tags,
};

/// A queue that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundQueue {
    /// Its URL, which every call names it by.
    pub(crate) url: String,
    /// How it is set.
    pub(crate) attributes: Attributes,
    /// About how many messages are in it.
    pub(crate) messages: u64,
    /// The statements of its policy that are not the deployment's.
    pub(crate) others: Vec<Value>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A queue of the deployment's, there or not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeQueue {
    /// AWS's name for it.
    pub(crate) name: String,
    /// What is there.
    pub(crate) found: Found<FoundQueue>,
}

/// Reads the queues that the settings have, and those that a deploy before has left; no call where there cannot be any.
pub(crate) async fn queues<A: Aws>(aws: &A, names: &Names) -> Result<Vec<WholeQueue>> {
    if !names.sought.queues {
        return Ok(Vec::new());
    }
    let (wanted, prefix) = (names.queues.iter(), names.prefix());
    let (mut found, listed) = tokio::try_join!(
        Box::pin(all(wanted.map(|name| queue(aws, names, name.clone())))),
        Box::pin(listed(aws, &prefix)),
    )?;
    let known: BTreeSet<&String> = names.queues.iter().collect();
    let others = listed.into_iter().filter(|name| !known.contains(name));
    let others = all(others.map(|name| queue(aws, names, name))).await?;
    // What only begins with the same words is another stage's, or somebody else's.
    let ours = |one: &WholeQueue| one.found.ours().is_some();
    found.extend(others.into_iter().filter(ours));
    // SQS lists in no order, and two readings of one account make the same plan.
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Reads for how many seconds the queues hide messages that functions read and the deployment does not own, by ARN. One that the caller may
/// not read is left out: Lambda answers for it.
pub(crate) async fn existing<A: Aws>(aws: &A, names: &Names) -> Result<BTreeMap<String, u32>> {
    let read = all(names.existing.iter().map(async |arn| {
        let hidden = match Box::pin(calls::hidden(aws, &url(arn))).await {
            Err(error) if matches!(error.kind, Kind::Denied | Kind::NotFound) => None,
            hidden => hidden?,
        };
        Ok((arn.clone(), hidden))
    }))
    .await?;
    let read = read.into_iter();
    Ok(read
        .filter_map(|(arn, hidden)| Some((arn, hidden?)))
        .collect())
}

async fn queue<A: Aws>(aws: &A, names: &Names, name: String) -> Result<WholeQueue> {
    let found = Box::pin(calls::find(aws, &name)).await?;
    let found = Found::sort(found, names, |queue| &queue.tags);
    Ok(WholeQueue { name, found })
}

/// The queues as a deploy of them would have left them, for a plan without an account.
pub(crate) fn after(desired: &[DesiredQueue], tags: &Tags) -> Vec<WholeQueue> {
    let queue = |one: &DesiredQueue| WholeQueue {
        name: one.name.clone(),
        found: Found::Ours(FoundQueue {
            url: one.url(),
            attributes: one.attributes.clone(),
            messages: 0,
            others: Vec::new(),
            tags: tags.clone(),
        }),
    };
    desired.iter().map(queue).collect()
}
