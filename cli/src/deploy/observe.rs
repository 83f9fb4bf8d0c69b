//! The actual state of a deployment, by read calls only.
//!
//! Resources are found by their deterministic names and APIs by their tags, concurrently: three
//! calls deep. The first call shows whether anything is deployed. Functions that the app no longer
//! has are found by their log groups, which are created before them and outlive them.

use std::collections::BTreeMap;

use super::{
    kind::{
        access_log::found::{self as access_log, FoundAccessLog},
        artifact_bucket::found::{self as artifact_bucket, FoundArtifactBucket},
        bucket::found::{self as bucket, WholeBucket},
        bus::found::{self as bus, Buses},
        domain::found::{self as domain, WholeDomain},
        found::Left,
        function::found::{self as function, WholeFunction},
        http_api::found::{self as http_api, WholeApi},
        note, permission,
        queue::{
            self as queue_kind,
            found::{self as queue, WholeQueue},
        },
        rest_api::found::{self as rest_api, Rests, WholeRest},
        role::found::{self as role, WholeRole},
        schedule::found::{self as schedule, Schedules},
        topic::found::{self as topic, Topics},
    },
    names::{Names, THROUGH_URL_GRANT, URL_GRANT},
    together::all,
};
use crate::{
    aws::{
        Aws,
        domains::Mapping,
        error::Result,
        lambda::{Function, FunctionUrl},
    },
    values::lambda::ALIAS,
};

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
    pub(crate) artifact_buckets: Vec<FoundArtifactBucket>,
    /// The access log.
    pub(crate) access_log: FoundAccessLog,
    /// The domains that the settings and the main function name.
    pub(crate) domains: Vec<WholeDomain>,
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
    /// The buckets of the deployment, and those that have notifications of it, in the same way.
    pub(crate) buckets: Vec<WholeBucket>,
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
            buckets: permission::buckets(grants()).map(str::to_owned).collect(),
        }
    }

    /// The domain of that name.
    pub(crate) fn domain(&self, name: &str) -> Option<&WholeDomain> {
        self.domains.iter().find(|whole| whole.name == name)
    }

    /// The URL of the domain that leads to the deployment, and the domain.
    pub(crate) fn custom(&self) -> Option<(String, &WholeDomain)> {
        self.domains.iter().find_map(|whole| {
            let leads = |mapping: &&Mapping| self.api_ids().any(|id| id == mapping.api);
            let mapping = whole.mappings.iter().find(leads)?;
            Some((
                crate::settings::domain::url(&whole.name, &mapping.key),
                whole,
            ))
        })
    }

    /// True if a stage writes its access log to that log group.
    fn writes_to(&self, group: &str) -> bool {
        let http = self.apis.iter().flat_map(|whole| &whole.stages);
        let rest = self.rests.apis.iter().flat_map(|whole| &whole.stages);
        let logs = http.map(|stage| &stage.log);
        let group = format!(":log-group:{group}");
        logs.chain(rest.map(|stage| &stage.log))
            .flatten()
            .any(|log| log.group.ends_with(&group))
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
    let (
        roles,
        functions,
        (apis, foreign_apis),
        rests,
        artifact_buckets,
        access_log,
        domains,
        queues,
        hidden,
    ) = tokio::try_join!(
        Box::pin(all(names
            .functions()
            .map(|name| role::role(aws, names, name)))),
        Box::pin(function::read(aws, names, main)),
        Box::pin(http_api::apis(aws, names)),
        Box::pin(rest_api::rests(aws, names)),
        Box::pin(artifact_bucket::stores(aws, names)),
        Box::pin(access_log::access_log(aws, names)),
        Box::pin(domain::domains(aws, names, noted)),
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
        artifact_buckets,
        access_log,
        domains,
        queues,
        hidden,
        topics: Topics::default(),
        buses: Buses::default(),
        schedules: Schedules::NONE,
        scheduler: WholeRole::ABSENT,
        buckets: Vec::new(),
    };
    // The settings no longer name it, but a stage still writes to it.
    if !names.sought.access_log && actual.writes_to(&names.access_log()) {
        actual.access_log.group = access_log::group(aws, names).await?;
    }
    let left = actual.left();
    if !names.sought.queues && left.has(queue_kind::KIND) {
        let mut names = names.clone();
        names.sought.queues = true;
        actual.queues = queue::queues(aws, &names).await?;
    }
    let (topics, buses, schedules, buckets) = tokio::try_join!(
        Box::pin(topic::topics(aws, names, &left, &actual.queues)),
        Box::pin(bus::buses(aws, names, &left)),
        Box::pin(schedule::schedules(aws, names, &left)),
        Box::pin(bucket::buckets(aws, names, &left)),
    )?;
    actual.topics = topics;
    actual.buses = buses;
    actual.schedules = schedules;
    actual.buckets = buckets;
    if actual.schedules.sought {
        (_, actual.scheduler) = role::role(aws, names, &names.scheduler()).await?;
    }
    // Of a function that the app no longer has, or of which the caller does not know.
    let known = |name: &String| actual.roles.contains_key(name);
    let others = actual.functions.keys().filter(|name| !known(name));
    let others = all(others.map(|name| role::role(aws, names, name))).await?;
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
