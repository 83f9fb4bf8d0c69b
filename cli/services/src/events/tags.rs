//! The tags of buses and rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Events, EventsError, State};
use crate::access::Caller;

/// The most tags of a resource.
const MOST_TAGS: usize = 50;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct EventsTag {
    key: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TagInput {
    #[serde(rename = "ResourceARN")]
    resource: String,
    #[serde(rename = "Tags")]
    tags: Vec<EventsTag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct UntagInput {
    #[serde(rename = "ResourceARN")]
    resource: String,
    #[serde(rename = "TagKeys")]
    keys: Vec<String>,
}

/// Tags by their keys.
///
/// # Errors
/// `ValidationException` for two of one key, and for too many.
pub(super) fn map(tags: Vec<EventsTag>) -> Result<BTreeMap<String, String>, EventsError> {
    let count = tags.len();
    let map: BTreeMap<_, _> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    if map.len() < count {
        return Err(EventsError::validation(
            "Invalid parameter: Duplicated keys are not allowed.",
        ));
    }
    if map.len() > MOST_TAGS {
        return Err(EventsError::limit());
    }
    Ok(map)
}

impl State {
    /// The tags of the bus or rule of an ARN.
    fn tags(&mut self, arn: &str) -> Result<&mut BTreeMap<String, String>, EventsError> {
        let resource = arn.split(':').nth(5).unwrap_or_default();
        if let Some(path) = resource.strip_prefix("rule/") {
            let (bus, rule) = path
                .split_once('/')
                .unwrap_or((super::buses::DEFAULT, path));
            let bus = self.bus(bus)?;
            // Tags do not change what a rule matches.
            let missing = || EventsError::no_rule(rule, &bus.name);
            return match bus.rules.get_mut(rule) {
                Some(rule) => Ok(&mut rule.tags),
                None => Err(missing()),
            };
        }
        match resource.strip_prefix("event-bus/") {
            Some(bus) => Ok(&mut self.bus(bus)?.tags),
            // The text is unverified.
            None => Err(EventsError::validation(format!(
                "Parameter ResourceARN is not valid: {arn}"
            ))),
        }
    }
}

impl Events {
    pub(super) fn tag(&self, caller: &Caller, input: TagInput) -> Result<Value, EventsError> {
        self.admit(caller, "TagResource", &input.resource)?;
        let new = map(input.tags)?;
        let mut state = self.state();
        let tags = state.tags(&input.resource)?;
        let mut all = tags.clone();
        all.extend(new);
        if all.len() > MOST_TAGS {
            return Err(EventsError::limit());
        }
        *tags = all;
        Ok(json!({}))
    }

    pub(super) fn untag(&self, caller: &Caller, input: &UntagInput) -> Result<Value, EventsError> {
        self.admit(caller, "UntagResource", &input.resource)?;
        let mut state = self.state();
        let tags = state.tags(&input.resource)?;
        tags.retain(|key, _| !input.keys.contains(key));
        Ok(json!({}))
    }

    pub(super) fn list_tags(
        &self,
        caller: &Caller,
        input: &UntagInput,
    ) -> Result<Value, EventsError> {
        self.admit(caller, "ListTagsForResource", &input.resource)?;
        let mut state = self.state();
        let tags = state.tags(&input.resource)?.iter();
        let tags: Vec<_> = tags
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        Ok(json!({"Tags": tags}))
    }
}
