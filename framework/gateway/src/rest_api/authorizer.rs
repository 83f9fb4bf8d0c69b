//! What a REST API asks of its callers: authorizers as they are configured.

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
    /// What it looks at, and who decides.
    pub kind: RestAuthorizerKind,
    /// For how many seconds a Lambda authorizer's answer is kept for the same identity, at most 3600; 0 keeps none.
    pub ttl: u32,
}

/// The kinds of authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestAuthorizerKind {
    /// `TOKEN`: a function that is given the value of one header.
    Token {
        /// The header's name.
        header: String,
        /// A regular expression that the whole value has to match; one that does not is refused unasked.
        validation: Option<String>,
    },
    /// `REQUEST`: a function that is given the request.
    Request {
        /// What identifies a caller. A request without all of them is refused unasked; the values are the cache's key.
        identity: Vec<IdentitySource>,
    },
    /// `COGNITO_USER_POOLS`: the gateway itself, by a token of the pool. Without an audience any of the pool's clients passes.
    UserPool(JwtAuthorizer),
}

impl RestAuthorizer {
    /// How long answers are kept unless it is said otherwise, in seconds. `[D]` gateway-truth §2.6
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

    /// What the manifest says of an authorizer.
    ///
    /// # Errors
    ///
    /// When it identifies callers by what is no part of a request, or gets a token that stands in no header.
    pub fn of_manifest(authorizer: &ManifestAuthorizer) -> Result<Self, ConfigError> {
        let problem = |problem| ConfigError::Authorizer {
            name: authorizer.name.clone(),
            problem,
        };
        let sources = authorizer.identity.iter().map(|source| source.parse());
        let sources: Vec<IdentitySource> = sources
            .collect::<Result<_, IdentityError>>()
            .map_err(|_| problem("identifies callers by what is no part of a request"))?;
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
                        "gets a token, which stands in a header: `$request.header.Authorization`, say",
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

    /// Refuses what AWS would not make, and compiles the rest.
    fn compile(&self) -> Result<Option<Pattern>, ConfigError> {
        let problem = |problem| {
            Err(ConfigError::Authorizer {
                name: self.name.clone(),
                problem,
            })
        };
        if self.ttl > LONGEST_TTL {
            return problem("keeps answers for more than 3600 s");
        }
        match &self.kind {
            RestAuthorizerKind::Token { header, .. } if header.is_empty() => {
                problem("names no header")
            }
            RestAuthorizerKind::Token {
                validation: Some(text),
                ..
            } => {
                // That the whole value has to match, and not a part of it, is unverified.
                match Pattern::new(&format!("^(?:{text})$")) {
                    Ok(pattern) => Ok(Some(pattern)),
                    Err(_) => {
                        problem("has a validation that cannot be used as a regular expression")
                    }
                }
            }
            RestAuthorizerKind::Request { identity } if self.ttl > 0 && identity.is_empty() => {
                problem("keeps answers and has no identity source to tell callers apart")
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
        /// Of which a user pool's token has to have one, if there are any.
        scopes: Vec<String>,
    },
}

/// Each authorizer's validation, and each method's guard.
type Guards = (Vec<Option<Pattern>>, Vec<Option<Guard>>);

/// Finds what each method asks, and refuses what AWS would not make.
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
