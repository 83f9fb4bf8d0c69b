//! An account in memory, for tests: it refuses what AWS refuses, records every call, and fails where a test says so.
//!
//! It is stricter than moto: conflicts, things in use, roles that Lambda cannot assume yet, functions that are still
//! changing. Its ids are numbers in the order of making, so that two histories with the same outcome compare equal.

mod apigateway;
mod clock;
mod concurrency;
mod domains;
mod iam;
mod json;
mod lambda;
mod logs;
mod rest;
mod s3;
mod tagging;
mod tags;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use bytes::Bytes;
use serde_json::Value;

use self::clock::Clock;
pub(crate) use self::{clock::Latency, domains::FakeDomain, s3::FakeBucket};
use super::{
    Aws, Error, Kind, Operation,
    apigateway::{Api, Authorizer, Integration, Route, Stage},
    lambda::{Alias, Configuration, Function, FunctionUrl, Grant, Invoked, Readiness},
    logs::{LogEvent, LogGroup},
    rest::{ApiKey, Deployment, RestApi, RestStage, UsagePlan},
    sts::{Caller, Sts},
};
use crate::{
    aws::error::Result,
    deploy::kind::{
        bus::fake::FakeBuses, mapping::fake::FakeMapping, queue::fake::Queues,
        schedule::fake::FakeSchedules, topic::fake::FakeTopics,
    },
    values::{asynchronous::Asynchronous, code::Code, names::Tags},
};

/// Where a test's mutating call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call never arrives.
    Before(usize),
    /// The call is carried out and its answer is lost.
    After(usize),
}

/// A role.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FakeRole {
    pub(crate) trust: Value,
    pub(crate) tags: Tags,
    pub(crate) policies: BTreeMap<String, Value>,
    /// The ARNs of managed policies.
    pub(crate) attached: BTreeSet<String>,
    pub(crate) boundary: Option<String>,
    /// How often Lambda will still refuse it.
    lag: u32,
}

/// What one version of a function is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Revision {
    pub(crate) sha256: String,
    pub(crate) zip: Bytes,
    pub(crate) size: u64,
    pub(crate) architecture: String,
    pub(crate) configuration: Configuration,
}

/// A function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FakeFunction {
    pub(crate) latest: Revision,
    /// By number; numbers are never given twice.
    pub(crate) versions: BTreeMap<u32, Revision>,
    /// How many were ever published.
    pub(crate) published: u32,
    pub(crate) aliases: BTreeMap<String, Alias>,
    /// By qualifier.
    pub(crate) grants: BTreeMap<String, Vec<Grant>>,
    /// The alias' URL.
    pub(crate) url: Option<FunctionUrl>,
    pub(crate) reserved: Option<u32>,
    pub(crate) provisioned: Option<u32>,
    /// Of the alias.
    pub(crate) asynchronous: Option<Asynchronous>,
    pub(crate) tags: Tags,
    /// How often it will still say that it is changing.
    pending: u32,
}

/// An API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FakeApi {
    pub(crate) api: Api,
    pub(crate) integrations: Vec<Integration>,
    pub(crate) routes: Vec<Route>,
    pub(crate) authorizers: Vec<Authorizer>,
    pub(crate) stages: Vec<Stage>,
}

/// A REST API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FakeRest {
    pub(crate) api: RestApi,
    /// What was imported last.
    pub(crate) document: Value,
    /// Each with the document that it was made of.
    pub(crate) deployments: Vec<(Deployment, Value)>,
    pub(crate) stages: Vec<RestStage>,
}

/// All that the account holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) roles: BTreeMap<String, FakeRole>,
    pub(crate) functions: BTreeMap<String, FakeFunction>,
    pub(crate) groups: BTreeMap<String, LogGroup>,
    pub(crate) apis: Vec<FakeApi>,
    pub(crate) rests: Vec<FakeRest>,
    pub(crate) domains: Vec<FakeDomain>,
    pub(crate) keys: Vec<ApiKey>,
    /// With the ids of their keys.
    pub(crate) plans: Vec<(UsagePlan, Vec<String>)>,
    pub(crate) buckets: BTreeMap<String, FakeBucket>,
    pub(crate) queues: Queues,
    pub(crate) mappings: Vec<FakeMapping>,
    pub(crate) topics: FakeTopics,
    pub(crate) buses: FakeBuses,
    pub(crate) schedules: FakeSchedules,
}

/// What a test looks at after each mutating call.
#[derive(Default)]
pub(crate) struct Watch(RefCell<Option<Look>>);

type Look = Box<dyn Fn(&State, &str)>;

impl Watch {
    /// Looks at the account from now on.
    pub(crate) fn set(&self, look: impl Fn(&State, &str) + 'static) {
        self.0.replace(Some(Box::new(look)));
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

/// The account, its knobs and its diary.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) state: RefCell<State>,
    /// Looks at the state after each mutating call.
    pub(crate) watch: Watch,
    /// Every call in order.
    calls: RefCell<Vec<Operation>>,
    /// When each of them ended.
    ends: RefCell<Vec<u64>>,
    /// Which mutating call fails, counted from 0.
    pub(crate) fault: Cell<Option<Fault>>,
    /// The mutating call, counted from 0, that is carried out and is the last one: the process is killed in it.
    pub(crate) killed: Cell<Option<usize>>,
    /// Whether the account has no role for REST APIs to write logs as.
    pub(crate) unlogged: Cell<bool>,
    /// Whether all mutating calls are denied.
    pub(crate) read_only: Cell<bool>,
    /// The call that is always denied.
    pub(crate) denied: Cell<Option<&'static str>>,
    /// A call that is refused, with which code, and how often.
    pub(crate) refused: Cell<Option<(&'static str, &'static str, u32)>>,
    /// The words of such a refusal; `not now` where they are empty.
    pub(crate) said: Cell<&'static str>,
    /// What an invocation gives; what it was sent, where it is not set.
    pub(crate) answer: RefCell<Option<Invoked>>,
    /// The payloads of the invocations so far, by qualifier.
    pub(crate) invoked: RefCell<Vec<(String, String)>>,
    /// How often a new role is refused before Lambda knows it.
    pub(crate) role_lag: Cell<u32>,
    /// How often a made or changed function says that it is not ready.
    pub(crate) function_lag: Cell<u32>,
    next_id: Cell<u32>,
    /// How long calls take.
    pub(crate) clock: Clock,
    /// Whether it was asked who is calling.
    asked: Cell<bool>,
    /// What the log groups hold; no part of the state that deploys are compared by.
    pub(crate) log_events: RefCell<BTreeMap<String, Vec<LogEvent>>>,
}

impl Fake {
    pub(crate) const ACCOUNT: &str = "123456789012";
    pub(crate) const REGION: &str = "eu-central-1";

    /// An account that holds that.
    pub(crate) fn holding(state: State) -> Self {
        let next_id = state
            .apis
            .iter()
            .map(|api| 1 + api.integrations.len() + api.routes.len() + api.authorizers.len());
        let rests = state.rests.iter();
        let rests = rests.map(|rest| 1 + rest.deployments.len()).sum::<usize>();
        let mapped = state.domains.iter().map(|held| held.mappings.len());
        let more = rests
            + state.mappings.len()
            + state.keys.len()
            + state.plans.len()
            + mapped.sum::<usize>();
        let next_id = u32::try_from(next_id.sum::<usize>() + more).unwrap() + 100;
        Self {
            state: RefCell::new(state),
            next_id: Cell::new(next_id),
            ..Self::default()
        }
    }

    /// What it holds, with ids and lags left out of the comparison.
    pub(crate) fn snapshot(&self) -> State {
        let mut state = self.state.borrow().clone();
        for role in state.roles.values_mut() {
            role.lag = 0;
        }
        for function in state.functions.values_mut() {
            function.pending = 0;
            function.grants.retain(|_, grants| !grants.is_empty());
        }
        for mapping in state.domains.iter_mut().flat_map(|held| &mut held.mappings) {
            mapping.id.clear();
        }
        state.mappings.iter_mut().for_each(FakeMapping::forget_id);
        for bucket in state.buckets.values_mut() {
            let all = &mut bucket.notifications.all;
            all.sort_by(|one, other| one.id.cmp(&other.id));
        }
        state.mappings.sort_by_key(FakeMapping::key);
        for api in &mut state.apis {
            let authorizers = api.authorizers.clone();
            let named = |id: &String| {
                let found = authorizers.iter().find(|one| one.id == *id);
                Ok::<_, std::convert::Infallible>(
                    found.map_or_else(String::new, |one| one.name.clone()),
                )
            };
            for route in &mut api.routes {
                route.id.clear();
                let Ok(guard) = route.guard.try_map(named);
                route.guard = guard;
            }
            for authorizer in &mut api.authorizers {
                authorizer.id.clear();
            }
            api.authorizers
                .sort_by(|one, other| one.name.cmp(&other.name));
            api.routes.sort_by(|one, other| one.key.cmp(&other.key));
        }
        state
    }

    /// The mutating calls so far.
    pub(crate) fn writes(&self) -> Vec<&'static str> {
        let calls = self.calls.borrow();
        let writes = calls.iter().filter(|operation| operation.writes());
        writes.map(|operation| operation.name).collect()
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.calls
            .borrow()
            .iter()
            .map(|operation| operation.name)
            .collect()
    }

    /// The IAM actions of all calls so far, each once.
    pub(crate) fn actions(&self) -> BTreeSet<String> {
        let calls = self.calls.borrow();
        calls.iter().map(|operation| operation.action()).collect()
    }

    /// When the first call of that name ended, on the clock.
    pub(crate) fn first(&self, name: &str) -> Option<u64> {
        let calls = self.calls();
        let at = calls.iter().position(|call| *call == name)?;
        self.ends.borrow().get(at).copied()
    }

    /// Forgets the calls so far, as if another process began.
    pub(crate) fn forget(&self) {
        self.asked.set(false);
        self.calls.borrow_mut().clear();
        self.ends.borrow_mut().clear();
    }

    /// What a request with that route key is answered by: the code's hash, or nothing when a link is missing.
    pub(crate) fn serves(&self, key: &str) -> Option<String> {
        let state = self.state.borrow();
        let api = state
            .apis
            .iter()
            .find(|api| api.stages.iter().any(|stage| stage.auto))?;
        let route = api.routes.iter().find(|route| route.key == key)?;
        let target = route.integration.as_ref()?;
        let integration = api.integrations.iter().find(|one| one.id == *target)?;
        let mut parts = integration.uri.rsplit(':');
        let (alias, name) = (parts.next()?, parts.next()?);
        let function = state.functions.get(name)?;
        let source = format!("{}/*/*", api.api.id);
        let grants = function.grants.get(alias)?;
        grants
            .iter()
            .find(|grant| grant.source.ends_with(&source))?;
        let version: u32 = function.aliases.get(alias)?.version.parse().ok()?;
        Some(function.versions.get(&version)?.sha256.clone())
    }

    /// What a request of the one REST API with that route key is answered by: the code's hash, or nothing when a link is
    /// missing.
    pub(crate) fn serves_by_rest(&self, key: &str) -> Option<String> {
        let state = self.state.borrow();
        let rest = state.rests.iter().find(|rest| !rest.stages.is_empty())?;
        let served = rest.stages[0].deployment.as_ref()?;
        let mut all = rest.deployments.iter();
        let (_, document) = all.find(|(held, _)| held.id == *served)?;
        if !crate::deploy::model::openapi::keys(document).contains(key) {
            return None;
        }
        let function = state.functions.values().next()?;
        let source = format!("{}/*/*", rest.api.id);
        let grants = function.grants.get("live")?;
        grants
            .iter()
            .find(|grant| grant.source.ends_with(&source))?;
        let version: u32 = function.aliases.get("live")?.version.parse().ok()?;
        Some(function.versions.get(&version)?.sha256.clone())
    }

    /// What a request of the one function's URL is answered by, or nothing when a link is missing.
    pub(crate) fn serves_by_url(&self) -> Option<String> {
        let state = self.state.borrow();
        let function = state.functions.values().next()?;
        let url = function.url.as_ref()?;
        let open = function.grants.get("live").map_or(0, Vec::len);
        if !url.settings.iam && open < 2 {
            return None;
        }
        let version: u32 = function.aliases.get("live")?.version.parse().ok()?;
        Some(function.versions.get(&version)?.sha256.clone())
    }

    /// Carries out a call on the state, unless it is to fail; reads cannot fail.
    pub(crate) fn call<T>(
        &self,
        operation: Operation,
        act: impl FnOnce(&mut State) -> Result<T, (&'static str, String)>,
    ) -> Result<T> {
        let nth = self.writes().len();
        self.calls.borrow_mut().push(operation);
        self.ends.borrow_mut().push(self.clock.now());
        let read_only = self.read_only.get() && operation.writes();
        if read_only || self.denied.get() == Some(operation.name) {
            let action = operation.action();
            let message = format!("User: someone is not authorized to perform: {action}");
            return Err(Error::answered(operation, "AccessDenied", message));
        }
        if let Some((name, code, times @ 1..)) = self.refused.get()
            && name == operation.name
        {
            self.refused.set(Some((name, code, times - 1)));
            let said = match self.said.get() {
                "" => "not now",
                said => said,
            };
            return Err(Error::answered(operation, code, said));
        }
        let killed = self.killed.get();
        let fault = self.fault.get().filter(|_| operation.writes());
        let lost = || Error {
            operation,
            kind: Kind::Unreachable,
            code: String::new(),
            message: "the connection was lost".to_owned(),
        };
        if fault == Some(Fault::Before(nth)) || killed.is_some_and(|killed| nth > killed) {
            return Err(lost());
        }
        let done = act(&mut self.state.borrow_mut());
        if operation.writes()
            && let Some(look) = &*self.watch.0.borrow()
        {
            look(&self.state.borrow(), operation.name);
        }
        if fault == Some(Fault::After(nth)) || (killed == Some(nth) && operation.writes()) {
            return Err(lost());
        }
        done.map_err(|(code, message)| Error::answered(operation, code, message))
    }

    /// Waits as long as a call takes, when calls take time.
    pub(crate) async fn later(&self) -> &Self {
        self.clock.call().await;
        self
    }

    pub(crate) fn id(&self, kind: &str) -> String {
        self.next_id.set(self.next_id.get() + 1);
        format!("{kind}{}", self.next_id.get())
    }
}

impl Aws for Fake {
    fn region(&self) -> &str {
        Self::REGION
    }
}

impl Sts for Fake {
    async fn caller(&self) -> Result<Caller> {
        if !self.asked.replace(true) {
            self.later().await;
            let operation = Operation::new("sts", "GetCallerIdentity");
            self.calls.borrow_mut().push(operation);
            self.ends.borrow_mut().push(self.clock.now());
        }
        Ok(Caller {
            account: Self::ACCOUNT.to_owned(),
            partition: "aws".to_owned(),
            arn: format!("arn:aws:iam::{}:user/someone", Self::ACCOUNT),
        })
    }
}

impl Revision {
    fn new(code: &Code, configuration: &Configuration) -> Self {
        Self {
            sha256: code.sha256.clone(),
            zip: code.zip.clone(),
            size: code.zip.len() as u64,
            architecture: code.architecture.as_str().to_owned(),
            configuration: configuration.clone(),
        }
    }

    fn seen(&self, readiness: Readiness, tags: &Tags) -> Function {
        Function {
            sha256: self.sha256.clone(),
            size: self.size,
            architecture: self.architecture.clone(),
            configuration: self.configuration.clone(),
            reserved: None,
            readiness,
            tags: tags.clone(),
        }
    }
}

/// What AWS answers for a thing that is not there, by service.
fn missing(code: &'static str, what: &str) -> (&'static str, String) {
    (code, format!("{what} does not exist"))
}
