//! The events that gateways ask an authorizer with, read into a [`Request`].
//!
//! | from | kind | version | resource | answer |
//! |---|---|---|---|---|
//! | HTTP API, format 2.0 | `REQUEST` | `2.0` | `routeArn` | simple |
//! | HTTP API, format 1.0 | `REQUEST` | `1.0` | `methodArn` | policy |
//! | REST API | `REQUEST` | – | `methodArn` | policy |
//! | REST API | `TOKEN` | – | `methodArn` | policy |
//!
//! `[D]` gateway-truth §1.10, §2.6.

use std::sync::Arc;

use http::Method;
use serde::Deserialize;

use super::AuthorizerInfo;
use crate::{
    context::LambdaContext,
    escaped::Escaped,
    event::{self, Refusal},
    extract::Token,
    request::Request,
};

/// A question of a gateway.
#[derive(Debug)]
pub(super) struct Question<'e> {
    pub(super) request: Request<'e>,
    pub(super) from: From,
    /// The resource of the answer: the stage of the API with all its routes.
    pub(super) resource: String,
    /// The route that the caller asks for.
    pub(super) asked: String,
}

/// The asker, which decides the form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// An HTTP API that expects `isAuthorized`.
    HttpApi,
    /// An HTTP API that expects a policy.
    HttpApiV1,
    /// A REST API.
    RestApi,
}

/// The fields that distinguish the events.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    route_arn: Option<String>,
    method_arn: Option<String>,
    authorization_token: Option<String>,
}

/// Reads an event.
///
/// # Errors
///
/// Why it is not an authorizer event.
pub(super) fn read<'e>(
    event: &'e str,
    info: &'static AuthorizerInfo,
    lambda: Arc<LambdaContext>,
) -> Result<Question<'e>, String> {
    let head: Head = serde_json::from_str(event).map_err(|error| error.to_string())?;
    let Some(arn) = head.route_arn.or(head.method_arn) else {
        return Err("it has neither `routeArn` nor `methodArn`".to_owned());
    };
    let resource = whole_stage(&arn)?;
    let from = match head.version.as_deref() {
        Some("2.0") => From::HttpApi,
        Some("1.0") => From::HttpApiV1,
        None => From::RestApi,
        Some(other) => {
            let other = Escaped(other);
            return Err(format!("unknown version: `{other}`"));
        }
    };
    let token = head.authorization_token;
    let mut request = if head.kind.as_deref() == Some("TOKEN") {
        token_request(event, &arn, info, token.clone(), lambda)?
    } else {
        match event::read(event, lambda) {
            Ok(arrival) => arrival.request,
            Err(Refusal::NotHttp(error)) => return Err(error.to_string()),
            Err(Refusal::BadBody(_)) => return Err("its body is not base64".to_owned()),
        }
    };
    if let Some(token) = token {
        request.extensions.insert(Token(token));
    }
    Ok(Question {
        request,
        from,
        resource,
        asked: arn,
    })
}

/// `arn:aws:execute-api:eu-central-1:123456789012:api/stage/GET/path` as `…:api/stage/*`.
///
/// A gateway keeps the answer for all routes that the same caller asks for, so an answer for one route would refuse the others.
/// `[D]` gateway-truth §1.10
fn whole_stage(arn: &str) -> Result<String, String> {
    let mut parts = arn.splitn(3, '/');
    match (parts.next(), parts.next()) {
        (Some(api), Some(stage)) if api.starts_with("arn:") && !stage.is_empty() => {
            Ok(format!("{api}/{stage}/*"))
        }
        _ => Err(format!("not the ARN of a route: `{}`", Escaped(arn))),
    }
}

/// The request of an event with only the token: its method and path are in the ARN.
fn token_request<'e>(
    event: &'e str,
    arn: &str,
    info: &AuthorizerInfo,
    token: Option<String>,
    lambda: Arc<LambdaContext>,
) -> Result<Request<'e>, String> {
    let mut parts = arn.splitn(4, '/').skip(1);
    let stage = parts.next().unwrap_or_default();
    let method = parts.next().unwrap_or_default();
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| format!("not the ARN of a route: `{}`", Escaped(arn)))?;
    let path = format!("/{}", parts.next().unwrap_or_default());
    let mut request = Request::new(method, "/").with_event(event);
    request.encoded_path = path.clone().into();
    request.path = path.into();
    request.stage = stage.to_owned().into();
    request.lambda = lambda;
    if let Some(token) = token {
        let header = info
            .identity
            .iter()
            .find_map(|source| source.strip_prefix("$request.header."));
        let header = header.unwrap_or("authorization").to_ascii_lowercase();
        request.headers.push((header.into(), token.into()));
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::whole_stage;

    #[test]
    fn an_answer_is_about_the_whole_stage() {
        let api = "arn:aws:execute-api:eu-central-1:123456789012:abc";
        for (arn, stage) in [
            (format!("{api}/$default/GET/a/b"), "$default"),
            (format!("{api}/prod/POST/"), "prod"),
            (format!("{api}/prod"), "prod"),
        ] {
            assert_eq!(whole_stage(&arn), Ok(format!("{api}/{stage}/*")));
        }
        for arn in ["", "/", "a/b/c", "arn:aws", "arn:aws/", "*"] {
            assert!(whole_stage(arn).is_err(), "{arn}");
        }
    }
}
