//! `CloudWatch` Logs: each name is given once.

use super::{Fake, missing};
use crate::{
    aws::{
        error::Result,
        logs::{
            CREATE_LOG_GROUP, DELETE_LOG_GROUP, DESCRIBE_LOG_GROUPS, FILTER_LOG_EVENTS, LIST_TAGS,
            ListedGroup, LogEvent, LogGroup, LogQuery, Logs, PUT_RETENTION,
        },
    },
    values::names::Tags,
};

const GONE: &str = "ResourceNotFoundException";

/// How many lines a page has: few, so that tests turn pages.
const PAGE: usize = 2;

impl Logs for Fake {
    /// Of the filter patterns it knows one, a term in quotation marks, as moto does.
    async fn log_events(
        &self,
        group: &str,
        query: &LogQuery,
        page: Option<String>,
    ) -> Result<(Vec<LogEvent>, Option<String>)> {
        self.later().await.call(FILTER_LOG_EVENTS, |_| {
            let groups = self.log_events.borrow();
            let term = query.filter.as_deref().map(|term| term.trim_matches('"'));
            let matching = |event: &&LogEvent| {
                event.at >= query.from && term.is_none_or(|term| event.message.contains(term))
            };
            let skipped = page.and_then(|page| page.parse().ok()).unwrap_or(0);
            let all = groups.get(group).into_iter().flatten().filter(matching);
            let mut left: Vec<_> = all.skip(skipped).cloned().collect();
            let more = left.len() > PAGE;
            left.truncate(PAGE);
            Ok((left, more.then(|| (skipped + PAGE).to_string())))
        })
    }

    async fn log_groups(&self, prefix: &str) -> Result<Vec<ListedGroup>> {
        self.later().await.call(DESCRIBE_LOG_GROUPS, |state| {
            let all = state.groups.iter();
            let all = all.filter(|(name, _)| name.starts_with(prefix));
            Ok(all
                .map(|(name, group)| ListedGroup {
                    name: name.clone(),
                    arn: format!(
                        "arn:aws:logs:{}:{}:log-group:{name}",
                        Self::REGION,
                        Self::ACCOUNT
                    ),
                    retention: group.retention,
                })
                .collect())
        })
    }

    async fn log_group_tags(&self, arn: &str) -> Result<Option<Tags>> {
        self.later().await.call(LIST_TAGS, |state| {
            let name = arn.rsplit(':').next().unwrap_or_default();
            Ok(state.groups.get(name).map(|group| group.tags.clone()))
        })
    }

    async fn log_group(&self, name: &str) -> Result<Option<LogGroup>> {
        let found = self.later().await.call(DESCRIBE_LOG_GROUPS, |state| {
            Ok(state.groups.get(name).cloned())
        })?;
        if found.is_some() {
            self.later().await.call(LIST_TAGS, |_| Ok(()))?;
        }
        Ok(found)
    }

    async fn create_log_group(&self, name: &str, tags: &Tags) -> Result<()> {
        self.later().await.call(CREATE_LOG_GROUP, |state| {
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
        self.later().await.call(PUT_RETENTION, |state| {
            let found = state
                .groups
                .get_mut(name)
                .ok_or_else(|| missing(GONE, name))?;
            found.retention = Some(days);
            Ok(())
        })
    }

    async fn delete_log_group(&self, name: &str) -> Result<()> {
        self.later().await.call(DELETE_LOG_GROUP, |state| {
            let removed = state.groups.remove(name);
            removed.map(drop).ok_or_else(|| missing(GONE, name))
        })
    }
}
