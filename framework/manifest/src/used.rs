//! What the code uses by a handle.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A queue, topic, bus or bucket that the code reaches by a handle with the app's own name for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestUse {
    /// What it is.
    pub kind: UseKind,
    /// The app's name for it, as the settings and sources have it.
    pub name: String,
}

impl ManifestUse {
    /// The use of a resource of that kind and name.
    #[must_use]
    pub fn new(kind: UseKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
        }
    }
}

/// `queue orders`.
impl fmt::Display for ManifestUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}

/// What a handle is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UseKind {
    /// A queue of SQS.
    Queue,
    /// A topic of SNS.
    Topic,
    /// An event bus of EventBridge.
    Bus,
    /// A bucket of S3.
    Bucket,
}

impl UseKind {
    /// The word for one: `queue`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::Bus => "bus",
            Self::Bucket => "bucket",
        }
    }

    /// The variable by which the code finds the resource of that name: `FW_QUEUE_LATE_ORDERS` for the queue `late-orders`.
    #[must_use]
    pub fn variable(self, name: &str) -> String {
        let kind = self.word().to_ascii_uppercase();
        let name = name.to_ascii_uppercase().replace('-', "_");
        format!("FW_{kind}_{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::UseKind;

    #[test]
    fn the_variable_is_the_kind_and_the_name() {
        assert_eq!(
            UseKind::Queue.variable("late-orders_2"),
            "FW_QUEUE_LATE_ORDERS_2"
        );
        assert_eq!(UseKind::Bucket.variable("labels"), "FW_BUCKET_LABELS");
    }
}
