//! An event source mapping: its settings, checked as Lambda checks them, and its state.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::stream::{StreamInput, StreamSettings};
use super::{FunctionName, LambdaError, lock};
use crate::pattern::Pattern;

/// How long a mapping shows that it is being created or changed.
const SETTLES_MS: u64 = 500;

/// The input of `CreateEventSourceMapping` and `UpdateEventSourceMapping`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Input {
    pub(super) event_source_arn: Option<String>,
    pub(super) function_name: Option<String>,
    pub(super) enabled: Option<bool>,
    batch_size: Option<u32>,
    maximum_batching_window_in_seconds: Option<u32>,
    filter_criteria: Option<FilterCriteria>,
    function_response_types: Option<Vec<String>>,
    scaling_config: Option<ScalingConfig>,
    pub(super) destination_config: Option<Value>,
    #[serde(flatten)]
    pub(super) stream: StreamInput,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Filter {
    pattern: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ScalingConfig {
    maximum_concurrency: Option<u32>,
}

/// The settings of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The ARN of the source: a queue, or a stream.
    pub(super) queue: String,
    /// What only a mapping of a stream has.
    pub(super) stream: Option<StreamSettings>,
    pub(super) function: FunctionName,
    /// The function as the client named it: an ARN with the qualifier given.
    pub(super) function_arn: String,
    pub(super) enabled: bool,
    pub(super) batch_size: usize,
    pub(super) window_s: u64,
    filters: Vec<(String, Pattern)>,
    pub(super) reports_failures: bool,
    pub(super) maximum_concurrency: Option<u32>,
    changed_ms: u64,
}

/// A mapping.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(super) id: String,
    arn: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    settings: Arc<Settings>,
    /// What the mapping is going through, and until when.
    passing: Option<(&'static str, u64)>,
    /// The number of the last record of a stream that is done.
    position: Option<i64>,
    poller: Option<AbortHandle>,
}

impl Settings {
    /// The settings of a new mapping.
    pub(super) fn new(
        queue: String,
        function: FunctionName,
        function_arn: String,
        now_ms: u64,
    ) -> Self {
        let stream = StreamSettings::of_source(&queue);
        Self {
            batch_size: if stream.is_some() { 100 } else { 10 },
            queue,
            stream,
            function,
            function_arn,
            enabled: true,
            window_s: 0,
            filters: Vec::new(),
            reports_failures: false,
            maximum_concurrency: None,
            changed_ms: now_ms,
        }
    }

    /// Applies an input to the settings.
    ///
    /// # Errors
    /// `InvalidParameterValueException`, 400.
    pub(super) fn apply(&mut self, input: &Input, now_ms: u64) -> Result<(), LambdaError> {
        self.changed_ms = now_ms;
        let is_fifo = self.queue.ends_with(".fifo");
        if let Some(enabled) = input.enabled {
            self.enabled = enabled;
        }
        if let Some(size) = input.batch_size {
            // The texts for sizes out of range are unverified.
            let most = if is_fifo { 10 } else { 10_000 };
            if !(1..=most).contains(&size) {
                return Err(LambdaError::parameter(format!(
                    "Batch size {size} is not between 1 and {most}"
                )));
            }
            self.batch_size = size as usize;
        }
        if let Some(window) = input.maximum_batching_window_in_seconds {
            if window > 0 && is_fifo {
                return Err(LambdaError::parameter(
                    "Batching window is not supported for FIFO queues",
                ));
            }
            if window > 300 {
                return Err(LambdaError::parameter(format!(
                    "Batching window {window} is not between 0 and 300"
                )));
            }
            self.window_s = window.into();
        }
        match &mut self.stream {
            Some(stream) => stream.apply(input)?,
            None => input.stream.refuse()?,
        }
        if self.batch_size > 10 && self.window_s == 0 && self.stream.is_none() {
            return Err(LambdaError::parameter(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            ));
        }
        if let Some(criteria) = &input.filter_criteria {
            self.filters = criteria
                .filters
                .iter()
                .map(|filter| Ok((filter.pattern.clone(), filter_pattern(&filter.pattern)?)))
                .collect::<Result<_, LambdaError>>()?;
        }
        if let Some(types) = &input.function_response_types {
            if let Some(unknown) = types.iter().find(|kind| *kind != "ReportBatchItemFailures") {
                return Err(LambdaError::parameter(format!(
                    "Function response type {unknown} is not supported"
                )));
            }
            self.reports_failures = !types.is_empty();
        }
        if let Some(scaling) = &input.scaling_config {
            if scaling
                .maximum_concurrency
                .is_some_and(|most| !(2..=1000).contains(&most))
            {
                return Err(LambdaError::parameter(
                    "Maximum concurrency is not between 2 and 1000",
                ));
            }
            self.maximum_concurrency = scaling.maximum_concurrency;
        }
        if self.stream.is_none()
            && input
                .destination_config
                .as_ref()
                .is_some_and(has_destination)
        {
            return Err(LambdaError::parameter(
                "Unsupported DestinationConfig parameter for given event source mapping type.",
            ));
        }
        Ok(())
    }

    /// Whether a message is for the function: without filters, or if one matches. Patterns read the body as JSON where it is, and
    /// as text where it is not.
    pub(super) fn accepts(&self, body: &str) -> bool {
        if self.filters.is_empty() {
            return true;
        }
        let body = serde_json::from_str::<Value>(body).unwrap_or_else(|_| body.into());
        self.accepts_record(&json!({ "body": body }))
    }

    /// Whether a record is for the function.
    pub(super) fn accepts_record(&self, record: &Value) -> bool {
        let mut filters = self.filters.iter();
        self.filters.is_empty() || filters.any(|(_, pattern)| pattern.matches(record))
    }
}

/// A mapping on disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredMapping {
    queue: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream: Option<StreamSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<i64>,
    function: String,
    function_arn: String,
    enabled: bool,
    batch_size: usize,
    window_s: u64,
    filters: Vec<String>,
    reports_failures: bool,
    maximum_concurrency: Option<u32>,
    changed_ms: u64,
}

impl Settings {
    /// Whether all but the time of the change is the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let changed_ms = other.changed_ms;
        let stored = |settings: &Self| {
            let stored = StoredMapping {
                changed_ms,
                ..settings.stored()
            };
            serde_json::to_string(&stored).unwrap_or_default()
        };
        stored(self) == stored(other)
    }

    pub(super) fn stored(&self) -> StoredMapping {
        let function = &self.function;
        StoredMapping {
            queue: self.queue.clone(),
            stream: self.stream.clone(),
            position: None,
            function: match &function.qualifier {
                Some(qualifier) => format!("{}:{qualifier}", function.name),
                None => function.name.clone(),
            },
            function_arn: self.function_arn.clone(),
            enabled: self.enabled,
            batch_size: self.batch_size,
            window_s: self.window_s,
            filters: self.filters.iter().map(|(text, _)| text.clone()).collect(),
            reports_failures: self.reports_failures,
            maximum_concurrency: self.maximum_concurrency,
            changed_ms: self.changed_ms,
        }
    }

    /// Settings as they were. All were accepted once.
    pub(super) fn of(stored: StoredMapping) -> Self {
        let filters = stored.filters.into_iter();
        Self {
            queue: stored.queue,
            stream: stored.stream,
            function: FunctionName::parse(&stored.function),
            function_arn: stored.function_arn,
            enabled: stored.enabled,
            batch_size: stored.batch_size,
            window_s: stored.window_s,
            filters: filters
                .filter_map(|text| Some((text.clone(), Pattern::of_mapping(&text)?)))
                .collect(),
            reports_failures: stored.reports_failures,
            maximum_concurrency: stored.maximum_concurrency,
            changed_ms: stored.changed_ms,
        }
    }
}

fn has_destination(config: &Value) -> bool {
    let destination = |name: &str| config[name]["Destination"].is_string();
    destination("OnFailure") || destination("OnSuccess")
}

fn filter_pattern(text: &str) -> Result<Pattern, LambdaError> {
    Pattern::of_mapping(text)
        .ok_or_else(|| LambdaError::parameter("Invalid filter pattern definition."))
}

impl Mapping {
    pub(super) fn new(id: String, arn: String, settings: Settings, now_ms: u64) -> Self {
        let passing = settings
            .enabled
            .then_some(("Creating", now_ms + SETTLES_MS));
        Self {
            id,
            arn,
            state: Mutex::new(State {
                settings: Arc::new(settings),
                passing,
                position: None,
                poller: None,
            }),
        }
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&lock(&self.state).settings)
    }

    /// The number of the last record of the stream that is done.
    pub(super) fn position(&self) -> Option<i64> {
        lock(&self.state).position
    }

    /// Notes how far the stream is done.
    pub(super) fn set_position(&self, position: Option<i64>) {
        lock(&self.state).position = position;
    }

    /// The mapping as it is kept on disk.
    pub(super) fn stored(&self) -> StoredMapping {
        let state = lock(&self.state);
        StoredMapping {
            position: state.position,
            ..state.settings.stored()
        }
    }

    /// Replaces the settings. The poller with the old ones stops.
    pub(super) fn configure(&self, settings: Settings, now_ms: u64) {
        let mut state = lock(&self.state);
        let label = match (state.settings.enabled, settings.enabled) {
            (false, true) => "Enabling",
            (true, false) => "Disabling",
            _ => "Updating",
        };
        state.passing = Some((label, now_ms + SETTLES_MS));
        state.settings = Arc::new(settings);
        if let Some(poller) = state.poller.take() {
            poller.abort();
        }
    }

    pub(super) fn set_poller(&self, poller: AbortHandle) {
        if let Some(before) = lock(&self.state).poller.replace(poller) {
            before.abort();
        }
    }

    pub(super) fn stop(&self) {
        if let Some(poller) = lock(&self.state).poller.take() {
            poller.abort();
        }
    }

    /// The mapping as the API shows it. `state` replaces the mapping's own.
    pub(super) fn document(&self, now_ms: u64, state: Option<&str>) -> Value {
        let current = lock(&self.state);
        let settings = &current.settings;
        let own = match current.passing {
            Some((label, until)) if now_ms < until => label,
            _ if settings.enabled => "Enabled",
            _ => "Disabled",
        };
        let types: &[&str] = if settings.reports_failures {
            &["ReportBatchItemFailures"]
        } else {
            &[]
        };
        let mut document = json!({
            "UUID": self.id,
            "EventSourceMappingArn": self.arn,
            "EventSourceArn": settings.queue,
            "FunctionArn": settings.function_arn,
            "BatchSize": settings.batch_size,
            "MaximumBatchingWindowInSeconds": settings.window_s,
            "FunctionResponseTypes": types,
            "LastModified": settings.changed_ms / 1000,
            "State": state.unwrap_or(own),
            "StateTransitionReason": "USER_INITIATED",
        });
        if !settings.filters.is_empty() {
            let filters = settings.filters.iter();
            let filters: Vec<_> = filters.map(|(text, _)| json!({"Pattern": text})).collect();
            document["FilterCriteria"] = json!({"Filters": filters});
        }
        if let Some(stream) = &settings.stream {
            stream.describe(&mut document);
        }
        if let Some(most) = settings.maximum_concurrency {
            document["ScalingConfig"] = json!({"MaximumConcurrency": most});
        }
        document
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.stop();
    }
}
