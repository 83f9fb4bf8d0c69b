//! Who may call: what a route requires of its callers, what is needed to decide, and what the
//! function gets to know about them.
//!
//! All front doors share this module. A front door that cannot decide by itself answers
//! [`Received::Authorize`](super::Received::Authorize): the [`Pending`] request says what it
//! [`Need`]s, and continues with what the caller [`Supplied`]. Anything that is not understood
//! never admits a request; the refusal says why, for the log.

pub(crate) mod answer;
pub(crate) mod cache;
pub(crate) mod identity;
#[cfg(feature = "verify")]
pub(crate) mod keys;
pub(crate) mod policy;
pub(crate) mod signature;
pub(crate) mod spelling;
pub(crate) mod token;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use answer::{Grant, Unusable, Verdict};
pub use cache::AnswerCache;
pub use identity::{ContextVariable, IdentityError, IdentitySource};
#[cfg(feature = "verify")]
pub use keys::{JwkError, JwkSet};
pub use policy::{Decision, Policy, is_like};
pub use signature::{Credentials, Principal, SignatureError, Signed, SigningScope};
pub use spelling::CallArns;
pub use token::{Denial, KeyError, RsaAlgorithm, Token, TokenKeys};

use crate::{
    http::{Arrival, HttpRequest},
    http_api::PayloadFormat,
};
use fw_manifest::{Authorization, ManifestAuthorizer, ManifestRoute};

/// Reads a JSON object. Serde would also take a list for a struct, by position: `[true]` for `{"isAuthorized": true}`.
fn from_object<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    let object: Map<String, Value> = serde_json::from_slice(json)?;
    serde_json::from_value(Value::Object(object))
}

/// How long a gateway waits for a Lambda authorizer. `[D]` gateway-truth §1.10
pub const AUTHORIZER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an HTTP API waits for an issuer's keys. `[D]` gateway-truth §1.8
pub const KEYS_TIMEOUT: Duration = Duration::from_millis(1500);

/// What a route of an HTTP API requires of its callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// A signature of Signature Version 4 (`AWS_IAM`).
    Iam,
    /// A JSON Web Token.
    Jwt {
        /// The name of a [`JwtAuthorizer`].
        authorizer: String,
        /// Scopes, of which the token must have at least one. An empty list requires none.
        scopes: Vec<String>,
    },
    /// A Lambda authorizer's consent.
    Lambda {
        /// The name of a [`LambdaAuthorizer`].
        authorizer: String,
    },
}

impl Requirement {
    /// A route's requirement in the manifest, with the manifest's names; `None` if everyone may
    /// call it.
    #[must_use]
    pub fn of_route(route: &ManifestRoute) -> Option<Self> {
        Some(match route.authorization.as_ref()? {
            Authorization::Iam => Self::Iam,
            Authorization::Jwt { name, scopes } => Self::Jwt {
                authorizer: name.clone(),
                scopes: scopes.clone(),
            },
            Authorization::Lambda { name } => Self::Lambda {
                authorizer: name.clone(),
            },
        })
    }
}

/// Decides whether a request may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorizer {
    /// The gateway itself, by a token.
    Jwt(JwtAuthorizer),
    /// A function.
    Lambda(LambdaAuthorizer),
}

impl Authorizer {
    /// The name by which routes refer to it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Jwt(authorizer) => &authorizer.name,
            Self::Lambda(authorizer) => &authorizer.name,
        }
    }
}

/// Lets the bearers of an issuer's tokens pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtAuthorizer {
    /// Its name.
    pub name: String,
    /// The issuer: equal to the token's `iss`, and where the keys are found.
    pub issuer: String,
    /// The token's `aud`, or without one its `client_id`, must contain one of these. At least one.
    pub audience: Vec<String>,
    /// The place of the token: a header or a query parameter.
    pub identity: IdentitySource,
}

impl JwtAuthorizer {
    /// An authorizer for tokens in the header `Authorization`.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        issuer: impl Into<String>,
        audience: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            name: name.into(),
            issuer: issuer.into(),
            audience: audience.into_iter().map(Into::into).collect(),
            identity: IdentitySource::Header("Authorization".into()),
        }
    }
}

/// Asks a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LambdaAuthorizer {
    /// Its name.
    pub name: String,
    /// The identity sources. A request without all of them is refused without a call; the values
    /// are the cache's key.
    pub identity: Vec<IdentitySource>,
    /// How many seconds an answer is cached for the same identity, at most 3600; 0 caches none.
    pub ttl: u32,
    /// The shape of the event that the function gets.
    pub payload_format: PayloadFormat,
    /// True if it answers `{"isAuthorized": …}` and not with an IAM policy; only with format 2.0.
    pub simple: bool,
}

impl LambdaAuthorizer {
    /// An authorizer that is asked each time, with an event in format 2.0, and answers in the simple form.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            identity: Vec::new(),
            ttl: 0,
            payload_format: PayloadFormat::V2,
            simple: true,
        }
    }

    /// An authorizer from the manifest.
    ///
    /// # Errors
    ///
    /// If an identity source is not part of a request.
    pub fn of_manifest(authorizer: &ManifestAuthorizer) -> Result<Self, IdentityError> {
        let payload_format = match authorizer.payload_format.as_deref() {
            Some("1.0") => PayloadFormat::V1,
            _ => PayloadFormat::V2,
        };
        let identity = authorizer.identity.iter().map(|source| source.parse());
        Ok(Self {
            name: authorizer.name.clone(),
            identity: identity.collect::<Result<_, _>>()?,
            ttl: authorizer.ttl,
            payload_format,
            // Format 1.0 has no simple form.
            simple: authorizer.simple && payload_format == PayloadFormat::V2,
        })
    }
}

/// What a front door needs before it can decide about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// An issuer's public keys: [`Supplied::Keys`]. AWS finds them by discovery, at
    /// `<issuer>/.well-known/openid-configuration`, within [`KEYS_TIMEOUT`].
    Keys {
        /// The issuer, as configured.
        issuer: String,
        /// The key that the token names: a set without it may be out of date.
        key_id: String,
    },
    /// The credentials of an access key: [`Supplied::Credentials`].
    Credentials {
        /// The access key that the client signed with, so that the caller need not search for it.
        access_key_id: String,
    },
    /// A Lambda authorizer's answer: [`Supplied::Answer`] with its result, within [`AUTHORIZER_TIMEOUT`].
    Answer(Question),
}

/// A Lambda authorizer's invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The authorizer's index among the configured ones.
    pub authorizer: usize,
    /// The authorizer's name.
    pub name: String,
    /// The event, JSON.
    pub event: Bytes,
    /// The trace for `Lambda-Runtime-Trace-Id`, that of the request.
    pub trace_id: String,
}

/// What a front door needed. If it is not available, call
/// [`FrontDoor::refuse`](super::FrontDoor::refuse).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Supplied<'a> {
    /// An issuer's keys.
    Keys(&'a dyn TokenKeys),
    /// The credentials that may sign; `None` if the access key does not exist.
    Credentials(&'a [Credentials]),
    /// The caller vouches for the signer, and the signature is not checked: for tests, which have
    /// no secrets.
    Principal(&'a Principal),
    /// The caller vouches for the token, and neither its signature nor its issuer, audience and times are checked; its scopes
    /// are. For tests, which have no issuer.
    Bearer,
    /// The result of a Lambda authorizer, JSON as posted to the Runtime API.
    Answer(&'a [u8]),
    /// Lambda's error document: the authorizer failed, its process ended, or its function's own timeout passed.
    FunctionError(&'a [u8]),
}

impl fmt::Debug for Supplied<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys(_) => "Keys",
            Self::Credentials(_) => "Credentials",
            Self::Principal(_) => "Principal",
            Self::Bearer => "Bearer",
            Self::Answer(_) => "Answer",
            Self::FunctionError(_) => "FunctionError",
        })
    }
}

/// A request that waits for what the front door needs to decide about it. It contains the request,
/// so no other request can be resumed instead.
#[derive(Debug, Clone)]
pub struct Pending {
    pub(super) need: Need,
    pub(super) step: Step,
    pub(super) request: HttpRequest,
    pub(super) arrival: Arrival,
    /// The index of the matched route.
    pub(super) route: usize,
}

impl Pending {
    /// What it needs.
    #[must_use]
    pub fn need(&self) -> &Need {
        &self.need
    }

    /// The request that waits.
    #[must_use]
    pub fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// Its arrival time and identifiers.
    #[must_use]
    pub fn arrival(&self) -> &Arrival {
        &self.arrival
    }
}

/// The state of a pending request.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A token to check.
    Token(Token),
    /// A signature to check.
    Signature(Signed),
    /// An authorizer was asked, about a caller of this identity.
    Asked(Vec<String>),
}

/// What the function gets to know about an admitted caller.
#[derive(Debug, Clone)]
pub(super) enum Access {
    /// The bearer of a token.
    Jwt {
        /// The claims as texts.
        claims: BTreeMap<String, String>,
        /// All scopes of the token; `None` if the route requires none. `[U]` gateway-truth §1.9
        scopes: Option<Vec<String>>,
    },
    /// Whom a Lambda authorizer let pass.
    Lambda {
        /// The principal, if the answer was a policy.
        principal_id: Option<String>,
        /// The authorizer's own words.
        context: Option<Map<String, Value>>,
    },
    /// The signer.
    Iam(Principal),
}
