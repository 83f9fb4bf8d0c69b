//! An authorizer as the macros expand to it, and its way from event to answer.

use http::StatusCode;
use serde_json::value::RawValue;

use super::{
    Decision,
    answer::{Answer, answer},
    event::{self, From, Question},
};
use crate::{
    context::{self, LambdaContext},
    dispatch::{FunctionError, caught},
    entry::{Entry, Kind, collect},
    error::Error,
    request::Request,
    route::BoxFuture,
};
use fw_manifest::{AuthorizerKind, Manifest, ManifestAuthorizer, Source};

/// The facts about an authorizer that are known at compile time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorizerInfo {
    /// Its name: the function's.
    pub name: &'static str,
    /// The function's path, `module::function`.
    pub handler: &'static str,
    /// Its file, as the compiler names it.
    pub file: &'static str,
    /// The line of the function's name, from 1.
    pub line: u32,
    /// True if a REST API gives it only the token.
    pub token: bool,
    /// The identity sources, in the gateway's words: `$request.header.authorization`.
    pub identity: &'static [&'static str],
    /// For how many seconds an answer is kept.
    pub ttl: u32,
}

impl AuthorizerInfo {
    /// The replacement if the attribute has a mistake, so that only the mistake is reported.
    #[doc(hidden)]
    pub const NONE: Self = Self {
        name: "",
        handler: "",
        file: "",
        line: 0,
        token: false,
        identity: &[],
        ttl: 0,
    };

    /// Its description in the manifest.
    fn manifest(&self) -> ManifestAuthorizer {
        let mut manifest = ManifestAuthorizer::new(self.name);
        manifest.handler = self.handler.to_owned();
        manifest.source = Some(Source::new(self.file, self.line));
        if self.token {
            manifest.kind = AuthorizerKind::Token;
        }
        manifest.identity = self.identity.iter().map(|&it| it.to_owned()).collect();
        manifest.ttl = self.ttl;
        manifest
    }
}

/// The function behind its extraction.
pub type Decide<S> = for<'r> fn(&'r S, &'r Request<'r>) -> BoxFuture<'r, Result<Decision, Error>>;

impl<S: Sync> Entry<S> {
    /// The entry of that authorizer.
    #[doc(hidden)]
    #[must_use]
    pub const fn authorizer(info: &'static AuthorizerInfo, decide: Decide<S>) -> Self {
        Self {
            kind: Kind::Authorizer {
                info,
                decide,
                serve: |info, decide, state, event, lambda| {
                    Box::pin(Asked { info }.serve(decide, state, event, lambda))
                },
                manifest: |info, manifest: &mut Manifest| {
                    manifest.authorizers.push(info.manifest());
                },
            },
            collect,
        }
    }
}

/// An authorizer that a gateway asks.
#[derive(Clone, Copy)]
struct Asked {
    info: &'static AuthorizerInfo,
}

impl Asked {
    async fn serve<S: Sync>(
        self,
        decide: Decide<S>,
        state: &S,
        event: &str,
        lambda: LambdaContext,
    ) -> Result<Box<RawValue>, FunctionError> {
        let lambda = context::enter(lambda);
        context::enter_handler(self.info.handler);
        let Question {
            request,
            from,
            resource,
            asked,
        } = event::read(event, self.info, lambda).map_err(|reason| FunctionError {
            kind: "fw.NotAnAuthorizerEvent".into(),
            message: format!(
                "this function is the authorizer `{}` and takes a gateway's authorizer events, but got something else: {reason}",
                self.info.name
            ),
        })?;
        // The panic hook reports a panic.
        let Ok(decision) = caught(async { decide(state, &request).await }).await else {
            context::note_logged();
            return Err(failed());
        };
        let answer = decision
            .and_then(|decision| self.check(decision, from, &request))
            .and_then(|decision| answer(decision, from, resource.clone(), &asked))
            .or_else(|error| self.refuse(&error, from, resource))?;
        serde_json::value::to_raw_value(&answer).map_err(|error| {
            tracing::error!(authorizer = self.info.name, "{error}");
            failed()
        })
    }

    /// The decision, unless the gateway would keep it for routes that it is not about.
    ///
    /// `[D]` gateway-truth §1.10, §2.6: an answer is kept for all routes that the same caller asks for, unless the route is an identity
    /// source.
    fn check(
        self,
        decision: Decision,
        from: From,
        request: &Request<'_>,
    ) -> Result<Decision, Error> {
        let by_route = |source: &&str| {
            [
                "$context.routeKey",
                "$context.path",
                "$context.resourcePath",
                "$context.httpMethod",
            ]
            .contains(source)
        };
        let Decision::Allow(allow) = &decision else {
            return Ok(decision);
        };
        if self.info.ttl == 0 || self.info.identity.iter().any(by_route) {
            return Ok(decision);
        }
        match &allow.routes {
            Some(_) if from == From::HttpApi => Err(Error::internal(
                "the HTTP API would keep this answer for other routes, because it cannot name routes: set `ttl = 0`, or add \
                 `context:routeKey` to `identity`",
            )),
            None if request.was_asked_for_its_route() => Err(Error::internal(
                "the gateway would keep this answer for other routes, but it depends on the path or the method: name the routes with \
                 `Allow::for_routes`, or set `ttl = 0`",
            )),
            _ => Ok(decision),
        }
    }

    /// The gateway's answer to an error. A gateway knows allowed and denied; only a REST API also
    /// has a word for 401.
    ///
    /// `[D]` gateway-truth §1.10, `[R]` §2.6: an error's text that is exactly `Unauthorized` is 401 at a REST API, and 500 at an HTTP API.
    fn refuse(self, error: &Error, from: From, resource: String) -> Result<Answer, FunctionError> {
        let (name, status) = (self.info.name, error.status());
        if status.is_server_error() {
            tracing::error!(authorizer = name, status = status.as_u16(), "{error:#}");
            context::note_logged();
            return Err(failed());
        }
        // A client reads none of it, so the log must report even expected errors.
        tracing::info!(
            authorizer = name,
            status = status.as_u16(),
            "denied: {error:#}"
        );
        if status == StatusCode::UNAUTHORIZED && from == From::RestApi {
            return Err(FunctionError {
                kind: "Unauthorized".into(),
                message: "Unauthorized".to_owned(),
            });
        }
        answer(Decision::Deny, from, resource, "").map_err(|_| failed())
    }
}

/// Any failure except a refusal. The gateway answers with 500, and shows no client the text.
fn failed() -> FunctionError {
    FunctionError {
        kind: "fw.AuthorizerError".into(),
        message: "the authorizer failed; the log says why".to_owned(),
    }
}

/// The type that `#[authorizer]` creates next to the function, with the function's name. It carries
/// the authorizer.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an authorizer",
    label = "not an authorizer",
    note = "put `#[authorizer]` on the function"
)]
pub trait AuthorizerDecl {
    /// The facts known at compile time.
    const INFO: AuthorizerInfo;
}

/// The replacement for the authorizer of a function that is not one, so that only this is reported.
#[doc(hidden)]
#[derive(Debug)]
pub enum NotAnAuthorizer {}

impl AuthorizerDecl for NotAnAuthorizer {
    const INFO: AuthorizerInfo = AuthorizerInfo {
        ttl: u32::MAX,
        ..AuthorizerInfo::NONE
    };
}

/// Panics, and so fails to compile, if a route names a function that is not an authorizer.
#[doc(hidden)]
#[track_caller]
pub const fn assert_authorizer(info: &AuthorizerInfo) {
    assert!(
        info.ttl != u32::MAX,
        "this function has no `#[authorizer]`\n= help: put `#[authorizer]` on it"
    );
}

/// An authorizer that an app of state `S` can have: a stateless one, or one of that very state.
#[diagnostic::on_unimplemented(
    message = "this is not an authorizer for an app with the state `{S}`",
    label = "it has no `#[authorizer]`, or takes another state",
    note = "put `#[authorizer]` on the function; its `&T` argument is the app's state, so `T` must be `{S}`"
)]
pub trait IntoAuthorizer<S> {
    /// The authorizer.
    fn into_authorizer() -> Entry<S>;
}
