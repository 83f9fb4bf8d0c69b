//! `AddPermission` and `RemovePermission`: statements of a topic's policy.

use serde_json::{Value, json};

use super::query::Output;
use super::{Call, Sns, SnsError, check_arn};
use crate::form::Node;

impl Sns {
    pub(super) fn add_permission(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let arn = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", arn)?;
        self.admit(call, "AddPermission", arn)?;
        let label = parameters.text("Label").unwrap_or_default();
        let texts = |name: &str| -> Vec<String> {
            let items = parameters.child(name).map(Node::items).unwrap_or_default();
            items.iter().filter_map(|item| item.value.clone()).collect()
        };
        let accounts = texts("AWSAccountId")
            .into_iter()
            .map(|account| format!("arn:aws:iam::{account}:root"));
        let actions = texts("ActionName")
            .into_iter()
            .map(|action| format!("SNS:{action}"));
        let statement = json!({
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": one_or_list(accounts)},
            "Action": one_or_list(actions),
            "Resource": arn,
        });
        self.change_policy(arn, |statements| {
            if statements.iter().any(|other| other["Sid"] == *label) {
                return Err(SnsError::parameter("Statement already exists"));
            }
            statements.push(statement);
            Ok(())
        })
    }

    pub(super) fn remove_permission(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let arn = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", arn)?;
        self.admit(call, "RemovePermission", arn)?;
        let label = parameters.text("Label").unwrap_or_default();
        self.change_policy(arn, |statements| {
            statements.retain(|statement| statement["Sid"] != *label);
            Ok(())
        })
    }

    fn change_policy(
        &self,
        arn: &str,
        change: impl FnOnce(&mut Vec<Value>) -> Result<(), SnsError>,
    ) -> Result<Output, SnsError> {
        let mut state = self.state();
        let topic = state.topic(arn)?;
        let mut policy = topic
            .get("Policy")
            .and_then(|text| serde_json::from_str(&text).ok())
            .filter(Value::is_object)
            .unwrap_or_else(|| topic.default_policy(&self.place.account));
        let mut statements = match policy["Statement"].take() {
            Value::Array(list) => list,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        change(&mut statements)?;
        policy["Statement"] = statements.into();
        topic.set_policy(&policy);
        Ok(Output::default())
    }
}

fn one_or_list(values: impl Iterator<Item = String>) -> Value {
    let mut values: Vec<_> = values.map(Value::String).collect();
    if values.len() == 1 {
        return values.remove(0);
    }
    Value::Array(values)
}
