//! What the account holds of a deployment, by read calls only.
//!
//! Resources are found by their deterministic names and APIs by their tags, side by side: two calls deep at most. Functions
//! of authorizers that the app has no more are found by their log groups, which are made before them and outlive them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    model::{ALIAS, Names, POLICY, TAG_APP, TAG_STAGE},
    together::all,
};
use crate::aws::{
    Aws, Result, Tags,
    apigateway::{Api, Authorizer, Integration, Route, Stage},
    iam::Role,
    lambda::{Alias, Canary, Function, FunctionUrl, Grant},
    logs::{ListedGroup, LogGroup},
};

/// A resource of a deployment's name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found<T> {
    /// It is not there.
    Absent,
    /// It is there and carries the deployment's tags.
    Ours(T),
    /// It is there and is somebody else's: whose.
    Foreign(String),
}

impl<T> Found<T> {
    /// The resource, when it is ours.
    pub(crate) fn ours(&self) -> Option<&T> {
        match self {
            Self::Ours(found) => Some(found),
            Self::Absent | Self::Foreign(_) => None,
        }
    }

    fn sort(found: Option<T>, names: &Names, tags: impl Fn(&T) -> &Tags) -> Self {
        match found {
            None => Self::Absent,
            Some(found) if names.own(tags(&found)) => Self::Ours(found),
            Some(found) => Self::Foreign(owner(tags(&found))),
        }
    }
}

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
    /// Who may invoke the alias.
    pub(crate) grants: Vec<Grant>,
    /// How many processes are kept awake for the alias.
    pub(crate) provisioned: Option<u32>,
}

impl WholeFunction {
    /// One of which nothing is there.
    pub(crate) const ABSENT: Self = Self {
        log_group: Found::Absent,
        function: Found::Absent,
        live: None,
        versions: Vec::new(),
        grants: Vec::new(),
        provisioned: None,
    };
}

/// What the account holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Actual {
    /// The role.
    pub(crate) role: Found<Role>,
    /// The role's inline policy.
    pub(crate) policy: Option<Value>,
    /// The functions, by name: the main one, the authorizers', and those of authorizers that were.
    pub(crate) functions: BTreeMap<String, WholeFunction>,
    /// The alias' URL.
    pub(crate) url: Option<FunctionUrl>,
    /// The APIs with the deployment's tags, those with a stage first: one, unless something went wrong.
    pub(crate) apis: Vec<WholeApi>,
    /// Whose the APIs are that bear the name without the tags.
    pub(crate) foreign_apis: Vec<String>,
}

impl Actual {
    /// The function of that name.
    pub(crate) fn function(&self, name: &str) -> &WholeFunction {
        static ABSENT: WholeFunction = WholeFunction::ABSENT;
        self.functions.get(name).unwrap_or(&ABSENT)
    }

    /// The deployment's URL, once it has an API with a stage.
    pub(crate) fn url(&self) -> Option<&str> {
        let api = self.apis.first().and_then(|whole| whole.url.as_deref());
        api.or_else(|| self.url.as_ref().map(|found| found.url.as_str()))
    }
}

/// Reads what the account holds of that deployment.
pub(crate) async fn observe<A: Aws>(aws: &A, names: &Names) -> Result<Actual> {
    // The clients' futures are large: side by side on the stack they would not fit a small one.
    let (role, policy, functions, url, (apis, foreign_apis)) = tokio::try_join!(
        Box::pin(aws.role(&names.role)),
        Box::pin(aws.role_policy(&names.role, POLICY)),
        Box::pin(functions(aws, names)),
        Box::pin(aws.function_url(&names.function, ALIAS)),
        Box::pin(apis(aws, names)),
    )?;
    Ok(Actual {
        role: Found::sort(role, names, |role| &role.tags),
        policy,
        functions,
        url,
        apis,
        foreign_apis,
    })
}

/// Reads the functions that are known, and then those whose log groups were found.
pub(crate) async fn functions<A: Aws>(
    aws: &A,
    names: &Names,
) -> Result<BTreeMap<String, WholeFunction>> {
    let known = names.functions();
    let (groups, known) = tokio::try_join!(
        Box::pin(aws.log_groups(&names.log_group)),
        Box::pin(all(known.map(|name| function(aws, names, name.to_owned())))),
    )?;
    let mut functions: BTreeMap<_, _> = known.into_iter().collect();
    let groups = groups
        .into_iter()
        .filter_map(|group| Some((names.function_of(&group.name)?.to_owned(), group)));
    let groups: Vec<(String, ListedGroup)> = groups.collect();
    let others = groups
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !functions.contains_key(*name));
    let (others, tags) = tokio::try_join!(
        Box::pin(all(others.map(|name| function(aws, names, name.clone())))),
        Box::pin(all(groups
            .iter()
            .map(|(_, group)| aws.log_group_tags(&group.arn)))),
    )?;
    // What bears another stage's name is none of ours, however it begins.
    functions.extend(
        others
            .into_iter()
            .filter(|(_, whole)| !matches!(whole.function, Found::Foreign(_))),
    );
    for ((name, group), tags) in groups.into_iter().zip(tags) {
        let (Some(whole), Some(tags)) = (functions.get_mut(&name), tags) else {
            continue;
        };
        let found = LogGroup {
            retention: group.retention,
            tags,
        };
        whole.log_group = Found::sort(Some(found), names, |group| &group.tags);
    }
    let named = |name: &String| names.functions().any(|known| known == name);
    functions.retain(|name, whole| {
        let ours = whole.function.ours().is_some() || whole.log_group.ours().is_some();
        named(name) || ours
    });
    Ok(functions)
}

/// Reads a function, without its log group.
async fn function<A: Aws>(aws: &A, names: &Names, name: String) -> Result<(String, WholeFunction)> {
    let (function, alias, versions, grants, provisioned) = tokio::try_join!(
        Box::pin(aws.function(&name, None)),
        Box::pin(aws.alias(&name, ALIAS)),
        Box::pin(aws.versions(&name)),
        Box::pin(aws.grants(&name, ALIAS)),
        Box::pin(aws.provisioned(&name, ALIAS)),
    )?;
    let versions = newest_first(versions);
    let whole = WholeFunction {
        log_group: Found::Absent,
        function: Found::sort(function, names, |function| &function.tags),
        live: alias.map(|alias| live(alias, &versions)),
        versions,
        grants,
        provisioned,
    };
    Ok((name, whole))
}

/// Where a deployment answers: two calls side by side, and a third for the API's stage.
pub(crate) async fn url<A: Aws>(aws: &A, names: &Names) -> Result<Option<String>> {
    let (mut all, url) = tokio::try_join!(aws.apis(), aws.function_url(&names.function, ALIAS))?;
    all.retain(|api| names.own(&api.tags));
    for api in all {
        let mut stages = aws.stages(&api.id).await?;
        stages.sort_by(|one, other| one.name.cmp(&other.name));
        if let Some(stage) = stages.first() {
            return Ok(Some(format!("{}{}", api.endpoint, stage.prefix())));
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

fn live(alias: Alias, versions: &[(u64, Function)]) -> Live {
    let number = alias.version.parse().ok();
    let found = versions.iter().find(|(held, _)| Some(*held) == number);
    Live {
        version: alias.version,
        function: found.map(|(_, function)| function.clone()),
        canary: alias.canary,
    }
}

async fn apis<A: Aws>(aws: &A, names: &Names) -> Result<(Vec<WholeApi>, Vec<String>)> {
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

/// Whose a resource with those tags is, in words.
fn owner(tags: &Tags) -> String {
    let tag = |key: &str| tags.get(key).map_or("?", String::as_str);
    if tags.contains_key(TAG_APP) || tags.contains_key(TAG_STAGE) {
        format!("app `{}`, stage `{}`", tag(TAG_APP), tag(TAG_STAGE))
    } else if let Some(stack) = tags.get("aws:cloudformation:stack-name") {
        format!("the CloudFormation stack `{stack}`")
    } else if let Some(chalice) = tags.get("aws-chalice") {
        format!("Chalice: `{chalice}`")
    } else {
        format!("something that was not made by `cargo fw`: it has no `{TAG_APP}` tag")
    }
}
