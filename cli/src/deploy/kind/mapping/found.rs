//! What the account holds of a deployment's mappings, by read calls only.

use super::desired::{self, DesiredMapping};
use crate::{
    aws::{Aws, error::Result, lambda::Function, mappings::Mapping},
    deploy::{
        found::Found,
        names::{AwsLocation, Names},
        together::all,
    },
    values::names::Tags,
};

/// A mapping that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundMapping {
    /// What Lambda has of it.
    pub(crate) mapping: Mapping,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A mapping to a function of the deployment's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeMapping {
    /// What it is called in plans.
    pub(crate) name: String,
    /// What is there.
    pub(crate) found: Found<FoundMapping>,
}

/// Reads what takes messages from queues for a function's alias: no call for a function that the settings have none for, and that is not a
/// source either. One that an earlier version of the app had may have become another source.
pub(crate) async fn mappings<A: Aws>(
    aws: &A,
    names: &Names,
    function: &str,
    found: Option<&Function>,
) -> Result<Vec<WholeMapping>> {
    let wanted = names.mapped.iter().any(|name| name == function);
    let source = found.is_some_and(|found| found.configuration.handler.starts_with("source."));
    if !wanted && !source {
        return Ok(Vec::new());
    }
    let place = AwsLocation::new(&aws.caller().await?, aws.region());
    let listed = aws.source_mappings(&place.alias(function)).await?;
    let mut found: Vec<WholeMapping> = all(listed.into_iter().map(async |mapping| {
        let name = desired::name(&mapping.queue, function);
        let tags = aws.source_mapping_tags(&mapping.arn).await?;
        let found = tags.map(|tags| FoundMapping { mapping, tags });
        let found = Found::sort(found, names, |found| &found.tags);
        Ok(WholeMapping { name, found })
    }))
    .await?;
    found.retain(|whole| whole.found != Found::Absent);
    // Lambda lists in no order, and two readings of one account make the same plan.
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The mappings to a function as a deploy of them would have left them, for a plan without an account.
pub(crate) fn after(desired: &[DesiredMapping], function: &str, tags: &Tags) -> Vec<WholeMapping> {
    let own = desired.iter().filter(|one| one.function == function);
    own.map(|one| WholeMapping {
        name: one.name.clone(),
        found: Found::Ours(FoundMapping {
            mapping: Mapping {
                id: one.name.clone(),
                arn: one.name.clone(),
                queue: one.queue.clone(),
                polling: one.polling.clone(),
                reports: true,
                enabled: true,
            },
            tags: tags.clone(),
        }),
    })
    .collect()
}
