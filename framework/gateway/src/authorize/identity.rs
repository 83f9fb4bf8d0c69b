//! Identity sources: the places of a request that identify its sender.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::{
    config::ApiIdentity,
    event::query_pairs,
    http::{Arrival, HttpRequest},
    text::event_time,
};

/// A part of a request that identifies its caller, in the HTTP API's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// `$request.header.NAME`
    Header(String),
    /// `$request.querystring.NAME`
    Query(String),
    /// `$context.NAME`, one of the variables that the model knows.
    Context(ContextVariable),
    /// `$stageVariables.NAME`
    StageVariable(String),
}

/// A variable of a request's context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextVariable {
    /// `accountId`
    AccountId,
    /// `apiId`
    ApiId,
    /// `domainName`
    DomainName,
    /// `domainPrefix`
    DomainPrefix,
    /// `httpMethod`
    HttpMethod,
    /// `path`
    Path,
    /// `protocol`
    Protocol,
    /// `requestId`
    RequestId,
    /// `requestTime`
    RequestTime,
    /// `requestTimeEpoch`
    RequestTimeEpoch,
    /// `routeKey`, which makes an answer valid for only one route.
    RouteKey,
    /// `identity.sourceIp`
    SourceIp,
    /// `stage`
    Stage,
    /// `identity.userAgent`
    UserAgent,
}

impl ContextVariable {
    const ALL: [(&'static str, Self); 14] = [
        ("accountId", Self::AccountId),
        ("apiId", Self::ApiId),
        ("domainName", Self::DomainName),
        ("domainPrefix", Self::DomainPrefix),
        ("httpMethod", Self::HttpMethod),
        ("path", Self::Path),
        ("protocol", Self::Protocol),
        ("requestId", Self::RequestId),
        ("requestTime", Self::RequestTime),
        ("requestTimeEpoch", Self::RequestTimeEpoch),
        ("routeKey", Self::RouteKey),
        ("identity.sourceIp", Self::SourceIp),
        ("stage", Self::Stage),
        ("identity.userAgent", Self::UserAgent),
    ];

    fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, variable)| *variable == self);
        found.map_or("", |(name, _)| name)
    }
}

impl FromStr for IdentitySource {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || IdentityError(text.to_owned());
        // REST APIs write the same without the dollar sign, and with `method`.
        let (place, name) = text
            .strip_prefix("$request.")
            .or_else(|| text.strip_prefix("method.request."))
            .and_then(|rest| rest.split_once('.'))
            .or_else(|| text.split_once('.'))
            .filter(|(_, name)| !name.is_empty())
            .ok_or_else(unknown)?;
        match place {
            "header" => Ok(Self::Header(name.into())),
            "querystring" => Ok(Self::Query(name.into())),
            "$stageVariables" | "stageVariables" => Ok(Self::StageVariable(name.into())),
            "$context" | "context" => ContextVariable::ALL
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, variable)| Self::Context(*variable))
                .ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for IdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "$request.header.{name}"),
            Self::Query(name) => write!(f, "$request.querystring.{name}"),
            Self::Context(variable) => write!(f, "$context.{}", variable.name()),
            Self::StageVariable(name) => write!(f, "$stageVariables.{name}"),
        }
    }
}

/// A text that names no part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityError(String);

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not an identity source; write `$request.header.NAME`, `$request.querystring.NAME`, `$context.NAME` or `$stageVariables.NAME`: `{}`",
            self.0
        )
    }
}

impl Error for IdentityError {}

/// The values that identity sources read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) arrival: &'a Arrival,
    pub(crate) api: &'a ApiIdentity,
    /// The matched route's key, or resource.
    pub(crate) route_key: &'a str,
}

impl<'a> Sources<'a> {
    /// The value of one source; nothing where it is missing or empty, which counts as missing: `[D]`
    /// http-api-lambda-authorizer.
    pub(crate) fn value(&self, source: &IdentitySource) -> Option<Cow<'a, str>> {
        let value: Option<Cow<'a, str>> = match source {
            IdentitySource::Header(name) => joined(
                self.request
                    .headers
                    .iter()
                    .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.as_str().into()),
            ),
            IdentitySource::Query(name) => {
                let (_, query) = self.request.path_and_query();
                let pairs = query_pairs(query, &['&']).into_iter();
                joined(pairs.filter(|(key, _)| key == name).map(|(_, value)| value))
            }
            IdentitySource::StageVariable(name) => self
                .api
                .stage_variables
                .get(name)
                .map(|value| value.as_str().into()),
            IdentitySource::Context(variable) => Some(self.context(*variable)),
        };
        value.filter(|value| !value.is_empty())
    }

    /// The values of all sources, unless one is missing.
    pub(crate) fn values(&self, sources: &[IdentitySource]) -> Option<Vec<String>> {
        sources
            .iter()
            .map(|source| self.value(source).map(Cow::into_owned))
            .collect()
    }

    fn context(&self, variable: ContextVariable) -> Cow<'a, str> {
        let (request, arrival, api) = (self.request, self.arrival, self.api);
        match variable {
            ContextVariable::AccountId => api.account_id.as_str().into(),
            ContextVariable::ApiId => api.api_id.as_str().into(),
            ContextVariable::DomainName => api.domain_name.as_str().into(),
            ContextVariable::DomainPrefix => api.domain_prefix().into(),
            ContextVariable::HttpMethod => request.method.as_str().into(),
            ContextVariable::Path => request.path_and_query().0.into(),
            ContextVariable::Protocol => request.protocol.into(),
            ContextVariable::RequestId => arrival.extended_id.as_str().into(),
            ContextVariable::RequestTime => event_time(arrival.epoch_ms).into(),
            ContextVariable::RequestTimeEpoch => arrival.epoch_ms.to_string().into(),
            ContextVariable::RouteKey => self.route_key.into(),
            ContextVariable::SourceIp => request.source_ip.to_string().into(),
            ContextVariable::Stage => api.stage.as_str().into(),
            ContextVariable::UserAgent => request.header("user-agent").unwrap_or_default().into(),
        }
    }
}

/// Values of one name as an event shows them: with commas between. `[R]` gateway-truth §1.2
fn joined<'a>(mut values: impl Iterator<Item = Cow<'a, str>>) -> Option<Cow<'a, str>> {
    let first = values.next()?;
    Some(values.fold(first, |mut all, value| {
        let text = all.to_mut();
        text.push(',');
        text.push_str(&value);
        all
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "$request.header.X-A",
            "$request.querystring.a.b",
            "$context.routeKey",
            "$context.identity.sourceIp",
            "$stageVariables.v",
        ] {
            let source: IdentitySource = text.parse().expect(text);
            assert_eq!(source.to_string(), text);
        }
        // In the notation of REST APIs.
        for (text, source) in [
            ("method.request.header.A", "$request.header.A"),
            ("context.routeKey", "$context.routeKey"),
            ("stageVariables.v", "$stageVariables.v"),
        ] {
            let read: IdentitySource = text.parse().expect(text);
            assert_eq!(read.to_string(), source);
        }
        for text in [
            "",
            "Authorization",
            "$request.header.",
            "$request.body.a",
            "$context.unknown",
            "$request",
            "method.request.header",
        ] {
            let error = text.parse::<IdentitySource>().expect_err(text);
            assert!(error.to_string().ends_with(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn finds_values() {
        let mut request = HttpRequest::new("GET", "/a?k=v%20w&k=x&e=");
        request.push_header("X-A", b"1");
        request.push_header("x-a", b"2");
        request.push_header("x-empty", b"");
        let arrival = Arrival::new(0, [7; Arrival::ENTROPY]);
        let api = ApiIdentity::new("abc", "$default");
        let sources = Sources {
            request: &request,
            arrival: &arrival,
            api: &api,
            route_key: "GET /a",
        };
        let table = [
            ("$request.header.x-A", Some("1,2")),
            ("$request.header.x-empty", None),
            ("$request.header.x-none", None),
            ("$request.querystring.k", Some("v w,x")),
            ("$request.querystring.e", None),
            ("$context.routeKey", Some("GET /a")),
            ("$context.identity.sourceIp", Some("127.0.0.1")),
            ("$context.identity.userAgent", None),
            ("$stageVariables.v", None),
        ];
        for (text, expected) in table {
            let value = sources.value(&text.parse().expect(text));
            assert_eq!(value.as_deref(), expected, "{text}");
        }
    }
}
