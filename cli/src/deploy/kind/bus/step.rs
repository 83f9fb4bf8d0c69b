//! The steps on a bus and its rules.

use super::{KIND, RULE, calls, desired::DesiredRule};
use crate::{
    aws::{Aws, error::Error},
    deploy::{
        change::{Action, Change, Output, Resource, lost},
        phase::Lane,
        retry::just_made,
        run::{Run, Trouble},
    },
    values::names::Tags,
};

/// One change of a bus or a rule: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BusStep {
    /// Creates it.
    Create { name: String, tags: Tags },
    /// Sets tags of a bus or a rule.
    Tag {
        kind: &'static str,
        name: String,
        arn: String,
        tags: Tags,
    },
    /// Removes tags that an earlier deploy has set.
    Untag {
        kind: &'static str,
        name: String,
        arn: String,
        keys: Vec<String>,
    },
    /// Deletes it.
    Delete { name: String },
    /// Creates a rule with those tags, or sets which events it takes.
    PutRule {
        called: String,
        rule: Box<DesiredRule>,
        tags: Option<Tags>,
    },
    /// Leads a rule to its function.
    PutTarget {
        called: String,
        rule: Box<DesiredRule>,
    },
    /// Takes from a rule where it leads.
    RemoveTargets {
        called: String,
        bus: String,
        name: String,
        ids: Vec<String>,
    },
    /// Deletes a rule.
    DeleteRule {
        called: String,
        bus: String,
        name: String,
    },
}

impl Change for BusStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        use Action::{Create, Delete, Update};
        let (action, kind, name) = match self {
            Self::Create { name, .. } => (Create, KIND, name),
            Self::Tag { kind, name, .. } | Self::Untag { kind, name, .. } => {
                let kind = match *kind {
                    RULE => "tags of rule",
                    _ => "tags of bus",
                };
                (Update, kind, name)
            }
            Self::Delete { name } => (Delete, KIND, name),
            Self::PutRule { called, tags, .. } => match tags {
                Some(_) => (Create, RULE, called),
                None => (Update, RULE, called),
            },
            Self::PutTarget { called, .. } => (Update, "target of rule", called),
            Self::RemoveTargets { called, .. } => (Delete, "target of rule", called),
            Self::DeleteRule { called, .. } => (Delete, RULE, called),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        Lane::Buses
    }

    fn needs(&self) -> Vec<Output<'_>> {
        Vec::new()
    }

    fn makes(&self) -> Option<Output<'_>> {
        None
    }

    fn prepares(&self) -> bool {
        matches!(self, Self::Create { .. })
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::Delete { .. } | Self::DeleteRule { .. } => lost(self),
            // It goes with its rule, which is in the list.
            Self::RemoveTargets { .. } => Vec::new(),
            Self::Create { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::PutRule { .. }
            | Self::PutTarget { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            Self::Create { .. }
            | Self::Delete { .. }
            | Self::RemoveTargets { .. }
            | Self::DeleteRule { .. } => None,
            Self::Tag { .. }
            | Self::Untag { .. }
            | Self::PutRule { .. }
            | Self::PutTarget { .. } => just_made(error),
        }
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Create { name, tags } => calls::create(aws, name, tags).await?,
            Self::Tag { arn, tags, .. } => calls::tag(aws, arn, tags).await?,
            Self::Untag { arn, keys, .. } => calls::untag(aws, arn, keys).await?,
            Self::Delete { name } => calls::delete(aws, name).await?,
            Self::PutRule { rule, tags, .. } => calls::put_rule(aws, rule, tags.as_ref()).await?,
            Self::PutTarget { rule, .. } => calls::put_target(aws, rule).await?,
            Self::RemoveTargets { bus, name, ids, .. } => {
                calls::remove_targets(aws, bus, name, ids).await?;
            }
            Self::DeleteRule { bus, name, .. } => calls::delete_rule(aws, bus, name).await?,
        }
        Ok(())
    }
}
