//! The message groups of a FIFO queue: which is served next.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::queue::Offer;

/// The groups that have messages.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: HashMap<Arc<str>, Group>,
    /// The groups whose first message is visible, in the order of service.
    turns: BTreeMap<u64, Arc<str>>,
    next_turn: u64,
}

#[derive(Debug)]
struct Group {
    /// The messages in the order of their sending.
    places: BTreeSet<u64>,
    turn: u64,
}

impl Groups {
    pub(crate) fn add(&mut self, group: &str, place: u64) {
        if let Some(found) = self.groups.get_mut(group) {
            found.places.insert(place);
            return;
        }
        let turn = self.turn();
        let places = BTreeSet::from([place]);
        self.groups.insert(group.into(), Group { places, turn });
    }

    pub(crate) fn remove(&mut self, group: &str, place: u64) {
        if let Some(found) = self.groups.get_mut(group) {
            found.places.remove(&place);
            if found.places.is_empty() {
                self.turns.remove(&found.turn);
                self.groups.remove(group);
            }
        }
    }

    /// Notes whether the first message of a group is visible.
    pub(crate) fn refresh(&mut self, group: &str, is_visible: impl Fn(u64) -> bool) {
        if let Some((name, found)) = self.groups.get_key_value(group) {
            if found.places.first().copied().is_some_and(is_visible) {
                self.turns.insert(found.turn, Arc::clone(name));
            } else {
                self.turns.remove(&found.turn);
            }
        }
    }

    /// Chooses up to that many messages, group by group: of each the messages before the first that is hidden. A group that was
    /// served goes to the end. Returns the messages to take, and the dead ones before them.
    pub(crate) fn choose(
        &mut self,
        most: usize,
        offer: impl Fn(u64) -> Offer,
    ) -> (Vec<u64>, Vec<u64>) {
        let (mut taken, mut dead, mut served) = (Vec::new(), Vec::new(), Vec::new());
        for name in self.turns.values() {
            if taken.len() == most {
                break;
            }
            served.push(Arc::clone(name));
            let Some(group) = self.groups.get(name) else {
                continue;
            };
            for &place in &group.places {
                if taken.len() == most {
                    break;
                }
                match offer(place) {
                    Offer::Take => taken.push(place),
                    Offer::Dead => dead.push(place),
                    Offer::Hidden => break,
                }
            }
        }
        for name in served {
            let turn = self.turn();
            if let Some(group) = self.groups.get_mut(&name) {
                self.turns.remove(&group.turn);
                group.turn = turn;
                self.turns.insert(turn, name);
            }
        }
        (taken, dead)
    }

    fn turn(&mut self) -> u64 {
        self.next_turn += 1;
        self.next_turn
    }
}
