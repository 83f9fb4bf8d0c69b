//! A REST API method's settings beyond its route: validation, keys, its integration.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::{authorize::Requirement, throttle::Throttle};
use fw_manifest::{ManifestRoute, Place};

/// A method of a resource. The default is open to all, checks nothing, and hands everything to the function.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RestMethod {
    /// What it requires of its callers; `None` means everyone may call. `Jwt` names a
    /// [`UserPool`](super::RestAuthorizerKind::UserPool), `Lambda` one of the other kinds.
    pub requirement: Option<Requirement>,
    /// True if a request needs an API key: 403 without one.
    pub api_key_required: bool,
    /// The checks before the function is invoked.
    pub validation: RequestValidation,
    /// Parameters that a request needs, if parameters are checked. A blank one is missing.
    pub required: Vec<RequestParameter>,
    /// JSON Schemas (draft 4) by media type, if bodies are checked. A body without a `Content-Type` counts as
    /// `application/json`; `$default` is for all types that are not listed; without either nothing is checked.
    pub models: BTreeMap<String, Value>,
    /// The request limit of all clients together.
    pub throttle: Option<Throttle>,
    /// True if the function's answer is passed on as it comes (`responseTransferMode: STREAM`).
    pub stream: bool,
    /// What answers.
    pub integration: Integration,
}

impl RestMethod {
    /// A route's settings from the manifest, including its authorization, with the manifest's names
    /// of authorizers. `validation` chooses what the gateway checks by itself; the app checks
    /// everything in any case, and answers with problem documents instead of the gateway's texts.
    ///
    /// The gateway cannot have a model for a body that may be missing, as it refuses an empty one
    /// (`[R]` gateway-truth §2.5), so only a required body is checked.
    #[must_use]
    pub fn of_route(route: &ManifestRoute, validation: RequestValidation) -> Self {
        let required = route
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
            .filter_map(|parameter| {
                let name = parameter.name.clone();
                match parameter.place {
                    Place::Header => Some(RequestParameter::Header(name)),
                    Place::Path => Some(RequestParameter::Path(name)),
                    Place::Query => Some(RequestParameter::Query(name)),
                    Place::Body => None,
                }
            })
            .collect();
        let models = route
            .body
            .iter()
            .filter(|body| body.required && body.content_type == "application/json")
            .map(|body| {
                let schema = body.schema.clone().unwrap_or_else(|| json!({}));
                (body.content_type.clone(), schema)
            })
            .collect();
        Self {
            requirement: Requirement::of_route(route),
            api_key_required: route.api_key,
            validation,
            required,
            models,
            stream: route.stream,
            ..Self::default()
        }
    }
}

/// A request validator: what the gateway checks. `[D]` developer guide, api-gateway-method-request-validation
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestValidation {
    /// The required parameters.
    pub parameters: bool,
    /// The body, by its model.
    pub body: bool,
}

/// A parameter of a request, written `header.NAME`, `path.NAME` or `querystring.NAME`, after `method.request.` or without it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestParameter {
    /// A header; its name's case does not count.
    Header(String),
    /// A variable of the path.
    Path(String),
    /// A parameter of the query.
    Query(String),
}

/// A name that is not a parameter of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterError(String);

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a request parameter is `header.NAME`, `path.NAME` or `querystring.NAME`, not: `{}`",
            self.0
        )
    }
}

impl std::error::Error for ParameterError {}

impl FromStr for RequestParameter {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let place = text.strip_prefix("method.request.").unwrap_or(text);
        let (place, name) = place.split_once('.').unwrap_or((place, ""));
        match place {
            _ if name.is_empty() => Err(ParameterError(text.into())),
            "header" => Ok(Self::Header(name.into())),
            "path" => Ok(Self::Path(name.into())),
            "querystring" => Ok(Self::Query(name.into())),
            _ => Err(ParameterError(text.into())),
        }
    }
}

impl RequestParameter {
    /// The parameter's name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Header(name) | Self::Path(name) | Self::Query(name) => name,
        }
    }
}

/// The target of a method's requests.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Integration {
    /// The function, by Lambda proxy integration (`AWS_PROXY`).
    Proxy(ProxyIntegration),
    /// None: the gateway answers with this status and an empty body. `[R]` gateway-truth §2.3
    Mock(u16),
}

impl Default for Integration {
    fn default() -> Self {
        Self::Proxy(ProxyIntegration::default())
    }
}

/// The configuration of a Lambda proxy integration.
#[derive(Debug, Clone)]
pub struct ProxyIntegration {
    /// The method with which the gateway calls Lambda. Anything except POST makes every request a 500.
    /// `[R]` gateway-truth §2.3
    pub http_method: String,
    /// Mappings `integration.request.…` to `method.request.…` or `'text'`. They are ignored, except
    /// for headers of the connection, which make every request a 500. `[R]` gateway-truth §2.2
    pub request_parameters: BTreeMap<String, String>,
}

impl Default for ProxyIntegration {
    fn default() -> Self {
        Self {
            http_method: "POST".into(),
            request_parameters: BTreeMap::new(),
        }
    }
}

impl ProxyIntegration {
    /// True if the gateway can call Lambda with it.
    pub(super) fn works(&self) -> bool {
        // [R] gateway-truth §2.2
        const FORBIDDEN: [&str; 7] = [
            "authorization",
            "connection",
            "content-length",
            "expect",
            "proxy-authenticate",
            "te",
            "transfer-encoding",
        ];
        self.http_method == "POST"
            && !self
                .request_parameters
                .keys()
                .filter_map(|target| target.strip_prefix("integration.request.header."))
                .any(|name| {
                    FORBIDDEN
                        .iter()
                        .any(|forbidden| name.eq_ignore_ascii_case(forbidden))
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fw_manifest::{ManifestBody, ManifestParameter};

    #[test]
    fn reads_parameters() {
        let table = [
            ("header.X-A", Some(RequestParameter::Header("X-A".into()))),
            (
                "method.request.path.id",
                Some(RequestParameter::Path("id".into())),
            ),
            (
                "querystring.a.b",
                Some(RequestParameter::Query("a.b".into())),
            ),
            ("query.a", None),
            ("header.", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
        assert_eq!(
            "body.a".parse::<RequestParameter>().map_err(|error| error.to_string()),
            Err("a request parameter is `header.NAME`, `path.NAME` or `querystring.NAME`, not: `body.a`".into())
        );
    }

    #[test]
    fn is_made_from_the_manifest() {
        let mut route = ManifestRoute::new("POST", "/a/{id}");
        route.api_key = true;
        route.parameters = vec![
            ManifestParameter::new("id", Place::Path, true, false),
            ManifestParameter::new("q", Place::Query, true, false),
            ManifestParameter::new("x", Place::Query, false, false),
            ManifestParameter::new("/b", Place::Body, true, false),
        ];
        route.body = Some(ManifestBody::new("application/json", true));
        let validation = RequestValidation {
            parameters: true,
            body: true,
        };
        let method = RestMethod::of_route(&route, validation);
        assert!(method.api_key_required);
        assert_eq!(
            method.required,
            [
                RequestParameter::Path("id".into()),
                RequestParameter::Query("q".into())
            ]
        );
        assert_eq!(
            method.models,
            BTreeMap::from([("application/json".into(), json!({}))])
        );
        route.body = Some(ManifestBody::new("application/json", false));
        assert!(RestMethod::of_route(&route, validation).models.is_empty());
    }
}
