//! What the function gets to know about its caller, and the events of Lambda authorizers. `[D]`
//! gateway-truth §1.10

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::{
    authorize::Access,
    config::ApiIdentity,
    event::v1::title_case_headers,
    event::v2::{Context, HttpApiCall, context, cookies, decoded_params, lower_case_headers},
    event::{LastValues, Object, Trace, join_by_name, query_pairs, sort_by_name, to_json},
    http::{Arrival, HttpRequest},
    pattern::RouteKey,
    text::decode_path,
};

/// `requestContext.authorizer` of format 2.0: one key that says how the caller was identified.
pub(super) struct AccessV2<'a>(pub(super) &'a Access);

impl Serialize for AccessV2<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self.0 {
            Access::Jwt { claims, scopes } => map.serialize_entry("jwt", &Jwt { claims, scopes }),
            // `null` for an authorizer without a context; unverified.
            Access::Lambda { context, .. } => map.serialize_entry("lambda", context),
            Access::Iam(principal) => map.serialize_entry("iam", principal),
        }?;
        map.end()
    }
}

/// `requestContext.authorizer` of format 1.0 from an HTTP API. The signer is in `identity` instead.
pub(super) struct AccessV1<'a>(&'a Access);

impl<'a> AccessV1<'a> {
    pub(super) fn new(access: Option<&'a Access>) -> Option<Self> {
        access
            .filter(|access| !matches!(access, Access::Iam(_)))
            .map(Self)
    }
}

impl Serialize for AccessV1<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Access::Jwt { claims, scopes } => Jwt { claims, scopes }.serialize(serializer),
            // [D] gateway-truth §1.10. That the values keep their types, which a REST API's do not, is unverified.
            Access::Lambda {
                principal_id,
                context,
            } => {
                let context = context.iter().flatten();
                let mut map = serializer.serialize_map(None)?;
                // A simple answer has no principal, so a context member with this name stays the
                // context's.
                let own = |name: &str| name == "principalId" && principal_id.is_some();
                for (name, value) in context.filter(|(name, _)| !own(name)) {
                    map.serialize_entry(name, value)?;
                }
                if let Some(principal_id) = principal_id {
                    map.serialize_entry("principalId", principal_id)?;
                }
                map.end()
            }
            Access::Iam(_) => serializer.serialize_none(),
        }
    }
}

#[derive(Serialize)]
struct Jwt<'a> {
    claims: &'a BTreeMap<String, String>,
    scopes: &'a Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuestionV2<'a> {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    route_arn: &'a str,
    identity_source: &'a [String],
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<&'a str>,
    headers: Object<'a>,
    #[serde(skip_serializing_if = "Object::is_empty")]
    query_string_parameters: Object<'a>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "Object::is_empty")]
    path_parameters: Object<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage_variables: Option<&'a BTreeMap<String, String>>,
}

/// The event of a Lambda authorizer in format 2.0.
pub(crate) fn question_v2(
    request: &HttpRequest,
    arrival: &Arrival,
    api: &ApiIdentity,
    trace: &Trace,
    call: &HttpApiCall<'_>,
    (arn, identity): (&str, &[String]),
) -> Vec<u8> {
    let (path, query) = request.path_and_query();
    let path = decode_path(path);
    let mut headers = lower_case_headers(request, api, trace);
    headers.retain(|(name, _)| name != "cookie");
    let question = QuestionV2 {
        version: "2.0",
        kind: "REQUEST",
        route_arn: arn,
        identity_source: identity,
        route_key: call.route_key,
        raw_path: &path,
        raw_query_string: query,
        cookies: cookies(request),
        headers: join_by_name(headers),
        query_string_parameters: join_by_name(query_pairs(query, &['&'])),
        request_context: context(request, arrival, api, call, &path),
        path_parameters: Object(decoded_params(call)),
        stage_variables: Some(&api.stage_variables).filter(|variables| !variables.is_empty()),
    };
    to_json(&question, request)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuestionV1<'a> {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    method_arn: &'a str,
    identity_source: &'a str,
    authorization_token: &'a str,
    resource: &'a str,
    path: &'a str,
    http_method: &'a str,
    headers: LastValues<'a, 'a>,
    query_string_parameters: LastValues<'a, 'a>,
    path_parameters: Object<'a>,
    stage_variables: &'a BTreeMap<String, String>,
    request_context: ContextV1<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContextV1<'a> {
    path: &'a str,
    account_id: &'a str,
    resource_id: &'a str,
    stage: &'a str,
    request_id: &'a str,
    identity: IdentityV1<'a>,
    resource_path: &'a str,
    http_method: &'a str,
    api_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityV1<'a> {
    source_ip: IpAddr,
    user_agent: &'a str,
}

/// The event of a Lambda authorizer of an HTTP API in format 1.0. Empty maps are `{}`, as in the
/// documentation's example; the identity's values are joined with commas there.
pub(crate) fn question_v1(
    request: &HttpRequest,
    arrival: &Arrival,
    api: &ApiIdentity,
    trace: &Trace,
    call: &HttpApiCall<'_>,
    (arn, identity): (&str, &[String]),
) -> Vec<u8> {
    let (path, query) = request.path_and_query();
    let decoded = decode_path(path);
    let resource = match call.route {
        RouteKey::Default => "$default",
        RouteKey::Path { path, .. } => path.as_str(),
    };
    let headers = title_case_headers(request, api, trace);
    let mut parameters = query_pairs(query, &['&']);
    sort_by_name(&mut parameters);
    let identity = identity.join(",");
    let question = QuestionV1 {
        version: "1.0",
        kind: "REQUEST",
        method_arn: arn,
        identity_source: &identity,
        authorization_token: &identity,
        resource,
        path,
        http_method: &request.method,
        headers: LastValues(&headers),
        query_string_parameters: LastValues(&parameters),
        path_parameters: Object(decoded_params(call)),
        stage_variables: &api.stage_variables,
        request_context: ContextV1 {
            path: &decoded,
            account_id: &api.account_id,
            resource_id: call.route_key,
            stage: &api.stage,
            request_id: &arrival.extended_id,
            identity: IdentityV1 {
                source_ip: request.source_ip,
                user_agent: request.header("user-agent").unwrap_or_default(),
            },
            resource_path: resource,
            http_method: &request.method,
            api_id: &api.api_id,
        },
    };
    to_json(&question, request)
}
