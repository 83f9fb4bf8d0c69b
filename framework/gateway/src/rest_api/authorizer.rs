//! A REST API's authorizers as configured.

use crate::{
    authorize::identity::{IdentityError, IdentitySource},
    authorize::{JwtAuthorizer, Requirement},
    config::ConfigError,
    model::Pattern,
    rest_api::config::RestApiConfig,
};
use fw_manifest::{AuthorizerKind, ManifestAuthorizer};

/// The longest time that an answer may be kept, in seconds. `[D]` `CreateAuthorizer` of the API Gateway v1 reference
const LONGEST_TTL: u32 = 3600;

/// An authorizer of a REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestAuthorizer {
    /// The name by which methods refer to it.
    pub name: String,
    /// Its input, and how it decides.
    pub kind: RestAuthorizerKind,
    /// How many seconds a Lambda authorizer's answer is cached for the same identity, at most 3600;
    /// 0 caches none.
    pub ttl: u32,
}

/// The kinds of authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestAuthorizerKind {
    /// `TOKEN`: a function that gets the value of one header.
    Token {
        /// The header's name.
        header: String,
        /// A regular expression that the whole value must match; a value that does not is refused
        /// without a call.
        validation: Option<String>,
    },
    /// `REQUEST`: a function that gets the request.
    Request {
        /// The identity sources. A request without all of them is refused without a call; the
        /// values are the cache's key.
        identity: Vec<IdentitySource>,
    },
    /// `COGNITO_USER_POOLS`: the gateway itself, by a token of the pool. Without an audience any of the pool's clients passes.
    UserPool(JwtAuthorizer),
}

impl RestAuthorizer {
    /// The default time that answers are cached, in seconds. `[D]` gateway-truth §2.6
    pub const DEFAULT_TTL: u32 = 300;

    /// A `TOKEN` authorizer for the header `Authorization`.
    #[must_use]
    pub fn token(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: RestAuthorizerKind::Token {
                header: "Authorization".into(),
                validation: None,
            },
            ttl: Self::DEFAULT_TTL,
        }
    }

    /// A `REQUEST` authorizer.
    #[must_use]
    pub fn request(name: impl Into<String>, identity: Vec<IdentitySource>) -> Self {
        Self {
            name: name.into(),
            ttl: if identity.is_empty() {
                0
            } else {
                Self::DEFAULT_TTL
            },
            kind: RestAuthorizerKind::Request { identity },
        }
    }

    /// An authorizer from the manifest.
    ///
    /// # Errors
    ///
    /// If an identity source is not part of a request, or the token is not in a header.
    pub fn of_manifest(authorizer: &ManifestAuthorizer) -> Result<Self, ConfigError> {
        let problem = |problem| ConfigError::Authorizer {
            name: authorizer.name.clone(),
            problem,
        };
        let sources = authorizer.identity.iter().map(|source| source.parse());
        let sources: Vec<IdentitySource> = sources
            .collect::<Result<_, IdentityError>>()
            .map_err(|_| problem("identifies callers by a value that is not part of a request"))?;
        let name = authorizer.name.clone();
        let mut made = if authorizer.kind == AuthorizerKind::Token {
            let mut made = Self::token(name);
            match sources.into_iter().next() {
                None => {}
                Some(IdentitySource::Header(header)) => {
                    made.kind = RestAuthorizerKind::Token {
                        header,
                        validation: None,
                    };
                }
                Some(_) => {
                    return Err(problem(
                        "gets a token, which must be in a header such as `$request.header.Authorization`",
                    ));
                }
            }
            made
        } else {
            Self::request(name, sources)
        };
        made.ttl = authorizer.ttl;
        Ok(made)
    }

    /// Refuses what AWS would not create, and compiles the rest.
    fn compile(&self) -> Result<Option<Pattern>, ConfigError> {
        let problem = |problem| {
            Err(ConfigError::Authorizer {
                name: self.name.clone(),
                problem,
            })
        };
        if self.ttl > LONGEST_TTL {
            return problem("caches answers for more than 3600 s");
        }
        match &self.kind {
            RestAuthorizerKind::Token { header, .. } if header.is_empty() => {
                problem("does not name a header")
            }
            RestAuthorizerKind::Token {
                validation: Some(text),
                ..
            } => {
                // That the whole value must match, and not a part of it, is unverified.
                match Pattern::new(&format!("^(?:{text})$")) {
                    Ok(pattern) => Ok(Some(pattern)),
                    Err(_) => {
                        problem("has a validation that cannot be used as a regular expression")
                    }
                }
            }
            RestAuthorizerKind::Request { identity } if self.ttl > 0 && identity.is_empty() => {
                problem("caches answers but has no identity source to distinguish callers")
            }
            RestAuthorizerKind::UserPool(pool) if pool.issuer.is_empty() => {
                problem("has no issuer")
            }
            _ => Ok(None),
        }
    }
}

/// A method's requirement, with its authorizer's index.
#[derive(Debug, Clone)]
pub(super) enum Guard {
    Iam,
    Authorizer {
        index: usize,
        /// Scopes of which a user pool's token must have one, if there are any.
        scopes: Vec<String>,
    },
}

/// Each authorizer's validation, and each method's guard.
type Guards = (Vec<Option<Pattern>>, Vec<Option<Guard>>);

/// Finds what each method requires, and refuses what AWS would not create.
pub(super) fn guards(config: &RestApiConfig) -> Result<Guards, ConfigError> {
    let authorizers = &config.authorizers;
    let mut validations = Vec::with_capacity(authorizers.len());
    for (at, authorizer) in authorizers.iter().enumerate() {
        let mut before = authorizers.iter().take(at);
        if before.any(|other| other.name == authorizer.name) {
            return Err(ConfigError::Authorizer {
                name: authorizer.name.clone(),
                problem: "is there twice",
            });
        }
        validations.push(authorizer.compile()?);
    }
    let guard = |(index, route): (usize, &crate::pattern::RouteKey)| {
        let Some(requirement) = config
            .methods
            .get(&index)
            .and_then(|method| method.requirement.as_ref())
        else {
            return Ok(None);
        };
        let (name, scopes, by_token) = match requirement {
            Requirement::Iam => return Ok(Some(Guard::Iam)),
            Requirement::Jwt { authorizer, scopes } => (authorizer, scopes.clone(), true),
            Requirement::Lambda { authorizer } => (authorizer, Vec::new(), false),
        };
        authorizers
            .iter()
            .position(|found| {
                found.name == *name
                    && matches!(found.kind, RestAuthorizerKind::UserPool(_)) == by_token
            })
            .map(|index| Some(Guard::Authorizer { index, scopes }))
            .ok_or_else(|| ConfigError::UnknownAuthorizer {
                route: route.clone(),
                name: name.clone(),
            })
    };
    let guards = config.routes.iter().enumerate().map(guard);
    Ok((validations, guards.collect::<Result<_, _>>()?))
}
