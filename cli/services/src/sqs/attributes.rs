//! The attributes of a queue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SqsError;

/// The largest message, and the largest batch.
pub(crate) const LARGEST_MESSAGE: u64 = 1_048_576;

/// The settings of a queue, with AWS's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    pub(crate) visibility_s: u64,
    pub(crate) retention_s: u64,
    pub(crate) delay_s: u64,
    pub(crate) wait_s: u64,
    pub(crate) largest: u64,
    pub(crate) policy: Option<String>,
    pub(crate) redrive: Option<Redrive>,
    pub(crate) redrive_allow: Option<String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) kms_reuse_s: Option<u64>,
    pub(crate) sse: bool,
    /// `None` on a standard queue.
    pub(crate) fifo: Option<Fifo>,
}

/// What only FIFO queues have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fifo {
    pub(crate) by_content: bool,
    /// `queue` or `messageGroup`.
    pub(crate) scope: String,
    /// `perQueue` or `perMessageGroupId`.
    pub(crate) throughput: String,
}

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Redrive {
    /// The policy as the client wrote it.
    text: String,
    pub(crate) target: String,
    pub(crate) receives: u32,
}

impl Attributes {
    pub(crate) fn new(is_fifo: bool) -> Self {
        Self {
            visibility_s: 30,
            retention_s: 345_600,
            delay_s: 0,
            wait_s: 0,
            largest: LARGEST_MESSAGE,
            policy: None,
            redrive: None,
            redrive_allow: None,
            kms_key: None,
            kms_reuse_s: None,
            sse: true,
            fifo: is_fifo.then(|| Fifo {
                by_content: false,
                scope: "queue".into(),
                throughput: "perQueue".into(),
            }),
        }
    }

    /// Sets attributes by their names.
    ///
    /// # Errors
    /// `InvalidAttributeName`, `InvalidAttributeValue` or `InvalidParameterValue`, 400. Then some may be set, so callers work on a copy.
    pub(crate) fn set_all(&mut self, values: &BTreeMap<String, String>) -> Result<(), SqsError> {
        let sets_key = values
            .get("KmsMasterKeyId")
            .is_some_and(|key| !key.is_empty());
        let sets_sse = values.get("SqsManagedSseEnabled").map(String::as_str) == Some("true");
        if sets_key && sets_sse {
            return Err(SqsError::attribute_name(
                "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
            ));
        }
        values
            .iter()
            .try_for_each(|(name, value)| self.set(name, value))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        match name {
            "VisibilityTimeout" => self.visibility_s = number(name, value, 0, 43_200)?,
            "MessageRetentionPeriod" => self.retention_s = number(name, value, 60, 1_209_600)?,
            "DelaySeconds" => self.delay_s = number(name, value, 0, 900)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait_s = number(name, value, 0, 20)?,
            "MaximumMessageSize" => self.largest = number(name, value, 1024, LARGEST_MESSAGE)?,
            "Policy" => self.policy = document(name, value)?,
            "RedriveAllowPolicy" => self.redrive_allow = document(name, value)?,
            "RedrivePolicy" => self.redrive = Redrive::parse(value)?,
            "KmsMasterKeyId" => {
                self.kms_key = (!value.is_empty()).then(|| value.to_owned());
                // Removing the key does not bring SQS's own encryption back.
                self.sse = false;
            }
            "KmsDataKeyReusePeriodSeconds" => {
                self.kms_reuse_s = Some(number(name, value, 60, 86_400)?);
            }
            "SqsManagedSseEnabled" => {
                self.sse = truth(name, value)?;
                if self.sse {
                    self.kms_key = None;
                }
            }
            _ => return self.set_fifo(name, value),
        }
        Ok(())
    }

    fn set_fifo(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        let Some(fifo) = &mut self.fifo else {
            return Err(match name {
                "DeduplicationScope" | "FifoThroughputLimit" => SqsError::attribute_name(format!(
                    "You can specify the {name} only when FifoQueue is set to true."
                )),
                _ => SqsError::unknown_attribute(name),
            });
        };
        let one_of = |values: [&str; 2]| {
            if values.contains(&value) {
                Ok(value.to_owned())
            } else {
                Err(invalid(name))
            }
        };
        match name {
            "FifoQueue" if truth(name, value)? => {}
            "FifoQueue" => {
                return Err(SqsError::attribute_value(
                    "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
                ));
            }
            "ContentBasedDeduplication" => fifo.by_content = truth(name, value)?,
            "DeduplicationScope" => fifo.scope = one_of(["queue", "messageGroup"])?,
            "FifoThroughputLimit" => fifo.throughput = one_of(["perQueue", "perMessageGroupId"])?,
            _ => return Err(SqsError::unknown_attribute(name)),
        }
        Ok(())
    }

    /// The text of a setting, or `None` if the queue does not have it.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        match name {
            "VisibilityTimeout" => Some(self.visibility_s.to_string()),
            "MessageRetentionPeriod" => Some(self.retention_s.to_string()),
            "DelaySeconds" => Some(self.delay_s.to_string()),
            "ReceiveMessageWaitTimeSeconds" => Some(self.wait_s.to_string()),
            "MaximumMessageSize" => Some(self.largest.to_string()),
            "Policy" => self.policy.clone(),
            "RedriveAllowPolicy" => self.redrive_allow.clone(),
            "RedrivePolicy" => self.redrive.as_ref().map(|redrive| redrive.text.clone()),
            "KmsMasterKeyId" => self.kms_key.clone(),
            "KmsDataKeyReusePeriodSeconds" => self
                .kms_reuse_s
                .or(self.kms_key.is_some().then_some(300))
                .map(|seconds| seconds.to_string()),
            "SqsManagedSseEnabled" => Some(self.sse.to_string()),
            "FifoQueue" => self.fifo.is_some().then(|| "true".to_owned()),
            "ContentBasedDeduplication" => {
                self.fifo.as_ref().map(|fifo| fifo.by_content.to_string())
            }
            "DeduplicationScope" => self.fifo.as_ref().map(|fifo| fifo.scope.clone()),
            "FifoThroughputLimit" => self.fifo.as_ref().map(|fifo| fifo.throughput.clone()),
            _ => None,
        }
    }

    /// The first of those attributes whose value differs in the other settings.
    pub(crate) fn first_difference<'a>(
        &self,
        other: &Self,
        names: impl Iterator<Item = &'a String>,
    ) -> Option<&'a str> {
        let document = |text: Option<String>| {
            text.map(|text| serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)))
        };
        names
            .map(String::as_str)
            .find(|name| document(self.get(name)) != document(other.get(name)))
    }
}

/// The names of all settings, as `All` lists them.
pub(crate) const SETTINGS: [&str; 15] = [
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "MaximumMessageSize",
    "Policy",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
];

impl Redrive {
    /// Reads a redrive policy. Empty text removes it.
    fn parse(text: &str) -> Result<Option<Self>, SqsError> {
        if text.is_empty() {
            return Ok(None);
        }
        let refused = |reason: &str| SqsError::value(text, "RedrivePolicy", reason);
        let lacks = |name: &str| {
            refused(&format!(
                "Redrive policy does not contain mandatory attribute: {name}."
            ))
        };
        let policy: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)
            .map_err(|_| refused("Redrive policy is not a valid JSON map."))?;
        let target = policy
            .get("deadLetterTargetArn")
            .and_then(|target| target.as_str())
            .ok_or_else(|| lacks("deadLetterTargetArn"))?;
        let receives = match policy.get("maxReceiveCount") {
            Some(serde_json::Value::String(count)) => count.parse().ok(),
            Some(count) => count.as_u64(),
            None => return Err(lacks("maxReceiveCount")),
        };
        // 1 to 1000, as the API reference says. The text is unverified.
        let receives = receives
            .filter(|count| (1..=1000).contains(count))
            .and_then(|count| u32::try_from(count).ok())
            .ok_or_else(|| {
                refused("Invalid value for maxReceiveCount: it must be between 1 and 1000.")
            })?;
        Ok(Some(Self {
            text: text.to_owned(),
            target: target.to_owned(),
            receives,
        }))
    }
}

fn invalid(name: &str) -> SqsError {
    SqsError::attribute_value(format!("Invalid value for the parameter {name}."))
}

fn number(name: &str, value: &str, least: u64, most: u64) -> Result<u64, SqsError> {
    value
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| invalid(name))
}

fn truth(name: &str, value: &str) -> Result<bool, SqsError> {
    if value.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if value.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(invalid(name))
    }
}

/// A JSON document as text. Empty text removes it.
fn document(name: &str, value: &str) -> Result<Option<String>, SqsError> {
    if value.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(value) {
        Ok(_) => Ok(Some(value.to_owned())),
        Err(_) => Err(invalid(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_as_text() {
        let mut attributes = Attributes::new(true);
        let set = |attributes: &mut Attributes, name: &str, value: &str| {
            attributes.set_all(&[(name.to_owned(), value.to_owned())].into())
        };
        set(&mut attributes, "ContentBasedDeduplication", "TRUE").unwrap();
        assert_eq!(
            attributes.get("ContentBasedDeduplication").as_deref(),
            Some("true")
        );
        set(&mut attributes, "KmsMasterKeyId", "key").unwrap();
        set(&mut attributes, "KmsMasterKeyId", "").unwrap();
        assert_eq!(
            attributes.get("SqsManagedSseEnabled").as_deref(),
            Some("false")
        );
        assert!(set(&mut attributes, "DelaySeconds", "901").is_err());
        assert!(set(&mut attributes, "Nope", "1").is_err());
    }

    #[test]
    fn redrive_policies_are_checked() {
        assert_eq!(Redrive::parse(""), Ok(None));
        for text in [
            "{",
            "[]",
            "{}",
            r#"{"deadLetterTargetArn":"a"}"#,
            r#"{"deadLetterTargetArn":"a","maxReceiveCount":0}"#,
        ] {
            assert!(Redrive::parse(text).is_err(), "{text}");
        }
        let parsed = Redrive::parse(r#"{"deadLetterTargetArn":"a","maxReceiveCount":"42"}"#);
        assert_eq!(parsed.unwrap().unwrap().receives, 42);
    }
}
