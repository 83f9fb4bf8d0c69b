//! The authorizers that cases name, as functions.

use serde_json::{Value, json};

use crate::case::Authorizer;

/// What came of asking: a result, or an error document.
pub(crate) type Said = Result<Vec<u8>, Vec<u8>>;

/// Plays an authorizer on its event. A case whose behaviour is not known fails.
pub(crate) fn play(authorizer: &Authorizer, event: &[u8]) -> Result<Said, String> {
    let event: Value = serde_json::from_slice(event).map_err(|error| error.to_string())?;
    let behaviour = authorizer.behaviour.as_deref().unwrap_or_default();
    let (name, argument) = behaviour.split_once(':').unwrap_or((behaviour, ""));
    let text = |value: Value| value.to_string().into_bytes();
    // Token authorizers get a method's ARN, the others may get a route's.
    let arn = event.get("methodArn").or_else(|| event.get("routeArn"));
    let arn = arn.cloned().unwrap_or_default();
    let policy = |effect: &str| {
        let statement = json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": arn});
        let mut answer = json!({
            "principalId": "user",
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        });
        if let Some(context) = &authorizer.context {
            answer["context"] = context.clone();
        }
        if let Some(key) = &authorizer.usage_identifier_key {
            answer["usageIdentifierKey"] = json!(key);
        }
        Ok(text(answer))
    };
    Ok(match name {
        "authz-return" => Ok(argument.as_bytes().to_vec()),
        "authz-iam" => policy(argument),
        "authz-iam-by-token" => {
            let allowed = event["authorizationToken"] == "allow";
            policy(if allowed { "Allow" } else { "Deny" })
        }
        "authz-raise" => Err(text(
            json!({"errorType": "Exception", "errorMessage": argument}),
        )),
        _ => return Err(format!("no such authorizer: {behaviour}")),
    })
}
