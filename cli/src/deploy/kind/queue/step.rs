//! The steps on a queue.

use super::{
    KIND,
    calls::{self, Wire},
    desired::DesiredQueue,
};
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

/// What SQS answers for a name that was given up within the last 60 s (messaging-truth §2.2).
const DELETED_RECENTLY: &str = "QueueDeletedRecently";
/// What it says of a dead-letter queue that it does not know yet (sqs-171).
const NO_TARGET: &str = "Dead letter target does not exist";

/// One change of a queue: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum QueueStep {
    /// Creates it.
    Create { queue: DesiredQueue, tags: Tags },
    /// Sets some of its attributes.
    Set {
        name: String,
        url: String,
        attributes: Wire,
    },
    /// Sets tags.
    Tag {
        name: String,
        url: String,
        tags: Tags,
    },
    /// Removes tags that an earlier deploy has set.
    Untag {
        name: String,
        url: String,
        keys: Vec<String>,
    },
    /// Deletes it, with the messages in it.
    Delete {
        name: String,
        url: String,
        /// Whether messages are in it. Not how many: that changes by itself, and a plan must not.
        full: bool,
    },
}

impl Change for QueueStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        let (action, kind, name) = match self {
            Self::Create { queue, .. } => (Action::Create, KIND, &queue.name),
            Self::Set { name, .. } => (Action::Update, "attributes of queue", name),
            Self::Tag { name, .. } | Self::Untag { name, .. } => {
                (Action::Update, "tags of queue", name)
            }
            Self::Delete { name, .. } => (Action::Delete, KIND, name),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        // All queues are one lane, in the order of the plan: SQS takes a dead-letter queue alone that is there.
        Lane::Queues
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
            Self::Delete {
                name, full: true, ..
            } => vec![format!("{KIND} `{name}` with the messages in it")],
            Self::Delete { .. } => lost(self),
            Self::Create { .. } | Self::Set { .. } | Self::Tag { .. } | Self::Untag { .. } => {
                Vec::new()
            }
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            Self::Create { .. } if error.code == DELETED_RECENTLY => {
                Some("until SQS gives the name again: 60 s after the queue of before was deleted")
            }
            Self::Create { .. } | Self::Set { .. } if error.message.contains(NO_TARGET) => {
                Some("until SQS knows the dead-letter queue")
            }
            Self::Set { .. } | Self::Tag { .. } | Self::Untag { .. } => just_made(error),
            Self::Create { .. } | Self::Delete { .. } => None,
        }
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Create { queue, tags } => {
                calls::create(aws, &queue.arn, &queue.attributes, tags).await?;
            }
            Self::Set {
                url, attributes, ..
            } => calls::set(aws, url, attributes).await?,
            Self::Tag { url, tags, .. } => calls::tag(aws, url, tags).await?,
            Self::Untag { url, keys, .. } => calls::untag(aws, url, keys).await?,
            Self::Delete { url, .. } => calls::delete(aws, url).await?,
        }
        Ok(())
    }
}
