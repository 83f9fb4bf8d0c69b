//! The answer of a Lambda authorizer.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    authorize::from_object,
    authorize::policy::{Decision, Policy},
    authorize::spelling::CallArns,
};

/// The meaning of an authorizer's answer for a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Admitted.
    Allow(Grant),
    /// Denied.
    Deny {
        /// True if a policy denies it explicitly, instead of not allowing it.
        explicit: bool,
        /// Why, for the log.
        reason: String,
    },
}

/// What an authorizer says about a caller that it admits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grant {
    /// The caller: every policy answer has it, a simple answer never does.
    pub principal_id: Option<String>,
    /// More values for the function.
    pub context: Option<Map<String, Value>>,
    /// The API key to count the request under (REST APIs only).
    pub usage_identifier_key: Option<String>,
}

/// An answer that an authorizer may not give, and why, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Simple {
    is_authorized: bool,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WithPolicy {
    principal_id: String,
    policy_document: Policy,
    #[serde(default)]
    context: Option<Map<String, Value>>,
    #[serde(default)]
    usage_identifier_key: Option<String>,
}

impl Verdict {
    /// Reads a simple answer: `{"isAuthorized": …, "context": {…}}`. `[D]` gateway-truth §1.10
    ///
    /// # Errors
    ///
    /// If it is anything else. That a text instead of the boolean is refused is unverified.
    pub fn simple(payload: &[u8]) -> Result<Self, Unusable> {
        let answer: Simple =
            from_object(payload).map_err(|error| unusable("a simple authorizer's", &error))?;
        Ok(if answer.is_authorized {
            Self::Allow(Grant {
                context: answer.context,
                ..Grant::default()
            })
        } else {
            Self::Deny {
                explicit: false,
                reason: "the authorizer answered `isAuthorized: false`".into(),
            }
        })
    }

    /// Reads an answer with an IAM policy, and its decision about a request in all its spellings.
    ///
    /// # Errors
    ///
    /// If it is anything else, or its policy cannot be understood.
    pub fn policy(payload: &[u8], arns: &CallArns) -> Result<Self, Unusable> {
        let answer: WithPolicy =
            from_object(payload).map_err(|error| unusable("an authorizer's policy", &error))?;
        let (decision, arn) = answer
            .policy_document
            .decide_call("execute-api:Invoke", arns);
        let explicit = match decision {
            Decision::Allowed => {
                return Ok(Self::Allow(Grant {
                    principal_id: Some(answer.principal_id),
                    context: answer.context,
                    usage_identifier_key: answer.usage_identifier_key,
                }));
            }
            Decision::Denied => false,
            Decision::ExplicitlyDenied => true,
        };
        let verb = if explicit { "denies" } else { "does not allow" };
        let condition = if answer.policy_document.has_conditions() {
            ", and its conditions were not evaluated"
        } else {
            ""
        };
        let spelling = if arn == arns.sent() {
            ""
        } else {
            ", which is the same path in another spelling"
        };
        Ok(Self::Deny {
            explicit,
            reason: format!(
                "the authorizer's policy {verb} `execute-api:Invoke` on {arn}{spelling}{condition}"
            ),
        })
    }
}

fn unusable(what: &str, error: &serde_json::Error) -> Unusable {
    Unusable(format!("not {what} answer: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/a";

    fn arns() -> CallArns {
        CallArns::new(&crate::ApiIdentity::new("abc", "dev"), "GET", "/a")
    }

    #[test]
    fn reads_simple_answers() {
        let table = [
            (json!({"isAuthorized": true}), Some(true)),
            (json!({"isAuthorized": true, "context": null}), Some(true)),
            (json!({"isAuthorized": true, "other": 1}), Some(true)),
            (json!({"isAuthorized": false}), Some(false)),
            (json!({"isAuthorized": "true"}), None),
            (json!({"isAuthorized": 1}), None),
            (json!({"isAuthorized": true, "context": "x"}), None),
            (json!({"principalId": "p"}), None),
            (json!({}), None),
            (json!(true), None),
            (json!([true]), None),
            (json!(null), None),
        ];
        for (answer, expected) in table {
            let verdict = Verdict::simple(answer.to_string().as_bytes());
            let allowed = verdict
                .ok()
                .map(|verdict| matches!(verdict, Verdict::Allow(_)));
            assert_eq!(allowed, expected, "{answer}");
        }
    }

    #[test]
    fn reads_answers_with_policies() {
        let policy = |effect: &str| json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": ARN}]});
        let answer = |answer: Value| Verdict::policy(answer.to_string().as_bytes(), &arns());
        let allow = answer(
            json!({"principalId": "p", "policyDocument": policy("Allow"), "context": {"k": 1}, "usageIdentifierKey": "u"}),
        );
        let Ok(Verdict::Allow(grant)) = allow else {
            panic!("allowed: {allow:?}")
        };
        assert_eq!(grant.principal_id.as_deref(), Some("p"));
        assert_eq!(grant.context.map(Value::Object), Some(json!({"k": 1})));
        assert_eq!(grant.usage_identifier_key.as_deref(), Some("u"));
        let denied = answer(json!({"principalId": "p", "policyDocument": policy("Deny")}));
        assert!(
            matches!(denied, Ok(Verdict::Deny { explicit: true, .. })),
            "{denied:?}"
        );
        for unusable in [
            json!({"policyDocument": policy("Allow")}),
            json!({"principalId": "p"}),
            json!({"principalId": 1, "policyDocument": policy("Allow")}),
            json!({"principalId": "p", "policyDocument": policy("allow")}),
            json!({"isAuthorized": true}),
            json!("Unauthorized"),
            json!(["p", policy("Allow")]),
            json!({"principalId": "p", "policyDocument": [policy("Allow")["Statement"]]}),
        ] {
            assert!(answer(unusable.clone()).is_err(), "{unusable}");
        }
    }
}
