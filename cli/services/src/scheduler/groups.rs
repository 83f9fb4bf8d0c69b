//! Groups of schedules, and their tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::{Answer, check_name, most};
use super::{DEFAULT, Scheduler, SchedulerError, State};
use crate::access::Caller;
use crate::form::Form;

/// A group of schedules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    arn: String,
    created_ms: u64,
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct GroupTag {
    key: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct TagsInput {
    tags: Vec<GroupTag>,
    #[serde(rename = "ClientToken")]
    _client_token: Option<String>,
}

impl Group {
    pub(super) fn new(arn: String, created_ms: u64) -> Self {
        Self {
            arn,
            created_ms,
            tags: BTreeMap::new(),
        }
    }

    fn document(&self, name: &str) -> Value {
        json!({
            "Arn": self.arn,
            "Name": name,
            "State": "ACTIVE",
            "CreationDate": self.created_ms as f64 / 1000.0,
            "LastModificationDate": self.created_ms as f64 / 1000.0,
        })
    }
}

impl State {
    /// The group of an ARN.
    fn group_of(&mut self, arn: &str) -> Result<&mut Group, SchedulerError> {
        let mut groups = self.groups.values_mut();
        let found = groups.find(|group| group.arn == arn);
        found.ok_or_else(|| SchedulerError::not_found("Schedule group", arn))
    }
}

impl Scheduler {
    pub(super) fn create_group(&self, caller: &Caller, name: &str, input: TagsInput) -> Answer {
        let arn = self.group_arn(name);
        self.admit(caller, "CreateScheduleGroup", &arn)?;
        check_name(name)?;
        let now = self.now();
        let mut state = self.state();
        if state.groups.contains_key(name) {
            return Err(SchedulerError::exists("Schedule group", name));
        }
        let mut group = Group::new(arn.clone(), now);
        group.tags = map(input.tags);
        state.groups.insert(name.to_owned(), group);
        drop(state);
        self.touch();
        Ok(json!({"ScheduleGroupArn": arn}))
    }

    pub(super) fn get_group(&self, caller: &Caller, name: &str) -> Answer {
        self.admit(caller, "GetScheduleGroup", &self.group_arn(name))?;
        let state = self.state();
        let group = state.groups.get(name);
        let group = group.ok_or_else(|| SchedulerError::not_found("Schedule group", name))?;
        Ok(group.document(name))
    }

    pub(super) fn delete_group(&self, caller: &Caller, name: &str) -> Answer {
        self.admit(caller, "DeleteScheduleGroup", &self.group_arn(name))?;
        if name == DEFAULT {
            // The text is unverified.
            return Err(SchedulerError::validation(
                "The default schedule group cannot be deleted.",
            ));
        }
        let mut state = self.state();
        let removed = state.groups.remove(name);
        removed.ok_or_else(|| SchedulerError::not_found("Schedule group", name))?;
        state.schedules.retain(|(group, _), _| group != name);
        drop(state);
        self.change();
        Ok(json!({}))
    }

    pub(super) fn list_groups(&self, caller: &Caller, query: &Form) -> Answer {
        self.admit(caller, "ListScheduleGroups", "*")?;
        let prefix = query.get("NamePrefix").unwrap_or_default();
        let token = query.get("NextToken").unwrap_or_default();
        let state = self.state();
        let mut rest = state
            .groups
            .iter()
            .filter(|(name, _)| name.starts_with(prefix) && name.as_str() > token);
        let page: Vec<_> = rest.by_ref().take(most(query)).collect();
        let documents: Vec<_> = page
            .iter()
            .map(|(name, group)| group.document(name))
            .collect();
        let mut document = json!({"ScheduleGroups": documents});
        if let (Some(_), Some((name, _))) = (rest.next(), page.last()) {
            document["NextToken"] = name.as_str().into();
        }
        Ok(document)
    }

    pub(super) fn tag(&self, caller: &Caller, arn: &str, input: TagsInput) -> Answer {
        self.admit(caller, "TagResource", arn)?;
        self.state().group_of(arn)?.tags.extend(map(input.tags));
        self.touch();
        Ok(json!({}))
    }

    pub(super) fn untag(&self, caller: &Caller, arn: &str, query: &Form) -> Answer {
        self.admit(caller, "UntagResource", arn)?;
        let keys: Vec<_> = query.all("TagKeys").collect();
        let mut state = self.state();
        let tags = &mut state.group_of(arn)?.tags;
        tags.retain(|key, _| !keys.contains(&key.as_str()));
        drop(state);
        self.touch();
        Ok(json!({}))
    }

    pub(super) fn list_tags(&self, caller: &Caller, arn: &str) -> Answer {
        self.admit(caller, "ListTagsForResource", arn)?;
        let mut state = self.state();
        let tags = state.group_of(arn)?.tags.iter();
        let tags: Vec<_> = tags
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        Ok(json!({"Tags": tags}))
    }
}

fn map(tags: Vec<GroupTag>) -> BTreeMap<String, String> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}
