//! What the account holds of a deployment's buses and rules, by read calls only.

use std::collections::BTreeSet;

use super::{
    DEFAULT, KIND, RULE,
    calls::{self, FoundBus, FoundRule},
    desired::{DesiredBus, DesiredRule, TARGET},
};
use crate::{
    aws::{Aws, error::Result},
    deploy::{found::Found, kind::found::Left, names::Names, together::all},
    values::names::Tags,
};

/// A bus of the deployment's, there or not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeBus {
    /// AWS's name for it.
    pub(crate) name: String,
    /// What is there.
    pub(crate) found: Found<FoundBus>,
}

/// A rule of the deployment's name: its bus, its name, and what is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeRule {
    /// The name of its bus.
    pub(crate) bus: String,
    /// Its name.
    pub(crate) name: String,
    /// What is there.
    pub(crate) found: Found<FoundRule>,
}

/// What the account holds of buses and rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Buses {
    /// Those of the settings, and those of the deployment's that the settings no longer have.
    pub(crate) buses: Vec<WholeBus>,
    /// The deployment's rules on all its buses, on the default one, and on those that are there already.
    pub(crate) rules: Vec<WholeRule>,
}

/// Reads the buses and rules that the app has, and those that a deploy before has left; no call where there cannot be any.
pub(crate) async fn buses<A: Aws>(aws: &A, names: &Names, left: &Left) -> Result<Buses> {
    if !names.sought.buses && !left.has(KIND) && !left.has(RULE) {
        return Ok(Buses::default());
    }
    let prefix = names.prefix();
    let listed = Box::pin(calls::buses(aws, &prefix)).await?;
    let found = all(listed
        .into_iter()
        .map(|(name, arn)| bus(aws, names, name, arn)))
    .await?;
    let wanted = |name: &String| names.buses.contains(name);
    // What only begins with the same words is another stage's, or somebody else's.
    let mut buses: Vec<WholeBus> = found
        .into_iter()
        .filter(|one| wanted(&one.name) || one.found.ours().is_some())
        .collect();
    for name in &names.buses {
        if !buses.iter().any(|one| one.name == *name) {
            let (name, found) = (name.clone(), Found::Absent);
            buses.push(WholeBus { name, found });
        }
    }
    buses.sort_by(|one, other| one.name.cmp(&other.name));
    let own = buses.iter().filter(|one| one.found.ours().is_some());
    let mut on: BTreeSet<String> = own.map(|one| one.name.clone()).collect();
    on.insert(DEFAULT.to_owned());
    on.extend(names.existing_buses.iter().cloned());
    on.extend(left.buses.iter().cloned());
    let lists = all(on.into_iter().map(|bus| rules(aws, names, bus))).await?;
    let wanted = |one: &WholeRule| {
        let mut all = names.rules.iter();
        all.any(|(bus, name)| *bus == one.bus && *name == one.name)
    };
    let all = lists.into_iter().flatten();
    let mut rules: Vec<WholeRule> = all
        .filter(|one| one.found.ours().is_some() || wanted(one))
        .collect();
    rules.sort_by(|one, other| (&one.bus, &one.name).cmp(&(&other.bus, &other.name)));
    Ok(Buses { buses, rules })
}

async fn bus<A: Aws>(aws: &A, names: &Names, name: String, arn: String) -> Result<WholeBus> {
    let found = Box::pin(calls::find(aws, arn)).await?;
    let found = Found::sort(found, names, |bus| &bus.tags);
    Ok(WholeBus { name, found })
}

async fn rules<A: Aws>(aws: &A, names: &Names, bus: String) -> Result<Vec<WholeRule>> {
    let listed = Box::pin(calls::rules(aws, &bus, &names.function)).await?;
    let bus = &bus;
    all(listed.into_iter().map(async |one| {
        let name = one["Name"].as_str().unwrap_or_default().to_owned();
        let found = Box::pin(calls::find_rule(aws, bus, &one)).await?;
        let found = Found::sort(found, names, |rule| &rule.tags);
        let bus = bus.clone();
        Ok(WholeRule { bus, name, found })
    }))
    .await
}

/// The buses and rules as a deploy of them would have left them, for a plan without an account.
pub(crate) fn after(buses: &[DesiredBus], rules: &[DesiredRule], tags: &Tags) -> Buses {
    let bus = |one: &DesiredBus| WholeBus {
        name: one.name.clone(),
        found: Found::Ours(FoundBus {
            arn: one.arn.clone(),
            tags: tags.clone(),
        }),
    };
    let rule = |one: &DesiredRule| WholeRule {
        bus: one.bus.clone(),
        name: one.name.clone(),
        found: Found::Ours(FoundRule {
            bus: one.bus.clone(),
            name: one.name.clone(),
            arn: one.called(),
            pattern: one.pattern.clone(),
            enabled: one.enabled,
            target: Some(one.target.clone()),
            targets: vec![TARGET.to_owned()],
            tags: tags.clone(),
        }),
    };
    Buses {
        buses: buses.iter().map(bus).collect(),
        rules: rules.iter().map(rule).collect(),
    }
}
