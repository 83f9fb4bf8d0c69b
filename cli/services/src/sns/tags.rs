//! The tags of topics.

use super::query::Output;
use super::topics::tags;
use super::{Call, Sns, SnsError};
use crate::form::Node;

/// The most tags of a topic.
const MOST_TAGS: usize = 50;

impl Sns {
    pub(super) fn tag_resource(&self, call: &Call, parameters: &Node) -> Result<Output, SnsError> {
        let arn = parameters.text("ResourceArn").unwrap_or_default();
        self.admit(call, "TagResource", arn)?;
        let list = parameters.child("Tags");
        let new = tags(list);
        if list.map_or(0, |list| list.items().len()) != new.len() {
            return Err(SnsError::parameter("Duplicated keys are not allowed."));
        }
        let mut state = self.state();
        let topic = state
            .topics
            .get_mut(arn)
            .ok_or_else(SnsError::no_resource)?;
        let mut all = topic.tags.clone();
        all.extend(new);
        if all.len() > MOST_TAGS {
            // The text is unverified.
            return Err(SnsError::batch(
                "TagLimitExceeded",
                "Could not complete request: tag quota of per resource exceeded",
            ));
        }
        topic.tags = all;
        Ok(Output::default())
    }

    pub(super) fn untag_resource(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let arn = parameters.text("ResourceArn").unwrap_or_default();
        self.admit(call, "UntagResource", arn)?;
        let mut state = self.state();
        let topic = state
            .topics
            .get_mut(arn)
            .ok_or_else(SnsError::no_resource)?;
        let keys = parameters.child("TagKeys").map(Node::items);
        for key in keys.unwrap_or_default() {
            if let Some(key) = &key.value {
                topic.tags.remove(key);
            }
        }
        Ok(Output::default())
    }

    pub(super) fn list_tags(&self, call: &Call, parameters: &Node) -> Result<Output, SnsError> {
        let arn = parameters.text("ResourceArn").unwrap_or_default();
        self.admit(call, "ListTagsForResource", arn)?;
        let state = self.state();
        let topic = state.topics.get(arn).ok_or_else(SnsError::no_resource)?;
        let tags = topic
            .tags
            .iter()
            .map(|(key, value)| {
                Output::default()
                    .with("Key", key.as_str())
                    .with("Value", value.as_str())
            })
            .collect();
        Ok(Output::default().with_list("Tags", tags))
    }
}
