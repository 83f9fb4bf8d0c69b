//! The actual state of a deployment, by read calls only.
//!
//! Resources are found by their deterministic names and APIs by their tags, concurrently: three
//! calls deep. The first call shows whether anything is deployed. Functions that the app no longer
//! has are found by their log groups, which are created before them and outlive them.

pub(crate) mod around;
pub(crate) mod rest;
pub(crate) mod store;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::{
    around::Around,
    rest::{Rests, WholeRest},
    store::WholeStore,
};
pub(crate) use super::found::Found;
use super::{
    access::{Access, Asked, Routes},
    found::owner,
    kind::{
        bus::found::{self as bus, Buses},
        found::Left,
        invoke_config::found as invoke_config,
        mapping::found::{self as mapping, WholeMapping},
        note, permission,
        queue::{
            self as queue_kind,
            found::{self as queue, WholeQueue},
        },
        schedule::found::{self as schedule, Schedules},
        topic::found::{self as topic, Topics},
    },
    model::{Names, POLICY, THROUGH_URL_GRANT, URL_GRANT},
    together::all,
};
use crate::{
    aws::{
        Aws,
        apigateway::{Api, Authorizer, Integration, Route, Stage},
        error::Result,
        iam::Role,
        lambda::{Alias, Canary, Function, FunctionUrl, Grant},
        logs::{ListedGroup, LogGroup},
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

/// An API with all that is in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeApi {
    /// The API itself.
    pub(crate) api: Api,
    /// Its integrations.
    pub(crate) integrations: Vec<Integration>,
    /// Its routes.
    pub(crate) routes: Vec<Route>,
    /// Its authorizers.
    pub(crate) authorizers: Vec<Authorizer>,
    /// Its stages, by name: one, unless it is about to have another name.
    pub(crate) stages: Vec<Stage>,
    /// Where it answers, once it has a stage.
    pub(crate) url: Option<String>,
}

impl WholeApi {
    /// Whether it takes traffic.
    pub(crate) fn is_open(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Which callers its routes admit, by route key. Of several authorizers of one name the first one is that of the name.
    pub(crate) fn access(&self) -> Routes {
        let asked = |id: &String| {
            let found = self.authorizers.iter().find(|one| one.id == *id);
            let of_name = |name: &str| self.authorizers.iter().find(|one| one.name == name);
            let kept = found.filter(|found| of_name(&found.name).is_some_and(|one| one.id == *id));
            Asked {
                name: kept.map_or_else(|| id.clone(), |kept| kept.name.clone()),
                checks: found.map(|found| found.checks.clone()),
            }
        };
        let all = self.routes.iter().map(|route| {
            let access = Access {
                guard: route.guard.map(asked),
                api_key: None,
            };
            (route.key.clone(), access)
        });
        all.collect()
    }

    /// Its stage of that name.
    pub(crate) fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
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

/// A role with its policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeRole {
    /// The role.
    pub(crate) role: Found<Role>,
    /// Its inline policy.
    pub(crate) policy: Option<Value>,
    /// The names of its other inline policies.
    pub(crate) inline: Vec<String>,
    /// The ARNs of the managed policies that are attached to it.
    pub(crate) attached: Vec<String>,
}

impl WholeRole {
    /// A role that is not there.
    pub(crate) const ABSENT: Self = Self {
        role: Found::Absent,
        policy: None,
        inline: Vec::new(),
        attached: Vec::new(),
    };
}

/// What the account holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Actual {
    /// The roles of the functions, by the functions' names.
    pub(crate) roles: BTreeMap<String, WholeRole>,
    /// The functions, by name: those of the app, and those that it no longer has.
    pub(crate) functions: BTreeMap<String, WholeFunction>,
    /// The alias' URL.
    pub(crate) url: Option<FunctionUrl>,
    /// The APIs with the deployment's tags, those with a stage first: one, unless something went wrong.
    pub(crate) apis: Vec<WholeApi>,
    /// Whose the APIs are that bear the name without the tags.
    pub(crate) foreign_apis: Vec<String>,
    /// The REST APIs, and what comes with them.
    pub(crate) rests: Rests,
    /// The buckets through which large zips go, where they were read.
    pub(crate) stores: Vec<WholeStore>,
    /// What is around the API.
    pub(crate) around: Around,
    /// The queues of the settings, and those of the deployment's that the settings no longer have.
    pub(crate) queues: Vec<WholeQueue>,
    /// For how many seconds the other queues hide messages that functions read, by ARN.
    pub(crate) hidden: BTreeMap<String, u32>,
    /// The topics, in the same way, and what leads from topics to the deployment.
    pub(crate) topics: Topics,
    /// The event buses and the rules, in the same way.
    pub(crate) buses: Buses,
    /// The schedules, with their group and their role.
    pub(crate) schedules: Schedules,
    /// The role by which schedules invoke.
    pub(crate) scheduler: WholeRole,
}

impl Actual {
    /// The function of that name.
    pub(crate) fn function(&self, name: &str) -> &WholeFunction {
        static ABSENT: WholeFunction = WholeFunction::ABSENT;
        self.functions.get(name).unwrap_or(&ABSENT)
    }

    /// The role of the function of that name.
    pub(crate) fn role(&self, function: &str) -> &WholeRole {
        static ABSENT: WholeRole = WholeRole::ABSENT;
        self.roles.get(function).unwrap_or(&ABSENT)
    }

    /// What the functions tell of resources of other kinds.
    fn left(&self) -> Left {
        let functions = self.functions.iter();
        let ours = functions.filter(|(_, one)| one.function.ours().is_some());
        let all = || self.functions.values();
        let kinds = all().flat_map(|one| note::noted(one.noting()));
        let grants = || all().flat_map(|one| &one.grants);
        Left {
            kinds: kinds.map(str::to_owned).collect(),
            functions: ours.map(|(name, _)| name.clone()).collect(),
            topics: permission::topics(grants()).map(str::to_owned).collect(),
            buses: permission::buses(grants()).collect(),
        }
    }

    /// The ids of the deployment's APIs.
    pub(crate) fn api_ids(&self) -> impl Iterator<Item = &str> {
        let http = self.apis.iter().map(|whole| whole.api.id.as_str());
        let rest = self.rests.apis.iter();
        http.chain(rest.map(|whole| whole.api.id.as_str()))
    }

    /// The gateway's own URL, once it has an API with a stage.
    pub(crate) fn url(&self) -> Option<&str> {
        let api = self.apis.first().and_then(|whole| whole.url.as_deref());
        let rest = self.rests.apis.first();
        let api = api.or_else(|| rest.and_then(|whole| whole.url.as_deref()));
        api.or_else(|| self.url.as_ref().map(|found| found.url.as_str()))
    }
}

/// Reads the actual state of this deployment.
pub(crate) async fn observe<A: Aws>(aws: &A, names: &Names) -> Result<Actual> {
    let main = aws.function(&names.function, None).await?;
    observe_rest(aws, names, main).await
}

/// The same, if the main function has just been read.
pub(crate) async fn observe_rest<A: Aws>(
    aws: &A,
    names: &Names,
    main: Option<Function>,
) -> Result<Actual> {
    let there = main.is_some();
    let ours = main.as_ref().filter(|main| names.own(&main.tags));
    let noted = ours.map(|main| Names::domains(&main.tags).collect());
    let noted: Vec<String> = noted.unwrap_or_default();
    // The clients' futures are large: side by side on the stack they would not fit a small one.
    let (roles, functions, (apis, foreign_apis), rests, stores, around, queues, hidden) = tokio::try_join!(
        Box::pin(all(names.functions().map(|name| role(aws, names, name)))),
        Box::pin(read(aws, names, main)),
        Box::pin(apis(aws, names)),
        Box::pin(rest::rests(aws, names)),
        Box::pin(store::stores(aws, names)),
        Box::pin(around::sought(aws, names, noted)),
        Box::pin(queue::queues(aws, names)),
        Box::pin(queue::existing(aws, names)),
    )?;
    let mut actual = Actual {
        roles: roles.into_iter().collect(),
        functions,
        url: None,
        apis,
        foreign_apis,
        rests,
        stores,
        around,
        queues,
        hidden,
        topics: Topics::default(),
        buses: Buses::default(),
        schedules: Schedules::NONE,
        scheduler: WholeRole::ABSENT,
    };
    around::left(aws, names, &mut actual).await?;
    let left = actual.left();
    if !names.sought.queues && left.has(queue_kind::KIND) {
        let mut names = names.clone();
        names.sought.queues = true;
        actual.queues = queue::queues(aws, &names).await?;
    }
    let (topics, buses, schedules) = tokio::try_join!(
        Box::pin(topic::topics(aws, names, &left, &actual.queues)),
        Box::pin(bus::buses(aws, names, &left)),
        Box::pin(schedule::schedules(aws, names, &left)),
    )?;
    actual.topics = topics;
    actual.buses = buses;
    actual.schedules = schedules;
    if actual.schedules.sought {
        (_, actual.scheduler) = role(aws, names, &names.scheduler()).await?;
    }
    // Of a function that the app no longer has, or of which the caller does not know.
    let known = |name: &String| actual.roles.contains_key(name);
    let others = actual.functions.keys().filter(|name| !known(name));
    let others = all(others.map(|name| role(aws, names, name))).await?;
    actual.roles.extend(others);
    // Next to an open API there is a URL only while one replaces the other: then the settings have
    // one, or the URL's permissions exist.
    let rest = actual.rests.apis.iter().any(WholeRest::is_open);
    let open = rest || actual.apis.iter().any(WholeApi::is_open);
    let main = actual.function(&names.function);
    let permitted = main.grants.iter().any(|grant| is_of_url(&grant.id));
    if there && (permitted || !open || names.sought.url) {
        actual.url = aws.function_url(&names.function, ALIAS).await?;
    }
    Ok(actual)
}

/// Reads the role of a function, and its policies if it exists.
async fn role<A: Aws>(aws: &A, names: &Names, function: &str) -> Result<(String, WholeRole)> {
    let name = names.role_of(function);
    let found = Box::pin(aws.role(&name)).await?;
    if found.is_none() {
        return Ok((function.to_owned(), WholeRole::ABSENT));
    }
    let (policy, mut inline, attached) = tokio::try_join!(
        Box::pin(aws.role_policy(&name, POLICY)),
        Box::pin(aws.inline_policies(&name)),
        Box::pin(aws.attached_policies(&name)),
    )?;
    inline.retain(|policy| policy != POLICY);
    let whole = WholeRole {
        role: Found::sort(found, names, |role| &role.tags),
        policy,
        inline,
        attached,
    };
    Ok((function.to_owned(), whole))
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
async fn read<A: Aws>(
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

/// True if a statement with this id belongs to a URL.
fn is_of_url(id: &str) -> bool {
    [URL_GRANT, THROUGH_URL_GRANT].contains(&id)
}

/// The URL of a deployment: concurrent calls, and one more for the API's stage if no domain of the
/// settings leads to it.
pub(crate) async fn url<A: Aws>(aws: &A, names: &Names) -> Result<Option<String>> {
    let (mut all, mut rests, url, mappings) = tokio::try_join!(
        aws.apis(),
        aws.rest_apis(),
        aws.function_url(&names.function, ALIAS),
        async {
            match &names.sought.domain {
                Some(domain) => aws.mappings(domain).await,
                None => Ok(Vec::new()),
            }
        },
    )?;
    rests.retain(|api| names.own(&api.tags));
    all.retain(|api| names.own(&api.tags));
    let ids = all.iter().map(|api| &api.id);
    let ids: Vec<&String> = ids.chain(rests.iter().map(|api| &api.id)).collect();
    if let (Some(domain), Some(mapping)) = (
        &names.sought.domain,
        mappings.iter().find(|mapping| ids.contains(&&mapping.api)),
    ) {
        return Ok(Some(crate::settings::domain::url(domain, &mapping.key)));
    }
    for api in all {
        let mut stages = aws.stages(&api.id).await?;
        stages.sort_by(|one, other| one.name.cmp(&other.name));
        if let Some(stage) = stages.first() {
            return Ok(Some(format!("{}{}", api.endpoint, stage.prefix())));
        }
    }
    for api in rests {
        let mut stages = aws.rest_stages(&api.id).await?;
        stages.sort_by(|one, other| one.name.cmp(&other.name));
        if let Some(stage) = stages.first() {
            let url = crate::aws::rest::url(&api.id, aws.region(), &stage.name);
            return Ok(Some(url));
        }
    }
    Ok(url.map(|found| found.url))
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

/// Reads the APIs of a deployment, and the owners of others with its name.
pub(crate) async fn apis<A: Aws>(aws: &A, names: &Names) -> Result<(Vec<WholeApi>, Vec<String>)> {
    let all = aws.apis().await?;
    let (ours, others): (Vec<Api>, Vec<Api>) =
        all.into_iter().partition(|api| names.own(&api.tags));
    let foreign = others
        .iter()
        .filter(|api| api.name == names.function)
        .map(|api| owner(&api.tags))
        .collect();
    let mut apis = Vec::new();
    for api in ours {
        let (integrations, routes, authorizers, mut stages) = tokio::try_join!(
            aws.integrations(&api.id),
            aws.routes(&api.id),
            aws.authorizers(&api.id),
            aws.stages(&api.id),
        )?;
        stages.sort_by(|one, other| one.name.cmp(&other.name));
        let url = stages.first();
        let url = url.map(|stage| format!("{}{}", api.endpoint, stage.prefix()));
        apis.push(WholeApi {
            api,
            integrations,
            routes,
            authorizers,
            stages,
            url,
        });
    }
    let order = |whole: &WholeApi| (!whole.is_open(), whole.api.id.clone());
    apis.sort_by_key(order);
    Ok((apis, foreign))
}
