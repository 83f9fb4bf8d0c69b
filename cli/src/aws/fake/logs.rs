//! `CloudWatch` Logs: each name is given once.

use super::{Fake, missing};
use crate::aws::{
    Result, Tags,
    logs::{
        CREATE_LOG_GROUP, DELETE_LOG_GROUP, DESCRIBE_LOG_GROUPS, LIST_TAGS, LogGroup, Logs,
        PUT_RETENTION,
    },
};

const GONE: &str = "ResourceNotFoundException";

impl Logs for Fake {
    async fn log_group(&self, name: &str) -> Result<Option<LogGroup>> {
        let found = self.call(DESCRIBE_LOG_GROUPS, |state| {
            Ok(state.groups.get(name).cloned())
        })?;
        if found.is_some() {
            self.call(LIST_TAGS, |_| Ok(()))?;
        }
        Ok(found)
    }

    async fn create_log_group(&self, name: &str, tags: &Tags) -> Result<()> {
        self.call(CREATE_LOG_GROUP, |state| {
            if state.groups.contains_key(name) {
                return Err(("ResourceAlreadyExistsException", format!("{name} exists")));
            }
            let group = LogGroup {
                retention: None,
                tags: tags.clone(),
            };
            state.groups.insert(name.to_owned(), group);
            Ok(())
        })
    }

    async fn put_retention(&self, name: &str, days: u32) -> Result<()> {
        self.call(PUT_RETENTION, |state| {
            let found = state
                .groups
                .get_mut(name)
                .ok_or_else(|| missing(GONE, name))?;
            found.retention = Some(days);
            Ok(())
        })
    }

    async fn delete_log_group(&self, name: &str) -> Result<()> {
        self.call(DELETE_LOG_GROUP, |state| {
            let removed = state.groups.remove(name);
            removed.map(drop).ok_or_else(|| missing(GONE, name))
        })
    }
}
