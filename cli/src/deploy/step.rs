//! The steps that a plan is made of: typed data that can be printed, checked and run.

pub(crate) mod domain;
mod function;
mod http;
mod logs;
pub(crate) mod rest;
mod role;
pub(crate) mod store;
mod tag;
mod url;

use std::fmt;

use serde::Serialize;

use self::{domain::DomainStep, rest::RestStep, store::StoreStep};
pub(crate) use self::{
    function::FunctionStep, http::HttpStep, logs::LogStep, role::RoleStep, tag::TagStep,
    url::UrlStep,
};
use super::{
    apply::{Run, Trouble},
    phase::{Lane, Phase},
};
use crate::aws::{Aws, error::Error};

/// An API's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiId(pub(crate) String);

/// An integration's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IntegrationId(pub(crate) String);

/// An authorizer's name, and its id where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizerId {
    /// Its name, by which an earlier step makes it.
    pub(crate) name: String,
    /// Its id, when it is there already.
    pub(crate) id: Option<String>,
}

/// A version's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) String);

/// A value that is known when planning, or that an earlier step of the same plan makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handle<T> {
    /// It is this.
    Known(T),
    /// The one step that makes a `T` gives it.
    Made,
}

/// What a step does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// Makes it.
    Create,
    /// Changes it.
    Update,
    /// Removes it.
    Delete,
    /// Tries whether it works.
    Check,
}

impl Action {
    /// The word for it when it is done.
    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Create => "Created",
            Self::Update => "Updated",
            Self::Delete => "Deleted",
            Self::Check => "Checked",
        }
    }

    /// The word for doing it.
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Check => "check",
        }
    }

    /// The sign in front of it in a printed plan.
    pub(crate) const fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Delete => '-',
            Self::Check => '?',
        }
    }
}

/// What a step is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource<'a> {
    /// The kind: `role`, `function`, `route`.
    pub(crate) kind: &'static str,
    /// Its name.
    pub(crate) name: &'a str,
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}

/// What a step makes that later ones use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Output<'a> {
    /// The HTTP API.
    Api,
    /// Its integration with the alias.
    Integration,
    /// Its authorizer of that name.
    Authorizer(&'a str),
    /// A version of that function.
    Version(&'a str),
    /// What belongs to a REST API: the kind, and its name.
    Rest(&'static str, &'a str),
}

/// One change to the account: one mutating call. Each kind of resource says all of its own steps, so that nothing is forgotten
/// where a kind is added.
pub(crate) trait Change {
    /// What it does, and to what.
    fn subject(&self) -> (Action, Resource<'_>);
    /// Where it queues.
    fn lane(&self) -> Lane<'_>;
    /// What it uses that earlier steps make.
    fn needs(&self) -> Vec<Output<'_>>;
    /// What it makes that later steps use.
    fn makes(&self) -> Option<Output<'_>>;
    /// True if it makes what a new version needs, and so must come before the traffic.
    fn prepares(&self) -> bool;
    /// What it takes away that somebody may use, in words: somebody has to agree to that. Not what it tidies up of its own.
    fn loses(&self) -> Vec<String>;
    /// Why its failure passes by itself, besides the reasons that any call may have.
    fn passes(&self, error: &Error) -> Option<&'static str>;
    /// What is reported when it begins, where it takes long.
    fn begins(&self) -> Option<String>;
    /// Makes the call.
    ///
    /// # Errors
    ///
    /// The call's.
    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble>;
}

/// The resource that a step removes, as a loss.
fn lost(step: &impl Change) -> Vec<String> {
    vec![step.subject().1.to_string()]
}

/// A change, by the kind of resource that it is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Role(RoleStep),
    Logs(LogStep),
    Function(FunctionStep),
    Url(UrlStep),
    Http(HttpStep),
    Rest(Box<RestStep>),
    Domain(Box<DomainStep>),
    /// The bucket through which a large zip goes.
    Store(Box<StoreStep>),
    Tag(TagStep),
}

/// The step of its kind, for the same expression.
macro_rules! of_kind {
    ($step:expr, $one:ident => $call:expr) => {
        match $step {
            Step::Role($one) => $call,
            Step::Logs($one) => $call,
            Step::Function($one) => $call,
            Step::Url($one) => $call,
            Step::Http($one) => $call,
            Step::Rest($one) => $call,
            Step::Domain($one) => $call,
            Step::Store($one) => $call,
            Step::Tag($one) => $call,
        }
    };
}

impl Change for Step {
    fn subject(&self) -> (Action, Resource<'_>) {
        of_kind!(self, step => step.subject())
    }

    fn lane(&self) -> Lane<'_> {
        of_kind!(self, step => step.lane())
    }

    fn needs(&self) -> Vec<Output<'_>> {
        of_kind!(self, step => step.needs())
    }

    fn makes(&self) -> Option<Output<'_>> {
        of_kind!(self, step => step.makes())
    }

    fn prepares(&self) -> bool {
        of_kind!(self, step => step.prepares())
    }

    fn loses(&self) -> Vec<String> {
        of_kind!(self, step => step.loses())
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        of_kind!(self, step => step.passes(error))
    }

    fn begins(&self) -> Option<String> {
        of_kind!(self, step => step.begins())
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        // As in `observe`: the clients' futures are large.
        of_kind!(self, step => Box::pin(step.run(run)).await)
    }
}

impl Step {
    /// The function of which it makes a version.
    pub(crate) fn publishes(&self) -> Option<&str> {
        match self {
            Self::Function(step) => step.publishes(),
            _ => None,
        }
    }

    /// The function whose traffic it moves.
    pub(crate) fn moves(&self) -> Option<&str> {
        match self {
            Self::Function(step) => step.moves(),
            _ => None,
        }
    }
}

/// What an API's stage is called.
pub(crate) const STAGE: &str = "stage of the API";

/// A step and why it is planned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    /// The step.
    pub(crate) step: Step,
    /// Why: what is missing or differs.
    pub(crate) reason: String,
    /// True if it admits callers that are refused now: somebody has to agree to that.
    pub(crate) opens: bool,
    /// When it runs.
    pub(crate) phase: Phase,
    /// The log group behind whose steps it queues, where it does not queue by itself.
    behind: Option<String>,
}

impl Planned {
    /// Where it queues.
    pub(crate) fn lane(&self) -> Lane<'_> {
        let behind = self.behind.as_deref();
        behind.map_or_else(|| self.step.lane(), Lane::Logs)
    }
}

/// The steps, in the order that they are run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Each with its reason.
    pub(crate) steps: Vec<Planned>,
    /// The phase of the steps that are added now.
    phase: Phase,
}

impl Plan {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Begins a phase: what is added from now on runs when all before it is done.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Adds a step.
    pub(crate) fn push(&mut self, step: Step, reason: impl Into<String>) {
        self.steps.push(Planned {
            step,
            reason: reason.into(),
            opens: false,
            phase: self.phase,
            behind: None,
        });
    }

    /// Adds a step that may admit callers that are refused now.
    pub(crate) fn push_opening(&mut self, step: Step, reason: impl Into<String>, opens: bool) {
        self.push(step, reason);
        if let Some(planned) = self.steps.last_mut() {
            planned.opens = opens;
        }
    }

    /// Adds a step that runs after those on that log group.
    pub(crate) fn push_behind(&mut self, step: Step, reason: impl Into<String>, group: &str) {
        self.push(step, reason);
        if let Some(planned) = self.steps.last_mut() {
            planned.behind = Some(group.to_owned());
        }
    }
}
