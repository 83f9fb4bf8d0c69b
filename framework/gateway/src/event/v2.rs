//! Payload format 2.0: what an HTTP API and a function URL send. Same shape, with differences.
//!
//! Absent things are absent keys; only `rawQueryString` is always there. `[R/U]` gateway-truth §0 row 5

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use crate::{
    authorize::Access,
    config::ApiIdentity,
    event::authorizer::AccessV2,
    event::{
        Object, Pairs, Trace, body, forwarded_headers, has_text_type, join_by_name, query_pairs,
        to_json,
    },
    http::{Arrival, HttpRequest},
    pattern::RouteKey,
    text::{decode_path, event_time},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Context<'a> {
    account_id: &'a str,
    api_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<AccessV2<'a>>,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'a str,
    time: String,
    time_epoch: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'a str,
    source_ip: IpAddr,
    /// `""` without the header. `[R]` gateway-truth §1.2
    user_agent: &'a str,
}

/// What an HTTP API knows about a request.
pub(crate) struct HttpApiCall<'a> {
    /// The route.
    pub(crate) route: &'a RouteKey,
    /// The route as text.
    pub(crate) route_key: &'a str,
    /// The route's variables with their raw values.
    pub(crate) params: &'a [(&'a str, &'a str)],
    /// The caller, if the route requires one.
    pub(crate) access: Option<&'a Access>,
}

/// The event of an HTTP API.
pub(crate) fn http_api_event(
    request: &HttpRequest,
    arrival: &Arrival,
    identity: &ApiIdentity,
    trace: &Trace,
    call: &HttpApiCall<'_>,
) -> Vec<u8> {
    let (path, query) = request.path_and_query();
    // [R] gateway-truth §0 row 1: decoded, in spite of its name; with the stage, row 16. One report
    // says that a decoded `?` can cut it short ([U] §1.2); this is not imitated, because a lost
    // path does not help to find a mistake.
    let path = decode_path(path);
    let (body, is_base64_encoded) = body(request, has_text_type(request));
    let mut headers = lower_case_headers(request, identity, trace);
    // [R] gateway-truth §0 row 4: the header moves to the list.
    headers.retain(|(name, _)| name != "cookie");
    let event = Event {
        version: "2.0",
        route_key: call.route_key,
        raw_path: &path,
        raw_query_string: query,
        cookies: cookies(request),
        headers: join_by_name(headers),
        query_string_parameters: join_by_name(query_pairs(query, &['&'])),
        request_context: context(request, arrival, identity, call, &path),
        path_parameters: Object(decoded_params(call)),
        stage_variables: Some(&identity.stage_variables).filter(|variables| !variables.is_empty()),
        body,
        is_base64_encoded,
    };
    to_json(&event, request)
}

/// The content of an HTTP API's `requestContext`.
pub(super) fn context<'a>(
    request: &'a HttpRequest,
    arrival: &'a Arrival,
    identity: &'a ApiIdentity,
    call: &HttpApiCall<'a>,
    path: &'a str,
) -> Context<'a> {
    Context {
        account_id: &identity.account_id,
        api_id: &identity.api_id,
        authorizer: call.access.map(AccessV2),
        domain_name: &identity.domain_name,
        domain_prefix: identity.domain_prefix(),
        http: http(request, path),
        // [R/I] gateway-truth §1.2: equals the `apigw-requestid` header of the answer.
        request_id: &arrival.extended_id,
        route_key: call.route_key,
        stage: &identity.stage,
        time: event_time(arrival.epoch_ms),
        time_epoch: arrival.epoch_ms,
    }
}

/// The event of a function URL. `[R]` gateway-truth §3, §0 rows 2 and 4
pub(crate) fn function_url_event(
    request: &HttpRequest,
    arrival: &Arrival,
    identity: &ApiIdentity,
    trace: &Trace,
    access: Option<&Access>,
) -> Vec<u8> {
    let (path, query) = request.path_and_query();
    let decoded = decode_path(path);
    let (body, is_base64_encoded) = body(request, has_text_type(request));
    let mut headers = lower_case_headers(request, identity, trace);
    // [R] gateway-truth §0, the table of four front doors; the values are those of a present-day client.
    headers.push(("x-amzn-tls-version".into(), "TLSv1.3".into()));
    headers.push((
        "x-amzn-tls-cipher-suite".into(),
        "TLS_AES_128_GCM_SHA256".into(),
    ));
    let event = Event {
        version: "2.0",
        route_key: "$default",
        raw_path: path,
        raw_query_string: query,
        cookies: cookies(request),
        headers: join_by_name(headers),
        query_string_parameters: join_by_name(query_pairs(query, &['&'])),
        request_context: Context {
            // [D] urls-invocation: the caller's account, if it is known.
            account_id: match access {
                Some(Access::Iam(principal)) => &principal.account_id,
                _ => "anonymous",
            },
            api_id: &identity.api_id,
            authorizer: access.map(AccessV2),
            domain_name: &identity.domain_name,
            domain_prefix: &identity.api_id,
            http: http(request, &decoded),
            request_id: &arrival.request_id,
            route_key: "$default",
            stage: "$default",
            time: event_time(arrival.epoch_ms),
            time_epoch: arrival.epoch_ms,
        },
        path_parameters: Object(Pairs::new()),
        stage_variables: None,
        body,
        is_base64_encoded,
    };
    to_json(&event, request)
}

/// The path's variables, decoded. `[R]` gateway-truth §0 rows 1 and 3
pub(super) fn decoded_params<'a>(call: &HttpApiCall<'a>) -> Pairs<'a> {
    call.params
        .iter()
        .map(|&(name, value)| (name.into(), decode_path(value)))
        .collect()
}

fn http<'a>(request: &'a HttpRequest, path: &'a str) -> Http<'a> {
    Http {
        method: &request.method,
        path,
        protocol: request.protocol,
        source_ip: request.source_ip,
        user_agent: request.header("user-agent").unwrap_or_default(),
    }
}

/// Every cookie of every `cookie` header, in order.
pub(super) fn cookies(request: &HttpRequest) -> Vec<&str> {
    let headers = request
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    headers
        .flat_map(|(_, value)| value.split(';'))
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

pub(super) fn lower_case_headers<'a>(
    request: &'a HttpRequest,
    identity: &'a ApiIdentity,
    trace: &'a Trace,
) -> Pairs<'a> {
    let lower = |name: &'a str| {
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        }
    };
    forwarded_headers(request, identity, trace)
        .into_iter()
        .map(|(name, value)| (lower(name), value))
        .collect()
}
