//! Schedules: what a function learns of the time that it is called for.

use serde::Deserialize;

use super::delivery::{Delivery, FromEvent};
use crate::error::Error;

/// The time that a function is called for.
///
/// It is read from the event of a schedule of EventBridge Scheduler as `fw` makes it, and from that of a rule. Every member may be missing:
/// whoever calls the function by hand need not know the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Schedule {
    /// The time that it was due, in UTC: `2027-01-01T09:00:00Z`. It is called up to a minute later, and later still when it is tried again.
    pub time: String,
    /// The id of this occurrence, the same whenever it is tried again.
    pub id: String,
    /// Which attempt this is, from 1, as text; a rule does not say.
    pub attempt: Option<String>,
    /// The ARNs of the schedule or the rule.
    pub resources: Vec<String>,
}

impl FromEvent<Self> for Schedule {
    fn from_event(delivery: &Delivery<'_, Self>) -> Result<Self, Error> {
        Ok(delivery.item.clone())
    }
}
