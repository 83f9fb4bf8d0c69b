//! What every kind of step says about itself.

use std::fmt;

use serde::Serialize;

use crate::{
    aws::{Aws, error::Error},
    deploy::{
        phase::Lane,
        run::{Run, Trouble},
    },
};

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
pub(crate) fn lost(step: &impl Change) -> Vec<String> {
    vec![step.subject().1.to_string()]
}

/// What an API's stage is called.
pub(crate) const STAGE: &str = "stage of the API";
