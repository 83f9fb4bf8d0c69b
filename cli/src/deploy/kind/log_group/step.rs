//! The steps on a log group.

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

/// One change of a log group: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LogStep {
    /// Creates the log group.
    Create { group: String, tags: Tags },
    /// Sets how long logs are kept.
    PutRetention { group: String, days: u32 },
    /// Removes the log group and the logs in it.
    Delete { group: String },
}

impl Change for LogStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        let (action, kind, name) = match self {
            Self::Create { group, .. } => (Action::Create, "log group", group),
            Self::PutRetention { group, .. } => (Action::Update, "retention of log group", group),
            Self::Delete { group } => (Action::Delete, "log group", group),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        match self {
            Self::Create { group, .. }
            | Self::PutRetention { group, .. }
            | Self::Delete { group } => Lane::Logs(group),
        }
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
            Self::Delete { .. } => lost(self),
            Self::Create { .. } | Self::PutRetention { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        just_made(error).filter(|_| matches!(self, Self::PutRetention { .. }))
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        match self {
            Self::Create { group, tags } => run.aws.create_log_group(group, tags).await?,
            Self::PutRetention { group, days } => run.aws.put_retention(group, *days).await?,
            Self::Delete { group } => run.aws.delete_log_group(group).await?,
        }
        Ok(())
    }
}
