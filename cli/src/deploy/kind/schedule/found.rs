//! What the account holds of a deployment's schedules, by read calls only.

use super::{
    KIND,
    calls::{self, FoundGroup, FoundSchedule},
    desired::{DesiredSchedule, DesiredSchedules},
};
use crate::{
    aws::{Aws, error::Result},
    deploy::{found::Found, kind::found::Left, names::Names, together::all},
    values::names::Tags,
};

/// What the account holds of schedules.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schedules {
    /// The group.
    pub(crate) group: Found<FoundGroup>,
    /// All that are in the group.
    pub(crate) schedules: Vec<FoundSchedule>,
    /// Whether it was looked for.
    pub(crate) sought: bool,
}

impl Schedules {
    /// Nothing of it.
    pub(crate) const NONE: Self = Self {
        group: Found::Absent,
        schedules: Vec::new(),
        sought: false,
    };
}

/// Reads the group with its schedules; no call where there cannot be any.
pub(crate) async fn schedules<A: Aws>(aws: &A, names: &Names, left: &Left) -> Result<Schedules> {
    if !names.sought.schedules && !left.has(KIND) {
        return Ok(Schedules::NONE);
    }
    let group = &names.function;
    let found = Box::pin(calls::find_group(aws, group)).await?;
    let found = Found::sort(found, names, |group| &group.tags);
    let mut schedules = Vec::new();
    if found.ours().is_some() {
        let listed = Box::pin(calls::names(aws, group)).await?;
        let listed = listed.into_iter().map(|name| schedule(aws, group, name));
        schedules = all(listed).await?.into_iter().flatten().collect();
        schedules.sort_by(|one: &FoundSchedule, other| one.name.cmp(&other.name));
    }
    Ok(Schedules {
        group: found,
        schedules,
        sought: true,
    })
}

async fn schedule<A: Aws>(aws: &A, group: &str, name: String) -> Result<Option<FoundSchedule>> {
    Box::pin(calls::find(aws, group, name)).await
}

/// The schedules as a deploy of them would have left them, for a plan without an account.
pub(crate) fn after(desired: Option<&DesiredSchedules>, tags: &Tags) -> Schedules {
    let Some(desired) = desired else {
        return Schedules::NONE;
    };
    let schedule = |one: &DesiredSchedule| FoundSchedule {
        name: one.name.clone(),
        document: one.document.clone(),
    };
    Schedules {
        group: Found::Ours(FoundGroup {
            arn: desired.group.clone(),
            tags: tags.clone(),
        }),
        schedules: desired.schedules.iter().map(schedule).collect(),
        sought: true,
    }
}
