//! Queues on disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::super::attributes::Attributes;
use super::super::deduplication::Remembered;
use super::{Queue, Slot, State};

/// A queue on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct QueueSnapshot {
    pub(in crate::sqs) name: String,
    number: u64,
    attributes: Attributes,
    tags: BTreeMap<String, String>,
    created_ms: u64,
    modified_ms: u64,
    purged_ms: Option<u64>,
    next_place: u64,
    /// In the order of their sending.
    messages: BTreeMap<u64, Slot>,
    remembered: Vec<Remembered>,
}

impl Queue {
    /// The queue as it is now.
    pub(in crate::sqs) fn snapshot(&self, now_ms: u64) -> QueueSnapshot {
        let state = self.at(now_ms);
        QueueSnapshot {
            name: self.name.clone(),
            number: self.number,
            attributes: state.attributes.clone(),
            tags: state.tags.clone(),
            created_ms: state.created_ms,
            modified_ms: state.modified_ms,
            purged_ms: state.purged_ms,
            next_place: state.next_place,
            messages: state
                .messages
                .iter()
                .map(|(place, slot)| (*place, slot.clone()))
                .collect(),
            remembered: state.deduplication.snapshot(),
        }
    }

    /// A queue as it was.
    pub(in crate::sqs) fn restore(snapshot: QueueSnapshot, arn: Arc<str>) -> Self {
        let mut state = State::new(snapshot.attributes, snapshot.created_ms);
        state.tags = snapshot.tags;
        state.modified_ms = snapshot.modified_ms;
        state.purged_ms = snapshot.purged_ms;
        state.next_place = snapshot.next_place;
        for (place, slot) in snapshot.messages {
            state.put(place, slot);
        }
        state.deduplication.restore(snapshot.remembered);
        Self {
            name: snapshot.name,
            arn,
            number: snapshot.number,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }
}
