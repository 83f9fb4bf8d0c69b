//! Payload format 1.0 from an HTTP API: the format of a REST API's event, with its own values.
//!
//! `[R]` gateway-truth §1.6. Absent things are `null`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    authorize::Access,
    config::ApiIdentity,
    event::authorizer::AccessV1,
    event::rest::Identity,
    event::v2::{HttpApiCall, decoded_params},
    event::{
        LastValues, Object, Pairs, Trace, ValueLists, body, filled, forwarded_headers,
        has_text_type, query_pairs, sort_by_name, to_json,
    },
    http::{Arrival, HttpRequest},
    pattern::RouteKey,
    text::{decode_path, event_time, title_case},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    resource: &'a str,
    path: &'a str,
    http_method: &'a str,
    headers: LastValues<'a, 'a>,
    multi_value_headers: ValueLists<'a, 'a>,
    query_string_parameters: Option<LastValues<'a, 'a>>,
    multi_value_query_string_parameters: Option<ValueLists<'a, 'a>>,
    request_context: Context<'a>,
    path_parameters: Option<Object<'a>>,
    stage_variables: Option<&'a BTreeMap<String, String>>,
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'a str,
    api_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<AccessV1<'a>>,
    domain_name: &'a str,
    domain_prefix: &'a str,
    extended_request_id: &'a str,
    http_method: &'a str,
    identity: Identity<'a>,
    path: &'a str,
    protocol: &'a str,
    request_id: &'a str,
    request_time: String,
    request_time_epoch: u64,
    resource_id: &'a str,
    resource_path: &'a str,
    stage: &'a str,
}

/// The event in format 1.0.
pub(crate) fn http_api_v1_event(
    request: &HttpRequest,
    arrival: &Arrival,
    identity: &ApiIdentity,
    trace: &Trace,
    call: &HttpApiCall<'_>,
) -> Vec<u8> {
    let (path, query) = request.path_and_query();
    let decoded = decode_path(path);
    // The template of `$default` is unverified.
    let resource = match call.route {
        RouteKey::Default => "$default",
        RouteKey::Path { path, .. } => path.as_str(),
    };
    let headers = title_case_headers(request, identity, trace);
    let mut parameters = query_pairs(query, &['&']);
    sort_by_name(&mut parameters);
    let (body, is_base64_encoded) = body(request, has_text_type(request));
    let params = decoded_params(call);
    let event = Event {
        version: "1.0",
        resource,
        path,
        http_method: &request.method,
        headers: LastValues(&headers),
        multi_value_headers: ValueLists(&headers),
        query_string_parameters: filled(&parameters).map(LastValues),
        multi_value_query_string_parameters: filled(&parameters).map(ValueLists),
        request_context: Context {
            account_id: &identity.account_id,
            api_id: &identity.api_id,
            authorizer: AccessV1::new(call.access),
            domain_name: &identity.domain_name,
            domain_prefix: identity.domain_prefix(),
            extended_request_id: &arrival.extended_id,
            http_method: &request.method,
            // `""` without the header. [R] gateway-truth §1.6
            identity: Identity::new(
                request,
                Some(request.header("user-agent").unwrap_or_default()),
            )
            .signed_by(match call.access {
                Some(Access::Iam(principal)) => Some(principal),
                _ => None,
            }),
            path: &decoded,
            protocol: request.protocol,
            request_id: &arrival.extended_id,
            request_time: event_time(arrival.epoch_ms),
            request_time_epoch: arrival.epoch_ms,
            resource_id: call.route_key,
            resource_path: resource,
            stage: &identity.stage,
        },
        path_parameters: Some(Object(params)).filter(|params| !params.is_empty()),
        stage_variables: Some(&identity.stage_variables).filter(|variables| !variables.is_empty()),
        body,
        is_base64_encoded,
    };
    to_json(&event, request)
}

/// The headers of format 1.0, sorted. `[R]` gateway-truth §1.6
pub(super) fn title_case_headers<'a>(
    request: &'a HttpRequest,
    identity: &'a ApiIdentity,
    trace: &'a Trace,
) -> Pairs<'a> {
    let mut headers: Pairs<'_> = forwarded_headers(request, identity, trace)
        .into_iter()
        .map(|(name, value)| (title_case(name).into(), value))
        .collect();
    sort_by_name(&mut headers);
    headers
}
