//! `CloudWatch` Logs: the function's log group.

use crate::{
    aws::{
        account::Account,
        error::{Error, Operation, Result},
    },
    values::names::Tags,
};

pub(super) const DESCRIBE_LOG_GROUPS: Operation = Operation::new("logs", "DescribeLogGroups");
pub(super) const LIST_TAGS: Operation = Operation::new("logs", "ListTagsForResource");
pub(super) const CREATE_LOG_GROUP: Operation = Operation::new("logs", "CreateLogGroup");
pub(super) const PUT_RETENTION: Operation = Operation::new("logs", "PutRetentionPolicy");
pub(super) const DELETE_LOG_GROUP: Operation = Operation::new("logs", "DeleteLogGroup");
pub(super) const FILTER_LOG_EVENTS: Operation = Operation::new("logs", "FilterLogEvents");

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogGroup {
    /// Days that its events are kept; `None` is forever.
    pub(crate) retention: Option<u32>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A log group as listed: without its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedGroup {
    /// Its name.
    pub(crate) name: String,
    /// Its ARN in the form of the tagging calls.
    pub(crate) arn: String,
    /// Days that its events are kept; `None` is forever.
    pub(crate) retention: Option<u32>,
}

/// One line of a function's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogEvent {
    /// Its id, the same each time it is read.
    pub(crate) id: String,
    /// When it was written, in milliseconds since 1970.
    pub(crate) at: i64,
    /// The log stream: one execution environment's.
    pub(crate) stream: String,
    /// The line.
    pub(crate) message: String,
}

/// Which lines of a log group are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogQuery {
    /// From when on, in milliseconds since 1970.
    pub(crate) from: i64,
    /// A filter pattern of `CloudWatch` Logs; every line without one.
    pub(crate) filter: Option<String>,
}

/// The calls used.
pub(crate) trait Logs {
    /// `FilterLogEvents`: a page of lines, the oldest first, and the token of the next page. Empty
    /// for a group that does not exist.
    async fn log_events(
        &self,
        group: &str,
        query: &LogQuery,
        page: Option<String>,
    ) -> Result<(Vec<LogEvent>, Option<String>)>;
    /// `DescribeLogGroups`: those whose names start with this prefix, to the last page.
    async fn log_groups(&self, prefix: &str) -> Result<Vec<ListedGroup>>;
    /// `ListTagsForResource`; `None` when the group is gone.
    async fn log_group_tags(&self, arn: &str) -> Result<Option<Tags>>;
    /// `DescribeLogGroups` and, if it exists, `ListTagsForResource`.
    async fn log_group(&self, name: &str) -> Result<Option<LogGroup>>;
    /// `CreateLogGroup`.
    async fn create_log_group(&self, name: &str, tags: &Tags) -> Result<()>;
    /// `PutRetentionPolicy`.
    async fn put_retention(&self, name: &str, days: u32) -> Result<()>;
    /// `DeleteLogGroup`, with the events in it.
    async fn delete_log_group(&self, name: &str) -> Result<()>;
}

impl Logs for Account {
    async fn log_events(
        &self,
        group: &str,
        query: &LogQuery,
        page: Option<String>,
    ) -> Result<(Vec<LogEvent>, Option<String>)> {
        let request = self
            .logs
            .filter_log_events()
            .log_group_name(group)
            .start_time(query.from)
            .set_filter_pattern(query.filter.clone())
            .set_next_token(page);
        let Some(answer) = FILTER_LOG_EVENTS.sort_found(request.send().await)? else {
            return Ok((Vec::new(), None));
        };
        let events = answer.events.unwrap_or_default().into_iter();
        let events = events.map(|event| LogEvent {
            id: event.event_id.unwrap_or_default(),
            at: event.timestamp.unwrap_or_default(),
            stream: event.log_stream_name.unwrap_or_default(),
            message: event.message.unwrap_or_default(),
        });
        Ok((events.collect(), answer.next_token))
    }

    async fn log_groups(&self, prefix: &str) -> Result<Vec<ListedGroup>> {
        let mut found = Vec::new();
        let mut page = None;
        loop {
            let request = self.logs.describe_log_groups();
            let request = request.log_group_name_prefix(prefix).set_next_token(page);
            let answer = DESCRIBE_LOG_GROUPS.sort(request.send().await)?;
            found.extend(answer.log_groups().iter().map(|group| {
                // `arn` ends with `:*`, which the tagging calls do not take.
                let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
                let days = group.retention_in_days();
                ListedGroup {
                    name: group.log_group_name().unwrap_or_default().to_owned(),
                    arn: arn.strip_suffix(":*").unwrap_or(arn).to_owned(),
                    retention: days.and_then(|days| u32::try_from(days).ok()),
                }
            }));
            page = answer.next_token;
            if page.is_none() {
                return Ok(found);
            }
        }
    }

    async fn log_group_tags(&self, arn: &str) -> Result<Option<Tags>> {
        let request = self.logs.list_tags_for_resource().resource_arn(arn);
        let answer = LIST_TAGS.sort_found(request.send().await)?;
        Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
    }

    async fn log_group(&self, name: &str) -> Result<Option<LogGroup>> {
        let all = self.log_groups(name).await?;
        let Some(found) = all.into_iter().find(|group| group.name == name) else {
            return Ok(None);
        };
        let tags = self.log_group_tags(&found.arn).await?;
        Ok(tags.map(|tags| LogGroup {
            retention: found.retention,
            tags,
        }))
    }

    async fn create_log_group(&self, name: &str, tags: &Tags) -> Result<()> {
        let request = self
            .logs
            .create_log_group()
            .log_group_name(name)
            .set_tags(Some(tags.clone().into_iter().collect()));
        CREATE_LOG_GROUP.sort(request.send().await).map(drop)
    }

    async fn put_retention(&self, name: &str, days: u32) -> Result<()> {
        let days = i32::try_from(days).map_err(|error| {
            Error::answered(
                PUT_RETENTION,
                "InvalidParameterException",
                error.to_string(),
            )
        })?;
        let request = self
            .logs
            .put_retention_policy()
            .log_group_name(name)
            .retention_in_days(days);
        PUT_RETENTION.sort(request.send().await).map(drop)
    }

    async fn delete_log_group(&self, name: &str) -> Result<()> {
        let request = self.logs.delete_log_group().log_group_name(name);
        DELETE_LOG_GROUP.sort(request.send().await).map(drop)
    }
}
