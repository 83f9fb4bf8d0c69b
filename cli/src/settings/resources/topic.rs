//! A topic's table: how the topic is to be, and how it reaches functions and queues. Rules: SNS API reference, `CreateTopic` and
//! `Subscribe`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::{QueueSettings, alone, key};
use crate::{
    error::{Failure, Result},
    settings::over::Over,
    values::resources::{FIFO, ResourceKind},
};

/// How a topic is to be, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopicSettings {
    /// Messages keep their order, and each is delivered once.
    pub(crate) fifo: Option<bool>,
    /// The digest of a message tells a repeated one where the sender gives no id; of a FIFO topic alone.
    pub(crate) content_based_deduplication: Option<bool>,
    /// The ARN of the key that messages are encrypted with; none without.
    pub(crate) kms_key: Option<String>,
    /// The ARN of a topic that is there, which is used as it is.
    pub(crate) existing: Option<String>,
    /// How it reaches functions that have it as their source, by the functions' names.
    #[serde(default)]
    pub(crate) functions: BTreeMap<String, FunctionSubscription>,
    /// The queues that get what it gets, by the app's names for them.
    #[serde(default)]
    pub(crate) queues: BTreeMap<String, QueueSubscription>,
}

/// How a topic reaches a function, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunctionSubscription {
    /// Which messages it gets; all of them without.
    pub(crate) filter: Option<Filter>,
    /// What the filter looks at.
    pub(crate) filter_scope: Option<FilterScope>,
    /// The queue that gets what cannot be delivered, by the app's name for it.
    pub(crate) dead_letter: Option<String>,
}

/// How a topic reaches a queue, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueSubscription {
    /// Which messages it gets; all of them without.
    pub(crate) filter: Option<Filter>,
    /// What the filter looks at.
    pub(crate) filter_scope: Option<FilterScope>,
    /// The queue that gets what cannot be delivered, by the app's name for it.
    pub(crate) dead_letter: Option<String>,
    /// Whether the queue gets the message alone, without SNS's envelope.
    pub(crate) raw: Option<bool>,
}

/// What a filter looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FilterScope {
    /// The attributes of a message.
    #[default]
    Attributes,
    /// The message, which is a JSON object then.
    Body,
}

/// A filter policy: a table, or its JSON in a text, which can also say `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter(pub(crate) Value);

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Value::deserialize(deserializer)?;
        let policy = match written.as_str() {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| D::Error::custom(format!("not JSON: {error}")))?,
            None => written,
        };
        match policy {
            Value::Object(_) => Ok(Self(policy)),
            _ => Err(D::Error::custom(
                "a filter is a table, or the text of a JSON object",
            )),
        }
    }
}

/// What functions' and queues' subscriptions have alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscribed<'a> {
    /// Which messages it gets.
    pub(crate) filter: Option<&'a Value>,
    /// What the filter looks at.
    pub(crate) scope: FilterScope,
    /// The queue that gets what cannot be delivered.
    pub(crate) dead_letter: Option<&'a str>,
    /// Whether it gets the message alone.
    pub(crate) raw: bool,
}

impl FunctionSubscription {
    /// What is set of it.
    pub(crate) fn subscribed(&self) -> Subscribed<'_> {
        Subscribed {
            filter: self.filter.as_ref().map(|Filter(policy)| policy),
            scope: self.filter_scope.unwrap_or_default(),
            dead_letter: self.dead_letter.as_deref(),
            raw: false,
        }
    }
}

impl QueueSubscription {
    /// What is set of it.
    pub(crate) fn subscribed(&self) -> Subscribed<'_> {
        Subscribed {
            filter: self.filter.as_ref().map(|Filter(policy)| policy),
            scope: self.filter_scope.unwrap_or_default(),
            dead_letter: self.dead_letter.as_deref(),
            raw: self.raw.unwrap_or_default(),
        }
    }
}

impl TopicSettings {
    /// Whether it keeps the order of its messages; of one that is there, its name tells.
    pub(crate) fn is_fifo(&self) -> bool {
        match &self.existing {
            Some(arn) => arn.ends_with(FIFO),
            None => self.fifo.unwrap_or_default(),
        }
    }

    fn check(&self, name: &str, queues: &BTreeMap<String, QueueSettings>) -> Result<()> {
        if self.existing.is_some() {
            alone(
                ResourceKind::Topic,
                name,
                &[
                    ("fifo", self.fifo.is_some()),
                    (
                        "content_based_deduplication",
                        self.content_based_deduplication.is_some(),
                    ),
                    ("kms_key", self.kms_key.is_some()),
                ],
            )?;
        }
        key(&format!("topics.{name}.kms_key"), self.kms_key.as_deref())?;
        if self.content_based_deduplication == Some(true) && !self.is_fifo() {
            return Err(Failure::input(format!(
                "`topics.{name}` has `content_based_deduplication` without `fifo`"
            ))
            .because_of("SNS finds repeated messages in FIFO topics alone")
            .hint("write `fifo = true`, or remove `content_based_deduplication`"));
        }
        for (function, one) in &self.functions {
            let place = format!("topics.{name}.functions.{function}");
            self.subscription(&place, &one.subscribed(), queues)?;
        }
        for (queue, one) in &self.queues {
            let place = format!("topics.{name}.queues.{queue}");
            self.queue(&place, queue, queues)?;
            self.subscription(&place, &one.subscribed(), queues)?;
        }
        Ok(())
    }

    /// Refuses a queue that cannot get what the topic gets.
    fn queue(
        &self,
        place: &str,
        queue: &str,
        queues: &BTreeMap<String, QueueSettings>,
    ) -> Result<()> {
        let Some(found) = queues.get(queue) else {
            return Err(undeclared(&format!("`[{place}]`"), queue));
        };
        if found.existing.is_some() {
            return Err(Failure::input(format!(
                "`[{place}]` is a queue that is there already: `{queue}`"
            ))
            .because_of("its policy would have to let the topic send to it, and what is there is never changed")
            .hint("subscribe it where it is managed, or take a queue of the deployment's own"));
        }
        // Recorded: sns-084.
        if found.is_fifo() && !self.is_fifo() {
            return Err(Failure::input(format!(
                "`[{place}]` is a FIFO queue, and the topic keeps no order"
            ))
            .because_of("SNS takes FIFO queues for FIFO topics alone")
            .hint(format!(
                "write `fifo = true` in the topic's table, or remove it in `[queues.{queue}]`"
            )));
        }
        Ok(())
    }

    /// Refuses a filter or a dead-letter queue that SNS would.
    fn subscription(
        &self,
        place: &str,
        one: &Subscribed<'_>,
        queues: &BTreeMap<String, QueueSettings>,
    ) -> Result<()> {
        if let Some(policy) = one.filter {
            let body = one.scope == FilterScope::Body;
            if let Err(reason) = fw_services::check_filter_policy(policy, body) {
                let failure = Failure::input(format!("`{place}.filter` is not a filter policy"))
                    .because_of(reason);
                return Err(failure.hint(match body {
                    true => "write it as `{ kind = [\"urgent\"] }`: lists of values for members of the message",
                    false => "write it as `{ kind = [\"urgent\"] }`: lists of values for the message's attributes",
                }));
            }
        } else if one.scope == FilterScope::Body {
            return Err(
                Failure::input(format!("`{place}` has `filter_scope` and no `filter`"))
                    .hint("write `filter = { kind = [\"urgent\"] }`, or remove `filter_scope`"),
            );
        }
        let Some(target) = one.dead_letter else {
            return Ok(());
        };
        let Some(found) = queues.get(target) else {
            return Err(undeclared(&format!("`{place}.dead_letter`"), target));
        };
        // Recorded for a FIFO subscription (messaging-truth §3.1); that a standard queue of a FIFO topic may have a standard one is
        // unverified.
        if found.is_fifo() != self.is_fifo() {
            let word = if self.is_fifo() { "FIFO" } else { "standard" };
            return Err(Failure::input(format!(
                "`{place}.dead_letter` is another type of queue: `{target}`"
            ))
            .because_of(format!(
                "dead letters of a {word} topic go to a {word} queue"
            ))
            .hint(format!(
                "write `fifo = {}` in `[queues.{target}]`",
                self.is_fifo()
            )));
        }
        Ok(())
    }
}

fn undeclared(place: &str, queue: &str) -> Failure {
    Failure::input(format!(
        "{place} is not a queue of the settings: `{}`",
        queue.escape_debug()
    ))
    .hint(format!("declare it: `[queues.{queue}]`"))
}

/// Refuses what SNS would.
pub(super) fn check(
    topics: &BTreeMap<String, TopicSettings>,
    queues: &BTreeMap<String, QueueSettings>,
) -> Result<()> {
    let mut all = topics.iter();
    all.try_for_each(|(name, topic)| topic.check(name, queues))
}

impl Over for TopicSettings {
    /// A stage that names an existing topic has nothing of the one that the other stages create but its subscribers.
    fn over(self, base: Self) -> Self {
        let (functions, queues) = (
            self.functions.over(base.functions),
            self.queues.over(base.queues),
        );
        if self.existing.is_some() {
            return Self {
                functions,
                queues,
                ..self
            };
        }
        Self {
            fifo: self.fifo.or(base.fifo),
            content_based_deduplication: self
                .content_based_deduplication
                .or(base.content_based_deduplication),
            kms_key: self.kms_key.or(base.kms_key),
            existing: base.existing,
            functions,
            queues,
        }
    }
}

impl Over for FunctionSubscription {
    fn over(self, base: Self) -> Self {
        Self {
            filter: self.filter.or(base.filter),
            filter_scope: self.filter_scope.or(base.filter_scope),
            dead_letter: self.dead_letter.or(base.dead_letter),
        }
    }
}

impl Over for QueueSubscription {
    fn over(self, base: Self) -> Self {
        Self {
            filter: self.filter.or(base.filter),
            filter_scope: self.filter_scope.or(base.filter_scope),
            dead_letter: self.dead_letter.or(base.dead_letter),
            raw: self.raw.or(base.raw),
        }
    }
}
