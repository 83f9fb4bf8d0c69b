//! The desired deployment: names, tags, documents and routes, from manifest, settings and code.
//!
//! Everything here is pure. Names are deterministic, so that any machine finds the same deployment without a state file.

pub(crate) mod openapi;
pub(crate) mod resources;

use std::collections::BTreeSet;

use fw_gateway::RouteKey;
use fw_manifest::{Manifest, Part};
use serde_json::Value;

use super::{
    access::{Access, Asked, Routes},
    kind::{
        artifact_bucket::desired::ArtifactBucket,
        bucket::{self, desired::DesiredBucket},
        bus::{
            self,
            desired::{DesiredBus, DesiredRule},
        },
        function::desired::{self as function, DesiredFunction},
        http_api::desired::Http,
        mapping::desired::{self as mapping, DesiredMapping},
        note::TAG_KINDS,
        queue::{self, desired::DesiredQueue},
        rest_api::desired::Rest,
        role::desired as role,
        schedule::{self, desired::DesiredSchedules},
        topic::{
            self,
            desired::{DesiredSubscription, DesiredTopic},
        },
    },
    names::{AwsLocation, Names, Sought},
};
use crate::{
    aws::{apigateway::Guard, lambda::UrlSettings},
    error::{Failure, Result},
    settings::{Settings, cors, domain::Domain, resources::readers},
    values::{
        code::{Code, Way},
        gateway::{Auth, Cors, Gateway, InvokeMode},
        resources::ResourceKind,
    },
};

/// An HTTP API's limit (gateway-truth §1.8).
const MOST_ROUTES: usize = 300;

/// What the account should hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Desired {
    /// The names and tags.
    pub(crate) names: Names,
    /// Where.
    pub(crate) place: AwsLocation,
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
    /// The buckets that the deployment creates, and those in which it has notifications.
    pub(crate) buckets: Vec<DesiredBucket>,
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
        place: AwsLocation,
    ) -> Result<Self> {
        let settings = &resources::with_used(manifest, settings)?;
        let mut names = Names::new(&manifest.app, &settings.stage, &place.region)?;
        names.yours = settings.tags.clone();
        if code.way == Way::Large {
            let own = || ArtifactBucket::own(&names, &place);
            let named = settings.artifact_bucket.as_ref();
            let store = named.map_or_else(own, |bucket| ArtifactBucket::named(bucket, &names));
            store.takes(&mut code);
            names.artifact_buckets = vec![store];
        }
        let access_log = settings.gateway_settings.access_log.as_ref();
        names.sought = Sought {
            access_log: access_log.is_some(),
            logging_role: access_log.is_some() && settings.gateway == Gateway::RestApi,
            domain: settings
                .gateway_settings
                .domain
                .as_ref()
                .map(|one| one.name.clone()),
            url: settings.gateway == Gateway::FunctionUrl,
            document: None,
            queues: false,
            topics: false,
            buses: false,
            schedules: false,
            buckets: false,
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
        let buckets = bucket::desired::buckets(manifest, settings, at);
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
        names.buckets = buckets.iter().map(DesiredBucket::bucket).collect();
        names.sought.buckets = !buckets.is_empty();
        names.queues = queues.iter().map(|one| one.name.clone()).collect();
        names.sought.queues = !queues.is_empty();
        let routes = routes(manifest)?;
        let functions = function::functions(manifest, settings, &routes, &names, &place)?;
        let others = functions.iter().filter(|one| one.part != Part::Api);
        names.others = others.map(|one| one.name.clone()).collect();
        let rest = match settings.gateway {
            Gateway::RestApi => Some(Rest::new(manifest, settings, &names, &place)?),
            Gateway::HttpApi | Gateway::FunctionUrl => None,
        };
        names.sought.document = rest.as_ref().map(Rest::digest);
        Ok(Self {
            url: (settings.gateway == Gateway::FunctionUrl).then(|| UrlSettings {
                iam: settings.gateway_settings.auth == Auth::Iam,
                stream: settings.gateway_settings.invoke_mode == InvokeMode::ResponseStream,
                cors: cors::of_api(manifest, settings),
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
            domain: settings.gateway_settings.domain.clone(),
            access_log: access_log.map(|log| log.retention.unwrap_or(settings.log_retention)),
            functions,
            code,
            cors: cors::of_api(manifest, settings),
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
            buckets,
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
            (bucket::KIND, !self.buckets.is_empty()),
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
                .because_of(
                    "a deployment has a gateway, also when events invoke all of its functions",
                )
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
