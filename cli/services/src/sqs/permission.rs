//! `AddPermission` and `RemovePermission`: statements of a queue's policy.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::visibility::Nothing;
use super::{Call, Sqs, SqsError};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct PermissionInput {
    queue_url: Option<String>,
    label: Option<String>,
    #[serde(rename = "AWSAccountIds")]
    accounts: Option<Vec<String>>,
    actions: Option<Vec<String>>,
}

impl Sqs {
    pub(super) fn add_permission(
        &self,
        call: &Call,
        input: &PermissionInput,
    ) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "AddPermission", input.queue_url.as_deref())?;
        let label = label(input)?;
        let accounts = some(input.accounts.as_ref(), "AWSAccountId")?;
        let actions = some(input.actions.as_ref(), "ActionName")?;
        let mut state = queue.at(self.now());
        let mut policy = read(state.attributes.policy.as_deref(), &queue.arn);
        let mut all = statements(&mut policy);
        if all.iter().any(|statement| statement["Sid"] == *label) {
            return Err(SqsError::value(label, "Label", "Already exists."));
        }
        let statement = json!({
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": one_or_list(accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")))},
            "Action": one_or_list(actions.iter().map(|action| format!("SQS:{action}"))),
            "Resource": &*queue.arn,
        });
        all.push(statement);
        policy.insert("Statement".into(), all.into());
        state.attributes.policy = Some(Value::Object(policy).to_string());
        Ok(Nothing {})
    }

    pub(super) fn remove_permission(
        &self,
        call: &Call,
        input: &PermissionInput,
    ) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "RemovePermission", input.queue_url.as_deref())?;
        let label = label(input)?;
        let mut state = queue.at(self.now());
        let mut policy = read(state.attributes.policy.as_deref(), &queue.arn);
        let mut all = statements(&mut policy);
        let before = all.len();
        all.retain(|statement| statement["Sid"] != *label);
        if all.len() == before {
            return Err(SqsError::value(label, "Label", "can't find label."));
        }
        let is_empty = all.is_empty();
        policy.insert("Statement".into(), all.into());
        state.attributes.policy = (!is_empty).then(|| Value::Object(policy).to_string());
        Ok(Nothing {})
    }
}

fn label(input: &PermissionInput) -> Result<&str, SqsError> {
    input
        .label
        .as_deref()
        .filter(|label| !label.is_empty())
        .ok_or_else(|| SqsError::missing("Label"))
}

fn some<'a>(list: Option<&'a Vec<String>>, parameter: &str) -> Result<&'a [String], SqsError> {
    list.map(Vec::as_slice)
        .filter(|list| !list.is_empty())
        .ok_or_else(|| SqsError::missing(parameter))
}

fn read(policy: Option<&str>, arn: &str) -> Map<String, Value> {
    policy
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| {
            let mut policy = Map::new();
            policy.insert("Version".into(), "2008-10-17".into());
            policy.insert("Id".into(), format!("{arn}/SQSDefaultPolicy").into());
            policy
        })
}

/// The list of statements. A single statement becomes a list.
fn statements(policy: &mut Map<String, Value>) -> Vec<Value> {
    match policy.remove("Statement") {
        Some(Value::Array(list)) => list,
        Some(statement) => vec![statement],
        None => Vec::new(),
    }
}

fn one_or_list(values: impl Iterator<Item = String>) -> Value {
    let mut values: Vec<_> = values.map(Value::String).collect();
    if values.len() == 1 {
        return values.remove(0);
    }
    Value::Array(values)
}
