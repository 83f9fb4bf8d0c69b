//! `AddPermission`, `GetPolicy`, `RemovePermission`: the policy of a function. It is kept and shown; calls by topics of the same
//! account are not held against it.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, FunctionName, Lambda, LambdaError, Request, lock};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
}

impl Lambda {
    pub(super) fn policy(
        &self,
        request: &Request<'_>,
        name: &str,
        statement: Option<&str>,
    ) -> Option<Answer> {
        Some(match (request.method.as_str(), statement) {
            ("POST", None) => self.add_permission(request, name),
            ("GET", None) => self.get_policy(request, name),
            ("DELETE", Some(statement)) => self.remove_permission(request, name, statement),
            _ => return None,
        })
    }

    fn add_permission(&self, request: &Request<'_>, name: &str) -> Answer {
        let name = self.known(request, "AddPermission", name)?;
        let input: Input = serde_json::from_slice(request.body)
            .map_err(|error| LambdaError::content(&error.to_string()))?;
        let principal = if input.principal.contains(".amazonaws.com") {
            json!({"Service": input.principal})
        } else {
            json!({"AWS": input.principal})
        };
        let function = FunctionName {
            name: name.clone(),
            qualifier: None,
        };
        let mut statement = json!({
            "Sid": input.statement_id,
            "Effect": "Allow",
            "Principal": principal,
            "Action": input.action,
            "Resource": self.arn(&function),
        });
        if let Some(arn) = input.source_arn {
            statement["Condition"]["ArnLike"]["AWS:SourceArn"] = arn.into();
        }
        if let Some(account) = input.source_account {
            statement["Condition"]["StringEquals"]["AWS:SourceAccount"] = account.into();
        }
        let mut policies = lock(&self.policies);
        let policy = policies.entry(name).or_default();
        if policy.contains_key(&input.statement_id) {
            // The text is unverified.
            return Err(LambdaError::conflict(format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing statement.",
                input.statement_id
            )));
        }
        let text = statement.to_string();
        policy.insert(input.statement_id, statement);
        Ok((StatusCode::CREATED, json!({"Statement": text})))
    }

    fn get_policy(&self, request: &Request<'_>, name: &str) -> Answer {
        let name = self.known(request, "GetPolicy", name)?;
        let policies = lock(&self.policies);
        let statements: Vec<_> = policies
            .get(&name)
            .into_iter()
            .flat_map(|policy| policy.values().cloned())
            .collect();
        if statements.is_empty() {
            return Err(LambdaError::not_found(
                "The resource you requested does not exist.",
            ));
        }
        let policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": statements});
        Ok((StatusCode::OK, json!({"Policy": policy.to_string()})))
    }

    fn remove_permission(&self, request: &Request<'_>, name: &str, statement: &str) -> Answer {
        let name = self.known(request, "RemovePermission", name)?;
        let removed = lock(&self.policies)
            .get_mut(&name)
            .and_then(|policy| policy.remove(statement));
        match removed {
            Some(_) => Ok((StatusCode::NO_CONTENT, Value::Null)),
            None => Err(LambdaError::not_found(format!(
                "Statement {statement} is not found in resource policy."
            ))),
        }
    }
}
