//! The actual functions with their log groups, versions and aliases, by read calls only.
//!
//! Functions that the app no longer has are found by their log groups, which are created before them
//! and outlive them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    aws::{
        Aws,
        error::Result,
        lambda::{Alias, Canary, Function, Grant},
        logs::{ListedGroup, LogGroup},
    },
    deploy::{
        found::Found,
        kind::{
            invoke_config::found as invoke_config,
            mapping::found::{self as mapping, WholeMapping},
        },
        names::Names,
        together::all,
    },
    values::{asynchronous::Asynchronous, lambda::ALIAS, names::Tags},
};

/// The version that carries the traffic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Live {
    /// Its number.
    pub(crate) version: String,
    /// Its code and configuration, as they were published.
    pub(crate) function: Option<Function>,
    /// The version that takes a part of the traffic.
    pub(crate) canary: Option<Canary>,
}

/// A function with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeFunction {
    /// The log group.
    pub(crate) log_group: Found<LogGroup>,
    /// The function, as it is before it is published.
    pub(crate) function: Found<Function>,
    /// What the alias points to.
    pub(crate) live: Option<Live>,
    /// What is published, by number, the newest first.
    pub(crate) versions: Vec<(u64, Function)>,
    /// The versions that aliases of somebody else's use: they cannot be deleted.
    pub(crate) held: BTreeSet<String>,
    /// Who may invoke the alias.
    pub(crate) grants: Vec<Grant>,
    /// How many processes are kept awake for the alias.
    pub(crate) provisioned: Option<u32>,
    /// The event source mappings of the alias.
    pub(crate) mappings: Vec<WholeMapping>,
    /// How asynchronous invocations of the alias are handled, where that is set.
    pub(crate) asynchronous: Option<Asynchronous>,
}

impl WholeFunction {
    /// The tags that note kinds of resources: the function's, or its log group's where a deploy was interrupted before there was a function.
    pub(crate) fn noting(&self) -> Option<&Tags> {
        let function = self.function.ours().map(|found| &found.tags);
        let group = self.log_group.ours().map(|found| &found.tags);
        function.or(group)
    }

    /// One of which nothing is there.
    pub(crate) const ABSENT: Self = Self {
        log_group: Found::Absent,
        function: Found::Absent,
        live: None,
        versions: Vec::new(),
        held: BTreeSet::new(),
        grants: Vec::new(),
        provisioned: None,
        mappings: Vec::new(),
        asynchronous: None,
    };
}

/// Reads only the functions.
pub(crate) async fn functions<A: Aws>(
    aws: &A,
    names: &Names,
) -> Result<BTreeMap<String, WholeFunction>> {
    let main = aws.function(&names.function, None).await?;
    read(aws, names, main).await
}

/// Reads the known functions, and then those whose log groups were found.
pub(crate) async fn read<A: Aws>(
    aws: &A,
    names: &Names,
    main: Option<Function>,
) -> Result<BTreeMap<String, WholeFunction>> {
    let others = names.others.iter();
    let (groups, main, others) = tokio::try_join!(
        Box::pin(aws.log_groups(&names.log_group)),
        Box::pin(whole(aws, names, names.function.clone(), main)),
        Box::pin(all(others.map(|name| function(aws, names, name.clone())))),
    )?;
    let mut functions = BTreeMap::from([main]);
    functions.extend(others);
    let groups: Vec<(String, ListedGroup)> = groups
        .into_iter()
        .filter_map(|group| Some((names.function_of(&group.name)?.to_owned(), group)))
        .collect();
    let others = groups.iter().map(|(name, _)| name);
    let others = others.filter(|name| !functions.contains_key(*name));
    let others = all(others.map(|name| function(aws, names, name.clone()))).await?;
    functions.extend(others);
    let groups = groups.into_iter().map(|(name, group)| {
        let whole = functions.get(&name);
        let function = whole.and_then(|whole| whole.function.ours());
        let tags = function.map(|function| function.tags.clone());
        log_group(aws, names, name, group, tags)
    });
    for (name, group) in all(groups).await? {
        if let Some(whole) = functions.get_mut(&name) {
            whole.log_group = group;
        }
    }
    // A resource with another stage's name does not belong to this one, whatever its prefix.
    let named = |name: &String| names.functions().any(|known| known == name);
    functions.retain(|name, whole| {
        let ours = whole.function.ours().is_some() || whole.log_group.ours().is_some();
        named(name) || ours
    });
    Ok(functions)
}

/// The owner of a log group. The log group of one of our functions holds that function's log, so it
/// needs no call to know that it is ours; its tags are assumed to be the function's, which are set
/// after it.
async fn log_group<A: Aws>(
    aws: &A,
    names: &Names,
    function: String,
    group: ListedGroup,
    tags: Option<Tags>,
) -> Result<(String, Found<LogGroup>)> {
    let tags = match tags {
        Some(tags) => Some(tags),
        None => aws.log_group_tags(&group.arn).await?,
    };
    let retention = group.retention;
    let found = tags.map(|tags| LogGroup { retention, tags });
    let found = Found::sort(found, names, |group| &group.tags);
    Ok((function, found))
}

/// Reads a function, without its log group.
async fn function<A: Aws>(aws: &A, names: &Names, name: String) -> Result<(String, WholeFunction)> {
    let found = Box::pin(aws.function(&name, None)).await?;
    whole(aws, names, name, found).await
}

/// Reads the resources of a function; empty if it does not exist.
async fn whole<A: Aws>(
    aws: &A,
    names: &Names,
    name: String,
    function: Option<Function>,
) -> Result<(String, WholeFunction)> {
    let Some(function) = function else {
        // A mapping outlives its function (Lambda API reference, `DeleteFunction`).
        let mappings = mapping::mappings(aws, names, &name, None).await?;
        let left = WholeFunction {
            mappings,
            ..WholeFunction::ABSENT
        };
        return Ok((name, left));
    };
    let (mut aliases, versions, grants, provisioned, mappings, asynchronous) = tokio::try_join!(
        Box::pin(aws.aliases(&name)),
        Box::pin(aws.versions(&name)),
        Box::pin(aws.grants(&name, ALIAS)),
        Box::pin(aws.provisioned(&name, ALIAS)),
        Box::pin(mapping::mappings(aws, names, &name, Some(&function))),
        Box::pin(invoke_config::invoke_config(aws, &name, &function)),
    )?;
    let versions = newest_first(versions);
    let whole = WholeFunction {
        log_group: Found::Absent,
        function: Found::sort(Some(function), names, |function| &function.tags),
        live: aliases.remove(ALIAS).map(|alias| live(alias, &versions)),
        held: aliases.into_values().flat_map(versions_of).collect(),
        versions,
        grants,
        provisioned,
        mappings,
        asynchronous,
    };
    Ok((name, whole))
}

/// The published versions in order.
pub(crate) fn newest_first(versions: Vec<(String, Function)>) -> Vec<(u64, Function)> {
    let mut all: Vec<_> = versions
        .into_iter()
        .filter_map(|(number, function)| Some((number.parse().ok()?, function)))
        .collect();
    all.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    all
}

/// The versions that an alias sends to.
fn versions_of(alias: Alias) -> impl Iterator<Item = String> {
    let canary = alias.canary.map(|canary| canary.version);
    std::iter::once(alias.version).chain(canary)
}

fn live(alias: Alias, versions: &[(u64, Function)]) -> Live {
    let number = alias.version.parse().ok();
    let found = versions.iter().find(|(held, _)| Some(*held) == number);
    Live {
        version: alias.version,
        function: found.map(|(_, function)| function.clone()),
        canary: alias.canary,
    }
}
