//! Tags of existing resources: each service has its own calls for them.

use aws_sdk_iam::{error::BuildError, types::Tag};

use crate::{
    aws::{
        account::Account,
        error::{Error, Operation, Result},
    },
    values::names::Tags,
};

/// The kind of a resource that has tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaggedKind {
    /// A function; its versions have no tags.
    Function,
    /// A role.
    Role,
    /// A log group.
    LogGroup,
    /// An HTTP API.
    Api,
    /// A REST API.
    RestApi,
    /// An event source mapping.
    Mapping,
}

impl TaggedKind {
    /// The call that sets tags.
    pub(crate) fn tag(self) -> Operation {
        match self {
            Self::Function | Self::Mapping => Operation::new("lambda", "TagResource"),
            Self::Role => Operation::new("iam", "TagRole"),
            Self::LogGroup => Operation::new("logs", "TagResource"),
            Self::Api | Self::RestApi => Operation::new("apigateway", "TagResource"),
        }
    }

    /// The call that removes tags.
    pub(crate) fn untag(self) -> Operation {
        match self {
            Self::Function | Self::Mapping => Operation::new("lambda", "UntagResource"),
            Self::Role => Operation::new("iam", "UntagRole"),
            Self::LogGroup => Operation::new("logs", "UntagResource"),
            Self::Api | Self::RestApi => Operation::new("apigateway", "UntagResource"),
        }
    }
}

/// A resource that has tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taggable {
    /// What it is.
    pub(crate) kind: TaggedKind,
    /// Its name; an API's id; the queue and the function of a mapping.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
}

/// The calls used.
pub(crate) trait Tagger {
    /// `TagResource`, or `TagRole`: sets those tags and leaves others.
    async fn tag(&self, resource: &Taggable, tags: &Tags) -> Result<()>;
    /// `UntagResource`, or `UntagRole`.
    async fn untag(&self, resource: &Taggable, keys: &[String]) -> Result<()>;
}

impl Tagger for Account {
    async fn tag(&self, resource: &Taggable, tags: &Tags) -> Result<()> {
        let Taggable { kind, name, arn } = resource;
        let operation = kind.tag();
        let map = Some(tags.clone().into_iter().collect());
        match kind {
            TaggedKind::Function | TaggedKind::Mapping => {
                let request = self.lambda.tag_resource().resource(arn).set_tags(map);
                operation.sort(request.send().await).map(drop)
            }
            TaggedKind::Role => {
                let list = tags
                    .iter()
                    .map(|(key, value)| Tag::builder().key(key).value(value).build())
                    .collect::<Result<Vec<_>, BuildError>>()
                    .map_err(|error| {
                        Error::answered(operation, "InvalidInput", error.to_string())
                    })?;
                let request = self.iam.tag_role().role_name(name).set_tags(Some(list));
                operation.sort(request.send().await).map(drop)
            }
            TaggedKind::LogGroup => {
                let request = self.logs.tag_resource().resource_arn(arn).set_tags(map);
                operation.sort(request.send().await).map(drop)
            }
            TaggedKind::RestApi => {
                let request = self.rest.tag_resource();
                let request = request.resource_arn(arn).set_tags(map);
                operation.sort(request.send().await).map(drop)
            }
            TaggedKind::Api => {
                let request = self.apigateway.tag_resource();
                let request = request.resource_arn(arn).set_tags(map);
                operation.sort(request.send().await).map(drop)
            }
        }
    }

    async fn untag(&self, resource: &Taggable, keys: &[String]) -> Result<()> {
        let Taggable { kind, name, arn } = resource;
        let operation = kind.untag();
        let keys = Some(keys.to_vec());
        match kind {
            TaggedKind::Function | TaggedKind::Mapping => {
                let request = self
                    .lambda
                    .untag_resource()
                    .resource(arn)
                    .set_tag_keys(keys);
                operation.sort(request.send().await).map(drop)
            }
            TaggedKind::Role => {
                let request = self.iam.untag_role().role_name(name).set_tag_keys(keys);
                operation.sort(request.send().await).map(drop)
            }
            TaggedKind::LogGroup => {
                let request = self.logs.untag_resource();
                let request = request.resource_arn(arn).set_tag_keys(keys);
                operation.sort(request.send().await).map(drop)
            }
            TaggedKind::RestApi => {
                let request = self.rest.untag_resource();
                let request = request.resource_arn(arn).set_tag_keys(keys);
                operation.sort(request.send().await).map(drop)
            }
            TaggedKind::Api => {
                let request = self.apigateway.untag_resource();
                let request = request.resource_arn(arn).set_tag_keys(keys);
                operation.sort(request.send().await).map(drop)
            }
        }
    }
}
