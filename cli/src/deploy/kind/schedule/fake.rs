//! Scheduler in memory: a schedule needs its group and an expression in Scheduler's grammar; a group goes with all that is in it.

use std::collections::BTreeMap;

use fw_grammar::schedule::{Dialect, Schedule};
use serde_json::{Value, json};

use crate::{aws::fake::Fake, values::names::Tags};

/// What Scheduler holds: groups by name, schedules by group and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FakeSchedules {
    pub(crate) groups: BTreeMap<String, Tags>,
    pub(crate) schedules: BTreeMap<(String, String), Value>,
}

type Refused = (&'static str, String);

/// The ARN of the group of that name.
pub(crate) fn arn(group: &str) -> String {
    format!(
        "arn:aws:scheduler:{}:{}:schedule-group/{group}",
        Fake::REGION,
        Fake::ACCOUNT
    )
}

/// Carries out a call.
pub(crate) fn answer(
    held: &mut FakeSchedules,
    operation: &str,
    asked: &Value,
) -> Result<Value, Refused> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    match operation {
        "GetScheduleGroup" => match held.groups.contains_key(&text("Name")) {
            true => {
                Ok(json!({ "Arn": arn(&text("Name")), "Name": text("Name"), "State": "ACTIVE" }))
            }
            false => Err(gone()),
        },
        "CreateScheduleGroup" => {
            if held.groups.contains_key(&text("Name")) {
                return Err(("ConflictException", text("Name")));
            }
            held.groups.insert(text("Name"), tags(asked));
            Ok(json!({}))
        }
        "DeleteScheduleGroup" => {
            held.groups.remove(&text("Name")).ok_or_else(gone)?;
            held.schedules
                .retain(|(group, _), _| *group != text("Name"));
            Ok(json!({}))
        }
        "ListTagsForResource" | "TagResource" | "UntagResource" => tagged(held, operation, asked),
        other => of_schedule(held, other, asked),
    }
}

fn tagged(held: &mut FakeSchedules, operation: &str, asked: &Value) -> Result<Value, Refused> {
    let resource = asked["ResourceArn"].as_str().unwrap_or_default();
    let mut groups = held.groups.iter_mut();
    let found = groups.find(|(name, _)| arn(name) == resource);
    let (_, found) = found.ok_or_else(gone)?;
    match operation {
        "TagResource" => found.extend(tags(asked)),
        "UntagResource" => {
            let keys = asked["TagKeys"].as_array().cloned().unwrap_or_default();
            found.retain(|key, _| !keys.contains(&json!(key)));
        }
        _ => {
            let all = found.iter();
            let all = all.map(|(key, value)| json!({ "Key": key, "Value": value }));
            return Ok(json!({ "Tags": all.collect::<Vec<_>>() }));
        }
    }
    Ok(json!({}))
}

fn of_schedule(held: &mut FakeSchedules, operation: &str, asked: &Value) -> Result<Value, Refused> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    let (group, name) = (text("GroupName"), text("Name"));
    if !held.groups.contains_key(&group) {
        return Err(gone());
    }
    let key = (group.clone(), name.clone());
    match operation {
        "ListSchedules" => {
            let all = held.schedules.keys().filter(|(held, _)| *held == group);
            let all: Vec<Value> = all.map(|(_, name)| json!({ "Name": name })).collect();
            Ok(json!({ "Schedules": all }))
        }
        "GetSchedule" => held.schedules.get(&key).cloned().ok_or_else(gone),
        "CreateSchedule" | "UpdateSchedule" => {
            let there = held.schedules.contains_key(&key);
            if there && operation == "CreateSchedule" {
                return Err(("ConflictException", name));
            }
            if !there && operation == "UpdateSchedule" {
                return Err(gone());
            }
            let expression = text("ScheduleExpression");
            if Schedule::parse(&expression, Dialect::Scheduler).is_err() {
                let why = format!("Invalid Schedule Expression {expression}.");
                return Err(("ValidationException", why));
            }
            if !asked["Target"]["RoleArn"]
                .as_str()
                .is_some_and(|arn| arn.contains(":role/"))
            {
                return Err(("ValidationException", "RoleArn".to_owned()));
            }
            held.schedules.insert(key, asked.clone());
            Ok(json!({}))
        }
        "DeleteSchedule" => {
            held.schedules.remove(&key).ok_or_else(gone)?;
            Ok(json!({}))
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
    ("ResourceNotFoundException", "it does not exist".to_owned())
}
