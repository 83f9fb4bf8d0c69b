//! Buses and rules from settings.

use super::Events;
use super::buses::{Bus, DEFAULT};
use super::rule::{Rule, RuleSettings};
use super::target::RuleTarget;
use crate::declare::DeclaredRule;
use crate::resources::RuleStatus;

impl Events {
    /// Creates a bus if it is not there.
    ///
    /// # Errors
    /// That the name is refused.
    pub(crate) fn declare_bus(&self, name: &str) -> Result<(), String> {
        let mut state = self.state();
        if !state.buses.contains_key(name) {
            Bus::check_name(name).map_err(|error| error.message.into_owned())?;
            let bus = Bus::new(name.to_owned(), self.bus_arn(name), self.now());
            state.buses.insert(name.to_owned(), bus);
        }
        Ok(())
    }

    /// Puts a rule with exactly these targets. A schedule that did not change keeps its rhythm.
    ///
    /// # Errors
    /// Why the rule or a target is refused.
    pub(crate) fn declare_rule(&self, wanted: &DeclaredRule) -> Result<(), String> {
        let bus = match wanted.bus.as_str() {
            "" => DEFAULT,
            bus => bus,
        };
        let text = |error: super::EventsError| error.message.into_owned();
        Rule::check_name(&wanted.name).map_err(text)?;
        let mut targets = Vec::new();
        for (index, target) in wanted.targets.iter().enumerate() {
            let target: RuleTarget =
                serde_json::from_value(target.clone()).map_err(|error| error.to_string())?;
            target.check(index + 1).map_err(text)?;
            targets.push(target);
        }
        let settings = RuleSettings {
            event_pattern: wanted.pattern.clone(),
            schedule_expression: wanted.schedule.clone(),
            ..RuleSettings::default()
        };
        self.store_rule(bus, &wanted.name, settings, None)
            .map_err(text)?;
        let mut state = self.state();
        let rule = state
            .bus(bus)
            .and_then(|bus| bus.rule_mut(&wanted.name))
            .map_err(text)?;
        rule.set_targets(targets).map_err(text)
    }

    /// Removes a declared rule with its targets.
    pub(crate) fn forget_rule(&self, bus: &str, name: &str) {
        let bus = if bus.is_empty() { DEFAULT } else { bus };
        if let Ok(bus) = self.state().bus(bus) {
            bus.rules_mut().remove(name);
        }
    }

    /// All rules.
    pub(crate) fn statuses(&self) -> Vec<RuleStatus> {
        let state = self.state();
        let rules = state.buses.values().flat_map(|bus| {
            bus.rules.values().map(|rule| RuleStatus {
                bus: bus.name.clone(),
                name: rule.name.clone(),
                when: rule
                    .settings
                    .schedule_expression
                    .clone()
                    .or_else(|| rule.settings.event_pattern.clone())
                    .unwrap_or_default(),
                is_enabled: rule.is_enabled(),
                next_ms: rule.next_ms,
                targets: rule
                    .targets
                    .iter()
                    .map(|target| target.arn.clone())
                    .collect(),
            })
        });
        rules.collect()
    }
}
