//! The event of a REST API. `[R]` gateway-truth §2.2
//!
//! Nothing in the path is decoded, missing values are `null`, and there is no `version`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::{
    authorize::Access,
    authorize::signature::Principal,
    config::ApiIdentity,
    event::{
        LastValues, Object, Pairs, Trace, ValueLists, body, filled, forwarded_headers, query_pairs,
        sort_by_name, to_json,
    },
    http::{Arrival, HttpRequest},
    text::{event_time, title_case},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    resource: &'a str,
    path: &'a str,
    http_method: &'a str,
    headers: Option<LastValues<'a, 'a>>,
    multi_value_headers: Option<ValueLists<'a, 'a>>,
    query_string_parameters: Option<LastValues<'a, 'a>>,
    multi_value_query_string_parameters: Option<ValueLists<'a, 'a>>,
    path_parameters: Option<Object<'a>>,
    stage_variables: Option<&'a BTreeMap<String, String>>,
    request_context: Context<'a>,
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    resource_id: String,
    resource_path: &'a str,
    http_method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<RestAccess<'a>>,
    extended_request_id: &'a str,
    request_time: String,
    path: &'a str,
    account_id: &'a str,
    protocol: &'a str,
    stage: &'a str,
    domain_prefix: &'a str,
    request_time_epoch: u64,
    request_id: &'a str,
    identity: Identity<'a>,
    domain_name: &'a str,
    deployment_id: String,
    api_id: &'a str,
}

/// The caller. Without a signature only two values are known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity<'a> {
    cognito_identity_pool_id: (),
    account_id: Option<&'a str>,
    cognito_identity_id: (),
    caller: Option<&'a str>,
    source_ip: IpAddr,
    principal_org_id: Option<&'a str>,
    access_key: Option<&'a str>,
    cognito_authentication_type: (),
    cognito_authentication_provider: (),
    user_arn: Option<&'a str>,
    user_agent: Option<&'a str>,
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<&'a str>,
}

impl<'a> Identity<'a> {
    pub(super) fn new(request: &HttpRequest, user_agent: Option<&'a str>) -> Self {
        Self {
            cognito_identity_pool_id: (),
            account_id: None,
            cognito_identity_id: (),
            caller: None,
            source_ip: request.source_ip,
            principal_org_id: None,
            access_key: None,
            cognito_authentication_type: (),
            cognito_authentication_provider: (),
            user_arn: None,
            user_agent,
            user: None,
            api_key: None,
            api_key_id: None,
        }
    }

    /// The same with the signer of the request.
    pub(super) fn signed_by(self, principal: Option<&'a Principal>) -> Self {
        let Some(principal) = principal else {
            return self;
        };
        Self {
            account_id: Some(&principal.account_id),
            caller: Some(&principal.caller_id),
            principal_org_id: principal.principal_org_id.as_deref(),
            access_key: Some(&principal.access_key),
            user_arn: Some(&principal.user_arn),
            user: Some(&principal.user_id),
            ..self
        }
    }

    /// The same with the API key that the method requires, its name and its value. `[D]` developer
    /// guide, api-gateway-mapping-template-reference: `$context.identity.apiKey`, `apiKeyId`
    fn with_key(self, key: Option<(&'a str, &'a str)>) -> Self {
        Self {
            api_key: key.map(|(_, value)| value),
            api_key_id: key.map(|(name, _)| name),
            ..self
        }
    }
}

/// What the REST pipeline knows about a request.
pub(crate) struct RestCall<'a> {
    /// The method, which `X-HTTP-Method-Override` may have replaced.
    pub(crate) method: &'a str,
    /// The resource's template.
    pub(crate) resource: &'a str,
    /// The resource's variables with their raw values.
    pub(crate) params: &'a [(&'a str, &'a str)],
    /// The path behind the stage.
    pub(crate) path: &'a str,
    /// The path with the stage.
    pub(crate) full_path: &'a str,
    /// True if `binaryMediaTypes` contains the body's type.
    pub(crate) binary: bool,
    /// The name and the value of the API key, if the method needs one.
    pub(crate) api_key: Option<(&'a str, &'a str)>,
    /// The caller, if the method requires one.
    pub(crate) access: Option<&'a Access>,
}

/// The event of a REST API.
pub(crate) fn rest_event(
    request: &HttpRequest,
    arrival: &Arrival,
    identity: &ApiIdentity,
    trace: &Trace,
    call: &RestCall<'_>,
) -> Vec<u8> {
    let (_, query) = request.path_and_query();
    let headers = rest_headers(request, identity, trace);
    // [R/D] gateway-truth §2.2: `;` splits too.
    let mut parameters = query_pairs(query, &['&', ';']);
    sort_by_name(&mut parameters);
    let (body, is_base64_encoded) = body(request, !call.binary);
    let params: Pairs<'_> = call
        .params
        .iter()
        .map(|&(name, value)| (name.into(), value.into()))
        .collect();
    let event = Event {
        resource: call.resource,
        path: call.path,
        http_method: call.method,
        headers: filled(&headers).map(LastValues),
        multi_value_headers: filled(&headers).map(ValueLists),
        query_string_parameters: filled(&parameters).map(LastValues),
        multi_value_query_string_parameters: filled(&parameters).map(ValueLists),
        path_parameters: Some(Object(params)).filter(|params| !params.is_empty()),
        stage_variables: Some(&identity.stage_variables).filter(|variables| !variables.is_empty()),
        request_context: context(request, arrival, identity, call),
        body,
        is_base64_encoded,
    };
    to_json(&event, request)
}

/// The content of the event's `requestContext`.
fn context<'a>(
    request: &'a HttpRequest,
    arrival: &'a Arrival,
    identity: &'a ApiIdentity,
    call: &RestCall<'a>,
) -> Context<'a> {
    let principal = match call.access {
        Some(Access::Iam(principal)) => Some(principal),
        _ => None,
    };
    Context {
        resource_id: short_id(call.resource),
        resource_path: call.resource,
        http_method: call.method,
        authorizer: RestAccess::new(call.access),
        extended_request_id: &arrival.extended_id,
        request_time: event_time(arrival.epoch_ms),
        path: call.full_path,
        account_id: &identity.account_id,
        protocol: request.protocol,
        stage: &identity.stage,
        domain_prefix: identity.domain_prefix(),
        request_time_epoch: arrival.epoch_ms,
        request_id: &arrival.request_id,
        identity: Identity::new(request, request.header("user-agent"))
            .signed_by(principal)
            .with_key(call.api_key),
        domain_name: &identity.domain_name,
        deployment_id: short_id(&identity.stage),
        api_id: &identity.api_id,
    }
}

/// `requestContext.authorizer`: the principal and the context with all values as texts (`[D]`
/// gateway-truth §2.6), or a user pool's claims. The signer is in `identity` instead.
struct RestAccess<'a>(&'a Access);

impl<'a> RestAccess<'a> {
    fn new(access: Option<&'a Access>) -> Option<Self> {
        access
            .filter(|access| !matches!(access, Access::Iam(_)))
            .map(Self)
    }
}

impl Serialize for RestAccess<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Access::Jwt { claims, .. } => map.serialize_entry("claims", claims)?,
            Access::Lambda {
                principal_id,
                context,
            } => {
                let context = context.iter().flatten();
                for (name, value) in context.filter(|(name, _)| *name != "principalId") {
                    match value {
                        serde_json::Value::String(text) => map.serialize_entry(name, text)?,
                        // Left out; unverified.
                        serde_json::Value::Null => {}
                        other => map.serialize_entry(name, &other.to_string())?,
                    }
                }
                if let Some(principal_id) = principal_id {
                    map.serialize_entry("principalId", principal_id)?;
                }
            }
            Access::Iam(_) => {}
        }
        map.end()
    }
}

/// The event of a `TOKEN` authorizer. `[D]` developer guide, api-gateway-lambda-authorizer-input
pub(crate) fn token_question(arn: &str, token: &str) -> Vec<u8> {
    serde_json::json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": token})
        .to_string()
        .into_bytes()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    method_arn: &'a str,
    resource: &'a str,
    path: &'a str,
    http_method: &'a str,
    headers: LastValues<'a, 'a>,
    multi_value_headers: ValueLists<'a, 'a>,
    query_string_parameters: LastValues<'a, 'a>,
    multi_value_query_string_parameters: ValueLists<'a, 'a>,
    path_parameters: Object<'a>,
    stage_variables: &'a BTreeMap<String, String>,
    request_context: Context<'a>,
}

/// The event of a `REQUEST` authorizer: the request without its body. Empty maps are `{}`, as in
/// the documentation's example. `[D]` developer guide, api-gateway-lambda-authorizer-input
pub(crate) fn rest_question(
    request: &HttpRequest,
    arrival: &Arrival,
    identity: &ApiIdentity,
    trace: &Trace,
    call: &RestCall<'_>,
    arn: &str,
) -> Vec<u8> {
    let (_, query) = request.path_and_query();
    let headers = rest_headers(request, identity, trace);
    let mut parameters = query_pairs(query, &['&', ';']);
    sort_by_name(&mut parameters);
    let question = Question {
        kind: "REQUEST",
        method_arn: arn,
        resource: call.resource,
        path: call.path,
        http_method: call.method,
        headers: LastValues(&headers),
        multi_value_headers: ValueLists(&headers),
        query_string_parameters: LastValues(&parameters),
        multi_value_query_string_parameters: ValueLists(&parameters),
        path_parameters: Object(
            call.params
                .iter()
                .map(|&(name, value)| (name.into(), value.into()))
                .collect(),
        ),
        stage_variables: &identity.stage_variables,
        request_context: context(request, arrival, identity, call),
    };
    to_json(&question, request)
}

/// The headers that reach the handler, sorted, one spelling for each name.
///
/// The client's spelling is kept, except for a few canonical ones. `[R]` gateway-truth §2.2
fn rest_headers<'a>(
    request: &'a HttpRequest,
    identity: &'a ApiIdentity,
    trace: &'a Trace,
) -> Pairs<'a> {
    const WITHHELD: [&str; 8] = [
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "trailer",
        "www-authenticate",
    ];
    let canonical = |name: &str| {
        ["authorization", "user-agent", "host", "x-amzn-trace-id"]
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
            || name
                .get(..12)
                .is_some_and(|start| start.eq_ignore_ascii_case("x-forwarded-"))
    };
    let mut headers: Pairs<'a> = forwarded_headers(request, identity, trace)
        .into_iter()
        .filter(|(name, _)| {
            !WITHHELD
                .iter()
                .any(|other| name.eq_ignore_ascii_case(other))
        })
        .map(|(name, value)| {
            (
                if canonical(name) {
                    title_case(name).into()
                } else {
                    Cow::Borrowed(name)
                },
                value,
            )
        })
        .collect();
    headers.sort_by(|(a, _), (b, _)| {
        let (a, b) = (a.bytes(), b.bytes());
        a.map(|byte| byte.to_ascii_lowercase())
            .cmp(b.map(|byte| byte.to_ascii_lowercase()))
    });
    // Which spelling AWS shows for repeats with different spellings is unverified; here the first,
    // so that no value is lost.
    for at in 1..headers.len() {
        let (before, rest) = headers.split_at_mut(at);
        if let (Some((first, _)), Some((name, _))) = (before.last(), rest.first_mut())
            && first.eq_ignore_ascii_case(name)
        {
            *name = first.clone();
        }
    }
    headers
}

/// Ten characters of `0-9a-z` that depend only on the text, similar to the ids of resources and
/// deployments.
fn short_id(text: &str) -> String {
    // FNV-1a: no id is secret, and the same API shall have the same ids each time.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (0..10)
        .map(|place| {
            char::from(
                b"0123456789abcdefghijklmnopqrstuvwxyz"[(hash / 36_u64.pow(place) % 36) as usize],
            )
        })
        .collect()
}
