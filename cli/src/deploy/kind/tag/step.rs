//! The steps on the tags of an existing resource.

use crate::{
    aws::{
        Aws,
        error::Error,
        tags::{Taggable, TaggedKind},
    },
    deploy::{
        change::{Action, Change, Output, Resource},
        phase::Lane,
        retry::changing,
        run::{Run, Trouble},
    },
    values::names::Tags,
};

/// One change of tags: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TagStep {
    /// Sets tags.
    Tag { resource: Taggable, tags: Tags },
    /// Removes tags that an earlier deploy has set.
    Untag {
        resource: Taggable,
        keys: Vec<String>,
    },
}

impl TagStep {
    fn resource(&self) -> &Taggable {
        match self {
            Self::Tag { resource, .. } | Self::Untag { resource, .. } => resource,
        }
    }
}

impl Change for TagStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        let resource = self.resource();
        let kind = match resource.kind {
            TaggedKind::Function => "tags of function",
            TaggedKind::Role => "tags of role",
            TaggedKind::LogGroup => "tags of log group",
            TaggedKind::Api => "tags of API",
            TaggedKind::RestApi => "tags of REST API",
            TaggedKind::Mapping => "tags of event source mapping",
        };
        let name = &resource.name;
        (Action::Update, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        // All tags are one lane, in the order of the plan: the function's tags, which come last,
        // also stand for those of its log group when the account is read. If they ran concurrently,
        // an interrupted deploy would not update the log group.
        Lane::Api
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
        Vec::new()
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        changing(error)
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        match self {
            Self::Tag { resource, tags } => run.aws.tag(resource, tags).await?,
            Self::Untag { resource, keys } => run.aws.untag(resource, keys).await?,
        }
        Ok(())
    }
}
