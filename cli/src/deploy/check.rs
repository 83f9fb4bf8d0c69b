//! Checks before the first write: no resource of somebody else is in the way, and the plan is
//! sound.
//!
//! The file is long because one pass over a plan holds every rule that spans kinds: `check/` has the rules of guards and buckets.

mod buckets;
mod guards;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    change::{Change as _, Output},
    found::Found,
    ids::Handle,
    kind::{
        artifact_bucket::{found::FoundArtifactBucket, step::ArtifactBucketStep},
        bucket::{self, step::BucketStep},
        bus::{self, step::BusStep},
        domain::check as domain,
        function::step::FunctionStep,
        function_url::step::UrlStep,
        http_api::step::HttpStep,
        log_group::step::LogStep,
        mapping::{self, step::MappingStep},
        queue::{self, step::QueueStep},
        rest_api::{plan as rest, step::RestStep},
        role::step::RoleStep,
        schedule::{self, step::ScheduleStep},
        topic::{self, step::TopicStep},
    },
    model::Desired,
    names::Names,
    observe::Actual,
    phase::{Lane, Phase},
    plan::door,
    step::{Plan, Planned, Step},
};
use crate::{
    error::{Failure, Result},
    settings::resources::QueueSettings,
    values::{code::Way, gateway::Gateway},
};

/// Stops if a resource has the deployment's name and belongs to somebody else, or if two of its
/// APIs get traffic.
///
/// # Errors
///
/// A failure that names each such resource and its owner.
pub(crate) fn ownership(names: &Names, actual: &Actual) -> Result<()> {
    let foreign = foreign(names, actual);
    if !foreign.is_empty() {
        let mut failure = Failure::new(format!(
            "resources with these names do not belong to this deployment: {}",
            names.function
        ));
        for found in foreign {
            failure = failure.because_of(found);
        }
        return Err(failure.hint(
            "nothing was changed; choose another stage with `--stage`, rename the app, or delete these resources yourself",
        ));
    }
    let open = actual.apis.iter().filter(|whole| whole.is_open());
    let ids: Vec<&str> = open.map(|whole| whole.api.id.as_str()).collect();
    let rests = actual.rests.apis.iter().filter(|whole| whole.is_open());
    let rests: Vec<&str> = rests.map(|whole| whole.api.id.as_str()).collect();
    if rests.len() > 1 {
        return Err(Failure::new(format!(
            "the deployment has {} REST APIs: {}",
            rests.len(),
            rests.join(", ")
        ))
        .because_of("two deploys ran at the same time, or somebody copied one")
        .hint("delete all except the one whose URL is in use: `aws apigateway delete-rest-api --rest-api-id ID`"));
    }
    if ids.len() > 1 {
        return Err(Failure::new(format!(
            "the deployment has {} APIs: {}",
            ids.len(),
            ids.join(", ")
        ))
        .because_of("two deploys ran at the same time, or somebody copied one")
        .hint(
            "delete all except the one whose URL is in use: `aws apigatewayv2 delete-api --api-id ID`",
        ));
    }
    Ok(())
}

/// Stops what the account does not let be.
///
/// # Errors
///
/// If a REST API should write an access log and the account has no role for it (API Gateway
/// developer guide, "Set up `CloudWatch` logging for REST APIs"). The role is a setting of the
/// whole account, so it is not changed.
pub(crate) fn account(desired: &Desired, actual: &Actual) -> Result<()> {
    domain::check(desired, actual)?;
    hidden(desired, actual)?;
    buckets::check(desired, actual)?;
    if desired.rest.is_none() || desired.access_log.is_none() || actual.access_log.may_write {
        return Ok(());
    }
    Err(Failure::new("REST APIs in this account cannot write logs: `[access_log]`")
        .because_of(format!(
            "API Gateway has no role to write logs with in {} (`cloudwatchRoleArn`), and `cargo fw` does not change settings of the account",
            desired.place.region
        ))
        .hint(
            "create a role that `apigateway.amazonaws.com` may assume, with the policy `AmazonAPIGatewayPushToCloudWatchLogs`, and \
             set it: `aws apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=ROLE-ARN`; \
             nothing was changed",
        ))
}

/// Stops when a queue that is there hides messages for less time than the function may take that reads it: Lambda refuses the mapping
/// (esm-011).
fn hidden(desired: &Desired, actual: &Actual) -> Result<()> {
    for one in &desired.mappings {
        let function = desired.function(&one.function);
        let timeout = function.map_or(0, |function| function.configuration.timeout);
        let Some(hidden) = actual
            .hidden
            .get(&one.queue)
            .filter(|hidden| **hidden < timeout)
        else {
            continue;
        };
        let queue = one.queue.rsplit(':').next().unwrap_or_default();
        return Err(Failure::input(format!(
            "the queue `{queue}` hides messages for less time than the timeout of the function that reads it: {hidden} s"
        ))
        .because_of(format!(
            "`{}` may take {timeout} s, and Lambda refuses a queue with a shorter visibility timeout",
            one.function
        ))
        .hint(format!(
            "set `timeout = {hidden}` or less for the function, or ask the queue's owner for a visibility timeout of {} s, six times the \
             timeout; nothing was changed",
            QueueSettings::hidden_for(timeout)
        )));
    }
    Ok(())
}

/// Stops a canary that has nothing to stand beside.
///
/// # Errors
///
/// If no version gets traffic yet.
pub(crate) fn canary(desired: &Desired, actual: &Actual) -> Result<()> {
    let main = actual.function(&desired.names.function);
    if desired.canary.is_none() {
        return Ok(());
    }
    if main.live.is_some() {
        return guarded(desired, actual);
    }
    Err(Failure::new(format!(
        "there is no deployed version to run a canary next to: {}",
        desired.names.function
    ))
    .hint("deploy without `--canary` first"))
}

/// Stops a canary whose guards cannot be in place first.
///
/// # Errors
///
/// If a REST API would have to guard more than it does, or if the old gateway leaves routes open
/// that the new one guards. Both would change the API for the version with the rest of the traffic.
fn guarded(desired: &Desired, actual: &Actual) -> Result<()> {
    let (what, why) = if door::is_shut(desired, actual) {
        (
            "a canary cannot take traffic from another gateway that does not guard its routes",
            format!(
                "the app guards routes behind the {}, but the current gateway leads to them without a guard",
                desired.gateway()
            ),
        )
    } else if desired
        .rest
        .as_ref()
        .is_some_and(|rest| rest::tightens(actual, rest))
    {
        (
            "a canary cannot add guards to a REST API",
            "a REST API is one document, so its guards would change for both versions".to_owned(),
        )
    } else {
        return Ok(());
    };
    Err(Failure::new(what)
        .because_of(why)
        .because_of("nothing was changed")
        .hint("deploy without `--canary`; the guards are then in place before the traffic moves"))
}

/// Stops if the bucket that the settings name for large zips does not exist: it belongs to the
/// user, so no deploy creates it.
///
/// # Errors
///
/// A failure that names it; exit code 65.
pub(crate) fn bucket(actual: &Actual) -> Result<()> {
    let absent = |one: &&FoundArtifactBucket| !one.store.is_own() && one.found == Found::Absent;
    let Some(one) = actual.artifact_buckets.iter().find(absent) else {
        return Ok(());
    };
    Err(Failure::input(format!(
        "the bucket for the code does not exist: {}",
        one.store.bucket.name
    ))
    .because_of("`artifact_bucket` must name your own bucket in the region of the functions")
    .hint("create it, or leave out `artifact_bucket` to let the deployment create a bucket"))
}

/// The deployment's buckets that hold what is not the deployment's, in words.
pub(crate) fn occupied(actual: &Actual) -> Vec<String> {
    let kept = bucket::plan::kept(None, actual);
    let own = actual
        .artifact_buckets
        .iter()
        .filter(|one| one.store.is_own());
    let others = own.filter(|one| one.found.ours().is_some_and(|held| held.others));
    others
        .map(|one| {
            format!(
                "the bucket `{}` contains objects that are not from a deploy",
                one.store.bucket.name
            )
        })
        .chain(kept)
        .collect()
}

/// The resources with the deployment's names that belong to somebody else, in words.
pub(crate) fn foreign(names: &Names, actual: &Actual) -> Vec<String> {
    let mut named = Vec::new();
    let access_log = actual.access_log.group.foreign();
    named.push(("log group", names.access_log(), access_log));
    for name in names.functions() {
        let role = &actual.role(name).role;
        named.push(("role", names.role_of(name), role.foreign()));
        let found = actual.function(name);
        let group = Names::log_group_of(name);
        named.push(("log group", group, found.log_group.foreign()));
        named.push(("function", name.to_owned(), found.function.foreign()));
    }
    let named = named
        .into_iter()
        .filter_map(|(kind, name, owner)| owner.map(|owner| (kind, name, owner)));
    let stores = actual.artifact_buckets.iter().filter_map(|one| {
        let owner = one.found.foreign()?;
        Some(("bucket", one.store.bucket.name.clone(), owner))
    });
    let apis = actual
        .foreign_apis
        .iter()
        .map(|owner| ("API", names.function.clone(), owner.as_str()));
    let rests = actual
        .rests
        .foreign
        .iter()
        .map(|owner| ("REST API", names.function.clone(), owner.as_str()));
    let queues = actual.queues.iter().filter_map(|one| {
        let owner = one.found.foreign()?;
        Some((queue::KIND, one.name.clone(), owner))
    });
    let buckets = actual.buckets.iter().filter_map(|one| {
        let owner = one.found.foreign()?;
        Some((bucket::KIND, one.bucket.name.clone(), owner))
    });
    // A second mapping of a queue and a function is refused, and another one is nobody's business but its maker's.
    let mapped = names.mapped.iter();
    let mappings = mapped.flat_map(|name| &actual.function(name).mappings);
    let mappings = mappings.filter_map(|one| {
        let owner = one
            .found
            .foreign()
            .filter(|_| names.mappings.contains(&one.name))?;
        Some((mapping::KIND, one.name.clone(), owner))
    });
    let topics = actual.topics.topics.iter().filter_map(|one| {
        let owner = one.found.foreign()?;
        Some((topic::KIND, one.name.clone(), owner))
    });
    let buses = actual.buses.buses.iter().filter_map(|one| {
        let owner = one.found.foreign()?;
        Some((bus::KIND, one.name.clone(), owner))
    });
    let rules = actual.buses.rules.iter().filter_map(|one| {
        let owner = one.found.foreign()?;
        let name = bus::desired::called(&one.bus, &one.name);
        Some((bus::RULE, name, owner))
    });
    let group = actual.schedules.group.foreign();
    let group = group.map(|owner| (schedule::GROUP, names.function.clone(), owner));
    let scheduler = names.role_of(&names.scheduler());
    let role = actual
        .scheduler
        .role
        .foreign()
        .map(|owner| ("role", scheduler, owner));
    named
        .chain(apis)
        .chain(rests)
        .chain(stores)
        .chain(queues)
        .chain(mappings)
        .chain(topics)
        .chain(buses)
        .chain(rules)
        .chain(group)
        .chain(role)
        .chain(buckets)
        .map(|(kind, name, owner)| format!("the {kind} `{name}` belongs to {owner}"))
        .collect()
}

/// Settings that AWS accepts but the user should know about.
pub(crate) fn warnings(desired: &Desired) -> Vec<String> {
    let mut all = Vec::new();
    let Some(api) = desired.api() else {
        return all;
    };
    let configuration = &api.configuration;
    all.extend(desired.gateway().timeout_warning(configuration.timeout));
    if api.role.is_none() {
        all.push(format!(
            "no role is created: `role` names `{}`, whose permissions you manage; `cargo fw policy` prints what the app \
             needs in addition to writing its logs",
            configuration.role
        ));
    }
    all
}

/// The planner's promises, checked again for each plan: a broken one is a bug, and stops before the
/// first write.
///
/// # Errors
///
/// A failure that names the broken promise.
pub(crate) fn plan(desired: &Desired, actual: &Actual, plan: &Plan) -> Result<()> {
    let broken = broken(desired, actual, plan);
    match broken.or_else(|| guards::broken(desired, actual, plan)) {
        None => Ok(()),
        Some(promise) => Err(Failure::new("the plan is not sound, so nothing was changed")
            .because_of(promise)
            .hint("this is a bug in `cargo fw`: report it with the output of `cargo fw deploy --plan`")),
    }
}

const OTHER_REST: &str = "the REST API would not match the app";

/// Where a step runs: another lane of the same phase may be behind.
type AwsLocation<'a> = (Phase, Lane<'a>);

/// What the steps so far have done, as far as promises span kinds.
struct Sofar<'a> {
    phase: Phase,
    /// Whether traffic has moved.
    moved: bool,
    /// What they make that later ones use.
    made: BTreeMap<Output<'a>, AwsLocation<'a>>,
    /// The roles that got their policies.
    permitted: BTreeMap<&'a str, AwsLocation<'a>>,
    /// The functions whose versions were tried.
    tried: BTreeMap<&'a str, AwsLocation<'a>>,
    /// The routes of the HTTP API.
    routes: BTreeSet<&'a str>,
    /// The zips that are there, and since when.
    objects: BTreeMap<&'a str, Option<Phase>>,
    /// The document that a REST API got last.
    imported: Option<&'a Value>,
}

impl<'a> Sofar<'a> {
    fn of(actual: &'a Actual) -> Self {
        let api = actual.apis.first().into_iter();
        let routes = api.flat_map(|whole| &whole.routes);
        let held = actual
            .artifact_buckets
            .iter()
            .filter_map(|one| one.found.ours());
        let held = held.flat_map(|held| &held.keys);
        Self {
            phase: Phase::Note,
            moved: false,
            made: BTreeMap::new(),
            permitted: BTreeMap::new(),
            tried: BTreeMap::new(),
            routes: routes.map(|route| route.key.as_str()).collect(),
            objects: held.map(|key| (key.as_str(), None)).collect(),
            imported: None,
        }
    }

    /// The promise that the next step breaks, in words.
    fn breaks(&self, desired: &Desired, actual: &Actual, planned: &Planned) -> Option<String> {
        let step = &planned.step;
        if planned.reason.is_empty() {
            return Some(format!("a step has no reason: {:?}", step.subject()));
        }
        let here = (planned.phase, planned.lane());
        let before = |made: Option<&AwsLocation<'_>>| {
            made.is_some_and(|(phase, lane)| *phase < here.0 || *lane == here.1)
        };
        if let Some(missing) = step
            .needs()
            .iter()
            .find(|need| !before(self.made.get(need)))
        {
            return Some(format!(
                "a step uses something that no earlier step creates: {:?} needs {missing:?}",
                step.subject()
            ));
        }
        if planned.phase < self.phase {
            return Some(format!(
                "a step comes before its phase: {:?}",
                step.subject()
            ));
        }
        if self.moved && step.prepares() {
            return Some(format!(
                "a step prepares after the traffic has moved: {:?}",
                step.subject()
            ));
        }
        let broken = match step {
            Step::Function(step) => {
                self.breaks_function(desired, actual, step, planned.phase, before)
            }
            Step::Http(
                HttpStep::CreateRoute { key, guard, .. } | HttpStep::UpdateRoute { key, guard, .. },
            ) if guard.kind() != desired.http.guard(key).kind() => {
                Some(format!("a route would not have its guard: {key}"))
            }
            Step::Rest(step) if matches!(**step, RestStep::DeleteApi { open: true, .. }) => {
                desired.rest.as_ref().map(|_| OTHER_REST.to_owned())
            }
            _ => None,
        };
        broken.or_else(|| destroys(desired, actual, step))
    }

    fn breaks_function(
        &self,
        desired: &Desired,
        actual: &Actual,
        step: &FunctionStep,
        phase: Phase,
        before: impl Fn(Option<&AwsLocation<'_>>) -> bool,
    ) -> Option<String> {
        // A version runs with the permissions that it needs from its first moment.
        if let FunctionStep::Create { function, .. }
        | FunctionStep::UpdateConfiguration { function, .. } = step
        {
            let one = desired.function(function);
            let own = one.and_then(|one| one.role.as_ref());
            let there = actual.role(function).policy.is_some();
            let made = own.map(|own| self.permitted.get(own.name.as_str()));
            if made.is_some_and(|made| !there && !before(made)) {
                return Some(format!(
                    "a function would run with a role without a policy: {function}"
                ));
            }
        }
        let moves = match step {
            FunctionStep::MoveAlias {
                function,
                version: Handle::Made,
                ..
            }
            | FunctionStep::ShiftTraffic {
                function,
                version: Handle::Made,
                ..
            }
            | FunctionStep::CreateAlias { function, .. } => Some(function.as_str()),
            _ => None,
        };
        if moves.is_some_and(|function| !before(self.tried.get(function))) {
            return Some("an untried version would get the traffic".to_owned());
        }
        if let FunctionStep::Create { code, .. } | FunctionStep::UpdateCode { code, .. } = step
            && let Way::Stored { key, .. } = &code.way
            && self
                .objects
                .get(key.as_str())
                .is_none_or(|since| *since >= Some(phase))
        {
            return Some("a function would use code that is not uploaded".to_owned());
        }
        None
    }

    /// Adds the step.
    fn add(&mut self, planned: &'a Planned) {
        let step = &planned.step;
        let here = (planned.phase, planned.lane());
        self.phase = planned.phase;
        self.moved |= step.moves().is_some();
        self.made.extend(step.makes().map(|output| (output, here)));
        match step {
            Step::Role(RoleStep::PutPolicy { role, .. }) => drop(self.permitted.insert(role, here)),
            Step::Function(FunctionStep::Try { function, .. }) => {
                self.tried.insert(function, here);
            }
            Step::Http(HttpStep::CreateRoute { key, .. }) => drop(self.routes.insert(key)),
            Step::Http(HttpStep::DeleteRoute { key, .. }) => drop(self.routes.remove(key.as_str())),
            Step::ArtifactBucket(step) => match &**step {
                ArtifactBucketStep::Put { key, .. } => {
                    self.objects.insert(key, Some(planned.phase));
                }
                ArtifactBucketStep::Drop { key, .. } => {
                    self.objects.remove(key.as_str());
                }
                _ => {}
            },
            Step::Rest(step) => {
                if let RestStep::PutApi { document, .. } = &**step {
                    self.imported = Some(document);
                }
            }
            _ => {}
        }
    }
}

/// The resource that a deploy would delete with all that is in it, though the app needs it.
fn destroys(desired: &Desired, actual: &Actual, step: &Step) -> Option<String> {
    let wanted = |name: &str| desired.names.functions().any(|wanted| wanted == name);
    let whole = match step {
        Step::Http(HttpStep::DeleteApi { api, .. }) if desired.gateway() == Gateway::HttpApi => {
            actual
                .apis
                .iter()
                .any(|whole| whole.api.id == api.0 && whole.is_open())
        }
        Step::Url(UrlStep::Delete { .. }) => desired.url.is_some(),
        Step::Function(FunctionStep::Delete { function }) => wanted(function),
        Step::Role(RoleStep::DeletePolicy { role } | RoleStep::Delete { role }) => {
            let mut wanted = desired.names.functions();
            wanted.any(|function| desired.names.role_of(function) == *role)
        }
        Step::Logs(LogStep::Delete { .. }) => true,
        Step::Queue(step) => match &**step {
            QueueStep::Delete { name, .. } => desired.queues.iter().any(|one| one.name == *name),
            _ => false,
        },
        Step::Bucket(step) => match &**step {
            BucketStep::Delete { bucket } => {
                desired.buckets.iter().any(|one| one.name == bucket.name)
            }
            _ => false,
        },
        Step::Mapping(step) => match &**step {
            MappingStep::Delete { name, .. } => {
                desired.mappings.iter().any(|one| one.name == *name)
            }
            MappingStep::Create { .. } | MappingStep::Update { .. } => false,
        },
        Step::Bus(step) => match &**step {
            BusStep::Delete { name } => desired.buses.iter().any(|one| one.name == *name),
            BusStep::DeleteRule { called, .. } => {
                let mut all = desired.rules.iter();
                all.any(|one| one.called() == *called)
            }
            _ => false,
        },
        Step::Schedule(step) => match &**step {
            ScheduleStep::DeleteGroup { .. } => desired.schedules.is_some(),
            ScheduleStep::Delete { name, .. } => {
                let mut all = desired.schedules.iter().flat_map(|all| &all.schedules);
                all.any(|one| one.name == *name)
            }
            _ => false,
        },
        Step::Topic(step) => match &**step {
            TopicStep::Delete { name, .. } => desired.topics.iter().any(|one| one.name == *name),
            TopicStep::Unsubscribe { name, .. } => {
                let mut all = desired.subscriptions.iter();
                all.any(|one| one.name() == *name)
            }
            _ => false,
        },
        _ => false,
    };
    whole.then(|| format!("a deploy would delete the {}", step.subject().1))
}

fn broken(desired: &Desired, actual: &Actual, plan: &Plan) -> Option<String> {
    let mut sofar = Sofar::of(actual);
    for planned in &plan.steps {
        let broken = sofar.breaks(desired, actual, planned);
        if broken.is_some() {
            return broken;
        }
        sofar.add(planned);
    }
    let Sofar {
        imported, routes, ..
    } = sofar;
    // One that is for the time until the traffic moves comes before it.
    let wanted = desired.rest.as_ref().map(|rest| &rest.document);
    if imported.is_some() && imported != wanted {
        return Some(OTHER_REST.to_owned());
    }
    if desired.canary.is_some() || desired.gateway() != Gateway::HttpApi {
        return None;
    }
    let wanted: BTreeSet<&str> = desired.routes.iter().map(String::as_str).collect();
    (routes != wanted).then(|| "the routes would not match the manifest".to_owned())
}
