//! The gateway: which one, what is set of it, and what only some of the gateways have.

use std::collections::BTreeMap;

use fw_manifest::{BINARY_MEDIA_TYPES, INVOKE_MODE_ENV, Manifest, RESPONSE_STREAM, STREAM_ROUTES};

use super::{Layer, access_log::AccessLog, domain::Domain};
use crate::values::gateway::{Auth, DEFAULT_API_STAGE, Gateway, InvokeMode, PayloadFormat};

/// The settings of the gateway, resolved. Settings that the gateway does not have are at their
/// default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GatewaySettings {
    /// The version of an HTTP API's events and answers.
    pub(crate) payload_format: PayloadFormat,
    /// The gateway's stage: `$default`, or the first segment of every path.
    pub(crate) stage_name: String,
    /// The gateway's stage variables, which every event carries.
    pub(crate) stage_variables: BTreeMap<String, String>,
    /// A REST API's binary media types.
    pub(crate) binary_media_types: Vec<String>,
    /// How a function URL reads the response.
    pub(crate) invoke_mode: InvokeMode,
    /// Who may call a function URL.
    pub(crate) auth: Auth,
    /// For how many milliseconds an API waits for the function, if not for as long as it can.
    pub(crate) integration_timeout: Option<u32>,
    /// An API's access log, if there is one.
    pub(crate) access_log: Option<AccessLog>,
    /// A domain in front of an API, if there is one.
    pub(crate) domain: Option<Domain>,
}

impl GatewaySettings {
    /// The keys that are set and mean nothing to the local server.
    pub(crate) fn only_deployed(&self) -> Vec<&'static str> {
        let set = [
            ("access_log", self.access_log.is_some()),
            ("domain", self.domain.is_some()),
        ];
        let set = set.into_iter().filter(|(_, set)| *set);
        set.map(|(key, _)| key).collect()
    }

    /// The prefix of each route's path: `/dev`, or empty.
    pub(crate) fn prefix(&self) -> String {
        match self.stage_name.as_str() {
            DEFAULT_API_STAGE => String::new(),
            stage => format!("/{stage}"),
        }
    }
}

impl GatewaySettings {
    /// The variable that makes the app stream its responses, and its value; `None` if responses are
    /// buffered.
    pub(crate) fn variable(
        &self,
        gateway: Gateway,
        manifest: &Manifest,
    ) -> Option<(String, String)> {
        let mode = match gateway {
            Gateway::FunctionUrl if self.invoke_mode == InvokeMode::ResponseStream => {
                RESPONSE_STREAM
            }
            Gateway::RestApi if manifest.routes.iter().any(|route| route.stream) => STREAM_ROUTES,
            Gateway::FunctionUrl | Gateway::RestApi | Gateway::HttpApi => return None,
        };
        Some((INVOKE_MODE_ENV.to_owned(), mode.to_owned()))
    }
}

/// A REST API's binary media types: those of the settings, or all; the other gateways have none.
pub(crate) fn binary_media_types(set: Option<Vec<String>>, gateway: Gateway) -> Vec<String> {
    let default = match gateway {
        Gateway::RestApi => &BINARY_MEDIA_TYPES[..],
        Gateway::HttpApi | Gateway::FunctionUrl => &[],
    };
    set.unwrap_or_else(|| default.iter().map(|&media| media.to_owned()).collect())
}

/// A key that only some gateways have.
struct Special {
    key: &'static str,
    gateways: &'static [Gateway],
    /// What to do if the gateway does not have it.
    instead: &'static str,
    /// True if the layer sets it.
    is_set: fn(&Layer) -> bool,
    /// Takes it out of the layer.
    unset: fn(&mut Layer),
}

macro_rules! special {
    ($key:ident, $gateways:expr, $instead:literal) => {
        Special {
            key: stringify!($key),
            gateways: $gateways,
            instead: $instead,
            is_set: |layer| layer.$key != Default::default(),
            unset: |layer| layer.$key = Default::default(),
        }
    };
}

/// A key that only authorizers have, in the functions' tables.
macro_rules! of_authorizers {
    ($key:ident) => {
        Special {
            key: concat!("functions.NAME.", stringify!($key)),
            gateways: APIS,
            instead: "behind a function URL the handlers check the caller themselves",
            is_set: |layer| layer.functions.values().any(|one| one.$key.is_some()),
            unset: |layer| layer.functions.values_mut().for_each(|one| one.$key = None),
        }
    };
}

const APIS: &[Gateway] = &[Gateway::HttpApi, Gateway::RestApi];
const HTTP: &[Gateway] = &[Gateway::HttpApi];
const REST: &[Gateway] = &[Gateway::RestApi];
const URL: &[Gateway] = &[Gateway::FunctionUrl];

/// The keys that only some gateways have.
const SPECIAL: [Special; 19] = [
    special!(
        payload_format,
        HTTP,
        "events of a REST API are always 1.0, events of a function URL 2.0"
    ),
    special!(stage_name, APIS, "a function URL has no stages"),
    special!(
        integration_timeout,
        APIS,
        "a function URL waits until the function's timeout"
    ),
    special!(
        access_log,
        APIS,
        "a function URL has no access log; the function's log has a line for each request"
    ),
    special!(
        domain,
        APIS,
        "a function URL has its own host; put a CDN in front of it for another name"
    ),
    special!(stage_variables, APIS, "use `[environment]`"),
    special!(
        binary_media_types,
        REST,
        "the other gateways decode every response with `isBase64Encoded`"
    ),
    special!(
        invoke_mode,
        URL,
        "a REST API streams the routes that answer with a stream, without a setting, and an HTTP API accepts only complete responses"
    ),
    special!(
        auth,
        URL,
        "for an API write it on the routes: `#[route(…, iam)]`"
    ),
    special!(
        jwt,
        HTTP,
        "check the tokens in an `#[authorizer]` or in the handlers"
    ),
    special!(
        authorizers,
        APIS,
        "behind a function URL the handlers check the caller themselves"
    ),
    of_authorizers!(ttl),
    of_authorizers!(identity),
    special!(
        throttle,
        APIS,
        "a function URL is limited only by the function's concurrency"
    ),
    special!(api_keys, REST, "the other gateways have no API keys"),
    special!(api_key_source, REST, "the other gateways have no API keys"),
    special!(usage_plans, REST, "the other gateways have no usage plans"),
    special!(
        gateway_responses,
        REST,
        "the other gateways have fixed answers of their own"
    ),
    special!(
        request_validation,
        REST,
        "the extractors check requests behind every gateway"
    ),
];

/// The keys of the layer that the gateway does not have, each with a sentence that says what to do.
pub(super) fn misplaced(layer: &Layer, gateway: Gateway) -> Vec<(&'static str, String)> {
    let misplaced =
        |special: &&Special| !special.gateways.contains(&gateway) && (special.is_set)(layer);
    SPECIAL
        .iter()
        .filter(misplaced)
        .map(|special| {
            let names: Vec<_> = special
                .gateways
                .iter()
                .map(|gateway| format!("\"{}\"", gateway.as_str()))
                .collect();
            (
                special.key,
                format!(
                    "remove it, or set `gateway = {}`; {}",
                    names.join("` or `gateway = "),
                    special.instead
                ),
            )
        })
        .collect()
}

/// Removes keys that the gateway does not have from the layer, and returns them.
pub(super) fn leave_out(layer: &mut Layer, gateway: Gateway) -> Vec<&'static str> {
    let mut left_out = Vec::new();
    for special in &SPECIAL {
        if !special.gateways.contains(&gateway) && (special.is_set)(layer) {
            (special.unset)(layer);
            left_out.push(special.key);
        }
    }
    left_out
}
