//! Lambda: event source mappings, which read messages from queues and invoke functions with them.

use aws_sdk_lambda::types::{
    EventSourceMappingConfiguration, Filter, FilterCriteria, FunctionResponseType,
    ProvisionedPollerConfig, ScalingConfig,
};

use crate::{
    aws::{
        account::Account,
        error::{Operation, Result},
    },
    values::{
        mapping::{Pollers, Polling},
        names::Tags,
    },
};

pub(crate) const CREATE: Operation = Operation::new("lambda", "CreateEventSourceMapping");
pub(crate) const DELETE: Operation = Operation::new("lambda", "DeleteEventSourceMapping");
pub(crate) const LIST: Operation = Operation::new("lambda", "ListEventSourceMappings");
pub(crate) const LIST_TAGS: Operation = Operation::new("lambda", "ListTags");
pub(crate) const UPDATE: Operation = Operation::new("lambda", "UpdateEventSourceMapping");

/// A mapping that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The id that Lambda gave it.
    pub(crate) id: String,
    /// Its ARN, by which it is tagged.
    pub(crate) arn: String,
    /// The ARN of the queue.
    pub(crate) queue: String,
    /// How messages are taken.
    pub(crate) polling: Polling,
    /// Whether the function's report on single messages is heeded (`ReportBatchItemFailures`).
    pub(crate) reports: bool,
    /// Whether messages are taken.
    pub(crate) enabled: bool,
}

/// A change of a mapping: what it names, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MappingChange {
    pub(crate) batch_size: Option<u32>,
    pub(crate) batch_window: Option<u32>,
    pub(crate) filters: Option<Vec<String>>,
    /// `Some(None)` takes it away.
    pub(crate) max_concurrency: Option<Option<u32>>,
    /// `Some(None)` takes them away.
    pub(crate) pollers: Option<Option<Pollers>>,
    /// Heeds the function's report on single messages.
    pub(crate) reports: bool,
    /// Takes messages again.
    pub(crate) enables: bool,
}

/// The calls used.
pub(crate) trait Mappings {
    /// `ListEventSourceMappings` of a function's alias: those that take from queues and are not being deleted.
    async fn source_mappings(&self, alias: &str) -> Result<Vec<Mapping>>;
    /// `ListTags` of a mapping; `None` where it is gone.
    async fn source_mapping_tags(&self, arn: &str) -> Result<Option<Tags>>;
    /// `CreateEventSourceMapping` with its tags.
    async fn create_source_mapping(
        &self,
        queue: &str,
        alias: &str,
        polling: &Polling,
        tags: &Tags,
    ) -> Result<()>;
    /// `UpdateEventSourceMapping`.
    async fn update_source_mapping(&self, id: &str, change: &MappingChange) -> Result<()>;
    /// `DeleteEventSourceMapping`.
    async fn delete_source_mapping(&self, id: &str) -> Result<()>;
}

impl Mappings for Account {
    async fn source_mappings(&self, alias: &str) -> Result<Vec<Mapping>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.lambda.list_event_source_mappings();
            let request = request.function_name(alias).set_marker(next);
            let answer = LIST.sort(request.send().await)?;
            let all = answer.event_source_mappings.unwrap_or_default();
            found.extend(all.iter().filter_map(seen));
            next = answer.next_marker.filter(|marker| !marker.is_empty());
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn source_mapping_tags(&self, arn: &str) -> Result<Option<Tags>> {
        let request = self.lambda.list_tags().resource(arn);
        let answer = LIST_TAGS.sort_found(request.send().await)?;
        let tags = answer.map(|answer| answer.tags.unwrap_or_default());
        Ok(tags.map(|tags| tags.into_iter().collect()))
    }

    async fn create_source_mapping(
        &self,
        queue: &str,
        alias: &str,
        polling: &Polling,
        tags: &Tags,
    ) -> Result<()> {
        // A FIFO queue takes no window (messaging-truth §5, "Errors"), so one of 0 s is not named.
        let window = Some(polling.batch_window).filter(|window| *window > 0);
        let filters = Some(&polling.filters).filter(|filters| !filters.is_empty());
        let request = self
            .lambda
            .create_event_source_mapping()
            .event_source_arn(queue)
            .function_name(alias)
            .batch_size(number(polling.batch_size))
            .set_maximum_batching_window_in_seconds(window.map(number))
            .set_filter_criteria(filters.map(|filters| criteria(filters)))
            .set_scaling_config(polling.max_concurrency.map(|most| scaling(Some(most))))
            .set_provisioned_poller_config(
                polling.pollers.map(|pollers| provisioned(Some(pollers))),
            )
            .function_response_types(FunctionResponseType::ReportBatchItemFailures)
            .set_tags(Some(tags.clone().into_iter().collect()));
        CREATE.sort(request.send().await).map(drop)
    }

    async fn update_source_mapping(&self, id: &str, change: &MappingChange) -> Result<()> {
        let reports = vec![FunctionResponseType::ReportBatchItemFailures];
        let request = self
            .lambda
            .update_event_source_mapping()
            .uuid(id)
            .set_batch_size(change.batch_size.map(number))
            .set_maximum_batching_window_in_seconds(change.batch_window.map(number))
            .set_filter_criteria(change.filters.as_ref().map(|filters| criteria(filters)))
            .set_scaling_config(change.max_concurrency.map(scaling))
            .set_provisioned_poller_config(change.pollers.map(provisioned))
            .set_function_response_types(change.reports.then_some(reports))
            .set_enabled(change.enables.then_some(true));
        UPDATE.sort(request.send().await).map(drop)
    }

    async fn delete_source_mapping(&self, id: &str) -> Result<()> {
        let request = self.lambda.delete_event_source_mapping().uuid(id);
        DELETE.sort(request.send().await).map(drop)
    }
}

/// A mapping as it is listed; `None` for one of another kind of source, and for one that is being deleted.
fn seen(found: &EventSourceMappingConfiguration) -> Option<Mapping> {
    let queue = found.event_source_arn()?;
    let state = found.state().unwrap_or_default();
    if queue.split(':').nth(2) != Some("sqs") || state == "Deleting" {
        return None;
    }
    let defaults = Polling::default();
    let natural = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    let filters = found.filter_criteria().map(FilterCriteria::filters);
    let filters = filters.unwrap_or_default().iter();
    let scaling = found.scaling_config();
    let pollers = found.provisioned_poller_config().and_then(|pollers| {
        Some(Pollers {
            min: natural(pollers.minimum_pollers())?,
            max: natural(pollers.maximum_pollers())?,
        })
    });
    Some(Mapping {
        id: found.uuid()?.to_owned(),
        arn: found.event_source_mapping_arn()?.to_owned(),
        queue: queue.to_owned(),
        polling: Polling {
            batch_size: natural(found.batch_size()).unwrap_or(defaults.batch_size),
            batch_window: natural(found.maximum_batching_window_in_seconds()).unwrap_or_default(),
            filters: filters
                .filter_map(|filter| filter.pattern().map(str::to_owned))
                .collect(),
            max_concurrency: scaling.and_then(|scaling| natural(scaling.maximum_concurrency())),
            pollers,
        },
        reports: found
            .function_response_types()
            .contains(&FunctionResponseType::ReportBatchItemFailures),
        enabled: !matches!(state, "Disabled" | "Disabling"),
    })
}

/// Filters; empty, they let every message through.
fn criteria(filters: &[String]) -> FilterCriteria {
    let filters = filters.iter();
    let filters = filters.map(|pattern| Filter::builder().pattern(pattern).build());
    let filters: Vec<Filter> = filters.collect();
    let some = Some(filters).filter(|filters| !filters.is_empty());
    FilterCriteria::builder().set_filters(some).build()
}

/// The most invocations at once; an empty document takes the limit away.
fn scaling(most: Option<u32>) -> ScalingConfig {
    let most = most.map(number);
    ScalingConfig::builder()
        .set_maximum_concurrency(most)
        .build()
}

/// Its provisioned pollers; an empty document removes them.
fn provisioned(pollers: Option<Pollers>) -> ProvisionedPollerConfig {
    ProvisionedPollerConfig::builder()
        .set_minimum_pollers(pollers.map(|pollers| number(pollers.min)))
        .set_maximum_pollers(pollers.map(|pollers| number(pollers.max)))
        .build()
}

/// The SDK's integers are signed; the settings' ranges fit.
fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
