//! What `[cors]` means for a gateway and an app's routes. The local server, a deploy and the templates take it from here.

use std::collections::BTreeMap;

use fw_gateway::{CorsConfig, GatewayResponse, GatewayResponseType, UnknownResponseType};
use fw_manifest::{CORS_ENV, Manifest};

use super::Settings;
use crate::{
    error::{Failure, Result},
    values::gateway::{Cors, Gateway},
};

/// The settings in the gateway's words, with nothing derived.
fn config(cors: &Cors) -> CorsConfig {
    CorsConfig {
        allow_origins: cors.allow_origins.clone(),
        allow_methods: cors.allow_methods.clone(),
        allow_headers: cors.allow_headers.clone(),
        expose_headers: cors.expose_headers.clone(),
        max_age: cors.max_age,
        allow_credentials: cors.allow_credentials,
    }
}

/// The one configuration of an HTTP API or a function URL.
pub(crate) fn of_api(manifest: &Manifest, settings: &Settings) -> Option<Cors> {
    let cors = config(settings.cors.as_ref()?).of_api(manifest);
    Some(Cors {
        allow_origins: cors.allow_origins,
        allow_methods: cors.allow_methods,
        allow_headers: cors.allow_headers,
        expose_headers: cors.expose_headers,
        max_age: cors.max_age,
        allow_credentials: cors.allow_credentials,
    })
}

/// The same for the model of the gateway.
pub(crate) fn model(manifest: &Manifest, settings: &Settings) -> Option<CorsConfig> {
    of_api(manifest, settings).as_ref().map(config)
}

/// The configurations of a REST API's paths.
pub(crate) fn of_paths(manifest: &Manifest, settings: &Settings) -> BTreeMap<String, CorsConfig> {
    let cors = settings.cors.as_ref().map(config);
    cors.map(|cors| cors.of_paths(manifest)).unwrap_or_default()
}

/// The variable by which the app behind a REST API learns the headers of its answers. The other gateways add them.
pub(super) fn variable(settings: &Settings) -> Option<(String, String)> {
    if settings.gateway != Gateway::RestApi {
        return None;
    }
    let cors = config(settings.cors.as_ref()?);
    let headers = cors
        .answer_headers()
        .map(|(name, value)| format!("{name}={value}"));
    let headers: Vec<String> = headers.collect();
    Some((CORS_ENV.to_owned(), headers.join("; ")))
}

/// The changes to a REST API's own answers: those of the settings, and the headers that let a page read a refusal.
///
/// # Errors
///
/// A kind of answer that does not exist; exit code 65.
pub(crate) fn responses(
    settings: &Settings,
) -> Result<BTreeMap<GatewayResponseType, GatewayResponse>> {
    let own = settings.access.gateway_responses.iter();
    let mut all = own
        .map(|(kind, response)| {
            let kind: GatewayResponseType = kind.parse().map_err(wrong)?;
            let headers = response.headers.iter();
            let response = GatewayResponse {
                status: response.status,
                headers: headers
                    .map(|(name, value)| (name.clone(), GatewayResponse::value(value)))
                    .collect(),
                templates: response.templates.clone(),
            };
            Ok((kind, response))
        })
        .collect::<Result<BTreeMap<_, _>>>()?;
    if let Some(cors) = settings.cors.as_ref().map(config) {
        cors.add_to(&mut all);
    }
    Ok(all)
}

fn wrong(error: UnknownResponseType) -> Failure {
    Failure::input("this gateway configuration is not valid")
        .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
}
