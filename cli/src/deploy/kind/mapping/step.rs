//! The steps on an event source mapping.

use super::{KIND, desired::DesiredMapping};
use crate::{
    aws::{
        Aws,
        error::{Error, Kind},
        mappings::MappingChange,
    },
    deploy::{
        change::{Action, Change, Output, Resource},
        phase::Lane,
        retry::just_made,
        run::{Run, Trouble},
    },
    values::names::Tags,
};

/// What Lambda answers while it still creates or changes a mapping (Lambda API reference, `UpdateEventSourceMapping`).
const IN_USE: &str = "ResourceInUseException";

/// What Lambda says of a queue that it does not know yet (esm-004).
const NO_QUEUE: &str = "NonExistentQueue";

/// One change of a mapping: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MappingStep {
    /// Creates it.
    Create {
        mapping: DesiredMapping,
        /// The ARN of the alias that it leads to.
        alias: String,
        tags: Tags,
    },
    /// Sets what differs.
    Update {
        name: String,
        function: String,
        id: String,
        change: MappingChange,
    },
    /// Deletes it. The messages stay in the queue.
    Delete {
        name: String,
        function: String,
        id: String,
    },
}

impl Change for MappingStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        let (action, name) = match self {
            Self::Create { mapping, .. } => (Action::Create, &mapping.name),
            Self::Update { name, .. } => (Action::Update, name),
            Self::Delete { name, .. } => (Action::Delete, name),
        };
        (action, Resource { kind: KIND, name })
    }

    fn lane(&self) -> Lane<'_> {
        match self {
            Self::Create { mapping, .. } => Lane::Function(&mapping.function),
            Self::Update { function, .. } | Self::Delete { function, .. } => {
                Lane::Function(function)
            }
        }
    }

    fn needs(&self) -> Vec<Output<'_>> {
        Vec::new()
    }

    fn makes(&self) -> Option<Output<'_>> {
        None
    }

    fn prepares(&self) -> bool {
        false
    }

    fn loses(&self) -> Vec<String> {
        // Messages wait in the queue, and deleting a queue needs its own consent.
        Vec::new()
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            // One mapping of a queue and a function is there at a time, and is gone some seconds after its deletion.
            Self::Create { .. } if error.kind == Kind::Conflict => {
                Some("until Lambda has deleted the mapping of before")
            }
            Self::Create { .. } if error.message.contains(NO_QUEUE) => {
                Some("until Lambda knows the queue")
            }
            Self::Create { .. } => just_made(error),
            Self::Update { .. } | Self::Delete { .. } => (error.code == IN_USE)
                .then_some("until Lambda has finished the last change of the mapping"),
        }
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Create {
                mapping,
                alias,
                tags,
            } => {
                aws.create_source_mapping(&mapping.queue, alias, &mapping.polling, tags)
                    .await?;
            }
            Self::Update { id, change, .. } => aws.update_source_mapping(id, change).await?,
            Self::Delete { id, .. } => match aws.delete_source_mapping(id).await {
                // What is gone already is done.
                Err(error) if error.kind == Kind::NotFound => {}
                done => done?,
            },
        }
        Ok(())
    }
}
