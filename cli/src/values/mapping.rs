//! How Lambda reads messages from a queue for a function: the settings of an event source mapping.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How messages are taken (Lambda API reference, `CreateEventSourceMapping`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Polling {
    /// The most messages that an invocation gets.
    pub(crate) batch_size: u32,
    /// For how many seconds messages are gathered for an invocation; 0 does not wait.
    #[serde(default)]
    pub(crate) batch_window: u32,
    /// Patterns as JSON: a message that matches none of them is deleted without an invocation; without any, all are for the function.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) filters: Vec<String>,
    /// The most invocations at once; as many as the function may have where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_concurrency: Option<u32>,
    /// Pollers that are the mapping's own; Lambda's shared ones where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pollers: Option<Pollers>,
}

/// How many provisioned pollers a mapping has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pollers {
    /// The fewest, 2 to 200.
    pub(crate) min: u32,
    /// The most, 2 to 10000.
    pub(crate) max: u32,
}

/// Lambda's defaults (messaging-truth §5, "Limits").
impl Default for Polling {
    fn default() -> Self {
        Self {
            batch_size: 10,
            batch_window: 0,
            filters: Vec::new(),
            max_concurrency: None,
            pollers: None,
        }
    }
}

impl Polling {
    /// The parameters of `CreateEventSourceMapping` besides queue and function, without what the local services do not have (pollers).
    pub(crate) fn local(&self) -> Value {
        let mut all = json!({
            "BatchSize": self.batch_size,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        });
        if self.batch_window > 0 {
            all["MaximumBatchingWindowInSeconds"] = self.batch_window.into();
        }
        if !self.filters.is_empty() {
            let filters = self.filters.iter();
            let filters: Vec<Value> = filters.map(|text| json!({ "Pattern": text })).collect();
            all["FilterCriteria"] = json!({ "Filters": filters });
        }
        if let Some(most) = self.max_concurrency {
            all["ScalingConfig"] = json!({ "MaximumConcurrency": most });
        }
        all
    }

    /// Whether two have the same filters, however their JSON is written.
    pub(crate) fn filters_like(&self, other: &Self) -> bool {
        let read = |of: &Self| -> Vec<Value> {
            let filters = of.filters.iter();
            let parsed = filters.map(|text| serde_json::from_str(text));
            parsed.map(Result::unwrap_or_default).collect()
        };
        read(self) == read(other)
    }

    /// What differs, in the settings' words, old → new.
    pub(crate) fn differences(&self, new: &Self) -> Vec<String> {
        let number =
            |value: Option<u32>| value.map_or("none".to_owned(), |value| value.to_string());
        let filters = |of: &Self| match of.filters.as_slice() {
            [] => "none".to_owned(),
            all => all.join(" "),
        };
        let pollers = |of: &Self| match of.pollers {
            Some(Pollers { min, max }) => format!("{min} to {max}"),
            None => "none".to_owned(),
        };
        let list = |of: &Self| {
            [
                ("batch_size", of.batch_size.to_string()),
                ("batch_window", format!("{} s", of.batch_window)),
                ("filters", filters(of)),
                ("max_concurrency", number(of.max_concurrency)),
                ("pollers", pollers(of)),
            ]
        };
        let same = self.filters_like(new);
        let pairs = list(self).into_iter().zip(list(new));
        pairs
            .filter(|((key, old), (_, new))| old != new && !(*key == "filters" && same))
            .map(|((key, old), (_, new))| format!("{key}: {old} → {new}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Pollers, Polling};

    #[test]
    fn a_difference_is_told_in_the_settings_words() {
        let old = Polling {
            filters: vec![r#"{"body":{"a":["b"],"c":["d"]}}"#.to_owned()],
            ..Polling::default()
        };
        let mut new = Polling {
            batch_size: 100,
            batch_window: 5,
            filters: vec![r#"{"body": {"c": ["d"], "a": ["b"]}}"#.to_owned()],
            max_concurrency: Some(2),
            pollers: Some(Pollers { min: 2, max: 20 }),
        };
        let all = [
            "batch_size: 10 → 100",
            "batch_window: 0 s → 5 s",
            "max_concurrency: none → 2",
            "pollers: none → 2 to 20",
        ];
        // The same patterns in another order of their keys.
        assert_eq!(old.differences(&new), all);
        new.filters.clear();
        assert_eq!(old.differences(&new).len(), 5);
        assert!(new.differences(&new).is_empty());
    }
}
