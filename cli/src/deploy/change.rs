//! What every kind of step knows about itself.

use std::fmt;

use serde::Serialize;

use super::{
    phase::Lane,
    run::{Run, Trouble},
};
use crate::aws::{Aws, error::Error};

/// The action of a step on its resource.
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

/// The subject of a step.
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

/// What a step creates that later steps use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Output<'a> {
    /// The HTTP API.
    Api,
    /// Its integration with the alias.
    Integration,
    /// Its authorizer with this name.
    Authorizer(&'a str),
    /// A version of that function.
    Version(&'a str),
    /// A part of a REST API: the kind, and its name.
    Rest(&'static str, &'a str),
}

/// One change to the account: one mutating call. Each kind of resource implements all methods for
/// its own steps, so that nothing is forgotten when a kind is added.
pub(crate) trait Change {
    /// Its action and its resource.
    fn subject(&self) -> (Action, Resource<'_>);
    /// Its lane.
    fn lane(&self) -> Lane<'_>;
    /// What it uses that earlier steps create.
    fn needs(&self) -> Vec<Output<'_>>;
    /// What it creates that later steps use.
    fn makes(&self) -> Option<Output<'_>>;
    /// True if it creates something that a new version needs, and so must come before the traffic.
    fn prepares(&self) -> bool;
    /// What it removes that somebody may use, in words: the user must agree to that. Not what it
    /// cleans up of its own.
    fn loses(&self) -> Vec<String>;
    /// Why its failure is temporary, in addition to the reasons for any call.
    fn passes(&self, error: &Error) -> Option<&'static str>;
    /// The message at its start, if it takes long.
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

/// Why a step creates something.
pub(crate) const MISSING: &str = "does not exist yet";

/// The name of an API's stage in messages.
pub(crate) const STAGE: &str = "stage of the API";
