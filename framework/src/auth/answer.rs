//! An authorizer's answer, in the form that the gateway expects.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Allow, Decision, event::From};
use crate::error::Error;

/// The key of the principal in the context of a simple answer, which has no place of its own for
/// it.
pub(crate) const PRINCIPAL: &str = "principalId";

/// An answer in one of both forms.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    #[serde(rename_all = "camelCase")]
    Simple {
        is_authorized: bool,
        #[serde(skip_serializing_if = "Map::is_empty")]
        context: Map<String, Value>,
    },
    #[serde(rename_all = "camelCase")]
    Policy {
        principal_id: String,
        policy_document: Document,
        #[serde(skip_serializing_if = "Map::is_empty")]
        context: Map<String, Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage_identifier_key: Option<String>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Document {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

/// The answer to this asker, about this resource.
///
/// # Errors
///
/// If the context is not an object.
pub(super) fn answer(decision: Decision, from: From, resource: String) -> Result<Answer, Error> {
    let (allowed, allow) = match decision {
        Decision::Allow(allow) => (true, allow),
        // A policy needs a principal, any one.
        Decision::Deny => (false, Allow::new("nobody")),
    };
    let mut context = allow.context.map_err(Error::internal)?;
    context.retain(|_, value| !value.is_null());
    if from == From::HttpApi {
        if allowed {
            context.insert(PRINCIPAL.to_owned(), allow.principal.into());
        }
        return Ok(Answer::Simple {
            is_authorized: allowed,
            context,
        });
    }
    // [D] A REST API refuses an answer whose context contains lists or objects.
    for value in context.values_mut() {
        if value.is_array() || value.is_object() {
            *value = Value::String(value.to_string());
        }
    }
    Ok(Answer::Policy {
        principal_id: allow.principal,
        policy_document: Document {
            version: "2012-10-17",
            statement: [Statement {
                action: "execute-api:Invoke",
                effect: if allowed { "Allow" } else { "Deny" },
                resource,
            }],
        },
        context,
        usage_identifier_key: allow.usage_key,
    })
}
