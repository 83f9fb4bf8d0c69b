//! A rule: what it matches or when it fires, and its targets.

use std::collections::BTreeMap;

use fw_grammar::pattern::Pattern;
use fw_grammar::schedule::{Dialect, Schedule};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::EventsError;
use super::target::RuleTarget;

/// The most targets of a rule. `[R]`
const MOST_TARGETS: usize = 5;

/// A rule. Its form on disk is that of the API, with what the API does not show.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) settings: RuleSettings,
    pattern: Option<Pattern>,
    schedule: Option<Schedule>,
    pub(super) tags: BTreeMap<String, String>,
    /// In the order in which they were put.
    pub(super) targets: Vec<RuleTarget>,
    /// When the schedule fires next.
    pub(super) next_ms: Option<u64>,
}

/// What `PutRule` sets.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct RuleSettings {
    pub(super) event_pattern: Option<String>,
    pub(super) schedule_expression: Option<String>,
    pub(super) state: Option<String>,
    pub(super) description: Option<String>,
    pub(super) role_arn: Option<String>,
}

/// A rule on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RuleSnapshot {
    name: String,
    arn: String,
    settings: RuleSettings,
    tags: BTreeMap<String, String>,
    targets: Vec<RuleTarget>,
    next_ms: Option<u64>,
}

impl Rule {
    /// A checked rule without targets. Its schedule counts from now.
    ///
    /// # Errors
    /// `InvalidEventPatternException` and `ValidationException`.
    pub(super) fn new(
        name: String,
        arn: String,
        settings: RuleSettings,
        now_ms: u64,
    ) -> Result<Self, EventsError> {
        let pattern = settings
            .event_pattern
            .as_deref()
            .filter(|text| !text.is_empty());
        let pattern = pattern.map(read_pattern).transpose()?;
        let schedule = settings
            .schedule_expression
            .as_deref()
            .filter(|text| !text.is_empty());
        let schedule = schedule
            .map(|text| Schedule::parse(text, Dialect::Rule))
            .transpose()
            .map_err(|error| EventsError::validation(error.message()))?;
        if pattern.is_none() && schedule.is_none() {
            return Err(EventsError::validation(
                "Parameter(s) EventPattern or ScheduleExpression must be specified.",
            ));
        }
        let states = [
            "ENABLED",
            "DISABLED",
            "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
        ];
        if let Some(state) = settings.state.as_deref()
            && !states.contains(&state)
        {
            let constraint = format!("satisfy enum value set: [{}]", states.join(", "));
            return Err(EventsError::constraint(state, "state", &constraint));
        }
        let mut rule = Self {
            name,
            arn,
            settings,
            pattern,
            schedule,
            tags: BTreeMap::new(),
            targets: Vec::new(),
            next_ms: None,
        };
        rule.next_ms = rule.next_after(now_ms);
        Ok(rule)
    }

    /// Checks the name of a rule.
    ///
    /// # Errors
    /// `ValidationException`.
    pub(super) fn check_name(name: &str) -> Result<(), EventsError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_allowed) {
            let constraint = r"satisfy regular expression pattern: [\.\-_A-Za-z0-9]+";
            return Err(EventsError::constraint(name, "name", constraint));
        }
        if name.len() > 64 {
            let constraint = "have length less than or equal to 64";
            return Err(EventsError::constraint(name, "name", constraint));
        }
        Ok(())
    }

    /// Replaces the targets.
    ///
    /// # Errors
    /// `LimitExceededException` if there are more than five.
    pub(super) fn set_targets(&mut self, targets: Vec<RuleTarget>) -> Result<(), EventsError> {
        if targets.len() > MOST_TARGETS {
            return Err(EventsError::limit());
        }
        self.targets = targets;
        Ok(())
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.settings.state.as_deref() != Some("DISABLED")
    }

    /// The pattern of an enabled rule.
    pub(super) fn active_pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref().filter(|_| self.is_enabled())
    }

    /// When the schedule of an enabled rule fires after that time. A rate fires a period later. `[D]`
    pub(super) fn next_after(&self, after_ms: u64) -> Option<u64> {
        let schedule = self.schedule.as_ref().filter(|_| self.is_enabled())?;
        let after = i64::try_from(after_ms).ok()?;
        let next = schedule.after(after, "UTC", Dialect::Rule).ok()?.next()?;
        u64::try_from(next).ok()
    }

    /// Enables or disables the rule. A schedule that is enabled counts from now.
    pub(super) fn set_enabled(&mut self, enabled: bool, now_ms: u64) {
        let state = if enabled { "ENABLED" } else { "DISABLED" };
        let was_enabled = self.is_enabled();
        self.settings.state = Some(state.into());
        if was_enabled != enabled {
            self.next_ms = self.next_after(now_ms);
        }
    }

    /// The rule as the API shows it.
    pub(super) fn document(&self, bus: &str) -> Value {
        let settings = &self.settings;
        let mut document = json!({
            "Name": self.name,
            "Arn": self.arn,
            "EventBusName": bus,
            "State": settings.state.as_deref().unwrap_or("ENABLED"),
        });
        let optional = [
            ("EventPattern", &settings.event_pattern),
            ("ScheduleExpression", &settings.schedule_expression),
            ("Description", &settings.description),
            ("RoleArn", &settings.role_arn),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                document[name] = value.as_str().into();
            }
        }
        document
    }

    pub(super) fn snapshot(&self) -> RuleSnapshot {
        RuleSnapshot {
            name: self.name.clone(),
            arn: self.arn.clone(),
            settings: self.settings.clone(),
            tags: self.tags.clone(),
            targets: self.targets.clone(),
            next_ms: self.next_ms,
        }
    }

    /// A rule as it was. What its schedule missed in between is left out.
    pub(super) fn restore(snapshot: RuleSnapshot, now_ms: u64) -> Result<Self, EventsError> {
        let mut rule = Self::new(snapshot.name, snapshot.arn, snapshot.settings, now_ms)?;
        rule.tags = snapshot.tags;
        rule.targets = snapshot.targets;
        if let Some(Schedule::Rate(rate)) = &rule.schedule
            && let (Some(before), Ok(period)) = (snapshot.next_ms, u64::try_from(rate.period_ms()))
        {
            let missed = now_ms.saturating_sub(before).div_ceil(period.max(1));
            rule.next_ms = Some(before + missed * period);
        }
        Ok(rule)
    }
}

/// Reads a pattern.
///
/// # Errors
/// `InvalidEventPatternException` in AWS's words.
pub(super) fn read_pattern(text: &str) -> Result<Pattern, EventsError> {
    if text.len() > fw_grammar::pattern::MAX_LENGTH {
        // The text is unverified.
        let reason = format!(
            "Event pattern is not valid. Reason: Pattern is longer than {} characters",
            fw_grammar::pattern::MAX_LENGTH
        );
        return Err(EventsError::pattern(reason));
    }
    Pattern::parse(text).map_err(|error| EventsError::pattern(error.to_string()))
}
