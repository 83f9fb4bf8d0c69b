//! Gateway responses: how the own answers of a REST API can be changed.
//!
//! `[D]` developer guide, api-gateway-gatewayResponse-definition and supported-gateway-response-types. They change what the gateway
//! answers and never what a function does. `[R]` gateway-truth §2.6

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::{config::ConfigError, event::query_value, http::HttpRequest, text::find_header};

macro_rules! response_types {
    ($($variant:ident $name:literal $status:literal $doc:literal)*) => {
        /// The kinds of answer that a REST API gives by itself. `[R]` gateway-truth §2.6
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum GatewayResponseType {
            $(#[doc = $doc] $variant,)*
        }

        impl GatewayResponseType {
            /// All of them, sorted by name.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// AWS's name for it, such as `ACCESS_DENIED`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// True if it falls back to `DEFAULT_4XX`, else to `DEFAULT_5XX`.
            const fn is_the_clients_fault(self) -> bool {
                match self { $(Self::$variant => $status < 500,)* }
            }
        }
    };
}

response_types! {
    AccessDenied "ACCESS_DENIED" 403 "An authorizer or a policy denies the request."
    ApiConfigurationError "API_CONFIGURATION_ERROR" 500 "The API is set up wrong."
    AuthorizerConfigurationError "AUTHORIZER_CONFIGURATION_ERROR" 500 "The authorizer failed, or its answer is malformed."
    AuthorizerFailure "AUTHORIZER_FAILURE" 500 "The authorizer could not be asked."
    BadRequestBody "BAD_REQUEST_BODY" 400 "The body is not as its model says."
    BadRequestParameters "BAD_REQUEST_PARAMETERS" 400 "A required parameter is missing."
    Default4xx "DEFAULT_4XX" 400 "Every answer from 400 to 499 that has no response of its own."
    Default5xx "DEFAULT_5XX" 500 "Every answer from 500 on that has no response of its own."
    ExpiredToken "EXPIRED_TOKEN" 403 "The token is no longer valid."
    IntegrationFailure "INTEGRATION_FAILURE" 504 "The function failed, or its result is malformed."
    IntegrationTimeout "INTEGRATION_TIMEOUT" 504 "The function took longer than the gateway waits."
    InvalidApiKey "INVALID_API_KEY" 403 "The API key is missing or unknown."
    InvalidSignature "INVALID_SIGNATURE" 403 "The signature is wrong."
    MissingAuthenticationToken "MISSING_AUTHENTICATION_TOKEN" 403 "No method takes the request, or it is not signed."
    QuotaExceeded "QUOTA_EXCEEDED" 429 "The key's quota is used up."
    RequestTooLarge "REQUEST_TOO_LARGE" 413 "The body is too large."
    ResourceNotFound "RESOURCE_NOT_FOUND" 404 "No resource was found after the request was authorized."
    Throttled "THROTTLED" 429 "Requests came too fast."
    Unauthorized "UNAUTHORIZED" 401 "The authorizer cannot tell who the caller is."
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 415 "The integration does not take the body's type."
    WafFiltered "WAF_FILTERED" 403 "A firewall stopped the request."
}

impl fmt::Display for GatewayResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is not a response type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownResponseType(String);

impl fmt::Display for UnknownResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown gateway response: `{}`", self.0)
    }
}

impl std::error::Error for UnknownResponseType {}

impl FromStr for GatewayResponseType {
    type Err = UnknownResponseType;

    fn from_str(name: &str) -> Result<Self, UnknownResponseType> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| UnknownResponseType(name.into()))
    }
}

/// The changes to one kind of answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayResponse {
    /// The status, if another than the gateway's own.
    pub status: Option<u16>,
    /// Headers by name. A value is `'text'` in single quotes, or a mapping:
    /// `method.request.header.NAME`, `method.request.querystring.NAME`, `method.request.path.NAME`,
    /// `context.NAME`, `stageVariables.NAME`. A header without a value is left out.
    pub headers: BTreeMap<String, String>,
    /// Bodies by media type, with `$context.error.messageString` and similar variables. The first
    /// type of `Accept` chooses, then `application/json`, then the first. Without any, the
    /// gateway's own body is sent.
    pub templates: BTreeMap<String, String>,
}

impl GatewayResponse {
    /// A header's value as AWS writes it: a mapping and a text in single quotes stay, any other
    /// text is put in quotes.
    ///
    /// ```
    /// use fw_gateway::GatewayResponse;
    ///
    /// assert_eq!(GatewayResponse::value("denied"), "'denied'");
    /// assert_eq!(GatewayResponse::value("method.request.header.Origin"), "method.request.header.Origin");
    /// ```
    #[must_use]
    pub fn value(text: &str) -> String {
        match Expression::parse(text) {
            Some(_) => text.to_owned(),
            None => format!("'{text}'"),
        }
    }

    /// Refuses what could not be sent.
    pub(super) fn check(&self, kind: GatewayResponseType) -> Result<(), ConfigError> {
        let refuse = |what: String| Err(ConfigError::GatewayResponse(kind, what));
        if let Some(status) = self.status.filter(|status| !(200..=599).contains(status)) {
            return refuse(format!("the status is not from 200 to 599: {status}"));
        }
        for (name, value) in &self.headers {
            if !crate::reply::is_token(name) {
                return refuse(format!("not a valid header name: `{name}`"));
            }
            if Expression::parse(value).is_none() {
                return refuse(format!(
                    "`{name}` is neither text in single quotes nor a mapping such as `method.request.header.Origin`: `{value}`"
                ));
            }
        }
        Ok(())
    }

    /// The type and the text of the body.
    pub(crate) fn body(
        &self,
        facts: &ResponseFacts,
        error: &ErrorFacts<'_>,
    ) -> Option<(&str, String)> {
        let accepted = facts.header("accept").unwrap_or_default();
        let accepted = accepted.split([',', ';']).next().unwrap_or_default().trim();
        let (media, template) = self
            .templates
            .get_key_value(accepted)
            .or_else(|| self.templates.get_key_value("application/json"))
            .or_else(|| self.templates.first_key_value())?;
        Some((media, render(template, |name| facts.variable(name, error))))
    }

    /// The headers with their values.
    pub(crate) fn header_lines<'r>(
        &'r self,
        facts: &'r ResponseFacts,
        error: &ErrorFacts<'_>,
    ) -> impl Iterator<Item = (&'r str, String)> {
        self.headers.iter().filter_map(move |(name, value)| {
            let value = match Expression::parse(value)? {
                Expression::Text(text) => text.to_owned(),
                Expression::Variable(name) => facts.value(name, error)?.into_owned(),
            };
            // A client's words cannot end the header and write the next.
            crate::reply::is_field_value(&value).then_some((name.as_str(), value))
        })
    }
}

/// The configured responses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Responses<'c>(pub(crate) &'c BTreeMap<GatewayResponseType, GatewayResponse>);

impl<'c> Responses<'c> {
    /// The response for a kind of answer: its own, or else the default of its hundred.
    pub(crate) fn find(self, kind: GatewayResponseType) -> Option<&'c GatewayResponse> {
        let default = if kind.is_the_clients_fault() {
            GatewayResponseType::Default4xx
        } else {
            GatewayResponseType::Default5xx
        };
        self.0.get(&kind).or_else(|| self.0.get(&default))
    }
}

enum Expression<'t> {
    Text(&'t str),
    Variable(&'t str),
}

impl<'t> Expression<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        if let Some(quoted) = text.strip_prefix('\'') {
            return quoted.strip_suffix('\'').map(Self::Text);
        }
        [
            "method.request.header.",
            "method.request.querystring.",
            "method.request.path.",
            "context.",
            "stageVariables.",
        ]
        .iter()
        .any(|prefix| {
            text.strip_prefix(prefix)
                .is_some_and(|name| !name.is_empty())
        })
        .then_some(Self::Variable(text))
    }
}

/// The error, for templates.
#[derive(Debug)]
pub(crate) struct ErrorFacts<'e> {
    pub(crate) kind: GatewayResponseType,
    /// `None` if AWS says `null`.
    pub(crate) message: Option<&'e str>,
    /// A validator's result.
    pub(crate) validation: Option<&'e str>,
}

/// What templates may use of a request, kept until its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResponseFacts {
    headers: Vec<(String, String)>,
    query: String,
    params: Vec<(String, String)>,
    context: BTreeMap<&'static str, String>,
    stage_variables: BTreeMap<String, String>,
}

impl ResponseFacts {
    pub(crate) fn new(
        request: &HttpRequest,
        identity: &crate::config::ApiIdentity,
        arrival: &crate::http::Arrival,
    ) -> Self {
        let (path, query) = request.path_and_query();
        let context = [
            ("accountId", identity.account_id.clone()),
            ("apiId", identity.api_id.clone()),
            ("domainName", identity.domain_name.clone()),
            ("extendedRequestId", arrival.extended_id.clone()),
            ("httpMethod", request.method.clone()),
            ("identity.sourceIp", request.source_ip.to_string()),
            (
                "identity.userAgent",
                request.header("user-agent").unwrap_or_default().to_owned(),
            ),
            ("path", path.to_owned()),
            ("protocol", request.protocol.to_owned()),
            ("requestId", arrival.request_id.clone()),
            ("requestTimeEpoch", arrival.epoch_ms.to_string()),
            ("stage", identity.stage.clone()),
        ];
        Self {
            headers: request.headers.clone(),
            query: query.to_owned(),
            params: Vec::new(),
            context: context.into(),
            stage_variables: identity.stage_variables.clone(),
        }
    }

    /// Adds the values of the route.
    pub(crate) fn set_resource(&mut self, resource: &str, params: &[(&str, &str)]) {
        self.context.insert("resourcePath", resource.to_owned());
        self.params = params
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect();
    }

    fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// The value of a name in a template: values of `error` are JSON, all others plain text.
    fn variable(&self, name: &str, error: &ErrorFacts<'_>) -> Cow<'_, str> {
        self.value(name, error).unwrap_or(Cow::Borrowed("null"))
    }

    fn value(&self, name: &str, error: &ErrorFacts<'_>) -> Option<Cow<'_, str>> {
        let owned = |text: &str| Some(Cow::Owned(text.to_owned()));
        if let Some(name) = name.strip_prefix("context.") {
            return match name {
                "error.message" => error.message.and_then(owned),
                "error.messageString" => error.message.map(quoted),
                "error.responseType" => owned(error.kind.as_str()),
                "error.validationErrorString" => error.validation.and_then(owned),
                _ => self
                    .context
                    .get(name)
                    .map(|value| Cow::Borrowed(value.as_str())),
            };
        }
        if let Some(name) = name.strip_prefix("stageVariables.") {
            return self
                .stage_variables
                .get(name)
                .map(|value| value.as_str().into());
        }
        let name = name.strip_prefix("method.request.")?;
        match name.split_once('.')? {
            ("header", name) => self.header(name).map(Into::into),
            ("path", name) => find_header(&self.params, name).map(Into::into),
            ("querystring", name) => query_value(&self.query, name),
            _ => None,
        }
    }
}

/// A text as JSON.
fn quoted(text: &str) -> Cow<'static, str> {
    Cow::Owned(serde_json::Value::from(text).to_string())
}

/// A template with each `$name` and `${name}` replaced. There is no other syntax: these are not
/// Velocity templates.
fn render<'v>(template: &str, value: impl Fn(&str) -> Cow<'v, str>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('$') {
        text.push_str(before);
        let braced = behind.strip_prefix('{');
        let name = braced.unwrap_or(behind);
        let end = name
            .find(|character: char| {
                !(character.is_ascii_alphanumeric() || "._-".contains(character))
            })
            .unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        let after = match braced {
            Some(_) => after.strip_prefix('}'),
            None => Some(after),
        };
        let known = ["context.", "method.request.", "stageVariables."];
        match after {
            Some(after) if known.iter().any(|prefix| name.starts_with(prefix)) => {
                // A full stop at the end is the sentence's.
                let named = name.trim_end_matches('.');
                text.push_str(&value(named));
                text.push_str(name.get(named.len()..).unwrap_or_default());
                rest = after;
            }
            _ => {
                text.push('$');
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_templates() {
        let value = |name: &str| Cow::Owned(format!("<{name}>"));
        let table = [
            (
                r#"{"m":$context.error.messageString}"#,
                r#"{"m":<context.error.messageString>}"#,
            ),
            (
                "a ${context.path}b $stageVariables.x.",
                "a <context.path>b <stageVariables.x>.",
            ),
            (
                "5 $ or $5 or $other.x ${context.path",
                "5 $ or $5 or $other.x ${context.path",
            ),
            (
                "$method.request.header.X-A,",
                "<method.request.header.X-A>,",
            ),
            ("", ""),
            ("$", "$"),
            ("é$é", "é$é"),
        ];
        for (template, expected) in table {
            assert_eq!(render(template, value), expected, "{template}");
        }
    }

    #[test]
    fn names_are_awss() {
        for &kind in GatewayResponseType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!(GatewayResponseType::ALL.is_sorted_by_key(|kind| kind.as_str()));
        assert_eq!(
            "DEFAULT_3XX"
                .parse::<GatewayResponseType>()
                .map_err(|error| error.to_string()),
            Err("unknown gateway response: `DEFAULT_3XX`".into())
        );
    }
}
