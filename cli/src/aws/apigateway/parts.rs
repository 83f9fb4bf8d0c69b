//! The parts of an HTTP API other than routes: guards, authorizers, stages; and their forms in the
//! SDK.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigatewayv2::types::{
    AccessLogSettings, AuthorizationType, Authorizer as SdkAuthorizer, JwtConfiguration,
    RouteSettings, Stage as SdkStage,
};
use serde::{Deserialize, Serialize};

use crate::values::gateway::{DEFAULT_API_STAGE, PayloadFormat, Rate};

/// Who may call a route. `A` identifies its authorizer: by its name, by its id, or by a handle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Guard<A> {
    /// Everybody.
    #[default]
    Open,
    /// Callers that sign the request and may invoke the API.
    Iam,
    /// Callers with a token that has one of the scopes, if there are any.
    Jwt(A, BTreeSet<String>),
    /// Whom a function allows.
    Lambda(A),
}

impl<A> Guard<A> {
    /// Its authorizer, if it has one.
    pub(crate) fn authorizer(&self) -> Option<&A> {
        match self {
            Self::Open | Self::Iam => None,
            Self::Jwt(authorizer, _) | Self::Lambda(authorizer) => Some(authorizer),
        }
    }

    /// The same with another identification of the authorizer.
    pub(crate) fn try_map<B, E>(
        &self,
        call: impl FnOnce(&A) -> Result<B, E>,
    ) -> Result<Guard<B>, E> {
        Ok(match self {
            Self::Open => Guard::Open,
            Self::Iam => Guard::Iam,
            Self::Jwt(authorizer, scopes) => Guard::Jwt(call(authorizer)?, scopes.clone()),
            Self::Lambda(authorizer) => Guard::Lambda(call(authorizer)?),
        })
    }

    /// The same with another identification of the authorizer that always exists.
    pub(crate) fn map<B>(&self, call: impl FnOnce(&A) -> B) -> Guard<B> {
        match self {
            Self::Open => Guard::Open,
            Self::Iam => Guard::Iam,
            Self::Jwt(authorizer, scopes) => Guard::Jwt(call(authorizer), scopes.clone()),
            Self::Lambda(authorizer) => Guard::Lambda(call(authorizer)),
        }
    }

    /// In a word.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Open => "everybody",
            Self::Iam => "iam",
            Self::Jwt(..) => "jwt",
            Self::Lambda(_) => "authorizer",
        }
    }

    /// API Gateway's name for it (API reference, `Route`, `authorizationType`).
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Open => "NONE",
            Self::Iam => "AWS_IAM",
            Self::Jwt(..) => "JWT",
            Self::Lambda(_) => "CUSTOM",
        }
    }

    /// The scopes of tokens.
    pub(crate) fn scopes(&self) -> Vec<String> {
        match self {
            Self::Jwt(_, scopes) => scopes.iter().cloned().collect(),
            Self::Open | Self::Iam | Self::Lambda(_) => Vec::new(),
        }
    }
}

/// The guard of a route, read from the SDK.
pub(super) fn guard(
    kind: Option<&AuthorizationType>,
    authorizer: Option<&str>,
    scopes: &[String],
) -> Guard<String> {
    let authorizer = authorizer.unwrap_or_default().to_owned();
    match kind {
        Some(AuthorizationType::AwsIam) => Guard::Iam,
        Some(AuthorizationType::Jwt) => Guard::Jwt(authorizer, scopes.iter().cloned().collect()),
        Some(AuthorizationType::Custom) => Guard::Lambda(authorizer),
        _ => Guard::Open,
    }
}

/// What the authorizer checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Checks {
    /// Bearers of an issuer's tokens.
    Jwt {
        /// The tokens' `iss`.
        issuer: String,
        /// One of them must be the token's `aud` or `client_id`.
        audience: Vec<String>,
        /// The place of the token.
        identity: String,
    },
    /// Whom a function allows.
    Function {
        /// The ARN of its alias.
        function: String,
        /// What identifies a caller.
        identity: Vec<String>,
        /// For how many seconds an answer is kept.
        ttl: u32,
        /// The version of its events.
        format: PayloadFormat,
        /// True if it answers with a boolean and not with a policy.
        simple: bool,
    },
}

/// An authorizer of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorizer {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// What it checks.
    pub(crate) checks: Checks,
}

/// The URI with which API Gateway invokes a function (API Gateway API reference,
/// `CreateAuthorizer`, `authorizerUri`).
pub(crate) fn invocation(function: &str) -> String {
    let mut parts = function.split(':');
    let (partition, region) = (parts.nth(1), parts.nth(1));
    let (partition, region) = (partition.unwrap_or("aws"), region.unwrap_or_default());
    format!(
        "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"
    )
}

/// The URI with which a REST API invokes a function whose answer it passes on as it comes. It needs the same permission,
/// `lambda:InvokeFunction` (API Gateway developer guide, "Set up a Lambda proxy integration with payload response streaming"; Lambda
/// API reference, `InvokeWithResponseStream`).
pub(crate) fn streamed_invocation(function: &str) -> String {
    let whole = invocation(function).replacen("/2015-03-31/", "/2021-11-15/", 1);
    let path = whole.strip_suffix("/invocations").unwrap_or(&whole);
    format!("{path}/response-streaming-invocations")
}

/// True if a text is such a URI.
pub(crate) fn is_invocation(text: &str) -> bool {
    invoked(text) != text
}

/// The function that such an address invokes; the address itself where it is another.
pub(crate) fn invoked(uri: &str) -> String {
    uri.split_once("/functions/")
        .and_then(|(_, rest)| {
            let whole = rest.strip_suffix("/invocations");
            whole.or_else(|| rest.strip_suffix("/response-streaming-invocations"))
        })
        .unwrap_or(uri)
        .to_owned()
}

/// An authorizer, read from the SDK.
pub(super) fn authorizer(found: &SdkAuthorizer) -> Authorizer {
    let identity = found.identity_source().to_vec();
    let checks = match found.jwt_configuration() {
        Some(jwt) => Checks::Jwt {
            issuer: jwt.issuer().unwrap_or_default().to_owned(),
            audience: jwt.audience().to_vec(),
            identity: identity.into_iter().next().unwrap_or_default(),
        },
        None => Checks::Function {
            function: invoked(found.authorizer_uri().unwrap_or_default()),
            identity,
            ttl: found
                .authorizer_result_ttl_in_seconds()
                .and_then(|ttl| u32::try_from(ttl).ok())
                .unwrap_or_default(),
            format: match found.authorizer_payload_format_version() {
                Some("1.0") => PayloadFormat::V1,
                _ => PayloadFormat::V2,
            },
            simple: found.enable_simple_responses().unwrap_or(false),
        },
    };
    Authorizer {
        id: found.authorizer_id().unwrap_or_default().to_owned(),
        name: found.name().unwrap_or_default().to_owned(),
        checks,
    }
}

/// A JWT authorizer's configuration for the SDK.
pub(super) fn jwt(issuer: &str, audience: &[String]) -> JwtConfiguration {
    JwtConfiguration::builder()
        .issuer(issuer)
        .set_audience(Some(audience.to_vec()))
        .build()
}

/// Where and how requests are logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessLog {
    /// The log group's ARN, without a star at its end.
    pub(crate) group: String,
    /// A line's template.
    pub(crate) format: String,
}

/// A stage of an API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stage {
    /// Its name; `$default` is the stage without a segment in the path.
    pub(crate) name: String,
    /// True if it deploys changes of the API automatically.
    pub(crate) auto: bool,
    /// What every event carries.
    pub(crate) variables: BTreeMap<String, String>,
    /// The throttle of each route without its own.
    pub(crate) throttle: Option<Rate>,
    /// The routes' own buckets, by route key.
    pub(crate) routes: BTreeMap<String, Rate>,
    /// Where requests are logged.
    pub(crate) log: Option<AccessLog>,
}

impl Stage {
    /// The prefix of each route's path: `/v1`, or empty.
    pub(crate) fn prefix(&self) -> String {
        match self.name.as_str() {
            DEFAULT_API_STAGE => String::new(),
            name => format!("/{name}"),
        }
    }
}

/// An account's default in a region (API Gateway developer guide, "Quotas"). It replaces a stage's
/// own limit, because API Gateway has no call that removes one.
pub(super) const UNLIMITED: Rate = Rate {
    rate: 10_000.0,
    burst: 5_000,
};

fn rate(settings: &RouteSettings) -> Option<Rate> {
    let rate = settings.throttling_rate_limit()?;
    let burst = u32::try_from(settings.throttling_burst_limit()?).ok()?;
    Some(Rate { rate, burst })
}

/// A bucket for the SDK.
pub(super) fn bucket(rate: Rate) -> RouteSettings {
    RouteSettings::builder()
        .throttling_rate_limit(rate.rate)
        .throttling_burst_limit(i32::try_from(rate.burst).unwrap_or(i32::MAX))
        .build()
}

/// An access log for the SDK.
pub(super) fn access_log(log: &AccessLog) -> AccessLogSettings {
    AccessLogSettings::builder()
        .destination_arn(&log.group)
        .format(&log.format)
        .build()
}

/// A stage, read from the SDK.
pub(super) fn stage(found: &SdkStage) -> Stage {
    let routes = found.route_settings().into_iter().flatten();
    Stage {
        name: found.stage_name().unwrap_or_default().to_owned(),
        auto: found.auto_deploy().unwrap_or(false),
        variables: found
            .stage_variables()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        throttle: found
            .default_route_settings()
            .and_then(rate)
            .filter(|rate| *rate != UNLIMITED),
        routes: routes
            .filter_map(|(key, settings)| Some((key.clone(), rate(settings)?)))
            .collect(),
        log: found.access_log_settings().and_then(|log| {
            Some(AccessLog {
                group: log.destination_arn()?.trim_end_matches(":*").to_owned(),
                format: log.format()?.to_owned(),
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{invocation, invoked};

    #[test]
    fn a_function_is_found_in_the_address_that_invokes_it() {
        let function = "arn:aws-cn:lambda:cn-north-1:123456789012:function:notes-dev-owner:live";
        let uri = invocation(function);
        assert_eq!(
            uri,
            format!(
                "arn:aws-cn:apigateway:cn-north-1:lambda:path/2015-03-31/functions/{function}/invocations"
            )
        );
        assert_eq!(invoked(&uri), function);
        assert_eq!(invoked("https://elsewhere"), "https://elsewhere");
    }
}
