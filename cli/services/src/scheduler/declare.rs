//! Schedules from settings, in the default group.

use serde_json::Value;

use super::schedule::{ScheduleSettings, StoredSchedule};
use super::{DEFAULT, Scheduler};
use crate::resources::ScheduleStatus;

impl Scheduler {
    /// Creates a schedule, or brings the one of that name to these settings. One that did not change keeps its rhythm.
    ///
    /// # Errors
    /// Why the settings are refused.
    pub(crate) fn declare(&self, name: &str, settings: &Value) -> Result<(), String> {
        super::api::check_name(name).map_err(|error| error.message)?;
        let settings: ScheduleSettings =
            serde_json::from_value(settings.clone()).map_err(|error| error.to_string())?;
        settings.check().map_err(|error| error.message)?;
        let now = self.now();
        let key = (DEFAULT.to_owned(), name.to_owned());
        let mut state = self.state();
        let before = state.schedules.get(&key);
        if before.is_some_and(|before| before.settings == settings) {
            return Ok(());
        }
        let schedule = StoredSchedule {
            arn: self.arn(DEFAULT, name),
            next_ms: settings.first(now),
            settings,
            created_ms: before.map_or(now, |before| before.created_ms),
            modified_ms: now,
        };
        state.schedules.insert(key, schedule);
        drop(state);
        self.change();
        Ok(())
    }

    /// Removes a declared schedule.
    pub(crate) fn forget(&self, name: &str) {
        let key = (DEFAULT.to_owned(), name.to_owned());
        self.state().schedules.remove(&key);
        self.change();
    }

    /// All schedules.
    pub(crate) fn statuses(&self) -> Vec<ScheduleStatus> {
        let state = self.state();
        let schedules = state.schedules.iter();
        schedules
            .map(|((group, name), schedule)| ScheduleStatus {
                group: group.clone(),
                name: name.clone(),
                expression: schedule.settings.schedule_expression.clone(),
                is_enabled: schedule.settings.is_enabled(),
                next_ms: schedule.next_ms,
                target: schedule.settings.target.arn.clone(),
            })
            .collect()
    }
}
