//! A committed snapshot of the last deployment, so that a plan is possible without an account.
//!
//! It contains what the settings and the manifest define. It contains neither the code (its hash
//! differs between machines) nor the values of variables (a digest shows that one has changed).
//!
//! The file is long because reading back names each field of the account: a kind that forgot one would plan a change.

use std::{collections::BTreeMap, path::PathBuf};

use fw_manifest::Part;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    found::Found,
    health::Health,
    kind::{
        access_log::found::FoundAccessLog,
        bucket::{self, desired::DesiredBucket},
        bus::{
            self,
            desired::{DesiredBus, DesiredRule},
            found::Buses,
        },
        domain::found::WholeDomain,
        function::{
            desired::DesiredFunction,
            found::{Live, WholeFunction},
        },
        http_api::{desired::Http, found::WholeApi},
        mapping::{self, desired::DesiredMapping},
        queue::{self, desired::DesiredQueue},
        rest_api::{
            desired::Rest,
            found::{Rests, WholeRest},
        },
        role::{desired::DesiredRole, found::WholeRole},
        schedule::{self, desired::DesiredSchedules, found::Schedules},
        topic::{
            self,
            desired::{DesiredSubscription, DesiredTopic},
            found::Topics,
        },
    },
    model::{Desired, openapi},
    names::{
        ASK_GRANT, AwsLocation, GRANT, Names, REST_ASK_GRANT, REST_GRANT, TAG_DOMAIN,
        THROUGH_URL_GRANT, URL_GRANT,
    },
    observe::Actual,
};
use crate::{
    aws::{
        apigateway::{Api, Authorizer, Integration, Route},
        domains::{DomainName, Mapping},
        iam::Role,
        lambda::{Allows, Configuration, Function, FunctionUrl, Grant, Readiness, UrlSettings},
        logs::LogGroup,
        rest::{ApiKey, Deployment, RestApi, RestStage, Secret, UsagePlan},
    },
    error::{Context as _, Exit, Failure, Result},
    project::Project,
    settings::domain::Domain,
    values::{
        asynchronous::Asynchronous,
        code::{Code, Way},
        gateway::{Cors, Gateway},
        lambda::Architecture,
        names::Tags,
        text::hex,
    },
};

/// The newest schema of a snapshot.
const SCHEMA: u32 = 1;

/// What was deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    schema: u32,
    app: String,
    stage: String,
    architecture: Architecture,
    /// The main function's.
    configuration: Option<Configuration>,
    /// Those of the others, by function.
    #[serde(
        default,
        rename = "authorizers",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    others: BTreeMap<String, Configuration>,
    /// Of the main function's role.
    policy: Value,
    /// Of the roles that the others have of their own, by function.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    policies: BTreeMap<String, Value>,
    log_retention: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_log: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<Domain>,
    /// Of the settings.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    tags: Tags,
    /// Reserved and provisioned, by function.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    concurrency: BTreeMap<String, [Option<u32>; 2]>,
    /// What lets a service invoke a function, by function.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    invokers: BTreeMap<String, Grant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boundary: Option<String>,
    cors: Option<Cors>,
    #[serde(default)]
    url: Option<UrlSettings>,
    routes: Vec<String>,
    #[serde(default)]
    http: Http,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rest: Option<Rest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    queues: Vec<DesiredQueue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mappings: Vec<DesiredMapping>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    buckets: Vec<DesiredBucket>,
    /// By function.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    asynchronous: BTreeMap<String, Asynchronous>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    topics: Vec<DesiredTopic>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subscriptions: Vec<DesiredSubscription>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    buses: Vec<DesiredBus>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<DesiredRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedules: Option<DesiredSchedules>,
}

/// The snapshot's file: `fw.dev.snapshot.json` beside `fw.toml`.
pub(crate) fn path(project: &Project, stage: &str) -> PathBuf {
    project
        .package_dir()
        .join(format!("fw.{stage}.snapshot.json"))
}

/// A place that stands for any: a snapshot is of no account.
pub(crate) fn nowhere() -> AwsLocation {
    AwsLocation {
        partition: "aws".to_owned(),
        account: "ACCOUNT".to_owned(),
        region: "REGION".to_owned(),
    }
}

/// Code that stands for any.
pub(crate) fn code(architecture: Architecture) -> Code {
    Code {
        zip: bytes::Bytes::new(),
        sha256: "offline".to_owned(),
        architecture,
        way: Way::Sent,
    }
}

/// The same with digests in place of the variables' values.
pub(crate) fn masked(mut desired: Desired) -> Desired {
    let digest = |value: &String| {
        let bytes = Sha256::digest(value.as_bytes());
        format!("sha256:{}", hex(&bytes[..6]))
    };
    for one in &mut desired.functions {
        for value in one.configuration.environment.values_mut() {
            *value = digest(value);
        }
    }
    desired
}

impl Snapshot {
    /// The snapshot of what is desired, once it is masked.
    pub(crate) fn of(desired: &Desired) -> Self {
        let api = desired.api();
        let others = || desired.functions.iter().filter(|one| one.part != Part::Api);
        Self {
            schema: SCHEMA,
            app: desired.names.app.clone(),
            stage: desired.names.stage.clone(),
            architecture: desired.code.architecture,
            configuration: api.map(|api| api.configuration.clone()),
            others: others()
                .map(|one| (one.name.clone(), one.configuration.clone()))
                .collect(),
            policy: api.and_then(policy).unwrap_or_default(),
            policies: others()
                .filter_map(|one| Some((one.name.clone(), policy(one)?)))
                .collect(),
            log_retention: desired.log_retention,
            access_log: desired.access_log,
            domain: desired.domain.clone(),
            tags: desired.names.yours.clone(),
            concurrency: desired
                .functions
                .iter()
                .map(|one| (one.name.clone(), [one.reserved, one.provisioned]))
                .filter(|(_, both)| both.iter().any(Option::is_some))
                .collect(),
            invokers: desired
                .functions
                .iter()
                .filter_map(|one| Some((one.name.clone(), one.invoker.clone()?)))
                .collect(),
            boundary: desired.boundary.clone(),
            cors: desired.cors.clone(),
            url: desired.url.clone(),
            routes: desired.routes.clone(),
            http: desired.http.clone(),
            rest: desired.rest.clone(),
            queues: desired.queues.clone(),
            mappings: desired.mappings.clone(),
            buckets: desired.buckets.clone(),
            asynchronous: desired
                .functions
                .iter()
                .filter_map(|one| Some((one.name.clone(), one.asynchronous.clone()?)))
                .collect(),
            topics: desired.topics.clone(),
            subscriptions: desired.subscriptions.clone(),
            buses: desired.buses.clone(),
            rules: desired.rules.clone(),
            schedules: desired.schedules.clone(),
        }
    }

    /// Reads the committed one, when there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be read or understood; exit code 65.
    pub(crate) fn read(path: &std::path::Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot read the snapshot: {}", path.display()))
                    .map_err(|failure| failure.exiting(Exit::Input));
            }
        };
        let snapshot: Self = serde_json::from_str(&text)
            .with_context(|| format!("cannot understand the snapshot: {}", path.display()))
            .map_err(|failure| {
                failure
                    .exiting(Exit::Input)
                    .hint("`cargo fw plan --offline --save` writes a new one")
            })?;
        if snapshot.schema > SCHEMA {
            return Err(Failure::input(format!(
                "the snapshot has a newer schema: {}",
                snapshot.schema
            ))
            .hint("update `cargo fw`"));
        }
        Ok(Some(snapshot))
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub(crate) fn write(&self, path: &std::path::Path) -> Result<()> {
        let mut text =
            serde_json::to_string_pretty(self).context("cannot write the snapshot as JSON")?;
        text.push('\n');
        std::fs::write(path, text)
            .with_context(|| format!("cannot write the snapshot: {}", path.display()))
    }

    /// The account as a deploy of this snapshot would have left it, next to the desired state.
    pub(crate) fn account(self, desired: &Desired) -> Actual {
        let mut then = desired.clone();
        then.code = code(self.architecture);
        // The role's name shows whether it was the deployment's own.
        let role = |function: &str, configuration: &Configuration, policy: Option<&Value>| {
            let name = desired.names.role_of(function);
            let own = configuration.role == desired.place.role(&name);
            let policy = policy.filter(|_| own)?.clone();
            Some(DesiredRole { name, policy })
        };
        let main = &desired.names.function;
        let mut policies = self.policies;
        policies.insert(main.clone(), self.policy);
        let all = self.configuration.map(|one| (main.clone(), one));
        let all = all.into_iter().chain(self.others);
        then.functions = all
            .map(|(name, configuration)| {
                let [reserved, provisioned] =
                    self.concurrency.get(&name).copied().unwrap_or_default();
                let asynchronous = self.asynchronous.get(&name).cloned();
                let invoker = self.invokers.get(&name).cloned();
                DesiredFunction {
                    part: Part::from_entry(&configuration.handler),
                    log_group: Names::log_group_of(&name),
                    role: role(&name, &configuration, policies.get(&name)),
                    name,
                    configuration,
                    health: Health::BuiltIn,
                    reserved,
                    provisioned,
                    asynchronous,
                    invoker,
                }
            })
            .collect();
        then.names.yours = self.tags;
        then.boundary = self.boundary;
        then.log_retention = self.log_retention;
        then.access_log = self.access_log;
        then.domain = self.domain;
        then.cors = self.cors;
        then.url = self.url;
        then.routes = self.routes;
        then.http = self.http;
        then.rest = self.rest;
        then.queues = self.queues;
        then.mappings = self.mappings;
        then.topics = self.topics;
        then.subscriptions = self.subscriptions;
        then.buses = self.buses;
        then.rules = self.rules;
        then.schedules = self.schedules;
        then.buckets = self.buckets;
        holding(&then)
    }
}

/// What a function's own role allows.
fn policy(one: &DesiredFunction) -> Option<Value> {
    one.role.as_ref().map(|role| role.policy.clone())
}

/// An account without anything of the deployment.
pub(crate) fn empty() -> Actual {
    Actual {
        roles: BTreeMap::new(),
        functions: BTreeMap::new(),
        url: None,
        apis: Vec::new(),
        foreign_apis: Vec::new(),
        rests: Rests::default(),
        artifact_buckets: Vec::new(),
        access_log: FoundAccessLog::NONE,
        domains: Vec::new(),
        queues: Vec::new(),
        hidden: BTreeMap::new(),
        topics: Topics::default(),
        buses: Buses::default(),
        schedules: Schedules::NONE,
        scheduler: WholeRole::ABSENT,
        buckets: Vec::new(),
    }
}

/// What belongs to a REST API that is as it is desired.
fn rests(desired: &Desired, rest: &Rest) -> Rests {
    const DEPLOYMENT: &str = "deployment";
    let stage = RestStage {
        deployment: Some(DEPLOYMENT.to_owned()),
        ..rest.stage.clone()
    };
    let tags = Tags::new();
    Rests {
        apis: vec![WholeRest {
            api: RestApi {
                id: API.to_owned(),
                name: desired.names.function.clone(),
                tags: desired.names.tags(),
            },
            routes: openapi::keys(&rest.document).into_iter().collect(),
            deployments: vec![Deployment {
                id: DEPLOYMENT.to_owned(),
                description: rest.digest(),
                created: 0,
            }],
            stages: vec![stage.clone()],
            url: Some(String::new()),
            served: BTreeMap::from([(stage.name.clone(), rest.document.clone())]),
        }],
        foreign: Vec::new(),
        // A snapshot has no values: what is desired now is taken for what was.
        keys: rest
            .keys
            .iter()
            .map(|(name, key)| {
                let now = desired.rest.as_ref().and_then(|rest| rest.keys.get(name));
                let value = now.and_then(|now| now.value.clone());
                ApiKey {
                    id: name.clone(),
                    name: name.clone(),
                    value: value.unwrap_or_else(|| Secret(String::new())),
                    enabled: key.enabled,
                    tags: tags.clone(),
                }
            })
            .collect(),
        plans: rest
            .plans
            .iter()
            .map(|(name, plan)| {
                let held = UsagePlan {
                    id: name.clone(),
                    name: name.clone(),
                    limits: plan.limits.clone(),
                    stages: vec![(API.to_owned(), stage.name.clone())],
                    tags: tags.clone(),
                };
                (held, plan.keys.clone())
            })
            .collect(),
    }
}

const API: &str = "api";

/// An account in exactly the desired state.
fn holding(desired: &Desired) -> Actual {
    const INTEGRATION: &str = "integration";
    let grants = match &desired.url {
        None if desired.rest.is_some() => {
            vec![Grant::of_api(REST_GRANT, desired.place.api(API))]
        }
        None => vec![Grant::of_api(GRANT, desired.place.api(API))],
        Some(url) if url.iam => Vec::new(),
        Some(_) => vec![
            Grant::of_url(URL_GRANT, Allows::Url),
            Grant::of_url(THROUGH_URL_GRANT, Allows::ThroughUrl),
        ],
    };
    let mut functions: BTreeMap<_, _> = desired
        .functions
        .iter()
        .map(|one| (one.name.clone(), function(desired, one)))
        .collect();
    if let Some(main) = functions.get_mut(&desired.names.function) {
        main.grants = grants;
        if let (Found::Ours(function), Some(domain)) = (&mut main.function, &desired.domain) {
            let name = domain.name.clone();
            function.tags.insert(TAG_DOMAIN.to_owned(), name);
        }
    }
    for (name, whole) in &mut functions {
        if let Found::Ours(function) = &mut whole.function {
            function.tags.extend(desired.note_of(name));
        }
    }
    for one in &desired.functions {
        if let Some(found) = functions.get_mut(&one.name) {
            found.grants.extend(one.invoker.clone());
        }
    }
    for name in desired.http.functions(&desired.place) {
        if let (Some(found), None) = (functions.get_mut(&name), &desired.url) {
            let source = desired.place.asking(API);
            found.grants = vec![Grant::of_api(ASK_GRANT, source)];
        }
    }
    for name in desired.rest.iter().flat_map(|rest| &rest.asked) {
        if let Some(found) = functions.get_mut(name) {
            let source = desired.place.asking(API);
            found.grants = vec![Grant::of_api(REST_ASK_GRANT, source)];
        }
    }
    let routes = desired.routes.iter().map(|key| Route {
        id: key.clone(),
        key: key.clone(),
        integration: Some(INTEGRATION.to_owned()),
        // Authorizers have their names for ids here.
        guard: desired.http.guard(key),
    });
    let authorizers = desired.http.authorizers.iter();
    let authorizers = authorizers.map(|(name, checks)| Authorizer {
        id: name.clone(),
        name: name.clone(),
        checks: checks.clone(),
    });
    Actual {
        roles: desired
            .functions
            .iter()
            .filter_map(|one| Some((one.name.clone(), role(desired, one)?)))
            .collect(),
        functions,
        url: desired.url.clone().map(|settings| FunctionUrl {
            url: String::new(),
            settings,
        }),
        apis: (desired.gateway() == Gateway::HttpApi)
            .then(|| WholeApi {
                api: Api {
                    id: API.to_owned(),
                    name: desired.names.function.clone(),
                    endpoint: String::new(),
                    cors: desired.cors.clone(),
                    tags: desired.names.tags(),
                },
                integrations: vec![Integration {
                    id: INTEGRATION.to_owned(),
                    uri: desired.place.alias(&desired.names.function),
                    format: Some(desired.http.format),
                    timeout: desired.http.timeout,
                }],
                routes: routes.collect(),
                authorizers: authorizers.collect(),
                stages: vec![desired.http.stage.clone()],
                url: Some(String::new()),
            })
            .into_iter()
            .collect(),
        foreign_apis: Vec::new(),
        rests: desired
            .rest
            .as_ref()
            .map(|rest| rests(desired, rest))
            .unwrap_or_default(),
        artifact_buckets: Vec::new(),
        access_log: FoundAccessLog {
            group: match desired.access_log {
                None => Found::Absent,
                days => Found::Ours(LogGroup {
                    retention: days,
                    tags: desired.names.tags(),
                }),
            },
            ..FoundAccessLog::NONE
        },
        domains: desired
            .domain
            .iter()
            .map(|one| mapped(desired, one))
            .collect(),
        queues: queue::found::after(&desired.queues, &desired.names.tags()),
        hidden: BTreeMap::new(),
        topics: topic::found::after(
            &desired.topics,
            &desired.subscriptions,
            &desired.names.tags(),
        ),
        buses: bus::found::after(&desired.buses, &desired.rules, &desired.names.tags()),
        schedules: schedule::found::after(desired.schedules.as_ref(), &desired.names.tags()),
        scheduler: scheduler(desired).unwrap_or(WholeRole::ABSENT),
        buckets: bucket::found::after(&desired.buckets, &desired.names.tags()),
    }
}

/// The role of the schedules, as it is desired.
fn scheduler(desired: &Desired) -> Option<WholeRole> {
    let schedules = desired.schedules.as_ref()?;
    let role = Found::Ours(Role {
        trust: schedules.trust.clone(),
        boundary: desired.boundary.clone(),
        tags: desired.names.tags(),
    });
    Some(WholeRole {
        role,
        policy: Some(schedules.policy.clone()),
        inline: Vec::new(),
        attached: Vec::new(),
    })
}

/// The role of a function, as it is desired.
fn role(desired: &Desired, one: &DesiredFunction) -> Option<WholeRole> {
    let policy = Some(policy(one)?);
    let role = Found::Ours(Role {
        trust: desired.trust.clone(),
        boundary: desired.boundary.clone(),
        tags: desired.names.tags(),
    });
    Some(WholeRole {
        role,
        policy,
        inline: Vec::new(),
        attached: Vec::new(),
    })
}

/// A domain of the deployment's own that leads to it.
fn mapped(desired: &Desired, domain: &Domain) -> WholeDomain {
    let stage = match &desired.rest {
        Some(rest) => &rest.stage.name,
        None => &desired.http.stage.name,
    };
    WholeDomain {
        name: domain.name.clone(),
        found: Some(DomainName {
            name: domain.name.clone(),
            certificate: domain.certificate.clone().unwrap_or_default(),
            target: String::new(),
            levels: true,
            tags: desired.names.tags(),
        }),
        mappings: vec![Mapping {
            id: domain.key().to_owned(),
            api: API.to_owned(),
            stage: stage.clone(),
            key: domain.key().to_owned(),
        }],
    }
}

/// A function that is as it is desired, and published.
fn function(desired: &Desired, one: &DesiredFunction) -> WholeFunction {
    let function = Function {
        sha256: desired.code.sha256.clone(),
        size: 0,
        architecture: desired.code.architecture.as_str().to_owned(),
        configuration: one.configuration.clone(),
        reserved: one.reserved,
        readiness: Readiness::Ready,
        tags: desired.names.tags(),
    };
    WholeFunction {
        log_group: Found::Ours(LogGroup {
            retention: Some(desired.log_retention),
            tags: desired.names.tags(),
        }),
        function: Found::Ours(function.clone()),
        live: Some(Live {
            version: "before".to_owned(),
            function: Some(function),
            canary: None,
        }),
        versions: Vec::new(),
        held: std::collections::BTreeSet::new(),
        grants: Vec::new(),
        provisioned: one.provisioned,
        mappings: mapping::found::after(&desired.mappings, &one.name, &desired.names.tags()),
        asynchronous: one.asynchronous.clone(),
    }
}
