//! How a function reads messages from its queue: keys of `[functions.NAME]` for a source that reads one (`#[on_sqs]`).
//! Ranges and defaults: messaging-truth §5, "Limits", and the Lambda API reference.

use fw_grammar::pattern::Pattern;
use serde_json::Value;

use super::ranges::range;
use crate::{
    error::{Failure, Result},
    values::{
        mapping::{Pollers, Polling},
        resources::{Reference, ResourceKind},
        statement::Statement,
    },
};

/// The largest batch that needs no window (esm-002).
pub(super) const LARGEST_AT_ONCE: u32 = 10;
/// The most filters: five, or ten where the account's quota was raised.
const MOST_FILTERS: usize = 10;
/// The longest filter, in characters (Lambda API reference, `Filter`).
const LONGEST_FILTER: usize = 4096;

/// What Lambda does with a queue as the role of the function that reads it.
const READING: [&str; 3] = [
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

/// What is written of it; every key optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MappingKeys {
    /// The most messages that an invocation gets, 1 to 10000.
    pub(crate) batch_size: Option<u32>,
    /// For how many seconds messages are gathered, 0 to 300.
    pub(crate) batch_window: Option<u32>,
    /// Patterns, as tables or as JSON: a message that matches none of them is deleted without an invocation.
    pub(crate) filters: Option<Vec<Value>>,
    /// The most invocations at once, 2 to 1000.
    pub(crate) max_concurrency: Option<u32>,
    /// Its provisioned pollers.
    pub(crate) pollers: Option<Pollers>,
}

impl MappingKeys {
    /// The first key that is set.
    pub(super) fn first(&self) -> Option<&'static str> {
        let all = [
            ("batch_size", self.batch_size.is_some()),
            ("batch_window", self.batch_window.is_some()),
            ("filters", self.filters.is_some()),
            ("max_concurrency", self.max_concurrency.is_some()),
            ("pollers", self.pollers.is_some()),
        ];
        let mut set = all.into_iter().filter(|(_, set)| *set);
        set.next().map(|(key, _)| key)
    }

    /// The settings of a mapping with these keys, where nothing is set with Lambda's defaults.
    pub(super) fn resolve(&self) -> Polling {
        let defaults = Polling::default();
        let filters = self.filters.iter().flatten();
        Polling {
            batch_size: self.batch_size.unwrap_or(defaults.batch_size),
            batch_window: self.batch_window.unwrap_or(defaults.batch_window),
            filters: filters.map(text).collect(),
            max_concurrency: self.max_concurrency,
            pollers: self.pollers,
        }
    }

    /// Refuses what Lambda would of any queue; `table` names the table that the keys stand in.
    ///
    /// # Errors
    ///
    /// The first such key; exit code 65.
    pub(super) fn check(&self, table: &str) -> Result<()> {
        let named = |key: &str| format!("{table}.{key}");
        let all = [
            ("batch_size", self.batch_size, 1, 10_000, "messages"),
            ("batch_window", self.batch_window, 0, 300, "seconds"),
            (
                "max_concurrency",
                self.max_concurrency,
                2,
                1000,
                "invocations",
            ),
        ];
        for (key, value, least, most, unit) in all {
            if let Some(value) = value {
                range(&named(key), value, least, most, unit)?;
            }
        }
        if let Some(Pollers { min, max }) = self.pollers {
            range(&named("pollers.min"), min, 2, 200, "pollers")?;
            range(&named("pollers.max"), max, min.max(2), 10_000, "pollers")?;
            if self.max_concurrency.is_some() {
                return Err(Failure::input(format!(
                    "`{table}` has `pollers` and `max_concurrency`"
                ))
                .because_of("Lambda accepts only one of them: pollers limit the concurrent invocations as well")
                .hint("remove one of them"));
            }
        }
        let filters = self.filters.as_deref().unwrap_or_default();
        if filters.len() > MOST_FILTERS {
            return Err(Failure::input(format!(
                "`{}` has too many patterns: {}",
                named("filters"),
                filters.len()
            ))
            .because_of(
                "Lambda accepts five for a mapping, or ten if the account's quota was raised",
            ));
        }
        filters
            .iter()
            .try_for_each(|filter| self::filter(&named("filters"), filter))
    }
}

/// A filter in Lambda's format.
fn text(filter: &Value) -> String {
    match filter {
        Value::String(text) => text.clone(),
        table => table.to_string(),
    }
}

/// Refuses a pattern that Lambda would, and one that no message can match.
fn filter(key: &str, filter: &Value) -> Result<()> {
    let text = text(filter);
    let wrong = |why: String| {
        Failure::input(format!(
            "`{key}` contains a value that is not a pattern: `{}`",
            text.escape_debug()
        ))
        .because_of(why)
        .hint(
            "write `filters = [{ body = { kind = [\"order\"] } }]`, say; docs/settings.md has more",
        )
    };
    if text.len() > LONGEST_FILTER {
        return Err(wrong(format!(
            "it has {} characters, and Lambda accepts {LONGEST_FILTER}",
            text.len()
        )));
    }
    Pattern::parse(&text).map_err(|error| wrong(error.reason().to_owned()))?;
    let pattern: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut keys = pattern.as_object().into_iter().flat_map(|all| all.keys());
    match keys.find(|key| *key != "body") {
        Some(other) => Err(wrong(format!(
            "it looks at `{}`, and a filter of a queue looks at `body` alone: every message would be deleted",
            other.escape_debug()
        ))),
        None => Ok(()),
    }
}

/// What taking messages from a queue needs of the role that the function runs as (Lambda developer guide, "Configuring an Amazon SQS event
/// source mapping", "Setting up execution role permissions"); the queue by the app's own name.
pub(crate) fn reading(queue: &str) -> Statement {
    let queue = Reference {
        kind: ResourceKind::Queue,
        name: queue.to_owned(),
    };
    Statement {
        sid: Some("Source".to_owned()),
        actions: READING.map(str::to_owned).into(),
        resources: vec![queue.to_string()],
        ..Statement::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        error::Failure,
        settings::Settings,
        values::mapping::{Pollers, Polling},
    };

    fn settings(own: &str) -> Result<Settings, Failure> {
        Settings::from_toml(&format!("[functions.ship]\n{own}"), "dev", None, None)
    }

    #[test]
    fn what_is_not_set_is_as_lambda_has_it() {
        let read = settings("memory = 256").unwrap();
        assert_eq!(read.polling("ship"), Polling::default());
        assert_eq!(read.polling("other"), Polling::default());
        let read = settings(
            "batch_size = 100\nbatch_window = 5\npollers = { min = 2, max = 20 }\n\
             filters = [{ body = { kind = [\"order\"] } }, '{\"body\": {\"note\": [null]}}']",
        )
        .unwrap();
        let filters = [
            r#"{"body":{"kind":["order"]}}"#,
            r#"{"body": {"note": [null]}}"#,
        ];
        assert_eq!(
            read.polling("ship"),
            Polling {
                batch_size: 100,
                batch_window: 5,
                filters: filters.map(str::to_owned).into(),
                max_concurrency: None,
                pollers: Some(Pollers { min: 2, max: 20 }),
            }
        );
        // A stage's keys go over those of all stages.
        let text = "[functions.ship]\nbatch_size = 5\nbatch_window = 1\n[stages.prod.functions.ship]\nbatch_size = 7";
        let prod = Settings::from_toml(text, "prod", None, None).unwrap();
        let prod = prod.polling("ship");
        assert_eq!((prod.batch_size, prod.batch_window), (7, 1));
    }

    #[test]
    fn what_lambda_refuses_is_refused_before() {
        for (own, told) in [
            ("batch_size = 0", "`functions.ship.batch_size`"),
            ("batch_size = 10001", "1 to 10000 messages"),
            ("batch_window = 301", "0 to 300 seconds"),
            ("max_concurrency = 1", "2 to 1000 invocations"),
            (
                "pollers = { min = 1, max = 2 }",
                "`functions.ship.pollers.min`",
            ),
            ("pollers = { min = 5, max = 4 }", "5 to 10000 pollers"),
            ("pollers = { min = 5 }", "`max`"),
            (
                "pollers = { min = 2, max = 2 }\nmax_concurrency = 2",
                "`functions.ship` has `pollers` and `max_concurrency`",
            ),
            ("filters = [1]", "not a pattern: `1`"),
            ("filters = [\"order\"]", "not a pattern: `order`"),
            ("filters = [{ body = [] }]", "not a pattern"),
            (
                "filters = [{ messageAttributes = { kind = [\"order\"] } }]",
                "looks at `messageAttributes`",
            ),
            ("batchsize = 1", "did you mean `batch_size`?"),
        ] {
            let failure = settings(own).unwrap_err();
            let said = format!(
                "{failure}: {}: {}",
                failure.causes().join(": "),
                failure.advice().unwrap_or_default()
            );
            assert!(said.contains(told), "{own}: {said}");
        }
        let many = ["{ body = { a = [1] } }"; 11].join(", ");
        assert!(settings(&format!("filters = [{many}]")).is_err());
    }
}
