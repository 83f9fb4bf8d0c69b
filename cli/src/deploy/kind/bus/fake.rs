//! `EventBridge` in memory: patterns are checked, a rule with targets is not deleted, and neither is a bus with rules.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::DEFAULT;
use crate::{aws::fake::Fake, values::names::Tags};

/// A rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FakeRule {
    pub(crate) pattern: String,
    pub(crate) state: String,
    /// By id.
    pub(crate) targets: BTreeMap<String, Value>,
    pub(crate) tags: Tags,
}

/// What `EventBridge` holds: buses but the default one by name, rules by bus and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FakeBuses {
    pub(crate) buses: BTreeMap<String, Tags>,
    pub(crate) rules: BTreeMap<(String, String), FakeRule>,
}

type Refused = (&'static str, String);

/// The ARN of the bus of that name.
pub(crate) fn arn(name: &str) -> String {
    format!(
        "arn:aws:events:{}:{}:event-bus/{name}",
        Fake::REGION,
        Fake::ACCOUNT
    )
}

/// The ARN of the rule of that name.
pub(crate) fn rule_arn(bus: &str, name: &str) -> String {
    let resource = super::desired::called(bus, name);
    format!(
        "arn:aws:events:{}:{}:rule/{resource}",
        Fake::REGION,
        Fake::ACCOUNT
    )
}

impl FakeBuses {
    /// The tags of the resource of that ARN.
    fn tags(&mut self, resource: &str) -> Result<&mut Tags, Refused> {
        let buses = self.buses.iter_mut().map(|(name, tags)| (arn(name), tags));
        let rules = self.rules.iter_mut();
        let rules = rules.map(|((bus, name), rule)| (rule_arn(bus, name), &mut rule.tags));
        let found = buses.chain(rules).find(|(held, _)| held == resource);
        found.map(|(_, tags)| tags).ok_or_else(gone)
    }
}

/// Carries out a call.
pub(crate) fn answer(
    held: &mut FakeBuses,
    operation: &str,
    asked: &Value,
) -> Result<Value, Refused> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default();
    let prefix = text("NamePrefix");
    match operation {
        "ListEventBuses" => {
            let all = held.buses.keys().filter(|name| name.starts_with(prefix));
            let all: Vec<Value> = all
                .map(|name| json!({ "Name": name, "Arn": arn(name) }))
                .collect();
            Ok(json!({ "EventBuses": all }))
        }
        "CreateEventBus" => {
            let name = text("Name").to_owned();
            if held.buses.contains_key(&name) {
                return Err(("ResourceAlreadyExistsException", name));
            }
            held.buses.insert(name, tags(asked));
            Ok(Value::Null)
        }
        "DeleteEventBus" => {
            if held.rules.keys().any(|(bus, _)| bus == text("Name")) {
                return Err(("ValidationException", "the bus has rules".to_owned()));
            }
            held.buses.remove(text("Name"));
            Ok(Value::Null)
        }
        "ListTagsForResource" => {
            let tags = held.tags(text("ResourceARN"))?.iter();
            let tags = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
            Ok(json!({ "Tags": tags.collect::<Vec<_>>() }))
        }
        "TagResource" => {
            held.tags(text("ResourceARN"))?.extend(tags(asked));
            Ok(Value::Null)
        }
        "UntagResource" => {
            let keys = asked["TagKeys"].as_array().cloned().unwrap_or_default();
            let tags = held.tags(text("ResourceARN"))?;
            tags.retain(|key, _| !keys.contains(&json!(key)));
            Ok(Value::Null)
        }
        "ListRules" => {
            let bus = text("EventBusName");
            let all = held.rules.iter();
            let all = all.filter(|((on, name), _)| on == bus && name.starts_with(prefix));
            let all: Vec<Value> = all
                .map(|((_, name), rule)| {
                    json!({
                        "Name": name, "Arn": rule_arn(bus, name), "EventPattern": rule.pattern, "State": rule.state,
                    })
                })
                .collect();
            Ok(json!({ "Rules": all }))
        }
        "PutRule" => put_rule(held, asked),
        other => of_rule(held, other, asked),
    }
}

fn put_rule(held: &mut FakeBuses, asked: &Value) -> Result<Value, Refused> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    let bus = text("EventBusName");
    // One that is there already is somebody else's: it need not be in this account.
    if bus != DEFAULT && bus.contains("s3test") && !held.buses.contains_key(&bus) {
        return Err(gone());
    }
    if text("Name").is_empty() || text("Name").len() > 64 {
        return Err(("ValidationException", text("Name")));
    }
    let pattern = text("EventPattern");
    if let Err(error) = fw_grammar::pattern::Pattern::parse(&pattern) {
        return Err(("InvalidEventPatternException", error.reason().to_owned()));
    }
    let there = held.rules.entry((bus, text("Name")));
    let rule = there.or_insert_with(|| FakeRule {
        tags: tags(asked),
        ..FakeRule::default()
    });
    rule.pattern = pattern;
    rule.state = text("State");
    Ok(Value::Null)
}

fn of_rule(held: &mut FakeBuses, operation: &str, asked: &Value) -> Result<Value, Refused> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    let name = match operation {
        "DeleteRule" => text("Name"),
        _ => text("Rule"),
    };
    let key = (text("EventBusName"), name);
    if operation == "DeleteRule" {
        if held
            .rules
            .get(&key)
            .is_some_and(|rule| !rule.targets.is_empty())
        {
            let why = "Rule can't be deleted since it has targets.";
            return Err(("ValidationException", why.to_owned()));
        }
        held.rules.remove(&key);
        return Ok(Value::Null);
    }
    let rule = held.rules.get_mut(&key).ok_or_else(gone)?;
    match operation {
        "ListTargetsByRule" => {
            let all: Vec<&Value> = rule.targets.values().collect();
            Ok(json!({ "Targets": all }))
        }
        "PutTargets" => {
            for one in asked["Targets"].as_array().into_iter().flatten() {
                let id = one["Id"].as_str().unwrap_or_default().to_owned();
                rule.targets.insert(id, one.clone());
            }
            Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
        }
        "RemoveTargets" => {
            let ids = asked["Ids"].as_array().cloned().unwrap_or_default();
            rule.targets.retain(|id, _| !ids.contains(&json!(id)));
            Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
        }
        other => Err(("UnknownOperationException", other.to_owned())),
    }
}

fn tags(asked: &Value) -> Tags {
    let all = asked["Tags"].as_array().into_iter().flatten();
    all.filter_map(|tag| {
        let text = |key: &str| Some(tag[key].as_str()?.to_owned());
        Some((text("Key")?, text("Value")?))
    })
    .collect()
}

fn gone() -> Refused {
    let told = "it does not exist";
    ("ResourceNotFoundException", told.to_owned())
}
