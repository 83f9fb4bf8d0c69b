//! Sources: functions of the app that an event invokes, and which event that is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Part, Source};

/// A function that an event invokes: a separate Lambda function from the same executable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestSource {
    /// Its name: the end of its function's name, and of `_HANDLER`. Letters, digits, `-` and `_`.
    pub name: String,
    /// The function's path in the app, `module::function`.
    #[serde(default)]
    pub handler: String,
    /// Its place in the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The first paragraph of its doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The rest of its doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What invokes it.
    pub event: SourceEvent,
}

impl ManifestSource {
    /// A source of that name with that event, the rest empty.
    #[must_use]
    pub fn new(name: impl Into<String>, event: SourceEvent) -> Self {
        Self {
            name: name.into(),
            handler: String::new(),
            source: None,
            summary: String::new(),
            description: String::new(),
            event,
        }
    }

    /// Which of the app's functions it is.
    #[must_use]
    pub fn part(&self) -> Part {
        Part::Source(self.name.clone())
    }
}

/// What invokes a source. Queues, topics, buckets and buses have logical names, from which the
/// settings build the names in the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", try_from = "RawSourceEvent")]
pub enum SourceEvent {
    /// Messages of an SQS queue, in batches. The function reports which of them failed (`ReportBatchItemFailures`).
    Sqs {
        /// The queue's logical name.
        queue: String,
    },
    /// Notifications of an SNS topic.
    Sns {
        /// The topic's logical name.
        topic: String,
    },
    /// A change of objects in an S3 bucket.
    S3 {
        /// The bucket's logical name.
        bucket: String,
        /// The events, in S3's words: `s3:ObjectCreated:*`, `s3:ObjectRemoved:*`.
        events: Vec<String>,
        /// The start of the objects' keys.
        #[serde(skip_serializing_if = "String::is_empty")]
        prefix: String,
        /// With what they end.
        #[serde(skip_serializing_if = "String::is_empty")]
        suffix: String,
    },
    /// Events of an EventBridge bus that match a pattern.
    Event {
        /// The bus's logical name; the account's default bus where this is not there.
        #[serde(skip_serializing_if = "Option::is_none")]
        bus: Option<String>,
        /// The pattern, in EventBridge's grammar.
        pattern: Map<String, Value>,
    },
    /// A time, by EventBridge Scheduler.
    Schedule {
        /// `rate(…)`, `cron(…)` or `at(…)`.
        expression: String,
        /// The IANA name of the time zone that `cron` and `at` are read in; UTC where this is not there.
        #[serde(skip_serializing_if = "Option::is_none")]
        timezone: Option<String>,
    },
    /// Only a direct call (`Invoke`).
    Function,
}

impl SourceEvent {
    /// The word for it in the document: `sqs`, `sns`, `s3`, `event`, `schedule` or `function`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqs { .. } => "sqs",
            Self::Sns { .. } => "sns",
            Self::S3 { .. } => "s3",
            Self::Event { .. } => "event",
            Self::Schedule { .. } => "schedule",
            Self::Function => "function",
        }
    }
}

/// [`SourceEvent`] as written in the document. Serde's own reading of a tagged enum ignores unknown
/// keys of `function`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawSourceEvent {
    #[serde(rename = "type")]
    kind: String,
    queue: Option<String>,
    topic: Option<String>,
    bucket: Option<String>,
    events: Option<Vec<String>>,
    prefix: Option<String>,
    suffix: Option<String>,
    bus: Option<String>,
    pattern: Option<Map<String, Value>>,
    expression: Option<String>,
    timezone: Option<String>,
}

impl RawSourceEvent {
    /// The first key other than `type` that is left.
    fn key(&self) -> Option<&'static str> {
        [
            ("queue", self.queue.is_some()),
            ("topic", self.topic.is_some()),
            ("bucket", self.bucket.is_some()),
            ("events", self.events.is_some()),
            ("prefix", self.prefix.is_some()),
            ("suffix", self.suffix.is_some()),
            ("bus", self.bus.is_some()),
            ("pattern", self.pattern.is_some()),
            ("expression", self.expression.is_some()),
            ("timezone", self.timezone.is_some()),
        ]
        .into_iter()
        .find_map(|(key, there)| there.then_some(key))
    }
}

impl TryFrom<RawSourceEvent> for SourceEvent {
    type Error = String;

    fn try_from(mut raw: RawSourceEvent) -> Result<Self, String> {
        let kind = std::mem::take(&mut raw.kind);
        let lacks = |key: &str| format!("an event of type `{kind}` has a key `{key}`");
        let event = match kind.as_str() {
            "sqs" => Self::Sqs {
                queue: raw.queue.take().ok_or_else(|| lacks("queue"))?,
            },
            "sns" => Self::Sns {
                topic: raw.topic.take().ok_or_else(|| lacks("topic"))?,
            },
            "s3" => Self::S3 {
                bucket: raw.bucket.take().ok_or_else(|| lacks("bucket"))?,
                events: raw.events.take().ok_or_else(|| lacks("events"))?,
                prefix: raw.prefix.take().unwrap_or_default(),
                suffix: raw.suffix.take().unwrap_or_default(),
            },
            "event" => Self::Event {
                bus: raw.bus.take(),
                pattern: raw.pattern.take().ok_or_else(|| lacks("pattern"))?,
            },
            "schedule" => Self::Schedule {
                expression: raw.expression.take().ok_or_else(|| lacks("expression"))?,
                timezone: raw.timezone.take(),
            },
            "function" => Self::Function,
            _ => {
                return Err(format!(
                    "the type of an event is `sqs`, `sns`, `s3`, `event`, `schedule` or `function`, not `{}`",
                    kind.escape_debug()
                ));
            }
        };
        match raw.key() {
            None => Ok(event),
            Some(key) => Err(format!(
                "an event of type `{kind}` does not have a key `{key}`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::SourceEvent;

    #[test]
    fn an_event_has_the_keys_of_its_type_and_no_others() {
        let right = [
            json!({"type": "sqs", "queue": "orders"}),
            json!({"type": "sns", "topic": "alerts"}),
            json!({"type": "s3", "bucket": "uploads", "events": ["s3:ObjectCreated:*"]}),
            json!({"type": "s3", "bucket": "b", "events": [], "prefix": "in/", "suffix": ".png"}),
            json!({"type": "event", "pattern": {"source": ["shop"]}}),
            json!({"type": "event", "bus": "trade", "pattern": {}}),
            json!({"type": "schedule", "expression": "rate(1 day)"}),
            json!({"type": "schedule", "expression": "rate(1 day)", "timezone": "Europe/Berlin"}),
            json!({"type": "function"}),
        ];
        for event in &right {
            let read: SourceEvent = serde_json::from_value(event.clone()).unwrap();
            assert_eq!(event["type"], read.kind());
            assert_eq!(serde_json::to_value(&read).unwrap(), *event);
            for stray in ["fifo", "queue", "timezone"] {
                let mut wrong = event.clone();
                if wrong.get(stray).is_none()
                    && (stray != "timezone" || event["type"] != "schedule")
                {
                    wrong[stray] = json!("x");
                    assert!(
                        serde_json::from_value::<SourceEvent>(wrong.clone()).is_err(),
                        "{wrong}"
                    );
                }
            }
        }
        let error = |event: Value| {
            let read = serde_json::from_value::<SourceEvent>(event);
            read.unwrap_err().to_string()
        };
        assert_eq!(
            error(json!({"type": "sqs"})),
            "an event of type `sqs` has a key `queue`"
        );
        assert_eq!(
            error(json!({"type": "function", "bus": "x"})),
            "an event of type `function` does not have a key `bus`"
        );
        assert!(error(json!({"type": "kinesis"})).contains("not `kinesis`"));
        assert!(error(json!({})).contains("not ``"));
    }
}
