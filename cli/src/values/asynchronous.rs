//! How Lambda handles the asynchronous invocations of a function.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The settings (Lambda API reference, `PutFunctionEventInvokeConfig`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asynchronous {
    /// Attempts after the first one, 0 to 2.
    pub(crate) retries: u32,
    /// How old an event may become before it is given up, in seconds, 60 to 21600.
    pub(crate) max_event_age: u32,
    /// The ARN of what gets a record of each success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on_success: Option<String>,
    /// The ARN of what gets a record of each event that was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on_failure: Option<String>,
}

/// What Lambda does where nothing is said (messaging-truth §6).
impl Default for Asynchronous {
    fn default() -> Self {
        Self {
            retries: 2,
            max_event_age: 21_600,
            on_success: None,
            on_failure: None,
        }
    }
}

impl Asynchronous {
    /// The parameters of `PutFunctionEventInvokeConfig`.
    pub(crate) fn parameters(&self) -> Value {
        let to = |arn: &Option<String>| match arn {
            Some(arn) => json!({ "Destination": arn }),
            None => json!({}),
        };
        json!({
            "MaximumRetryAttempts": self.retries,
            "MaximumEventAgeInSeconds": self.max_event_age,
            "DestinationConfig": { "OnSuccess": to(&self.on_success), "OnFailure": to(&self.on_failure) },
        })
    }

    /// What differs, in the settings' words, old → new.
    pub(crate) fn differences(&self, new: &Self) -> Vec<String> {
        let to = |arn: &Option<String>| arn.clone().unwrap_or_else(|| "none".to_owned());
        let list = |of: &Self| {
            [
                ("retries", of.retries.to_string()),
                ("max_event_age", format!("{} s", of.max_event_age)),
                ("on_success", to(&of.on_success)),
                ("on_failure", to(&of.on_failure)),
            ]
        };
        let pairs = list(self).into_iter().zip(list(new));
        pairs
            .filter(|((_, old), (_, new))| old != new)
            .map(|((key, old), (_, new))| format!("{key}: {old} → {new}"))
            .collect()
    }

    /// What is set apart from Lambda's defaults, in the settings' words.
    pub(crate) fn told(&self) -> Vec<String> {
        let set = Self::default().differences(self).into_iter();
        set.map(|difference| {
            let (key, values) = difference.split_once(": ").unwrap_or((&difference, ""));
            let new = values.split_once(" → ").map_or(values, |(_, new)| new);
            format!("{key} {new}")
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Asynchronous;

    #[test]
    fn a_difference_is_told_in_the_settings_words() {
        let old = Asynchronous::default();
        let new = Asynchronous {
            retries: 0,
            on_failure: Some("arn:aws:sqs:r:1:failed".to_owned()),
            ..Asynchronous::default()
        };
        assert_eq!(
            old.differences(&new),
            [
                "retries: 2 → 0",
                "on_failure: none → arn:aws:sqs:r:1:failed"
            ]
        );
        assert_eq!(
            new.told(),
            ["retries 0", "on_failure arn:aws:sqs:r:1:failed"]
        );
        assert!(new.differences(&new).is_empty());
    }
}
