//! The desired deployment: names, tags, documents and routes, from manifest, settings and code.
//!
//! Everything here is pure. Names are deterministic, so that any machine finds the same deployment without a state file.

mod functions;
pub(crate) mod http;
pub(crate) mod openapi;
pub(crate) mod resources;
pub(crate) mod rest;
mod role;
pub(crate) mod store;

use std::collections::BTreeSet;

use fw_gateway::RouteKey;
use fw_manifest::{Manifest, Part};
use serde_json::Value;

pub(crate) use self::{functions::DesiredFunction, role::DesiredRole};
use self::{http::Http, rest::Rest, store::Store};
use super::{
    access::{Access, Asked, Routes},
    kind::{
        bus::{
            self,
            desired::{DesiredBus, DesiredRule},
        },
        mapping::desired::{self as mapping, DesiredMapping},
        note::TAG_KINDS,
        queue::{self, desired::DesiredQueue},
        schedule::{self, desired::DesiredSchedules},
        topic::{
            self,
            desired::{DesiredSubscription, DesiredTopic},
        },
    },
};
use crate::{
    aws::{apigateway::Guard, lambda::UrlSettings, sts::Caller},
    error::{Failure, Result},
    settings::{Settings, domain::Domain, resources::readers},
    values::{
        code::{Code, Way},
        gateway::{Auth, Cors, Gateway, InvokeMode},
        lambda::ALIAS,
        names::{Tags, is_plain},
        resources::ResourceKind,
    },
};

/// The tag that names the app a resource belongs to.
pub(crate) const TAG_APP: &str = "fw:app";
/// The tag that names the stage a resource belongs to.
pub(crate) const TAG_STAGE: &str = "fw:stage";
/// The tag that names the tags of the settings, so that those are known that the settings no longer have.
pub(crate) const TAG_TAGS: &str = "fw:tags";
/// The tag of the main function that names the domains of one's own that lead to the deployment.
pub(crate) const TAG_DOMAIN: &str = "fw:domain";

/// A role's one inline policy.
pub(crate) const POLICY: &str = "fw";
/// The statement that lets the API invoke the alias.
pub(crate) const GRANT: &str = "fw-http-api";
/// The statement that lets the API ask an authorizer.
pub(crate) const ASK_GRANT: &str = "fw-http-api-authorizer";
/// The statement that lets the REST API invoke the alias.
pub(crate) const REST_GRANT: &str = "fw-rest-api";
/// The statement that lets the REST API ask an authorizer.
pub(crate) const REST_ASK_GRANT: &str = "fw-rest-api-authorizer";
/// The statement that lets everybody call the function's URL.
pub(crate) const URL_GRANT: &str = "fw-url";
/// The statement that lets everybody invoke the function through its URL.
pub(crate) const THROUGH_URL_GRANT: &str = "fw-url-invoke";
/// All of them: what else may call the alias was let in by somebody else.
pub(crate) const GRANTS: [&str; 6] = [
    GRANT,
    ASK_GRANT,
    REST_GRANT,
    REST_ASK_GRANT,
    URL_GRANT,
    THROUGH_URL_GRANT,
];
/// The runtime that starts an executable named `bootstrap`.
const RUNTIME: &str = "provided.al2023";
/// What the names of functions' log groups begin with.
const LOG_GROUPS: &str = "/aws/lambda/";
/// What the names of access logs' groups begin with.
const ACCESS_LOGS: &str = "/aws/apigateway/";
/// An HTTP API's limit (gateway-truth §1.8).
const MOST_ROUTES: usize = 300;
/// The longest name that IAM gives a role and Lambda a function.
const LONGEST_NAME: usize = 64;

/// One deployment of one app: what its resources are named and tagged with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// The app.
    pub(crate) app: String,
    /// The stage.
    pub(crate) stage: String,
    /// The function's and the API's name.
    pub(crate) function: String,
    /// The main function's role's name. IAM knows no regions, so it carries the region: two regions' deployments share nothing.
    pub(crate) role: String,
    /// The log group that Lambda writes to.
    pub(crate) log_group: String,
    /// The names of the other functions, as far as the manifest is known.
    pub(crate) others: Vec<String>,
    /// The tags of the settings.
    pub(crate) yours: Tags,
    /// The buckets through which large zips go, where they are to be read.
    pub(crate) stores: Vec<Store>,
    /// The queues that the settings have, as AWS calls them.
    pub(crate) queues: Vec<String>,
    /// The names of the functions that read queues.
    pub(crate) mapped: Vec<String>,
    /// The names of their event source mappings in plans.
    pub(crate) mappings: Vec<String>,
    /// The ARNs of the queues that they read and the deployment does not own.
    pub(crate) existing: Vec<String>,
    /// The topics that the deployment creates, as AWS calls them.
    pub(crate) topics: Vec<String>,
    /// The topics that are there already and lead to the deployment, by ARN.
    pub(crate) existing_topics: Vec<String>,
    /// The buses that the deployment creates, as AWS calls them.
    pub(crate) buses: Vec<String>,
    /// The buses that are there already and have rules of the deployment's, by name.
    pub(crate) existing_buses: Vec<String>,
    /// The rules, by the names of their buses and their own.
    pub(crate) rules: Vec<(String, String)>,
    /// What else is looked for in the account.
    pub(crate) sought: Sought,
}

/// What is looked for in the account since the settings speak of it: a call that nobody needs is not made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sought {
    /// The access log's group.
    pub(crate) access_log: bool,
    /// Whether the account lets REST APIs write logs.
    pub(crate) logging_role: bool,
    /// The domain in front of the API; those that the main function notes are looked for anyway.
    pub(crate) domain: Option<String>,
    /// A URL, beside an API that it takes the place of as well.
    pub(crate) url: bool,
    /// The digest of the document that a REST API is to serve: where it serves another one, that is read.
    pub(crate) document: Option<String>,
    /// The queues, also those that the settings no longer have.
    pub(crate) queues: bool,
    /// The topics, in the same way.
    pub(crate) topics: bool,
    /// The buses and rules.
    pub(crate) buses: bool,
    /// The schedules.
    pub(crate) schedules: bool,
}

impl Names {
    /// The names of an app's stage in a region.
    ///
    /// # Errors
    ///
    /// When the app's name has characters that AWS does not take in a function's name, or is too long; exit code 65.
    pub(crate) fn new(app: &str, stage: &str, region: &str) -> Result<Self> {
        if !is_plain(app) {
            return Err(Failure::input(format!(
                "not a valid app name on AWS: `{}`",
                app.escape_debug()
            ))
            .because_of(
                "names in AWS contain it, so it may have letters, digits, hyphens and underscores",
            )
            .hint("change the name given to `App::new`"));
        }
        let function = format!("{app}-{stage}");
        let role = format!("{function}-{region}");
        if role.len() > LONGEST_NAME {
            return Err(Failure::input(format!("the app's name is too long: {app}"))
                .because_of(format!(
                    "its role would have the name `{role}` with {} characters, but IAM accepts {LONGEST_NAME}",
                    role.len()
                ))
                .hint("shorten the name given to `App::new`, or the stage's name"));
        }
        Ok(Self {
            app: app.to_owned(),
            stage: stage.to_owned(),
            log_group: Self::log_group_of(&function),
            others: Vec::new(),
            yours: Tags::new(),
            stores: Vec::new(),
            queues: Vec::new(),
            mapped: Vec::new(),
            mappings: Vec::new(),
            existing: Vec::new(),
            topics: Vec::new(),
            existing_topics: Vec::new(),
            buses: Vec::new(),
            existing_buses: Vec::new(),
            rules: Vec::new(),
            sought: Sought::default(),
            function,
            role,
        })
    }

    /// What stands before the app's own names for things.
    pub(crate) fn prefix(&self) -> String {
        format!("{}-", self.function)
    }

    /// The name of a part's function.
    pub(crate) fn of(&self, part: &Part) -> String {
        match part.name() {
            None => self.function.clone(),
            Some(name) => format!("{}{name}", self.prefix()),
        }
    }

    /// What the schedules' role is named after. No function's name has a full stop in it.
    pub(crate) fn scheduler(&self) -> String {
        format!("{}.scheduler", self.function)
    }

    /// The name of an authorizer's function.
    pub(crate) fn authorizer(&self, name: &str) -> String {
        self.of(&Part::Authorizer(name.to_owned()))
    }

    /// The name of the role of a function: the function's and the region.
    pub(crate) fn role_of(&self, function: &str) -> String {
        let region = self.role.strip_prefix(&self.function).unwrap_or_default();
        format!("{function}{region}")
    }

    /// The log group that Lambda writes a function's log to.
    pub(crate) fn log_group_of(function: &str) -> String {
        format!("{LOG_GROUPS}{function}")
    }

    /// The log group that the gateway writes the access log to.
    pub(crate) fn access_log(&self) -> String {
        format!("{ACCESS_LOGS}{}", self.function)
    }

    /// The domains that the main function's tags note.
    pub(crate) fn domains(tags: &Tags) -> impl Iterator<Item = String> {
        let noted = tags.get(TAG_DOMAIN).into_iter();
        noted.flat_map(|list| list.split_whitespace().map(str::to_owned))
    }

    /// The functions' names: the main one's first.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        let all = std::iter::once(&self.function).chain(&self.others);
        all.map(String::as_str)
    }

    /// The function whose log group that would be, if it is one of this deployment's: the main one's, or another's that is
    /// named after it.
    pub(crate) fn function_of<'a>(&self, log_group: &'a str) -> Option<&'a str> {
        let function = log_group.strip_prefix(LOG_GROUPS)?;
        let rest = function.strip_prefix(&self.function)?;
        (rest.is_empty() || rest.starts_with('-')).then_some(function)
    }

    /// The tags of its resources: those that say whose they are, and those of the settings.
    pub(crate) fn tags(&self) -> Tags {
        let mut all = self.yours.clone();
        if !all.is_empty() {
            let keys: Vec<&str> = all.keys().map(String::as_str).collect();
            all.insert(TAG_TAGS.to_owned(), keys.join(" "));
        }
        all.insert(TAG_APP.to_owned(), self.app.clone());
        all.insert(TAG_STAGE.to_owned(), self.stage.clone());
        all
    }

    /// Whether a resource with those tags is this deployment's.
    pub(crate) fn own(&self, tags: &Tags) -> bool {
        tags.get(TAG_APP) == Some(&self.app) && tags.get(TAG_STAGE) == Some(&self.stage)
    }
}

/// Where the deployment is: what every ARN begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub(crate) partition: String,
    /// The account's twelve digits.
    pub(crate) account: String,
    /// The region.
    pub(crate) region: String,
}

impl Place {
    /// The caller's account, in that region.
    pub(crate) fn new(caller: &Caller, region: &str) -> Self {
        Self {
            partition: caller.partition.clone(),
            account: caller.account.clone(),
            region: region.to_owned(),
        }
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            account,
            region,
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// A role.
    pub(crate) fn role(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", self.partition, self.account)
    }

    /// A queue.
    pub(crate) fn queue(&self, name: &str) -> String {
        self.arn("sqs", name)
    }

    /// A topic.
    pub(crate) fn topic(&self, name: &str) -> String {
        self.arn("sns", name)
    }

    /// A rule: `NAME` on the default bus, `BUS/NAME` on another one (case evt-eb-112).
    pub(crate) fn rule(&self, name: &str) -> String {
        self.arn("events", &format!("rule/{name}"))
    }

    /// A log group, as the tagging calls take it.
    pub(crate) fn log_group(&self, name: &str) -> String {
        self.arn("logs", &format!("log-group:{name}"))
    }

    /// A function's alias.
    pub(crate) fn alias(&self, function: &str) -> String {
        self.arn("lambda", &format!("function:{function}:{ALIAS}"))
    }

    /// Every authorizer of an API, as the source of an invocation (API Gateway developer guide, "Control access to HTTP APIs
    /// with AWS Lambda authorizers").
    pub(crate) fn asking(&self, id: &str) -> String {
        self.arn("execute-api", &format!("{id}/authorizers/*"))
    }

    /// Every stage and route of an API, as the source of an invocation (API Gateway developer guide, "Create AWS
    /// Lambda proxy integrations for HTTP APIs").
    pub(crate) fn api(&self, id: &str) -> String {
        self.arn("execute-api", &format!("{id}/*/*"))
    }
}

/// What the account should hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Desired {
    /// The names and tags.
    pub(crate) names: Names,
    /// Where.
    pub(crate) place: Place,
    /// Who may assume the functions' own roles: Lambda.
    pub(crate) trust: Value,
    /// What those roles may be allowed at the most, by ARN.
    pub(crate) boundary: Option<String>,
    /// Days that logs are kept.
    pub(crate) log_retention: u32,
    /// Days that the access log is kept, where there is one.
    pub(crate) access_log: Option<u32>,
    /// The domain in front of the API, where there is one.
    pub(crate) domain: Option<Domain>,
    /// The variables whose values are secrets.
    pub(crate) secrets: BTreeSet<String>,
    /// What the functions run: all the same.
    pub(crate) code: Code,
    /// The functions: the API's first, the others in the manifest's order.
    pub(crate) functions: Vec<DesiredFunction>,
    /// The API's CORS configuration.
    pub(crate) cors: Option<Cors>,
    /// The function URL, where that is the front door and not an HTTP API.
    pub(crate) url: Option<UrlSettings>,
    /// How many published versions are kept.
    pub(crate) keep_versions: u32,
    /// The percentage of the traffic that a new version gets, when it is not all of it.
    pub(crate) canary: Option<u32>,
    /// The route keys, each once, in the manifest's order.
    pub(crate) routes: Vec<String>,
    /// What else is set of the HTTP API.
    pub(crate) http: Http,
    /// The REST API, where that is the front door and not an HTTP API.
    pub(crate) rest: Option<Rest>,
    /// The queues, each behind the one that its dead letters go to.
    pub(crate) queues: Vec<DesiredQueue>,
    /// The event source mappings.
    pub(crate) mappings: Vec<DesiredMapping>,
    /// The topics.
    pub(crate) topics: Vec<DesiredTopic>,
    /// What leads from topics to functions and queues.
    pub(crate) subscriptions: Vec<DesiredSubscription>,
    /// The event buses.
    pub(crate) buses: Vec<DesiredBus>,
    /// What leads from buses to functions.
    pub(crate) rules: Vec<DesiredRule>,
    /// The schedules, with their group and their role.
    pub(crate) schedules: Option<DesiredSchedules>,
}

impl Desired {
    /// The deployment of that app with those settings and that code in that place.
    ///
    /// # Errors
    ///
    /// When AWS would refuse the names or the routes; exit code 65.
    pub(crate) fn new(
        manifest: &Manifest,
        settings: &Settings,
        mut code: Code,
        place: Place,
    ) -> Result<Self> {
        let settings = &resources::with_used(manifest, settings)?;
        let mut names = Names::new(&manifest.app, &settings.stage, &place.region)?;
        names.yours = settings.tags.clone();
        if code.way == Way::Large {
            let own = || Store::own(&names, &place);
            let named = settings.artifact_bucket.as_ref();
            let store = named.map_or_else(own, |bucket| Store::named(bucket, &names));
            store.takes(&mut code);
            names.stores = vec![store];
        }
        let access_log = settings.door.access_log.as_ref();
        names.sought = Sought {
            access_log: access_log.is_some(),
            logging_role: access_log.is_some() && settings.gateway == Gateway::RestApi,
            domain: settings.door.domain.as_ref().map(|one| one.name.clone()),
            url: settings.gateway == Gateway::FunctionUrl,
            document: None,
            queues: false,
            topics: false,
            buses: false,
            schedules: false,
        };
        let arn = |key: &str| resources::arn(settings, ResourceKind::Queue, key, (&names, &place));
        let readers = readers(manifest, |part| settings.of(part).timeout);
        let mut queues = queue::desired::queues(settings, &readers, arn)?;
        let mappings = mapping::mappings(manifest, settings, |part| names.of(part), arn)?;
        let at = &resources::At {
            settings,
            names: &names,
            place: &place,
        };
        let topics = topic::desired::topics(settings, at)?;
        let subscriptions = topic::desired::subscriptions(manifest, settings, at)?;
        topic::desired::send_to(&mut queues, &topics, &subscriptions, at);
        let buses = bus::desired::buses(settings, at)?;
        let rules = bus::desired::rules(manifest, settings, at)?;
        bus::desired::send_to(&mut queues, &buses, &rules, at);
        let schedules = schedule::desired::schedules(manifest, settings, at)?;
        for queue in &mut queues {
            let senders = &mut queue.attributes.senders;
            senders.sort_by(|one, other| one.service.cmp(&other.service));
        }
        names.mapped = mappings.iter().map(|one| one.function.clone()).collect();
        names.mappings = mappings.iter().map(|one| one.name.clone()).collect();
        let read = mappings.iter().map(|one| &one.queue);
        let own = |arn: &&String| queues.iter().any(|one| one.arn == **arn);
        names.existing = read.filter(|arn| !own(arn)).cloned().collect();
        let existing = topic::desired::existing(&topics, &subscriptions);
        names.existing_topics = existing.into_iter().collect();
        names.topics = topics.iter().map(|one| one.name.clone()).collect();
        let existing = bus::desired::existing(&buses, &rules);
        names.existing_buses = existing.into_iter().collect();
        names.buses = buses.iter().map(|one| one.name.clone()).collect();
        let named = |one: &DesiredRule| (one.bus.clone(), one.name.clone());
        names.rules = rules.iter().map(named).collect();
        names.sought.buses = !buses.is_empty() || !rules.is_empty();
        names.sought.schedules = schedules.is_some();
        names.sought.topics = !topics.is_empty() || !subscriptions.is_empty();
        names.queues = queues.iter().map(|one| one.name.clone()).collect();
        names.sought.queues = !queues.is_empty();
        let routes = routes(manifest)?;
        let functions = functions::functions(manifest, settings, &routes, &names, &place)?;
        let others = functions.iter().filter(|one| one.part != Part::Api);
        names.others = others.map(|one| one.name.clone()).collect();
        let rest = match settings.gateway {
            Gateway::RestApi => Some(Rest::new(manifest, settings, &names, &place)?),
            Gateway::HttpApi | Gateway::FunctionUrl => None,
        };
        names.sought.document = rest.as_ref().map(Rest::digest);
        Ok(Self {
            url: (settings.gateway == Gateway::FunctionUrl).then(|| UrlSettings {
                iam: settings.door.auth == Auth::Iam,
                stream: settings.door.invoke_mode == InvokeMode::ResponseStream,
                cors: settings.cors.clone(),
            }),
            keep_versions: settings.keep_versions,
            canary: None,
            trust: role::trust(),
            boundary: settings.permissions_boundary.clone(),
            log_retention: settings.log_retention,
            secrets: settings
                .every_function()
                .flat_map(|one| one.secrets)
                .collect(),
            domain: settings.door.domain.clone(),
            access_log: access_log.map(|log| log.retention.unwrap_or(settings.log_retention)),
            functions,
            code,
            cors: settings.cors.clone(),
            http: match settings.gateway {
                Gateway::HttpApi => Http::new(manifest, settings, &names, &place)?,
                Gateway::RestApi | Gateway::FunctionUrl => Http::default(),
            },
            rest,
            queues,
            mappings,
            topics,
            subscriptions,
            buses,
            rules,
            schedules,
            routes,
            names,
            place,
        })
    }
}

impl Desired {
    /// The front door.
    pub(crate) fn gateway(&self) -> Gateway {
        match (&self.url, &self.rest) {
            (Some(_), _) => Gateway::FunctionUrl,
            (None, Some(_)) => Gateway::RestApi,
            (None, None) => Gateway::HttpApi,
        }
    }

    /// Which callers the app's routes are to admit, by route key.
    pub(crate) fn access(&self) -> Routes {
        if let Some(rest) = &self.rest {
            return openapi::guards(&rest.document);
        }
        let iam = self.url.as_ref().is_some_and(|url| url.iam);
        let all = self.routes.iter().map(|key| {
            let mut guard = self.http.guard(key).map(|name| Asked {
                checks: self.http.authorizers.get(name).cloned(),
                name: name.clone(),
            });
            if iam {
                guard = Guard::Iam;
            }
            let api_key = None;
            (key.clone(), Access { guard, api_key })
        });
        all.collect()
    }

    /// The domain and the path that lead to it.
    pub(crate) fn mapping(&self) -> Option<(&str, &str)> {
        let domain = self.domain.as_ref()?;
        Some((&domain.name, domain.key()))
    }

    /// The tag by which what the deployment has besides functions and their gateway is found again; none where it has nothing.
    pub(crate) fn note(&self) -> Option<(String, String)> {
        let kinds = self.kinds();
        (!kinds.is_empty()).then(|| (TAG_KINDS.to_owned(), kinds.join(" ")))
    }

    /// The kinds of resources that the deployment has besides functions and their gateway.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let topics = !self.topics.is_empty() || !self.subscriptions.is_empty();
        let all = [
            (bus::KIND, !self.buses.is_empty()),
            (queue::KIND, !self.queues.is_empty()),
            (bus::RULE, !self.rules.is_empty()),
            (schedule::KIND, self.schedules.is_some()),
            (topic::KIND, topics),
        ];
        let there = all.into_iter().filter(|(_, there)| *there);
        there.map(|(kind, _)| kind).collect()
    }

    /// The same for a function of that name, and for its log group: one of them carries it.
    pub(crate) fn note_of(&self, function: &str) -> Option<(String, String)> {
        let anchor = self.anchor().is_some_and(|one| one.name == function);
        self.note().filter(|_| anchor)
    }

    /// The function that carries that tag: the API's, or the first of an app without one.
    pub(crate) fn anchor(&self) -> Option<&DesiredFunction> {
        self.api().or(self.functions.first())
    }

    /// All functions in the order that traffic moves to their new versions: the API's is the last.
    ///
    /// The API's function reads an authorizer's answers, so the authorizers move before it: for a
    /// moment its old version gets the answers of the new authorizers, and ignores what it does not
    /// know. The other way round its new version would miss values, or trust an authorizer that
    /// admits too many callers.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &DesiredFunction> {
        let is_api = |one: &&DesiredFunction| one.part == Part::Api;
        let others = self.functions.iter().filter(move |one| !is_api(one));
        others.chain(self.api())
    }

    /// The functions whose traffic moves before this one's.
    pub(crate) fn before(&self, one: &DesiredFunction) -> impl Iterator<Item = &DesiredFunction> {
        let others = self.in_order().filter(|other| other.part != Part::Api);
        others.take(match one.part {
            Part::Api => usize::MAX,
            Part::Authorizer(_) | Part::Source(_) => 0,
        })
    }

    /// The function of that name.
    pub(crate) fn function(&self, name: &str) -> Option<&DesiredFunction> {
        self.functions.iter().find(|one| one.name == name)
    }

    /// The function of the API.
    pub(crate) fn api(&self) -> Option<&DesiredFunction> {
        self.functions.iter().find(|one| one.part == Part::Api)
    }
}

fn routes(manifest: &Manifest) -> Result<Vec<String>> {
    if manifest.routes.is_empty() {
        return Err(
            Failure::input(format!("the app has no routes: {}", manifest.app))
                .hint("add handlers to the app: `App::new(…).routes(routes![…])`"),
        );
    }
    if manifest.routes.len() > MOST_ROUTES {
        return Err(Failure::input(format!(
            "the app has too many routes: {}",
            manifest.routes.len()
        ))
        .because_of(format!("an HTTP API accepts {MOST_ROUTES}"))
        .hint("combine several in one route: `<rest..>` matches every longer path"));
    }
    let mut shapes = BTreeSet::new();
    let mut keys = Vec::new();
    for route in &manifest.routes {
        let key = route.key();
        if !shapes.insert(shape(&key)) {
            return Err(Failure::input(format!("two routes answer the same requests: {key}"))
                .because_of("API Gateway distinguishes routes by method and path, not by the names of parameters")
                .hint("remove one of them, or change its method or path"));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// The part of a key that API Gateway distinguishes: the key without its parameters' names, or the
/// key if it is not one.
fn shape(key: &str) -> String {
    match key.parse() {
        Ok(RouteKey::Path { method, path }) => format!("{method} {}", path.shape()),
        _ => key.to_owned(),
    }
}
