//! Resource Groups Tagging: what carries fw's tags, over all services of the region in one list.

use aws_sdk_resourcegroupstagging::types::TagFilter;

use crate::{
    aws::{
        account::Account,
        error::{Operation, Result},
    },
    values::names::Tags,
};

pub(crate) const GET_RESOURCES: Operation = Operation::new("tag", "GetResources");

/// A resource that has tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tagged {
    /// Its ARN.
    pub(crate) arn: String,
    /// Its tags.
    pub(crate) tags: Tags,
}

impl Tagged {
    /// The function, if it is one. A log group is not, because it may outlive its function.
    pub(crate) fn function(&self) -> Option<&str> {
        let (_, name) = self.arn.split_once(":function:")?;
        // A version's number or an alias' name may follow.
        name.split(':').next()
    }

    /// The service that it is of: `sqs`.
    pub(crate) fn service(&self) -> &str {
        self.arn.split(':').nth(2).unwrap_or_default()
    }

    /// True if it is a log group: logs that outlive their writer, or the deployment's lock.
    pub(crate) fn is_log_group(&self) -> bool {
        self.arn.contains(":log-group:")
    }
}

/// The calls used.
pub(crate) trait Tagging {
    /// `GetResources`: resources with a tag of this key, and this value if one is given, to the
    /// last page.
    async fn tagged(&self, tags: &[(&str, Option<&str>)]) -> Result<Vec<Tagged>>;
}

impl Tagging for Account {
    async fn tagged(&self, tags: &[(&str, Option<&str>)]) -> Result<Vec<Tagged>> {
        let filters: Vec<TagFilter> = tags
            .iter()
            .map(|(key, value)| {
                TagFilter::builder()
                    .key(*key)
                    .set_values(value.map(|value| vec![value.to_owned()]))
                    .build()
            })
            .collect();
        let mut found = Vec::new();
        let mut page = None;
        loop {
            let request = self
                .tagging
                .get_resources()
                .set_tag_filters(Some(filters.clone()))
                .set_pagination_token(page);
            let answer = GET_RESOURCES.sort(request.send().await)?;
            for one in answer.resource_tag_mapping_list.unwrap_or_default() {
                let tags = one.tags.unwrap_or_default().into_iter();
                found.push(Tagged {
                    arn: one.resource_arn.unwrap_or_default(),
                    tags: tags.map(|tag| (tag.key, tag.value)).collect(),
                });
            }
            // The last page has an empty token.
            page = answer.pagination_token.filter(|token| !token.is_empty());
            if page.is_none() {
                return Ok(found);
            }
        }
    }
}
