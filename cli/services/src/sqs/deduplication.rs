//! What a FIFO queue remembers of the messages sent in the last five minutes.

use std::collections::{HashMap, VecDeque};

use sha2::{Digest, Sha256};

use super::queue::Sent;
use crate::ids;

/// How long a message is remembered, from its first sending.
const REMEMBERED_MS: u64 = 5 * 60 * 1000;
/// How long a change of the scope takes. A recorded queue kept its scope for the minute that its test took.
const SCOPE_CHANGE_MS: u64 = 60 * 1000;

/// A deduplication id, with its group if the scope is a group.
pub(crate) type Key = (Option<String>, String);

/// A sent message, and when it is forgotten.
pub(crate) type Remembered = (u64, Key, Sent);

/// The memory of a queue.
#[derive(Debug, Default)]
pub(crate) struct Deduplication {
    by_group: bool,
    change: Option<(u64, bool)>,
    sent: HashMap<Key, Sent>,
    ends: VecDeque<(u64, Key)>,
}

impl Deduplication {
    pub(crate) fn new(by_group: bool) -> Self {
        Self {
            by_group,
            ..Self::default()
        }
    }

    pub(crate) fn set_scope(&mut self, by_group: bool, now_ms: u64) {
        let coming = self.change.map_or(self.by_group, |(_, scope)| scope);
        if coming != by_group {
            self.change = Some((now_ms + SCOPE_CHANGE_MS, by_group));
        }
    }

    pub(crate) fn key(&self, id: &str, group: Option<&str>) -> Key {
        let group = group.filter(|_| self.by_group);
        (group.map(ToOwned::to_owned), id.to_owned())
    }

    pub(crate) fn find(&self, key: &Key) -> Option<&Sent> {
        self.sent.get(key)
    }

    pub(crate) fn remember(&mut self, key: Key, sent: Sent, now_ms: u64) {
        self.ends.push_back((now_ms + REMEMBERED_MS, key.clone()));
        self.sent.insert(key, sent);
    }

    /// Forgets what is too old.
    pub(crate) fn pass(&mut self, now_ms: u64) {
        while self.ends.front().is_some_and(|(ends, _)| *ends <= now_ms) {
            if let Some((_, key)) = self.ends.pop_front() {
                self.sent.remove(&key);
            }
        }
        if let Some((at, by_group)) = self.change
            && at <= now_ms
        {
            self.by_group = by_group;
            self.change = None;
        }
    }

    /// What is remembered, in the order of its end.
    pub(crate) fn snapshot(&self) -> Vec<Remembered> {
        self.ends
            .iter()
            .filter_map(|(ends, key)| Some((*ends, key.clone(), self.sent.get(key)?.clone())))
            .collect()
    }

    /// Remembers what was remembered before.
    pub(crate) fn restore(&mut self, remembered: Vec<Remembered>) {
        for (ends, key, sent) in remembered {
            self.ends.push_back((ends, key.clone()));
            self.sent.insert(key, sent);
        }
    }

    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.ends.clear();
    }
}

/// The id of a message by its content: the SHA-256 of the body in hexadecimal digits.
pub(crate) fn content_id(body: &str) -> String {
    ids::hex(&Sha256::digest(body.as_bytes()))
}
