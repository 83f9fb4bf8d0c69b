//! EventBridge, as its user guide calls Classic: buses, rules with patterns or schedules, and their targets.

mod buses;
mod declare;
mod deliver;
mod error;
mod event;
pub(crate) mod json;
mod json_path;
mod put;
mod rule;
mod rules;
mod tags;
mod target;
mod targets_api;
mod transform;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use buses::{Bus, DEFAULT};
pub(crate) use error::EventsError;
pub(crate) use event::Source;
pub(crate) use target::{DeadLetterConfig, RetryPolicy, SqsParameters};

use crate::access::Caller;
use crate::server::Place;
use crate::targets::Targets;

/// The buses of the account.
pub(crate) struct Events {
    place: Place,
    targets: Arc<Targets>,
    state: Mutex<State>,
    /// Notified when another schedule may be the next.
    pub(crate) changed: Arc<Notify>,
}

struct State {
    /// By name.
    buses: BTreeMap<String, Bus>,
}

/// The buses on disk.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct EventsSnapshot {
    buses: Vec<buses::BusSnapshot>,
}

impl Events {
    pub(crate) fn new(place: Place, targets: Arc<Targets>) -> Self {
        let events = Self {
            place,
            targets,
            state: Mutex::new(State {
                buses: BTreeMap::new(),
            }),
            changed: Arc::default(),
        };
        events.reset();
        events
    }

    /// Removes all buses but the default one, and its rules.
    pub(crate) fn reset(&self) {
        let bus = Bus::new(DEFAULT.into(), self.bus_arn(DEFAULT), self.now());
        self.state().buses = BTreeMap::from([(DEFAULT.to_owned(), bus)]);
        self.changed.notify_one();
    }

    /// The buses as they are now.
    pub(crate) fn snapshot(&self) -> EventsSnapshot {
        EventsSnapshot {
            buses: self.state().buses.values().map(Bus::snapshot).collect(),
        }
    }

    /// Adds buses as they were.
    pub(crate) fn restore(&self, snapshot: EventsSnapshot) {
        let now = self.now();
        let mut state = self.state();
        for bus in snapshot.buses {
            state.buses.insert(bus.name.clone(), Bus::restore(bus, now));
        }
        drop(state);
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        self.place.clock.now_ms()
    }

    /// Notes that the state is to be written.
    fn touch(&self) {
        self.place.changes.notify_one();
    }

    fn bus_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:events:{}:{}:event-bus/{name}",
            self.place.region, self.place.account
        )
    }

    /// The ARN of a rule. It names the bus unless that is the default one. `[R]`
    fn rule_arn(&self, bus: &str, rule: &str) -> String {
        let bus = if bus == DEFAULT {
            String::new()
        } else {
            format!("{bus}/")
        };
        format!(
            "arn:aws:events:{}:{}:rule/{bus}{rule}",
            self.place.region, self.place.account
        )
    }

    fn admit(&self, caller: &Caller, operation: &str, resource: &str) -> Result<(), EventsError> {
        self.place
            .access
            .decide(caller, &format!("events:{operation}"), resource)
            .map_err(EventsError::denied)
    }
}

impl State {
    fn bus(&mut self, name: &str) -> Result<&mut Bus, EventsError> {
        self.buses
            .get_mut(name)
            .ok_or_else(|| EventsError::no_bus(name))
    }
}
