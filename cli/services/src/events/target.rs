//! A target of a rule, checked as EventBridge checks it.

use serde::{Deserialize, Serialize};

use super::EventsError;
use super::json_path::JsonPath;
use super::transform::InputTransformer;
use crate::targets::service_of;

/// A target as the client writes it. The members for targets that are not here are refused by their names.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct RuleTarget {
    pub(super) id: String,
    pub(super) arn: String,
    /// Kept and shown. Deliveries need no role here.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_transformer: Option<InputTransformer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sqs_parameters: Option<SqsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dead_letter_config: Option<DeadLetterConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_policy: Option<RetryPolicy>,
}

/// The group of a FIFO queue's messages.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct SqsParameters {
    pub(crate) message_group_id: Option<String>,
}

/// Where events go that a target does not take.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct DeadLetterConfig {
    pub(crate) arn: Option<String>,
}

/// How long EventBridge tries. Targets here take an event at once or never, so that nothing is retried; a function's own errors are
/// retried by its asynchronous settings, as on AWS.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct RetryPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retry_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_event_age_in_seconds: Option<u32>,
}

impl RetryPolicy {
    /// The first member that is out of range, its value, and the constraint.
    pub(crate) fn out_of_range(&self) -> Option<(&'static str, u32, &'static str)> {
        let (retries, age) = (
            self.maximum_retry_attempts,
            self.maximum_event_age_in_seconds,
        );
        match (retries, age) {
            (Some(retries), _) if retries > 185 => Some((
                "maximumRetryAttempts",
                retries,
                "have value less than or equal to 185",
            )),
            (_, Some(age)) if age < 60 => Some((
                "maximumEventAgeInSeconds",
                age,
                "have value greater than or equal to 60",
            )),
            (_, Some(age)) if age > 86_400 => Some((
                "maximumEventAgeInSeconds",
                age,
                "have value less than or equal to 86400",
            )),
            _ => None,
        }
    }
}

impl RuleTarget {
    /// Checks a target. `place` is its number in the request, from 1.
    ///
    /// # Errors
    /// `ValidationException`, or `NotImplemented`, 501, for a service that is not here.
    pub(super) fn check(&self, place: usize) -> Result<(), EventsError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let member = |name: &str| format!("targets.{place}.member.{name}");
        let id = self.id.as_str();
        if id.is_empty() || !id.bytes().all(is_allowed) {
            let constraint = r"satisfy regular expression pattern: [\.\-_A-Za-z0-9]+";
            return Err(EventsError::constraint(id, &member("id"), constraint));
        }
        if id.len() > 64 {
            let constraint = "have length less than or equal to 64";
            return Err(EventsError::constraint(id, &member("id"), constraint));
        }
        if self.arn.split(':').count() < 6 || !self.arn.starts_with("arn:") {
            return Err(EventsError::validation(format!(
                "Parameter {} is not valid. Reason: Provided Arn is not in correct format.",
                self.arn
            )));
        }
        match service_of(&self.arn) {
            "sqs" | "sns" | "lambda" => {}
            "events" if self.arn.contains(":event-bus/") => {}
            other => {
                return Err(EventsError::not_implemented(&format!(
                    "EventBridge target of the service {other}"
                )));
            }
        }
        let group = self.sqs_parameters.as_ref();
        let group = group.and_then(|parameters| parameters.message_group_id.as_ref());
        if service_of(&self.arn) == "sqs" && self.arn.ends_with(".fifo") && group.is_none() {
            // The text is unverified.
            return Err(EventsError::validation(format!(
                "Parameter(s) SqsParameters must be specified for target: {id}."
            )));
        }
        if let Some((name, value, constraint)) = self
            .retry_policy
            .as_ref()
            .and_then(RetryPolicy::out_of_range)
        {
            let member = member(&format!("retryPolicy.{name}"));
            return Err(EventsError::constraint(
                &value.to_string(),
                &member,
                constraint,
            ));
        }
        self.check_input()
    }

    fn check_input(&self) -> Result<(), EventsError> {
        let id = &self.id;
        let inputs = [
            self.input.is_some(),
            self.input_path.is_some(),
            self.input_transformer.is_some(),
        ];
        if inputs.into_iter().filter(|given| *given).count() > 1 {
            return Err(EventsError::validation(format!(
                "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
            )));
        }
        // The next two texts are unverified.
        if let Some(input) = &self.input
            && serde_json::from_str::<serde::de::IgnoredAny>(input).is_err()
        {
            return Err(EventsError::validation(format!(
                "JSON syntax error in input for target {id}."
            )));
        }
        if let Some(path) = self.input_path.as_deref().filter(|path| !path.is_empty())
            && JsonPath::parse(path).is_none()
        {
            return Err(EventsError::validation(format!(
                "Invalid InputPath for target {id}."
            )));
        }
        match &self.input_transformer {
            Some(transformer) => transformer.check(id),
            None => Ok(()),
        }
    }
}
