//! A queue: its messages, and when each is visible.

mod receiving;
mod stored;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::SqsError;
use super::attributes::Attributes;
use super::deduplication::Deduplication;
use super::groups::Groups;
use super::handle::Handle;
use super::message::{self, Content, Draft};
use crate::ids;
pub(super) use stored::QueueSnapshot;

/// The most messages in flight of a queue.
const MOST_IN_FLIGHT: usize = 120_000;
/// How long a receive attempt can be repeated.
const ATTEMPT_MS: u64 = 5 * 60 * 1000;
/// The longest time that a message stays hidden since its receive.
const LONGEST_HIDDEN_MS: u64 = 43_200_000;

/// A queue. The lock is held for one step and never across an `await`.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) arn: Arc<str>,
    /// A secret number that receipt handles bear.
    pub(crate) number: u64,
    state: Mutex<State>,
    /// Wakes long polls when messages or their visibility change.
    pub(crate) changed: Notify,
}

impl Queue {
    pub(crate) fn new(name: String, arn: Arc<str>, attributes: Attributes, now_ms: u64) -> Self {
        Self {
            name,
            arn,
            number: ids::random(),
            state: Mutex::new(State::new(attributes, now_ms)),
            changed: Notify::new(),
        }
    }

    /// The state as of now: what became visible is, and what is too old is gone.
    pub(crate) fn at(&self, now_ms: u64) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.pass(now_ms);
        state
    }

    /// Puts messages in as they are, from another queue.
    pub(crate) fn adopt(&self, messages: Vec<Held>, now_ms: u64) {
        let mut state = self.at(now_ms);
        for message in messages {
            state.insert(message, None);
        }
        drop(state);
        self.changed.notify_waiters();
    }
}

/// What the lock of a queue guards.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) attributes: Attributes,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created_ms: u64,
    pub(crate) modified_ms: u64,
    pub(crate) purged_ms: Option<u64>,
    /// True once the queue is deleted: long polls see it.
    pub(crate) deleted: bool,
    messages: HashMap<u64, Slot>,
    next_place: u64,
    /// Visible messages of a standard queue, in the order of their sending.
    ready: BTreeSet<u64>,
    /// Delayed messages and those in flight, by the time that they become visible.
    hidden: BTreeSet<(u64, u64)>,
    delayed: usize,
    /// All messages by the time that their retention counts from.
    ages: BTreeSet<(u64, u64)>,
    groups: Option<Groups>,
    deduplication: Deduplication,
    attempts: HashMap<String, Attempt>,
}

/// A message in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) content: Arc<Content>,
    pub(crate) sent_ms: u64,
    /// When retention counts from: the sending, or for a FIFO queue's dead letters the move.
    pub(crate) retained_ms: u64,
    pub(crate) first_received_ms: Option<u64>,
    pub(crate) receives: u32,
    /// The queue that a dead letter came from.
    pub(crate) source: Option<Arc<str>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Slot {
    held: Held,
    secret: u64,
    received_ms: u64,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Phase {
    Ready,
    Delayed(u64),
    InFlight(u64),
}

#[derive(Debug)]
struct Attempt {
    ends_ms: u64,
    taken: Vec<(u64, u32)>,
}

/// How many messages, and how long they are hidden.
#[derive(Clone, Debug, Default)]
pub(crate) struct Want {
    pub(crate) most: usize,
    /// `None` for the queue's own timeout.
    pub(crate) visibility_s: Option<u64>,
    pub(crate) attempt: Option<String>,
}

/// A received message.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) held: Held,
    pub(crate) handle: String,
}

/// The outcome of a receive.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) taken: Vec<Taken>,
    /// Messages that were received too often, for the dead-letter queue.
    pub(crate) dead: Vec<Held>,
    /// When the next message becomes visible, if any is hidden.
    pub(crate) next_ms: Option<u64>,
}

/// What the sender learns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) sequence: Option<String>,
}

/// The counters of `GetQueueAttributes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visible: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}

impl State {
    fn new(attributes: Attributes, now_ms: u64) -> Self {
        let by_group = |fifo: &super::attributes::Fifo| fifo.scope == "messageGroup";
        Self {
            groups: attributes.fifo.is_some().then(Groups::default),
            deduplication: Deduplication::new(attributes.fifo.as_ref().is_some_and(by_group)),
            attributes,
            tags: BTreeMap::new(),
            created_ms: now_ms,
            modified_ms: now_ms,
            purged_ms: None,
            deleted: false,
            messages: HashMap::new(),
            next_place: 0,
            ready: BTreeSet::new(),
            hidden: BTreeSet::new(),
            delayed: 0,
            ages: BTreeSet::new(),
            attempts: HashMap::new(),
        }
    }

    /// Replaces the settings.
    pub(crate) fn configure(&mut self, attributes: Attributes, now_ms: u64) {
        if let Some(fifo) = &attributes.fifo {
            self.deduplication
                .set_scope(fifo.scope == "messageGroup", now_ms);
        }
        self.attributes = attributes;
        self.modified_ms = now_ms;
    }

    pub(crate) fn is_fifo(&self) -> bool {
        self.groups.is_some()
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            visible: self.messages.len() - self.hidden.len(),
            in_flight: self.in_flight(),
            delayed: self.delayed,
        }
    }

    fn in_flight(&self) -> usize {
        self.hidden.len() - self.delayed
    }

    /// Removes all messages, and forgets what was sent.
    pub(crate) fn purge(&mut self, now_ms: u64) {
        self.purged_ms = Some(now_ms);
        self.messages.clear();
        self.ready.clear();
        self.hidden.clear();
        self.delayed = 0;
        self.ages.clear();
        self.attempts.clear();
        self.deduplication.forget();
        if let Some(groups) = &mut self.groups {
            *groups = Groups::default();
        }
    }

    /// Brings the state up to now.
    fn pass(&mut self, now_ms: u64) {
        let retention_ms = self.attributes.retention_s * 1000;
        while let Some((age, place)) = self.ages.first().copied()
            && age + retention_ms <= now_ms
        {
            self.remove(place);
        }
        while let Some((at, place)) = self.hidden.first().copied()
            && at <= now_ms
        {
            self.set_phase(place, Phase::Ready);
        }
        self.deduplication.pass(now_ms);
        if !self.attempts.is_empty() {
            self.attempts.retain(|_, attempt| attempt.ends_ms > now_ms);
        }
    }

    /// Checks what depends on the settings: the size.
    pub(crate) fn check_size(&self, draft: &Draft) -> Result<(), String> {
        if draft.size() as u64 > self.attributes.largest {
            return Err(format!(
                "Message must be shorter than {} bytes.",
                self.attributes.largest
            ));
        }
        Ok(())
    }

    /// Puts a message in, unless it was sent before. The draft fits the queue.
    pub(crate) fn send(&mut self, draft: Draft, sender: &str, now_ms: u64) -> Sent {
        let deduplication_id = match &self.attributes.fifo {
            Some(fifo) if fifo.by_content && draft.deduplication_id.is_none() => {
                Some(super::deduplication::content_id(&draft.body))
            }
            Some(_) => draft.deduplication_id,
            None => None,
        };
        let key = deduplication_id
            .as_ref()
            .map(|id| self.deduplication.key(id, draft.group.as_deref()));
        if let Some(before) = key.as_ref().and_then(|key| self.deduplication.find(key)) {
            return before.clone();
        }
        let sent = Sent {
            id: ids::uuid(),
            // Twenty digits that grow, as AWS's do.
            sequence: self.is_fifo().then(|| {
                (18_850_000_000_000_000_000 + u128::from(self.next_place) * 256).to_string()
            }),
        };
        if let Some(key) = key {
            self.deduplication.remember(key, sent.clone(), now_ms);
        }
        let delay_s = match draft.delay_s {
            Some(delay) if !self.is_fifo() => delay,
            _ => self.attributes.delay_s,
        };
        let content = Content {
            id: sent.id.clone(),
            body_md5: message::md5_of(draft.body.as_bytes()),
            body: draft.body,
            attributes: draft.attributes,
            trace: draft.trace,
            group: draft.group,
            deduplication_id,
            sequence: sent.sequence.clone(),
            sender: sender.to_owned(),
        };
        let held = Held {
            content: Arc::new(content),
            sent_ms: now_ms,
            retained_ms: now_ms,
            first_received_ms: None,
            receives: 0,
            source: None,
        };
        self.insert(held, (delay_s > 0).then(|| now_ms + delay_s * 1000));
        sent
    }

    fn insert(&mut self, held: Held, visible_ms: Option<u64>) {
        let place = self.next_place;
        self.next_place += 1;
        let slot = Slot {
            held,
            secret: ids::random(),
            received_ms: 0,
            phase: visible_ms.map_or(Phase::Ready, Phase::Delayed),
        };
        self.put(place, slot);
    }

    fn put(&mut self, place: u64, slot: Slot) {
        self.ages.insert((slot.held.retained_ms, place));
        if let Some(groups) = &mut self.groups {
            let group = slot.held.content.group.as_deref();
            groups.add(group.unwrap_or_default(), place);
        }
        let phase = slot.phase;
        self.ready.insert(place);
        self.messages.insert(
            place,
            Slot {
                phase: Phase::Ready,
                ..slot
            },
        );
        self.set_phase(place, phase);
    }

    /// Takes a message out, wherever it is.
    fn remove(&mut self, place: u64) -> Option<Held> {
        // It leaves the hidden ones first.
        self.set_phase(place, Phase::Ready);
        let slot = self.messages.remove(&place)?;
        self.ready.remove(&place);
        self.ages.remove(&(slot.held.retained_ms, place));
        if self.groups.is_some() {
            let group = slot.held.content.group.as_deref().unwrap_or_default();
            if let Some(groups) = &mut self.groups {
                groups.remove(group, place);
            }
            self.refresh(group);
        }
        Some(slot.held)
    }

    fn set_phase(&mut self, place: u64, phase: Phase) {
        let Some(slot) = self.messages.get_mut(&place) else {
            return;
        };
        match std::mem::replace(&mut slot.phase, phase) {
            Phase::Ready => {
                self.ready.remove(&place);
            }
            Phase::Delayed(at) => {
                self.delayed -= 1;
                self.hidden.remove(&(at, place));
            }
            Phase::InFlight(at) => {
                self.hidden.remove(&(at, place));
            }
        }
        match phase {
            Phase::Ready => {
                self.ready.insert(place);
            }
            Phase::Delayed(at) => {
                self.delayed += 1;
                self.hidden.insert((at, place));
            }
            Phase::InFlight(at) => {
                self.hidden.insert((at, place));
            }
        }
        self.refresh_group(place);
    }

    fn refresh_group(&mut self, place: u64) {
        if self.groups.is_some()
            && let Some(slot) = self.messages.get(&place)
        {
            let content = Arc::clone(&slot.held.content);
            self.refresh(content.group.as_deref().unwrap_or_default());
        }
    }

    /// Notes whether a group can be served: whether its first message is visible.
    fn refresh(&mut self, group: &str) {
        let messages = &self.messages;
        if let Some(groups) = &mut self.groups {
            groups.refresh(group, |place| {
                messages
                    .get(&place)
                    .is_some_and(|slot| slot.phase == Phase::Ready)
            });
        }
    }

    /// Deletes a received message. A message that is gone already is fine.
    ///
    /// # Errors
    /// `InvalidParameterValue` on a FIFO queue if the handle has expired.
    pub(crate) fn delete(&mut self, handle: Handle, text: &str) -> Result<(), SqsError> {
        let Some(slot) = self.slot(handle) else {
            return Ok(());
        };
        if self.is_fifo() && !is_current(slot, handle) {
            return Err(SqsError::value(
                text,
                "ReceiptHandle",
                "The receipt handle has expired.",
            ));
        }
        self.remove(handle.place);
        Ok(())
    }

    /// Hides a received message for that many seconds from now. Zero shows it at once.
    ///
    /// # Errors
    /// `InvalidParameterValue` if the message is gone, if the handle of a FIFO queue has expired, or if the message would be hidden
    /// for more than 12 hours since its receive.
    pub(crate) fn change_visibility(
        &mut self,
        handle: Handle,
        text: &str,
        seconds: u64,
        now_ms: u64,
    ) -> Result<(), SqsError> {
        let is_fifo = self.is_fifo();
        let slot = self
            .slot(handle)
            .filter(|slot| !is_fifo || is_current(slot, handle))
            .ok_or_else(|| {
                SqsError::value(
                    text,
                    "ReceiptHandle",
                    "Message does not exist or is not available for visibility timeout change.",
                )
            })?;
        // Some of a millisecond has always passed.
        let since_ms = now_ms.saturating_sub(slot.received_ms).max(1);
        if since_ms + seconds * 1000 > LONGEST_HIDDEN_MS && seconds > 0 {
            return Err(SqsError::value(
                &seconds.to_string(),
                "VisibilityTimeout",
                "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
            ));
        }
        let phase = match seconds {
            0 => Phase::Ready,
            _ => Phase::InFlight(now_ms + seconds * 1000),
        };
        self.set_phase(handle.place, phase);
        Ok(())
    }

    fn slot(&self, handle: Handle) -> Option<&Slot> {
        self.messages
            .get(&handle.place)
            .filter(|slot| slot.secret == handle.secret)
    }

    /// When the oldest message was sent.
    pub(crate) fn oldest_ms(&self) -> Option<u64> {
        self.messages.values().map(|slot| slot.held.sent_ms).min()
    }

    /// How many messages are dead letters of that queue.
    pub(crate) fn count_from(&self, source: &str) -> usize {
        let is_from = |slot: &&Slot| slot.held.source.as_deref() == Some(source);
        self.messages.values().filter(is_from).count()
    }

    /// Takes up to that many visible messages out, to move them to other queues.
    pub(crate) fn take_visible(&mut self, most: usize) -> Vec<Held> {
        let places: Vec<_> = self.ready.iter().copied().take(most).collect();
        places
            .into_iter()
            .filter_map(|place| self.remove(place))
            .collect()
    }
}

impl Held {
    /// Makes a dead letter a new message, as a queue has it that it is moved to.
    pub(crate) fn start_anew(&mut self, now_ms: u64) {
        self.source = None;
        self.receives = 0;
        self.first_received_ms = None;
        self.sent_ms = now_ms;
        self.retained_ms = now_ms;
    }
}

/// What a receive does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Take,
    /// It was received too often.
    Dead,
    Hidden,
}

/// Whether the handle is of the receive that hides the message now.
fn is_current(slot: &Slot, handle: Handle) -> bool {
    matches!(slot.phase, Phase::InFlight(_)) && slot.held.receives == handle.receive
}
