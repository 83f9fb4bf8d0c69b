//! EventBridge Scheduler: schedules in groups, and what they send when they are due.

mod api;
mod declare;
mod error;
mod fire;
mod groups;
mod schedule;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub(crate) use api::{Request, owns};
pub(crate) use error::SchedulerError;
use groups::Group;
use schedule::StoredSchedule;

use crate::access::Caller;
use crate::server::Place;
use crate::targets::Targets;

/// The group that every account has.
const DEFAULT: &str = "default";

/// The schedules of the account.
pub(crate) struct Scheduler {
    place: Place,
    targets: Arc<Targets>,
    state: Mutex<State>,
    /// Notified when another schedule may be the next.
    pub(crate) changed: Arc<Notify>,
}

#[derive(Default)]
struct State {
    /// By name.
    groups: BTreeMap<String, Group>,
    /// By group and name.
    schedules: BTreeMap<(String, String), StoredSchedule>,
}

/// The schedules on disk.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct SchedulerSnapshot {
    groups: BTreeMap<String, Group>,
    schedules: Vec<(String, String, StoredSchedule)>,
}

impl Scheduler {
    pub(crate) fn new(place: Place, targets: Arc<Targets>) -> Self {
        let scheduler = Self {
            place,
            targets,
            state: Mutex::default(),
            changed: Arc::default(),
        };
        scheduler.reset();
        scheduler
    }

    /// Removes all schedules, and all groups but the default one.
    pub(crate) fn reset(&self) {
        let group = Group::new(self.group_arn(DEFAULT), self.now());
        *self.state() = State {
            groups: BTreeMap::from([(DEFAULT.to_owned(), group)]),
            schedules: BTreeMap::new(),
        };
        self.changed.notify_one();
    }

    /// The schedules as they are now.
    pub(crate) fn snapshot(&self) -> SchedulerSnapshot {
        let state = self.state();
        let schedules = state.schedules.iter();
        SchedulerSnapshot {
            groups: state.groups.clone(),
            schedules: schedules
                .map(|((group, name), item)| (group.clone(), name.clone(), item.clone()))
                .collect(),
        }
    }

    /// Adds schedules as they were. What they missed in between is left out.
    pub(crate) fn restore(&self, snapshot: SchedulerSnapshot) {
        let now = self.now();
        let mut state = self.state();
        state.groups.extend(snapshot.groups);
        for (group, name, mut item) in snapshot.schedules {
            item.next_ms = item
                .next_ms
                .and_then(|next| item.settings.resume(next, now));
            state.schedules.insert((group, name), item);
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

    /// Notes that the state is to be written, and that another schedule may be the next.
    fn change(&self) {
        self.touch();
        self.changed.notify_one();
    }

    fn arn(&self, group: &str, name: &str) -> String {
        format!(
            "arn:aws:scheduler:{}:{}:schedule/{group}/{name}",
            self.place.region, self.place.account
        )
    }

    fn group_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:scheduler:{}:{}:schedule-group/{name}",
            self.place.region, self.place.account
        )
    }

    fn admit(
        &self,
        caller: &Caller,
        operation: &str,
        resource: &str,
    ) -> Result<(), SchedulerError> {
        self.place
            .access
            .decide(caller, &format!("scheduler:{operation}"), resource)
            .map_err(SchedulerError::denied)
    }
}
