//! A queue's table. Ranges and defaults: SQS API reference, `CreateQueue` and `SetQueueAttributes`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{alone, key, range};
use crate::{
    error::{Failure, Result},
    settings::over::Over,
    values::resources::{FIFO, ResourceKind},
};

/// A queue's settings as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueSettings {
    /// Messages keep their order, and each is taken once.
    pub(crate) fifo: Option<bool>,
    /// Seconds that a received message is hidden from others, 0 to 43200.
    pub(crate) visibility_timeout: Option<u32>,
    /// Seconds before a new message can be received, 0 to 900.
    pub(crate) delay: Option<u32>,
    /// Seconds that a message is kept, 60 to 1209600.
    pub(crate) retention: Option<u32>,
    /// The logical name of the queue for messages that nobody could handle.
    pub(crate) dead_letter: Option<String>,
    /// After how many receives a message moves there, 1 to 1000.
    pub(crate) max_receives: Option<u32>,
    /// The digest of a body identifies a repeated message if the sender passes no id; only for a
    /// FIFO queue.
    pub(crate) content_based_deduplication: Option<bool>,
    /// The ARN of the key that messages are encrypted with; SQS's own without.
    pub(crate) kms_key: Option<String>,
    /// The ARN of an existing queue, which is used as it is.
    pub(crate) existing: Option<String>,
}

impl QueueSettings {
    /// The default number of receives before a message moves to the dead-letter queue. Two retries:
    /// one for temporary failures, and one more.
    pub(crate) const MAX_RECEIVES: u32 = 3;

    /// The default visibility timeout for a function's timeout: six times as long, so that a batch
    /// is retried while the function is throttled (Lambda developer guide, "Creating and
    /// configuring an Amazon SQS event source mapping").
    pub(crate) const fn hidden_for(timeout: u32) -> u32 {
        timeout * 6
    }

    /// True if it keeps the order of its messages; for an existing queue its name says so (SQS
    /// developer guide, "FIFO queue and message identifiers").
    pub(crate) fn is_fifo(&self) -> bool {
        match &self.existing {
            Some(arn) => arn.ends_with(FIFO),
            None => self.fifo.unwrap_or_default(),
        }
    }

    fn check(&self, name: &str) -> Result<()> {
        if self.existing.is_some() {
            return alone(
                ResourceKind::Queue,
                name,
                &[
                    ("fifo", self.fifo.is_some()),
                    ("visibility_timeout", self.visibility_timeout.is_some()),
                    ("delay", self.delay.is_some()),
                    ("retention", self.retention.is_some()),
                    ("dead_letter", self.dead_letter.is_some()),
                    ("max_receives", self.max_receives.is_some()),
                    (
                        "content_based_deduplication",
                        self.content_based_deduplication.is_some(),
                    ),
                    ("kms_key", self.kms_key.is_some()),
                ],
            );
        }
        let named = |key: &str| format!("queues.{name}.{key}");
        let seconds = " seconds";
        let timeout = self.visibility_timeout;
        range(&named("visibility_timeout"), timeout, 0, 43_200, seconds)?;
        range(&named("delay"), self.delay, 0, 900, seconds)?;
        range(&named("retention"), self.retention, 60, 1_209_600, seconds)?;
        range(&named("max_receives"), self.max_receives, 1, 1000, "")?;
        key(&named("kms_key"), self.kms_key.as_deref())?;
        if self.max_receives.is_some() && self.dead_letter.is_none() {
            return Err(Failure::input(format!(
                "`queues.{name}` has `max_receives` but no `dead_letter`"
            ))
            .because_of("after that many receives a message goes to the dead-letter queue")
            .hint("write `dead_letter = \"NAME\"`, a queue of the settings"));
        }
        if self.content_based_deduplication == Some(true) && !self.is_fifo() {
            return Err(Failure::input(format!(
                "`queues.{name}` has `content_based_deduplication` without `fifo`"
            ))
            .because_of("SQS detects repeated messages only in FIFO queues")
            .hint("write `fifo = true`, or remove `content_based_deduplication`"));
        }
        Ok(())
    }
}

impl Over for QueueSettings {
    /// A stage that names an existing queue has nothing of the one that the other stages create.
    fn over(self, base: Self) -> Self {
        if self.existing.is_some() {
            return self;
        }
        Self {
            fifo: self.fifo.or(base.fifo),
            visibility_timeout: self.visibility_timeout.or(base.visibility_timeout),
            delay: self.delay.or(base.delay),
            retention: self.retention.or(base.retention),
            dead_letter: self.dead_letter.or(base.dead_letter),
            max_receives: self.max_receives.or(base.max_receives),
            content_based_deduplication: self
                .content_based_deduplication
                .or(base.content_based_deduplication),
            kms_key: self.kms_key.or(base.kms_key),
            existing: base.existing,
        }
    }
}

/// Refuses what SQS would, of each and of what leads from one to another.
pub(super) fn check(queues: &BTreeMap<String, QueueSettings>) -> Result<()> {
    for (name, queue) in queues {
        queue.check(name)?;
        let Some(target) = &queue.dead_letter else {
            continue;
        };
        let Some(found) = queues.get(target) else {
            return Err(undeclared(name, target, queues));
        };
        if found.is_fifo() != queue.is_fifo() {
            let word = |fifo| if fifo { "FIFO" } else { "standard" };
            // SQS developer guide, "Using dead-letter queues in Amazon SQS".
            return Err(Failure::input(format!(
                "`queues.{name}.dead_letter` is another type of queue: `{target}`"
            ))
            .because_of(format!(
                "`{name}` is a {} queue and `{target}` a {} queue, but SQS requires the same type",
                word(queue.is_fifo()),
                word(found.is_fifo())
            ))
            .hint(format!(
                "write `fifo = {}` in `[queues.{target}]`",
                queue.is_fifo()
            )));
        }
        if let Some(circle) = circle(name, queues) {
            return Err(Failure::input(format!(
                "dead-letter queues lead back to their source: {}",
                circle.join(" → ")
            ))
            .because_of("a message that nobody can handle would circulate forever")
            .hint("remove one `dead_letter`"));
        }
    }
    Ok(())
}

fn undeclared(name: &str, target: &str, queues: &BTreeMap<String, QueueSettings>) -> Failure {
    let failure = Failure::input(format!(
        "`queues.{name}.dead_letter` is not a queue of the settings: `{}`",
        target.escape_debug()
    ));
    let distance = |known: &&String| strsim::damerau_levenshtein(target, known);
    let others = queues.keys().filter(|known| *known != name);
    match others.min_by_key(distance) {
        Some(near) if distance(&near) <= 1 + near.len() / 3 => {
            failure.hint(format!("did you mean `{near}`?"))
        }
        _ => failure.hint(format!("declare it: `[queues.{target}]`")),
    }
}

/// The queues from that one on, where they lead back to it.
fn circle<'a>(from: &'a str, queues: &'a BTreeMap<String, QueueSettings>) -> Option<Vec<&'a str>> {
    let mut way = vec![from];
    let mut at = from;
    while let Some(next) = queues
        .get(at)
        .and_then(|queue| queue.dead_letter.as_deref())
    {
        way.push(next);
        if next == from {
            return Some(way);
        }
        // A circle further on is found from one of its members.
        if way.len() > queues.len() {
            return None;
        }
        at = next;
    }
    None
}
