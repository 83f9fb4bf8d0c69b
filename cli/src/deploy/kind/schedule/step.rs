//! The steps on schedules and their group.

use super::{GROUP, KIND, calls, desired::DesiredSchedule};
use crate::{
    aws::{
        Aws,
        error::{Error, Kind},
    },
    deploy::{
        change::{Action, Change, Output, Resource, lost},
        phase::Lane,
        retry::just_made,
        run::{Run, Trouble},
    },
    values::names::Tags,
};

/// What Scheduler says while IAM does not know the role everywhere.
const NO_ROLE: &str = "must allow AWS EventBridge Scheduler to assume the role";

/// One change of a schedule or its group: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ScheduleStep {
    /// Creates the group.
    CreateGroup { group: String, tags: Tags },
    /// Sets tags of the group.
    Tag {
        group: String,
        arn: String,
        tags: Tags,
    },
    /// Removes tags of the group that an earlier deploy has set.
    Untag {
        group: String,
        arn: String,
        keys: Vec<String>,
    },
    /// Deletes the group.
    DeleteGroup { group: String },
    /// Creates a schedule.
    Create {
        group: String,
        schedule: Box<DesiredSchedule>,
    },
    /// Sets all of a schedule.
    Update {
        group: String,
        schedule: Box<DesiredSchedule>,
    },
    /// Deletes a schedule.
    Delete { group: String, name: String },
}

impl Change for ScheduleStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        let (action, kind, name) = match self {
            Self::CreateGroup { group, .. } => (Action::Create, GROUP, group),
            Self::Tag { group, .. } | Self::Untag { group, .. } => {
                (Action::Update, "tags of schedule group", group)
            }
            Self::DeleteGroup { group } => (Action::Delete, GROUP, group),
            Self::Create { schedule, .. } => (Action::Create, KIND, &schedule.name),
            Self::Update { schedule, .. } => (Action::Update, KIND, &schedule.name),
            Self::Delete { name, .. } => (Action::Delete, KIND, name),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        Lane::Schedules
    }

    fn needs(&self) -> Vec<Output<'_>> {
        Vec::new()
    }

    fn makes(&self) -> Option<Output<'_>> {
        None
    }

    fn prepares(&self) -> bool {
        matches!(self, Self::CreateGroup { .. })
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::Delete { .. } => lost(self),
            // Nothing is in it but schedules, which are in the list.
            Self::DeleteGroup { .. } => Vec::new(),
            Self::CreateGroup { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::Create { .. }
            | Self::Update { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            Self::CreateGroup { .. } if error.kind == Kind::Conflict => {
                Some("until Scheduler has deleted the group of before")
            }
            Self::Create { .. } | Self::Update { .. } if error.message.contains(NO_ROLE) => {
                Some("until IAM knows the role everywhere")
            }
            Self::Tag { .. } | Self::Untag { .. } | Self::Create { .. } | Self::Update { .. } => {
                just_made(error)
            }
            Self::CreateGroup { .. } | Self::DeleteGroup { .. } | Self::Delete { .. } => None,
        }
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::CreateGroup { group, tags } => calls::create_group(aws, group, tags).await?,
            Self::Tag { arn, tags, .. } => calls::tag(aws, arn, tags).await?,
            Self::Untag { arn, keys, .. } => calls::untag(aws, arn, keys).await?,
            Self::DeleteGroup { group } => calls::delete_group(aws, group).await?,
            Self::Create { group, schedule } => calls::create(aws, group, schedule).await?,
            Self::Update { group, schedule } => calls::update(aws, group, schedule).await?,
            Self::Delete { group, name } => calls::delete(aws, group, name).await?,
        }
        Ok(())
    }
}
