//! Who may call a method of a REST API. `[R/D/U]` gateway-truth §2.6

use std::borrow::Cow;
use std::sync::PoisonError;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    authorize::answer::{Grant, Verdict},
    authorize::identity::Sources,
    authorize::signature::{SignatureError, Signed, SigningScope},
    authorize::spelling::CallArns,
    authorize::token::Token,
    authorize::{Access, Need, Pending, Question, Step, Supplied},
    event::Trace,
    event::rest::{rest_question, token_question},
    http::{HttpReply, Received},
    reply::rest::RestMessage,
    rest_api::authorizer::{Guard, RestAuthorizer, RestAuthorizerKind},
    rest_api::{Entered, RestApi},
    text::find_header,
};

/// The longest value of an identity source, in bytes. `[D]` gateway-truth §2.6
const IDENTITY_LIMIT: usize = 1600;

/// A caller that may pass.
#[derive(Debug)]
pub(super) struct Caller {
    /// What the function gets to know.
    pub(super) access: Access,
    /// The API key that the authorizer names.
    pub(super) key: Option<String>,
}

/// Why a caller is refused: the text for the client, and the text for the log.
type Refusal = (RestMessage, String);

impl RestApi {
    /// Takes a request to a guarded method as far as possible without help.
    pub(super) fn ask(&self, guard: &Guard, entered: Entered<'_>) -> Received {
        let (request, arrival) = (entered.request, entered.arrival);
        let wait = |need, step| {
            Received::Authorize(Box::new(Pending {
                need,
                step,
                request: request.clone(),
                arrival: arrival.clone(),
                route: entered.found.index,
            }))
        };
        let refuse = |refusal: Refusal| Received::Answer(self.refusal(&entered, refusal));
        let Guard::Authorizer { index, .. } = guard else {
            return match Signed::for_path(request, bare(entered.path)) {
                Ok(signed) => {
                    let access_key_id = signed.access_key_id().to_owned();
                    wait(Need::Credentials { access_key_id }, Step::Signature(signed))
                }
                Err(error) => refuse(unsigned(&error)),
            };
        };
        let Some(authorizer) = self.config.authorizers.get(*index) else {
            return refuse(confused());
        };
        let identity = match self.identity(*index, authorizer, &entered) {
            Ok(identity) => identity,
            Err(refusal) => return refuse(refusal),
        };
        if let RestAuthorizerKind::UserPool(pool) = &authorizer.kind {
            let text = identity.first().map(String::as_str).unwrap_or_default();
            return match Token::read(text) {
                Ok(token) => {
                    let need = Need::Keys {
                        issuer: pool.issuer.clone(),
                        key_id: token.key_id().to_owned(),
                    };
                    wait(need, Step::Token(token))
                }
                Err(denial) => refuse((RestMessage::Unauthorized, denial.reason)),
            };
        }
        let kept = {
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.get(*index, &identity, arrival.epoch_ms)
        };
        if let Some(payload) = kept {
            return match self.judge(authorizer, &payload, &entered) {
                Ok(caller) => self.admitted(entered, Some(&caller)),
                Err(refusal) => refuse(refusal),
            };
        }
        let trace = Trace::new(request, arrival);
        let api = &self.config.identity;
        let arns = self.arns(&entered);
        let arn = arns.sent();
        let event = match &authorizer.kind {
            RestAuthorizerKind::Request { .. } => {
                let call = self.call(&entered);
                rest_question(request, arrival, api, &trace, &call, arn)
            }
            _ => token_question(
                arn,
                identity.first().map(String::as_str).unwrap_or_default(),
            ),
        };
        let question = Question {
            authorizer: *index,
            name: authorizer.name.clone(),
            event: event.into(),
            trace_id: trace.full,
        };
        wait(Need::Answer(question), Step::Asked(identity))
    }

    /// The values that identify the caller to an authorizer.
    fn identity(
        &self,
        index: usize,
        authorizer: &RestAuthorizer,
        entered: &Entered<'_>,
    ) -> Result<Vec<String>, Refusal> {
        let sources = Sources {
            request: entered.request,
            arrival: entered.arrival,
            api: &self.config.identity,
            route_key: entered.resource,
        };
        let missing = |what: &dyn std::fmt::Display| {
            (
                RestMessage::Unauthorized,
                format!(
                    "the authorizer `{}` was not invoked: the request has no {what}",
                    authorizer.name
                ),
            )
        };
        let identity = match &authorizer.kind {
            RestAuthorizerKind::Token { header, .. } => {
                let token = find_header(&entered.request.headers, header);
                let token = token.filter(|token| !token.is_empty());
                vec![token.ok_or_else(|| missing(header))?.to_owned()]
            }
            RestAuthorizerKind::UserPool(pool) => {
                let token = sources.value(&pool.identity);
                vec![
                    token
                        .map(Cow::into_owned)
                        .ok_or_else(|| missing(&pool.identity))?,
                ]
            }
            RestAuthorizerKind::Request { identity } => identity
                .iter()
                .map(|source| {
                    let value = sources.value(source).map(Cow::into_owned);
                    value.ok_or_else(|| missing(source))
                })
                .collect::<Result<_, _>>()?,
        };
        if identity.iter().any(|value| value.len() > IDENTITY_LIMIT) {
            let reason = format!("an identity source has more than {IDENTITY_LIMIT} bytes");
            return Err((RestMessage::UriTooLong, reason));
        }
        // [D] developer guide, configure-api-gateway-lambda-authorization
        if let (Some(Some(pattern)), Some(token)) = (self.validations.get(index), identity.first())
            && !pattern.is_in(token)
        {
            let reason = format!(
                "the authorizer `{}` was not invoked: the token does not match its validation",
                authorizer.name
            );
            return Err((RestMessage::Unauthorized, reason));
        }
        Ok(identity)
    }

    /// Continues a waiting request with what the API needed: to the function's event, or to the
    /// API's own answer.
    #[must_use]
    pub fn resume(&self, pending: &Pending, supplied: &Supplied<'_>) -> Received {
        let entered = match self.enter(&pending.request, &pending.arrival) {
            Ok(entered) => entered,
            Err(reply) => return Received::Answer(reply),
        };
        match self.decide(pending, &entered, supplied) {
            Ok(caller) => self.admitted(entered, Some(&caller)),
            Err(refusal) => Received::Answer(self.refusal(&entered, refusal)),
        }
    }

    /// Answers a request that waited for what cannot be had: the authorizer took longer than
    /// [`AUTHORIZER_TIMEOUT`](crate::AUTHORIZER_TIMEOUT), or cannot be invoked. The reason is for the log.
    #[must_use]
    pub fn refuse(&self, pending: &Pending, reason: &str) -> HttpReply {
        let message = match &pending.need {
            Need::Keys { .. } => RestMessage::Unauthorized,
            Need::Credentials { .. } => RestMessage::UnknownClient,
            Need::Answer(_) => RestMessage::AuthorizerFailure,
        };
        match self.enter(&pending.request, &pending.arrival) {
            Ok(entered) => self.refusal(&entered, (message, reason.to_owned())),
            Err(reply) => reply,
        }
    }

    fn decide(
        &self,
        pending: &Pending,
        entered: &Entered<'_>,
        supplied: &Supplied<'_>,
    ) -> Result<Caller, Refusal> {
        let (request, now) = (entered.request, entered.arrival.epoch_ms);
        let guard = self.guards.get(pending.route).and_then(Option::as_ref);
        let guard = guard.filter(|_| entered.found.index == pending.route);
        let iam = |principal| Caller {
            access: Access::Iam(principal),
            key: None,
        };
        match (guard, &pending.step) {
            (Some(Guard::Iam), Step::Signature(signed)) => {
                let scope = SigningScope {
                    region: &self.config.identity.region,
                    service: "execute-api",
                };
                match *supplied {
                    Supplied::Credentials(known) => signed
                        .check(request, known, scope, now)
                        .map(|principal| iam(principal.clone()))
                        .map_err(|error| unsigned(&error)),
                    Supplied::Principal(principal) => Ok(iam(principal.clone())),
                    _ => Err(confused()),
                }
            }
            (Some(Guard::Authorizer { index, scopes }), step) => {
                let authorizer = self.config.authorizers.get(*index).ok_or_else(confused)?;
                match (&authorizer.kind, step, *supplied) {
                    (
                        RestAuthorizerKind::UserPool(pool),
                        Step::Token(token),
                        Supplied::Keys(keys),
                    ) => {
                        let (_, own) = token.audience();
                        let audience = if pool.audience.is_empty() {
                            &own
                        } else {
                            &pool.audience
                        };
                        token
                            .check(keys, &pool.issuer, audience, now)
                            .map_err(|denial| (RestMessage::Unauthorized, denial.reason))?;
                        let has = token.scopes();
                        if !scopes.is_empty() && !has.iter().any(|scope| scopes.contains(scope)) {
                            let reason = format!(
                                "the method needs one of {scopes:?}; the token has {has:?}"
                            );
                            return Err((RestMessage::Unauthorized, reason));
                        }
                        Ok(Caller {
                            access: Access::Jwt {
                                claims: token.claims(),
                                scopes: None,
                            },
                            key: None,
                        })
                    }
                    (_, Step::Asked(identity), Supplied::Answer(payload)) => {
                        let caller = self.judge(authorizer, payload, entered);
                        // Cached if it can be read, so that a failure is tried again; AWS's
                        // behaviour is unverified.
                        let unusable =
                            matches!(caller, Err((RestMessage::AuthorizerMisconfigured, _)));
                        if !unusable {
                            let mut answers =
                                self.answers.lock().unwrap_or_else(PoisonError::into_inner);
                            let payload = Bytes::copy_from_slice(payload);
                            answers.put(*index, identity.clone(), payload, authorizer.ttl, now);
                        }
                        caller
                    }
                    (_, Step::Asked(_), Supplied::FunctionError(document)) => {
                        Err(failed(authorizer, document))
                    }
                    _ => Err(confused()),
                }
            }
            _ => Err(confused()),
        }
    }

    /// The meaning of an authorizer's answer for this request.
    fn judge(
        &self,
        authorizer: &RestAuthorizer,
        payload: &[u8],
        entered: &Entered<'_>,
    ) -> Result<Caller, Refusal> {
        let name = &authorizer.name;
        let unusable = |why: &dyn std::fmt::Display| {
            (
                RestMessage::AuthorizerMisconfigured,
                format!("the authorizer `{name}` returned an unusable answer: {why}"),
            )
        };
        match Verdict::policy(payload, &self.arns(entered)) {
            Ok(Verdict::Allow(Grant {
                principal_id,
                context,
                usage_identifier_key,
            })) => {
                // [D] developer guide, api-gateway-lambda-authorizer-output: no objects and no lists.
                let nested = context.iter().flatten();
                let nested = nested
                    .filter(|(_, value)| matches!(value, Value::Object(_) | Value::Array(_)))
                    .map(|(name, _)| name.clone())
                    .next();
                if let Some(nested) = nested {
                    return Err(unusable(&format!(
                        "`context.{nested}` is an object or a list"
                    )));
                }
                Ok(Caller {
                    access: Access::Lambda {
                        principal_id,
                        context,
                    },
                    key: usage_identifier_key,
                })
            }
            Ok(Verdict::Deny { explicit, reason }) => Err((
                RestMessage::AccessDenied { explicit },
                format!("the authorizer `{name}` refused the request: {reason}"),
            )),
            Err(why) => Err(unusable(&why)),
        }
    }

    /// The ARNs of this call.
    fn arns(&self, entered: &Entered<'_>) -> CallArns {
        CallArns::new(&self.config.identity, entered.method, bare(entered.path))
    }

    fn refusal(&self, entered: &Entered<'_>, (message, reason): Refusal) -> HttpReply {
        self.reply(entered.arrival, entered.facts.as_ref())
            .message(&message)
            .because(reason)
    }
}

/// A path without a query.
fn bare(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// For what the model's caller must not do: it gave what was not needed, or resumed another API's request.
fn confused() -> Refusal {
    (
        RestMessage::InternalServerError,
        "the gateway got something other than it asked for".into(),
    )
}

/// The meaning of an authorizer's function error: exactly `Unauthorized` is 401. `[R]`
/// gateway-truth §2.6
fn failed(authorizer: &RestAuthorizer, document: &[u8]) -> Refusal {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        error_message: Option<String>,
    }
    let message = serde_json::from_slice(document)
        .ok()
        .and_then(|document: Document| document.error_message)
        .unwrap_or_default();
    let answer = if message == "Unauthorized" {
        RestMessage::Unauthorized
    } else {
        RestMessage::AuthorizerMisconfigured
    };
    let reason = format!("the authorizer `{}` failed: {message}", authorizer.name);
    (answer, reason)
}

/// The client's text about its signature. A missing one is recorded (gateway-truth §2.6), the rest
/// is unverified.
fn unsigned(error: &SignatureError) -> Refusal {
    let message = match error {
        SignatureError::Missing => RestMessage::MissingAuthenticationToken,
        SignatureError::UnknownCredentials => RestMessage::UnknownClient,
        error => RestMessage::InvalidSignature(error.to_string()),
    };
    (message, error.to_string())
}
