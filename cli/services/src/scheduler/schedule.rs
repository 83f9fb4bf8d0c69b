//! A schedule: its settings, checked as Scheduler checks them, and when it fires.

use fw_grammar::schedule::{Dialect, Schedule as Expression};
use serde::{Deserialize, Serialize};

use super::SchedulerError;
use crate::events::{DeadLetterConfig, RetryPolicy, SqsParameters};
use crate::targets::service_of;

/// What `CreateSchedule` and `UpdateSchedule` set. A member that is not here is refused by its name.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct ScheduleSettings {
    pub(super) schedule_expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schedule_expression_timezone: Option<String>,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    flexible_time_window: FlexibleTimeWindow,
    pub(super) target: ScheduleTarget,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_after_completion: Option<String>,
    /// Kept by the schedule's key.
    #[serde(skip_serializing)]
    pub(super) group_name: Option<String>,
    /// What the client repeats after a lost answer. A second call finds the schedule there.
    #[serde(skip_serializing)]
    client_token: Option<String>,
}

/// A schedule with a window fires at the window's start: AWS chooses some time inside.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct FlexibleTimeWindow {
    mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_window_in_minutes: Option<u32>,
}

/// Where a schedule sends.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct ScheduleTarget {
    pub(super) arn: String,
    /// Kept and shown. Deliveries need no role here.
    role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sqs_parameters: Option<SqsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event_bridge_parameters: Option<EventBridgeParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dead_letter_config: Option<DeadLetterConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<RetryPolicy>,
}

/// What an event on a bus has in addition to its detail.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct EventBridgeParameters {
    pub(super) detail_type: String,
    pub(super) source: String,
}

/// A schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredSchedule {
    pub(super) arn: String,
    pub(super) settings: ScheduleSettings,
    pub(super) created_ms: u64,
    pub(super) modified_ms: u64,
    /// When it fires next.
    pub(super) next_ms: Option<u64>,
}

impl ScheduleSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// `ValidationException`, or `NotImplemented`, 501, for a target that is not here.
    pub(super) fn check(&self) -> Result<(), SchedulerError> {
        let zone = self.zone();
        let expression = self.expression()?;
        // The text is unverified.
        expression.after(0, zone, Dialect::Scheduler).map_err(|_| {
            SchedulerError::validation(format!("Invalid Schedule Expression Timezone {zone}."))
        })?;
        let one_of = |value: Option<&str>, member: &str, values: &[&str]| match value {
            Some(value) if !values.contains(&value) => {
                let constraint = format!("satisfy enum value set: [{}]", values.join(", "));
                Err(SchedulerError::constraint(value, member, &constraint))
            }
            _ => Ok(()),
        };
        one_of(self.state.as_deref(), "state", &["ENABLED", "DISABLED"])?;
        let action = self.action_after_completion.as_deref();
        one_of(action, "actionAfterCompletion", &["NONE", "DELETE"])?;
        let window = &self.flexible_time_window;
        if window.mode.is_empty() {
            return Err(SchedulerError::missing("flexibleTimeWindow.mode"));
        }
        let member = "flexibleTimeWindow.mode";
        one_of(Some(&window.mode), member, &["OFF", "FLEXIBLE"])?;
        // The next two texts are unverified.
        match (window.mode.as_str(), window.maximum_window_in_minutes) {
            ("FLEXIBLE", Some(1..=1440)) | ("OFF", None) => {}
            ("OFF", Some(_)) => {
                return Err(SchedulerError::validation(
                    "MaximumWindowInMinutes is not allowed if the mode is OFF.",
                ));
            }
            _ => {
                return Err(SchedulerError::validation(
                    "MaximumWindowInMinutes must be between 1 and 1440 if the mode is FLEXIBLE.",
                ));
            }
        }
        if let (Some(start), Some(end)) = (self.start_date, self.end_date)
            && end <= start
        {
            return Err(SchedulerError::validation(
                "The EndDate must be after the StartDate.",
            ));
        }
        self.target.check()
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.state.as_deref() != Some("DISABLED")
    }

    pub(super) fn is_deleted_at_end(&self) -> bool {
        self.action_after_completion.as_deref() == Some("DELETE")
    }

    fn zone(&self) -> &str {
        let zone = self.schedule_expression_timezone.as_deref();
        zone.filter(|zone| !zone.is_empty()).unwrap_or("UTC")
    }

    fn expression(&self) -> Result<Expression, SchedulerError> {
        Expression::parse(&self.schedule_expression, Dialect::Scheduler)
            .map_err(|error| SchedulerError::validation(error.message()))
    }

    /// When a schedule that begins now fires first. A rate fires at once, or at its start. `[D]`
    pub(super) fn first(&self, now_ms: u64) -> Option<u64> {
        let start = self.start_date.map_or(0, milliseconds);
        match self.expression().ok()? {
            Expression::Rate(_) => self.within(now_ms.max(start)),
            // The start itself counts.
            _ => self.next(now_ms.max(start.saturating_sub(1))),
        }
    }

    /// When the schedule fires after a time at which it fired.
    pub(super) fn next(&self, after_ms: u64) -> Option<u64> {
        let next = match self.expression().ok()? {
            Expression::Rate(rate) => {
                let period = u64::try_from(rate.period_ms())
                    .ok()
                    .filter(|period| *period > 0)?;
                after_ms + period
            }
            expression => {
                let after = i64::try_from(after_ms).ok()?;
                let mut times = expression
                    .after(after, self.zone(), Dialect::Scheduler)
                    .ok()?;
                u64::try_from(times.next()?).ok()?
            }
        };
        self.within(next)
    }

    /// The next time after now of a schedule that would have fired at that time: a rate keeps its rhythm.
    pub(super) fn resume(&self, next_ms: u64, now_ms: u64) -> Option<u64> {
        if next_ms > now_ms {
            return Some(next_ms);
        }
        match self.expression().ok()? {
            Expression::Rate(rate) => {
                let period = u64::try_from(rate.period_ms())
                    .ok()
                    .filter(|period| *period > 0)?;
                let missed = (now_ms - next_ms).div_ceil(period);
                self.within(next_ms + missed * period)
            }
            _ => self.next(now_ms),
        }
    }

    /// The time if the schedule is enabled and has not ended by then.
    fn within(&self, at_ms: u64) -> Option<u64> {
        let has_ended = self.end_date.is_some_and(|end| at_ms > milliseconds(end));
        (self.is_enabled() && !has_ended).then_some(at_ms)
    }
}

impl ScheduleTarget {
    fn check(&self) -> Result<(), SchedulerError> {
        if self.arn.is_empty() {
            return Err(SchedulerError::missing("target.arn"));
        }
        if self.role_arn.is_empty() {
            return Err(SchedulerError::missing("target.roleArn"));
        }
        match service_of(&self.arn) {
            "sqs" | "sns" | "lambda" => {}
            "events" => {
                let parameters = self.event_bridge_parameters.as_ref();
                let is_complete = parameters.is_some_and(|parameters| {
                    !parameters.detail_type.is_empty() && !parameters.source.is_empty()
                });
                if !is_complete {
                    return Err(SchedulerError::missing("target.eventBridgeParameters"));
                }
                let input = self.input.as_deref().unwrap_or_default();
                let detail = serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(input);
                if detail.is_err() {
                    // The text is unverified.
                    return Err(SchedulerError::validation(
                        "The Input of a schedule for an event bus must be a JSON object.",
                    ));
                }
            }
            other => {
                return Err(SchedulerError::not_implemented(&format!(
                    "Scheduler target of the service {other}"
                )));
            }
        }
        let refused = self
            .retry_policy
            .as_ref()
            .and_then(RetryPolicy::out_of_range);
        match refused {
            None => Ok(()),
            Some((name, value, constraint)) => Err(SchedulerError::constraint(
                &value.to_string(),
                &format!("target.retryPolicy.{name}"),
                constraint,
            )),
        }
    }
}

/// Seconds of the API as milliseconds. What is not a time of four-digit years becomes the nearest that is.
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).clamp(0.0, 253_402_300_799_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 December 2026, 00:00 UTC.
    const NOW: u64 = 1_796_083_200_000;
    const MINUTE: u64 = 60_000;

    fn settings(expression: &str) -> ScheduleSettings {
        ScheduleSettings {
            schedule_expression: expression.into(),
            ..ScheduleSettings::default()
        }
    }

    #[test]
    fn a_rate_fires_at_once_or_at_its_start_and_keeps_its_rhythm() {
        let mut rate = settings("rate(5 minutes)");
        assert_eq!(rate.first(NOW), Some(NOW));
        assert_eq!(rate.next(NOW), Some(NOW + 5 * MINUTE));
        assert_eq!(rate.resume(NOW, NOW + 7 * MINUTE), Some(NOW + 10 * MINUTE));
        rate.start_date = Some((NOW + MINUTE) as f64 / 1000.0);
        assert_eq!(rate.first(NOW), Some(NOW + MINUTE));
        rate.end_date = Some((NOW + 3 * MINUTE) as f64 / 1000.0);
        assert_eq!(rate.next(NOW + MINUTE), None);
        rate.state = Some("DISABLED".into());
        assert_eq!(rate.first(NOW), None);
    }

    #[test]
    fn a_date_fires_once_in_its_zone() {
        let mut at = settings("at(2026-12-01T09:30:00)");
        at.schedule_expression_timezone = Some("Europe/Berlin".into());
        let expected = NOW + (8 * 60 + 30) * MINUTE;
        assert_eq!(at.first(NOW), Some(expected));
        assert_eq!(at.next(expected), None);
    }
}
