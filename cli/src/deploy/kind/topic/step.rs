//! The steps on a topic and its subscriptions.

use super::{
    KIND, SUBSCRIPTION,
    calls::{self, Setting},
    desired::{DesiredSubscription, DesiredTopic},
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

/// One change of a topic or a subscription: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TopicStep {
    /// Creates it.
    Create { topic: DesiredTopic, tags: Tags },
    /// Sets one of its attributes.
    Set {
        name: String,
        arn: String,
        setting: Setting,
    },
    /// Sets tags.
    Tag {
        name: String,
        arn: String,
        tags: Tags,
    },
    /// Removes tags that an earlier deploy has set.
    Untag {
        name: String,
        arn: String,
        keys: Vec<String>,
    },
    /// Deletes it, with the subscriptions of others.
    Delete { name: String, arn: String },
    /// Leads it to a function or a queue.
    Subscribe {
        name: String,
        subscription: DesiredSubscription,
    },
    /// Sets one of a subscription's attributes.
    SetSubscription {
        name: String,
        arn: String,
        setting: Setting,
    },
    /// Ends a subscription.
    Unsubscribe { name: String, arn: String },
}

impl Change for TopicStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        let (action, kind, name) = match self {
            Self::Create { topic, .. } => (Action::Create, KIND, &topic.name),
            Self::Set { name, .. } => (Action::Update, "attributes of topic", name),
            Self::Tag { name, .. } | Self::Untag { name, .. } => {
                (Action::Update, "tags of topic", name)
            }
            Self::Delete { name, .. } => (Action::Delete, KIND, name),
            Self::Subscribe { name, .. } => (Action::Create, SUBSCRIPTION, name),
            Self::SetSubscription { name, .. } => {
                (Action::Update, "attributes of subscription", name)
            }
            Self::Unsubscribe { name, .. } => (Action::Delete, SUBSCRIPTION, name),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        Lane::Topics
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
            Self::Delete { .. } | Self::Unsubscribe { .. } => lost(self),
            Self::Create { .. }
            | Self::Set { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::Subscribe { .. }
            | Self::SetSubscription { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            Self::Create { .. } | Self::Delete { .. } | Self::Unsubscribe { .. } => None,
            Self::Set { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::Subscribe { .. }
            | Self::SetSubscription { .. } => just_made(error),
        }
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Create { topic, tags } => {
                calls::create(aws, &topic.name, &topic.attributes, tags).await?;
            }
            Self::Set { arn, setting, .. } => calls::set(aws, arn, setting).await?,
            Self::Tag { arn, tags, .. } => calls::tag(aws, arn, tags).await?,
            Self::Untag { arn, keys, .. } => calls::untag(aws, arn, keys).await?,
            Self::Delete { arn, .. } => calls::delete(aws, arn).await?,
            Self::Subscribe { subscription, .. } => calls::subscribe(aws, subscription).await?,
            Self::SetSubscription { arn, setting, .. } => {
                calls::set_subscription(aws, arn, setting).await?;
            }
            Self::Unsubscribe { arn, .. } => calls::unsubscribe(aws, arn).await?,
        }
        Ok(())
    }
}
