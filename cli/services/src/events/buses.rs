//! Buses, and the operations on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use fw_grammar::pattern::PatternIndex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rule::{Rule, RuleSnapshot};
use super::tags::{self, EventsTag};
use super::{Events, EventsError};
use crate::access::Caller;

/// The bus that every account has.
pub(super) const DEFAULT: &str = "default";

/// A bus with its rules.
#[derive(Debug)]
pub(super) struct Bus {
    pub(super) name: String,
    pub(super) arn: String,
    description: Option<String>,
    created_ms: u64,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) rules: BTreeMap<String, Rule>,
    /// The enabled patterns with the names of their rules, until a rule changes.
    index: Option<Arc<PatternIndex<String>>>,
}

/// A bus on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BusSnapshot {
    pub(super) name: String,
    arn: String,
    description: Option<String>,
    created_ms: u64,
    tags: BTreeMap<String, String>,
    rules: Vec<RuleSnapshot>,
}

impl Bus {
    pub(super) fn new(name: String, arn: String, now_ms: u64) -> Self {
        Self {
            name,
            arn,
            description: None,
            created_ms: now_ms,
            tags: BTreeMap::new(),
            rules: BTreeMap::new(),
            index: None,
        }
    }

    /// Checks the name of a new bus.
    ///
    /// # Errors
    /// `ValidationException`.
    pub(super) fn check_name(name: &str) -> Result<(), EventsError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_allowed) {
            let constraint = r"satisfy regular expression pattern: [/\.\-_A-Za-z0-9]+";
            return Err(EventsError::constraint(name, "name", constraint));
        }
        if name.len() > 256 {
            let constraint = "have length less than or equal to 256";
            return Err(EventsError::constraint(name, "name", constraint));
        }
        Ok(())
    }

    /// The rule of that name.
    pub(super) fn rule(&self, name: &str) -> Result<&Rule, EventsError> {
        self.rules
            .get(name)
            .ok_or_else(|| EventsError::no_rule(name, &self.name))
    }

    /// The rules, to change one of them.
    pub(super) fn rules_mut(&mut self) -> &mut BTreeMap<String, Rule> {
        self.index = None;
        &mut self.rules
    }

    /// The rule of that name, to change it.
    pub(super) fn rule_mut(&mut self, name: &str) -> Result<&mut Rule, EventsError> {
        let bus = self.name.clone();
        self.rules_mut()
            .get_mut(name)
            .ok_or_else(|| EventsError::no_rule(name, &bus))
    }

    /// The enabled patterns. They are filed again after a rule changed.
    pub(super) fn index(&mut self) -> Arc<PatternIndex<String>> {
        let rules = &self.rules;
        let index = self.index.get_or_insert_with(|| {
            let patterns = rules.values().filter_map(|rule| {
                let pattern = rule.active_pattern()?.clone();
                Some((pattern, rule.name.clone()))
            });
            Arc::new(PatternIndex::new(patterns))
        });
        Arc::clone(index)
    }

    fn document(&self) -> Value {
        let mut document = json!({
            "Name": self.name,
            "Arn": self.arn,
            "CreationTime": self.created_ms / 1000,
            "LastModifiedTime": self.created_ms / 1000,
        });
        if let Some(description) = &self.description {
            document["Description"] = description.as_str().into();
        }
        document
    }

    pub(super) fn snapshot(&self) -> BusSnapshot {
        BusSnapshot {
            name: self.name.clone(),
            arn: self.arn.clone(),
            description: self.description.clone(),
            created_ms: self.created_ms,
            tags: self.tags.clone(),
            rules: self.rules.values().map(Rule::snapshot).collect(),
        }
    }

    /// A bus as it was.
    pub(super) fn restore(snapshot: BusSnapshot, now_ms: u64) -> Self {
        let mut bus = Self::new(snapshot.name, snapshot.arn, snapshot.created_ms);
        bus.description = snapshot.description;
        bus.tags = snapshot.tags;
        // All were accepted once.
        let rules = snapshot.rules.into_iter();
        let rules = rules.filter_map(|rule| Rule::restore(rule, now_ms).ok());
        bus.rules = rules.map(|rule| (rule.name.clone(), rule)).collect();
        bus
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct CreateInput {
    name: String,
    description: Option<String>,
    tags: Vec<EventsTag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct NameInput {
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct ListInput {
    name_prefix: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// The name of a bus in a name or an ARN, or the default.
pub(super) fn name_of(given: Option<&str>) -> &str {
    let given = given.filter(|given| !given.is_empty()).unwrap_or(DEFAULT);
    match given.split_once(":event-bus/") {
        Some((_, name)) => name,
        None => given,
    }
}

/// One page of names after a token, and the token of the next page.
pub(super) fn page<'a>(
    names: impl Iterator<Item = &'a String>,
    prefix: Option<&str>,
    token: Option<&str>,
    limit: Option<usize>,
) -> (Vec<String>, Option<String>) {
    let most = limit.unwrap_or(100).clamp(1, 100);
    let mut rest = names
        .filter(|name| prefix.is_none_or(|prefix| name.starts_with(prefix)))
        .filter(|name| token.is_none_or(|token| name.as_str() > token));
    let page: Vec<_> = rest.by_ref().take(most).cloned().collect();
    let token = rest.next().and_then(|_| page.last().cloned());
    (page, token)
}

impl Events {
    pub(super) fn create_bus(
        &self,
        caller: &Caller,
        input: CreateInput,
    ) -> Result<Value, EventsError> {
        let name = input.name;
        Bus::check_name(&name)?;
        let arn = self.bus_arn(&name);
        self.admit(caller, "CreateEventBus", &arn)?;
        let now = self.now();
        let mut state = self.state();
        if state.buses.contains_key(&name) {
            return Err(EventsError::bus_exists(&name));
        }
        let mut bus = Bus::new(name.clone(), arn.clone(), now);
        bus.description = input.description;
        bus.tags = tags::map(input.tags)?;
        state.buses.insert(name, bus);
        Ok(json!({"EventBusArn": arn}))
    }

    pub(super) fn delete_bus(
        &self,
        caller: &Caller,
        input: &NameInput,
    ) -> Result<Value, EventsError> {
        let name = name_of(input.name.as_deref());
        self.admit(caller, "DeleteEventBus", &self.bus_arn(name))?;
        if name == DEFAULT {
            return Err(EventsError::validation("Cannot delete event bus default."));
        }
        let mut state = self.state();
        let has_rules = |bus: &Bus| !bus.rules.is_empty();
        if state.buses.get(name).is_some_and(has_rules) {
            // The API reference says that rules go first. The text is unverified.
            return Err(EventsError::validation(format!(
                "Event bus {name} can't be deleted since it has rules."
            )));
        }
        state.buses.remove(name);
        Ok(json!({}))
    }

    pub(super) fn describe_bus(
        &self,
        caller: &Caller,
        input: &NameInput,
    ) -> Result<Value, EventsError> {
        let name = name_of(input.name.as_deref());
        self.admit(caller, "DescribeEventBus", &self.bus_arn(name))?;
        self.state().bus(name).map(|bus| bus.document())
    }

    pub(super) fn list_buses(
        &self,
        caller: &Caller,
        input: &ListInput,
    ) -> Result<Value, EventsError> {
        self.admit(caller, "ListEventBuses", "*")?;
        let state = self.state();
        let (names, token) = page(
            state.buses.keys(),
            input.name_prefix.as_deref(),
            input.next_token.as_deref(),
            input.limit,
        );
        let buses: Vec<_> = names
            .iter()
            .map(|name| state.buses[name].document())
            .collect();
        let mut document = json!({"EventBuses": buses});
        if let Some(token) = token {
            document["NextToken"] = token.into();
        }
        Ok(document)
    }
}
