//! An authorizer's answer, in the form that the gateway expects.

use serde::{Serialize, Serializer};
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
    #[serde(serialize_with = "one_or_more")]
    resource: Vec<String>,
}

/// The resource alone, if there is one.
fn one_or_more<S: Serializer>(list: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    match list {
        [one] => one.serialize(serializer),
        list => list.serialize(serializer),
    }
}

/// The resources of a policy for these routes, of the stage `…:api/stage/*`: `…:api/stage/GET/orders/*`.
fn resources(stage: &str, routes: &[String]) -> Vec<String> {
    let stage = stage.strip_suffix('*').unwrap_or(stage);
    let one = |route: &String| {
        let (method, path) = route.split_once(' ').unwrap_or(("*", route));
        let mut resource = format!("{stage}{}/", method.trim());
        let mut rest = path.trim().trim_start_matches('/');
        while let Some((before, after)) = rest.split_once('{') {
            resource.push_str(before);
            resource.push('*');
            rest = after.split_once('}').map_or("", |(_, after)| after);
        }
        resource.push_str(rest);
        resource
    };
    routes.iter().map(one).collect()
}

/// The answer to this asker, about this resource: the stage, `…:api/stage/*`. `asked` is the route that the caller asks for.
///
/// # Errors
///
/// If the context is not an object.
pub(super) fn answer(
    decision: Decision,
    from: From,
    resource: String,
    asked: &str,
) -> Result<Answer, Error> {
    let (allowed, allow) = match decision {
        // AWS has no policy about no resource at all.
        Decision::Allow(allow) if allow.routes.as_ref().is_some_and(Vec::is_empty) => {
            (false, Allow::new(allow.principal))
        }
        Decision::Allow(allow) => (true, allow),
        // A policy needs a principal, any one.
        Decision::Deny => (false, Allow::new("nobody")),
    };
    let mut context = allow.context.map_err(Error::internal)?;
    context.retain(|_, value| !value.is_null());
    let resource = match &allow.routes {
        Some(routes) => resources(&resource, routes),
        None => vec![resource],
    };
    if from == From::HttpApi {
        let named = |resource: &String| fw_gateway::is_like(asked, resource);
        let allowed = allowed && (allow.routes.is_none() || resource.iter().any(named));
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
