//! The operations on rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::buses::{DEFAULT, name_of, page};
use super::rule::{Rule, RuleSettings, read_pattern};
use super::tags::{self, EventsTag};
use super::{Events, EventsError};
use crate::access::Caller;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct PutInput {
    name: String,
    event_bus_name: Option<String>,
    event_pattern: Option<String>,
    schedule_expression: Option<String>,
    state: Option<String>,
    description: Option<String>,
    role_arn: Option<String>,
    tags: Vec<EventsTag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct RuleInput {
    name: String,
    event_bus_name: Option<String>,
    #[serde(rename = "Force")]
    _force: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct ListInput {
    name_prefix: Option<String>,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct TestInput {
    event_pattern: String,
    event: String,
}

impl Events {
    pub(super) fn put_rule(&self, caller: &Caller, input: PutInput) -> Result<Value, EventsError> {
        let name = input.name;
        let bus = name_of(input.event_bus_name.as_deref());
        Rule::check_name(&name)?;
        let arn = self.rule_arn(bus, &name);
        self.admit(caller, "PutRule", &arn)?;
        let settings = RuleSettings {
            event_pattern: input.event_pattern,
            schedule_expression: input.schedule_expression,
            state: input.state,
            description: input.description,
            role_arn: input.role_arn,
        };
        let tags = tags::map(input.tags)?;
        self.store_rule(bus, &name, settings, Some(tags))?;
        Ok(json!({"RuleArn": arn}))
    }

    /// Puts a rule in, or in the place of the one that is there. Targets stay, and so do tags.
    ///
    /// # Errors
    /// Those of `PutRule`.
    pub(super) fn store_rule(
        &self,
        bus: &str,
        name: &str,
        settings: RuleSettings,
        tags: Option<BTreeMap<String, String>>,
    ) -> Result<(), EventsError> {
        let on_custom_bus = bus != DEFAULT && settings.schedule_expression.is_some();
        let arn = self.rule_arn(bus, name);
        let mut rule = Rule::new(name.to_owned(), arn, settings, self.now())?;
        if on_custom_bus {
            return Err(EventsError::validation(
                "ScheduleExpression is supported only on the default event bus.",
            ));
        }
        let mut state = self.state();
        let rules = state.bus(bus)?.rules_mut();
        match rules.get(name) {
            Some(before) => {
                rule.targets = before.targets.clone();
                rule.tags = before.tags.clone();
                // A schedule that did not change goes on as it was.
                let same = before.settings.schedule_expression == rule.settings.schedule_expression;
                if same && before.is_enabled() && rule.is_enabled() {
                    rule.next_ms = before.next_ms;
                }
            }
            None => rule.tags = tags.unwrap_or_default(),
        }
        rules.insert(name.to_owned(), rule);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    pub(super) fn delete_rule(
        &self,
        caller: &Caller,
        input: &RuleInput,
    ) -> Result<Value, EventsError> {
        let bus = name_of(input.event_bus_name.as_deref());
        self.admit(caller, "DeleteRule", &self.rule_arn(bus, &input.name))?;
        let mut state = self.state();
        let rules = state.bus(bus)?.rules_mut();
        // `Force` is for rules that AWS manages.
        if rules
            .get(&input.name)
            .is_some_and(|rule| !rule.targets.is_empty())
        {
            return Err(EventsError::validation(
                "Rule can't be deleted since it has targets.",
            ));
        }
        rules.remove(&input.name);
        Ok(json!({}))
    }

    pub(super) fn describe_rule(
        &self,
        caller: &Caller,
        input: &RuleInput,
    ) -> Result<Value, EventsError> {
        let bus = name_of(input.event_bus_name.as_deref());
        self.admit(caller, "DescribeRule", &self.rule_arn(bus, &input.name))?;
        let mut state = self.state();
        let mut document = state.bus(bus)?.rule(&input.name)?.document(bus);
        document["CreatedBy"] = (*self.place.account).into();
        Ok(document)
    }

    pub(super) fn list_rules(
        &self,
        caller: &Caller,
        input: &ListInput,
    ) -> Result<Value, EventsError> {
        let bus = name_of(input.event_bus_name.as_deref());
        self.admit(caller, "ListRules", &self.rule_arn(bus, "*"))?;
        let mut state = self.state();
        let rules = &state.bus(bus)?.rules;
        let (names, token) = page(
            rules.keys(),
            input.name_prefix.as_deref(),
            input.next_token.as_deref(),
            input.limit,
        );
        let documents: Vec<_> = names.iter().map(|name| rules[name].document(bus)).collect();
        let mut document = json!({"Rules": documents});
        if let Some(token) = token {
            document["NextToken"] = token.into();
        }
        Ok(document)
    }

    pub(super) fn set_enabled(
        &self,
        caller: &Caller,
        input: &RuleInput,
        enabled: bool,
    ) -> Result<Value, EventsError> {
        let bus = name_of(input.event_bus_name.as_deref());
        let operation = if enabled { "EnableRule" } else { "DisableRule" };
        self.admit(caller, operation, &self.rule_arn(bus, &input.name))?;
        let now = self.now();
        let mut state = self.state();
        state
            .bus(bus)?
            .rule_mut(&input.name)?
            .set_enabled(enabled, now);
        drop(state);
        self.changed.notify_one();
        Ok(json!({}))
    }

    pub(super) fn test_pattern(
        &self,
        caller: &Caller,
        input: &TestInput,
    ) -> Result<Value, EventsError> {
        self.admit(caller, "TestEventPattern", "*")?;
        let pattern = read_pattern(&input.event_pattern)?;
        let event: Value = serde_json::from_str(&input.event).unwrap_or_default();
        let needed = ["id", "account", "source", "time", "region", "detail-type"];
        if needed.iter().any(|name| event.get(name).is_none()) {
            return Err(EventsError::validation("Parameter Event is not valid."));
        }
        Ok(json!({"Result": pattern.matches(&event)}))
    }
}
