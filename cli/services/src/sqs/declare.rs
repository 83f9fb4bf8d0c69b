//! Queues from settings and for the owner of the services: declared, shown, emptied and redriven.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use super::attributes::Attributes;
use super::manage::check_name;
use super::queue::Queue;
use super::{Sqs, SqsError};
use crate::resources::QueueStatus;

impl Sqs {
    /// Creates a queue, or sets the attributes of the one that is there. Its messages stay.
    ///
    /// # Errors
    /// Those of `CreateQueue` and `SetQueueAttributes`.
    pub(crate) fn declare(
        &self,
        name: &str,
        values: &BTreeMap<String, String>,
    ) -> Result<(), SqsError> {
        let now = self.now();
        let arn = self.arn(name);
        let Some(queue) = self.find(name) else {
            let is_fifo = check_name(name, values)?;
            let mut attributes = Attributes::new(is_fifo);
            attributes.set_all(values)?;
            self.check_redrive(&arn, &attributes)?;
            let queue = Queue::new(name.to_owned(), arn.into(), attributes, now);
            self.queues
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(name.to_owned())
                .or_insert_with(|| Arc::new(queue));
            return Ok(());
        };
        let before = queue.at(now).attributes.clone();
        let mut attributes = before.clone();
        attributes.set_all(values)?;
        if attributes != before {
            self.check_redrive(&arn, &attributes)?;
            queue.at(now).configure(attributes, now);
            queue.changed.notify_waiters();
        }
        Ok(())
    }

    /// All queues with their counters.
    pub(crate) fn statuses(&self) -> Vec<QueueStatus> {
        let now = self.now();
        self.all()
            .iter()
            .map(|queue| {
                let sources = self.sources_of(&queue.arn);
                let dead_letter_queue = self.dead_letter_queue(queue);
                let dead_letters = dead_letter_queue
                    .as_ref()
                    .map_or(0, |dead| dead.at(now).count_from(&queue.arn));
                let state = queue.at(now);
                let counts = state.counts();
                QueueStatus {
                    name: queue.name.clone(),
                    arn: queue.arn.to_string(),
                    url: format!(
                        "http://{}/{}/{}",
                        self.place.host, self.place.account, queue.name
                    ),
                    visible: counts.visible,
                    in_flight: counts.in_flight,
                    delayed: counts.delayed,
                    oldest_ms: state.oldest_ms().map(|sent| now.saturating_sub(sent)),
                    dead_letter_queue: dead_letter_queue.map(|dead| dead.arn.to_string()),
                    dead_letters,
                    sources: sources.iter().map(|one| one.arn.to_string()).collect(),
                }
            })
            .collect()
    }

    /// Removes all messages of a queue, without the pause that clients have to keep. Returns how many there were.
    pub(crate) fn purge(&self, name: &str) -> Option<usize> {
        let queue = self.find(name)?;
        let mut state = queue.at(self.now());
        let counts = state.counts();
        state.purge(self.now());
        drop(state);
        queue.changed.notify_waiters();
        self.touch();
        Some(counts.visible + counts.in_flight + counts.delayed)
    }

    /// Moves the visible messages of a dead-letter queue to the queues that they came from. Returns how many were moved, and how many
    /// stay because their queue is not known or is gone.
    pub(crate) fn redrive(&self, name: &str) -> Option<(usize, usize)> {
        let queue = self.find(name)?;
        let now = self.now();
        let held = queue.at(now).take_visible(usize::MAX);
        let (mut moved, mut kept) = (0, Vec::new());
        for mut held in held {
            let origin = held.source.clone().and_then(|arn| self.by_arn(&arn));
            match origin {
                Some(origin) => {
                    held.start_anew(now);
                    origin.adopt(vec![held], now);
                    moved += 1;
                }
                None => kept.push(held),
            }
        }
        let stay = kept.len();
        queue.adopt(kept, now);
        self.touch();
        Some((moved, stay))
    }
}
