//! What only a mapping of a stream has, checked as Lambda checks it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::mapping::{Input, Settings};
use super::{Lambda, LambdaError};
use crate::tables::StreamEnds;
use crate::targets::service_of;

/// The members of an input that only mappings of streams take.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct StreamInput {
    bisect_batch_on_function_error: Option<bool>,
    maximum_record_age_in_seconds: Option<i64>,
    maximum_retry_attempts: Option<i64>,
    parallelization_factor: Option<u32>,
    starting_position: Option<String>,
    tumbling_window_in_seconds: Option<u32>,
}

/// The settings that only mappings of streams have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamSettings {
    pub(super) bisects: bool,
    /// In seconds. −1 for no limit.
    pub(super) maximum_age_s: i64,
    /// −1 for no limit.
    pub(super) maximum_retries: i64,
    /// How many batches of a shard run at a time.
    pub(super) factor: u32,
    starting_position: Option<String>,
    /// The ARN of the queue or topic that gets a record of what failed.
    pub(super) on_failure: Option<String>,
}

impl StreamInput {
    /// Refuses them for a queue.
    pub(super) fn refuse(&self) -> Result<(), LambdaError> {
        let all = [
            (
                "BisectBatchOnFunctionError",
                self.bisect_batch_on_function_error.is_some(),
            ),
            (
                "MaximumRecordAgeInSeconds",
                self.maximum_record_age_in_seconds.is_some(),
            ),
            (
                "MaximumRetryAttempts",
                self.maximum_retry_attempts.is_some(),
            ),
            (
                "ParallelizationFactor",
                self.parallelization_factor.is_some(),
            ),
            ("StartingPosition", self.starting_position.is_some()),
            (
                "TumblingWindowInSeconds",
                self.tumbling_window_in_seconds.is_some(),
            ),
        ];
        match all.iter().find(|(_, is_set)| *is_set) {
            // The text is unverified.
            Some((name, _)) => Err(LambdaError::parameter(format!(
                "Unsupported {name} parameter for given event source mapping type."
            ))),
            None => Ok(()),
        }
    }
}

/// Refuses a number that Lambda would. The text is unverified.
fn range(name: &str, value: Option<i64>, least: i64, most: i64) -> Result<(), LambdaError> {
    match value {
        Some(value) if !(least..=most).contains(&value) => Err(LambdaError::parameter(format!(
            "{name} {value} is not between {least} and {most}"
        ))),
        _ => Ok(()),
    }
}

impl StreamSettings {
    /// The defaults of a new mapping, if the source is a stream.
    pub(super) fn of_source(source: &str) -> Option<Self> {
        matches!(service_of(source), "dynamodb" | "kinesis").then(|| Self {
            bisects: false,
            maximum_age_s: -1,
            maximum_retries: -1,
            factor: 1,
            starting_position: None,
            on_failure: None,
        })
    }

    /// Applies an input.
    pub(super) fn apply(&mut self, input: &Input) -> Result<(), LambdaError> {
        let given = &input.stream;
        let age = given.maximum_record_age_in_seconds;
        range("Maximum record age", age, -1, 604_800)?;
        range(
            "Maximum retry attempts",
            given.maximum_retry_attempts,
            -1,
            10_000,
        )?;
        range(
            "Parallelization factor",
            given.parallelization_factor.map(Into::into),
            1,
            10,
        )?;
        if given
            .tumbling_window_in_seconds
            .is_some_and(|seconds| seconds > 0)
        {
            return Err(LambdaError::not_implemented(
                "event source mapping parameter TumblingWindowInSeconds",
            ));
        }
        match given.starting_position.as_deref() {
            Some("TRIM_HORIZON" | "LATEST") => {
                self.starting_position.clone_from(&given.starting_position);
            }
            Some(other) => {
                return Err(LambdaError::parameter(format!(
                    "Unsupported starting position for stream type: {other}"
                )));
            }
            None if self.starting_position.is_none() => {
                return Err(LambdaError::parameter(
                    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
                ));
            }
            None => {}
        }
        self.bisects = given.bisect_batch_on_function_error.unwrap_or(self.bisects);
        self.maximum_age_s = age.unwrap_or(self.maximum_age_s);
        self.maximum_retries = given.maximum_retry_attempts.unwrap_or(self.maximum_retries);
        self.factor = given.parallelization_factor.unwrap_or(self.factor);
        if let Some(config) = &input.destination_config {
            let target = config["OnFailure"]["Destination"].as_str();
            if target.is_some_and(|target| !matches!(service_of(target), "sqs" | "sns")) {
                return Err(LambdaError::not_implemented(
                    "event source mapping destination other than a queue or a topic",
                ));
            }
            self.on_failure = target.map(ToOwned::to_owned);
        }
        Ok(())
    }

    /// Adds the members to the mapping's document.
    pub(super) fn describe(&self, document: &mut Value) {
        let on_failure = match &self.on_failure {
            Some(target) => json!({ "Destination": target }),
            None => json!({}),
        };
        let more = json!({
            "BisectBatchOnFunctionError": self.bisects,
            "DestinationConfig": {"OnFailure": on_failure},
            "LastProcessingResult": "No records processed",
            "MaximumRecordAgeInSeconds": self.maximum_age_s,
            "MaximumRetryAttempts": self.maximum_retries,
            "ParallelizationFactor": self.factor,
            "StartingPosition": self.starting_position,
            "StateTransitionReason": "User action",
            "TumblingWindowInSeconds": 0,
        });
        if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
            document.extend(more);
        }
    }
}

impl Lambda {
    /// A stream that a mapping reads.
    pub(super) fn stream(&self, arn: &str) -> Option<StreamEnds> {
        self.tables.as_ref()?.stream(arn)
    }

    /// Where a new mapping begins to read.
    pub(super) fn position(&self, settings: &Settings) -> Option<i64> {
        let stream = settings.stream.as_ref()?;
        let ends = self.stream(&settings.queue)?;
        Some(match stream.starting_position.as_deref() {
            Some("LATEST") => ends.last,
            _ => ends.first,
        })
    }
}
