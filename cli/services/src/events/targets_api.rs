//! The operations on targets.

use serde::Deserialize;
use serde_json::{Value, json};

use super::buses::{name_of, page};
use super::target::RuleTarget;
use super::{Events, EventsError};
use crate::access::Caller;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct PutInput {
    rule: String,
    event_bus_name: Option<String>,
    targets: Vec<RuleTarget>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct RemoveInput {
    rule: String,
    event_bus_name: Option<String>,
    ids: Vec<String>,
    #[serde(rename = "Force")]
    _force: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct ListInput {
    rule: String,
    target_arn: String,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

impl Events {
    pub(super) fn put_targets(
        &self,
        caller: &Caller,
        input: PutInput,
    ) -> Result<Value, EventsError> {
        let bus = name_of(input.event_bus_name.as_deref());
        self.admit(caller, "PutTargets", &self.rule_arn(bus, &input.rule))?;
        for (index, target) in input.targets.iter().enumerate() {
            target.check(index + 1)?;
        }
        let mut state = self.state();
        let rule = state.bus(bus)?.rule_mut(&input.rule)?;
        let mut targets = rule.targets.clone();
        for target in input.targets {
            match targets.iter_mut().find(|before| before.id == target.id) {
                Some(before) => *before = target,
                None => targets.push(target),
            }
        }
        rule.set_targets(targets)?;
        Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
    }

    pub(super) fn remove_targets(
        &self,
        caller: &Caller,
        input: &RemoveInput,
    ) -> Result<Value, EventsError> {
        let bus = name_of(input.event_bus_name.as_deref());
        self.admit(caller, "RemoveTargets", &self.rule_arn(bus, &input.rule))?;
        let mut state = self.state();
        let rule = state.bus(bus)?.rule_mut(&input.rule)?;
        rule.targets
            .retain(|target| !input.ids.contains(&target.id));
        Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
    }

    pub(super) fn list_targets(
        &self,
        caller: &Caller,
        input: &ListInput,
    ) -> Result<Value, EventsError> {
        let bus = name_of(input.event_bus_name.as_deref());
        self.admit(
            caller,
            "ListTargetsByRule",
            &self.rule_arn(bus, &input.rule),
        )?;
        let mut state = self.state();
        let targets = &state.bus(bus)?.rule(&input.rule)?.targets;
        // A rule has five targets at most: they are one page, whatever the limit.
        Ok(json!({"Targets": targets}))
    }

    pub(super) fn list_rule_names(
        &self,
        caller: &Caller,
        input: &ListInput,
    ) -> Result<Value, EventsError> {
        let bus = name_of(input.event_bus_name.as_deref());
        self.admit(caller, "ListRuleNamesByTarget", &self.rule_arn(bus, "*"))?;
        let mut state = self.state();
        let rules = state.bus(bus)?.rules.values();
        let has_target = |target: &RuleTarget| target.arn == input.target_arn;
        let found = rules.filter(|rule| rule.targets.iter().any(has_target));
        let (names, token) = page(
            found.map(|rule| &rule.name),
            None,
            input.next_token.as_deref(),
            input.limit,
        );
        let mut document = json!({"RuleNames": names});
        if let Some(token) = token {
            document["NextToken"] = token.into();
        }
        Ok(document)
    }
}
