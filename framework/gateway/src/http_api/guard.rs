//! Who may call a route of an HTTP API. `[D/U]` gateway-truth §1.8 to §1.10

use std::sync::PoisonError;

use bytes::Bytes;

use crate::{
    authorize::answer::{Grant, Verdict},
    authorize::identity::{IdentitySource, Sources},
    authorize::signature::{Signed, SigningScope},
    authorize::spelling::CallArns,
    authorize::token::{Denial, Token},
    authorize::{
        Access, Authorizer, JwtAuthorizer, LambdaAuthorizer, Need, Pending, Question, Requirement,
        Step, Supplied,
    },
    config::ConfigError,
    event::Trace,
    event::authorizer::{question_v1, question_v2},
    event::v2::HttpApiCall,
    http::{Arrival, HttpReply, HttpRequest, Received},
    http_api::{HttpApi, HttpApiConfig, PayloadFormat, behind_stage},
    reply::http_api::Message,
};

/// The longest time that an answer may be kept, in seconds. `[D]` gateway-truth §1.10
const LONGEST_TTL: u32 = 3600;

/// A route's requirement, with its authorizer's index.
#[derive(Debug, Clone)]
pub(super) enum Guard {
    Iam,
    Jwt {
        authorizer: usize,
        scopes: Vec<String>,
    },
    Lambda {
        authorizer: usize,
    },
}

/// Finds each route's guard, and refuses authorizers that AWS would not create.
pub(super) fn guards(config: &HttpApiConfig) -> Result<Vec<Option<Guard>>, ConfigError> {
    for (index, authorizer) in config.authorizers.iter().enumerate() {
        let before = config.authorizers.iter().take(index);
        if before
            .map(Authorizer::name)
            .any(|name| name == authorizer.name())
        {
            return Err(problem(authorizer, "is there twice"));
        }
        check(authorizer)?;
    }
    let find = |name: &str, is_right: fn(&Authorizer) -> bool| {
        config
            .authorizers
            .iter()
            .position(|authorizer| authorizer.name() == name && is_right(authorizer))
    };
    config
        .routes
        .iter()
        .map(|route| {
            let unknown = |name: &String| ConfigError::UnknownAuthorizer {
                route: route.key.clone(),
                name: name.clone(),
            };
            Ok(match &route.requirement {
                None => None,
                Some(Requirement::Iam) => Some(Guard::Iam),
                Some(Requirement::Jwt { authorizer, scopes }) => Some(Guard::Jwt {
                    authorizer: find(authorizer, |found| matches!(found, Authorizer::Jwt(_)))
                        .ok_or_else(|| unknown(authorizer))?,
                    scopes: scopes.clone(),
                }),
                Some(Requirement::Lambda { authorizer }) => Some(Guard::Lambda {
                    authorizer: find(authorizer, |found| matches!(found, Authorizer::Lambda(_)))
                        .ok_or_else(|| unknown(authorizer))?,
                }),
            })
        })
        .collect()
}

/// `[D]` `CreateAuthorizer` of the API Gateway v2 reference.
fn check(authorizer: &Authorizer) -> Result<(), ConfigError> {
    let wrong = match authorizer {
        Authorizer::Jwt(JwtAuthorizer { issuer, .. }) if issuer.is_empty() => "has no issuer",
        Authorizer::Jwt(JwtAuthorizer { audience, .. }) if audience.is_empty() => {
            "has no audience, so no token could be valid"
        }
        Authorizer::Jwt(JwtAuthorizer {
            identity: IdentitySource::Header(_) | IdentitySource::Query(_),
            ..
        }) => return Ok(()),
        Authorizer::Jwt(_) => "reads tokens from a header or a query parameter only",
        Authorizer::Lambda(LambdaAuthorizer { ttl, .. }) if *ttl > LONGEST_TTL => {
            "caches answers for more than 3600 s"
        }
        Authorizer::Lambda(LambdaAuthorizer { ttl, identity, .. })
            if *ttl > 0 && identity.is_empty() =>
        {
            "caches answers but has no identity source to distinguish callers"
        }
        Authorizer::Lambda(LambdaAuthorizer {
            simple: true,
            payload_format: PayloadFormat::V1,
            ..
        }) => "has simple answers, which format 1.0 does not have",
        Authorizer::Lambda(_) => return Ok(()),
    };
    Err(problem(authorizer, wrong))
}

fn problem(authorizer: &Authorizer, problem: &'static str) -> ConfigError {
    ConfigError::Authorizer {
        name: authorizer.name().to_owned(),
        problem,
    }
}

impl HttpApi {
    /// Takes a request to a guarded route as far as possible without help.
    pub(super) fn ask(
        &self,
        guard: &Guard,
        request: &HttpRequest,
        arrival: &Arrival,
        (route, params): (usize, &[(&str, &str)]),
    ) -> Received {
        let wait = |need, step| {
            Received::Authorize(Box::new(Pending {
                need,
                step,
                request: request.clone(),
                arrival: arrival.clone(),
                route,
            }))
        };
        let sources = Sources {
            request,
            arrival,
            api: &self.config.identity,
            route_key: &self.keys[route],
        };
        let reply = self.reply(request, arrival);
        match guard {
            Guard::Iam => match Signed::for_path(request, self.path(request)) {
                Ok(signed) => {
                    let access_key_id = signed.access_key_id().to_owned();
                    wait(Need::Credentials { access_key_id }, Step::Signature(signed))
                }
                Err(error) => {
                    let reply = reply.message(Message::Forbidden);
                    Received::Answer(reply.because(error.to_string()))
                }
            },
            Guard::Jwt { authorizer, scopes } => {
                let Some(Authorizer::Jwt(jwt)) = self.config.authorizers.get(*authorizer) else {
                    return Received::Answer(self.confused(request, arrival));
                };
                let Some(text) = sources.value(&jwt.identity) else {
                    // [E] gateway-truth §1.9
                    let reply = reply.challenge(Message::Unauthorized, "Bearer".to_owned());
                    return Received::Answer(
                        reply.because(format!("the request has no token in {}", jwt.identity)),
                    );
                };
                match Token::read(&text) {
                    Ok(token) => {
                        let need = Need::Keys {
                            issuer: jwt.issuer.clone(),
                            key_id: token.key_id().to_owned(),
                        };
                        wait(need, Step::Token(token))
                    }
                    Err(denial) => Received::Answer(
                        reply
                            .challenge(Message::Unauthorized, invalid_token(scopes, &denial))
                            .because(denial.reason),
                    ),
                }
            }
            Guard::Lambda { authorizer } => {
                let Some(Authorizer::Lambda(lambda)) = self.config.authorizers.get(*authorizer)
                else {
                    return Received::Answer(self.confused(request, arrival));
                };
                let Some(identity) = sources.values(&lambda.identity) else {
                    let missing = lambda
                        .identity
                        .iter()
                        .find(|source| sources.value(source).is_none());
                    let missing = missing.map(ToString::to_string).unwrap_or_default();
                    return Received::Answer(reply.message(Message::Unauthorized).because(
                        format!(
                            "the authorizer `{}` was not invoked: the request has no {missing}",
                            lambda.name
                        ),
                    ));
                };
                let kept = {
                    let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
                    answers.get(*authorizer, &identity, arrival.epoch_ms)
                };
                if let Some(payload) = kept {
                    return match self.judge(lambda, &payload, request, arrival) {
                        Ok(access) => self.invoke(request, arrival, (route, params), Some(&access)),
                        Err(refusal) => Received::Answer(refusal),
                    };
                }
                let trace = Trace::new(request, arrival);
                let call = HttpApiCall {
                    route: &self.config.routes[route].key,
                    route_key: &self.keys[route],
                    params,
                    access: None,
                };
                let arns = self.arns(request);
                let asked = (arns.sent(), identity.as_slice());
                let api = &self.config.identity;
                let event = match lambda.payload_format {
                    PayloadFormat::V1 => question_v1(request, arrival, api, &trace, &call, asked),
                    PayloadFormat::V2 => question_v2(request, arrival, api, &trace, &call, asked),
                };
                let question = Question {
                    authorizer: *authorizer,
                    name: lambda.name.clone(),
                    event: event.into(),
                    trace_id: trace.full,
                };
                wait(Need::Answer(question), Step::Asked(identity))
            }
        }
    }

    /// Continues a waiting request with what the API needed: to the function's event, or to the
    /// API's own answer.
    #[must_use]
    pub fn resume(&self, pending: &Pending, supplied: &Supplied<'_>) -> Received {
        let (request, arrival) = (&pending.request, &pending.arrival);
        let access = match self.decide(pending, supplied) {
            Ok(access) => access,
            Err(refusal) => return Received::Answer(refusal),
        };
        match self.admit(request, arrival) {
            Ok((route, params)) if route == pending.route => {
                self.invoke(request, arrival, (route, &params), Some(&access))
            }
            Ok(_) => Received::Answer(self.confused(request, arrival)),
            Err(refusal) => Received::Answer(refusal),
        }
    }

    /// Answers a waiting request if what it needs is not available: the issuer does not return its
    /// keys, the authorizer failed or took longer than
    /// [`AUTHORIZER_TIMEOUT`](crate::AUTHORIZER_TIMEOUT). The reason is for the log.
    #[must_use]
    pub fn refuse(&self, pending: &Pending, reason: &str) -> HttpReply {
        let reply = self.reply(&pending.request, &pending.arrival);
        match &pending.need {
            Need::Keys { issuer, .. } => {
                let scopes = match self.guards.get(pending.route) {
                    Some(Some(Guard::Jwt { scopes, .. })) => scopes.as_slice(),
                    _ => &[],
                };
                // Status and text after reports of users; unverified.
                let denial = Denial {
                    description: "OIDC discovery endpoint communication error",
                    reason: format!("the keys of {issuer} could not be fetched: {reason}"),
                };
                reply
                    .challenge(Message::Unauthorized, invalid_token(scopes, &denial))
                    .because(denial.reason)
            }
            Need::Credentials { .. } => reply.message(Message::Forbidden).because(reason),
            // [D] gateway-truth §1.10
            Need::Answer(question) => reply.message(Message::InternalServerError).because(format!(
                "the authorizer `{}` failed: {reason}",
                question.name
            )),
        }
    }

    fn decide(&self, pending: &Pending, supplied: &Supplied<'_>) -> Result<Access, HttpReply> {
        let (request, arrival) = (&pending.request, &pending.arrival);
        let reply = self.reply(request, arrival);
        let guard = self.guards.get(pending.route).and_then(Option::as_ref);
        let authorizers = &self.config.authorizers;
        match (guard, &pending.step) {
            (Some(Guard::Iam), Step::Signature(signed)) => {
                let scope = SigningScope {
                    region: &self.config.identity.region,
                    service: "execute-api",
                };
                let refuse = |reason: String| reply.message(Message::Forbidden).because(reason);
                match *supplied {
                    Supplied::Credentials(known) => signed
                        .check(request, known, scope, arrival.epoch_ms)
                        .map(|principal| Access::Iam(principal.clone()))
                        // One body for every problem; that AWS says no more is unverified.
                        .map_err(|error| refuse(error.to_string())),
                    Supplied::Principal(principal) => Ok(Access::Iam(principal.clone())),
                    _ => Err(self.confused(request, arrival)),
                }
            }
            (Some(Guard::Jwt { authorizer, scopes }), Step::Token(token)) => {
                let Some(Authorizer::Jwt(jwt)) = authorizers.get(*authorizer) else {
                    return Err(self.confused(request, arrival));
                };
                let refuse = |denial: Denial| {
                    reply
                        .challenge(Message::Unauthorized, invalid_token(scopes, &denial))
                        .because(denial.reason)
                };
                match *supplied {
                    Supplied::Keys(keys) => token
                        .check(keys, &jwt.issuer, &jwt.audience, arrival.epoch_ms)
                        .map_err(refuse)?,
                    Supplied::Bearer => {}
                    _ => return Err(self.confused(request, arrival)),
                }
                let own = token.scopes();
                if !scopes.is_empty() && !own.iter().any(|own| scopes.contains(own)) {
                    return Err(reply
                        .challenge(Message::Forbidden, insufficient_scope(scopes))
                        .because(format!(
                            "the route needs one of the scopes {scopes:?}; the token has {own:?}"
                        )));
                }
                Ok(Access::Jwt {
                    claims: token.claims(),
                    // [U] gateway-truth §1.9: the token's full list, where the route asks for one.
                    scopes: (!scopes.is_empty()).then_some(own),
                })
            }
            (Some(Guard::Lambda { authorizer }), Step::Asked(identity)) => {
                let Some(Authorizer::Lambda(lambda)) = authorizers.get(*authorizer) else {
                    return Err(self.confused(request, arrival));
                };
                let payload = match *supplied {
                    Supplied::Answer(payload) => payload,
                    Supplied::FunctionError(document) => {
                        let document = String::from_utf8_lossy(document);
                        return Err(self.refuse(pending, &document));
                    }
                    _ => return Err(self.confused(request, arrival)),
                };
                let access = self.judge(lambda, payload, request, arrival);
                // Cached if it can be read, so that a failure is tried again; AWS's behaviour is
                // unverified.
                if lambda.ttl > 0
                    && access
                        .as_ref()
                        .err()
                        .is_none_or(|reply| reply.status != 500)
                {
                    let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
                    answers.put(
                        *authorizer,
                        identity.clone(),
                        Bytes::copy_from_slice(payload),
                        lambda.ttl,
                        arrival.epoch_ms,
                    );
                }
                access
            }
            _ => Err(self.confused(request, arrival)),
        }
    }

    /// The meaning of an authorizer's answer for this request.
    fn judge(
        &self,
        authorizer: &LambdaAuthorizer,
        payload: &[u8],
        request: &HttpRequest,
        arrival: &Arrival,
    ) -> Result<Access, HttpReply> {
        let reply = self.reply(request, arrival);
        let verdict = if authorizer.simple {
            Verdict::simple(payload)
        } else {
            Verdict::policy(payload, &self.arns(request))
        };
        match verdict {
            Ok(Verdict::Allow(Grant {
                principal_id,
                context,
                ..
            })) => Ok(Access::Lambda {
                principal_id,
                context,
            }),
            Ok(Verdict::Deny { reason, .. }) => {
                Err(reply.message(Message::Forbidden).because(format!(
                    "the authorizer `{}` refused the request: {reason}",
                    authorizer.name
                )))
            }
            Err(unusable) => Err(reply.message(Message::InternalServerError).because(format!(
                "the authorizer `{}` returned an unusable answer: {unusable}",
                authorizer.name
            ))),
        }
    }

    /// The raw path behind the stage.
    fn path<'r>(&self, request: &'r HttpRequest) -> &'r str {
        let (path, _) = request.path_and_query();
        behind_stage(path, &self.config.identity.stage).unwrap_or(path)
    }

    /// The ARNs of this call.
    fn arns(&self, request: &HttpRequest) -> CallArns {
        CallArns::new(&self.config.identity, &request.method, self.path(request))
    }

    /// For what the model's caller must not do: it gave what was not needed, or resumed another API's request.
    fn confused(&self, request: &HttpRequest, arrival: &Arrival) -> HttpReply {
        self.reply(request, arrival)
            .message(Message::InternalServerError)
            .because("the gateway got something other than it asked for")
    }
}

/// `[D]` gateway-truth §1.9. That `scope` names what the route asks for is unverified: the recorded one asks for nothing.
fn invalid_token(scopes: &[String], denial: &Denial) -> String {
    format!(
        r#"Bearer scope="{}" error="invalid_token" error_description="{}""#,
        scopes.join(" "),
        denial.description
    )
}

/// After RFC 6750 §3.1; the text is unverified.
fn insufficient_scope(scopes: &[String]) -> String {
    format!(
        r#"Bearer scope="{}" error="insufficient_scope" error_description="the token does not have a sufficient scope""#,
        scopes.join(" ")
    )
}
