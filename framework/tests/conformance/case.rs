//! A case, as the files write it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The id of a case, also of one that this runner cannot read.
pub(crate) fn id(line: &str) -> String {
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    serde_json::from_str::<Id>(line)
        .expect("each line is a case with an id")
        .id
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(rename = "id")]
    _id: String,
    pub(crate) target: Target,
    #[serde(rename = "title")]
    _title: String,
    pub(crate) setup: Setup,
    pub(crate) request: Option<Request>,
    /// Several, one after the other; expected is what the last one sees.
    #[serde(default)]
    pub(crate) requests: Vec<Request>,
    pub(crate) expect: Expect,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "confidence")]
    _confidence: String,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Target {
    HttpApi,
    RestApi,
    FunctionUrl,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setup {
    pub(crate) stage: Option<String>,
    pub(crate) payload_format: Option<String>,
    #[serde(default)]
    pub(crate) routes: Vec<Route>,
    pub(crate) path_mode: Option<String>,
    #[serde(rename = "endpoint")]
    _endpoint: Option<String>,
    pub(crate) cors: Option<Cors>,
    #[serde(default)]
    pub(crate) stage_variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) binary_media_types: Vec<String>,
    #[serde(default)]
    pub(crate) authorizers: BTreeMap<String, Authorizer>,
    /// Names to values.
    #[serde(default)]
    pub(crate) api_keys: BTreeMap<String, String>,
    pub(crate) api_key_source: Option<String>,
    pub(crate) usage_plan: Option<UsagePlan>,
    pub(crate) auth_type: Option<String>,
    pub(crate) invoke_mode: Option<String>,
    pub(crate) handler: Option<String>,
    pub(crate) invoke_permission: Option<bool>,
    pub(crate) reserved_concurrency: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    pub(crate) route: String,
    pub(crate) handler: String,
    pub(crate) id: Option<String>,
    pub(crate) invoke_permission: Option<bool>,
    pub(crate) function_timeout_s: Option<f64>,
    pub(crate) cors: Option<MockCors>,
    #[serde(default)]
    pub(crate) api_key_required: bool,
    /// An authorizer's name, or `AWS_IAM`.
    pub(crate) authorizer: Option<String>,
    #[serde(default)]
    pub(crate) request_validator: RequestValidator,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    #[serde(default)]
    pub(crate) models: BTreeMap<String, Value>,
    pub(crate) integration_http_method: Option<String>,
    #[serde(default)]
    pub(crate) request_parameters: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorizer {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) identity_source: Option<String>,
    #[serde(default)]
    pub(crate) identity_sources: Vec<String>,
    pub(crate) result_ttl_s: Option<u32>,
    pub(crate) payload_format: Option<String>,
    #[serde(default)]
    pub(crate) enable_simple_responses: bool,
    pub(crate) issuer: Option<String>,
    #[serde(default)]
    pub(crate) audience: Vec<String>,
    /// What the function does: `authz-…`.
    pub(crate) behaviour: Option<String>,
    /// What it answers besides.
    pub(crate) context: Option<Value>,
    pub(crate) usage_identifier_key: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RequestValidator {
    pub(crate) body: bool,
    pub(crate) parameters: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsagePlan {
    pub(crate) rate: Option<f64>,
    pub(crate) burst: Option<u32>,
    pub(crate) quota: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cors {
    #[serde(default)]
    pub(crate) allow_origins: Vec<String>,
    #[serde(default)]
    pub(crate) allow_methods: Vec<String>,
    #[serde(default)]
    pub(crate) allow_headers: Vec<String>,
    #[serde(default)]
    pub(crate) expose_headers: Vec<String>,
    pub(crate) max_age: Option<u32>,
    #[serde(default)]
    pub(crate) allow_credentials: bool,
}

/// CORS as a REST API's OPTIONS mock has it: texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MockCors {
    pub(crate) allow_origin: String,
    pub(crate) allow_headers: Option<String>,
    #[serde(default)]
    pub(crate) allow_methods: Vec<String>,
    pub(crate) expose_headers: Option<String>,
    pub(crate) max_age: Option<u32>,
    #[serde(default)]
    pub(crate) allow_credentials: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) op: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    /// A value of `null` says that the client must not send the header, which this one never does by itself.
    #[serde(default)]
    pub(crate) headers: Vec<(String, Option<String>)>,
    pub(crate) body: Option<String>,
    pub(crate) body_base64: Option<String>,
    pub(crate) body_repeat: Option<Repeat>,
    pub(crate) jwt: Option<Jwt>,
}

/// A token that the runner signs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jwt {
    pub(crate) header: String,
    pub(crate) scheme: Option<String>,
    pub(crate) alg: String,
    pub(crate) claims: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeat {
    pub(crate) char: String,
    pub(crate) count: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expect {
    pub(crate) config_error: bool,
    pub(crate) status: Option<u16>,
    pub(crate) status_any: Option<Vec<u16>>,
    pub(crate) if_200: Option<Box<Expect>>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) headers_list: BTreeMap<String, Vec<String>>,
    pub(crate) headers_joined: BTreeMap<String, String>,
    pub(crate) headers_set: BTreeMap<String, Vec<String>>,
    pub(crate) headers_pattern: BTreeMap<String, String>,
    pub(crate) headers_exact_case: Vec<String>,
    pub(crate) headers_present: Vec<String>,
    pub(crate) headers_absent: Vec<String>,
    pub(crate) header_equals_context: BTreeMap<String, String>,
    pub(crate) body: Option<String>,
    pub(crate) body_compare: Option<String>,
    pub(crate) body_json: Option<Value>,
    pub(crate) body_json_subset: Option<Value>,
    pub(crate) body_base64: Option<String>,
    /// Absent: anything; `null`: no handler ran; else the one that did.
    #[serde(deserialize_with = "present")]
    pub(crate) handler: Option<Option<String>>,
    pub(crate) event: BTreeMap<String, Value>,
    pub(crate) event_absent: Vec<String>,
    pub(crate) event_absent_or_null: Vec<String>,
    pub(crate) event_present: Vec<String>,
    pub(crate) event_pattern: BTreeMap<String, String>,
    pub(crate) event_equal: Vec<(String, String)>,
    pub(crate) authorizer_calls: Option<usize>,
    pub(crate) authorizer_event: BTreeMap<String, Value>,
    pub(crate) authorizer_event_present: Vec<String>,
    pub(crate) authorizer_event_pattern: BTreeMap<String, String>,
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
